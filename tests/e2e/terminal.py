# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted SIP terminal: every message it sends is chosen by the test.

For the registrar, the subscriptions and the edge, whose rules are about what
a handset would never do. Real handsets are in the other tests.
"""
import hashlib
import re
import secrets
import select
import socket
import struct
import time

from holler_test import DEADLINE, expect, Failure

COMPACT = {'v': 'via', 'f': 'from', 't': 'to', 'i': 'call-id',
           'm': 'contact', 'l': 'content-length', 'c': 'content-type',
           'o': 'event', 'k': 'supported', 'r': 'refer-to'}


class Message:
    def __init__(self, data, src):
        self.src = src
        self.bytes = len(data)
        head, _, self.body = data.decode('utf-8', 'replace').partition(
            '\r\n\r\n')
        lines = re.sub(r'\r\n[ \t]+', ' ', head).split('\r\n')
        self.start = lines[0]
        self.fields = []
        for line in lines[1:]:
            name, _, value = line.partition(':')
            name = name.strip().lower()
            self.fields.append((COMPACT.get(name, name), value.strip()))
        self.code = None
        self.method = None
        if self.start.startswith('SIP/2.0 '):
            self.code = int(self.start.split()[1])
            self.words = self.start.split(' ', 2)[2]
        else:
            self.method = self.start.split()[0]

    def all(self, name):
        return [v for k, v in self.fields if k == name]

    def get(self, name, default=''):
        values = self.all(name)
        return values[0] if values else default

    @property
    def cseq(self):
        num, method = self.get('cseq').split()
        return int(num), method

    def tag(self, name):
        m = re.search(r';tag=([^;>\s]+)', self.get(name))
        return m.group(1) if m else None


def uri_of(value):
    m = re.search(r'<([^>]*)>', value)
    return m.group(1) if m else value.split(';')[0].strip()


def quoted(value, name):
    m = re.search(r'\b%s="?([^",]*)"?' % name, value)
    return m.group(1) if m else ''


class Dialog:
    """What a request in a dialog needs"""

    def __init__(self, callid, ltag, rtag, luri, ruri, target, routes,
                 cseq=1):
        self.callid, self.ltag, self.rtag = callid, ltag, rtag
        self.luri, self.ruri = luri, ruri
        self.target, self.routes, self.cseq = target, routes, cseq


def session_ack(data, reason=0):
    """The Ack of a Connect or Disconnect of TBCP or MCPC; None: neither"""
    kind, name = data[0] & 0x1f, data[8:12]
    if name == b'PoC1' and kind in (11, 15):
        return bytes.fromhex('87cc000300000001') + name + \
            struct.pack('!HH', kind << 11 | (kind == 15) * reason, 0)
    if name == b'MCPC' and kind & 0xf < 2:
        # The Session Identity of the message, its first field
        body = data[12:14 + data[13]]
        body += bytes(-len(body) % 4) + struct.pack('!BBH', 6, 2, reason)
        return bytes.fromhex('82cc') + struct.pack(
            '!HI', (len(body) + 8) // 4, 1) + name + body
    return None


class Terminal:
    all = []

    def __init__(self, server, user, password=None, ip='127.0.0.1'):
        self.server = server
        self.domain = server.settings['general']['domain']
        self.user = user
        self.password = user + 'pw' if password is None else password
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((ip, 0))
        self.host, self.port = self.sock.getsockname()
        self.callid = secrets.token_hex(8)
        self.tag = secrets.token_hex(4)
        self.cseq = 0
        self.waiting = []
        self.hash = 'SHA-256'
        self.hold_nonce = None
        self.media = {}
        self.ports = {}  # The server's
        self.connected = []  # Connect and Disconnect, acknowledged
        self.drains = False  # Nobody reads of its floor what is not that
        self.says = 0  # To Connect: accepted, 1 busy, 2 no; None: nothing
        Terminal.all.append(self)

    def close(self):
        if self in Terminal.all:
            Terminal.all.remove(self)
        self.sock.close()
        for sock in self.media.values():
            sock.close()

    # --- bytes

    def raw(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        self.sock.sendto(data, (self.server.ip, self.server.port))

    def acknowledge(self):
        """Of its floor channel: a Connect or Disconnect that waits there
        first. False: that is not for us, but where it drains all"""
        sock = self.media['floor']
        data, src = sock.recvfrom(2000, socket.MSG_PEEK)
        ack = None if self.says is None else session_ack(data, self.says)
        if ack:
            sock.recv(2000)
            self.connected.append(data)
            sock.sendto(ack, src)
        elif self.drains and self.says is not None:
            sock.recv(2000)
            return True
        return ack is not None

    def receive(self, match, what, deadline=None):
        """The first message for which match is true; others are kept.
        Meanwhile all terminals accept the sessions that they are told of."""
        floors = {t.media['floor']: t for t in Terminal.all
                  if 'floor' in t.media and t.media['floor'].fileno() >= 0}
        end = time.monotonic() + (deadline or DEADLINE)
        for i, m in enumerate(self.waiting):
            if match(m):
                return self.waiting.pop(i)
        while True:
            left = end - time.monotonic()
            ready = select.select([self.sock, *floors], [], [],
                                  max(left, 0))[0]
            for sock in [x for x in ready if x is not self.sock]:
                if not floors[sock].acknowledge():
                    del floors[sock]
            if ready and self.sock not in ready:
                continue
            if not ready:
                raise Failure('%s waited without %s; has %s' % (
                    self.user, what, [m.start for m in self.waiting]))
            data, src = self.sock.recvfrom(65536)
            m = Message(data, src)
            if match(m):
                return m
            self.waiting.append(m)

    def none(self, match, what):
        """True nothing of that kind came before an OPTIONS is answered"""
        self.request('OPTIONS', 'sip:' + self.domain)
        self.response()
        expect(not [m for m in self.waiting if match(m)], what)

    # --- requests

    def contact(self):
        return '<sip:%s@%s:%d>' % (self.user, self.host, self.port)

    def via(self, branch=None):
        return 'SIP/2.0/UDP %s:%d;branch=z9hG4bK%s;rport' % (
            self.host, self.port, branch or secrets.token_hex(8))

    def aor(self, name=None):
        return 'sip:%s@%s' % (name or self.user, self.domain)

    def request(self, method, uri, headers=(), body='', **kw):
        """Send; returns the CSeq number. kw: to, totag, frm, callid, cseq,
        contact (None: no Contact), branch, tag, maxfwd"""
        if 'cseq' in kw:
            cseq = kw['cseq']
        else:
            self.cseq += 1
            cseq = self.cseq
        contact = kw.get('contact', self.contact())
        to = '<%s>' % kw.get('to', kw.get('frm', self.aor()))
        if kw.get('totag'):
            to += ';tag=' + kw['totag']
        lines = ['%s %s SIP/2.0' % (method, uri),
                 'Via: ' + self.via(kw.get('branch')),
                 'Max-Forwards: %d' % kw.get('maxfwd', 70),
                 'From: <%s>;tag=%s' % (kw.get('frm', self.aor()),
                                        kw.get('tag', self.tag)),
                 'To: ' + to,
                 'Call-ID: ' + kw.get('callid', self.callid),
                 'CSeq: %d %s' % (cseq, method)]
        if contact:
            lines.append('Contact: ' + contact)
        lines += list(headers)
        lines += ['Content-Length: %d' % len(body), '', body]
        self.raw('\r\n'.join(lines))
        return cseq

    def response(self, cseq=None, callid=None, final=True):
        want = (cseq or self.cseq, callid or self.callid)

        def match(m):
            return m.code and (m.code >= 200 or not final) and \
                (m.cseq[0], m.get('call-id')) == want
        return self.receive(match, 'a response to CSeq %d' % want[0])

    def credentials(self, challenge, method, uri, nc=1, header=None,
                    password=None):
        """Authorization for a challenge message"""
        header = header or ('proxy-authenticate' if challenge.code == 407
                            else 'www-authenticate')
        offers = challenge.all(header)
        offer = [x for x in offers
                 if (quoted(x, 'algorithm') or 'MD5') == self.hash]
        value = (offer or offers)[0]
        alg = quoted(value, 'algorithm') or 'MD5'
        func = {'MD5': hashlib.md5, 'SHA-256': hashlib.sha256}[alg]

        def h(text):
            return func(text.encode()).hexdigest()
        realm, nonce = quoted(value, 'realm'), quoted(value, 'nonce')
        cnonce = secrets.token_hex(4)
        self.hold_nonce = value
        ha1 = h('%s:%s:%s' % (self.user, realm, password or self.password))
        ha2 = h('%s:%s' % (method, uri))
        resp = h('%s:%s:%08x:%s:auth:%s' % (ha1, nonce, nc, cnonce, ha2))
        name = ('Proxy-Authorization' if header.startswith('proxy')
                else 'Authorization')
        return ('%s: Digest username="%s", realm="%s", nonce="%s", uri="%s",'
                ' response="%s", algorithm=%s, cnonce="%s", qop=auth,'
                ' nc=%08x') % (name, self.user, realm, nonce, uri, resp, alg,
                               cnonce, nc)

    def ask(self, method, uri, headers=(), body='', **kw):
        """Request, answer the challenge, and the final response"""
        cseq = self.request(method, uri, headers, body, **kw)
        r = self.response(cseq, kw.get('callid'))
        if r.code in (401, 407):
            auth = self.credentials(r, method, uri)
            kw.pop('branch', None)
            if 'cseq' in kw:
                kw['cseq'] += 1
            cseq = self.request(method, uri, list(headers) + [auth], body,
                                **kw)
            r = self.response(cseq, kw.get('callid'))
        return r

    def register(self, expires=600, contact=None, headers=(), **kw):
        if contact:
            kw['contact'] = contact
        return self.ask('REGISTER', 'sip:' + self.domain,
                        ['Expires: %s' % expires, *headers], **kw)

    # --- subscription

    def subscribe(self, service='ptt', expires=600, subscriber=None,
                  event='presence', headers=()):
        """(response, dialog or None)"""
        callid = secrets.token_hex(8)
        frm = self.aor(subscriber)
        r = self.ask('SUBSCRIBE', self.aor(service),
                     ['Event: ' + event, 'Expires: %d' % expires, *headers],
                     callid=callid, frm=frm, to=self.aor(service))
        if r.code != 200:
            return r, None
        return r, Dialog(callid, self.tag, r.tag('to'), frm,
                         self.aor(service), uri_of(r.get('contact')), [],
                         self.cseq)

    def resubscribe(self, dlg, expires):
        self.cseq += 1
        dlg.cseq = self.cseq
        self.request('SUBSCRIBE', dlg.target,
                     ['Event: presence', 'Expires: %d' % expires],
                     callid=dlg.callid, frm=dlg.luri, to=dlg.ruri,
                     totag=dlg.rtag, cseq=dlg.cseq)
        return self.response(dlg.cseq, dlg.callid)

    def notify(self, dlg, answer=200, match=lambda m: True):
        """The next NOTIFY of a subscription, answered"""
        m = self.receive(lambda m: m.method == 'NOTIFY' and
                         m.get('call-id') == dlg.callid and match(m),
                         'a NOTIFY')
        self.reply(m, answer)
        return m

    # --- as the called side

    def reply(self, m, code, words='OK', headers=(), body='', tag=None):
        to = m.get('to')
        if 'tag=' not in to and code > 100:
            to += ';tag=' + (tag or self.tag)
        lines = ['SIP/2.0 %d %s' % (code, words)]
        lines += ['Via: ' + v for v in m.all('via')]
        lines += ['Record-Route: ' + v for v in m.all('record-route')]
        lines += ['From: ' + m.get('from'), 'To: ' + to,
                  'Call-ID: ' + m.get('call-id'), 'CSeq: ' + m.get('cseq')]
        lines += list(headers)
        lines += ['Content-Length: %d' % len(body), '', body]
        self.raw('\r\n'.join(lines))

    def media_open(self):
        """Three sockets: rtp, rtcp (rtp + 1) and floor"""
        while not self.media:
            rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            rtcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                rtp.bind((self.host, 0))
                rtcp.bind((self.host, rtp.getsockname()[1] + 1))
            except OSError:
                rtp.close()
                rtcp.close()
                continue
            floor = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            floor.bind((self.host, 0))
            self.media = {'rtp': rtp, 'rtcp': rtcp, 'floor': floor}
            for sock in self.media.values():
                sock.settimeout(DEADLINE)
        return {k: s.getsockname()[1] for k, s in self.media.items()}

    def sdp(self, floor=True):
        """floor: 'MCPTT' for that instead of TBCP"""
        p = self.media_open()
        text = ('v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n'
                'm=audio %d RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n' % (
                    self.host, self.host, p['rtp']))
        text += 'm=application %d udp %s\r\n' % (
            p['floor'] if floor else 0,
            floor if isinstance(floor, str) else 'TBCP')
        if floor == 'MCPTT':
            text += 'a=fmtp:MCPTT mc_queueing;mc_priority=1\r\n'
        elif floor:
            text += 'a=fmtp:TBCP queuing=0;tb_priority=1;timestamp=0\r\n'
        return text

    def invited(self, what='the server\'s INVITE'):
        return self.receive(lambda m: m.method == 'INVITE', what)

    def answer(self, invite, floor=True):
        """Take the server's INVITE; the dialog as the terminal has it"""
        self.reply(invite, 200, headers=[
            'Contact: ' + self.contact(), 'Content-Type: application/sdp'],
            body=self.sdp(floor))
        self.receive(lambda m: m.method == 'ACK' and
                     m.get('call-id') == invite.get('call-id'), 'an ACK')
        self.ports = ports_of(invite.body)
        return self.dialog(invite)

    def dialog(self, invite):
        """That the server's INVITE makes"""
        return Dialog(invite.get('call-id'), self.tag, invite.tag('from'),
                      uri_of(invite.get('to')), uri_of(invite.get('from')),
                      uri_of(invite.get('contact')),
                      invite.all('record-route'))

    def in_dialog(self, dlg, method, headers=(), body='', via=None):
        """Send a request in a dialog and wait for its answer"""
        dlg.cseq += 1
        sender = via or self
        sender.request(method, dlg.target,
                       ['Route: ' + r for r in dlg.routes] + list(headers),
                       body, callid=dlg.callid, frm=dlg.luri, tag=dlg.ltag,
                       to=dlg.ruri, totag=dlg.rtag, cseq=dlg.cseq)
        return sender.response(dlg.cseq, dlg.callid)


def ports_of(sdp):
    """{'audio': port, 'application': port} of an SDP"""
    return {m.group(1): int(m.group(2))
            for m in re.finditer(r'^m=(\w+) (\d+)', sdp, re.M)}


def online(server, user, ip='127.0.0.1', floor=True, subscriber=None):
    """Registered, subscribed, leg taken: (terminal, leg dialog, sdp)"""
    t = Terminal(server, user, ip=ip)
    r = t.register()
    expect(r.code == 200, 'REGISTER: ' + r.start)
    r, t.sub = t.subscribe(subscriber=subscriber)
    expect(r.code == 200, 'SUBSCRIBE: ' + r.start)
    t.first = t.notify(t.sub)
    inv = t.invited()
    t.leg = t.answer(inv, floor)
    return t
