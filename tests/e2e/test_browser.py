# SPDX-License-Identifier: GPL-3.0-or-later
"""A browser's own WebRTC as a terminal: ICE, DTLS-SRTP and RTP are Chromium's,
only its SIP is spoken for it."""
import array
import re
import struct
import wave

from browser import Browser
from holler_test import expect
from plainphone import Phone

GRANTED = 1
TALK_PACKETS = 150  # three seconds; the fake microphone beeps each second


class WebPhone(Phone):
    """The SIP of a browser: its SDP goes by here, and the floor channel, which
    a browser does not have, is added to it"""

    def __init__(self, lab, server, user):
        # Whoever registers is called at once, and has to answer in time
        self.ssrc = 0x0ba0b0c0
        self.web = Browser(lab)
        self.web.open()
        super().__init__(server, user)

    def with_floor(self, sdp):
        return sdp + ('m=application %d udp TBCP\r\nc=IN IP4 %s\r\n'
                      'a=fmtp:TBCP queuing=0;tb_priority=1;timestamp=0\r\n' %
                      (self.media_open()['floor'], self.host))

    def without_floor(self, sdp):
        """What is the browser's; the port of our floor channel is noted"""
        audio, _, floor = sdp.partition('m=application')
        self.floor_to = (self.server.ip, int(floor.split()[0]))
        return audio

    def calls(self, group):
        """Dial a group with the browser's offer; it gets the answer"""
        call = self.dial_start(group, body=self.with_floor(self.web.offer()))
        r, self.leg = self.dial_end(call)
        expect(r.code == 200, 'dialling %s: %s' % (group, r.start))
        self.web.answered(self.without_floor(r.body))

    def takes(self, invite):
        """Answer the server's INVITE with what the browser says to it"""
        sdp = self.web.answer(self.without_floor(invite.body))
        self.reply(invite, 200, headers=[
            'Contact: ' + self.contact(), 'Content-Type: application/sdp'],
            body=self.with_floor(sdp))
        self.receive(lambda m: m.method == 'ACK', 'an ACK')
        self.leg = self.dialog(invite)

    def is_on(self):
        self.web.until(lambda s: s['state'] == 'connected',
                       'the browser is not connected')

    def floor(self, subtype, more=b''):
        self.media['floor'].sendto(
            struct.pack('>BBHI4s', 0x80 | subtype, 204, 2 + len(more) // 4,
                        self.ssrc, b'PoC1') + more, self.floor_to)

    def talk(self):
        """Press, beep, release"""
        sent = packets(self.web.stats(), 'outbound-rtp', 'packetsSent')
        self.floor(0)
        self.floor_until(GRANTED)
        self.web.until(lambda s: packets(s, 'outbound-rtp', 'packetsSent') >
                       sent + TALK_PACKETS, 'the browser sends nothing')
        # Release, with a sequence number that is to be ignored
        self.floor(4, struct.pack('>HH', 0, 0x8000))

    def close(self):
        self.web.close()
        super().close()


def packets(stats, kind, key):
    return sum(s.get(key, 0) for s in stats.get(kind, ())
               if s.get('kind') == 'audio')


def loudness(path):
    """Largest mean square of 20 ms of a recording"""
    with wave.open(path) as file:
        rate = file.getframerate()
        v = array.array('h', file.readframes(file.getnframes()))
    n = rate // 50
    return max([sum(x * x for x in v[i:i + n]) / n
                for i in range(0, len(v) - n, n)] or [0])


def expect_secured(server, name):
    def secured(_):
        leg = server.leg(name)
        return leg.get('security') == 'dtls' and leg.get('suite')
    server.until(secured, 'DTLS-SRTP of ' + name)


def heard_by(web, handset, least):
    """The handset speaks: the browser gets it, and it is no silence"""
    def energy(stats):
        return packets(stats, 'inbound-rtp', 'totalAudioEnergy')
    before = web.web.stats()
    had = packets(before, 'inbound-rtp', 'packetsReceived')
    loud = energy(before)
    handset.say()
    web.web.until(lambda s: packets(s, 'inbound-rtp', 'packetsReceived') >=
                  had + least and energy(s) > loud + 1e-5,
                  'the browser does not hear')


def crew(lab, server, talker):
    server.holler('subscription', 'set', 'alice', '--start', 'register')
    server.group('crew', 'alice', 'bob')
    return lab.handset(server, 'bob', play=talker)


def test_browser_dials(lab):
    """D8 X8: a browser that dials a group talks to a handset, and hears it"""
    server = lab.server({'media': {'dead_bridged_ms': 0}})
    server.users('alice', 'bob')
    bob = crew(lab, server, lab.speech()).ready()
    alice = WebPhone(lab, server, 'alice')
    try:
        alice.ring()
        server.until_leg('alice', 'manual')
        alice.calls('crew')
        alice.is_on()
        expect_secured(server, 'alice')
        bob.mark()
        alice.talk()
        bob.event('idle')
        heard_by(alice, bob, 50)
        checks = sum(w['stun_checks']
                     for w in server.status()['conference']['workers'])
        expect(checks > 0, 'no ICE check was counted')
    finally:
        alice.close()
    bob.quit()
    expect(loudness(bob.record) > 1e4, 'bob heard no beep')


def test_browser_is_called(lab):
    """D8 X8: a service for browsers: offered DTLS-SRTP with ICE, Chromium
    takes it, and two browsers hear each other"""
    server = lab.server({'media': {'dead_bridged_ms': 0}})
    server.users('alice', 'bob', start='register')
    server.holler('service', 'set', 'ptt', '--media-security', 'dtls')
    server.group('crew', 'alice', 'bob')
    phones = []
    try:
        for name in ('alice', 'bob'):
            phones.append(WebPhone(lab, server, name))
            inv = phones[-1].invited()
            expect(re.search('^a=ice-lite', inv.body, re.M) and
                   'UDP/TLS/RTP/SAVP' in inv.body, inv.body)
            phones[-1].takes(inv)
        for phone in phones:
            phone.is_on()
            expect_secured(server, phone.user)
        for talker, ear in (phones, phones[::-1]):
            had = packets(ear.web.stats(), 'inbound-rtp', 'packetsReceived')
            talker.talk()
            ear.web.until(lambda s: packets(
                s, 'inbound-rtp', 'packetsReceived') > had + 100,
                'the other browser does not hear')
    finally:
        for phone in phones:
            phone.close()
