# SPDX-License-Identifier: GPL-3.0-or-later
"""Subscriptions, lists, activation and the proxy, by scripted terminals"""
import re
import socket

from holler_test import expect
from terminal import Terminal, online, ports_of, uri_of

IDLE, GRANTED, TAKEN = 0x85, 0x81, 0x82


def world(lab, *names, conf=None, allow=()):
    server = lab.server(conf)
    server.users(*names, both=not allow)
    for a, b in allow:
        server.holler('allow', 'add', a, b)
    rules = len(allow) if allow else len(names) * (len(names) - 1)
    server.until(lambda s: s['presence']['subscriptions_all'] == len(names)
                 and s['presence']['authorisations'] == rules, 'its users')
    return server


def told(m):
    """{subscriber: 'open' or 'closed'} of a NOTIFY, one PIDF or several"""
    return {e: b for e, b in re.findall(
        r'entity="sip:([^@"]+)@[^"]*".*?<basic>(\w+)</basic>', m.body, re.S)}


def until_told(t, name, state):
    t.notify(t.sub, match=lambda m: told(m).get(name) == state)


def test_provisioned_on_subscribe(lab):
    """P1 P2 no leg before the subscription, one right after it"""
    server = world(lab, 'alice', 'bob')
    t = Terminal(server, 'alice')
    r, sub = t.subscribe()
    expect(r.code == 403 and not sub, 'not registered: ' + r.start)
    t.register()
    t.none(lambda m: m.method == 'INVITE', 'a leg before the subscription')
    r, t.sub = t.subscribe()
    expect(r.code == 200 and int(r.get('expires')) <= 600, r.start)
    m = t.notify(t.sub)
    expect('active' in m.get('subscription-state') and not m.body, 'empty')
    inv = t.invited()
    sdp = inv.body
    expect('m=audio' in sdp and 'udp TBCP' in sdp, sdp)
    expect('answer-after=0' in inv.get('call-info'), 'auto answer')
    expect(inv.get('p-called-party-id') == '<sip:alice@ptt.test>',
           inv.get('p-called-party-id'))
    t.answer(inv)
    server.until_leg('alice')


def test_list_kept_current(lab):
    """P5 the list of active, authorised subscribers, and nobody else's"""
    server = world(lab, 'alice', 'bob', 'carol',
                   allow=[('alice', 'bob'), ('bob', 'alice')])
    a = online(server, 'alice')
    c = online(server, 'carol')
    b = online(server, 'bob')
    until_told(a, 'bob', 'open')
    expect(told(b.first) == {'alice': 'open'}, 'bob sees alice at once')
    expect(b.register(expires=0).code == 200, 'bob leaves')
    until_told(a, 'bob', 'closed')
    server.sql("INSERT INTO authorisation(subject, object) "
               "VALUES ('alice', 'carol');")
    until_told(a, 'carol', 'open')
    server.sql("DELETE FROM authorisation WHERE object = 'carol';")
    until_told(a, 'carol', 'closed')
    c.none(lambda m: m.method == 'NOTIFY', 'carol was told of somebody')


def test_list_in_pieces(lab):
    """P5 a long list comes in several NOTIFYs that each fit a datagram"""
    names = ['u%02d' % i for i in range(12)]
    server = world(lab, 'alice', *names)
    everybody = [online(server, n) for n in names]
    a = Terminal(server, 'alice')
    a.register()
    _, a.sub = a.subscribe()
    seen, most = {}, 0
    while len(seen) < len(names):
        m = a.notify(a.sub)
        most = max(most, len(m.body))
        seen.update(told(m))
    expect(set(seen.values()) == {'open'} and most < 1600, '%d' % most)
    for t in everybody:
        t.close()


def test_unsubscribe(lab):
    """P2 the end of the subscription ends the leg, with a last NOTIFY"""
    server = world(lab, 'alice', 'bob')
    a = online(server, 'alice')
    expect(a.resubscribe(a.sub, 0).code == 200, 'unsubscribe')
    m = a.notify(a.sub, match=lambda m: 'terminated' in
                 m.get('subscription-state'))
    expect('timeout' in m.get('subscription-state'), 'reason')
    bye = a.receive(lambda m: m.method == 'BYE', 'the BYE of the leg')
    a.reply(bye, 200)
    server.until(lambda s: s['presence']['subscriptions_active'] == 0,
                 'no active subscription')
    expect(a.resubscribe(a.sub, 600).code == 481, 'the dialog is gone')


def test_bad_subscriptions(lab):
    """P2 489, 403, 423 and bounds, each with its words"""
    server = world(lab, 'alice', 'bob',
                   conf={'sip': {'watchers_user_max': 1}})
    a = Terminal(server, 'alice')
    a.register()
    r, _ = a.subscribe(event='dialog')
    expect(r.code == 489 and r.get('allow-events') == 'presence', r.start)
    r = a.ask('SUBSCRIBE', 'sip:%s' % a.domain, ['Event: presence'])
    expect(r.code == 403, 'nobody is named: ' + r.start)
    r, _ = a.subscribe(subscriber='bob')
    expect(r.code == 403, 'somebody else\'s subscription: ' + r.start)
    r, _ = a.subscribe(expires=3)
    expect(r.code == 423 and r.get('min-expires') == '60', r.start)
    r, sub = a.subscribe(expires=0)
    expect(r.code == 200, 'fetch')
    m = a.notify(sub)
    expect('terminated' in m.get('subscription-state'), 'fetch ends')
    a.none(lambda m: m.method == 'INVITE', 'a fetch made a leg')


def test_activation_in_dialog(lab):
    """P6 P8 P11 REFER in the leg's dialog: bridged, or refused before"""
    server = world(lab, 'alice', 'bob', 'carol',
                   allow=[('alice', 'bob'), ('alice', 'carol')])
    a, b = online(server, 'alice'), online(server, 'bob')

    def refer(who, *headers, params=''):
        return a.in_dialog(a.leg, 'REFER',
                           ['Refer-To: <sip:%s@ptt.test%s>' % (who, params),
                            'Refer-Sub: false', *headers])
    for who, code, words in (('nobody', 403, 'Not Allowed'),
                             ('alice', 403, 'You Cannot Call Yourself'),
                             ('carol', 480, 'carol Is Not Available')):
        r = refer(who)
        expect((r.code, r.words) == (code, words), r.start)
    expect(server.leg('bob')['status'] == 'idle', 'nothing was bridged')
    r = refer('bob', 'Require: something')
    expect(r.code == 420 and r.get('unsupported') == 'something', r.start)
    r = refer('bob')
    expect(r.code == 202, r.start)
    while b.media['floor'].recv(2000)[0] != TAKEN:
        pass
    server.until_leg('bob', 'busy')
    r = refer('bob', params=';method=BYE')
    expect(r.code == 202, r.start)
    server.until_leg('bob', 'idle')
    expect(len(server.status()['conference']['legs']) == 2, 'legs stay')


def test_activation_out_of_dialog(lab):
    """P12 REFER to the presence server: it decides and hands it on"""
    server = world(lab, 'alice', 'bob', 'carol',
                   allow=[('alice', 'bob'), ('alice', 'carol')])
    a, b = online(server, 'alice'), online(server, 'bob')
    uri = a.aor('ptt')

    def refer(who, *headers, body='', **kw):
        return a.ask('REFER', uri, ['Refer-To: ' + who, *headers], body,
                     callid='r%d' % a.cseq, **kw)
    r = refer('<sip:carol@ptt.test>', 'Refer-Sub: false')
    expect((r.code, r.words) == (480, 'carol Is Not Available'), r.start)
    r = refer('<sip:nobody@ptt.test>')
    expect((r.code, r.words) == (403, 'Not Allowed'), r.start)
    expect(refer('nonsense').code == 400, 'no URI')
    expect(refer('<sip:x@elsewhere.example>').code == 403, 'not local')
    r = refer('<sip:bob@ptt.test>', frm=a.aor('bob'))
    expect(r.code == 403, 'as somebody else: ' + r.start)
    r = refer('<sip:bob@ptt.test>', 'Refer-Sub: false')
    expect(r.code == 202 and r.get('refer-sub') == 'false', r.start)
    while b.media['floor'].recv(2000)[0] != TAKEN:
        pass
    r = refer('<sip:bob@ptt.test>')
    expect(r.code == 202, 'again, with its subscription')
    m = a.receive(lambda m: m.method == 'NOTIFY' and
                  m.get('event') == 'refer', 'the NOTIFY of the REFER')
    a.reply(m, 200)
    expect('200 OK' in m.body and 'terminated' in
           m.get('subscription-state'), m.body)


def test_terminal_invites(lab):
    """P1 the terminal makes its leg by an INVITE to the service"""
    server = world(lab, 'alice', 'bob')
    server.sql("UPDATE subscription SET inviter = 'terminal';")
    a = Terminal(server, 'alice')

    def invite(service='ptt', **kw):
        return a.ask('INVITE', a.aor(service),
                     ['Content-Type: application/sdp'], a.sdp(),
                     callid='inv%d' % a.cseq, to=a.aor(service), **kw)
    expect(invite().code == 403, 'not registered')
    a.register()
    expect(invite('nobody').code == 403, 'not a service')
    expect(invite(frm=a.aor('bob')).code == 403, 'as somebody else')
    r = invite()
    expect(r.code == 200 and 'audio' in ports_of(r.body), r.start)
    routes = r.all('record-route')[::-1]
    expect(len(routes) == 2, 'record-routed twice')
    a.request('ACK', uri_of(r.get('contact')),
              ['Route: ' + x for x in routes], callid=r.get('call-id'),
              to=a.aor('ptt'), totag=r.tag('to'), cseq=r.cseq[0])
    server.until_leg('alice')
    expect(server.leg('alice'), 'shown')


def test_strangers(lab):
    """P11 nobody acts in somebody else's dialog or relays by us"""
    server = world(lab, 'alice', 'bob')
    a, b = online(server, 'alice'), online(server, 'bob')
    m = Terminal(server, 'mallory')
    for method in ('BYE', 'REFER', 'INFO'):
        r = a.in_dialog(a.leg, method, ['Refer-To: <sip:bob@ptt.test>'],
                        via=m)
        expect(r.code == 403, '%s of a stranger: %s' % (method, r.start))
        r = a.in_dialog(a.leg, method, ['Refer-To: <sip:bob@ptt.test>'],
                        via=b)
        expect(r.code == 403, '%s of bob: %s' % (method, r.start))
    r = m.resubscribe(a.sub, 0)
    expect(r.code in (403, 481), 'subscription of somebody else')
    for route in ('<sip:198.51.100.1;lr>', '<sip:n0000.412.00@ptt.test;lr>',
                  a.leg.routes[0].replace('sip:n', 'sip:n0')):
        m.request('BYE', 'sip:bob@ptt.test', ['Route: ' + route],
                  totag='x')
        expect(m.response().code == 403, route)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(('127.0.0.77', 0))
    sock.setblocking(False)
    port = sock.getsockname()[1]
    for via in ('127.0.0.1:%d;maddr=127.0.0.77' % port,
                '127.0.0.77:%d;rport;received=127.0.0.77' % port,
                '127.0.0.77:%d' % port):
        m.raw('SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:1;'
              'branch=z9hG4bKff00112233445566778899\r\n'
              'Via: SIP/2.0/UDP %s;branch=z9hG4bKa\r\n'
              'From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n'
              'Call-ID: q\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n'
              % via)
        m.raw('OPTIONS sip:ptt.test SIP/2.0\r\n'
              'Via: SIP/2.0/UDP %s;branch=z9hG4bKb\r\n'
              'From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nMax-Forwards: 9\r\n'
              'Call-ID: q2\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n'
              % via.replace(';rport', ''))
    m.none(lambda x: False, '')
    try:
        data = sock.recv(2000)
        expect(False, 'we were made to send %r' % data[:60])
    except BlockingIOError:
        pass
    expect(server.leg('alice')['status'] == 'idle', 'the leg is untouched')


def test_out_of_dialog_answers(lab):
    """Right codes: 405, 404, 420, 481, 483, OPTIONS"""
    server = world(lab, 'alice', 'bob')
    t = Terminal(server, 'alice')
    for method, uri, headers, kw, code in (
            ('OPTIONS', t.aor(), [], {}, 200),
            ('MESSAGE', t.aor('bob'), [], {}, 405),
            ('INVITE', 'sip:x@elsewhere.example', [], {}, 404),
            ('REGISTER', 'sip:ptt.test', ['Require: x'], {}, 420),
            ('BYE', t.aor('bob'), [], {'totag': 'x'}, 481),
            ('CANCEL', t.aor('bob'), [], {}, 481)):
        t.request(method, uri, headers, **kw)
        r = t.response()
        expect(r.code == code, '%s: %s' % (method, r.start))
    a = online(server, 'alice')
    a.leg.cseq += 1
    a.request('INFO', a.leg.target, ['Route: ' + x for x in a.leg.routes],
              callid=a.leg.callid, frm=a.leg.luri, tag=a.leg.ltag,
              to=a.leg.ruri, totag=a.leg.rtag, cseq=a.leg.cseq, maxfwd=0)
    expect(a.response(a.leg.cseq, a.leg.callid).code == 483, 'no hops left')


def test_moved(lab):
    """P2 a terminal that registers anew from elsewhere keeps its leg"""
    server = world(lab, 'alice', 'bob')
    inst = ';+sip.instance="<urn:uuid:0f4a8a2e-5f5a-4f8e-9d34-00000000aaaa>"'
    a = Terminal(server, 'alice')
    a.register(contact=a.contact() + inst)
    _, a.sub = a.subscribe()
    a.notify(a.sub)
    a.leg = a.answer(a.invited())
    server.until_leg('alice')
    moved = Terminal(server, 'alice')
    moved.callid, moved.cseq = a.callid, 100
    moved.media = a.media
    r = moved.register(contact=moved.contact() + inst)
    expect(r.code == 200, r.start)
    moved.leg = a.leg
    moved.leg.cseq = 200
    r = moved.in_dialog(moved.leg, 'REFER',
                        ['Refer-To: <sip:bob@ptt.test>', 'Refer-Sub: false'])
    expect(r.code == 480, 'its dialog goes on from the new place: ' + r.start)
    r = a.in_dialog(a.leg, 'BYE')
    expect(r.code == 403, 'the old place is a stranger now')


def test_disabled_user_ends_everything(lab):
    """P13 disabling a user ends binding, leg and call at once"""
    server = world(lab, 'alice', 'bob')
    a, b = online(server, 'alice'), online(server, 'bob')
    until_told(a, 'bob', 'open')
    server.sql("UPDATE user SET enabled = 0 WHERE name = 'bob';")
    until_told(a, 'bob', 'closed')
    server.until(lambda s: s['presence']['bindings'] == 1, 'one binding')
    r = b.in_dialog(b.leg, 'REFER', ['Refer-To: <sip:alice@ptt.test>'])
    expect(r.code in (403, 481), r.start)


def test_full_duplex_is_refused(lab):
    """P3 a full-duplex service has no legs yet, and says so"""
    server = world(lab, 'alice', 'bob')
    server.sql("INSERT INTO service(name, mode) VALUES('conf', "
               "'full-duplex'); INSERT INTO subscription(subscriber, user, "
               "service) VALUES('alice-conf', 'alice', 'conf');")
    server.until(lambda s: s['presence']['subscriptions_all'] == 3, 'it')
    a = Terminal(server, 'alice')
    a.register()
    r, sub = a.subscribe(service='conf', subscriber='alice-conf')
    expect(r.code == 200, r.start)
    a.notify(sub)
    server.until(lambda s: any(x['code'] == 501 for x in
                               s['presence']['subscriptions']), '501')
    r = a.ask('INVITE', a.aor('conf'), ['Content-Type: application/sdp'],
              a.sdp(), frm=a.aor('alice-conf'), to=a.aor('conf'),
              callid='conf')
    expect(r.code == 501, r.start)
    a.none(lambda m: m.method == 'INVITE', 'a leg')
