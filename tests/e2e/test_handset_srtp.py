# SPDX-License-Identifier: GPL-3.0-or-later
"""Handsets whose speech is SRTP: every suite, whoever made the leg, beside one
in the clear, refused in words, and with new keys after a crash."""
import re

from holler_test import compare, expect, expect_heard

SUITES = ('AEAD_AES_128_GCM', 'AEAD_AES_256_GCM', 'AES_CM_128_HMAC_SHA1_80',
          'AES_CM_128_HMAC_SHA1_32')


def server_of(lab, policy, *names, inviter='server'):
    server = lab.server()
    server.holler('service', 'set', 'ptt', '--media-security', policy)
    server.users(*names)
    for name in names:
        server.holler('subscription', 'set', name, '--inviter', inviter)
    server.group('crew', *names)
    return server


def handset(lab, server, user, mode, suite=None, play=None, leg='server'):
    options = ['--srtp', mode, '--leg', leg]
    if suite:
        options += ['--srtp-suite', suite]
    return lab.handset(server, user, play=play, options=options)


def expect_suite(server, hs, suite):
    """Both ends say the same of the leg"""
    up = hs.ready().event('leg_up')
    expect(up['srtp'] == suite, '%s has %r' % (hs.name, up))
    server.until(lambda s: (server.leg(hs.user).get('suite') or 'none') ==
                 suite, '%s of %s' % (suite, hs.user))


def members(server, count):
    server.until(lambda s: server.bridge('crew').get('members') == count,
                 '%d in crew' % count)


def burst(talker, *listeners):
    for hs in listeners:
        hs.mark()
    talker.say()
    for hs in listeners:
        hs.event('burst_heard')
        hs.event('idle')


def test_every_suite(lab):
    """P8: four handsets, each with another suite, hear each other whole"""
    names = ('alice', 'bob', 'carol', 'dora')
    server = server_of(lab, 'srtp', *names, inviter='terminal')
    speech = {n: lab.speech(w) for n, w in zip(names, (
        'Front_Left', 'Front_Right', 'Rear_Left', 'Rear_Right'))}
    sets = [handset(lab, server, name, 'require', suite, speech[name],
                    'terminal') for name, suite in zip(names, SUITES)]
    for hs, suite in zip(sets, SUITES):
        expect_suite(server, hs, suite)
    members(server, 4)
    for talker in sets:
        burst(talker, *[x for x in sets if x is not talker])
    for hs in sets:
        hs.quit()
    for hs in sets:
        for name in names:
            if name != hs.user:
                r = compare(speech[name], hs.record)
                expect(r['correlation'] >= 0.98 and
                       r['head_correlation'] >= 0.98,
                       '%s heard %s: %r' % (hs.user, name, r))


def test_beside_one_in_clear(lab):
    """P8: the server asks who can: one does, one does not (RFC 8643); they
    hear each other"""
    server = server_of(lab, 'opportunistic', 'alice', 'bob')
    here, there = lab.speech('Front_Left'), lab.speech('Rear_Center')
    alice = handset(lab, server, 'alice', 'offer', play=here)
    bob = handset(lab, server, 'bob', 'off', play=there)
    expect_suite(server, alice, SUITES[0])
    expect_suite(server, bob, 'none')
    members(server, 2)
    burst(alice, bob)
    burst(bob, alice)
    alice.quit()
    bob.quit()
    expect_heard(here, bob, 0.98)
    expect_heard(there, alice, 0.98)


def test_hold_and_private_call(lab):
    """P8: the keys of a leg outlast a hold, and calls over it"""
    server = server_of(lab, 'srtp', 'alice', 'bob')
    speech = lab.speech('Front_Right')
    alice = handset(lab, server, 'alice', 'require', play=speech)
    bob = handset(lab, server, 'bob', 'offer')
    for hs in (alice, bob):
        expect_suite(server, hs, SUITES[0])
    bob.mark().send('hold')
    bob.event('modified')
    bob.mark().send('resume')
    bob.event('modified')
    members(server, 2)
    burst(alice, bob)
    alice.quit()
    bob.quit()
    expect_heard(speech, bob, 0.98)


def test_refused_in_words(lab):
    """P11: SRTP that one side needs and the other has not"""
    server = server_of(lab, 'srtp', 'alice', inviter='terminal')
    alice = handset(lab, server, 'alice', 'off', leg='terminal')
    failed = alice.event('leg_failed')
    expect(failed['code'] == 488 and 'SRTP' in failed['reason'], failed)
    alice.quit()
    server.holler('service', 'set', 'ptt', '--media-security', 'plain')
    alice = handset(lab, server, 'alice', 'require', leg='terminal')
    failed = alice.event('leg_failed')
    expect(failed['code'] == 488 and 'plain RTP' in failed['reason'], failed)
    alice.quit()
    # The server asks in the clear, the terminal refuses
    server.holler('subscription', 'set', 'alice', '--inviter', 'server')
    alice = handset(lab, server, 'alice', 'require')
    server.log.wait(lambda x: 'No Common SRTP' in str(x), 'the words')


def keys(hs, after=0):
    """inline: of its SIP messages, either way"""
    return {m.group(1) for m in (
        re.search(r'a=crypto:.*inline:([^|\s]+)', x.get('text', ''))
        for x in hs.err.having(lambda x: True, after)) if m}


def test_new_keys_after_crash(lab):
    """P8: killed and started again, no key is used twice; speech goes on"""
    server = server_of(lab, 'srtp', 'alice', 'bob')
    speech = lab.speech('Front_Center')
    options = ('--srtp', 'require', '--trace')
    alice = lab.handset(server, 'alice', play=speech, options=options)
    bob = lab.handset(server, 'bob', options=options)
    for hs in (alice, bob):
        expect_suite(server, hs, SUITES[0])
    members(server, 2)
    burst(alice, bob)
    before = {hs: keys(hs) for hs in (alice, bob)}
    at = {hs: hs.err.mark() for hs in (alice, bob)}
    expect(all(len(x) >= 2 for x in before.values()), 'no keys in the trace')
    for hs in (alice, bob):
        hs.mark()
    server.kill()
    server.start()
    for hs in (alice, bob):
        up = hs.event('leg_up')
        expect(up['srtp'] == SUITES[0], up)
        # Offer and answer are in the trace before this
        hs.err.wait(lambda x: x.get('text', '').startswith('ACK sip:'),
                    'an ACK', at[hs])
        now = keys(hs, at[hs])
        expect(len(now) >= 2, '%s: no keys in the trace' % hs.user)
        expect(not now & before[hs], '%s: a key again' % hs.user)
    members(server, 2)
    burst(alice, bob)
    alice.quit()
    bob.quit()
    expect_heard(speech, bob, 0.98)
