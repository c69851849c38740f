# SPDX-License-Identifier: GPL-3.0-or-later
"""Phones of other makers whose media is encrypted: their own SRTP and DTLS
are the referees of ours, and tshark sees that nothing went in the clear."""
from holler_test import expect
from phones import Baresip, expect_phone_heard, Linphone
from test_phones import join, say, talk_by_keys
from test_tshark import capture, capture_end, judge

SUITES = ('AEAD_AES_128_GCM', 'AEAD_AES_256_GCM', 'AES_CM_128_HMAC_SHA1_80',
          'AES_CM_128_HMAC_SHA1_32')


def server_of(lab, policy, *names, **kw):
    server = lab.server(**kw)
    server.holler('service', 'set', 'ptt', '--media-security', policy)
    for name in names:
        server.holler('user', 'add', name, '--password', name + 'pw')
        server.holler('subscription', 'set', name, '--start', 'register')
    return server


def baresip(lab, server, name, menc, nat=None):
    server.holler('user', 'set', name, '--md5-only')
    module = 'dtls_srtp.so' if menc.startswith('dtls') else 'srtp.so'
    return Baresip(lab, server, name, ';mediaenc=' + menc + (
        ';medianat=' + nat if nat else ''),
        [module] + (['ice.so'] if nat == 'ice' else []))


def linphone(lab, server, name, menc, mandatory=True, ice=False):
    conf = {'sip': {'media_encryption': menc,
                    'media_encryption_mandatory': int(mandatory)}}
    if ice:
        conf['net'] = {'nat_policy_ref': 'here'}
        conf['nat_policy_0'] = {'ref': 'here', 'protocols': 'ice'}
    return Linphone(lab, server, name, conf)


def until_secured(server, name, kind):
    """Its leg is, and says so everywhere"""
    server.until(lambda s: server.leg(name).get('suite') in SUITES,
                 'a suite of ' + name)
    leg = server.leg(name)
    expect(leg['security'] == kind and leg['status'] == 'idle', leg)
    server.log.wait(lambda x: x.get('event') == 'secured' and
                    x.get('subject') == 'leg/' + name and
                    x['by'] == kind and x['suite'] == leg['suite'],
                    'a line in the log')
    text = server.holler('status')[1]
    expect('%s %s' % (kind, leg['suite']) in text, text)
    return leg


def port_of(leg):
    return int(leg['local'].rpartition(':')[2])


def payloads(server, path, port, side):
    """Of the packets of full length that went by this port of ours"""
    lines = judge(server, path, '-d', 'udp.port==%d,rtp' % port, '-Y',
                  'rtp && %s.%s == %s && udp.%sport == %d' % (
                      'ip', side, server.ip, side, port), '-T', 'fields',
                  '-e', 'rtp.payload')
    return {x.replace(':', '')[:320] for x in lines
            if len(x.replace(':', '')) >= 320}


def test_phones_hear_in_srtp(lab):
    """P7 P8: a handset speaks in the clear to baresip, which takes SRTP that
    is offered beside RTP/AVP (RFC 8643): it hears all, the wire does not.
    Linphone, which does not know that, is left in the clear"""
    speech = lab.speech()
    server = server_of(lab, 'opportunistic', 'alice', 'bob', 'carol')
    proc, path = capture(lab, server)
    alice = lab.handset(server, 'alice', play=speech).ready()
    bob = baresip(lab, server, 'bob', 'srtp').ready()
    carol = linphone(lab, server, 'carol', 'srtp', False).ready()
    until_secured(server, 'bob', 'sdes')
    expect(server.leg('carol')['security'] == 'plain', server.leg('carol'))
    join(server, 'crew', ('alice', 'bob', 'carol'))
    ports = {n: port_of(server.leg(n)) for n in ('alice', 'bob', 'carol')}
    say(server, alice, 'crew', carol)
    for phone in (alice, bob, carol):
        phone.quit()
    capture_end(server, proc, path)
    for phone in (bob, carol):
        expect_phone_heard(speech, phone)
    sent = payloads(server, path, ports['alice'], 'dst')
    expect(len(sent) > 20, 'no speech was captured')
    got = payloads(server, path, ports['carol'], 'src')
    expect(got & sent, 'nothing of it was found with carol')
    got = payloads(server, path, ports['bob'], 'src')
    expect(len(got) > 20, 'nothing went to bob')
    expect(not got & sent, 'bob was sent speech in the clear')


def talk_in_turn(lab, server, bob, carol, keys):
    for talker, listener, name in ((bob, carol, 'Front_Left'),
                                   (carol, bob, 'Front_Right')):
        listener.listen()
        speech = lab.speech(name)
        talk_by_keys(server, talker, 'crew', speech, keys)
        if listener is carol:
            carol.heard_out()
        expect_phone_heard(speech, listener)


def test_phones_talk_in_srtp(lab):
    """P7 P8: a service that needs SRTP: baresip and linphone that insist on
    it ask for the floor with keys, talk and hear each other"""
    server = server_of(lab, 'srtp', 'bob', 'carol')
    bob = baresip(lab, server, 'bob', 'srtp-mand').ready()
    carol = linphone(lab, server, 'carol', 'srtp').ready()
    for name in ('bob', 'carol'):
        until_secured(server, name, 'sdes')
    join(server, 'crew', ('bob', 'carol'))
    talk_in_turn(lab, server, bob, carol, 'RFC 4733 in SRTP')


def dialled(lab, server, phone, kind, ice=False):
    """It dials the group: its own offer is answered as it is"""
    server.until(lambda s: s['presence']['bindings'] == 2, 'a binding')
    phone.dial('sip:crew@ptt.test')
    leg = until_secured(server, phone.user, kind)
    expect(leg['ice'] == ice, leg)
    server.until(lambda s: server.bridge('crew').get('members') == 2,
                 '%s in the group' % phone.user)
    speech = lab.speech('Rear_Left')
    alice = [p for p in lab.procs if p.name == 'handset alice'][-1]
    phone.listen()
    say(server, alice, 'crew', *([phone] if hasattr(phone, 'log') else []))
    expect_phone_heard(speech, phone)
    phone.quit()
    server.until(lambda s: s['presence']['bindings'] == 1 and
                 not server.leg(phone.user), 'the end of ' + phone.name)


def dial_world(lab, policy):
    server = server_of(lab, policy, 'alice', 'bob', port=5060)
    server.holler('subscription', 'set', 'bob', '--start', 'subscribe',
                  '--inviter', 'terminal')
    lab.handset(server, 'alice', play=lab.speech('Rear_Left')).ready()
    server.holler('group', 'add', 'crew', '--service', 'ptt')
    server.holler('group', 'join', 'crew', 'alice', 'bob')
    return server


def test_baresip_offers_sdes(lab):
    """P7: RTP/AVP with a key, RTP/SAVP and RTP/SAVPF of baresip's offers"""
    server = dial_world(lab, 'any')
    for menc in ('srtp', 'srtp-mand', 'srtp-mandf'):
        dialled(lab, server, baresip(lab, server, 'bob', menc), 'sdes')


def test_baresip_offers_dtls(lab):
    """P7: DTLS-SRTP of baresip's offers, without ICE"""
    server = dial_world(lab, 'any')
    dialled(lab, server, baresip(lab, server, 'bob', 'dtls_srtp'), 'dtls')


def test_linphone_offers(lab):
    """P7: SDES and DTLS of linphone's offers"""
    server = dial_world(lab, 'any')
    for menc, kind in (('srtp', 'sdes'), ('dtls', 'dtls')):
        dialled(lab, server, linphone(lab, server, 'bob', menc), kind)


def test_phones_talk_in_dtls_with_ice(lab):
    """P7 P8: a service that needs DTLS-SRTP with ICE: baresip and linphone
    take our offer, talk by keys and hear each other"""
    server = server_of(lab, 'dtls', 'bob', 'carol')
    bob = baresip(lab, server, 'bob', 'dtls_srtp', 'ice').ready()
    carol = linphone(lab, server, 'carol', 'dtls', ice=True).ready()
    join(server, 'crew', ('bob', 'carol'))
    for phone in (bob, carol):
        leg = until_secured(server, phone.user, 'dtls')
        expect(leg['ice'], leg)
    talk_in_turn(lab, server, bob, carol, 'RFC 4733 in DTLS-SRTP')


def test_phones_offer_ice(lab):
    """P7: ICE in the offers of baresip and linphone, with SDES and DTLS"""
    server = dial_world(lab, 'any')
    for phone, kind in ((baresip, 'dtls_srtp'), (baresip, 'srtp-mand')):
        dialled(lab, server, phone(lab, server, 'bob', kind, 'ice'),
                'sdes' if kind.startswith('srtp') else 'dtls', ice=True)
    dialled(lab, server, linphone(lab, server, 'bob', 'dtls', ice=True),
            'dtls', ice=True)


def test_srtp_through_re_invites(lab):
    """P7 P8: a leg that sleeps is woken by re-INVITEs for each burst; keys and
    counters go on, and each burst is heard"""
    speech = lab.speech('Rear_Left')
    server = server_of(lab, 'opportunistic', 'alice', 'bob')
    server.holler('service', 'set', 'ptt', '--idle', 'inactive', '--hang',
                  '1')
    alice = lab.handset(server, 'alice', play=speech).ready()
    bob = baresip(lab, server, 'bob', 'srtp').ready()
    until_secured(server, 'bob', 'sdes')
    join(server, 'crew', ('alice', 'bob'))
    for _ in range(2):
        refreshes = server.status()['conference']['counters']['refreshes']
        say(server, alice, 'crew')
        # Awake and asleep again: two re-INVITEs of each of both
        server.until(lambda s: s['conference']['counters']['refreshes'] >=
                     refreshes + 4, 'both asleep')
    alice.quit()
    bob.quit()
    sent = alice.event('last_packet_sent')['packets']
    expect(bob.received() >= sent // 2 and not bob.has_said('decrypt'),
           '%s counted %d of %d a burst' % (bob.name, bob.received(), sent))
    counters = server.status()['conference']['counters']
    expect(counters['secured'] == 1 and not counters['insecure'], counters)
