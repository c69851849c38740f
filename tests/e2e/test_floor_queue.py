# SPDX-License-Identifier: GPL-3.0-or-later
"""Who waits for the floor, and what is told of it, to terminals whose floor
messages are written by hand (rows X1, X2)"""
import select
import struct
import time

from holler_test import DEADLINE, expect, Failure
from mcpt import (ACKED, CAUSE, DURATION, PERMISSION, QUEUE, SOURCE, SSRC,
                  Message)
from test_conference import FAST
from test_emergency import Radio

NOT_QUEUED = 254
QUEUE_SIZE = 7
QUEUEING = 0x0400


def crew(lab, names=('alice', 'bob', 'carol'), policy='', before=''):
    """Radios in a group; policy, before: columns of it, SQL before them"""
    server = lab.server(conf=FAST)
    server.users(*names)
    server.group('crew', *names)
    if policy:
        server.sql('UPDATE floor_policy SET %s;' % policy)
    if before:
        server.sql(before)
    radios = [Radio(server, name, 7 + i) for i, name in enumerate(names)]
    server.until(lambda s: server.bridge('crew')['members'] == len(names),
                 'all')
    return (server, *radios)


def place(m):
    return m.fields[QUEUE][0]


def words(m):
    return m.fields[CAUSE][2:].decode()


def speak(radio, n=1):
    """Packets of speech, as they come; the sequence goes on"""
    for _ in range(n):
        radio.seq = getattr(radio, 'seq', 0) + 1
        radio.media['rtp'].sendto(
            struct.pack('>BBHII', 0x80, 0, radio.seq & 0xffff,
                        radio.seq * 160, radio.floor.ssrc) + bytes(160),
            (radio.server.ip, radio.ports['audio']))
        time.sleep(0.02)


def speak_until(radio, name):
    """Speech without a pause until the floor channel has said that"""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        speak(radio)
        while select.select([radio.floor.sock], [], [], 0)[0]:
            data = radio.floor.sock.recv(2048)
            # Not what is told of sessions
            if data[8:12] == b'MCPT' and Message(data).name == name:
                return Message(data)
    raise Failure('no %s' % name)


def test_everybody_knows_their_place(lab):
    """X2: positions when they come and when they change; cancelled by
    release; served with an Ack that is wanted"""
    server, alice, bob, carol = crew(lab, before="UPDATE member SET priority"
                                     " = 3 WHERE subscriber = 'carol';")
    alice.floor.press()
    granted = alice.floor.hear('granted')
    expect(not granted.ack and granted.indicator & QUEUEING, repr(granted))
    taken = bob.floor.hear('taken')
    expect(taken.u16(PERMISSION) == 1, 'may not request: %r' % taken)
    server.sql('UPDATE floor_policy SET preempt = 0;')
    server.log.wait(lambda x: x.get('event') == 'floor policy', 'the policy')
    bob.floor.press()
    expect(place(bob.floor.hear('position')) == 1, 'bob is not first')
    # Hers counts for more: he is told that he is second now
    carol.floor.press(priority=3)
    m = carol.floor.hear('position')
    expect((place(m), m.fields[QUEUE][1]) == (1, 3), repr(m))
    expect(place(bob.floor.hear('position')) == 2, 'bob has not moved')
    bob.floor.say('position?')
    expect(place(bob.floor.hear('position')) == 2, 'bob is told another one')
    # She cancels
    carol.floor.say('release')
    expect(place(bob.floor.hear('position')) == 1, 'bob has not moved up')
    carol.floor.say('position?')
    expect(place(carol.floor.hear('position')) == NOT_QUEUED, 'carol waits')
    carol.floor.press(priority=0)
    expect(place(carol.floor.hear('position')) == 2, 'carol is not second')
    alice.floor.say('release')
    m = bob.floor.hear('granted')
    expect(m.ack and m.u16(QUEUE_SIZE) == 1, 'not out of the queue: %r' % m)
    bob.floor.say('ack', (SOURCE, bytes(2)), (ACKED, bytes([1, 0])))
    expect(place(carol.floor.hear('position')) == 1, 'carol is not next')
    expect('bob' in alice.floor.hear('taken').talker, 'another one talks')
    server.until(lambda s: server.bridge('crew')['holder'] == 'bob', 'bob')


def test_granted_until_it_is_heard(lab):
    """X1: T20 and C20 of who was served, and the next in the queue"""
    _, alice, bob, carol = crew(lab, policy='grant_repeat_ms = 200,'
                                ' grant_repeats = 2')
    alice.floor.press()
    alice.floor.hear('granted')
    bob.floor.press()
    bob.floor.hear('position')
    carol.floor.press()
    carol.floor.hear('position')
    alice.floor.say('release')
    for _ in range(3):
        expect(bob.floor.hear('granted').ack, 'no Ack is wanted')
    # He is not there; she is
    expect(carol.floor.hear('granted').ack, 'no Ack is wanted')
    speak(carol)
    expect('carol' in bob.floor.hear(
        'taken', lambda m: 'carol' in m.talker).talker, 'not told')


def test_what_a_refusal_says(lab):
    """X2: the cause, who has the floor, and when to try again"""
    server, alice, bob = crew(
        lab, ('alice', 'bob'), policy='queue_max = 0, warn_ms = 500,'
        ' revoke_grace_ms = 0, retry_after_ms = 30000',
        before='UPDATE service SET max_talk_ms = 1000;')
    alice.floor.press()
    granted = alice.floor.hear('granted')
    expect(granted.u16(DURATION) == 1, repr(granted))
    bob.floor.press()
    m = bob.floor.hear('deny')
    expect(m.u16(CAUSE) == 1 and words(m).endswith(' has the floor') and
           'lice' in words(m), repr(m))
    speak(alice)
    # Half a second before its end: Granted again, with what is left
    expect(alice.floor.hear('granted').u16(DURATION) == 1, 'no warning')
    m = alice.floor.hear('revoke')
    expect(m.u16(CAUSE) == 2, repr(m))
    alice.floor.press()
    m = alice.floor.hear('deny')
    expect(m.u16(CAUSE) == 4 and words(m) in ('Retry in 30 s',
                                              'Retry in 29 s'), repr(m))
    server.until(lambda s: not server.bridge('crew')['holder'], 'nobody')


def test_speech_without_the_floor(lab):
    """X1: Revoke 3 to who sends media without permission; what it needs is
    the floor"""
    _, alice, bob = crew(lab, ('alice', 'bob'))
    for _ in range(2):
        m = speak_until(bob, 'revoke')
        expect(m.u16(CAUSE) == 3, repr(m))
    bob.floor.press()
    m = speak_until(bob, 'granted')
    expect(SSRC in m.fields, repr(m))
    alice.floor.hear('taken')
    speak(bob)
    alice.media['rtp'].recv(2048)


def test_an_anonymous_talker(lab):
    """X2: no name in Taken, nor in a refusal"""
    _, alice, bob = crew(
        lab, ('alice', 'bob'), policy='queue_max = 0', before='UPDATE'
        " subscription SET anonymous = 1 WHERE subscriber = 'alice';")
    alice.floor.press()
    alice.floor.hear('granted')
    m = bob.floor.hear('taken')
    expect(m.talker == 'sip:anonymous@anonymous.invalid', repr(m))
    bob.floor.press()
    m = bob.floor.hear('deny')
    expect(words(m) == 'Another client has the floor', repr(m))
