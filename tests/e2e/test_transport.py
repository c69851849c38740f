# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP, TLS and IPv6 beside UDP: flows, certificates, large requests (P2)"""
import os
import signal
import socket
import ssl
import struct
import subprocess
import wave

from flows import certificate, Ear, Flow, host, online, server, sockets
from holler_test import compare, DEADLINE, expect
from phones import Baresip, expect_phone_heard
from terminal import ports_of, uri_of

TAKEN = 0x82
INSTANCE = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-%s>"'


def speech_heard(lab, srv, t):
    """A handset speaks in the group, and t hears it"""
    play = lab.speech('Front_Left')
    srv.group('crew', 'alice', 'bob')
    b = lab.handset(srv, 'bob', play=play).ready()
    srv.until(lambda s: any(x['name'] == 'crew' and x['members'] == 2
                            for x in s['conference']['bridges']), 'the group')
    ear = Ear(t, lab.path('ear.wav'))
    b.say()
    with wave.open(play, 'rb') as f:
        ms = 1000 * f.getnframes() // f.getframerate()
    r = compare(play, ear.heard(ms // 20 - 5))
    expect(r['correlation'] > 0.9, '%s heard %r' % (t.user, r))


def leg_over(lab, tp, **kw):
    srv = server(lab)
    a = online(srv, 'alice', tp, **kw)
    param = ';transport=' + tp
    rr = a.invite.all('record-route')
    expect(param in rr[0] and param not in rr[1], 'Record-Route: %r' % rr)
    expect(a.invite.get('via').startswith('SIP/2.0/%s ' % tp.upper()),
           a.invite.get('via'))
    a.ping()
    # A request of the terminal's own in the leg's dialog
    r = a.in_dialog(a.leg, 'OPTIONS')
    expect(r.code in (200, 405), 'OPTIONS in the dialog: ' + r.start)
    s = sockets(srv)
    expect(s[tp]['connections'] == 1 and s['udp']['connections'] == 0,
           'connections: %r' % s)
    speech_heard(lab, srv, a)
    r = a.in_dialog(a.leg, 'BYE')
    expect(r.code == 200, 'BYE: ' + r.start)
    return srv, a


def test_tcp(lab):
    """P2 register, leg and speech over TCP, keep-alive answered"""
    leg_over(lab, 'tcp')


def test_tls(lab):
    """P2 register, leg and speech over TLS"""
    leg_over(lab, 'tls')


def test_reuse(lab):
    """P2 requests go over the connection, whatever the Contact says"""
    srv = server(lab)
    a = Flow(srv, 'alice', 'tcp')
    trap = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    trap.bind(('127.0.0.1', 0))
    trap.listen(1)
    trap.setblocking(False)
    r = a.register(contact='<sip:alice@127.0.0.1:%d;transport=tcp>' %
                   trap.getsockname()[1])
    expect(r.code == 200, r.start)
    r, a.sub = a.subscribe()
    a.notify(a.sub)
    a.answer(a.invited())
    srv.until_leg('alice')
    try:
        trap.accept()
        expect(False, 'the Contact was dialled')
    except BlockingIOError:
        pass


def test_flow_gone(lab):
    """P2 a connection that ends takes its bindings along at once"""
    srv = server(lab)
    a = online(srv, 'alice', 'tcp')
    b = online(srv, 'bob', 'tls')
    a.abort()
    srv.until(lambda s: s['presence']['bindings'] == 1 and
              s['presence']['counters']['flows_gone'] == 1,
              'the end of the binding')
    r = b.ask('REFER', b.aor('ptt'), ['Refer-To: <%s>' % b.aor('alice')],
              to=b.aor('ptt'), callid='ref')
    expect(r.code == 480, 'REFER to who has gone: ' + r.start)
    a = online(srv, 'alice', 'tcp')
    a.ping()


def test_two_flows(lab):
    """P2 RFC 5626: with one flow dead the other serves, the leg stays"""
    srv = server(lab)
    a = Flow(srv, 'alice', 'tcp')
    c = Flow(srv, 'alice', 'tls')
    inst = INSTANCE % '000000000001'

    def register(t, n):
        t.callid = 'flow%d' % n
        r = t.register(contact='%s;%s;reg-id=%d' % (
            Flow.contact(t), inst, n), headers=['Supported: path, outbound'])
        expect(r.code == 200, r.start)
        expect(r.get('require') == 'outbound' and
               int(r.get('flow-timer')) == 120, 'headers: %r' % r.fields)
        return r
    register(c, 2)
    r = register(a, 1)
    expect(len(r.all('contact')) == 2 and
           any('reg-id=2' in x for x in r.all('contact')),
           'two flows: %r' % r.all('contact'))
    r, a.sub = a.subscribe()
    a.notify(a.sub)
    leg = a.answer(a.invited())
    srv.until_leg('alice')
    a.abort()
    srv.until(lambda s: s['presence']['counters']['flows_gone'] == 1,
              'the end of a flow')
    expect(srv.status()['presence']['bindings'] == 2, 'it is kept')
    # The server's requests come by the other flow, in the same dialog
    c.tag, c.cseq = a.tag, a.cseq
    r = c.resubscribe(a.sub, 0)
    expect(r.code == 200, 'SUBSCRIBE on the other flow: ' + r.start)
    bye = c.receive(lambda m: m.method == 'BYE', 'a BYE on the other flow')
    expect(bye.get('call-id') == leg.callid, 'of another dialog')
    c.reply(bye, 200)


def test_both_flows_gone(lab):
    """P2 RFC 5626: with the last flow all of an instance is gone"""
    srv = server(lab)
    inst = INSTANCE % '000000000002'
    flows = []
    for n, tp in ((1, 'tcp'), (2, 'tls')):
        t = Flow(srv, 'alice', tp)
        t.callid = 'flow%d' % n
        r = t.register(contact='%s;%s;reg-id=%d' % (t.contact(), inst, n),
                       headers=['Supported: outbound'])
        expect(r.code == 200, r.start)
        flows.append(t)
    flows[0].abort()
    srv.until(lambda s: s['presence']['counters']['flows_gone'] == 1, 'one')
    expect(srv.status()['presence']['bindings'] == 2, 'one serves')
    flows[1].abort()
    srv.until(lambda s: s['presence']['bindings'] == 0, 'the end of both')


def test_garbage(lab):
    """P14 a stream that is no SIP is closed, counted and logged"""
    srv = server(lab)
    for tp in ('tcp', 'tls'):
        for data in (b'GET / HTTP/1.1\r\nHost: x\r\n\r\n', b'\0\0\0\0',
                     b'OPTIONS sip:x SIP/2.0\r\n\r\n'):
            t = Flow(srv, 'alice', tp)
            t.raw(data)
            t.closed()
    # Not even TLS
    with socket.create_connection((srv.ip, srv.at['tls'])) as s:
        s.sendall(b'nonsense' * 100)
        s.settimeout(20)
        while s.recv(1000):
            pass
    s = sockets(srv)
    expect(s['tcp']['malformed'] == 3 and s['tls']['malformed'] == 3,
           'counted: %r' % s)
    srv.log.wait(lambda x: x.get('event') == 'message dropped', 'a log line')


def test_connection_bounds(lab):
    """P14 connections_ip_max is reached, refused in words, and freed"""
    srv = server(lab, conf={'sip': {'connections_ip_max': 3}})
    held = [Flow(srv, 'alice', 'tcp') for _ in range(3)]
    for t in held:
        t.ping()
    extra = Flow(srv, 'alice', 'tcp')
    extra.closed()
    expect(sockets(srv)['tcp']['refused'] == 1, 'it is counted')
    srv.log.wait(lambda x: x.get('event') == 'connection refused' and
                 'connections_ip_max' in str(x), 'a log line')
    held[0].sock.close()
    srv.until(lambda s: sum(x['connections']
                            for x in s['presence']['sockets']) == 2, 'room')
    t = Flow(srv, 'alice', 'tls')
    expect(t.register().code == 200, 'the freed place serves')


# --- a phone of another maker


def baresip_hears(lab, tp, ip='127.0.0.1', accounts=''):
    """It registers over tp, has a leg, and hears what a handset says"""
    speech = lab.speech()
    srv = server(lab, ip='::1' if ':' in ip else None, start='register')
    srv.holler('user', 'set', 'bob', '--md5-only')
    b = Baresip(lab, srv, 'bob', accounts, ip=ip, proxy='%s:%d%s' % (
        host(srv.ip), srv.at[tp],
        '' if tp == 'udp' else ';transport=' + tp))
    b.ready()
    flow = [x['flow'] for x in srv.status()['presence']['subscriptions']
            if x['subscriber'] == 'bob']
    expect(flow[0].startswith(host(ip) + ':'), 'flow: %r' % flow)
    if tp != 'udp':
        expect(sockets(srv)[tp]['connections'] == 1, 'its connection')
    return srv, b, speech


def group_speech(lab, srv, b, speech):
    a = lab.handset(srv, 'alice', play=speech, service='ptt').ready()
    srv.group('crew', 'alice', 'bob')
    srv.until(lambda s: any(x['name'] == 'crew' and x['members'] == 2
                            for x in s['conference']['bridges']), 'the group')
    a.say()
    srv.until(lambda s: not srv.bridge('crew')['holder'], 'the floor free')
    expect(srv.leg('bob')['status'] == 'idle', '%r' % srv.leg('bob'))
    b.quit()
    expect_phone_heard(speech, b)


def test_baresip_tcp(lab):
    """P2 P9 baresip over TCP hears a handset over UDP"""
    group_speech(lab, *baresip_hears(lab, 'tcp'))


def test_baresip_tls(lab):
    """P2 P9 baresip over TLS hears a handset over UDP"""
    group_speech(lab, *baresip_hears(lab, 'tls'))


def test_baresip_outbound(lab):
    """P2 RFC 5626: baresip's flow over TCP, with its keep-alives"""
    srv, b, speech = baresip_hears(lab, 'tcp', accounts=';sipnat=outbound')
    group_speech(lab, srv, b, speech)


def test_baresip_ipv6(lab):
    """P2 baresip over IPv6 gets a leg whose media is IPv6"""
    srv, b, _ = baresip_hears(lab, 'udp', ip='::1')
    leg = srv.leg('bob')
    expect(leg['media'].startswith('[::1]:'), '%r' % leg)
    srv.until(lambda s: srv.leg('bob').get('rx', 0) > 20, 'its sound')
    b.quit()


# --- certificates


def make_pair(lab, name, kind):
    """A certificate of the operator's own"""
    cert, key = lab.path(name + '.crt'), lab.path(name + '.key')
    new = {'rsa': ['rsa:2048'],
           'ec': ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']}[kind]
    subprocess.run(['openssl', 'req', '-x509', '-newkey', *new, '-nodes',
                    '-subj', '/CN=' + name, '-days', '2', '-keyout', key,
                    '-out', cert], check=True, capture_output=True)
    return cert, key


def der(path):
    with open(path, encoding='ascii') as f:
        return ssl.PEM_cert_to_DER_cert(f.read())


def test_certificate_made(lab):
    """P2 a certificate is made at the first start, its names are checked"""
    srv = server(lab)
    cert = os.path.join(srv.state, 'tls.crt')
    key = os.path.join(srv.state, 'tls.key')
    expect(os.stat(key).st_mode & 0o777 == 0o600, 'the key is readable')
    t = Flow(srv, 'alice', 'tls', cafile=cert)  # checks the domain
    expect(t.register().code == 200, 'register')
    ctx = ssl.create_default_context(cafile=cert)
    with socket.create_connection((srv.ip, srv.at['tls'])) as raw:
        ctx.wrap_socket(raw, server_hostname=srv.ip).close()
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname = False
    old.verify_mode = ssl.CERT_NONE
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.set_ciphers('ALL:@SECLEVEL=0')
    try:
        with socket.create_connection((srv.ip, srv.at['tls'])) as raw:
            old.wrap_socket(raw)
        expect(False, 'TLS 1.1 was taken')
    except (ssl.SSLError, ConnectionError):
        pass
    before = der(cert)
    srv.stop()
    srv.start()
    expect(certificate(srv) == before, 'made anew')


def test_certificate_reload(lab):
    """P2 SIGHUP loads another certificate; connections and legs live on"""
    cert, key = make_pair(lab, 'one', 'ec')
    srv = server(lab, conf={'sip': {'tls_certificate': cert,
                                    'tls_key': key}})
    expect(certificate(srv) == der(cert), 'the operator\'s')
    a = online(srv, 'alice', 'tls')
    other, otherkey = make_pair(lab, 'two', 'rsa')

    def hup(event):
        mark = srv.log.mark()
        srv.proc.popen.send_signal(signal.SIGHUP)
        return srv.log.wait(lambda x: event in x.get('event', ''), event,
                            mark)
    # A key that does not fit is refused, and the old pair stays
    old = der(cert)
    os.replace(other, cert)
    line = hup('certificate not loaded')
    expect('one.key' in line['reason'], 'reason: %r' % line)
    expect(certificate(srv) == old, 'a bad pair was taken')
    os.replace(otherkey, key)
    hup('certificate loaded')
    expect(certificate(srv) == der(cert) != old, 'not loaded')
    a.ping()
    r = a.in_dialog(a.leg, 'OPTIONS')
    expect(r.code in (200, 405), r.start)
    s = sockets(srv)['tls']
    expect(s['connections'] == 1, 'connections: %r' % s)


# --- IPv6


def test_ipv6(lab):
    """P2 register, leg and floor over IPv6, each transport"""
    srv = server(lab, 'alice', 'bob', 'carol', ip='::1')
    line = {}
    for user, tp in (('alice', 'udp'), ('bob', 'tcp'), ('carol', 'tls')):
        t = line[user] = online(srv, user, tp)
        expect('c=IN IP6 ::1' in t.invite.body, t.invite.body)
        expect('[::1]' in uri_of(t.invite.all('record-route')[0]),
               'Record-Route')
        r = t.in_dialog(t.leg, 'OPTIONS')
        expect(r.code in (200, 405), r.start)
        expect(srv.leg(user)['media'].startswith('[::1]:'),
               '%r' % srv.leg(user))
    # Alice calls Bob, has the floor, and is heard
    a, b = line['alice'], line['bob']
    r = a.in_dialog(a.leg, 'REFER', ['Refer-To: <sip:bob@ptt.test>',
                                     'Refer-Sub: false'])
    expect(r.code == 202, r.start)
    while b.media['floor'].recv(2000)[0] != TAKEN:
        pass
    to = ('::1', ports_of(a.invite.body)['audio'])
    word = bytes(range(160))
    for n in range(3):
        head = struct.pack('!BBHII', 0x80, 0, n, 160 * n, 77)
        a.media['rtp'].sendto(head + word, to)
    while b.media['rtp'].recv(2000)[12:] != word:
        pass


def test_stun(lab):
    """P2 RFC 5626: STUN on the SIP port is answered, IPv4 and IPv6"""
    for ip in (None, '::1'):
        srv = server(lab, ip=ip)
        t = Flow(srv, 'alice', 'udp')
        ident = b'0123456789ab'
        t.raw(struct.pack('!HHI', 1, 0, 0x2112a442) + ident)
        t.sock.settimeout(DEADLINE)
        data = t.sock.recv(2000)
        expect(data[:2] == b'\x01\x01' and data[8:20] == ident, '%r' % data)
        srv.until(lambda s: s['presence']['sockets'][0]['keepalives'] == 1,
                  'the keep-alive')


# --- large requests (RFC 3261 section 18.1.1)


class Listener:
    """The TCP port beside a terminal's UDP port, and who dialled it"""

    def __init__(self, t, answers=True):
        self.t = t
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((t.ip, t.port))
        self.sock.listen(4 if answers else 0)
        self.sock.settimeout(DEADLINE)

    def dialled(self):
        """The terminal at the other end of a connection of the server's"""
        conn, peer = self.sock.accept()
        expect(peer[0] == self.t.server.ip, 'dialled from %r' % (peer,))
        far = Flow.__new__(Flow)
        far.__dict__.update(self.t.__dict__)
        far.tp, far.sock, far.buf, far.pongs = 'tcp', conn, b'', 0
        far.waiting = []
        return far


# What is large cannot be told in parts: one user, of whom much is said
LONG = 'x' * 63
LISTS = ['Supported: eventlist',
         'Accept: application/pidf+xml, application/rlmi+xml, '
         'multipart/related']


def large(lab):
    """alice may see a user whose entry in a list is no datagram"""
    # Her INVITE is one, so that a NOTIFY is all that is large
    srv = server(lab, 'alice', LONG, start='register',
                 conf={'sip': {'datagram_bytes': 1800}})
    srv.holler('user', 'set', LONG, '--display', '&' * 95)
    t = Flow(srv, LONG, 'udp')
    expect(t.register().code == 200, 'register')
    t.answer(t.invited())
    srv.until(lambda s: sum(x['leg'] == 'idle' for x in
                            s['presence']['subscriptions']) == 1, 'one leg')
    return srv


def counters(srv):
    return srv.status()['presence']['counters']


def test_large_notify_by_tcp(lab):
    """P5 a NOTIFY too large for a datagram comes by TCP, if that is there"""
    srv = large(lab)
    before = counters(srv)['large_by_tcp'], sockets(srv)['tcp']['dialled']
    a = Flow(srv, 'alice', 'udp')
    listener = Listener(a)
    expect(a.register().code == 200, 'register')
    r, sub = a.subscribe(headers=LISTS)
    expect(r.code == 200, r.start)
    far = listener.dialled()
    m = far.notify(sub)
    expect(m.get('via').startswith('SIP/2.0/TCP '), m.get('via'))
    expect('sip:' + LONG in m.body, 'the list is not whole')
    expect(counters(srv)['large_by_tcp'] == before[0] + 1, 'counted')
    expect(sockets(srv)['tcp']['dialled'] == before[1] + 1, 'dialled once')
    # The terminal's small requests still come as they came
    a.answer(a.invited())
    srv.until_leg('alice')


def test_large_notify_by_udp(lab):
    """P5 where nobody takes TCP it comes by UDP, and is not tried again"""
    srv = large(lab)
    before = counters(srv)['large_by_udp'], sockets(srv)['tcp']['dialled']
    a = Flow(srv, 'alice', 'udp')
    expect(a.register().code == 200, 'register')
    for _ in range(2):
        r, sub = a.subscribe(headers=LISTS)
        expect(r.code == 200, r.start)
        m = a.notify(sub)
        expect(m.get('via').startswith('SIP/2.0/UDP '), m.get('via'))
        expect('sip:' + LONG in m.body, 'the list is not whole')
        expect(sockets(srv)['tcp']['dialled'] == before[1] + 1,
               'dialled again')
    expect(counters(srv)['large_by_udp'] == before[0] + 2, 'counted')


def test_large_notify_by_another_flow(lab):
    """P5 RFC 5626: a large NOTIFY takes the instance's TCP flow"""
    srv = large(lab)
    before = sockets(srv)['tcp']['dialled']
    inst = INSTANCE % '000000000003'
    flows = {}
    for n, tp in ((1, 'udp'), (2, 'tcp')):
        t = flows[tp] = Flow(srv, 'alice', tp)
        t.callid = 'flow%d' % n
        r = t.register(contact='%s;%s;reg-id=%d' % (t.contact(), inst, n),
                       headers=['Supported: outbound'])
        expect(r.code == 200, r.start)
    expect(r.get('flow-timer') == '120', r.get('flow-timer'))
    r, sub = flows['udp'].subscribe(headers=LISTS)
    m = flows['tcp'].notify(sub)
    expect('sip:' + LONG in m.body, 'the list is not whole')
    expect(sockets(srv)['tcp']['dialled'] == before, 'somebody was dialled')


def test_large_invite(lab):
    """P1 an INVITE too large for a datagram comes by TCP, or by UDP late"""
    srv = server(lab, conf={'sip': {'datagram_bytes': 600}},
                 start='register')
    a = Flow(srv, 'alice', 'udp')
    listener = Listener(a)
    expect(a.register().code == 200, 'register')
    far = listener.dialled()
    inv = far.invited()
    expect(inv.get('via').startswith('SIP/2.0/TCP '), inv.get('via'))
    expect('transport=' not in inv.all('record-route')[0], 'it is of UDP')
    far.reply(inv, 180)
    # It never answers: CANCEL comes where the INVITE came
    m = far.receive(lambda m: m.method == 'CANCEL', 'a CANCEL by TCP')
    far.reply(m, 200)
    far.reply(inv, 487, 'Request Terminated')
    far.receive(lambda m: m.method == 'ACK', 'its ACK by TCP')
    # Nobody listens: by UDP, once
    b = Flow(srv, 'bob', 'udp')
    expect(b.register().code == 200, 'register')
    inv = b.invited()
    expect(inv.get('via').startswith('SIP/2.0/UDP '), inv.get('via'))
    b.answer(inv)
    srv.until_leg('bob')


def test_large_request_of_a_terminal(lab):
    """P11 who registered by UDP may send what is too large by TCP"""
    srv = server(lab)
    a = online(srv, 'alice', 'udp')
    online(srv, 'bob', 'udp')
    far = Flow(srv, 'alice', 'tcp')
    r = far.ask('REFER', far.aor('ptt'),
                ['Refer-To: <%s>' % far.aor('bob'), 'Subject: ' + 'x' * 1500],
                to=far.aor('ptt'), callid='large')
    expect(r.code == 202, 'REFER over a new connection: ' + r.start)
    expect(a.port != far.port, 'another flow')
    # In the leg's dialog too, if it is proven who sends it
    routes = ['Route: ' + x for x in a.leg.routes]

    def in_dialog(t):
        a.leg.cseq += 2
        return t.ask('REFER', a.leg.target, routes + [
            'Refer-To: <%s>' % t.aor('bob'), 'Refer-Sub: false',
            'Subject: ' + 'x' * 1500], callid=a.leg.callid,
            frm=a.leg.luri, tag=a.leg.ltag, to=a.leg.ruri,
            totag=a.leg.rtag, cseq=a.leg.cseq)
    r = in_dialog(far)
    expect(r.code == 202, 'REFER in the dialog: ' + r.start)
    other = Flow(srv, 'bob', 'tcp')
    r = in_dialog(other)
    expect((r.code, r.words) == (403, 'Not Your Dialog'),
           'in another one\'s dialog: ' + r.start)
