# SPDX-License-Identifier: GPL-3.0-or-later
"""What hollerd does when its media worker cannot keep up."""
import socket
import struct
import threading

from holler_test import DEADLINE, expect
from terminal import online

EARS = 40
REQUEST, GRANTED, DENY, IDLE, REVOKE = 0, 1, 3, 5, 6
PREEMPTED, INTERNAL = 4, 2


def floor_say(term, subtype):
    term.media['floor'].sendto(
        struct.pack('!BBHI', 0x80 | subtype, 204, 2, 7) + b'PoC1',
        (term.server.ip, term.ports['application']))


def floor_hear(term, subtype):
    """The next floor message of that type; others are passed over"""
    sock = term.media['floor']
    sock.settimeout(DEADLINE)
    while True:
        data = sock.recv(2048)
        if data[8:12] == b'PoC1' and data[0] & 0x0f == subtype:
            return data[12:]


class Flood(threading.Thread):
    """Speech of two terminals by turns, as fast as it goes, until end():
    what one packet costs a server that sends it to forty is more than what it
    costs to send it, so the server is late on any machine"""

    def __init__(self, *terms):
        super().__init__(daemon=True)
        self.to = [(t.media['rtp'], (t.server.ip, t.ports['audio']))
                   for t in terms]
        self.over = False
        self.start()

    def run(self):
        i = 0
        while not self.over:
            i += 1
            packet = struct.pack('!BBHII', 0x80, 0, i & 0xffff,
                                 160 * i & 0xffffffff, 7) + bytes(160)
            for sock, addr in self.to:
                try:
                    sock.sendto(packet, addr)
                except (BlockingIOError, socket.timeout):
                    pass

    def end(self):
        self.over = True
        self.join()


def worker(status):
    return status['conference']['workers'][0]


def test_a_burst_of_low_priority_is_shed(lab):
    """P9: a worker that cannot keep up ends the burst of lower priority, says
    so to its talker, in the log and in the status, denies it the floor, lets
    the other one go on, and recovers"""
    server = lab.server({'media': {
        'workers': 1, 'shed_after_ms': 1, 'shed_every_ms': 100,
        'shed_calm_ms': 3000, 'dead_idle_ms': 0, 'triples': 48}})
    ears = ['ear%d' % i for i in range(EARS)]
    server.users('tim', 'tom', both=False)
    server.sql(''.join(
        "INSERT INTO user(name) VALUES('%s');"
        "INSERT INTO user_password VALUES('%s', '%spw');"
        "INSERT INTO subscription(subscriber, user) VALUES('%s', '%s');"
        % (x, x, x, x, x) for x in ears))
    server.sql("UPDATE service SET max_talk_ms = 0")
    server.until(lambda s: s['auth']['accounts'] == EARS + 2, 'accounts')
    server.group('low', ears[0])
    server.group('high', *ears)
    server.holler('group', 'join', 'low', 'tim', '--priority', '1')
    server.holler('group', 'join', 'high', 'tom', '--priority', '9')
    terms = [online(server, x) for x in ears]
    tim, tom = online(server, 'tim'), online(server, 'tom')
    server.until(lambda s: server.bridge('low').get('members') == 2 and
                 server.bridge('high').get('members') == EARS + 1,
                 'all members')
    for term in (tim, tom):
        floor_say(term, REQUEST)
        floor_hear(term, GRANTED)

    flood = Flood(tim, tom)
    try:
        expect(floor_hear(tim, REVOKE)[1] == PREEMPTED, 'another reason')
        shed = server.log.wait(lambda x: x.get('event') == 'burst shed',
                               'a word in the log')
        expect(shed['subscriber'] == 'tim', shed)
        server.log.wait(lambda x: x.get('event') == 'overloaded',
                        'overload in the log')
        status = server.until(lambda s: worker(s)['bursts_shed'] == 1,
                              'the burst that was shed')
        expect(worker(status)['overloaded'] == 1, 'no overload in the status')
        floor_hear(tim, IDLE)
        floor_say(tim, REQUEST)
        expect(floor_hear(tim, DENY)[0] == INTERNAL, 'another reason')
        status = server.status()
        expect(worker(status)['floor_refused'] >= 1, 'no refusal counted')
        before = worker(status)['forwarded']
        server.until(lambda s: worker(s)['forwarded'] > before + 1000,
                     'tom being forwarded')
        expect(server.bridge('high')['holder'] == 'tom', 'tom lost the floor')
    finally:
        flood.end()
    server.log.wait(lambda x: x.get('event') == 'recovered', 'the recovery')
    status = server.until(lambda s: worker(s)['overloaded'] == 0, 'calm')
    expect(worker(status)['bursts_shed'] == 1, 'another burst was shed')
    floor_say(tim, REQUEST)
    floor_hear(tim, GRANTED)
    for term in [tim, tom] + terms:
        term.close()
