# SPDX-License-Identifier: GPL-3.0-or-later
"""What `holler handset` makes of all that a floor can say: its place in line,
its turn, a warning, a burst for all, an emergency; in both protocols."""
from holler_test import expect

MCPT = ('--floor', 'mcptt')
TBCP = ('--floor', 'tbcp')


def crew(lab, policy='', options=None, **group):
    """alice, bob and carol, in a group that is run by that policy"""
    server = lab.server()
    server.users('alice', 'bob', 'carol', both=False)
    if policy:
        server.sql('UPDATE floor_policy SET %s;' % policy)
    server.group('crew', 'alice', 'bob', 'carol', **group)
    options = options or {}
    sets = []
    for name in ('alice', 'bob', 'carol'):
        hs = lab.handset(server, name, options=options.get(name, MCPT))
        sets.append(hs.ready())
    server.until(lambda s: server.bridge('crew')['members'] == 3, 'three')
    for hs in sets:
        hs.mark()
    return (server, *sets)


def talks(hs):
    hs.send('press')
    return hs.event('granted')


def free(server):
    server.until(lambda s: not server.bridge('crew')['holder'], 'a free floor')


def test_waits_in_line(lab):
    """P10 X1: each is told its place as it changes; who leaves has none; whose
    turn it is talks, at once or with the key that it let go"""
    server, alice, bob, carol = crew(
        lab, options={'carol': ('--floor', 'tbcp', '--wait')})
    expect(talks(alice).get('duration_s'), 'no limit told')
    bob.event('taken')
    carol.event('taken')
    bob.send('press')
    bob.event('queued', position=1)
    carol.send('press')
    carol.event('queued', position=2)
    carol.send('release')
    bob.send('release')
    carol.event('queued', position=1)
    bob.send('press')
    bob.event('queued', position=2)
    bob.mark().send('queue')
    bob.event('queued', position=2)
    # Her turn, and no key is down: T132
    alice.send('release')
    carol.event('offered')
    carol.send('press')
    carol.event('granted')
    bob.event('queued', position=1)
    # His turn, and he holds the key
    carol.send('release')
    bob.event('granted')
    bob.send('release')
    free(server)
    # Nobody is left in line
    alice.mark()
    talks(alice)
    alice.send('release')
    free(server)


def test_cannot_wait(lab):
    """P10: who cannot be queued is denied, and told by whom and why"""
    _, alice, bob, carol = crew(
        lab, options={'bob': MCPT + ('--no-queueing',),
                      'carol': TBCP + ('--no-queueing',)})
    talks(alice)
    for hs in (bob, carol):
        hs.event('taken')
        hs.send('press')
        denied = hs.event('denied')
        expect(denied['reason'] == 1 and denied['phrase'] and
               'lice' in denied['talker'], denied)
        hs.send('release')


def test_warned(lab):
    """P10: before the time to talk is over, then it is taken, with words"""
    _, alice, bob, _ = crew(lab, 'warn_ms = 2000', max_talk=5)
    expect(talks(alice)['duration_s'] == 5, 'not 5 s')
    warning = alice.event('warning')
    expect(1 <= warning['seconds'] <= 3, warning)
    revoked = alice.event('revoked')
    expect(revoked['reason'] == 2 and revoked['phrase'], revoked)
    bob.event('idle')
    alice.send('release')


def test_burst_for_all(lab):
    """P10: nobody asks while one talks to all; an MCPT handset knows"""
    _, alice, bob, _ = crew(lab, 'broadcast = 1')
    talks(alice)
    taken = bob.event('taken')
    expect(taken.get('may_request') is False and taken.get('broadcast'),
           taken)
    bob.send('press')
    bob.event('denied')
    expect(not bob.events('request_sent'), 'bob has asked')
    bob.send('release')
    alice.send('release')


def test_emergency(lab):
    """X2: by the key, said to all, ended by who declared it; without a word by
    a handset whose protocol cannot say it"""
    server, alice, bob, carol = crew(lab, options={'carol': TBCP})
    talks(alice)
    bob.event('taken')
    bob.send('emergency')
    revoked = alice.event('revoked')
    expect(revoked['reason'] == 4, revoked)
    alice.send('release')
    expect(bob.event('granted').get('emergency'), 'no emergency')
    alice.event('alert', state='emergency')
    server.until(lambda s: server.bridge('crew')['emergency'], 'emergency')
    bob.send('release')
    free(server)
    alice.mark()
    bob.send('emergency off')
    bob.event('alert_sent', on=False)
    alice.event('alert', state='normal')
    server.until(lambda s: not server.bridge('crew')['emergency'], 'its end')
    alice.mark()
    carol.send('emergency on')
    carol.event('alert_sent', on=True)
    alice.event('alert', state='emergency')
    alice.mark()
    carol.send('emergency off')
    carol.event('alert_sent', on=False)
    alice.event('alert', state='normal')


def test_emergency_in_tbcp(lab):
    """X2: whose protocol has no word for it has the floor all the same: with
    a press; while it waits; and while it talks"""
    server, alice, bob, carol = crew(lab, options={'bob': TBCP, 'carol': TBCP})

    def urgent(name):
        server.until(lambda s: server.bridge('crew')['holder'] == name and
                     server.bridge('crew')['tier'] == 'emergency',
                     name + ' has the floor in an emergency')

    talks(alice)
    carol.send('emergency')
    expect(alice.event('revoked')['reason'] == 4, 'not pre-empted')
    alice.send('release')
    carol.event('granted')
    urgent('carol')
    carol.send('release')
    free(server)
    # All her presses, until it is over
    alice.mark()
    carol.mark()
    talks(alice)
    carol.send('press')
    alice.event('revoked')
    alice.send('release')
    carol.event('granted')
    urgent('carol')
    carol.send('emergency off')
    carol.event('alert_sent', on=False)
    carol.send('release')
    free(server)
    carol.mark()
    alice.mark()
    talks(alice)
    carol.send('press')
    carol.event('queued')
    carol.send('release')
    # Who waits
    bob.send('press')
    bob.event('queued')
    bob.send('emergency on')
    alice.event('revoked')
    alice.send('release')
    bob.event('granted')
    urgent('bob')
    bob.send('emergency off')
    bob.event('alert_sent', on=False)
    bob.send('release')
    free(server)
    # Who talks
    talks(carol)
    carol.send('emergency on')
    urgent('carol')
    carol.send('release')
    free(server)


def test_emergency_where_nobody_waits(lab):
    """X2: a request that came before the MESSAGE, and was refused, is made
    again"""
    server, alice, bob, carol = crew(lab, policy='queue_max = 0',
                                     options={'carol': TBCP})
    talks(alice)
    carol.send('emergency')
    alice.event('revoked')
    alice.send('release')
    carol.event('granted')
    server.until(lambda s: server.bridge('crew')['tier'] == 'emergency',
                 'an emergency')
    carol.send('release')


def test_emergency_in_a_call(lab):
    """X2: ..in a private call too, and only while it goes on"""
    server, alice, bob, carol = crew(lab, options={'bob': TBCP})

    def call(s):
        return next((b for b in s['conference']['bridges']
                     if b['kind'] == 'private'), {})

    server.holler('allow', 'add', 'alice', 'bob', '--both')
    alice.send('call bob')
    alice.event('activated')
    server.until(lambda s: call(s).get('holder') == 'alice', 'her floor')
    bob.send('emergency')
    alice.event('revoked')
    alice.send('release')
    bob.event('granted')
    server.until(lambda s: call(s).get('holder') == 'bob' and
                 call(s)['tier'] == 'emergency', 'his emergency')
    bob.send('emergency off')
    bob.event('alert_sent', on=False)
    bob.send('release')
    server.until(lambda s: not call(s).get('holder'), 'a free floor')
    alice.mark()
    bob.mark()
    talks(alice)
    bob.send('press')
    bob.event('queued')
