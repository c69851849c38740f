# SPDX-License-Identifier: GPL-3.0-or-later
"""Many groups on one leg: whom its user hears."""
import socket
import struct
import threading

from holler_test import expect, expect_heard
from terminal import online


class Ear(threading.Thread):
    """All RTP that comes to a scripted terminal; it shows that it lives"""

    def __init__(self, term):
        super().__init__(daemon=True)
        self.sock = term.media['rtp']
        self.to = (term.server.ip, term.ports['audio'])
        self.packets = []
        self.over = False
        self.sock.settimeout(0.5)
        self.start()

    def run(self):
        while not self.over:
            try:
                data = self.sock.recv(2048)
            except socket.timeout:
                data = b''
            if len(data) > 12:
                first, pt, seq, ts, ssrc = struct.unpack('!BBHII', data[:12])
                expect(first == 0x80, 'not plain RTP')
                self.packets.append((seq, ts, ssrc, pt >> 7, data[12:]))
            if not data or seq % 50 == 0:
                self.sock.sendto(b'', self.to)

    def end(self):
        self.over = True
        self.join()
        return self.packets


def one_stream(packets):
    """Nothing is missing, and time goes on"""
    expect(len({p[2] for p in packets}) == 1, 'more than one SSRC')
    for a, b in zip(packets, packets[1:]):
        expect(b[0] == (a[0] + 1) & 0xffff, 'after %d came %d' % (a[0], b[0]))
        expect(0 < (b[1] - a[1]) & 0xffffffff < 1 << 31, 'time went back')


def bursts(packets):
    """Their payloads, cut where the marker says so"""
    out = []
    for p in packets:
        if p[3]:
            out.append([])
        out[-1].append(p[4])
    return out


def members(server, groups):
    def there(status):
        have = {b['name']: b['members'] for b in
                status['conference']['bridges']}
        return all(have.get(k) == v for k, v in groups.items())
    server.until(there, 'all members')


def test_the_higher_one_is_heard(lab):
    """X5: in three groups one hears the talker of higher priority, then the
    other again, as one RTP stream"""
    server = lab.server()
    server.users('dora', 'dan', 'tim', 'tom', 'wim', both=False)
    server.group('quiet', 'dora', 'dan')
    server.group('low', 'dora', 'dan', 'wim')
    server.group('high', 'dora', 'dan')
    server.holler('group', 'join', 'low', 'tim', '--priority', '1')
    server.holler('group', 'join', 'high', 'tom', '--priority', '9')
    long = lab.speech('Front_Left', 'Front_Right', 'Front_Center',
                      'Rear_Left', 'Rear_Right', 'Rear_Center', 'Side_Left',
                      'Side_Right')
    short = lab.speech('Side_Right', 'Side_Left')
    dora = lab.handset(server, 'dora').ready()
    tim = lab.handset(server, 'tim', play=long).ready()
    tom = lab.handset(server, 'tom', play=short).ready()
    dan, wim = online(server, 'dan'), online(server, 'wim')
    members(server, {'quiet': 2, 'low': 4, 'high': 3})
    dans, wims = Ear(dan), Ear(wim)

    dora.mark()
    tim.mark().send('press')
    taken = dora.event('taken')
    expect('tim@' in taken['uri'], taken)
    dora.event('burst_heard')
    dora.mark()
    tom.mark().send('press')
    taken = dora.event('taken')
    expect('tom@' in taken['uri'], taken)
    tom.event('played')
    expect(not tim.events('played'), 'the long speech was too short')
    dora.mark()
    tom.send('release')
    taken = dora.event('taken')
    expect('tim@' in taken['uri'], taken)
    tim.event('played')
    dora.mark()
    tim.send('release')
    dora.event('idle')
    members(server, {'quiet': 2, 'low': 4, 'high': 3})

    heard, all_of_tim = dans.end(), wims.end()
    one_stream(heard)
    one_stream(all_of_tim)
    parts = bursts(heard)
    whole = [p[4] for p in all_of_tim]
    expect(len(parts) == 3, '%d bursts' % len(parts))
    expect(parts[0] == whole[:len(parts[0])], 'not the start of the lower')
    expect(parts[2] == whole[-len(parts[2]):], 'not the end of the lower')
    missed = len(whole) - len(parts[0]) - len(parts[2])
    expect(0 < missed <= len(parts[1]) + 25,
           'missed %d for %d' % (missed, len(parts[1])))
    expect_heard(short, dora.quit())


def test_a_dispatcher_in_many_groups(lab):
    """X5: who is in forty groups by provisioning is in the bridges of all,
    and hears the last of them"""
    names = ['g%d' % i for i in range(40)]
    server = lab.server()
    server.users('dora', 'ted', both=False)
    for name in names:
        server.group(name, 'dora')
    server.holler('group', 'join', names[-1], 'ted')
    speech = lab.speech('Rear_Left', 'Rear_Right')
    dora = lab.handset(server, 'dora').ready()
    ted = lab.handset(server, 'ted', play=speech).ready()
    members(server, {x: 1 + (x == names[-1]) for x in names})
    dora.mark()
    ted.say()
    expect('ted@' in dora.event('taken')['uri'], 'told of another')
    dora.event('burst_heard')
    dora.event('idle')
    expect_heard(speech, dora.quit())
