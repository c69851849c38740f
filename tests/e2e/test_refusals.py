# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may what, and how it is said when one may not."""
from holler_test import Sip, expect, expect_heard


def refused(hs, command):
    """What the handset was told, and that nothing was bridged"""
    hs.mark().send(command)
    answer = hs.event('refused')
    expect(not hs.events('activated') and not hs.events('granted'),
           'bridged all the same: %r' % answer)
    expect(answer['reason'], 'no words: %r' % answer)
    calls = hs.server.status()['conference']['calls_total']
    expect(calls == 0, 'a call was made: %d' % calls)
    return answer


def world(lab):
    """alice may call bob and dave, not carol; dave is not there"""
    server = lab.server()
    server.users('alice', 'bob', 'carol', 'dave', both=False)
    server.holler('allow', 'add', 'alice', 'bob', 'dave', '--both')
    alice = lab.handset(server, 'alice', play=lab.speech('Rear_Left'))
    bob = lab.handset(server, 'bob')
    carol = lab.handset(server, 'carol')
    for hs in (alice, bob, carol):
        hs.ready()
    for name in ('alice', 'bob', 'carol'):
        server.until_leg(name)
    return server, alice, bob, carol


def test_refusals_in_the_dialog(lab):
    """P6 P11: unknown, not authorised, offline: at once, code and words"""
    server, alice, _, _ = world(lab)
    unknown = refused(alice, 'call nobody')
    stranger = refused(alice, 'call carol')
    offline = refused(alice, 'call dave')
    expect(unknown['code'] == 403 and stranger['code'] == 403,
           '%r %r' % (unknown, stranger))
    # Whether somebody exists is not told to who may not call them
    expect(unknown['reason'] == stranger['reason'],
           'told apart: %r %r' % (unknown, stranger))
    expect(offline['code'] == 480, 'offline: %r' % offline)
    expect(offline['reason'] != unknown['reason'], 'the same words')


def test_refer_out_of_dialog(lab):
    """P12 P11: the presence server receives, decides, and forwards"""
    server, alice, bob, _ = world(lab)
    expect(refused(alice, 'refer nobody')['code'] == 403, 'unknown')
    expect(refused(alice, 'refer carol')['code'] == 403, 'not authorised')
    expect(refused(alice, 'refer dave')['code'] == 480, 'offline')
    bob.mark()
    alice.mark().send('refer bob')
    alice.event('activated')
    bob.event('taken')
    alice.say()
    bob.event('burst_heard')
    alice.quit()
    expect_heard(lab.path('speech-Rear_Left.wav'), bob.quit())


def test_busy(lab):
    """P11: who is in another call is busy, for those who may know"""
    server, alice, bob, carol = world(lab)
    server.holler('allow', 'add', 'carol', 'bob')
    alice.mark().send('call bob')
    alice.event('activated')
    server.until_leg('bob', 'busy')
    carol.mark().send('call bob')
    answer = carol.event('refused')
    expect(answer['code'] == 486, 'busy: %r' % answer)


def test_list_of_active_subscribers(lab):
    """P5 P13: one sees who one may see, kept current, and nobody else"""
    server, alice, bob, carol = world(lab)
    alice.event('presence', subscriber='bob', status='open')
    alice.mark()
    dave = lab.handset(server, 'dave').ready()
    alice.event('presence', subscriber='dave', status='open')
    dave.quit()
    alice.event('presence', subscriber='dave', status='closed')
    seen = set(x['subscriber'] for x in alice.out.having(
        lambda x: x.get('event') == 'presence'))
    expect('carol' not in seen, 'alice sees %r' % seen)
    seen = set(x['subscriber'] for x in carol.out.having(
        lambda x: x.get('event') == 'presence'))
    expect(not seen, 'carol sees %r' % seen)


def shape(response):
    """A response without what is different every time"""
    code, reason, headers = response
    skip = ('via', 'from', 'to', 'call-id', 'cseq', 'date')
    out = []
    for key, value in headers:
        if key.lower() in skip:
            continue
        if key.lower() == 'www-authenticate':
            value = ','.join(x.split('=')[0] if 'nonce' in x else x
                             for x in value.split(','))
        out.append((key.lower(), value))
    return code, reason, sorted(out)


def test_unknown_user_or_wrong_password(lab):
    """P14: they cannot be told apart on the wire"""
    server = lab.server()
    server.users('alice', both=False)
    seen = []
    for user, password in (('alice', 'wrong'), ('nobody', 'wrong')):
        sip = Sip(server)
        first, second = sip.register(user, password)
        seen.append((shape(first), shape(second)))
        sip.close()
    expect(seen[0][0][0] == 401 and seen[0][1][0] in (401, 403), seen[0])
    expect(seen[0] == seen[1], 'told apart:\n%r\n%r' % tuple(seen))
    # The right password is accepted, and one cannot register for another
    sip = Sip(server)
    expect(sip.register('alice', 'alicepw')[1][0] == 200, 'right password')
    sip.close()
    sip = Sip(server)
    uri = 'sip:ptt.test'
    first = sip.ask('REGISTER', uri, 'mallory', headers=['Expires: 60'])
    auth = sip.authorization(first, 'REGISTER', uri, 'alice', 'alicepw')
    answer = sip.ask('REGISTER', uri, 'mallory',
                     headers=['Expires: 60', auth])
    expect(answer[0] in (401, 403), 'for another: %r' % (answer,))
    sip.close()


def refusal(server, mark, **fields):
    return server.log.wait(
        lambda x: (x.get('subject'), x.get('event')) == ('auth', 'refused')
        and all(x.get(key) == value for key, value in fields.items()),
        'to log %r' % fields, after=mark)


def test_refused_is_logged(lab):
    """Who was refused, from where and why; a name is bounded"""
    server = lab.server()
    server.users('alice', 'bob', both=False)
    server.sql("UPDATE user SET enabled = 0 WHERE name = 'bob'")
    for user, password, code, reason in (
            ('alice', 'wrong', 401, 'wrong password'),
            ('nobody', 'wrong', 401, 'unknown user'),
            ('bob', 'bobpw', 403, 'This account is disabled')):
        sip = Sip(server)
        mark = server.log.mark()
        expect(sip.register(user, password)[1][0] == code, user)
        refusal(server, mark, level='info', user=user, code=code,
                reason=reason, peer='%s:%d' % (sip.host, sip.port))
        sip.close()
    # without credentials, and with the right ones: no word
    sip = Sip(server)
    mark = server.log.mark()
    expect(sip.register('alice', 'alicepw')[1][0] == 200, 'alice')
    sip.close()
    sip = Sip(server)
    name = '\xe9 x=1 ' + 'n' * 150
    first = sip.ask('REGISTER', 'sip:ptt.test', 'x', headers=['Expires: 60'])
    auth = sip.authorization(first, 'REGISTER', 'sip:ptt.test', name, 'x')
    sip.request('REGISTER', 'sip:ptt.test', 'x',
                headers=['Expires: 60', auth])
    expect(sip.response()[0] == 401, 'a long name')
    said = refusal(server, mark, reason='unknown user')
    expect(said['user'].startswith('\xe9 x=1 n') and
           len(said['user']) < 64, said)
    sip.close()


def test_guessing_does_not_fill_the_log(lab):
    """Of many wrong passwords some are logged"""
    server = lab.server()
    mark = server.log.mark()
    sip = Sip(server)
    for _ in range(40):
        expect(sip.register('mallory', 'guess')[1][0] == 401, 'a guess')
    sip.close()
    expect(server.status()['auth']['wrong'] == 40, 'not all were judged')
    said = server.log.having(lambda x: x.get('subject') == 'auth', mark)
    expect(0 < len(said) <= 20, '%d lines' % len(said))


def test_subscription_to_nothing_is_logged(lab):
    """Who wanted what service, and why that came to nothing"""
    server = lab.server()
    server.users('alice', both=False)
    server.holler('service', 'add', 'other')
    for service, event, reason in (
            ('nosvc', 'SUBSCRIBE to nobody', 'no service has the name'),
            ('other', 'SUBSCRIBE refused', 'no enabled subscription to')):
        mark = server.log.mark()
        hs = lab.handset(server, 'alice', service=service)
        said = server.log.wait(
            lambda x, e=event: x.get('event') == e, event, after=mark)
        expect(said['user'] == 'alice' and reason in said['reason'] and
               said['to'] == 'sip:%s@ptt.test' % service and
               said['peer'].startswith('127.'), '%r' % said)
        hs.kill()
    # what leads somewhere is no news
    mark = server.log.mark()
    lab.handset(server, 'alice').ready()
    expect(not server.log.having(lambda x: 'SUBSCRIBE' in x.get('event', ''),
                                 mark), 'a good one is told')


def test_replay_and_stale(lab):
    """P14: a nonce works for a while, and each count once"""
    server = lab.server({'auth': {'nonce_ttl_s': 1}})
    server.users('alice', both=False)
    sip = Sip(server)
    uri = 'sip:ptt.test'
    first = sip.ask('REGISTER', uri, 'alice', headers=['Expires: 60'])
    auth = sip.authorization(first, 'REGISTER', uri, 'alice', 'alicepw')
    expect(sip.ask('REGISTER', uri, 'alice',
                   headers=['Expires: 60', auth])[0] == 200, 'accepted')
    again = sip.ask('REGISTER', uri, 'alice', headers=['Expires: 60', auth])
    expect(again[0] == 401, 'replay: %r' % (again,))
    expect((Sip.challenge(again) or {}).get('stale', '').lower() == 'true',
           'not stale: %r' % (again,))
    sip.close()


def test_md5_only(lab):
    """P14: a terminal that fails at SHA-256 is not offered it"""
    server = lab.server()
    server.users('alice', 'bob', both=False)
    server.holler('user', 'set', 'bob', '--md5-only')
    found = {}
    for user in ('alice', 'bob'):
        def seen(user=user):
            sip = Sip(server)
            answer = sip.ask('REGISTER', 'sip:ptt.test', user,
                             headers=['Expires: 60'])
            sip.close()
            return sorted(x for x in ('MD5', 'SHA-256')
                          if Sip.challenge(answer, x))
        found[user] = seen()
    expect(found['alice'] == ['MD5', 'SHA-256'], found)
    expect(found['bob'] == ['MD5'], found)
