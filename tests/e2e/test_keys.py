# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone without floor control, packet by packet: keys as telephone-events
(RFC 4733) with some of them lost, and the tones that answer, listened to
(rows P5, P7, P10)"""
import math
import secrets
import struct
import time

from holler_test import expect
from terminal import Terminal, ports_of

STAR, HASH = 10, 11
PERMIT, DENY = 18, 20  # packets of the tones


def samples(payload):
    """PCMU (G.711)"""
    def one(code):
        code = ~code & 0xff
        v = (((code & 15) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
        return -v if code & 0x80 else v
    return [one(x) / 32768 for x in payload]


def amplitude(v, hz):
    """Goertzel, at 8000 Hz"""
    c = 2 * math.cos(2 * math.pi * hz / 8000)
    s1 = s2 = 0.0
    for x in v:
        s1, s2 = x + c * s1 - s2, s1
    return 2 * math.sqrt(max(0, s1 * s1 + s2 * s2 - c * s1 * s2)) / len(v)


class KeyPhone(Terminal):
    """Audio only, with telephone-event 101"""

    def __init__(self, server, user):
        super().__init__(server, user)
        self.ssrc = secrets.randbits(32)
        self.seq = secrets.randbits(16)
        self.ts = secrets.randbits(32)
        self.last = None  # header of the newest packet heard
        expect(self.register().code == 200, 'REGISTER')
        r, self.sub = self.subscribe()
        expect(r.code == 200, 'SUBSCRIBE: ' + r.start)
        inv = self.invited()
        self.leg = self.answer(inv, False)
        self.to = (inv.body.split('c=IN IP4 ')[1].split()[0],
                   ports_of(inv.body)['audio'])

    def sdp(self, floor=True):
        text = super().sdp(floor)
        return text.replace('RTP/AVP 0\r\n', 'RTP/AVP 0 101\r\n').replace(
            'PCMU/8000\r\n', 'PCMU/8000\r\na=rtpmap:101 telephone-event/8000'
            '\r\na=fmtp:101 0-15\r\n')

    def send(self, pt, payload, marker=False):
        self.media['rtp'].sendto(struct.pack(
            '!BBHII', 0x80, pt | marker << 7, self.seq & 0xffff,
            self.ts & 0xffffffff, self.ssrc) + payload, self.to)
        self.seq += 1

    def speak(self, n, payload=b'\x55' * 160):
        for _ in range(n):
            self.send(0, payload)
            self.ts += 160

    def key(self, event, lost=()):
        """Start, update, three ends; some are lost"""
        v = [(False, 160), (False, 320)] + [(True, 480)] * 3
        for i, (end, duration) in enumerate(v):
            if i in lost:
                self.seq += 1
            else:
                self.send(101, struct.pack('!BBH', event, end << 7 | 10,
                                           duration), i == 0)
        self.ts += 800

    def hear(self):
        """The payload of the next packet, which goes on the one stream"""
        data = self.media['rtp'].recv(2000)
        pt, seq, ts, ssrc = struct.unpack('!xBHII', data[:12])
        if self.last:
            expect(ssrc == self.last[2], 'another SSRC')
            expect(seq == self.last[0] + 1 & 0xffff, 'sequence numbers')
            expect(0 < ts - self.last[1] & 0xffffffff < 1 << 31, 'time')
        self.last = (seq, ts, ssrc)
        return pt & 0x7f, pt >> 7, data[12:]

    def tone(self, packets):
        """A whole tone, as samples: paced, and a marker in front only"""
        v, start = [], None
        for i in range(packets):
            pt, marker, payload = self.hear()
            start = start or time.monotonic()
            expect(pt == 0 and len(payload) == 160, 'not 20 ms of PCMU')
            expect(marker == (i == 0), 'marker in packet %d' % i)
            v += samples(payload)
        took = time.monotonic() - start
        expect(took > (packets - 1) * 0.02 * 0.8, 'not paced: %.3f s' % took)
        return v


def world(lab):
    server = lab.server()
    server.users('alice', 'bob')
    server.group('crew', 'alice', 'bob')
    alice = KeyPhone(server, 'alice')
    bob = lab.handset(server, 'bob',
                      play=lab.speech('Front_Left')).ready()
    server.until(lambda s: server.bridge('crew')['members'] == 2, 'two')
    return server, alice, bob


def media(server):
    """The media workers' counters, summed"""
    v = server.status()['conference']['workers']
    return {k: sum(w[k] for w in v) for k in v[0]}


def permitted(phone):
    v = phone.tone(PERMIT)
    expect(amplitude(v[120:600], 784) > 0.1, 'no first note')
    expect(amplitude(v[760:1240], 1047) > 0.1, 'no second note')


def test_keys_lost_on_the_way(lab):
    """P10 P5: a press counts once, whatever is left of it; permit is heard"""
    server, alice, bob = world(lab)
    for lost in ((), (0,), (0, 1), (1, 2, 3), (0, 1, 2, 3), (1, 2, 3, 4)):
        bob.mark()
        alice.key(STAR, lost)
        permitted(alice)
        bob.event('taken')
        expect(server.bridge('crew')['holder'] == 'alice', 'the floor')
        alice.speak(10)
        bob.event('burst_heard')
        alice.key(HASH, lost)
        bob.event('idle')
    alice.media['rtp'].setblocking(False)
    try:
        alice.media['rtp'].recv(2000)
    except BlockingIOError:
        return
    expect(False, 'a tone too much')


def test_denied_while_another_talks(lab):
    """P10: who asks while another talks hears no, then the other again"""
    server, alice, bob = world(lab)
    server.sql('UPDATE floor_policy SET queue_max = 0;')  # nobody waits
    server.log.wait(lambda x: x.get('event') == 'floor policy', 'the policy')
    bob.mark().send('press')
    bob.event('granted')
    alice.hear()
    alice.key(STAR)
    v, heard = [], 0
    # In the middle of the speech, at its place in the one stream
    while True:
        _, marker, payload = alice.hear()
        v.append((marker, samples(payload)))
        heard = heard + 1 if marker else heard
        if heard == 2:
            break
    tone = [x for i, (_, s) in enumerate(v)
            for x in s if i >= [m for m, _ in v].index(1)]
    tone = tone[:DENY * 160]
    expect(len(tone) == DENY * 160, 'the tone was cut: %d' % len(tone))
    for at in (160, 1920):
        part = tone[at:at + 1120]
        expect(amplitude(part, 400) > 0.1 and amplitude(part, 450) > 0.1,
               'not the busy tone')
    expect(server.bridge('crew')['holder'] == 'bob', 'still bob')
    bob.send('release')
    bob.event('idle')


def test_streams_while_idle(lab):
    """P5: a phone that sends all the time: nobody hears or is told a thing,
    and from its grant on it is heard"""
    server, alice, bob = world(lab)
    bob.mark()
    before = media(server)
    alice.speak(200)
    server.until(lambda s: media(server)['drop_not_holder'] >= 200,
                 'that all was read')
    after = media(server)
    expect(after['forwarded'] == after['tones'] == 0, 'forwarded')
    expect(after['tx_rtp'] == before['tx_rtp'], 'sent on')
    expect(not bob.events('burst_heard') and not bob.events('taken'),
           'an idle phone was heard')
    alice.key(STAR)
    permitted(alice)
    alice.speak(20)
    bob.event('burst_heard')
    alice.key(HASH)
    bob.event('idle')
