# SPDX-License-Identifier: GPL-3.0-or-later
"""The handset's session against the server's: kept, held, woken."""
from holler_test import expect, expect_heard
from test_late import words

# Seconds, where the standard has half an hour
QUICK = {'conference': {'session_expires_s': 6, 'min_se_s': 2}}
TIMER = ('--min-se', '2', '--session-expires', '6')


def crew(lab, server, *args, **options):
    server.users('alice', 'bob', both=False)
    server.group('crew', 'alice', 'bob')
    speech = lab.speech('Front_Left', 'Rear_Right')
    alice = lab.handset(server, 'alice', play=speech,
                        options=TIMER + options.get('alice', ()))
    bob = lab.handset(server, 'bob', options=TIMER)
    for hs in (alice, bob):
        hs.ready()
    server.until(lambda s: any(
        b['name'] == 'crew' and b['members'] == 2
        for b in s['conference']['bridges']), 'the crew')
    return alice, bob, speech


def kept(hs, by):
    """Three refreshes, and the session is the same"""
    for _ in range(3):
        hs.event('modified', by=by)
        hs.mark()
    expect(not hs.out.having(lambda x: x.get('event') == 'leg_down'),
           '%s lost its leg' % hs.name)


def test_refreshed(lab):
    """P1: session timers of both sides' making keep the legs"""
    server = lab.server(QUICK)
    server.users('carol', both=False)
    server.holler('subscription', 'set', 'carol', '--inviter', 'terminal')
    alice, bob, speech = crew(lab, server)
    carol = lab.handset(server, 'carol',
                        options=TIMER + ('--leg', 'terminal')).ready()
    for hs in (alice, carol):
        up = hs.event('leg_up')
        expect(up['session_s'] == 6, up)
        kept(hs, 'handset' if up['refresher'] else 'server')
    bob.mark()
    alice.say()
    bob.event('burst_heard')
    alice.quit()
    expect_heard(speech, bob.quit())


def test_interval_too_small(lab):
    """P11: 422 says what the least is, and the next INVITE asks for it"""
    server = lab.server({'conference': {'session_expires_s': 60,
                                        'min_se_s': 30}})
    server.users('alice', both=False)
    server.holler('subscription', 'set', 'alice', '--inviter', 'terminal')
    alice = lab.handset(server, 'alice', options=TIMER + ('--leg',
                                                          'terminal'))
    expect(alice.event('leg_failed')['code'] == 422, 'not refused')
    expect(alice.ready().event('leg_up')['session_s'] == 30, 'another')


def test_held(lab):
    """P1: who holds hears nothing, and hears again when it resumes"""
    server = lab.server()
    alice, bob, speech = crew(lab, server)
    # Without Min-SE nobody may make it shorter than 90 s (RFC 4028)
    expect(bob.event('leg_up')['session_s'] == 90, 'too short')
    bob.mark().send('hold')
    expect(bob.event('modified')['direction'] == 'inactive', 'not held')
    alice.say()
    bob.event('idle')
    expect(not bob.events('burst_heard'), 'heard while on hold')
    bob.mark().send('resume')
    expect(bob.event('modified')['direction'] == 'sendrecv', 'still held')
    bob.mark()
    alice.say()
    bob.event('burst_heard')
    alice.quit()
    expect_heard(speech, bob.quit())


def test_woken(lab):
    """P1 P8: a leg that is inactive while idle is woken for a call"""
    server = lab.server()
    server.holler('service', 'set', 'ptt', '--idle', 'inactive')
    server.users('alice', 'bob')
    # Whose leg wakes a little late hears all, and catches up by the pauses
    speech = words(lab)
    alice = lab.handset(server, 'alice', play=speech).ready()
    bob = lab.handset(server, 'bob').ready()
    for name in ('alice', 'bob'):
        server.until_leg(name)
    bob.mark()
    alice.mark().send('call bob')
    alice.event('activated')
    alice.event('modified', by='server', direction='sendrecv')
    bob.event('modified', by='server', direction='sendrecv')
    alice.say()
    bob.event('burst_heard')
    alice.quit()
    expect_heard(speech, bob.quit())
