# SPDX-License-Identifier: GPL-3.0-or-later
"""The handset against a server that behaves badly: row P1, as far as it is the
terminal's (it comes back, and does no harm while it does)."""
import re
import socket

from holler_test import DEADLINE, expect, Handset, HOLLER, Process


class Terminal(Handset):
    """A handset of a server that is none of ours"""

    def __init__(self, lab, address, *options):
        Process.__init__(self, [
            HOLLER, 'handset', '--events', '--server', '%s:%d' % address,
            '--user', 'alice', '--password', 'alicepw', '--domain',
            'peer.test', '--bind', '127.0.0.1', '--no-subscribe', *options],
            'handset alice')
        lab.procs.append(self)
        self.user, self.at = 'alice', 0


def header(msg, name):
    return re.search(r'^%s: *(.*?)\r$' % name, msg, re.M | re.I).group(1)


def ok(msg):
    """200 to a REGISTER"""
    via, frm, to, callid, cseq = (header(msg, x) for x in (
        'Via', 'From', 'To', 'Call-ID', 'CSeq'))
    contact = header(msg, 'Contact')
    return ('SIP/2.0 200 OK\r\nVia: %s\r\nFrom: %s\r\nTo: %s;tag=peer\r\n'
            'Call-ID: %s\r\nCSeq: %s\r\nContact: %s\r\n'
            'Content-Length: 0\r\n\r\n' % (
                via, frm, to, callid, cseq, contact)).encode()


def test_connection_that_never_lasts(lab):
    """a server that closes each connection after the answer is asked less
    and less often (RFC 5626 4.5)"""
    with socket.create_server(('127.0.0.1', 0)) as listener:
        listener.settimeout(DEADLINE)
        phone = Terminal(lab, listener.getsockname(), '--transport', 'tcp')
        for _ in range(5):
            conn, _ = listener.accept()
            with conn:
                conn.settimeout(DEADLINE)
                msg = b''
                while b'\r\n\r\n' not in msg:
                    msg += conn.recv(4096)
                conn.sendall(ok(msg.decode()))
    phone.out.wait(lambda x: len(phone.events('registered')) >= 5,
                   'the fifth registration')
    at = [x['t_us'] for x in phone.events('registered')][:5]
    steps = [b - a for a, b in zip(at, at[1:])]
    expect(len(steps) == 4 and steps[3] > 3 * steps[0],
           'registered anew after %s us' % steps)
    phone.send('quit')
    expect(phone.join() == 0, 'it ended badly')


def invite(contact, local):
    sdp = ('v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n'
           'c=IN IP4 127.0.0.1\r\nt=0 0\r\n'
           'm=audio 40000 RTP/AVP 0\r\n')
    return ('INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKlate\r\n'
            'From: <sip:ptt@peer.test>;tag=late\r\n'
            'To: <sip:alice@peer.test>\r\nCall-ID: late\r\n'
            'CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:%s>\r\n'
            'Supported: timer\r\nSession-Expires: 2;refresher=uac\r\n'
            'Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s' %
            (contact, local, local, len(sdp), sdp)).encode()


def ack(contact, local, to):
    return ('ACK %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKack\r\n'
            'From: <sip:ptt@peer.test>;tag=late\r\nTo: %s\r\n'
            'Call-ID: late\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\n'
            'Content-Length: 0\r\n\r\n' % (contact, local, to)).encode()


def receive(sock, start):
    """(message, source) of the next that begins like this"""
    while True:
        data, src = sock.recvfrom(65536)
        msg = data.decode()
        if msg.startswith('REGISTER'):
            sock.sendto(ok(msg), src)
        if msg.startswith(start):
            return msg, src


def test_ack_behind_the_session(lab):
    """an ACK that comes when the session timer has already run out: the leg is
    told up, and is down, and nothing else happens"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(('127.0.0.1', 0))
        sock.settimeout(DEADLINE)
        local = '%s:%d' % sock.getsockname()
        phone = Terminal(lab, sock.getsockname(), '--min-se', '2')
        msg, src = receive(sock, 'REGISTER')
        contact = re.search('<(.*?)>', header(msg, 'Contact')).group(1)
        phone.event('registered')
        sock.sendto(invite(contact, local), src)
        # Its answer, three times again: 3.5 seconds later
        for _ in range(4):
            msg, src = receive(sock, 'SIP/2.0 200')
        sock.sendto(ack(contact, local, header(msg, 'To')), src)
        up = phone.event('leg_up')
        down = phone.event('leg_down')
        expect('refreshed' in down['reason'], 'down: %r' % down)
        expect(up['t_us'] < down['t_us'], 'up when it was gone')
        phone.send('quit')
        receive(sock, 'BYE')
        receive(sock, 'REGISTER')
        expect(phone.join() == 0, 'it ended badly')
