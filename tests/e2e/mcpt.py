# SPDX-License-Identifier: GPL-3.0-or-later
"""Floor messages of 3GPP TS 24.380, written and read by hand: what the tests
say to the server and hear from it without its own code"""
import struct

NAMES = {0: 'request', 1: 'granted', 2: 'taken', 3: 'deny', 4: 'release',
         5: 'idle', 6: 'revoke', 8: 'position?', 9: 'position', 10: 'ack'}
TYPES = {name: num for num, name in NAMES.items()}
PRIORITY, DURATION, CAUSE, QUEUE, TALKER, PERMISSION, USER = range(7)
SEQ, SOURCE, ACKED, INDICATOR, SSRC = 8, 10, 12, 13, 14
NORMAL, BROADCAST, EMERGENCY, PERIL = 0x8000, 0x4000, 0x1000, 0x0800


def encode(name, ssrc, fields=(), ack=False):
    """fields: (id, value as bytes)"""
    body = b''
    for num, value in fields:
        item = bytes([num, len(value)]) + value
        body += item + bytes(-len(item) % 4)
    subtype = TYPES[name] | (0x10 if ack else 0)
    return struct.pack('>BBHI4s', 0x80 | subtype, 204, 2 + len(body) // 4,
                       ssrc, b'MCPT') + body


class Message:
    def __init__(self, data):
        first, kind, words, self.ssrc, name = struct.unpack('>BBHI4s',
                                                            data[:12])
        assert first >> 6 == 2 and kind == 204 and name == b'MCPT', data
        assert len(data) == 4 * (words + 1), data
        self.name = NAMES[first & 15]
        self.ack = bool(first & 0x10)
        self.fields = {}
        pos = 12
        while pos < len(data):
            num, length = data[pos], data[pos + 1]
            self.fields[num] = data[pos + 2:pos + 2 + length]
            pos += (2 + length + 3) & ~3

    def u16(self, num):
        value = self.fields.get(num)
        return None if value is None else struct.unpack('>H', value[:2])[0]

    @property
    def indicator(self):
        return self.u16(INDICATOR) or 0

    @property
    def talker(self):
        return self.fields.get(TALKER, b'').decode()

    def __repr__(self):
        return '%s %r' % (self.name, self.fields)


class Floor:
    """The floor channel of a scripted terminal (terminal.py)"""

    def __init__(self, terminal, ssrc):
        self.sock = terminal.media['floor']
        self.to = (terminal.server.ip, terminal.ports['application'])
        self.ssrc = ssrc

    def say(self, name, *fields, ack=False):
        self.sock.sendto(encode(name, self.ssrc, fields, ack), self.to)

    def press(self, indicator=NORMAL, priority=None):
        fields = [] if priority is None else [
            (PRIORITY, bytes([priority, 0]))]
        self.say('request', *fields, (INDICATOR,
                                      struct.pack('>H', indicator)))

    def hear(self, name, match=lambda m: True):
        """The next message of that name for which match is true; all others
        are passed over"""
        while True:
            data = self.sock.recv(2048)
            if data[8:12] == b'MCPC':
                continue  # Which session it is in: test_connect.py
            m = Message(data)
            if m.name == name and match(m):
                return m
