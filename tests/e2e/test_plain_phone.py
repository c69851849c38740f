# SPDX-License-Identifier: GPL-3.0-or-later
"""Phones that know nothing of us: they register, answer or ring, and dial
(rows P1, P2, P4, P6, P9, P11)"""
import json

from holler_test import expect
from plainphone import bridges, Phone, subscription


def world(lab, *names, conf=None, hang_ms=60000, allow=True):
    conf = conf or {}
    # They send no media, and are not to be missed for that
    conf['media'] = {'dead_idle_ms': 0, 'dead_bridged_ms': 0}
    server = lab.server(conf)
    server.users(*names, start='register', both=allow)
    server.sql("UPDATE service SET hang_ms = %d;" % hang_ms)
    server.until(lambda s: s['presence']['subscriptions_all'] == len(names),
                 'its users')
    return server


def manual_world(lab, *names, **kw):
    """..in which answer_ms is short: nobody waits for ringing phones"""
    conf = kw.pop('conf', {})
    conf.setdefault('conference', {})['answer_ms'] = 500
    return world(lab, *names, conf=conf, **kw)


def manual_phone(server, user, **kw):
    p = Phone(server, user, **kw)
    p.ring()
    server.until_leg(user, 'manual')
    return p


# --- the leg that registration makes

def test_leg_by_registration(lab):
    """P1 P2 registered is enough: INVITE with the three ways to say auto"""
    server = world(lab, 'alice')
    p = Phone(server, 'alice')
    inv = p.invited()
    expect(inv.get('answer-mode') == 'Auto', 'RFC 5373')
    expect('answer-after=0' in inv.get('call-info'), 'Call-Info')
    expect('alert-autoanswer' in inv.get('alert-info'), 'Alert-Info')
    p.leg = p.answer(inv, floor=False)
    server.until_leg('alice')
    expect(server.leg('alice')['floor'] is False, 'audio only')
    p.hang_up()
    server.until_leg('alice', 'none')
    p.never('INVITE', 'rung though its user hung up')


def test_manual_is_shown(lab):
    """P1 P11 who rings is cancelled, shown with words, not rung again"""
    server = manual_world(lab, 'alice', 'bob')
    p = manual_phone(server, 'alice')
    sub = subscription(server, 'alice')
    expect(sub['code'] == 480 and 'by itself' in sub['words'], str(sub))
    text = server.holler('status')[1]
    line = [x for x in text.split('\n') if x.startswith('alice')]
    expect(line and 'manual' in line[0] and 'by itself' in line[0], text)
    server.log.wait(lambda x: 'answer by itself' in x.get('event', '') and
                    x.get('subscriber') == 'alice', 'a line for the operator')
    p.sign_on()
    p.never('INVITE', 'rung at a refresh')
    bob = Phone(server, 'bob').auto()
    server.until_leg('bob')
    r = bob.in_dialog(bob.leg, 'REFER', ['Refer-To: <sip:alice@ptt.test>'])
    expect((r.code, r.words) == (480, 'alice Is Not Available'), r.start)


def test_manual_rung_afresh(lab):
    """P1 a new Call-ID or a new contact is a new phone: rung once more"""
    server = manual_world(lab, 'alice')
    p = manual_phone(server, 'alice', instance=1)
    p.restart()
    p.ring()
    server.until_leg('alice', 'manual')
    p.params += ';x=1'
    p.user_part = 'other'
    r = p.register(contact='<sip:other@%s:%d>%s' % (p.host, p.port,
                                                    p.params))
    expect(r.code == 200, r.start)
    p.auto()
    server.until_leg('alice')


def test_manual_survives_restart(lab):
    """P1 P2 what rang before kill -9 is not rung after it"""
    server = manual_world(lab, 'alice', 'bob')
    p = manual_phone(server, 'alice')
    bob = Phone(server, 'bob').auto()
    server.until_leg('bob')
    server.kill()
    server.start()
    bob.auto()
    server.until_leg('bob')
    server.until_leg('alice', 'manual')
    expect('by itself' in subscription(server, 'alice')['words'], 'words')
    p.never('INVITE', 'rung after the restart')
    p.restart()
    p.auto()
    server.until_leg('alice')


# --- dialling

def test_dial_user(lab):
    """P6 P8 dialling a user makes a call; the idle leg gives way to it"""
    server = world(lab, 'alice', 'bob')
    a, b = Phone(server, 'alice').auto(), Phone(server, 'bob').auto()
    server.until_leg('alice')
    server.until_leg('bob')
    idle = a.leg
    a.dial('bob')
    a.ended(idle, 'the end of the idle leg')
    expect(bridges(server) == [('private', ('alice', 'bob'))], 'one call')
    taken = server.log.wait(lambda x: x.get('event') == 'taken', 'the floor')
    expect(taken['subscriber'] == 'alice', 'the floor for who dialled')
    # Bob's phone leaves the call: alice's stays, idle, as it answers calls
    r = b.in_dialog(b.leg, 'REFER', ['Refer-To: <sip:bob@ptt.test;'
                                     'method=BYE>', 'Refer-Sub: false'])
    expect(r.code == 202, r.start)
    server.until_leg('alice', 'idle')
    a.never('BYE', 'hung up')
    expect(bridges(server) == [], 'no call')
    # Her user hangs up: the idle leg is made anew
    a.hang_up()
    a.auto()
    server.until_leg('alice', 'idle')


def test_dial_by_manual_phone(lab):
    """P6 a phone that rings can call: the leg lasts as long as the call"""
    server = manual_world(lab, 'alice', 'bob')
    a = manual_phone(server, 'alice')
    b = Phone(server, 'bob').auto()
    server.until_leg('bob')
    a.dial('bob')
    server.until_leg('alice', 'busy')
    b.hang_up()
    a.ended(what='the end of the call')
    server.until_leg('alice', 'manual')
    expect('by itself' in subscription(server, 'alice')['words'], 'words')
    # ..and when alice hangs up, she is not rung either
    server.until_leg('bob', 'none')
    b.restart()
    b.auto()
    server.until_leg('bob')
    a.dial('bob').hang_up()
    server.until_leg('alice', 'manual')
    server.until_leg('bob', 'idle')
    a.never('INVITE', 'rung after its call')


def test_dial_ends_with_hang_time(lab):
    """P8 nobody speaks any more: the call ends, and a manual phone's leg"""
    server = manual_world(lab, 'alice', 'bob', hang_ms=300)
    server.sql("UPDATE service SET max_talk_ms = 1000;")
    a = manual_phone(server, 'alice')
    b = Phone(server, 'bob').auto()
    server.until_leg('bob')
    a.dial('bob')
    a.ended(what='the end of the call')
    server.until_leg('bob', 'idle')
    b.never('BYE', 'the called leg was ended')


def test_dial_group(lab):
    """P9 dialling a group joins it, talker or listener"""
    server = manual_world(lab, 'alice', 'bob', 'carol', 'eve')
    server.group('crew', 'alice', 'bob')
    server.group('radio', 'alice', 'carol')
    server.holler('group', 'join', 'crew', 'carol', '--listen-only')
    a = manual_phone(server, 'alice')
    a.dial('radio')
    server.until_leg('alice', 'idle')
    leg = server.leg('alice')
    expect(leg['selected'] == 'group/radio' and leg['groups'] == 2, str(leg))
    expect(not server.bridge('radio')['holder'], 'nobody asked to talk')
    c = manual_phone(server, 'carol')
    c.dial('crew')
    server.until_leg('carol', 'idle')
    expect(server.leg('carol')['selected'] == 'group/crew', 'a listener')
    e = manual_phone(server, 'eve')
    expect(e.refused('crew') == (403, 'Not Allowed'), 'no member')
    # There is no end but the phone's
    a.hang_up()
    server.until_leg('alice', 'manual')


def test_dial_refused(lab):
    """P6 P11 each refusal has a code and words, and changes nothing"""
    server = world(lab, 'alice', 'bob', 'carol', 'dave', allow=False)
    server.holler('allow', 'add', 'alice', 'bob', 'carol')
    server.holler('allow', 'add', 'dave', 'bob')
    server.sql("INSERT INTO service(name, mode) VALUES('conf', "
               "'full-duplex'); INSERT INTO subscription(subscriber, user, "
               "service) VALUES('alice-conf', 'alice', 'conf'), "
               "('bob-conf', 'bob', 'conf'); INSERT INTO authorisation("
               "subject, object) VALUES('alice-conf', 'bob-conf');")
    server.until(lambda s: s['presence']['subscriptions_all'] == 6, 'all')
    a, b, d = [Phone(server, x).auto() for x in ('alice', 'bob', 'dave')]
    for name in ('alice', 'bob', 'dave'):
        server.until_leg(name)
    for target, want, kw in (
            ('nobody', (403, 'Not Allowed'), {}),
            ('dave', (403, 'Not Allowed'), {}),
            ('alice', (403, 'You Cannot Call Yourself'), {}),
            ('carol', (480, 'carol Is Not Available'), {}),
            ('bob', (403, 'Not Allowed'), {'frm': 'dave'}),
            ('bob', (415, 'SDP is needed'),
             {'body': 'x', 'headers': ['Content-Type: text/plain']}),
            ('bob', (420, 'Bad Extension'), {'headers': ['Require: x']}),
            ('bob', (400, 'the INVITE has no usable Contact'),
             {'contact': None}),
            ('bob', (483, 'Too Many Hops'), {'maxfwd': 0})):
        got = a.refused(target, **kw)
        expect(got == want, '%s: %r' % (target, got))
    code, words = a.refused('bob', body=a.sdp(False).replace(
        'RTP/AVP 0', 'RTP/AVP 99').replace('rtpmap:0 PCMU', 'rtpmap:99 X'))
    expect(code == 488 and words, words)
    code, words = a.refused('bob-conf', frm='alice-conf')
    expect(code in (480, 501) and words, '%d %s' % (code, words))
    stranger = Phone(server, 'alice', register=False)
    expect(stranger.refused('bob') ==
           (403, 'Register From This Address First'), 'not registered')
    d.dial('bob')
    code, words = a.refused('bob')
    expect((code, words) == (486, 'busy in another call'), words)
    expect(server.leg('alice')['status'] == 'idle', 'her leg')
    a.never('BYE', 'the idle leg was ended')
    r = a.in_dialog(a.leg, 'INFO')
    expect(r.code == 200, 'the idle leg is dead: ' + r.start)
    expect(bridges(server) == [('private', ('bob', 'dave'))], 'one call')


def test_dial_cancelled(lab):
    """P6 CANCEL before the answer: 487, or the call that was made; no more"""
    server = world(lab, 'alice', 'bob')
    a, b = Phone(server, 'alice').auto(), Phone(server, 'bob').auto()
    server.until_leg('alice')
    server.until_leg('bob')
    idle = a.leg
    for _ in range(20):
        call = a.dial_start('bob')
        expect(a.cancel(call).code in (200, 481), 'CANCEL')
        r, dlg = a.dial_end(call)
        expect(r.code in (200, 487), r.start)
        if dlg:
            a.leg = dlg
            break
        if call.get('final'):
            continue
    if a.leg is not idle:
        a.ended(idle)
        a.hang_up()
        a.auto()
    server.until_leg('alice', 'idle')
    server.until_leg('bob', 'idle')
    expect(bridges(server) == [], 'no call is left')
    b.never('BYE', 'bob was disturbed')


def test_dial_not_registered_before(lab):
    """P6 a subscriber that has no leg and asked for none may dial one"""
    server = world(lab, 'alice', 'bob')
    server.holler('subscription', 'set', 'alice', '--start', 'subscribe')
    a, b = Phone(server, 'alice'), Phone(server, 'bob').auto()
    server.until_leg('bob')
    a.dial('bob')
    server.until_leg('alice', 'busy')
    b.hang_up()
    a.ended()
    server.until(lambda s: not any(
        x['subscriber'] == 'alice' for x in s['presence']['subscriptions']),
        'alice to be nowhere')
    expect(not server.leg('alice'), 'its leg is gone')
    expect(a.refused('nobody')[0] == 403, 'refused')
    expect(a.refused('bob')[0] == 480, 'bob has hung up')
    expect(not server.leg('alice'), 'a refused one leaves nothing')
    a.never('INVITE', 'rung')


def test_redial_the_same(lab):
    """P6 who dials again who is in the call already has a new leg in it"""
    server = world(lab, 'alice', 'bob')
    a, b = Phone(server, 'alice').auto(), Phone(server, 'bob').auto()
    server.until_leg('alice')
    server.until_leg('bob')
    idle = a.leg
    a.dial('bob')
    a.ended(idle)
    for _ in range(3):
        old = a.leg
        a.dial('bob')
        a.ended(old)
        expect(bridges(server) == [('private', ('alice', 'bob'))], 'one')
    expect(server.status()['conference']['counters']['calls'] == 1,
           'the same call')
    b.never('BYE', 'bob was disturbed')


def test_dial_elsewhere(lab):
    """P2 P6 from another phone of the user: the leg goes there and back"""
    server = world(lab, 'alice', 'bob')
    desk, b = Phone(server, 'alice').auto(), Phone(server, 'bob').auto()
    server.until_leg('alice')
    server.until_leg('bob')
    soft = Phone(server, 'alice')
    soft.never('INVITE', 'the desk phone has the leg')
    expect(soft.refused('nobody')[0] == 403, 'refused')
    desk.never('BYE', 'by a refused call')
    idle = desk.leg
    soft.dial('bob')
    desk.ended(idle, 'the end of the leg at the desk')
    b.hang_up()
    soft.ended(what='the end of the call')
    desk.auto()
    server.until_leg('alice', 'idle')
    soft.never('INVITE', 'rung')


# --- several terminals, several subscriptions

def test_first_that_answers(lab):
    """P2 of several phones the newest is tried, then the next, once each"""
    server = manual_world(lab, 'alice')
    one = manual_phone(server, 'alice')
    two = Phone(server, 'alice')
    two.refuse(603, 'Decline')
    # Nobody rings twice, and a third that answers has it
    three = Phone(server, 'alice').auto()
    server.until_leg('alice')
    one.never('INVITE', 'rung again')
    # It leaves: who only refused is asked once more, who rang is not
    three.sign_on(expires=0)
    three.ended()
    two.refuse(603, 'Decline')
    server.until(lambda s: any(
        x['code'] == 603 for x in s['presence']['subscriptions']), 'it')
    one.never('INVITE', 'rung again')
    two.restart()
    two.auto()
    server.until_leg('alice')


def test_next_when_lost(lab):
    """P2 the newest is manual: the leg is at the one before it"""
    server = manual_world(lab, 'alice')
    desk = Phone(server, 'alice').auto()
    server.until_leg('alice')
    soft = Phone(server, 'alice')
    soft.never('INVITE', 'the desk phone has the leg')
    third = Phone(server, 'alice')
    desk.sign_on(expires=0)
    desk.ended()
    third.ring()
    soft.auto()
    server.until_leg('alice')
    third.never('INVITE', 'rung again')


def test_two_accounts_one_phone(lab):
    """P4 a phone with two accounts has a leg for each"""
    server = world(lab, 'alice', 'bob')
    a = Phone(server, 'alice').auto()
    b = Phone(server, 'bob', register=False)
    b.sock, b.host, b.port, b.waiting = a.sock, a.host, a.port, a.waiting
    b.sign_on()
    b.auto()
    server.until_leg('alice')
    server.until_leg('bob')
    expect(a.leg.callid != b.leg.callid, 'two dialogs')
    r = b.in_dialog(b.leg, 'REFER', ['Refer-To: <sip:alice@ptt.test>',
                                     'Refer-Sub: false'])
    expect(r.code == 202, r.start)
    expect(bridges(server) == [('private', ('alice', 'bob'))], 'both in it')


def two_subscriptions(lab):
    server = world(lab, 'alice')
    server.sql("INSERT INTO subscription(subscriber, user, service, start) "
               "VALUES('alice-two', 'alice', 'ptt', 'register');")
    server.until(lambda s: s['presence']['subscriptions_all'] == 2, 'both')
    p = Phone(server, 'alice')
    return server, p, [p.invited(), p.invited()]


def test_two_subscriptions_one_phone(lab):
    """P4 two subscriptions of one user: two legs at one phone"""
    server, p, invs = two_subscriptions(lab)
    called = sorted(x.get('p-called-party-id') for x in invs)
    expect(called == ['<sip:alice-two@ptt.test>', '<sip:alice@ptt.test>'],
           str(called))
    legs = [p.answer(x, False) for x in invs]
    server.until_leg('alice')
    server.until_leg('alice-two')
    expect(legs[0].target != legs[1].target, 'two legs')


def test_second_subscription_busy(lab):
    """P4 a phone with one line: the second leg is marked, not retried"""
    server, p, invs = two_subscriptions(lab)
    leg = p.answer(invs[0], False)
    server.until(lambda s: any(x['leg'] == 'idle' for x in
                               s['presence']['subscriptions']), 'one leg')
    p.reply(invs[1], 486, 'Busy Here')
    server.until(lambda s: any(x['code'] == 486 for x in
                               s['presence']['subscriptions']), 'busy')
    sub = [x for x in server.status()['presence']['subscriptions']
           if x['code'] == 486][0]
    expect((sub['leg'], sub['words']) == ('none', 'Busy Here'), str(sub))
    log = server.log.wait(lambda x: x.get('event') == 'down' and
                          x.get('code') == 486, 'its log line')
    expect(log['retry'] is False, json.dumps(log))
    # The line is free: now it is that one's turn
    p.hang_up(leg)
    inv = p.invited()
    expect(sub['subscriber'] in inv.get('p-called-party-id'), 'the other')
    p.answer(inv, False)
    server.until_leg(sub['subscriber'])


# --- moves

def test_moved_to_another_host(lab):
    """P2 registered from another address: its media is asked for anew"""
    server = world(lab, 'alice', 'bob')
    a = Phone(server, 'alice', instance=7).auto()
    server.until_leg('alice')
    moved = Phone(server, 'alice', instance=7, register=False,
                  ip='127.0.0.9')
    moved.callid, moved.cseq = a.callid, 100
    moved.sign_on()
    inv = moved.receive(lambda m: m.method == 'INVITE' and
                        m.get('call-id') == a.leg.callid, 'a re-INVITE')
    moved.tag = a.leg.ltag
    moved.answer(inv, False)
    port = moved.media['rtp'].getsockname()[1]
    moved.media['rtp'].sendto(b'\x80\x00' + b'\0' * 170, (
        server.ip, [int(x.split()[1]) for x in inv.body.split('\r\n')
                    if x.startswith('m=audio')][0]))
    server.until(lambda s: any(x['media'] == '127.0.0.9:%d' % port for x in
                               s['conference']['legs']), 'its new media')
    a.none(lambda m: m.method, 'something was sent to the old place')
    moved.leg = a.leg
    moved.leg.cseq = 300
    moved.hang_up()


def test_moved_and_forgot(lab):
    """P2 ..and one that does not know the dialog any more gets a new leg"""
    server = world(lab, 'alice')
    a = Phone(server, 'alice', instance=8).auto()
    server.until_leg('alice')
    moved = Phone(server, 'alice', instance=8, register=False,
                  ip='127.0.0.9')
    moved.callid, moved.cseq = a.callid, 100
    moved.sign_on()
    inv = moved.receive(lambda m: m.method == 'INVITE' and
                        m.get('call-id') == a.leg.callid, 'a re-INVITE')
    moved.reply(inv, 481, 'Call Does Not Exist')
    new = moved.receive(lambda m: m.method == 'INVITE' and
                        m.get('call-id') != a.leg.callid, 'a new INVITE')
    moved.answer(new, False)
    server.until_leg('alice')
    a.none(lambda m: m.method, 'something was sent to the old place')


# --- bounds

def test_too_many_requests(lab):
    """P14 one user's requests are bounded; the others' are not touched"""
    server = world(lab, 'alice', 'bob', conf={'sip': {
        'user_burst': 10, 'user_per_s': 1}})
    a, b = Phone(server, 'alice').auto(), Phone(server, 'bob').auto()
    server.until_leg('alice')
    server.until_leg('bob')
    seen = []
    while not any(x.code == 503 for x in seen):
        seen.append(a.refer('nobody'))
        expect(len(seen) < 100, 'never refused')
    r = seen[-1]
    expect(r.words and int(r.get('retry-after')) >= 1, r.start)
    expect(len(seen) > 5, 'too early: %d' % len(seen))
    counters = server.status()['presence']['counters']
    expect(counters['too_often'] >= 1, str(counters))
    # Out of its dialogs it is the same bucket; it may sign on and hang up
    for method in ('SUBSCRIBE', 'REFER', 'INVITE'):
        while True:
            r = a.ask(method, a.aor('ptt'), ['Event: presence'],
                      callid='m%d' % a.cseq, to=a.aor('ptt'))
            if r.code == 503:
                break
    expect(int(r.get('retry-after')) >= 1, r.start)
    expect(b.refer('alice').code == 202, 'bob')
    a.sign_on()
    a.hang_up()
