# SPDX-License-Identifier: GPL-3.0-or-later
"""What the edge must not do for anybody, and what several terminals of one
user, or several users of one terminal, must not do to each other."""
import socket

from holler_test import expect
from terminal import Terminal, online, uri_of
from test_edge import told, until_told, world


def notified(t, dlg, state):
    """The next NOTIFY with that Subscription-State, answered"""
    return t.notify(dlg, match=lambda m: m.get('subscription-state')
                    .startswith(state))


def leg_at(server, subscriber, port):
    """The subscription's leg is idle and at that port"""
    server.until(lambda s: any(
        x['subscriber'] == subscriber and x['leg'] == 'idle' and
        x['flow'].endswith(':%d' % port)
        for x in s['presence']['subscriptions']),
        'the leg of %s at %d' % (subscriber, port))


# --- nobody is sent what he did not ask for


def test_answer_goes_home(lab):
    """P11 who answers cannot choose where the edge sends the answer"""
    server = world(lab, 'alice', 'bob')
    victim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    victim.bind(('127.0.0.78', 0))
    victim.setblocking(False)
    a = Terminal(server, 'alice')
    a.register()
    a.subscribe()
    inv = a.invited()
    fields = inv.fields
    vias = inv.all('via')
    head, _, _ = vias[1].partition(';received=')
    vias[1] = head + ';received=127.0.0.78;rport=%d' % (
        victim.getsockname()[1])
    inv.fields = [('via', v) for v in vias] + [
        f for f in fields if f[0] != 'via']
    a.reply(inv, 200, headers=['Contact: ' + a.contact(),
                               'Content-Type: application/sdp'],
            body=a.sdp())
    server.until(lambda s: s['presence']['counters']['foreign_responses'],
                 'that it dropped the answer')
    try:
        expect(False, 'we were made to send %r' % victim.recv(2000)[:60])
    except BlockingIOError:
        pass
    inv.fields = fields
    a.leg = a.answer(inv)
    server.until_leg('alice')


def test_token_is_no_ticket(lab):
    """P14 a route of one's own dialog authenticates no new request"""
    server = world(lab, 'alice', 'bob')
    a = online(server, 'alice')
    routes = ['Route: ' + x for x in a.leg.routes]
    for method, code in (('INVITE', 407), ('REFER', 401),
                         ('SUBSCRIBE', 401)):
        a.request(method, a.aor('ptt'), routes, callid='t' + method,
                  to=a.aor('ptt'))
        r = a.response(callid='t' + method)
        expect(r.code == code, '%s: %s' % (method, r.start))


def test_strangers_leave_nothing(lab):
    """P14 refusals of the unproven keep no state, whatever the code"""
    server = world(lab, 'alice')
    a = Terminal(server, 'alice')
    a.request('REGISTER', 'sip:ptt.test')
    good = a.credentials(a.response(), 'REGISTER', 'sip:ptt.test')
    for code, auth in ((400, 'Authorization: Digest username="a'),
                       (400, good.replace('sip:ptt.test', 'sip:x.test')),
                       (401, good.replace('response="', 'response="0'))):
        # The same datagram twice: a kept answer would have the same tag
        a.cseq += 1
        tags = set()
        for _ in range(2):
            a.request('REGISTER', 'sip:ptt.test', [auth], cseq=a.cseq,
                      branch='same%d' % a.cseq)
            r = a.response()
            expect(r.code in (400, code), r.start)
            tags.add(r.tag('to'))
        expect(len(tags) == 2, '%d was kept' % r.code)


def test_replay_needs_the_same_bytes(lab):
    """P14 credentials that were overheard serve no other request"""
    server = world(lab, 'alice')
    a = Terminal(server, 'alice')
    uri = a.aor('nowhere')

    def send(auth, subject):
        a.request('INVITE', uri, ['Subject: ' + subject, auth], callid='c',
                  to=uri, cseq=2, branch='b')
        return a.response(2, 'c')
    a.request('INVITE', uri, callid='c', to=uri, cseq=1)
    auth = a.credentials(a.response(1, 'c'), 'INVITE', uri)
    expect(send(auth, 'one').code == 403, 'authenticated, no such service')
    expect(send(auth, 'one').code == 403, 'repeated')
    r = send(auth, 'two')
    expect(r.code == 407 and 'stale=true' in r.get('proxy-authenticate'),
           'another request with the same credentials: ' + r.start)


# --- what is written again


def test_contacts_are_clean(lab):
    """P2 a Contact that cannot be written again is refused"""
    server = world(lab, 'alice')
    a = Terminal(server, 'alice')
    where = '%s:%d' % (a.host, a.port)
    for bad in ('<sip:al ice@%s>' % where,
                '<sip:alice@%s>;+sip.instance="<urn\\"x>"' % where,
                '<sip:%s@%s>' % ('x' * 300, where),
                '<sip:alice@%s>;+sip.instance="<%s>"' % (where, 'x' * 300)):
        r = a.register(contact=bad)
        expect(r.code == 400, '%s: %s' % (bad[:60], r.start))
    a.register()
    for bad in ('<sip:al ice@%s>' % where, '<sip:%s@x>' % ('x' * 300)):
        r = a.ask('SUBSCRIBE', a.aor('ptt'),
                  ['Event: presence', 'Expires: 600'], contact=bad,
                  callid='k%d' % a.cseq, to=a.aor('ptt'))
        expect(r.code == 400, r.start)


def test_contact_named_twice(lab):
    """P2 of a contact named twice the last counts; all or nothing is done"""
    server = world(lab, 'alice', conf={'sip': {'contacts_max': 3,
                                               'bindings_max': 3}})
    a = Terminal(server, 'alice')
    c = '<sip:alice@10.0.0.%d>'
    r = a.register(contact=', '.join([c % 1 + ';expires=600',
                                      c % 1 + ';expires=70']))
    expect(r.code == 200 and len(r.all('contact')) == 1, r.start)
    expect('expires=70' in r.get('contact') or
           'expires=69' in r.get('contact'), r.get('contact'))
    r = a.register(contact=', '.join([c % 1 + ';expires=0'] * 2))
    expect(r.code == 200 and not r.all('contact'), r.start)


def test_escaped_names(lab):
    """P2 sip:al%69ce is sip:alice, in REGISTER and in SUBSCRIBE"""
    server = world(lab, 'alice', 'bob')
    a = Terminal(server, 'alice')
    odd = 'sip:al%69ce@ptt.test'
    r = a.register(to=odd, frm=odd)
    expect(r.code == 200, r.start)
    r = a.ask('SUBSCRIBE', 'sip:%70tt@ptt.test',
              ['Event: presence', 'Expires: 4294967297'], callid='e',
              frm=odd, to='sip:%70tt@ptt.test')
    expect(r.code == 200 and r.get('expires') == '7200',
           'more than 32 bits of seconds: %s %s' % (r.start,
                                                    r.get('expires')))
    r = a.register(to='sip:alice%00@ptt.test', frm=odd)
    expect(r.code == 403, r.start)


def test_advertised_address(lab):
    """P2 behind a router, terminals are told its address everywhere"""
    server = world(lab, 'alice', conf={'sip': {
        'advertised_address': '192.0.2.99:5999'}})
    a = Terminal(server, 'alice')
    a.register()
    r, a.sub = a.subscribe()
    expect(uri_of(r.get('contact')) == 'sip:ptt@192.0.2.99:5999',
           r.get('contact'))
    m = a.notify(a.sub)
    expect(uri_of(m.get('contact')) == 'sip:ptt@192.0.2.99:5999',
           m.get('contact'))
    inv = a.invited()
    expect('192.0.2.99:5999' in inv.get('via'), inv.get('via'))


# --- lists


def test_wildcard_withdrawn(lab):
    """P5 whom one may not see any more one is told of as gone"""
    server = world(lab, 'alice', 'bob', 'carol', allow=[('alice', '*')])
    a, _b = online(server, 'alice'), online(server, 'bob')
    until_told(a, 'bob', 'open')
    server.sql("DELETE FROM authorisation;")
    until_told(a, 'bob', 'closed')


def test_fetch(lab):
    """P5 a fetch tells of all, and ends no subscription"""
    names = ['u%d' % i for i in range(5)]
    server = world(lab, 'alice', *names)
    a = online(server, 'alice')
    for n in names:
        online(server, n)
        until_told(a, n, 'open')
    _, once = a.subscribe(expires=0)
    seen = {}
    while True:
        m = a.notify(once)
        seen.update(told(m))
        if m.get('subscription-state').startswith('terminated'):
            break
    expect(seen == {n: 'open' for n in names}, seen)
    expect(a.resubscribe(a.sub, 600).code == 200, 'the subscription lives')


def test_list_bound(lab):
    """P5 a list is bounded by configuration"""
    server = world(lab, 'alice', 'bob', 'carol', 'dave',
                   conf={'sip': {'list_max': 2}})
    a = online(server, 'alice')
    others = {n: online(server, n) for n in ('bob', 'carol')}
    seen = {}
    while len(seen) < 2:
        seen.update(told(a.notify(a.sub)))
    online(server, 'dave')
    server.log.wait(lambda x: x.get('event') == 'list full' and
                    x.get('watcher') == 'alice', 'the log\'s word')
    expect(others['bob'].register(expires=0).code == 200, 'bob leaves')
    while seen.get('bob') != 'closed':
        seen.update(told(a.notify(a.sub)))
    expect('dave' not in seen, 'dave did not fit')


def test_notify_refused(lab):
    """P2 a terminal that knows no subscription has none, and no leg"""
    server = world(lab, 'alice', 'bob')
    a = online(server, 'alice')
    server.until_leg('alice')
    b = online(server, 'bob')
    a.notify(a.sub, answer=481)
    bye = a.receive(lambda m: m.method == 'BYE', 'the BYE of the leg')
    a.reply(bye, 200)
    until_told(b, 'alice', 'closed')
    r, a.sub = a.subscribe()
    expect(r.code == 200, 'again')
    a.leg = a.answer(a.invited())
    until_told(b, 'alice', 'open')


def test_refresh_moves_target(lab):
    """P2 a refreshed SUBSCRIBE brings a new Contact (RFC 6665 4.1.2.1)"""
    server = world(lab, 'alice', 'bob')
    a = online(server, 'alice')
    a.request('SUBSCRIBE', a.sub.target, ['Event: presence',
                                          'Expires: 600'],
              callid=a.sub.callid, frm=a.sub.luri, to=a.sub.ruri,
              totag=a.sub.rtag, contact='<sip:other@%s:%d>' % (a.host,
                                                              a.port))
    expect(a.response(callid=a.sub.callid).code == 200, 'refresh')
    a.notify(a.sub, match=lambda m: 'sip:other@' in m.start)


# --- several terminals, several users


def second(server, user, like=None):
    """Another terminal of the user; on the same socket if like is given"""
    t = Terminal(server, user)
    if like:
        t.sock.close()
        t.sock, t.port, t.waiting = like.sock, like.port, like.waiting
    expect(t.register().code == 200, user + ' registers')
    return t


def subscribed(t):
    r, t.sub = t.subscribe()
    expect(r.code == 200, '%s: %s' % (t.user, r.start))
    t.notify(t.sub)
    return t


def test_two_terminals(lab):
    """P2 what one terminal ends is not the other's"""
    server = world(lab, 'alice', 'bob')
    one = online(server, 'alice')
    leg_at(server, 'alice', one.port)
    two = subscribed(second(server, 'alice'))
    two.leg = two.answer(two.invited())
    leg_at(server, 'alice', two.port)
    # The leg went to the later one; the earlier leaves
    expect(one.resubscribe(one.sub, 0).code == 200, 'one leaves')
    notified(one, one.sub, 'terminated')
    leg_at(server, 'alice', two.port)
    # ..comes back, and has the leg when the other is gone
    three = subscribed(second(server, 'alice'))
    three.leg = three.answer(three.invited())
    leg_at(server, 'alice', three.port)
    expect(three.register(expires=0, contact=three.contact()).code == 200,
           'three is gone')
    two.leg = two.answer(two.invited('the leg back'))
    leg_at(server, 'alice', two.port)


def test_two_terminals_by_registration(lab):
    """P2 start = register: another registered terminal takes over"""
    server = world(lab, 'alice')
    server.holler('subscription', 'set', 'alice', '--start', 'register')
    one = second(server, 'alice')
    one.leg = one.answer(one.invited())
    leg_at(server, 'alice', one.port)
    two = second(server, 'alice')
    expect(one.register(expires=0).code == 200, 'one is gone')
    two.leg = two.answer(two.invited())
    leg_at(server, 'alice', two.port)


def test_two_users_one_socket(lab):
    """P4 a phone with two accounts has one flow for both"""
    server = world(lab, 'alice', 'bob')
    a = second(server, 'alice')
    b = second(server, 'bob', like=a)
    subscribed(b)
    a, b = subscribed(a), b
    for _ in range(2):
        inv = a.invited()
        user = inv.get('p-called-party-id')
        t = a if 'alice' in user else b
        t.leg = t.answer(inv)
    server.until_leg('alice')
    server.until_leg('bob')
    r = b.in_dialog(b.leg, 'REFER', ['Refer-To: <sip:nobody@ptt.test>'])
    expect((r.code, r.words) == (403, 'Not Allowed'),
           'its own dialog: ' + r.start)


def test_stale_contact_of_one_flow(lab):
    """P2 a phone that forgot its contact: the old one's end ends nothing"""
    server = world(lab, 'alice')
    old = second(server, 'alice')
    t = second(server, 'alice', like=old)
    r = t.register(contact='<sip:other@%s:%d>' % (t.host, t.port))
    expect(r.code == 200 and len(r.all('contact')) == 2, r.start)
    subscribed(t)
    t.leg = t.answer(t.invited())
    server.until_leg('alice')
    r = t.register(expires=0, contact=old.contact())
    expect(r.code == 200 and len(r.all('contact')) == 1, r.start)
    t.none(lambda m: m.method == 'BYE', 'the leg was ended')
    server.until_leg('alice')


# --- a terminal's own INVITE


def test_cancel_by_users_name(lab):
    """P4 CANCEL and ACK find their INVITE by the user's name, too"""
    server = world(lab, 'alice')
    server.sql("DELETE FROM subscription; INSERT INTO subscription("
               "subscriber, user, service, inviter) VALUES "
               "('alice-ptt', 'alice', 'ptt', 'terminal');")
    server.until(lambda s: s['presence']['subscriptions_all'] == 1, 'it')
    a = second(server, 'alice')
    uri = a.aor('ptt')
    cseq = a.request('INVITE', uri, callid='x', to=uri)
    auth = a.credentials(a.response(cseq, 'x'), 'INVITE', uri)
    a.request('INVITE', uri, [auth, 'Require: nothing-known'], callid='x',
              to=uri, branch='inv')
    r = a.response(callid='x')
    expect(r.code == 420 and r.get('unsupported') == 'nothing-known',
           r.start)
    a.request('CANCEL', uri, callid='x', to=uri, branch='inv', cseq=a.cseq)
    r = a.receive(lambda m: m.code and m.cseq[1] == 'CANCEL', 'its answer')
    expect(r.code == 200, 'the conference server knows it: ' + r.start)


def test_deactivate_by_users_name(lab):
    """P8 P12 a party is removed by its user's name as it was called"""
    server = world(lab, 'alice', allow=[('alice', '*')])
    server.holler('user', 'add', 'bob', '--password', 'bobpw')
    server.sql("DELETE FROM subscription WHERE user = 'bob'; "
               "INSERT INTO subscription(subscriber, user, service) "
               "VALUES ('bob-ptt', 'bob', 'ptt');")
    server.until(lambda s: s['presence']['subscriptions_all'] == 2, 'both')
    a, b = online(server, 'alice'), online(server, 'bob',
                                           subscriber='bob-ptt')
    server.until_leg('alice')
    server.until_leg('bob-ptt')
    for params, state in (('', 'busy'), (';method=BYE', 'idle')):
        r = a.ask('REFER', a.aor('ptt'),
                  ['Refer-To: <sip:bob@ptt.test%s>' % params,
                   'Refer-Sub: false'], callid='d%d' % a.cseq)
        expect(r.code == 202, r.start)
        server.until_leg('bob-ptt', state)
    b.close()


def test_no_hops_left(lab):
    """P1 an INVITE that came too far is 483"""
    server = world(lab, 'alice')
    server.sql("UPDATE subscription SET inviter = 'terminal';")
    a = second(server, 'alice')
    r = a.ask('INVITE', a.aor('ptt'), ['Content-Type: application/sdp'],
              a.sdp(), callid='h', to=a.aor('ptt'), maxfwd=0)
    expect(r.code == 483, r.start)


# --- groups


def test_thrown_out_while_away(lab):
    """P9 P13 who left a group while signed off is not in it any more"""
    server = world(lab, 'alice', 'bob')
    server.group('crew', 'alice', 'bob')
    a, b = online(server, 'alice'), online(server, 'bob')

    def members(n):
        server.until(lambda s: any(
            x['name'] == 'crew' and x['members'] == n
            for x in s['conference']['bridges']), '%d in the group' % n)
    members(2)
    expect(b.register(expires=0).code == 200, 'bob leaves')
    server.until(lambda s: s['presence']['bindings'] == 1, 'bob gone')
    server.sql("DELETE FROM member WHERE subscriber = 'bob';")
    server.until(lambda s: not any(
        x['subscriber'] == 'bob' for x in s['conference']['legs']), 'no leg')
    b.close()
    b = online(server, 'bob')
    server.until_leg('bob')
    members(1)
    a.close()
