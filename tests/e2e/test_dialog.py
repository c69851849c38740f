# SPDX-License-Identifier: GPL-3.0-or-later
"""A leg's SIP dialog once it is up: session timers, re-INVITE and UPDATE of
both sides, glare, hold, refusals in words, answers of more than one."""
import re

from holler_test import expect
from terminal import Terminal, online, uri_of
from test_edge import world

SDP = 'Content-Type: application/sdp'
ALLOW = 'Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO'
# Seconds, where the standard has half an hour: the tests wait for what comes
QUICK = {'conference': {'session_expires_s': 4, 'min_se_s': 1,
                        'retry_min_ms': 100}}


def is_a(method, callid=None):
    return lambda m: m.method == method and \
        callid in (None, m.get('call-id'))


def version(sdp):
    return re.search(r'^o=.*', sdp, re.M).group(0).strip()


def lines(sdp):
    return re.findall(r'^m=(\w+) (\d+) (\S+) (.*?)\r?$', sdp, re.M)


def invited(lab, conf=None, **kw):
    """A terminal and the server's INVITE to it, not answered yet"""
    server = world(lab, 'alice', 'bob', conf=conf or QUICK, **kw)
    a = Terminal(server, 'alice')
    a.register()
    _, a.sub = a.subscribe()
    a.notify(a.sub)
    return server, a, a.invited()


def take(a, inv, *headers, body=None, tag=None):
    """200 with these headers, and the dialog when the ACK came"""
    a.reply(inv, 200, headers=['Contact: ' + a.contact(), SDP, *headers],
            body=body or a.sdp(), tag=tag)
    a.receive(lambda m: m.method == 'ACK' and
              m.get('call-id') == inv.get('call-id') and
              m.cseq[0] == inv.cseq[0] and m.tag('to') == (tag or a.tag),
              'an ACK')
    a.server.until_leg('alice')
    dlg = a.dialog(inv)
    return dlg


def again(a, dlg, method='INVITE', what='a refresh'):
    return a.receive(is_a(method, dlg.callid), what)


def ok(a, m, *headers, body=None):
    """Accept a re-INVITE, and see its ACK"""
    a.reply(m, 200, headers=['Contact: ' + a.contact(), SDP, *headers],
            body=body or a.sdp())
    return a.receive(lambda x: x.method == 'ACK' and
                     x.cseq[0] == m.cseq[0], 'its ACK')


def reoffer(a, dlg, body, *headers, method='INVITE'):
    r = a.in_dialog(dlg, method, ['Contact: ' + a.contact(), *headers] +
                    ([SDP] if body else []), body)
    if method == 'INVITE' and r.code == 200:
        ack(a, dlg, r)
    return r


def ack(a, dlg, r, body=''):
    a.request('ACK', dlg.target, ['Route: ' + x for x in dlg.routes] +
              ([SDP] if body else []), body, callid=dlg.callid, frm=dlg.luri,
              tag=dlg.ltag, to=dlg.ruri, totag=dlg.rtag, cseq=r.cseq[0])


def dial(a, uri, *headers, body=None, callid='dialled'):
    """The terminal's INVITE, answered and acknowledged"""
    r = a.ask('INVITE', uri, [SDP, *headers], body or a.sdp(), callid=callid,
              to=uri)
    if r.code == 200:
        a.request('ACK', uri_of(r.get('contact')),
                  ['Route: ' + x for x in r.all('record-route')[::-1]],
                  callid=callid, to=uri, totag=r.tag('to'), cseq=r.cseq[0])
    return r


# --- session timers (RFC 4028)


def test_refresh_by_reinvite(lab):
    """P1 we refresh with the same SDP in the same version, again and again"""
    server, a, inv = invited(lab)
    expect(inv.get('session-expires') == '4' and inv.get('min-se') == '1' and
           'timer' in inv.get('supported'), 'what the INVITE wants')
    dlg = take(a, inv, 'Session-Expires: 4;refresher=uac', 'Require: timer',
               ALLOW)
    for _ in range(3):
        m = again(a, dlg)
        expect(m.body == inv.body, 'the same SDP: ' + version(m.body))
        expect(m.get('session-expires') == '4;refresher=uac',
               m.get('session-expires'))
        ok(a, m, 'Session-Expires: 4;refresher=uac', 'Require: timer')
    expect(server.leg('alice')['status'] == 'idle', 'the leg is up')
    a.none(is_a('BYE'), 'a BYE')


def test_refresh_by_update(lab):
    """P1 who allows UPDATE is refreshed by it, without SDP"""
    server, a, inv = invited(lab)
    dlg = take(a, inv, 'Session-Expires: 4;refresher=uac', 'Require: timer',
               ALLOW + ', UPDATE')
    for _ in range(2):
        m = again(a, dlg, 'UPDATE')
        expect(not m.body and m.get('contact'), 'no SDP, a Contact')
        expect(m.get('session-expires') == '4;refresher=uac',
               m.get('session-expires'))
        a.reply(m, 200, headers=['Contact: ' + a.contact(),
                                 'Session-Expires: 4;refresher=uac'])
    a.none(is_a('INVITE'), 'a re-INVITE')
    expect(server.leg('alice')['status'] == 'idle', 'the leg is up')


def test_terminal_refreshes(lab):
    """P1 the terminal that took it on refreshes; when it stops, BYE"""
    server, a, inv = invited(lab)
    dlg = take(a, inv, 'Session-Expires: 4;refresher=uas', 'Require: timer')
    r = reoffer(a, dlg, a.sdp(), 'Supported: timer',
                'Session-Expires: 4;refresher=uac')
    expect(r.code == 200 and
           r.get('session-expires') == '4;refresher=uac' and
           r.get('require') == 'timer' and 'timer' in r.get('supported'),
           r.start)
    expect(version(r.body) != version(inv.body) or r.body == inv.body,
           'another SDP has another version')
    r2 = reoffer(a, dlg, a.sdp(), 'Supported: timer',
                 'Session-Expires: 4;refresher=uac')
    expect(r2.body == r.body, 'the same SDP has the same version')
    r = reoffer(a, dlg, '', 'Supported: timer',
                'Session-Expires: 4;refresher=uac', method='UPDATE')
    expect(r.code == 200 and not r.body and
           r.get('session-expires') == '4;refresher=uac', r.start)
    bye = a.receive(is_a('BYE', dlg.callid), 'the end of it')
    expect('not refreshed' in bye.get('reason'), bye.get('reason'))
    a.reply(bye, 200)
    a.invited('a leg made anew')
    a.server.until(lambda s: s['conference']['counters']['lost'] == 1,
                   'that it was lost')


def test_refresh_refused(lab):
    """P1 481 to a refresh ends the leg, and it is made anew; 5xx does not"""
    conf = {'conference': {**QUICK['conference'], 'session_expires_s': 12}}
    server, a, inv = invited(lab, conf=conf)
    dlg = take(a, inv, 'Session-Expires: 12;refresher=uac', 'Require: timer')
    a.reply(again(a, dlg), 503, 'Busy', ['Retry-After: 1'])
    m = again(a, dlg, what='another try')
    expect(m.body == inv.body, 'the same SDP')
    ok(a, m, 'Session-Expires: 4;refresher=uac')
    a.reply(again(a, dlg), 481, 'Gone')
    a.reply(a.receive(is_a('BYE', dlg.callid), 'its BYE'), 481, 'Gone')
    inv = a.invited('a leg made anew')
    expect(inv.get('call-id') != dlg.callid, 'a new dialog')


def test_interval_too_small(lab):
    """P1 422 both ways says what the least is"""
    server, a, inv = invited(lab)
    a.reply(inv, 422, 'Session Interval Too Small', ['Min-SE: 1200'])
    a.receive(is_a('ACK'), 'an ACK')
    inv = a.invited('another try')
    expect(inv.get('session-expires') == '1200' and
           inv.get('min-se') == '1200', inv.get('session-expires'))
    dlg = take(a, inv, 'Session-Expires: 1200;refresher=uas')
    r = reoffer(a, dlg, a.sdp(), 'Supported: timer', 'Session-Expires: 30')
    expect(r.code == 422 and r.get('min-se') == '1200', r.start)
    r = reoffer(a, dlg, a.sdp(), 'Supported: timer', 'Session-Expires: x')
    expect(r.code == 400 and r.words, r.start)


def test_timer_of_the_terminals_invite(lab):
    """P1 who refreshes: the terminal if it can, else we"""
    server = world(lab, 'alice', 'bob', conf=QUICK)
    server.sql("UPDATE subscription SET inviter = 'terminal';")
    a = Terminal(server, 'alice')
    a.register()
    r = dial(a, a.aor('ptt'), 'Supported: timer', 'Session-Expires: 60',
             'Min-SE: 1', callid='one')
    expect(r.code == 200 and r.get('require') == 'timer' and
           r.get('session-expires') == '4;refresher=uac' and
           'UPDATE' in r.get('allow'), r.get('session-expires'))
    server.until_leg('alice')
    r = dial(a, a.aor('ptt'), ALLOW, callid='two')
    expect(r.code == 200 and not r.get('require') and
           r.get('session-expires') == '4;refresher=uas',
           r.get('session-expires'))
    a.reply(a.receive(is_a('BYE', 'one'), 'the end of the first'), 200)
    for _ in range(2):
        m = a.receive(is_a('INVITE', 'two'), 'a refresh')
        expect(m.body == r.body, 'the same SDP')
        ok(a, m)
    server.until_leg('alice')


def test_probe_without_timer(lab):
    """P1 a plain phone is asked by OPTIONS if it is there; 481: it is not"""
    conf = {'conference': {**QUICK['conference'], 'probe_s': 1}}
    server, a, inv = invited(lab, conf=conf)
    dlg = take(a, inv, ALLOW)
    for code in (200, 404, 200):
        m = again(a, dlg, 'OPTIONS', 'a probe')
        expect(m.tag('to') == dlg.ltag and not m.body, 'in the dialog')
        a.reply(m, code)
    a.none(is_a('INVITE'), 'a re-INVITE')
    a.reply(again(a, dlg, 'OPTIONS', 'a probe'), 481, 'Gone')
    a.reply(a.receive(is_a('BYE', dlg.callid), 'its BYE'), 481, 'Gone')
    inv = a.invited('a leg made anew')
    # Who does not even allow OPTIONS gets the SDP again
    dlg = take(a, inv, 'Allow: INVITE, ACK, BYE, CANCEL')
    m = again(a, dlg, 'INVITE', 'a probe')
    expect(m.body == inv.body, 'the same SDP')
    ok(a, m)


# --- UPDATE (RFC 3311), re-INVITE and what is in the way of it


def test_update_of_the_terminal(lab):
    """P1 UPDATE with and without SDP; its CSeq counts"""
    server = world(lab, 'alice', 'bob')
    a = online(server, 'alice')
    r = reoffer(a, a.leg, '', method='UPDATE')
    expect(r.code == 200 and not r.body and 'UPDATE' in r.get('allow'),
           r.start)
    held = a.sdp().replace('a=rtpmap:0', 'a=sendonly\r\na=rtpmap:0')
    r = reoffer(a, a.leg, held, method='UPDATE')
    expect(r.code == 200 and 'a=recvonly' in r.body, r.start)
    r = reoffer(a, a.leg, a.sdp(), method='UPDATE')
    expect(r.code == 200 and 'a=sendrecv' in r.body, r.start)
    a.leg.cseq -= 2
    r = reoffer(a, a.leg, '', method='UPDATE')
    expect(r.code == 500 and r.words, 'of the past: ' + r.start)
    a.leg.cseq += 2
    r = reoffer(a, a.leg, '', 'Require: 100rel', method='UPDATE')
    expect(r.code == 420 and r.get('unsupported') == '100rel', r.start)
    r = reoffer(a, a.leg, 'v=0\r\n', method='UPDATE')
    expect(r.code == 488 and r.words, r.start)
    r = a.in_dialog(a.leg, 'UPDATE', ['Content-Type: text/x'], 'hello')
    expect(r.code == 415 and 'application/sdp' in r.get('accept'), r.start)
    tag, a.leg.rtag = a.leg.rtag, 'nobody'
    r = reoffer(a, a.leg, '', method='UPDATE')
    expect(r.code == 481, r.start)
    a.leg.rtag = tag
    expect(reoffer(a, a.leg, '', method='UPDATE').code == 200, 'the leg is up')


def woken(lab):
    """A plain phone in a group of a service that idles inactive, and the
    re-INVITE that wakes it when it has pressed its key"""
    server = world(lab, 'alice', 'bob')
    server.sql("UPDATE service SET idle = 'inactive', hang_ms = 1000 "
               "WHERE name = 'ptt';")
    server.group('crew', 'alice', 'bob')
    b = lab.handset(server, 'bob').ready()
    a = online(server, 'alice', floor=False)
    server.until(lambda s: server.bridge('crew').get('members') == 2, 'both')
    a.in_dialog(a.leg, 'INFO', ['Content-Type: application/dtmf'], '*')
    b.event('taken')
    m = again(a, a.leg, what='the re-INVITE that wakes it')
    expect('a=sendrecv' in m.body, m.body)
    return server, a, b, m


def test_glare(lab):
    """P1 two re-INVITEs that cross: 491 both ways, and both get through"""
    server, a, _, theirs = woken(lab)
    r = reoffer(a, a.leg, a.sdp())
    expect(r.code == 491, r.start)
    ack(a, a.leg, r)
    r = reoffer(a, a.leg, a.sdp(), method='UPDATE')
    expect(r.code == 491, 'an offer in UPDATE too: ' + r.start)
    r = reoffer(a, a.leg, '', method='UPDATE')
    expect(r.code == 200, 'but not without one: ' + r.start)
    a.reply(theirs, 491, 'Request Pending')
    r = reoffer(a, a.leg, a.sdp())
    expect(r.code == 200, 'the way is free: ' + r.start)
    m = again(a, a.leg, what='the second try')
    expect(m.cseq[0] > theirs.cseq[0] and 'a=sendrecv' in m.body, m.body)
    ok(a, m)
    server.until(lambda s: s['conference']['counters']['glares'] == 3,
                 'three glares')
    expect(server.leg('alice')['status'] == 'idle', 'the leg is up')


def test_idle_inactive(lab):
    """P8 a plain phone is woken to be heard and to hear, and sleeps again"""
    server, a, b, m = woken(lab)
    ok(a, m)
    a.in_dialog(a.leg, 'INFO', ['Content-Type: application/dtmf'], '#')
    b.event('idle')
    m = again(a, a.leg, what='the re-INVITE that lets it sleep')
    expect('a=inactive' in m.body, m.body)
    ok(a, m, body=a.sdp().replace('a=rtpmap:0', 'a=inactive\r\na=rtpmap:0'))
    b.mark().send('press')
    b.event('granted')
    m = again(a, a.leg, what='to be woken to hear')
    expect('a=sendrecv' in m.body, m.body)
    # It will not: that is its right, and no reason to lose it
    a.reply(m, 488, 'Not Acceptable Here')
    b.mark().send('release')
    b.event('idle')
    r = reoffer(a, a.leg, a.sdp())
    expect(r.code == 200, r.start)
    a.none(is_a('BYE'), 'a BYE')


def test_2xx_is_acknowledged_again(lab):
    """P1 a 200 that is repeated gets another ACK; ours is repeated as well"""
    server, a, inv = invited(lab)
    dlg = take(a, inv, 'Session-Expires: 4;refresher=uac')
    m = again(a, dlg)
    for _ in range(2):
        ok(a, m, 'Session-Expires: 4;refresher=uac')
    # Ours is sent until its ACK comes, and then no more
    a.in_dialog(dlg, 'INVITE', ['Contact: ' + a.contact(), SDP], a.sdp())
    r = a.response(dlg.cseq, dlg.callid)
    ack(a, dlg, r)
    expect(reoffer(a, dlg, a.sdp()).code == 200, 'the next one')


def test_late_reinvite(lab):
    """P1 a re-INVITE without SDP: we offer, and nobody else meanwhile"""
    server = world(lab, 'alice', 'bob')
    a = online(server, 'alice')
    first = reoffer(a, a.leg, a.sdp())
    r = a.in_dialog(a.leg, 'INVITE', ['Contact: ' + a.contact()])
    expect(r.code == 200 and lines(r.body) == lines(first.body), r.start)
    other = reoffer(a, a.leg, a.sdp())
    expect(other.code == 500 and int(other.get('retry-after')) <= 10,
           other.start)
    ack(a, a.leg, other)
    other = reoffer(a, a.leg, a.sdp(), method='UPDATE')
    expect(other.code == 491, other.start)
    ack(a, a.leg, r, a.sdp())
    other = reoffer(a, a.leg, a.sdp())
    expect(other.code == 200, 'answered, the next may come: ' + other.start)
    # What the ACK has must be an answer
    r = a.in_dialog(a.leg, 'INVITE', ['Contact: ' + a.contact()])
    ack(a, a.leg, r, a.sdp().replace('RTP/AVP 0', 'RTP/AVP 8'))
    bye = a.receive(is_a('BYE', a.leg.callid), 'the end of it')
    expect('speaks PCMU' in bye.get('reason'), bye.get('reason'))


def test_lines_keep_their_places(lab):
    """P1 audio moved, lines added and refused: each keeps its place"""
    server, a, inv = invited(lab)
    dlg = take(a, inv, 'Session-Expires: 4;refresher=uac')
    p = a.media_open()
    head = a.sdp().split('m=audio')[0]
    body = (head + 'm=video %d RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n'
            'm=audio %d RTP/AVPF 8 0\r\n'
            'm=application %d udp MCPTT\r\n'
            'm=application 9 udp TBCP\r\n'
            'm=text 0 RTP/AVP 98\r\n' % (p['rtcp'], p['rtp'], p['floor']))
    r = reoffer(a, dlg, body)
    want = [('video', 'RTP/AVP', '96'), ('audio', 'RTP/AVPF', '0'),
            ('application', 'udp', 'MCPTT'), ('application', 'udp', 'TBCP'),
            ('text', 'RTP/AVP', '98')]
    for sdp in (r.body, again(a, dlg).body):
        expect([(x[0], x[2], x[3]) for x in lines(sdp)] == want, lines(sdp))
        expect([x[1] != '0' for x in lines(sdp)] ==
               [False, True, True, False, False], lines(sdp))


def test_refused_in_words(lab):
    """P1 488 says which codec the service speaks, and leaves the leg alone"""
    server = world(lab, 'alice', 'bob')
    server.sql("UPDATE service SET codec = 'G722' WHERE name = 'ptt';"
               "UPDATE subscription SET inviter = 'terminal';")
    a = Terminal(server, 'alice')
    a.register()
    r = dial(a, a.aor('ptt'))
    expect(r.code == 488 and r.words == 'this service speaks G722' and
           re.match(r'305 \S+ "this service speaks G722"', r.get('warning')),
           r.start + r.get('warning'))
    g722 = a.sdp().replace('RTP/AVP 0', 'RTP/AVP 9').replace('0 PCMU',
                                                             '9 G722')
    for change, warning in ((('m=audio', 'm=video'), '304'),
                            (('RTP/AVP', 'RTP/SAVP'), '302'),
                            (('RTP/AVP', 'UDP/TLS/RTP/SAVPF'), '302'),
                            (('c=IN IP4', 'c=IN IP9'), '301')):
        r = dial(a, a.aor('ptt'), body=g722.replace(*change))
        expect(r.code == 488 and r.words and
               r.get('warning').startswith(warning + ' '),
               '%r: %s, %s' % (change, r.start, r.get('warning')))
    r = dial(a, a.aor('ptt'), body=g722)
    expect(r.code == 200, r.start)
    server.until_leg('alice')
    for option in ('replaces', '100rel'):
        bad = dial(a, a.aor('ptt'), 'Require: ' + option, body=g722,
                   callid=option)
        expect(bad.code == 420 and bad.get('unsupported') == option,
               bad.start)
    # The same in the middle of it
    a.cseq += 1
    a.request('INVITE', uri_of(r.get('contact')),
              ['Route: ' + x for x in r.all('record-route')[::-1]] + [SDP],
              a.sdp(), callid='dialled', to=a.aor('ptt'), totag=r.tag('to'))
    bad = a.response(callid='dialled')
    expect(bad.code == 488 and 'G722' in bad.get('warning'), bad.start)
    expect(server.leg('alice')['status'] == 'idle', 'the leg is up')


# --- hold


def test_hold(lab):
    """P1 who holds the line neither hears nor is heard; then it resumes"""
    server = world(lab, 'alice', 'bob', 'carol')
    server.group('crew', 'alice', 'bob', 'carol')
    a = online(server, 'alice', floor=False)
    b = lab.handset(server, 'bob', play=lab.speech('Front_Left')).ready()
    c = lab.handset(server, 'carol').ready()
    rtp = a.media['rtp']
    for attr, answer in (('a=sendonly', 'recvonly'),
                         ('a=inactive', 'inactive'),
                         ('c=IN IP4 0.0.0.0', 'sendrecv')):
        c.mark()
        body = a.sdp(False).replace('a=rtpmap:0', attr + '\r\na=rtpmap:0')
        r = reoffer(a, a.leg, body)
        expect(r.code == 200 and 'a=' + answer in r.body, r.start + r.body)
        # If it got the floor, bob would not
        a.in_dialog(a.leg, 'INFO', ['Content-Type: application/dtmf'], '*')
        b.say()
        c.event('taken')
        c.event('idle')
        rtp.setblocking(False)
        try:
            expect(False, '%s: heard %d bytes' % (attr, len(rtp.recv(2000))))
        except BlockingIOError:
            pass
        rtp.settimeout(60)
        r = reoffer(a, a.leg, a.sdp(False))
        expect(r.code == 200 and 'a=sendrecv' in r.body, r.start)
        b.say()
        expect(len(rtp.recv(2000)) == 172, 'it hears again')
        # All of what was said
        c.mark().event('idle')
        rtp.setblocking(False)
        try:
            while rtp.recv(2000):
                pass
        except BlockingIOError:
            pass


# --- the floor


def test_keys_by_info(lab):
    """P10 INFO keys of a plain phone ask for the floor and free it"""
    conf = {'floor': {'key_release': '0'}}
    server = world(lab, 'alice', 'bob', conf=conf)
    server.group('crew', 'alice', 'bob')
    a = online(server, 'alice', floor=False)
    b = lab.handset(server, 'bob').ready()

    def info(kind, body):
        r = a.in_dialog(a.leg, 'INFO', ['Content-Type: application/' + kind],
                        body)
        expect(r.code == 200, r.start)
        b.mark()
    for kind, press, release in (
            ('dtmf-relay', 'Signal=*\r\nDuration=160\r\n',
             'Signal=0\r\nDuration=160\r\n'),
            ('dtmf-relay', 'Signal= 10\r\nDuration= 250\r\n', 'Signal= 0'),
            ('dtmf', '*', '0\r\n'), ('DTMF', ' *\r\n', '0')):
        b.mark()
        info(kind, press)
        b.at = 0
        server.until(lambda s: server.bridge('crew')['holder'] == 'alice',
                     '%s: the floor of alice' % kind)
        # Keys that mean nothing here
        for body in ('Signal=#\r\n', 'Signal=\r\n', 'Signal=99', 'Signal=x',
                     'hello', 'Signal=**', 'x' * 600):
            info('dtmf-relay', body)
        expect(server.bridge('crew')['holder'] == 'alice', 'still hers')
        info(kind, release)
        server.until(lambda s: not server.bridge('crew')['holder'],
                     '%s: that it is free' % kind)
    taken = [x for x in b.out.having(lambda x: x.get('event') == 'taken')]
    expect(len(taken) == 4, 'bob was told of each: %r' % taken)
    r = a.in_dialog(a.leg, 'INFO', ['Content-Type: text/plain'], 'hello')
    expect(r.code == 415 and 'application/dtmf-relay' in r.get('accept'),
           r.start)
    expect(a.in_dialog(a.leg, 'INFO').code == 200, 'INFO without a body')


def test_floor_with_the_invite(lab):
    """P10 mc_implicit_request of an INVITE that dials a group is a press"""
    server = world(lab, 'alice', 'bob')
    server.group('crew', 'alice', 'bob')
    server.sql("UPDATE member SET priority = 5 WHERE subscriber = 'alice';")
    b = lab.handset(server, 'bob').ready()
    a = Terminal(server, 'alice')
    a.register()
    body = a.sdp().replace('udp TBCP', 'udp MCPTT').replace(
        'a=fmtp:TBCP queuing=0;tb_priority=1;timestamp=0',
        'a=fmtp:MCPTT mc_queueing;mc_priority=7;mc_granted;'
        'mc_implicit_request')
    r = dial(a, a.aor('crew'), body=body)
    expect(r.code == 200, r.start)
    m = re.search(r'^m=application (\d+) udp MCPTT\r\n'
                  r'a=fmtp:MCPTT mc_queueing;mc_priority=5;mc_implicit_request\r$',
                  r.body, re.M)
    expect(m and m.group(1) != '0', r.body)
    b.event('taken')
    server.until(lambda s: server.bridge('crew').get('holder') == 'alice',
                 'the floor of alice')


# --- answers of more than one


def test_two_answers(lab):
    """P1 the first who answers has the leg, the second gets ACK and BYE"""
    server, a, inv = invited(lab)
    a.reply(inv, 180, 'Ringing', tag='second')
    dlg = take(a, inv, 'Session-Expires: 40;refresher=uas', tag='first')
    a.reply(inv, 200, tag='second', body=a.sdp(), headers=[
        'Contact: <sip:other@%s:%d>' % (a.host, a.port), SDP])

    def to_second(method):
        return lambda m: m.method == method and m.tag('to') == 'second'
    m = a.receive(to_second('ACK'), 'an ACK of the second')
    expect(m.cseq[0] == inv.cseq[0] and 'sip:other@' in m.start, m.start)
    m = a.receive(to_second('BYE'), 'its BYE')
    expect(m.cseq[0] == inv.cseq[0] + 1 and 'sip:other@' in m.start and
           'answered elsewhere' in m.get('reason'), m.start)
    a.reply(m, 200)
    dlg.ltag = 'first'
    expect(reoffer(a, dlg, '', method='UPDATE').code == 200,
           'the first is up')
    server.until(lambda s: s['conference']['counters']['forks'] == 1,
                 'that it was seen')


def test_cancel_meets_answer(lab):
    """P1 a phone that answers while it is cancelled gets ACK and BYE"""
    server, a, inv = invited(lab, conf={'conference': {'answer_ms': 500}})
    a.reply(inv, 180, 'Ringing', headers=['Contact: ' + a.contact()])
    m = a.receive(is_a('CANCEL'), 'a CANCEL')
    a.reply(inv, 200, headers=['Contact: ' + a.contact(), SDP], body=a.sdp())
    a.receive(is_a('ACK', inv.get('call-id')), 'an ACK')
    a.reply(a.receive(is_a('BYE', inv.get('call-id')), 'a BYE'), 200)
    a.reply(m, 481, 'Too Late')
    server.until(lambda s: server.leg('alice')['status'] == 'manual',
                 'that it is left alone')
