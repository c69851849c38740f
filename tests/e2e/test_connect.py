# SPDX-License-Identifier: GPL-3.0-or-later
"""Terminals that stand by are told which session they are in, and may say no
(row X1): Connect, Disconnect and their Acks, of TBCP and of MCPC, decoded
here by a table of its own, and TBCP by tshark too."""
import select
import shutil
import struct
import subprocess
import time

from holler_test import DEADLINE, expect, Failure
from plainphone import bridges, Phone
from terminal import session_ack

TBCP, MCPTT = True, 'MCPTT'
PRIVATE, ADHOC, PREARRANGED = 1, 2, 3
# Of the bits of a TBCP Connect's mask, the first sent first
ITEMS = ((0x8000, 'inviter'), (0x4000, 'inviter_name'), (0x2000, 'session'),
         (0x1000, 'group_name'), (0x0800, 'group'))


def decode_tbcp(data):
    kind, rest = data[0] & 0x1f, data[12:]
    if kind == 11:
        expect(len(data) == 12, 'a Disconnect has no body: ' + data.hex())
        return {'kind': 'disconnect'}
    if kind != 15:
        return {'kind': kind}
    mask, stype, bits = struct.unpack('!HBB', rest[:4])
    expect(not mask & 0x07ff and not bits & 0x7f, 'spare bits: ' + data.hex())
    out = {'kind': 'connect', 'type': stype}
    rest = rest[4:]
    for bit, name in ITEMS:
        if mask & bit:
            sdes, length = rest[:2]
            expect(sdes == (2 if name.endswith('name') else 1), data.hex())
            out[name] = rest[2:2 + length].decode()
            rest = rest[2 + length:]
    expect(len(rest) < 4 and not any(rest), 'padding: ' + data.hex())
    return out


def decode_mcpc(data):
    out = {'kind': {16: 'connect', 17: 'disconnect'}.get(data[0] & 0x1f)}
    expect(out['kind'], 'what says no Ack is wanted: ' + data.hex())
    rest, order = data[12:], []
    while rest:
        fid, length = rest[:2]
        value = rest[2:2 + length]
        order.append(fid)
        if fid == 0:
            out['lines'] = tuple(value)
        elif fid == 1:
            out['type'], out['session'] = value[0], value[1:].decode()
        elif fid == 3:
            out['group'] = value.decode()
        elif fid == 4:
            out['answer'] = struct.unpack('!H', value)[0]
        elif fid == 5:
            out['inviter'] = value.decode()
        used = (2 + length + 3) // 4 * 4
        expect(not any(rest[2 + length:used]), 'padding: ' + data.hex())
        rest = rest[used:]
    want = [x for x in (1, 3, 0, 4, 5) if x in order]
    expect(order == (want if out['kind'] == 'connect' else [1]),
           'order of fields: %r' % order)
    return out


def decode(data):
    """A Connect or Disconnect as a dict; None: something else"""
    expect(len(data) == 4 * (1 + struct.unpack('!H', data[2:4])[0]),
           'its length: ' + data.hex())
    if data[8:12] == b'MCPC':
        return decode_mcpc(data)
    if data[8:12] == b'PoC1' and data[0] & 0x1f in (11, 15):
        return decode_tbcp(data)
    return None


def told(phone, deadline=None):
    """The next Connect or Disconnect, not acknowledged"""
    end = time.monotonic() + (deadline or DEADLINE)
    sock = phone.media['floor']
    while select.select([sock], [], [], max(end - time.monotonic(), 0))[0]:
        m = decode(sock.recv(2000))
        if m:
            return m
    raise Failure('%s was told of no session' % phone.user)


def acked(phone):
    """What it was told and has acknowledged by itself"""
    got = [decode(x) for x in phone.connected]
    phone.connected.clear()
    return got


def settled(phone, *kinds):
    """..until it was told of all these, in order"""
    got = []
    end = time.monotonic() + DEADLINE
    while [x['kind'] for x in got] != list(kinds):
        expect(time.monotonic() < end, '%s was told %r, not %r' % (
            phone.user, got, kinds))
        # Any answer will do: it acknowledges meanwhile
        phone.request('OPTIONS', 'sip:' + phone.domain)
        phone.response()
        got += acked(phone)
    return got


def world(lab, floor, *names, groups=False, hang_ms=60000):
    server = lab.server({'media': {'dead_idle_ms': 0,
                                   'dead_bridged_ms': 0}})
    server.users(*names, start='register')
    server.sql("UPDATE service SET hang_ms = %d;" % hang_ms)
    if groups:
        server.group('crew', *names, display='The Crew')
    server.until(lambda s: s['presence']['subscriptions_all'] == len(names),
                 'its users')
    phones = [Phone(server, n).auto(floor=floor) for n in names]
    for phone in phones:
        phone.drains = True
        server.until_leg(phone.user)
    return (server, *phones)


def tshark_reads(lab, data):
    """What tshark's own decoder says of the message, as text"""
    if not shutil.which('tshark') or not shutil.which('text2pcap'):
        return None
    path = lab.path('connect')
    with open(path + '.txt', 'w', encoding='ascii') as f:
        f.write('0000 ' + data.hex(' ') + '\n')
    subprocess.run(['text2pcap', '-q', '-u', '5004,5005', path + '.txt',
                    path + '.pcap'], check=True, capture_output=True)
    r = subprocess.run(['tshark', '-r', path + '.pcap', '-d',
                        'udp.port==5005,rtcp', '-O', 'rtcp'], check=True,
                       capture_output=True, text=True)
    return r.stdout


def test_connect_of_tbcp(lab):
    """X1 TBCP Connect has type, session, inviting user: by table, by tshark"""
    server, a, b = world(lab, TBCP, 'alice', 'bob')
    expect(a.refer('bob').code == 202, 'alice is refused')
    raw = b.connected[0]
    got = acked(b)
    session = got[0]['session']
    expect(got == [{'kind': 'connect', 'type': PRIVATE, 'session': session,
                    'inviter': 'sip:alice@ptt.test',
                    'inviter_name': 'Alice'}], got)
    expect(session.startswith('sip:leg+bob@ptt.test;session='), session)
    mine, = acked(a)
    expect('inviter' not in mine and mine['type'] == PRIVATE and
           mine['session'].startswith('sip:leg+alice@ptt.test;'), mine)
    text = tshark_reads(lab, raw)
    if text is not None:
        for word in ('TBCP Connect', 'sip:alice@ptt.test', 'Alice', session):
            expect(word in text, '%s is not in: %s' % (word, text))
        expect('Malformed' not in text, text)
    expect(server.leg('bob')['session'] == 'accepted', 'status')
    expect(a.remove('alice').code == 202, 'leaving')
    for phone in (a, b):
        settled(phone, 'disconnect')
    server.until_leg('bob', 'idle')


def test_connect_of_mcpc(lab):
    """X1 MCPC Connect has session, lines, answer state, inviting user"""
    server, a, b = world(lab, MCPTT, 'alice', 'bob')
    expect(a.refer('bob').code == 202, 'alice is refused')
    got = acked(b)
    session = got[0]['session']
    expect(got == [{'kind': 'connect', 'type': PRIVATE, 'session': session,
                    'inviter': 'sip:alice@ptt.test', 'lines': (1, 2),
                    'answer': 1}], got)
    mine, = acked(a)
    expect(mine['answer'] == 0 and 'inviter' not in mine, mine)
    expect(bridges(server) == [('private', ('alice', 'bob'))], 'no call')
    # ..and it is left by its name
    r = b.in_dialog(b.leg, 'REFER', ['Refer-To: <%s;method=BYE>' % session,
                                     'Refer-Sub: false'])
    expect(r.code == 202, r.start)
    off, = settled(b, 'disconnect')
    expect(off['session'] == session, off)
    settled(a, 'disconnect')
    r = b.in_dialog(b.leg, 'REFER', ['Refer-To: <%s;method=BYE>' % session,
                                     'Refer-Sub: false'])
    expect(r.code == 404, 'left twice: ' + r.start)


def test_refused_by_its_terminal(lab):
    """X1 P11 who is busy is 486 to the caller, who does not accept is 603,
    by REFER and by INVITE, in both protocols"""
    for floor in (TBCP, MCPTT):
        server, a, b = world(lab, floor, 'alice', 'bob')
        idle = a.leg
        for says, code, words in ((1, 486, 'bob is busy'),
                                  (2, 603, 'bob does not accept')):
            b.says = says
            r = a.refer('bob')
            expect((r.code, r.words) == (code, words), r.start)
            expect(bridges(server) == [], 'a call is left')
            got = a.refused('bob')
            expect(got == (code, words), 'dialled: %r' % (got,))
            for name in ('alice', 'bob'):
                server.until_leg(name, 'idle')
        b.says = 0
        a.dial('bob')
        a.ended(idle, 'the end of the idle leg')
        expect(bridges(server) == [('private', ('alice', 'bob'))], 'no call')


def test_some_refuse(lab):
    """X1 P9 of several some refuse: the others go on, and it is said who"""
    server, a, b, c, d = world(lab, TBCP, 'alice', 'bob', 'carol', 'dave')
    b.says = 2
    r = a.refer('bob', 'carol', 'dave')
    expect((r.code, r.words) == (202, 'bob does not accept'), r.start)
    expect(bridges(server) == [('adhoc', ('alice', 'carol', 'dave'))],
           bridges(server))
    for phone in (c, d):
        expect(acked(phone)[0]['type'] == ADHOC, 'its type')
    server.until_leg('bob', 'idle')
    c.says = d.says = None
    expect(a.remove('alice').code == 202, 'leaving')


def test_said_again(lab):
    """X1 T16 T55 a Connect that nobody acknowledges is said four times, a
    second apart; the party stays, the floor does not wait for it"""
    server, a, b = world(lab, MCPTT, 'alice', 'bob')
    b.says = None
    pending = a.refer_start('bob')
    first, times = told(b), [time.monotonic()]
    # Speech has been possible all the time
    server.until(lambda s: any(x['holder'] == 'alice' for x in
                               s['conference']['bridges']), 'the floor')
    for _ in range(3):
        expect(told(b) == first, 'another one')
        times.append(time.monotonic())
    r = a.response(*pending)
    expect(r.code == 202, r.start)
    gaps = [y - x for x, y in zip(times, times[1:])]
    expect(all(x > 0.5 for x in gaps) and sum(gaps) > 2.5, gaps)
    expect(bridges(server) == [('private', ('alice', 'bob'))], 'no call')
    leg = server.leg('bob')
    expect(leg['session'] == 'silent' and
           server.status()['conference']['counters']['connects_silent'] == 1,
           leg)
    # It says so late, and no
    b.media['floor'].sendto(
        session_ack(bytes.fromhex('90cc0000000000004d435043') + b'\1' +
                    bytes([len(first['session']) + 1, PRIVATE]) +
                    first['session'].encode(), 1),
        (server.ip, b.ports['application']))
    server.until_leg('alice', 'idle')
    server.until_leg('bob', 'idle')


def test_ack_of_another_session(lab):
    """X1 an MCPC Ack that names another session is not taken for this one's"""
    server, a, b = world(lab, MCPTT, 'alice', 'bob')
    b.says = None
    pending = a.refer_start('bob')
    first = told(b)
    sock, at = b.media['floor'], (server.ip, b.ports['application'])
    other = 'sip:leg+bob@ptt.test;session=1'
    sock.sendto(session_ack(
        bytes.fromhex('90cc0000000000004d435043') + b'\1' +
        bytes([len(other) + 1, PRIVATE]) + other.encode(), 1), at)
    # The refusal did not count: it is said again
    expect(told(b) == first, 'not said again')
    b.says = 0
    expect(a.response(*pending).code == 202, 'not accepted')
    expect(server.leg('bob')['session'] == 'accepted', 'session')


def test_group_and_calls(lab):
    """X1 P8 a leg's group is its session, calls come between; when the hang
    time is over it is back"""
    server, a, b = world(lab, TBCP, 'alice', 'bob', groups=True,
                         hang_ms=1000)
    first, = settled(b, 'connect')
    expect(first['type'] == PREARRANGED and
           first['group'] == 'sip:crew@ptt.test' and
           first['group_name'] == 'The Crew' and 'inviter' not in first,
           first)
    settled(a, 'connect')
    expect(a.refer('bob').code == 202, 'alice is refused')
    # Nobody speaks: T1, then the hang time
    got = settled(b, 'disconnect', 'connect', 'disconnect', 'connect')
    expect([x.get('type') for x in got] == [None, PRIVATE, None, PREARRANGED],
           got)
    expect(len({x['session'] for x in got[1::2]} | {first['session']}) == 3,
           'sessions have names of their own')
    server.until_leg('bob', 'idle')
    b.never('BYE', 'the leg was ended')


def test_after_a_crash(lab):
    """X1 P14 a server that was killed tells again, by new names"""
    server, a, b = world(lab, MCPTT, 'alice', 'bob', groups=True)
    before, = settled(a, 'connect')
    settled(b, 'connect')
    server.kill()
    server.start()
    for phone in (a, b):
        phone.ended(what='the end of the old leg')
        phone.auto(floor=MCPTT)
    for phone in (a, b):
        after, = settled(phone, 'connect')
        expect(after['group'] == 'sip:crew@ptt.test' and
               after['session'] != before['session'], after)
