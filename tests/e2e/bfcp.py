# SPDX-License-Identifier: GPL-3.0-or-later
"""BFCP (RFC 8855) as conference equipment speaks it, written by the book and
not by the server's codec: messages as values, and a room that uses them."""
import re
import struct

from holler_test import expect
from plainphone import Phone
from terminal import ports_of

(REQUEST, RELEASE, REQUEST_QUERY, REQUEST_STATUS, USER_QUERY, USER_STATUS,
 FLOOR_QUERY, FLOOR_STATUS, CHAIR_ACTION, CHAIR_ACTION_ACK, HELLO, HELLO_ACK,
 ERROR, REQUEST_STATUS_ACK, FLOOR_STATUS_ACK, GOODBYE,
 GOODBYE_ACK) = range(1, 18)
PENDING, ACCEPTED, GRANTED, DENIED, CANCELLED, RELEASED, REVOKED = range(1, 8)
GROUPS = range(14, 19)


def attr(kind, value):
    data = struct.pack('!BB', kind << 1 | 1, 2 + len(value)) + value
    return data + bytes(-len(data) % 4)


def u16(kind, value):
    return attr(kind, struct.pack('!H', value))


def attrs(data):
    """[(type, value or (number, attributes inside))]"""
    v = []
    while data:
        kind, size = data[0] >> 1, data[1]
        expect(2 <= size <= len(data), 'an attribute of %d octets' % size)
        value = data[2:size]
        if kind in GROUPS:
            value = (struct.unpack('!H', value[:2])[0], attrs(value[2:]))
        v.append((kind, value))
        data = data[size + -size % 4:]
    return v


def find(kind, v):
    return [value for k, value in v if k == kind]


class Heard:
    """A message of the server"""

    def __init__(self, data):
        head, self.prim, words, self.conf, self.tid, self.user = \
            struct.unpack('!BBHIHH', data[:12])
        self.version = head >> 5
        self.response = bool(head & 0x10)
        expect(head & 0xf == 0, 'first octet %#x' % head)
        expect(len(data) == 12 + 4 * words, 'a wrong length')
        self.attrs = attrs(data[12:])

    def requests(self):
        """[(id, status, position, info, name of the beneficiary)]"""
        v = []
        for number, inside in find(15, self.attrs):
            overall = find(18, inside)[0][1]
            status, position = find(5, overall)[0]
            info = b''.join(find(9, overall)).decode()
            name = b''.join(x for _, who in find(14, inside)
                            for x in find(12, who)).decode()
            v.append((number, status, position, info, name))
        return v

    def error(self):
        return find(6, self.attrs)[0][0]


def offer(room, proto='UDP/BFCP', roles='c-only'):
    p = room.media_open()
    return ('v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n'
            'm=audio %d RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n'
            'm=application %d %s *\r\na=floorctrl:%s\r\n' % (
                room.host, room.host, p['rtp'], p['floor'], proto, roles))


class Room(Phone):
    """A room's equipment: dials a group and speaks BFCP on the floor line"""

    tid = seq = 0
    version = 2

    def enter(self, group, roles='c-only'):
        r, self.leg = self.dial_end(self.dial_start(
            group, body=offer(self, roles=roles)))
        expect(r.code == 200, 'dialling %s: %s' % (group, r.start))
        self.said = r.body
        ports = ports_of(r.body)
        ip = r.body.split('c=IN IP4 ')[1].split()[0]
        self.to = (ip, ports['application'])
        self.to_rtp = (ip, ports['audio'])
        self.conf, self.uid, self.floor, stream = [int(x) for x in re.search(
            r'a=floorctrl:s-only\r\na=confid:(\d+)\r\na=userid:(\d+)\r\n'
            r'a=floorid:(\d+) mstrm:(\d+)\r\n', r.body).groups()]
        expect('a=label:%d\r\n' % stream in r.body, 'no label')
        expect('UDP/BFCP *' in r.body, 'no BFCP line')
        return self

    def message(self, prim, body=b'', tid=None, user=None, response=False):
        if tid is None:
            self.tid += 1
            tid = self.tid
        return struct.pack('!BBHIHH', self.version << 5 | response << 4, prim,
                           len(body) // 4, self.conf, tid,
                           self.uid if user is None else user) + body

    def raw_floor(self, data, sock=None):
        (sock or self.media['floor']).sendto(data, self.to)

    def tell(self, prim, body=b'', **kw):
        self.raw_floor(self.message(prim, body, **kw))
        return self.tid

    def told(self, match, what):
        """The next message of that kind; what the server says by itself is
        acknowledged, as the equipment does"""
        while True:
            m = Heard(self.media['floor'].recv(2000))
            expect(m.version == self.version, 'version %d' % m.version)
            if not m.response and self.version == 2:
                self.tell(REQUEST_STATUS_ACK if m.prim == REQUEST_STATUS
                          else FLOOR_STATUS_ACK, tid=m.tid, response=True)
            if match(m):
                return m
            expect(m.prim != ERROR, 'Error %s before %s' % (m.attrs, what))

    def answered(self, tid, prim):
        m = self.told(lambda m: m.response == (self.version == 2) and
                      m.tid == tid, 'an answer to %d' % tid)
        expect(m.prim == prim, 'answered by %d: %s' % (m.prim, m.attrs))
        return m

    def status(self, status):
        """Of our request; passes over others. Its (id, .., position, info)"""
        m = self.told(lambda m: m.prim == REQUEST_STATUS and
                      m.requests()[0][1] == status, 'status %d' % status)
        return m.requests()[0]

    def floor_is(self, holder):
        """FloorStatus with that holder's display name, '' nobody's"""
        def match(m):
            names = [x[4] for x in m.requests() if x[1] == GRANTED]
            return m.prim == FLOOR_STATUS and names == (
                [holder] if holder else [])
        return self.told(match, 'the floor of ' + (holder or 'nobody'))

    def press(self, priority=2):
        return self.tell(REQUEST, u16(2, self.floor) +
                         u16(4, priority << 13))

    def let_go(self, number, **kw):
        return self.tell(RELEASE, u16(3, number), **kw)

    def speak(self, n=5):
        for _ in range(n):
            self.seq += 1
            self.media['rtp'].sendto(struct.pack(
                '!BBHII', 0x80, 0, self.seq, self.seq * 160, self.uid) +
                b'\x55' * 160, self.to_rtp)
