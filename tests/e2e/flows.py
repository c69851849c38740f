# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripted terminals on TCP, TLS and IPv6, and a server that listens there."""
import re
import select
import socket
import ssl
import struct
import threading
import time
import wave

from holler_test import DEADLINE, expect, Failure, Server
from terminal import Message, Terminal

TRANSPORTS = ('udp', 'tcp', 'tls')


def ports(ip):
    """Free ports of each transport"""
    family = socket.AF_INET6 if ':' in ip else socket.AF_INET
    kept, found = [], {}
    for tp in TRANSPORTS:
        kind = socket.SOCK_DGRAM if tp == 'udp' else socket.SOCK_STREAM
        s = socket.socket(family, kind)
        s.bind((ip, 0))
        kept.append(s)
        found[tp] = s.getsockname()[1]
    for s in kept:
        s.close()
    return found


def host(ip):
    return '[%s]' % ip if ':' in ip else ip


def server(lab, *names, ip=None, conf=None, tcp_is_udp=False, start=None):
    """A hollerd with a socket of each transport: server.at[transport]"""
    s = Server(lab, conf)
    s.ip = ip or s.ip
    s.at = ports(s.ip)
    if tcp_is_udp:
        s.at['tcp'] = s.at['udp']
    s.port = s.at['udp']
    s.settings['sip']['listen'] = ', '.join(
        '%s:%s:%d' % (tp, host(s.ip), s.at[tp]) for tp in TRANSPORTS)
    s.start()
    s.users(*(names or ('alice', 'bob')), start=start or 'subscribe')
    s.until(lambda x: x['presence']['subscriptions_all'] ==
            len(names or (1, 2)), 'its users')
    return s


def sockets(srv):
    """{transport: its figures} of holler status"""
    return {x['transport'].lower(): x
            for x in srv.status()['presence']['sockets']}


def certificate(srv):
    """What a TLS handshake shows now: DER"""
    ctx = ssl.create_default_context()
    ctx.check_hostname = False
    ctx.verify_mode = ssl.CERT_NONE
    with socket.create_connection((srv.ip, srv.at['tls'])) as raw:
        with ctx.wrap_socket(raw) as s:
            expect(s.version() in ('TLSv1.2', 'TLSv1.3'), s.version())
            return s.getpeercert(True)


class Flow(Terminal):
    """A Terminal on one flow: tp is udp, tcp or tls, over IPv4 or IPv6"""

    def __init__(self, srv, user, tp='tcp', ip=None, cafile=None, port=0):
        self.tp = tp
        ip = ip or ('::1' if ':' in srv.ip else '127.0.0.1')
        self.v6 = ':' in ip
        super().__init__(srv, user, ip='127.0.0.1')
        self.sock.close()
        family = socket.AF_INET6 if self.v6 else socket.AF_INET
        if tp == 'udp':
            self.sock = socket.socket(family, socket.SOCK_DGRAM)
            self.sock.bind((ip, port))
        else:
            self.sock = socket.socket(family, socket.SOCK_STREAM)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.sock.bind((ip, port))
            self.sock.settimeout(DEADLINE)
            self.sock.connect((srv.ip, srv.at[tp]))
        self.host, self.port = self.sock.getsockname()[:2]
        self.ip = self.host
        self.host = host(self.host)
        if tp == 'tls':
            ctx = ssl.create_default_context(cafile=cafile)
            if not cafile:
                ctx.check_hostname = False
                ctx.verify_mode = ssl.CERT_NONE
            self.sock = ctx.wrap_socket(
                self.sock, server_hostname=self.domain if cafile else None)
        self.buf = b''
        self.pongs = 0

    def raw(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        if self.tp == 'udp':
            self.sock.sendto(data, (self.server.ip, self.server.at['udp']))
        else:
            self.sock.sendall(data)

    def via(self, branch=None):
        return super().via(branch).replace('/UDP', '/' + self.tp.upper())

    def contact(self):
        param = '' if self.tp == 'udp' else ';transport=' + self.tp
        return '<sip:%s@%s:%d%s>' % (self.user, self.host, self.port, param)

    def abort(self):
        """As a machine that loses power does it: no word, a reset"""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack('ii', 1, 0))
        self.sock.close()

    def unit(self):
        """One message off the front of what came, or None"""
        while self.buf.startswith(b'\r\n'):
            self.buf = self.buf[2:]
            self.pongs += 1
        head, sep, rest = self.buf.partition(b'\r\n\r\n')
        m = re.search(rb'(?im)^(?:content-length|l)\s*:\s*(\d+)', head)
        if not sep or not m or len(rest) < int(m.group(1)):
            return None
        size = len(head) + 4 + int(m.group(1))
        data, self.buf = self.buf[:size], self.buf[size:]
        return Message(data, None)

    def more(self, left):
        """Bytes into buf; False: none in time; None: the end"""
        pending = self.tp == 'tls' and self.sock.pending()
        if not pending and not select.select([self.sock], [], [],
                                             max(left, 0))[0]:
            return False
        try:
            data = self.sock.recv(65536)
        except ConnectionError:
            data = b''
        self.buf += data
        return True if data else None

    def receive(self, match, what, deadline=None):
        if self.tp == 'udp':
            return super().receive(match, what, deadline)
        end = time.monotonic() + (deadline or DEADLINE)
        for i, m in enumerate(self.waiting):
            if match(m):
                return self.waiting.pop(i)
        while True:
            m = self.unit()
            if m and match(m):
                return m
            if m:
                self.waiting.append(m)
                continue
            more = self.more(end - time.monotonic())
            if not more:
                raise Failure('%s %s without %s; has %s' % (
                    self.user, 'waited' if more is False else 'was closed',
                    what, [m.start for m in self.waiting]))

    def closed(self):
        """The server ends the connection, without another message"""
        end = time.monotonic() + DEADLINE
        while True:
            more = self.more(end - time.monotonic())
            if more is None:
                return
            expect(more, 'the connection stays')

    def ping(self):
        pongs = self.pongs
        self.raw('\r\n\r\n')
        end = time.monotonic() + DEADLINE
        while self.pongs == pongs:
            m = self.unit()
            if m:
                self.waiting.append(m)
            elif self.pongs == pongs:
                expect(self.more(end - time.monotonic()), 'no pong')

    def media_open(self):
        if not self.v6:
            return super().media_open()
        while not self.media:
            rtp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            rtcp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            floor = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            try:
                rtp.bind((self.ip, 0))
                rtcp.bind((self.ip, rtp.getsockname()[1] + 1))
                floor.bind((self.ip, 0))
            except OSError:
                continue
            self.media = {'rtp': rtp, 'rtcp': rtcp, 'floor': floor}
            for sock in self.media.values():
                sock.settimeout(DEADLINE)
        return {k: s.getsockname()[1] for k, s in self.media.items()}

    def sdp(self, floor=True):
        text = super().sdp(floor)
        if self.v6:
            text = text.replace('IN IP4 ' + self.host, 'IN IP6 ' + self.ip)
        return text


def online(srv, user, tp='tcp', **kw):
    """Registered, subscribed, leg taken"""
    t = Flow(srv, user, tp, **kw)
    r = t.register()
    expect(r.code == 200, 'REGISTER: ' + r.start)
    r, t.sub = t.subscribe()
    expect(r.code == 200, 'SUBSCRIBE: ' + r.start)
    t.first = t.notify(t.sub)
    t.invite = t.invited()
    t.leg = t.answer(t.invite)
    srv.until_leg(user)
    return t


ULAW = []
for _u in range(256):
    _v = ~_u & 0xff
    _t = (((_v & 15) << 3) + 132) << ((_v >> 4) & 7)
    ULAW.append(132 - _t if _v & 128 else _t - 132)


class Ear(threading.Thread):
    """Records what a terminal's audio socket hears until it is told to end"""

    def __init__(self, t, path):
        super().__init__(daemon=True)
        self.sock, self.path = t.media['rtp'], path
        self.packets = {}
        self.cond = threading.Condition()
        self.start()

    def run(self):
        try:
            while True:
                data = self.sock.recv(2000)
                if len(data) > 12 and data[1] & 127 == 0:
                    stamp = int.from_bytes(data[4:8], 'big')
                    with self.cond:
                        self.packets[stamp] = data[12:]
                        self.cond.notify_all()
        except OSError:
            pass

    def heard(self, packets):
        """Waits for so many; the file has them"""
        with self.cond:
            expect(self.cond.wait_for(lambda: len(self.packets) >= packets,
                                      DEADLINE),
                   'heard %d packets, not %d' % (len(self.packets), packets))
            got = dict(self.packets)
        first = min(got)
        pcm = bytearray()
        for stamp in sorted(got):
            at = 2 * (stamp - first)
            pcm += bytes(max(0, at - len(pcm)))
            pcm += b''.join(struct.pack('<h', ULAW[x]) for x in got[stamp])
        with wave.open(self.path, 'wb') as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(8000)
            out.writeframes(bytes(pcm))
        return self.path
