# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone's INVITE to a user or a group: the leg is made and joins, or nothing
has happened (rows P6, P8, P9, P11)"""
from holler_test import expect
from plainphone import bridges, manual_phone, manual_world, Phone, \
    subscription, world


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


def directions(sdp):
    return [x for x in sdp.split('\r\n') if x in (
        'a=inactive', 'a=sendonly', 'a=recvonly')]


def test_dial_inactive_service(lab):
    """P8 a service whose idle legs are inactive: dialled ones are not"""
    server = world(lab, 'alice', 'bob')
    server.sql("UPDATE service SET idle = 'inactive';")
    # Changes are seen in order
    server.holler('group', 'add', 'later', '--service', 'ptt')
    server.until(lambda s: s['presence']['groups'] == 1, 'the change')
    a, b = Phone(server, 'alice'), Phone(server, 'bob')
    for p in (a, b):
        inv = p.invited()
        expect(directions(inv.body) == ['a=inactive'], inv.body)
        p.leg = p.answer(inv, False)
        server.until_leg(p.user)

    def again(p, want):
        inv = p.receive(lambda m: m.method == 'INVITE' and m.tag('to') and
                        m.get('call-id') == p.leg.callid, 'a re-INVITE')
        expect(directions(inv.body) == want, inv.body)
        p.answer(inv, False)

    idle = a.leg
    r, a.leg = a.dial_end(a.dial_start('bob'))
    expect(r.code == 200 and not directions(r.body), r.start + r.body)
    a.ended(idle)
    again(b, [])
    expect(b.remove('bob').code == 202, 'bob leaves')
    again(b, ['a=inactive'])
    # As its user sees it the phone that dialled is in a call still
    a.never('INVITE', 'put on hold')
    a.never('BYE', 'hung up')


def test_restart_in_a_dialled_call(lab):
    """P1 kill -9 in a call: both phones are told, who rings is not rung"""
    server = manual_world(lab, 'alice', 'bob')
    a = manual_phone(server, 'alice')
    b = Phone(server, 'bob').auto()
    server.until_leg('bob')
    a.dial('bob')
    server.until_leg('alice', 'busy')
    # It is in state.db when it says so
    server.until(lambda s: s['conference']['counters']['activations'] == 1,
                 'the call')
    a.in_dialog(a.leg, 'INFO')
    server.holler('user', 'set', 'alice', '--display', 'Alice')
    server.kill()
    server.start()
    old = b.leg
    b.ended(old)
    b.auto()
    server.until_leg('bob', 'idle')
    server.until_leg('alice', 'manual')
    a.never('INVITE', 'rung')
    a.dial('bob')
    server.until_leg('bob', 'busy')
