# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input, bounds, and what else must not matter."""
import json
import os
import random
import socket
import sqlite3
import struct

from holler_test import (DEADLINE, Failure, Sip, expect, expect_heard,
                         free_ip)
from test_life import crew, together


def garbage(rng):
    """Datagrams that mean nothing, or nearly something"""
    sip = (b'REGISTER sip:ptt.test SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4'
           b'bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\n'
           b'CSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n')
    yield b''
    yield b'\0' * 4
    yield b'\r\n\r\n'
    yield os.urandom(1400)
    yield sip[:rng.randrange(len(sip))]
    yield sip.replace(b'1 REGISTER', b'99999999999999999999 REGISTER')
    yield sip.replace(b'Length: 0', b'Length: 4294967297')
    yield sip.replace(b'UDP h;', b'UDP h;maddr=127.0.0.9;')
    yield b'SIP/2.0 200 OK\r\nVia: x\r\n\r\n'
    yield b'INVITE ' + b'a' * 60000
    # RTP, RTCP and floor messages from nowhere, and cut short
    rtp = struct.pack('!BBHII', 0x80, 0, rng.getrandbits(16), 0, 1) + b'x' * 160
    yield rtp
    yield rtp[:rng.randrange(12)]
    yield b'\x9f' + rtp[1:]
    floor = struct.pack('!BBHI', 0x80, 204, 2, 1) + b'PoC1'
    yield floor
    yield floor[:rng.randrange(12)]
    yield struct.pack('!BBHI', 0x9f, 204, 0xffff, 1) + b'PoC1' + b'\xff' * 50
    flip = bytearray(sip)
    flip[rng.randrange(len(flip))] ^= 1 << rng.randrange(8)
    yield bytes(flip)


def udp_ports(pid):
    """(ip, port) of all UDP sockets of that process"""
    inodes = set()
    for fd in os.listdir('/proc/%d/fd' % pid):
        try:
            link = os.readlink('/proc/%d/fd/%s' % (pid, fd))
        except OSError:
            continue
        if link.startswith('socket:['):
            inodes.add(link[8:-1])
    with open('/proc/%d/net/udp' % pid, encoding='ascii') as f:
        for line in f.readlines()[1:]:
            word = line.split()
            if word[9] in inodes:
                ip, port = word[1].split(':')
                yield (socket.inet_ntoa(struct.pack('<I', int(ip, 16))),
                       int(port, 16))


def test_garbage_while_a_call_runs(lab):
    """Garbage on every port: dropped and counted, nobody notices"""
    rng = random.Random(os.getpid())
    server = lab.server({'media': {'triples': 4}})
    speech = lab.speech('Front_Left', 'Front_Right', 'Front_Center')
    alice, bob = crew(lab, server, 'alice', 'bob', play=speech)
    bob.mark()
    alice.mark().send('press')
    alice.event('granted')
    ports = list(udp_ports(server.proc.pid))
    expect(len(ports) >= 12, 'ports: %r' % ports)
    # A stranger: who sends from a terminal's own address is that terminal
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.bind((free_ip(), 0))
    sent = 0
    for _ in range(20):
        for port in ports:
            for data in garbage(rng):
                out.sendto(data, port)
                sent += 1
    out.close()
    alice.event('played')
    alice.send('release')
    bob.event('burst_heard')
    status = server.status()
    dropped = sum(w['drop_malformed'] + w['drop_unknown_source'] +
                  w['drop_no_leg'] for w in status['conference']['workers'])
    dropped += sum(s['malformed'] for s in status['presence']['sockets'])
    expect(dropped > 0, 'nothing of %d was counted' % sent)
    expect(server.proc.alive(), 'hollerd died')
    alice.quit()
    expect_heard(speech, bob.quit())


def test_bound_of_contacts(lab):
    """A user's registrations are bounded by configuration"""
    server = lab.server({'sip': {'contacts_max': 3}})
    server.users('alice', both=False)
    sips = [Sip(server) for _ in range(4)]
    codes = [s.register('alice', 'alicepw')[1][0] for s in sips]
    expect(codes[:3] == [200, 200, 200] and codes[3] >= 400, codes)
    for s in sips:
        s.close()


def test_bound_of_bindings(lab):
    """The registrations of all are bounded by configuration"""
    server = lab.server({'sip': {'contacts_max': 2, 'bindings_max': 2}})
    server.users('alice', 'bob', 'carol', both=False)
    codes = []
    for user in ('alice', 'bob', 'carol'):
        sip = Sip(server)
        codes.append(sip.register(user, user + 'pw')[1][0])
        sip.close()
    expect(codes[:2] == [200, 200] and codes[2] in (500, 503), codes)


def test_bound_of_legs(lab):
    """Legs are bounded by configuration; who has one keeps it"""
    server = lab.server({'conference': {'legs_max': 2}})
    server.users('alice', 'bob', 'carol')
    speech = lab.speech('Rear_Left')
    alice = lab.handset(server, 'alice', play=speech).ready()
    bob = lab.handset(server, 'bob').ready()
    server.until_leg('alice')
    server.until_leg('bob')
    carol = lab.handset(server, 'carol')
    carol.event('subscribed')
    server.until(lambda s: any(
        x['subscriber'] == 'carol' and x['leg'] == 'none' and x['code'] >= 400
        for x in s['presence']['subscriptions']), 'carol refused')
    alice.mark().send('call carol')
    expect(alice.event('refused')['code'] == 480, 'carol has no leg')
    alice.mark().send('call bob')
    alice.event('activated')
    alice.say()
    bob.event('burst_heard')


def test_bound_of_watchers(lab):
    """Subscriptions to lists are bounded by configuration"""
    server = lab.server({'sip': {'watchers_user_max': 1, 'watchers_max': 1}})
    server.users('alice', 'bob')
    lab.handset(server, 'alice').event('subscribed')
    bob = lab.handset(server, 'bob')
    expect(bob.event('subscribe_failed')['code'] >= 400, 'bob watches')


def test_bound_of_calls(lab):
    """Calls are bounded by configuration"""
    server = lab.server({'conference': {'calls_max': 1}})
    names = ('alice', 'bob', 'carol', 'dave')
    server.users(*names)
    sets = [lab.handset(server, n) for n in names]
    for hs in sets:
        hs.ready()
    for n in names:
        server.until_leg(n)
    sets[0].send('call bob')
    sets[0].event('activated')
    sets[2].send('call dave')
    answer = sets[2].event('refused')
    expect(answer['code'] == 503, 'refused: %r' % answer)


def test_bound_of_groups(lab):
    """Groups and their members are bounded by configuration"""
    server = lab.server({'conference': {'groups_max': 1,
                                        'group_members_max': 2}})
    names = ('alice', 'bob', 'carol')
    server.users(*names, both=False)
    server.group('crew', *names)
    server.group('other', 'alice')
    for n in names:
        lab.handset(server, n).ready()
    together(server, 2)
    expect(len(server.status()['conference']['bridges']) == 1, 'two groups')


class Admin:
    """The admin socket, by hand"""

    def __init__(self, server):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(server.socket)
        self.file = self.sock.makefile('rb')

    def ask(self, data):
        self.sock.sendall(data)
        return self.line()

    def line(self):
        raw = self.file.readline()
        return json.loads(raw) if raw else None

    def gone(self):
        """hollerd closed the connection"""
        try:
            return self.file.read() == b''
        except OSError:
            return True

    def close(self):
        self.file.close()
        self.sock.close()


def test_admin_socket(lab):
    """Requests, clients and silence are bounded; commands are audited"""
    server = lab.server({'admin': {'clients_max': 3, 'request_bytes': 1024,
                                   'timeout_ms': 1000}})
    expect(oct(os.stat(server.socket).st_mode)[-3:] == '660', 'mode')
    one = Admin(server)
    two = b'{"noun":"status"}\n{"noun":"user","verb":"list"}\n'
    expect(one.ask(two)['ok'] and one.line()['ok'], 'two in one go')
    for bad in (b'x\n', b'[]\n', b'{"noun":1}\n', b'{"noun":"user"}\n',
                b'{"noun":"moon","verb":"add"}\n', b'{"noun":"user",'
                b'"verb":"add","args":{"name":["a"]}}\n', b'\xff\xfe\n'):
        answer = one.ask(bad)
        expect(answer and answer['ok'] is False and answer['error'],
               '%r: %r' % (bad, answer))
    answer = one.ask(b'{"noun":"' + b'x' * 5000)
    expect(answer and 'request_bytes' in answer['error'] and one.gone(),
           'too long: %r' % answer)
    one.close()
    # A silent one is dropped, and only so many may wait
    silent = [Admin(server) for _ in range(3)]
    extra = Admin(server)
    expect(not extra.line()['ok'] and extra.gone(), 'one too many')
    extra.close()
    for admin in silent:
        expect(admin.gone(), 'a silent client stays')
        admin.close()
    # Words of the database come as they are
    status, _, words = server.holler('user', 'add', 'Not-A-Name', ok=False)
    expect(status == 1 and 'lower case' in words, words)
    server.holler('user', 'add', 'zoe', '--password-stdin',
                  stdin='a secret of zoe\n')
    expect(server.stop() == 0, 'end')
    with sqlite3.connect(os.path.join(server.state, 'state.db')) as db:
        trail = ' '.join(str(row) for row in db.execute(
            'SELECT * FROM audit'))
    expect('user add' in trail and 'name=zoe' in trail and
           'uid:%d' % os.getuid() in trail, 'audit: ' + trail)
    for root, _, files in os.walk(server.state):
        for name in files:
            with open(os.path.join(root, name), 'rb') as f:
                expect(b'a secret of zoe' not in f.read(),
                       'the password is in ' + name)


def test_two_on_one_state(lab):
    """One sentence for a state directory or port that is taken"""
    server = lab.server()
    from holler_test import HOLLERD, Process
    second = Process([HOLLERD, '--config', server.conf], 'second hollerd')
    lab.procs.append(second)
    expect(second.join() == 1, 'it started')
    words = second.err.wait(lambda x: 'already runs' in x.get('text', ''),
                            'words about the lock')
    expect(server.state in words['text'], words)
    conf = lab.path('conf2')
    with open(server.conf, encoding='ascii') as f, \
            open(conf, 'w', encoding='ascii') as out:
        out.write(f.read().replace(server.state, lab.path('state2'))
                  .replace(server.socket, lab.path('b')))
    third = Process([HOLLERD, '--config', conf], 'third hollerd')
    lab.procs.append(third)
    expect(third.join() == 1, 'it started')
    third.err.wait(lambda x: 'taken' in x.get('text', '') and
                   str(server.port) in x['text'], 'words about the port')


def test_database_of_tomorrow(lab):
    """A database that is newer or damaged is refused in words"""
    server = lab.server()
    server.stop()

    def refused(word):
        try:
            server.start()
        except Failure:
            pass
        else:
            raise Failure('it started on a database that is ' + word)
        expect(server.proc.join() == 1, 'status')
        expect(server.proc.err.having(
            lambda x: server.db in x.get('text', '') and
            word in x['text']), 'no words')

    with sqlite3.connect(server.db) as db:
        db.execute('PRAGMA user_version = 9999')
    db.close()
    refused('newer')
    with open(server.db, 'r+b') as f:
        f.seek(0)
        f.write(b'not a database at all' * 50)
    refused('damaged')
