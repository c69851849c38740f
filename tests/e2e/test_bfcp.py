# SPDX-License-Identifier: GPL-3.0-or-later
"""Conference equipment: two rooms that speak BFCP in a group with a handset
(row P10)"""
import socket

import bfcp
from bfcp import Room, u16
from holler_test import expect
from plainphone import manual_world
from test_tshark import capture, capture_end, judge


def rooms(lab, *names):
    """A group of rooms that have dialled it"""
    server = manual_world(lab, *names)
    server.group('hall', *names)
    v = []
    for name in names:
        room = Room(server, name)
        room.ring()
        server.until_leg(name, 'manual')
        v.append(room.enter('hall'))
        server.until_leg(name, 'idle')
    server.until(lambda s: any(
        b['name'] == 'hall' and b['members'] == len(names)
        for b in s['conference']['bridges']), 'all rooms in the hall')
    return [server] + v


def hello(room):
    m = room.answered(room.tell(bfcp.HELLO), bfcp.HELLO_ACK)
    prims = bfcp.find(11, m.attrs)[0]
    expect(bfcp.REQUEST in prims and bfcp.FLOOR_QUERY in prims, prims)


def test_bfcp_rooms_take_turns(lab):
    """P10: one room talks, another waits in the queue and has its turn"""
    server, a, b = rooms(lab, 'aula', 'bar')
    for room in (a, b):
        hello(room)
    m = b.answered(b.tell(bfcp.FLOOR_QUERY, u16(2, b.floor)),
                   bfcp.FLOOR_STATUS)
    expect(m.requests() == [], 'nobody has asked')
    a.press()
    number = a.status(bfcp.GRANTED)[0]
    b.floor_is('Aula')
    a.speak()
    expect(b.media['rtp'].recv(2000)[12:] == b'\x55' * 160, 'its speech')
    expect(server.bridge('hall')['holder'] == 'aula', 'the holder')

    b.press()
    waits, _, position, *_ = b.status(bfcp.ACCEPTED)
    expect(position == 1, 'position %d' % position)
    m = b.answered(b.tell(bfcp.USER_QUERY), bfcp.USER_STATUS)
    expect([x[:3] for x in m.requests()] == [(waits, bfcp.ACCEPTED, 1)],
           m.requests())
    m = b.answered(b.tell(bfcp.REQUEST_QUERY, u16(3, waits)),
                   bfcp.REQUEST_STATUS)
    expect(m.requests()[0][1] == bfcp.ACCEPTED, 'it waits')

    # The same Release twice, as if its answer had been lost
    tid = a.let_go(number)
    first = a.answered(tid, bfcp.REQUEST_STATUS)
    expect(first.requests()[0][1] == bfcp.RELEASED, 'released')
    a.let_go(number, tid=tid)
    again = a.answered(tid, bfcp.REQUEST_STATUS)
    expect(again.requests() == first.requests(), 'answered alike')

    expect(b.status(bfcp.GRANTED)[0] == waits, 'its turn')
    b.speak()
    expect(a.media['rtp'].recv(2000)[12:] == b'\x55' * 160, 'its speech')
    b.let_go(waits)
    b.status(bfcp.RELEASED)
    b.floor_is('')
    a.answered(a.tell(bfcp.GOODBYE), bfcp.GOODBYE_ACK)
    a.hang_up()
    server.until(lambda s: server.bridge('hall')['members'] == 1, 'one room')


def test_bfcp_forged(lab):
    """P10: another's name, another source and noise move no floor"""
    server, a, b = rooms(lab, 'aula', 'bar')
    a.press()
    number = a.status(bfcp.GRANTED)[0]

    def refused(data, code):
        b.raw_floor(data)
        m = bfcp.Heard(b.media['floor'].recv(2000))
        expect((m.prim, m.response) == (bfcp.ERROR, True), m.prim)
        expect(m.error() == code, 'Error %d, not %d' % (m.error(), code))
    # No such user, no such conference, somebody else's request, no floor,
    # for another, a chair's word, an unknown primitive, a wrong length
    refused(b.message(bfcp.RELEASE, u16(3, number), user=b.uid + 1), 2)
    mine, b.conf = b.conf, a.conf
    refused(b.message(bfcp.RELEASE, u16(3, number)), 1)
    b.conf = mine
    refused(b.message(bfcp.RELEASE, u16(3, number)), 7)
    refused(b.message(bfcp.REQUEST, u16(2, b.floor + 1)), 6)
    refused(b.message(bfcp.REQUEST, u16(2, b.floor) + u16(1, 99)), 5)
    refused(b.message(bfcp.CHAIR_ACTION), 5)
    refused(b.message(33), 3)
    refused(b.message(bfcp.HELLO) + bytes(4), 13)
    refused(b.message(bfcp.REQUEST, bytes([5, 0, 0, 1])), 10)
    refused(b.message(bfcp.REQUEST, u16(2, b.floor) + u16(42, 0)), 4)
    for noise in (b'', b'\x40', bytes(11), b'\xff' * 1400,
                  a.message(bfcp.ERROR, response=True)):
        b.raw_floor(noise)

    # What aula itself would say, from a port that is not its floor channel
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
        thief.bind((a.host, 0))
        a.raw_floor(a.message(bfcp.RELEASE, u16(3, number)), thief)
        # It has come when what the room says after it was answered
        a.answered(a.tell(bfcp.HELLO), bfcp.HELLO_ACK)
        thief.setblocking(False)
        try:
            expect(not thief.recv(2000), 'the thief was answered')
        except BlockingIOError:
            pass
    expect(server.bridge('hall')['holder'] == 'aula', 'the floor is lost')
    a.let_go(number)
    a.status(bfcp.RELEASED)


def test_bfcp_said_again(lab):
    """P10: what is not acknowledged is said again, at 0.5, 1.5 and 3.5 s"""
    _, a, b = rooms(lab, 'aula', 'bar')
    b.answered(b.tell(bfcp.FLOOR_QUERY, u16(2, b.floor)), bfcp.FLOOR_STATUS)
    a.press()
    number = a.status(bfcp.GRANTED)[0]
    first = b.media['floor'].recv(2000)
    expect(bfcp.Heard(first).prim == bfcp.FLOOR_STATUS, 'no FloorStatus')
    for _ in range(2):
        expect(b.media['floor'].recv(2000) == first, 'not the same again')
    # The newer takes its place; acknowledged, it is said no more
    a.let_go(number)
    a.status(bfcp.RELEASED)
    m = b.floor_is('')
    tid = b.tell(bfcp.HELLO)
    b.answered(tid, bfcp.HELLO_ACK)
    expect(not m.response, 'by itself')


def test_bfcp_other_offers(lab):
    """P10: equipment that wants to be the server, or TLS: no floor channel"""
    server = manual_world(lab, 'aula')
    server.group('hall', 'aula')
    a = Room(server, 'aula')
    a.ring()
    server.until_leg('aula', 'manual')
    for proto, roles in (('UDP/BFCP', 's-only'), ('TCP/BFCP', 'c-only'),
                         ('UDP/TLS/BFCP', 'c-only')):
        r, a.leg = a.dial_end(a.dial_start(
            'hall', body=bfcp.offer(a, proto, roles)))
        expect(r.code == 200, r.start)
        expect('m=application 0 %s *' % proto in r.body, r.body)
        expect('a=label' not in r.body, r.body)
        a.hang_up()
        server.until_leg('aula', 'manual')


def test_bfcp_version_1_judged(lab):
    """P10: early equipment speaks version 1 by UDP, which tshark decodes:
    what we say is well-formed to it, and means the same"""
    server, a, b = rooms(lab, 'aula', 'bar')
    a.version = b.version = 1
    proc, path = capture(lab, server)
    for room in (a, b):
        hello(room)
        room.answered(room.tell(bfcp.FLOOR_QUERY, u16(2, room.floor)),
                      bfcp.FLOOR_STATUS)
    a.press()
    number = a.status(bfcp.GRANTED)[0]
    b.floor_is('Aula')
    b.press(3)
    waits = b.status(bfcp.ACCEPTED)[0]
    b.answered(b.tell(bfcp.USER_QUERY), bfcp.USER_STATUS)
    a.let_go(number)
    a.status(bfcp.RELEASED)
    b.status(bfcp.GRANTED)
    b.let_go(waits)
    b.status(bfcp.RELEASED)
    b.floor_is('')
    b.raw_floor(b.message(bfcp.RELEASE, u16(3, waits)))
    expect(bfcp.Heard(b.media['floor'].recv(2000)).error() == 7, 'no Error')
    capture_end(server, proc, path)

    ours = 'bfcp && ip.src == %s' % server.ip
    how = ('--enable-heuristic', 'bfcp_udp')

    def seen(*fields):
        args = [x for f in fields for x in ('-e', 'bfcp.' + f)]
        return [tuple(x.split('\t')) for x in judge(
            server, path, *how, '-Y', ours, '-T', 'fields', *args)]
    prims = {x[0] for x in seen('primitive')}
    expect({'4', '6', '8', '12', '13'} <= prims, prims)
    told = [(s.split(',')[0], q.split(',')[0], n) for p, s, q, n in seen(
        'primitive', 'request_status', 'queue_pos', 'floorrequest_id')
        if p == '4']
    for status, position in (('3', '0'), ('2', '1'), ('6', '0')):
        expect(any(x[:2] == (status, position) for x in told),
               '%s at %s: %s' % (status, position, told))
    bad = judge(server, path, *how, '-Y', ours + ' && (_ws.malformed || '
                '_ws.expert.severity == error)')
    expect(not bad, 'tshark objects: %r' % bad[:5])
