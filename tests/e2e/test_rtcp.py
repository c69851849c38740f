# SPDX-License-Identifier: GPL-3.0-or-later
"""RTCP of a leg, both ways, as tshark and `holler status` see it"""
import struct
import time

from holler_test import DEADLINE, expect
from test_keys import KeyPhone, permitted, STAR
from test_tshark import capture, capture_end, judge

SR, RR, BYE = 200, 201, 203


def packets(data):
    """(type, body) of each packet of a compound"""
    while data:
        size = 4 + 4 * struct.unpack('!H', data[2:4])[0]
        yield data[1], data[4:size]
        data = data[size:]


def reported(phone, match):
    """The next compound that has a packet which matches"""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        for kind, body in packets(phone.media['rtcp'].recv(2000)):
            if match(kind, body):
                return body
    return expect(False, 'no such RTCP')


def report(phone, to, about, highest, lsr):
    """RR: half of what was sent since the last one is lost, three in all"""
    pkt = struct.pack('!BBHIIIIIII', 0x81, RR, 7, phone.ssrc, about,
                      128 << 24 | 3, highest, 80, lsr, 0)
    pkt += struct.pack('!BBHIBB1sB', 0x81, 202, 2, phone.ssrc, 1, 1, b'a', 0)
    phone.media['rtcp'].sendto(pkt, to)


def test_rtcp_both_ways(lab):
    """P1 P8: losses either way and the round trip are told, and seen by who
    looks; a leg that ends says BYE; tshark reads it all"""
    server = lab.server({'media': {'rtcp_ms': 500}})
    server.users('alice', 'bob')
    server.group('crew', 'alice', 'bob')
    proc, path = capture(lab, server)
    alice, bob = KeyPhone(server, 'alice'), KeyPhone(server, 'bob')
    server.until(lambda s: server.bridge('crew')['members'] == 2, 'two')
    alice.speak(20)
    alice.seq += 5
    alice.speak(5)
    bob.speak(1)
    server.until(lambda s: (server.leg('alice')['quality']['in'] or {}).get(
        'lost') == 5, 'five are lost')
    body = reported(alice, lambda t, b: t == RR and len(b) == 28 and
                    b[9:12] == b'\0\0\5')
    expect(struct.unpack('!I', body[4:8])[0] == alice.ssrc, 'another SSRC')
    expect(struct.unpack('!I', body[12:16])[0] & 0xffff ==
           alice.seq - 1 & 0xffff, 'highest number')

    alice.key(STAR)
    permitted(alice)
    body = reported(alice, lambda t, b: t == SR)
    ssrc, sec, frac = struct.unpack('!III', body[:12])
    expect(ssrc == alice.last[2], 'an SR of another SSRC')
    report(alice, (alice.to[0], alice.to[1] + 1), ssrc, alice.last[0],
           (sec & 0xffff) << 16 | frac >> 16)
    server.until(lambda s: server.leg('alice')['quality']['out'],
                 'what alice reports')
    q = server.leg('alice')['quality']
    expect(q['out'] == {'loss_permille': 500, 'lost': 3,
                        'jitter_us': 10000}, 'out: %r' % q)
    expect(0 < q['rtt_us'] < DEADLINE * 1e6, 'round trip: %r' % q)
    expect('50 % lost, ' in server.holler('status')[1], 'text of status')

    r = alice.register(expires=0)
    expect(r.code == 200, 'REGISTER: ' + r.start)
    reported(alice, lambda t, b: t == BYE and
             struct.unpack('!I', b[:4])[0] == ssrc)
    capture_end(server, proc, path)
    ours = 'ip.src == %s && ip.dst == %s' % (server.ip, alice.host)
    for what in ('rtcp.pt == 200 && rtcp.ssrc.identifier == %u' % alice.ssrc,
                 'rtcp.pt == 203', 'rtcp.ssrc.cum_nr == 5'):
        expect(judge(server, path, '-Y', '%s && %s' % (ours, what)),
               'tshark sees no ' + what)
    bad = judge(server, path, '-Y', '%s && rtcp && (_ws.malformed || '
                '_ws.expert.severity == error)' % ours)
    expect(not bad, 'tshark objects: %r' % bad[:5])
