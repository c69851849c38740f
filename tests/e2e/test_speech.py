# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech from handset to handset, over legs that were there before."""
from holler_test import expect, expect_heard


def on_air(lab, server, *names, play=None):
    """Handsets of these users, each with an idle leg"""
    sets = [lab.handset(server, n, play=play) for n in names]
    for hs in sets:
        hs.ready()
    for n in names:
        server.until_leg(n)
    return sets


def test_handset_to_handset(lab):
    """P1 P2 P8 P10: a private call over idle legs, twice, legs stay"""
    server = lab.server()
    server.users('alice', 'bob')
    server.holler('service', 'set', 'ptt', '--hang', '0.5')
    speech = lab.speech()
    alice, bob = on_air(lab, server, 'alice', 'bob', play=speech)

    # Legs exist before anybody pressed, and carry nothing
    before = {n: server.leg(n) for n in ('alice', 'bob')}
    expect(all(x['status'] == 'idle' for x in before.values()), before)
    expect(not bob.events('burst_heard'), 'bob heard something too early')

    for _ in range(2):
        bob.mark()
        alice.mark().send('call bob')
        alice.event('activated')
        bob.event('taken')
        alice.say()
        bob.event('taken')
        bob.event('burst_heard')
        # Nobody talks: after the hang time the bridge is taken apart
        server.until(lambda s: not s['conference']['calls_total'],
                     'the end of the call')
        server.until_leg('alice')
        server.until_leg('bob')

    # The same legs as before: nothing was set up anew
    for n in ('alice', 'bob'):
        leg = server.leg(n)
        expect(leg['local'] == before[n]['local'],
               'the leg of %s was made anew' % n)
    for hs in (alice, bob):
        expect(len(hs.out.having(lambda x: x.get('event') == 'leg_up')) == 1,
               '%s had more than one leg' % hs.user)
    alice.quit()
    expect_heard(speech, bob.quit())


def test_adhoc_of_three(lab):
    """P9: an ad-hoc group of three; each of the others hears"""
    server = lab.server()
    server.users('alice', 'bob', 'carol')
    speech = lab.speech('Rear_Center')
    alice, bob, carol = on_air(lab, server, 'alice', 'bob', 'carol',
                               play=speech)
    alice.mark().send('call bob carol')
    alice.event('activated')
    bob.event('taken')
    carol.event('taken')
    bridges = server.status()['conference']['bridges']
    expect([b for b in bridges if b['kind'] == 'adhoc' and
            b['members'] == 3], 'no bridge of three: %r' % bridges)
    alice.say()
    bob.event('burst_heard')
    carol.event('burst_heard')
    # The answer goes to both of the others
    alice.event('idle')
    bob.event('idle')
    alice.mark()
    carol.mark()
    bob.say()
    alice.event('burst_heard')
    carol.event('burst_heard')
    for hs in (alice, bob, carol):
        hs.quit()
    for hs in (alice, bob, carol):
        expect_heard(speech, hs)


def test_group_of_five(lab):
    """P9 X6: a pre-arranged group of five; a press needs no SIP at all"""
    names = ('alice', 'bob', 'carol', 'dave', 'erin')
    server = lab.server()
    server.users(*names, both=False)
    server.group('crew', *names)
    speech = lab.speech('Front_Left', 'Side_Right')
    sets = on_air(lab, server, *names, play=speech)
    server.until(lambda s: any(b['name'] == 'crew' and b['members'] == 5
                               for b in s['conference']['bridges']),
                 'five members in the group')
    alice, others = sets[0], sets[1:]
    counters = server.status()['presence']['counters']
    for hs in others:
        hs.mark()
    alice.say()
    for hs in others:
        hs.event('taken')
        hs.event('burst_heard')
        hs.event('idle')
    after = server.status()['presence']['counters']
    expect(after['invites'] == counters['invites'] and
           after['refers'] == counters['refers'], 'the press needed SIP')
    expect(not alice.events('burst_heard'), 'alice heard herself')
    for hs in sets:
        hs.quit()
    for hs in others:
        expect_heard(speech, hs)


def test_press_denied(lab):
    """P10: while one talks another is denied, with a reason, and not heard"""
    server = lab.server()
    server.users('alice', 'bob', 'carol', both=False)
    server.sql('UPDATE floor_policy SET queue_max = 0;')  # nobody waits
    server.group('crew', 'alice', 'bob')
    server.holler('group', 'join', 'crew', 'carol', '--listen-only')
    speech = lab.speech('Front_Left', 'Front_Right', 'Front_Center')
    other = lab.speech('Noise')
    alice = lab.handset(server, 'alice', play=speech).ready()
    bob = lab.handset(server, 'bob', play=other).ready()
    carol = lab.handset(server, 'carol', play=other).ready()
    server.until(lambda s: any(b['name'] == 'crew' and b['members'] == 3
                               for b in s['conference']['bridges']),
                 'three members in the group')
    carol.mark().send('press')
    denied = carol.event('denied')
    expect(denied['reason'] == 5, 'listen only: %r' % denied)
    carol.send('release')

    for hs in (alice, bob, carol):
        hs.mark()
    alice.send('press')
    alice.event('granted')
    bob.event('taken')
    bob.send('press')
    denied = bob.event('denied')
    expect(denied['reason'] == 1 and denied['phrase'],
           'another has the floor: %r' % denied)
    expect(server.bridge('crew')['holder'] == 'alice', 'alice lost the floor')
    bob.send('release')
    alice.event('played')
    alice.send('release')
    bob.event('idle')
    # Free again: now bob may
    bob.mark().send('press')
    bob.event('granted')
    bob.send('release')
    bob.event('idle')
    for hs in (alice, bob, carol):
        hs.quit()
    expect_heard(speech, bob)
    expect_heard(speech, carol)


def test_several_subscriptions(lab):
    """P4: two subscriptions on one terminal, each with a leg of its own"""
    server = lab.server()
    server.users('alice', 'bob')
    server.holler('subscription', 'add', 'desk', '--user', 'alice',
                  '--service', 'ptt')
    server.holler('allow', 'add', 'bob', 'desk')
    speech = lab.speech('Side_Left')
    alice = lab.handset(server, 'alice', lines=('alice', 'desk'))
    bob = lab.handset(server, 'bob', play=speech).ready()
    alice.event('leg_up', subscriber='alice')
    alice.event('leg_up', subscriber='desk')
    server.until_leg('alice')
    server.until_leg('desk')
    one, two = server.leg('alice'), server.leg('desk')
    expect(one['local'] != two['local'], 'one leg for both: %r' % one)
    bob.mark().send('call desk')
    bob.event('activated')
    alice.event('taken', subscriber='desk')
    expect(server.leg('alice')['status'] == 'idle', 'the other leg is busy')
    bob.say()
    alice.event('burst_heard', subscriber='desk')
    bob.quit()
    expect_heard(speech, alice.quit())


def test_terminal_makes_the_leg(lab):
    """P1: the terminal INVITEs the leg; the rest is the same"""
    server = lab.server()
    server.users('alice', 'bob')
    server.holler('subscription', 'set', 'bob', '--inviter', 'terminal')
    speech = lab.speech('Rear_Left')
    alice = lab.handset(server, 'alice', play=speech).ready()
    bob = lab.handset(server, 'bob', options=('--leg', 'terminal')).ready()
    server.until_leg('alice')
    server.until_leg('bob')
    alice.mark().send('call bob')
    alice.event('activated')
    bob.event('taken')
    alice.say()
    bob.event('burst_heard')
    alice.quit()
    expect_heard(speech, bob.quit())


def test_three_workers(lab):
    """P9: the same with three media threads"""
    names = ('alice', 'bob', 'carol', 'dave')
    server = lab.server({'media': {'workers': 3}})
    server.users(*names, both=False)
    server.group('crew', *names)
    speech = lab.speech('Rear_Right')
    sets = on_air(lab, server, *names, play=speech)
    server.until(lambda s: any(b['name'] == 'crew' and b['members'] == 4
                               for b in s['conference']['bridges']),
                 'four members in the group')
    expect(len(server.status()['conference']['workers']) == 3, 'workers')
    for hs in sets[:2]:
        for other in sets:
            other.mark()
        hs.say()
        for other in sets:
            if other is not hs:
                other.event('burst_heard')
                other.event('idle')
    for hs in sets:
        hs.quit()
    for hs in sets:
        expect_heard(speech, hs)
