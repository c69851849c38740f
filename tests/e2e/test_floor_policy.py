# SPDX-License-Identifier: GPL-3.0-or-later
"""Floor policies: what a script writes into provisioning.db holds in groups
and calls that run (row X6)"""
import time

from holler_test import expect
from terminal import online
from test_conference import FAST, ask, focus_of
from test_keys import HASH, STAR, KeyPhone, permitted, samples


def until_policy(server, bridge, policy):
    server.until(lambda s: server.bridge(bridge).get('policy') == policy,
                 '%s run by the policy %s' % (bridge, policy))


def crew(lab):
    """A phone with keys, silent unless it is told to speak, and a handset"""
    server = lab.server()
    server.users('alice', 'bob')
    server.group('crew', 'alice', 'bob')
    alice = KeyPhone(server, 'alice')
    bob = lab.handset(server, 'bob').ready()
    server.until(lambda s: server.bridge('crew')['members'] == 2, 'two')
    return server, alice, bob


def let_go_after(server, alice):
    """Alice takes the floor and is silent: seconds until it is taken back, as
    the server says it: terminals have a T1 of their own"""
    def crew_event(name):
        return server.log.wait(lambda x: x.get('subject') == 'group/crew' and
                               x.get('event') == name, 'the floor ' + name,
                               mark)
    mark = server.log.mark()
    start = time.monotonic()
    alice.key(STAR)
    crew_event('taken')
    crew_event('idle')
    alice.key(HASH)
    return time.monotonic() - start


def test_policy_changes_while_a_group_runs(lab):
    """X6: each way to change the policy of a group, without a restart"""
    server, alice, bob = crew(lab)
    expect(server.bridge('crew')['policy'] == 'default', 'not the default')
    # Its values; the slowest that there is, so that no machine mixes them up
    server.sql('UPDATE floor_policy SET end_of_media_ms = 6000;')
    server.log.wait(lambda x: x.get('event') == 'floor policy' and
                    x.get('policy') == 'default', 'the policy told')
    expect(let_go_after(server, alice) > 5.5, 'T1 is not 6 s')
    server.sql("INSERT INTO floor_policy(name, end_of_media_ms)"
               " VALUES('quick', 500);"
               "UPDATE talkgroup SET floor_policy = 'quick';")
    until_policy(server, 'crew', 'quick')
    expect(let_go_after(server, alice) < 5, 'T1 is not 500 ms')
    # Back to the service's; then the service has another one
    server.sql("UPDATE talkgroup SET floor_policy = '';")
    until_policy(server, 'crew', 'default')
    server.sql("UPDATE service SET floor_policy = 'quick';")
    until_policy(server, 'crew', 'quick')
    expect(let_go_after(server, alice) < 5, 'T1 is not 500 ms')
    bob.quit()


def told(server, sql):
    """A change of policies, until the switch knows it"""
    mark = server.log.mark()
    server.sql(sql)
    server.log.wait(lambda x: x.get('event') == 'floor policy',
                    'the policy told', mark)


def test_warning_of_a_running_group(lab):
    """Issue 5, point 1: who talks is warned as long before the end as a script
    says"""
    server, alice, bob = crew(lab)
    told(server, 'UPDATE service SET max_talk_ms = 60000;')
    # The default would be 55 s from now
    told(server, 'UPDATE floor_policy SET warn_ms = 59500;')
    alice.key(STAR)
    permitted(alice)
    alice.speak(5)
    _, marker, payload = alice.hear()
    expect(marker and any(abs(x) > 0.05 for x in samples(payload)),
           'no tone')
    expect(server.bridge('crew')['holder'] == 'alice', 'taken away')
    alice.key(HASH)
    bob.quit()


def test_queue_of_a_running_group(lab):
    """Issue 5, point 1: how many may wait, changed while they do"""
    server = lab.server()
    names = ('alice', 'bob', 'carol', 'dave')
    server.users(*names)
    server.sql('UPDATE floor_policy SET queue_max = 1,'
               ' end_of_media_ms = 6000;')
    server.group('crew', *names)
    alice = KeyPhone(server, 'alice')
    bob, carol, dave = (lab.handset(server, n, options=('--floor', 'mcptt'))
                        .ready() for n in names[1:])
    server.until(lambda s: server.bridge('crew')['members'] == 4, 'four')
    alice.key(STAR)
    carol.event('taken')
    alice.speak(5)
    bob.mark().send('press')
    bob.event('queued', position=1)
    carol.mark().send('press')
    expect(carol.event('denied')['reason'] == 7, 'the queue is not full')
    carol.send('release')
    told(server, 'UPDATE floor_policy SET queue_max = 2;')
    alice.speak(5)
    carol.mark().send('press')
    carol.event('queued', position=2)
    # Fewer than there are: they stay, and nobody comes to them
    told(server, 'UPDATE floor_policy SET queue_max = 1;')
    alice.speak(5)
    dave.mark().send('press')
    expect(dave.event('denied')['reason'] == 7, 'the queue is not full')
    dave.send('release')
    bob.send('release')
    carol.event('queued', position=1)
    alice.key(HASH)
    server.until(lambda s: server.bridge('crew')['holder'] == 'carol',
                 'the turn of Carol')
    carol.send('release')
    for hs in (bob, carol, dave):
        hs.quit()


def test_priority_of_a_running_leg(lab):
    """X6: a priority that a script has raised counts, though a lower one was
    negotiated when the leg was made"""
    server = lab.server()
    server.users('alice', 'carol')
    server.sql('UPDATE floor_policy SET queue_max = 0;')
    server.holler('group', 'add', 'crew')
    server.holler('group', 'join', 'crew', 'alice', '--priority', '4')
    server.holler('group', 'join', 'crew', 'carol', '--priority', '3')
    alice = KeyPhone(server, 'alice')
    carol = lab.handset(server, 'carol', options=('--floor', 'mcptt')).ready()
    server.until(lambda s: server.bridge('crew')['members'] == 2, 'two')
    for outcome in ('denied', 'granted'):
        alice.key(STAR)
        server.until(lambda s: server.bridge('crew')['holder'] == 'alice',
                     'alice talks')
        alice.speak(5)
        carol.mark().send('press')
        carol.event(outcome)
        carol.send('release')
        alice.key(HASH)
        server.until(lambda s: not server.bridge('crew')['holder'],
                     'a free floor')
        carol.mark()
        server.sql("UPDATE member SET priority = 5"
                   " WHERE subscriber = 'carol';")
        if outcome == 'denied':
            carol.event('modified', by='server')
    carol.quit()


def test_who_may_break_in(lab):
    """Issue 5, point 1: pre-emption, audio cut-in and broadcast, changed while
    somebody talks"""
    server, alice, bob = crew(lab)

    def policy(**columns):
        told(server, 'UPDATE floor_policy SET %s;' % ', '.join(
            '%s = %d' % x for x in columns.items()))

    def outcome(name):
        """What Bob's press leads to while Alice talks"""
        bob.mark()
        alice.key(STAR)
        bob.event('taken')
        alice.speak(5)
        bob.mark().send('press')
        bob.event(name)
        alice.key(HASH)
        bob.send('release')
        server.until(lambda s: not server.bridge('crew')['holder'],
                     'a free floor')

    policy(queue_max=0, revoke_grace_ms=0)
    outcome('denied')
    server.sql("UPDATE member SET priority = 1 WHERE subscriber = 'bob';")
    policy(retry_after_ms=1)
    outcome('granted')
    policy(preempt=0)
    outcome('denied')
    policy(cut_in=1)
    outcome('granted')
    policy(cut_in=0, preempt=1, broadcast=1)
    outcome('denied')
    bob.quit()


def test_policy_changes_while_a_call_runs(lab):
    """X6: a private call has its service's policy, also a new one"""
    server = lab.server()
    server.users('alice', 'bob')
    server.sql('UPDATE service SET hang_ms = 60000;')
    alice = lab.handset(server, 'alice').ready()
    bob = lab.handset(server, 'bob').ready()
    alice.send('call bob')
    bob.event('taken')

    def call(status):
        return [b for b in status['conference']['bridges']
                if b['kind'] == 'private']
    expect([b['policy'] for b in call(server.status())] == ['default'],
           'not the default')
    server.sql("INSERT INTO floor_policy(name) VALUES('calls');"
               "UPDATE service SET floor_policy = 'calls';")
    server.until(lambda s: [b['policy'] for b in call(s)] == ['calls'],
                 'the call run by the other policy')
    bob.quit()
    alice.quit()


def test_nobody_asks_any_more(lab):
    """Issue 5, point 1: T4 ends a call, and leaves a group alone"""
    server = lab.server()
    server.users('alice', 'bob')
    server.group('crew', 'alice', 'bob')
    server.sql('UPDATE service SET hang_ms = 86400000;'
               'UPDATE floor_policy SET inactivity_ms = 300;')
    alice = lab.handset(server, 'alice').ready()
    bob = lab.handset(server, 'bob').ready()
    alice.send('call bob')
    bob.event('taken')
    server.log.wait(lambda x: x.get('event') == 'ended' and
                    x.get('why') == 'nobody has asked for the floor',
                    'the end of the call')
    for name in ('alice', 'bob'):
        server.until_leg(name)
    expect(server.bridge('crew')['members'] == 2, 'the group has ended')
    bob.quit()
    alice.quit()


def test_talk_by_makes_the_leg_anew(lab):
    """X6: what the switch has to know when a leg is made"""
    server, alice, bob = crew(lab)
    expect(alice.leg, 'no leg')
    bob.mark()
    for setting in ("talk_by = 'voice'", "tones = 'always'"):
        server.sql('UPDATE subscription SET %s WHERE subscriber = \'bob\';' %
                   setting)
        bob.event('leg_up')
        bob.mark()
    server.until_leg('bob')
    # What is told to a leg that stays does not end it
    server.sql("UPDATE subscription SET anonymous = 1, priority = 9"
               " WHERE subscriber = 'bob';"
               "UPDATE floor_policy SET queue_max = 3;")
    server.log.wait(lambda x: x.get('event') == 'floor policy', 'the policy')
    expect(not bob.events('leg_up'), 'made anew')
    bob.quit()


def test_anonymous_in_the_roster(lab):
    """Issue 5, point 7: who watches the conference is not told who talks"""
    server = lab.server(FAST)
    server.users('alice', 'bob', 'carol')
    server.group('crew', 'alice', 'bob', 'carol')
    server.sql("UPDATE subscription SET anonymous = 1"
               " WHERE subscriber = 'alice';"
               "UPDATE floor_policy SET end_of_media_ms = 6000;")
    bob = online(server, 'bob')
    alice = KeyPhone(server, 'alice')
    server.until(lambda s: server.bridge('crew')['members'] == 2, 'two')
    watch = ask(bob, focus_of('bob'))[1]
    watch.until_users(alice='recvonly', bob='recvonly')
    alice.key(STAR)
    server.until(lambda s: server.bridge('crew')['holder'] == 'alice',
                 'alice talks')
    # What is told next while she talks is that somebody comes
    carol = lab.handset(server, 'carol').ready()
    alice.speak(5)
    watch.until_users(alice='recvonly', bob='recvonly', carol='recvonly')
    server.sql("UPDATE subscription SET anonymous = 0"
               " WHERE subscriber = 'alice';")
    watch.until_users(alice='sendrecv', bob='recvonly', carol='recvonly')
    carol.quit()


def test_anonymous_on_the_air(lab):
    """Issue 5, point 7: nobody is told who talks, not even who is denied; and
    from a script's change on everybody is"""
    server = lab.server()
    names = ('alice', 'bob', 'carol')
    server.users(*names)
    server.sql("UPDATE subscription SET anonymous = 1"
               " WHERE subscriber = 'alice';"
               "UPDATE floor_policy SET queue_max = 0;")
    server.group('crew', *names)
    alice = KeyPhone(server, 'alice')
    sets = [lab.handset(server, name, options=('--floor', way)).ready()
            for name, way in (('bob', 'mcptt'), ('carol', 'tbcp'))]
    server.until(lambda s: server.bridge('crew')['members'] == 3, 'three')
    for hidden in (True, False):
        for hs in sets:
            hs.mark()
        alice.key(STAR)
        for hs in sets:
            taken = hs.event('taken')
            expect(('alice' in str(taken).lower()) != hidden, taken)
            alice.speak(5)
            hs.send('press')
            denied = hs.event('denied')
            expect(('alice' in str(denied).lower()) != hidden, denied)
            hs.send('release')
        alice.key(HASH)
        server.until(lambda s: not server.bridge('crew')['holder'],
                     'a free floor')
        if hidden:
            # The later change shows that the earlier one has arrived
            told(server, "UPDATE subscription SET anonymous = 0;"
                         "UPDATE floor_policy SET warn_ms = 1;")
    for hs in sets:
        hs.quit()


def test_policy_commands(lab):
    """X6: the same by holler, with the words of the database"""
    server = lab.server()
    server.users('alice', 'bob')
    server.group('crew', 'alice', 'bob', floor_policy='default')
    server.holler('policy', 'add', 'dispatch', '--queue-max', '50', '--warn',
                  '2.5', '--no-preempt', '--cut-in', '--broadcast',
                  '--no-emergency', '--end-of-media', '0.5',
                  '--revoke-grace', '0', '--revoke-repeat', '0.1',
                  '--retry-after', '0', '--idle-repeat', '0',
                  '--idle-repeats', '0', '--grant-repeat', '2',
                  '--grant-repeats', '1', '--inactivity', '60')
    row = server.sql("SELECT * FROM floor_policy WHERE name = 'dispatch';")[1]
    expect(row.strip() == 'dispatch|50|0|1|1|0|2500|500|0|100|0|0|0|2000|1|'
           '60000', row)
    server.holler('policy', 'set', 'dispatch', '--preempt', '--no-cut-in',
                  '--no-broadcast', '--emergency')
    out = server.holler('policy', 'list', 'dispatch')[1]
    expect('queue_max' in out and 'dispatch' in out, out)
    server.holler('group', 'set', 'crew', '--floor-policy', 'dispatch')
    server.holler('service', 'set', 'ptt', '--floor-policy', 'dispatch')
    server.holler('subscription', 'set', 'bob', '--talk-by', 'voice',
                  '--tones', 'never', '--anonymous', '--priority', '7')
    row = server.sql("SELECT talk_by, tones, anonymous, priority FROM"
                     " subscription WHERE subscriber = 'bob';")[1].strip()
    expect(row == 'voice|never|1|7', row)
    server.holler('subscription', 'set', 'bob', '--no-anonymous')
    server.holler('member', 'set', 'crew', 'alice', '--no-emergency')
    row = server.sql('SELECT group_concat(subscriber || emergency) FROM'
                     ' member;')[1].strip()
    expect(row == 'alice0,bob1', row)
    for argv, words in (
            (('policy', 'set', 'dispatch', '--queue-max', '251'),
             'queue_max is 0 (nobody waits) to 250'),
            (('policy', 'set', 'dispatch', '--end-of-media', '0.4'),
             'end_of_media_ms (T1) is 500 to 6000 milliseconds'),
            (('policy', 'remove', 'dispatch'),
             'the floor policy is in use by services'),
            (('policy', 'remove', 'default'), 'cannot be deleted'),
            (('policy', 'remove', 'none'), 'does not exist'),
            (('group', 'set', 'crew', '--floor-policy', 'none'),
             'there is no such floor policy'),
            (('subscription', 'set', 'bob', '--talk-by', 'foot'),
             'talk_by is keys or voice'),
            (('subscription', 'set', 'bob', '--tones', 'loud'),
             'tones is auto, always or never'),
            (('subscription', 'set', 'bob', '--priority', '256'),
             'priority is 0 (lowest) to 255')):
        status, _, said = server.holler(*argv, ok=False)
        expect(status == 1 and words in said, said)
    server.holler('group', 'set', 'crew', '--floor-policy', '')
    server.holler('service', 'set', 'ptt', '--floor-policy', 'default')
    server.holler('policy', 'remove', 'dispatch')
