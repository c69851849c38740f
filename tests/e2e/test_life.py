# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to calls when somebody dies, and when the database changes."""
import os
import signal

from holler_test import expect, expect_heard


def crew(lab, server, *names, play=None, plays=None):
    """Handsets of a group, all of them in its bridge"""
    server.users(*names, both=False)
    server.group('crew', *names)
    sets = [lab.handset(server, n, play=(plays or {}).get(n, play))
            for n in names]
    together(server, len(names))
    for hs in sets:
        hs.ready()
    return sets


def together(server, count, deadline=None):
    server.until(lambda s: any(b['name'] == 'crew' and b['members'] == count
                               for b in s['conference']['bridges']),
                 '%d members in the group' % count, deadline)


def test_talker_vanishes(lab):
    """P10: a handset dies while it talks; the floor is free for another"""
    server = lab.server()
    speech = lab.speech('Front_Left', 'Front_Right', 'Front_Center')
    alice, bob, carol = crew(lab, server, 'alice', 'bob', 'carol',
                             play=speech)
    for hs in (bob, carol):
        hs.mark()
    alice.send('press')
    alice.event('granted')
    bob.event('burst_heard')
    alice.kill()
    bob.event('idle')
    carol.event('idle')
    carol.mark()
    bob.say()
    carol.event('burst_heard')
    bob.quit()
    expect_heard(speech, carol.quit())


def test_crash_in_a_burst(lab):
    """P1: kill -9 in the middle of a burst, restart: legs and speech back"""
    server = lab.server()
    speech = lab.speech('Front_Left', 'Front_Right', 'Front_Center')
    names = ('alice', 'bob', 'carol')
    sets = crew(lab, server, *names, play=speech)
    alice, bob, carol = sets
    alice.send('press')
    alice.event('granted')
    bob.event('burst_heard')
    for hs in sets:
        hs.mark()
    server.kill()
    server.start()
    # Nobody restarted the handsets
    for hs in sets:
        hs.event('leg_up', deadline=60)
    together(server, 3, deadline=60)
    for n in names:
        server.until_leg(n)
    alice.send('release')
    alice.mark().send('status')
    alice.event('status')
    carol.mark()
    bob.say()
    carol.event('burst_heard')
    for hs in sets:
        hs.quit()
    expect_heard(speech, carol)


def test_stop_ends_calls(lab):
    """SIGTERM: a BYE to every leg, status 0, nothing left behind"""
    server = lab.server()
    alice, bob = crew(lab, server, 'alice', 'bob')
    for hs in (alice, bob):
        hs.mark()
    status = server.stop()
    expect(status == 0, 'status %d' % status)
    alice.event('leg_down')
    bob.event('leg_down')
    expect(not os.path.exists(server.socket), 'the socket is still there')


def test_log_level(lab):
    """SIGHUP reads the log level again, and nothing else"""
    server = lab.server()
    expect(server.holler('log-level')[1] == 'debug\n', 'the configured one')
    server.holler('log-level', 'warn')
    expect(server.holler('log-level')[1] == 'warn\n', 'the one that was set')
    with open(server.conf, encoding='ascii') as f:
        conf = f.read()
    with open(server.conf, 'w', encoding='ascii') as f:
        f.write(conf.replace('level = debug', 'level = info'))
    server.proc.popen.send_signal(signal.SIGHUP)
    server.log.wait(lambda x: x.get('event') == 'configuration read again',
                    'reading the configuration again')
    expect(server.holler('log-level')[1] == 'info\n', 'the one of the file')
    with open(server.conf, 'a', encoding='ascii') as f:
        f.write('[log]\nlevel = loud\n' + '[nope]\n' * 40)
    server.proc.popen.send_signal(signal.SIGHUP)
    told = server.log.wait(lambda x: 'errors' in x.get('event', ''),
                           'refusing it')
    expect(told['errors'] == 41, 'how many: %r' % told)
    line = conf.count('\n') + 2
    expect(told['reason'].startswith('%s:%d: [log] level: set before in line '
                                     % (server.conf, line)),
           'the first: %r' % told)
    os.unlink(server.conf)
    mark = server.log.mark()
    server.proc.popen.send_signal(signal.SIGHUP)
    told = server.log.wait(lambda x: 'errors' in x.get('event', ''),
                           'missing it', mark)
    expect(told['reason'].endswith('cannot be opened: No such file or '
                                   'directory'), 'no file: %r' % told)
    expect(server.holler('log-level')[1] == 'info\n', 'changed all the same')


def test_sql_while_running(lab):
    """X6 P2: rows written by the stock shell work at once"""
    server = lab.server()
    speech = lab.speech('Side_Left')
    server.sql("""
        INSERT INTO user(name, display) VALUES('alice', 'Alice');
        INSERT INTO user_password VALUES('alice', 'alicepw');
        INSERT INTO subscription(subscriber, user) VALUES('alice', 'alice');
        INSERT INTO user(name) VALUES('bob');
        INSERT INTO user_password VALUES('bob', 'bobpw');
        INSERT INTO subscription(subscriber, user) VALUES('bob', 'bob');
        INSERT INTO talkgroup(name) VALUES('crew');
        INSERT INTO member(talkgroup, subscriber) VALUES('crew', 'alice');
        """)
    alice = lab.handset(server, 'alice', play=speech).ready()
    bob = lab.handset(server, 'bob').ready()
    server.until_leg('alice')
    server.until_leg('bob')
    alice.mark().send('call bob')
    expect(alice.event('refused')['code'] == 403, 'not yet allowed')
    # A member more while legs are up: it is bridged at once
    server.sql("INSERT INTO member(talkgroup, subscriber) "
               "VALUES('crew', 'bob');")
    together(server, 2)
    alice.say()
    bob.event('burst_heard')
    # An authorisation more
    server.sql("INSERT INTO authorisation(subject, object) "
               "VALUES('alice', 'bob');")
    alice.event('presence', subscriber='bob', status='open')
    alice.mark().send('call bob')
    alice.event('activated')
    alice.mark().send('hangup')
    alice.event('deactivated')
    # A member less
    server.sql("DELETE FROM member WHERE subscriber = 'bob';")
    together(server, 1)
    # Nonsense is refused in words
    status, _, words = server.sql(
        "INSERT INTO subscription(subscriber, user) VALUES('x', 'nobody');",
        ok=False)
    expect(status and 'no such user' in words, words)
    alice.quit()
    expect_heard(speech, bob.quit())


def test_disabled_in_a_call(lab):
    """P13 P14: disabling a user ends leg, floor and binding at once"""
    server = lab.server()
    speech = lab.speech('Front_Left', 'Front_Right', 'Front_Center')
    alice, bob, carol = crew(lab, server, 'alice', 'bob', 'carol',
                             play=speech)
    for hs in (alice, bob, carol):
        hs.mark()
    alice.send('press')
    alice.event('granted')
    bob.event('burst_heard')
    server.holler('user', 'set', 'alice', '--disable')
    bob.event('idle')
    alice.event('leg_down')
    together(server, 2)
    status = server.until(lambda s: not any(
        x['user'] == 'alice' for x in s['presence']['subscriptions']),
        'alice without a subscription')
    expect(status['presence']['bindings'] == 2, 'bindings: %r' % status)
    # The floor is bob's for the asking
    bob.mark()
    carol.mark()
    bob.say()
    carol.event('burst_heard')
    # Enabled again, alice comes back by herself
    alice.mark()
    server.holler('user', 'set', 'alice', '--enable')
    alice.send('register')
    alice.event('leg_up')
    together(server, 3)


def test_talks_too_long(lab):
    """P10: after the maximum talk time the floor is taken away, with words"""
    server = lab.server()
    speech = lab.speech('Front_Left', 'Front_Right', 'Front_Center')
    alice, bob = crew(lab, server, 'alice', 'bob', play=speech)
    server.holler('group', 'set', 'crew', '--max-talk', '1')
    bob.mark()
    alice.mark().send('press')
    alice.event('granted')
    revoked = alice.event('revoked')
    expect(revoked['phrase'], 'no words: %r' % revoked)
    bob.event('idle')
