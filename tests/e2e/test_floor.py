# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor, asked for in each way that a terminal has: TBCP, MCPT, keys."""
from holler_test import expect, expect_heard

WAYS = {
    'tbcp': ('--floor', 'tbcp'),
    'mcptt': ('--floor', 'mcptt'),
    'keys': ('--floor', 'none'),
    'info': ('--floor', 'none', '--keys', 'info'),
}


def crew(lab, server, **ways):
    """A group of users by the way they ask for the floor, and their sets"""
    server.users(*ways, both=False)
    server.group('crew', *ways)
    speech = lab.speech('Front_Left', 'Side_Right')
    sets = {name: lab.handset(server, name, play=speech, options=WAYS[way])
            for name, way in ways.items()}
    for hs in sets.values():
        hs.ready()
    server.until(lambda s: any(
        b['name'] == 'crew' and b['members'] == len(ways)
        for b in s['conference']['bridges']), 'the whole crew')
    return sets, speech


def speak_by_key(hs):
    """As a person does it: press, wait for the tone, speak"""
    hs.mark().send('press')
    hs.event('key_sent', key='*')
    hs.event('played')
    hs.send('release')
    hs.event('key_sent', key='#')


def test_every_way_to_the_floor(lab):
    """P10: four terminals that ask in four ways hear each other"""
    server = lab.server()
    sets, speech = crew(lab, server, tina='tbcp', mike='mcptt', kate='keys',
                        ivan='info')
    for name, floor in (('tina', 'tbcp'), ('mike', 'mcptt'),
                        ('kate', 'none'), ('ivan', 'none')):
        up = sets[name].event('leg_up')
        expect(up['floor'] == floor, up)
    for name, hs in sets.items():
        others = [x for x in sets.values() if x is not hs]
        for other in others:
            other.mark()
        if name in ('tina', 'mike'):
            hs.say()
        else:
            speak_by_key(hs)
        for other in others:
            other.event('burst_heard')
        for other in (sets['tina'], sets['mike']):
            if other is not hs:
                taken = other.event('taken')
                expect(name in taken['uri'], taken)
        sets['mike'].event('idle')
        server.until(lambda s: any(
            b['name'] == 'crew' and not b['holder']
            for b in s['conference']['bridges']), 'a free floor')
    for hs in sets.values():
        expect_heard(speech, hs.quit())


def test_mcptt_is_preferred(lab):
    """P10: who speaks both is asked to speak MCPT, and denied in its words"""
    server = lab.server()
    server.users('alice', 'bob', both=False)
    server.sql('UPDATE floor_policy SET queue_max = 0;')  # nobody waits
    server.group('crew', 'alice', 'bob')
    speech = lab.speech('Front_Left', 'Front_Right')
    alice = lab.handset(server, 'alice', play=speech)
    bob = lab.handset(server, 'bob', options=('--floor', 'mcptt'))
    for hs in (alice, bob):
        expect(hs.ready().event('leg_up')['floor'] == 'mcptt', 'not MCPT')
    server.until(lambda s: any(
        b['name'] == 'crew' and b['members'] == 2
        for b in s['conference']['bridges']), 'both')
    alice.mark()
    bob.mark()
    alice.send('press')
    expect(alice.event('granted').get('duration_s'), 'no duration')
    bob.event('taken')
    bob.send('press')
    denied = bob.event('denied')
    expect(denied['reason'] == 1 and denied['phrase'], denied)
    bob.send('release')
    alice.event('played')
    alice.send('release')
    bob.event('idle')
    alice.quit()
    expect_heard(speech, bob.quit())
