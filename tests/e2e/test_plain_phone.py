# SPDX-License-Identifier: GPL-3.0-or-later
"""Phones that know nothing of us: they register, answer or ring, move, and
share a user (rows P1, P2, P4, P11)"""
import json

from holler_test import expect
from plainphone import bridges, manual_phone, manual_world, Phone, \
    subscription, world


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
    inv = moved.receive(lambda m: m.method == 'INVITE' and m.tag('to') and
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
    inv = moved.receive(lambda m: m.method == 'INVITE' and m.tag('to') and
                        m.get('call-id') == a.leg.callid, 'a re-INVITE')
    moved.reply(inv, 481, 'Call Does Not Exist')
    moved.answer(moved.invited('a new INVITE'), False)
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
