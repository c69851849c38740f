# SPDX-License-Identifier: GPL-3.0-or-later
"""Input as the field sends it, and as it should not: each form is taken, or
answered with the right code and words, counted and logged once."""
import re
import secrets

from holler_test import expect
from terminal import Terminal, online, ports_of, uri_of

SHORT = {'Via': 'v', 'From': 'f', 'To': 't', 'Call-ID': 'i', 'Contact': 'm',
         'Content-Length': 'l', 'Content-Type': 'c', 'Event': 'o',
         'Supported': 'k', 'Refer-To': 'r'}


def world(lab, *names, **kw):
    server = lab.server(kw.pop('conf', None))
    server.users(*names, **kw)
    server.until(lambda s: s['auth']['accounts'] == len(names), 'accounts')
    return server


def counted(server):
    """What the public sockets dropped"""
    return sum(x['malformed']
               for x in server.status()['presence']['sockets'])


class Rewriter(Terminal):
    """A terminal whose bytes are changed on their way out"""
    change = staticmethod(lambda text: text)

    def raw(self, text):
        if not isinstance(text, bytes):
            text = self.change(text)
        super().raw(text)


def compact(text):
    head, sep, body = text.partition('\r\n\r\n')
    for long, short in SHORT.items():
        head = re.sub(r'(?m)^%s:' % long, short + ':', head)
    return head + sep + body


def no_length(text):
    return re.sub(r'Content-Length: \d+\r\n', '', text)


def folded(text):
    head, sep, body = text.partition('\r\n\r\n')
    head = re.sub(r'(?m)^(Via|From|To|Contact|CSeq|Expires|Event): ',
                  r'\1:\r\n \t', head)
    return head + sep + body


def odd_case(text):
    head, sep, body = text.partition('\r\n\r\n')
    lines = head.split('\r\n')
    lines[1:] = [re.sub(r'^[^:]+', lambda m: m.group(0).upper(), x) + '  '
                 for x in lines[1:]]
    return '\r\n'.join(lines).replace(': ', ' :  ') + sep + body


def blank_lines(text):
    return '\r\n\r\n' + text


def a_way_in(lab, change):
    """Registration, subscription, leg and press by messages of that form"""
    server = world(lab, 'alice', 'bob')
    b = online(server, 'bob')
    a = Rewriter(server, 'alice')
    a.change = change
    r = a.register()
    expect(r.code == 200, 'REGISTER: ' + r.start)
    r, a.sub = a.subscribe()
    expect(r.code == 200, 'SUBSCRIBE: ' + r.start)
    a.notify(a.sub)
    a.leg = a.answer(a.invited())
    server.until_leg('alice')
    r = a.in_dialog(a.leg, 'REFER',
                    ['Refer-To: <sip:bob@ptt.test>', 'Refer-Sub: false'])
    expect(r.code == 202, 'REFER: ' + r.start)
    server.until_leg('bob', 'busy')
    expect(counted(server) == 0, 'nothing was dropped')
    b.close()


def test_compact_forms(lab):
    """P2 P6 every header that has a short name may use it"""
    a_way_in(lab, compact)


def test_no_content_length(lab):
    """P2 P6 over UDP the datagram's end is the body's end"""
    a_way_in(lab, no_length)


def test_folded_lines(lab):
    """P2 P6 a header may go on in the next line"""
    a_way_in(lab, folded)


def test_odd_case(lab):
    """P2 P6 names of headers in any case, blanks where they may be"""
    a_way_in(lab, odd_case)


def test_blank_lines(lab):
    """P2 P6 empty lines before a message"""
    a_way_in(lab, blank_lines)


def test_all_at_once(lab):
    """P2 P6 compact, folded, without Content-Length"""
    a_way_in(lab, lambda t: blank_lines(folded(no_length(compact(t)))))


def test_keep_alives(lab):
    """P1 what keeps a NAT open is no message: counted, not logged"""
    server = world(lab, 'alice')
    t = Terminal(server, 'alice')
    for data in (b'\r\n\r\n', b'\r\n', b'\0', b'\0\0\0\0'):
        t.raw(data)
    t.request('OPTIONS', 'sip:ptt.test')
    expect(t.response().code == 200, 'it serves')
    sock = server.status()['presence']['sockets'][0]
    expect(sock['keepalives'] == 4 and sock['malformed'] == 0, sock)


LINES = {
    'no Via': lambda t: re.sub(r'Via: .*?\r\n', '', t),
    'no From': lambda t: re.sub(r'From: .*?\r\n', '', t),
    'no To': lambda t: re.sub(r'To: .*?\r\n', '', t),
    'no Call-ID': lambda t: re.sub(r'Call-ID: .*?\r\n', '', t),
    'no CSeq': lambda t: re.sub(r'CSeq: .*?\r\n', '', t),
    'a CSeq of another method': lambda t: t.replace('CSeq: 1 OPTIONS',
                                                    'CSeq: 1 BYE'),
    'a CSeq beyond 31 bits': lambda t: t.replace('CSeq: 1 ',
                                                 'CSeq: 99999999999 '),
    'a body that is cut': lambda t: t.replace('Content-Length: 0',
                                              'Content-Length: 10'),
    'two lengths': lambda t: t.replace('Content-Length: 0',
                                       'Content-Length: 0\r\n'
                                       'Content-Length: 1'),
    'another version': lambda t: t.replace(' SIP/2.0', ' SIP/3.0', 1),
    'a NUL': lambda t: t.replace('Max', 'M\0x'),
}


def test_broken_messages(lab):
    """P11 what is no SIP message is dropped or 400, counted, logged once"""
    server = world(lab, 'alice')
    for what, change in LINES.items():
        t = Rewriter(server, 'alice')
        t.callid = 'broken-' + secrets.token_hex(4)
        before = counted(server)
        t.change = change
        t.request('OPTIONS', 'sip:ptt.test', cseq=1)
        t.change = lambda text: text
        t.none(lambda m, c=t.callid: m.get('call-id') == c and
               m.cseq[0] == 1 and m.code < 400, 'an answer to ' + what)
        refused = [m for m in t.waiting if m.code and m.code >= 400]
        expect(counted(server) == before + 1 or refused,
               '%s is neither counted nor refused' % what)
        t.close()
    lines = [x for x in server.log.having(
        lambda x: x.get('event') == 'datagram dropped')]
    expect(1 <= len(lines) < len(LINES), 'log: %d lines' % len(lines))


def test_wrong_tags(lab):
    """P11 a dialog is its Call-ID and both of its tags: else 481"""
    server = world(lab, 'alice', 'bob')
    a = online(server, 'alice')
    for ltag, rtag in ((a.leg.ltag, 'nonsense'), ('nonsense', a.leg.rtag)):
        true = a.leg.ltag, a.leg.rtag
        a.leg.ltag, a.leg.rtag = ltag, rtag
        for method in ('BYE', 'INFO', 'REFER', 'INVITE', 'UPDATE'):
            r = a.in_dialog(a.leg, method, ['Refer-To: <sip:bob@ptt.test>'])
            expect(r.code == 481, '%s with a wrong tag: %s' % (method,
                                                               r.start))
            expect(r.words, 'it says so in words')
        a.leg.ltag, a.leg.rtag = true
    expect(server.leg('alice')['status'] == 'idle', 'the leg is untouched')
    r = a.in_dialog(a.leg, 'BYE')
    expect(r.code == 200, 'the right tags: ' + r.start)


def test_old_cseq(lab):
    """P11 RFC 3261 12.2.2: a request of the past is 500"""
    server = world(lab, 'alice', 'bob')
    a = online(server, 'alice')
    a.leg.cseq = 100
    r = a.in_dialog(a.leg, 'INFO')
    expect(r.code == 200, r.start)
    a.leg.cseq = 50
    r = a.in_dialog(a.leg, 'REFER', ['Refer-To: <sip:bob@ptt.test>'])
    expect(r.code == 500, 'a replayed CSeq: ' + r.start)
    expect(server.leg('alice')['status'] == 'idle', 'the leg is untouched')


def test_odd_ports(lab):
    """P1 RTP at an odd port and RTCP elsewhere (a=rtcp) are as good"""
    server = world(lab, 'alice', 'bob', 'carol')
    server.group('crew', 'alice', 'bob', 'carol')
    a = Terminal(server, 'alice')
    a.register()
    _, a.sub = a.subscribe()
    a.notify(a.sub)
    ports = a.media_open()
    inv = a.invited()
    # The two change places: the even one is now RTCP's
    body = a.sdp().replace('m=audio %d ' % ports['rtp'],
                           'm=audio %d ' % ports['rtcp'])
    body = body.replace('a=rtpmap', 'a=rtcp:%d\r\na=rtpmap' % ports['rtp'])
    a.reply(inv, 200, headers=['Contact: ' + a.contact(),
                               'Content-Type: application/sdp'], body=body)
    a.receive(lambda m: m.method == 'ACK', 'an ACK')
    server.until_leg('alice')
    b = lab.handset(server, 'bob', play=lab.speech('Front_Left'))
    b.ready()
    b.send('press')
    b.event('granted')
    data = a.media['rtcp'].recv(2000)
    expect(len(data) == 172 and data[0] == 0x80, 'speech at the odd port')
    b.quit()


def test_more_lines(lab):
    """P1 lines that are not ours keep their place and are refused"""
    server = world(lab, 'alice', 'bob')
    server.sql("UPDATE subscription SET inviter = 'terminal';")
    a = Terminal(server, 'alice')
    a.register()
    p = a.media_open()
    body = ('v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n'
            'm=video %d RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n'
            'm=audio %d RTP/AVP 8 0\r\n'
            'm=message 9 TCP/MSRP *\r\n' % (a.host, a.host, p['rtcp'],
                                            p['rtp']))
    r = a.ask('INVITE', a.aor('ptt'), ['Content-Type: application/sdp'],
              body, callid='lines', to=a.aor('ptt'))
    expect(r.code == 200, r.start)
    lines = re.findall(r'^m=(\w+) (\d+) (\S+) (\S+)', r.body, re.M)
    expect([x[0] for x in lines] == ['video', 'audio', 'message'], lines)
    expect(lines[0][1] == '0' and lines[0][2] == 'RTP/AVP', lines)
    expect(lines[1][1] != '0' and lines[1][3] == '0', lines)
    expect(lines[2][1] == '0' and lines[2][2] == 'TCP/MSRP', lines)
    a.request('ACK', uri_of(r.get('contact')),
              ['Route: ' + x for x in r.all('record-route')[::-1]],
              callid='lines', to=a.aor('ptt'), totag=r.tag('to'),
              cseq=r.cseq[0])
    server.until_leg('alice')


def test_late_offer(lab):
    """P1 an INVITE without SDP is answered with our offer"""
    server = world(lab, 'alice', 'bob')
    server.sql("UPDATE subscription SET inviter = 'terminal';")
    a = Terminal(server, 'alice')
    a.register()
    r = a.ask('INVITE', a.aor('ptt'), callid='late', to=a.aor('ptt'))
    expect(r.code == 200 and 'audio' in ports_of(r.body), r.start)
    a.request('ACK', uri_of(r.get('contact')),
              ['Route: ' + x for x in r.all('record-route')[::-1]] +
              ['Content-Type: application/sdp'], a.sdp(), callid='late',
              to=a.aor('ptt'), totag=r.tag('to'), cseq=r.cseq[0])
    server.until_leg('alice')
    # and one whose answer never comes in the ACK is no leg
    r = a.ask('INVITE', a.aor('ptt'), callid='late2', to=a.aor('ptt'))
    expect(r.code == 200, r.start)
    a.request('ACK', uri_of(r.get('contact')),
              ['Route: ' + x for x in r.all('record-route')[::-1]],
              callid='late2', to=a.aor('ptt'), totag=r.tag('to'),
              cseq=r.cseq[0])
    bye = a.receive(lambda m: m.method == 'BYE' and
                    m.get('call-id') == 'late2', 'BYE')
    a.reply(bye, 200)
    server.until(lambda s: not any(x['leg'] == 'idle' for x in
                                   s['presence']['subscriptions']), 'no leg')


def test_bodies(lab):
    """P11 a body that is not understood is 415 with what would be"""
    server = world(lab, 'alice', 'bob')
    server.sql("UPDATE subscription SET inviter = 'terminal';")
    a = Terminal(server, 'alice')
    a.register()
    r = a.ask('INVITE', a.aor('ptt'), ['Content-Type: text/plain'], 'hello',
              callid='b1', to=a.aor('ptt'))
    expect(r.code == 415 and 'application/sdp' in r.get('accept'), r.start)
    r = a.ask('INVITE', a.aor('ptt'), ['Content-Type: application/sdp'],
              'v=1\r\nnonsense\r\n', callid='b2', to=a.aor('ptt'))
    expect(r.code in (400, 488) and r.words, r.start)
    r, _ = a.subscribe(event='nonsense')
    expect(r.code == 489 and 'presence' in r.get('allow-events'), r.start)
    r, _ = a.subscribe(headers=['Accept: text/html'])
    expect(r.code == 406 and 'pidf' in r.get('accept'), r.start)
