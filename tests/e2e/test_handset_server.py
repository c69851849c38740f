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


def invite(contact, local, to, cseq, port, codec, headers=''):
    """An offer of this codec (and of keys)"""
    sdp = ('v=0\r\no=- 1 %d IN IP4 127.0.0.1\r\ns=-\r\n'
           'c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP %d 101\r\n'
           'a=rtpmap:101 telephone-event/8000\r\n' % (cseq, port, codec))
    return ('INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%d\r\n'
            'From: <sip:ptt@peer.test>;tag=late\r\nTo: %s\r\n'
            'Call-ID: late\r\nCSeq: %d INVITE\r\nMax-Forwards: 70\r\n'
            'Contact: <sip:%s>\r\n%sContent-Type: application/sdp\r\n'
            'Content-Length: %d\r\n\r\n%s' % (
                contact, local, cseq, to, cseq, local, headers, len(sdp),
                sdp)).encode()


def ack(contact, local, to, cseq):
    return ('ACK %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKa%d\r\n'
            'From: <sip:ptt@peer.test>;tag=late\r\nTo: %s\r\n'
            'Call-ID: late\r\nCSeq: %d ACK\r\nMax-Forwards: 70\r\n'
            'Content-Length: 0\r\n\r\n' % (
                contact, local, cseq, to, cseq)).encode()


def receive(sock, start):
    """(message, source) of the next that begins like this"""
    while True:
        data, src = sock.recvfrom(65536)
        msg = data.decode()
        if msg.startswith('REGISTER'):
            sock.sendto(ok(msg), src)
        if msg.startswith(start):
            return msg, src


def udp():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(('127.0.0.1', 0))
    sock.settimeout(DEADLINE)
    return sock, '%s:%d' % sock.getsockname(), sock.getsockname()[1]


ALICE = '<sip:alice@peer.test>'


def registered(phone, sock):
    """(contact, address) of the phone"""
    msg, src = receive(sock, 'REGISTER')
    phone.event('registered')
    return re.search('<(.*?)>', header(msg, 'Contact')).group(1), src


def quit_it(phone, sock):
    phone.send('quit')
    receive(sock, 'REGISTER')
    expect(phone.join() == 0, 'it ended badly')


def test_ack_behind_the_session(lab):
    """an ACK that comes when the session timer has already run out: the leg is
    told up, and is down, and nothing else happens"""
    sock, local, _ = udp()
    phone = Terminal(lab, sock.getsockname(), '--min-se', '2')
    contact, src = registered(phone, sock)
    sock.sendto(invite(contact, local, ALICE, 1, 40000, 0,
                       'Supported: timer\r\n'
                       'Session-Expires: 2;refresher=uac\r\n'), src)
    # Its answer, three times again: 3.5 seconds later
    for _ in range(4):
        msg, src = receive(sock, 'SIP/2.0 200')
    sock.sendto(ack(contact, local, header(msg, 'To'), 1), src)
    up = phone.event('leg_up')
    down = phone.event('leg_down')
    expect('refreshed' in down['reason'], 'down: %r' % down)
    expect(up['t_us'] < down['t_us'], 'up when it was gone')
    quit_it(phone, sock)


def rtp_of(rtp, codec):
    """Waits for speech of this payload type"""
    while rtp.recv(2048)[1] & 0x7f != codec:
        pass


def test_another_codec_while_talking(lab):
    """a re-INVITE to another codec in the middle of a burst: speech goes on
    in that"""
    sock, local, _ = udp()
    rtp, _, port = udp()
    phone = Terminal(lab, sock.getsockname(), '--floor', 'none')
    contact, src = registered(phone, sock)
    sock.sendto(invite(contact, local, ALICE, 1, port, 0), src)
    msg, src = receive(sock, 'SIP/2.0 200')
    to = header(msg, 'To')
    sock.sendto(ack(contact, local, to, 1), src)
    phone.event('leg_up')
    phone.send('press')
    rtp_of(rtp, 0)
    sock.sendto(invite(contact, local, to, 2, port, 8), src)
    receive(sock, 'SIP/2.0 200')
    sock.sendto(ack(contact, local, to, 2), src)
    rtp_of(rtp, 8)
    phone.send('release')
    phone.event('last_packet_sent')
    quit_it(phone, sock)
