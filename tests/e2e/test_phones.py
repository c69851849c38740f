# SPDX-License-Identifier: GPL-3.0-or-later
"""Phones of other makers, as Debian ships them, are the referees."""
import time

from holler_test import aside, expect, Failure
from phones import Baresip, Linphone, expect_phone_heard


def on_air(lab, server, names, service='ptt', play=None):
    """A handset, a baresip and a linphone, with idle legs"""
    for name in names:
        server.holler('user', 'add', name, '--password', name + 'pw',
                      '--service', service)
        server.holler('subscription', 'set', name, '--start', 'register')
    server.holler('user', 'set', names[1], '--md5-only')
    phones = (lab.handset(server, names[0], play=play, service=service),
              Baresip(lab, server, names[1]), Linphone(lab, server, names[2]))
    for phone in phones[1:]:
        phone.ready()
    phones[0].event('leg_up')
    return phones


def join(server, group, names, service='ptt'):
    server.holler('group', 'add', group, '--service', service)
    server.holler('group', 'join', group, *names)
    server.until(lambda s: any(
        b['name'] == group and b['members'] == len(names)
        for b in s['conference']['bridges']), 'all in the group')


def group_of_phones(lab, server, play=None):
    names = ('alice', 'bob', 'carol')
    phones = on_air(lab, server, names, play=play)
    join(server, 'crew', names)
    return phones


def say(server, alice, group, *phones):
    """The handset speaks; all of it has come out of the phones"""
    alice.say()
    server.until(lambda s: not server.bridge(group)['holder'],
                 'the floor being free')
    for phone in phones:
        phone.heard_out()


def test_phones_hear_a_group(lab):
    """P1 P2 P8 P9: baresip and linphone sign on, get a leg, hear the group"""
    speech = lab.speech()
    server = lab.server()
    alice, bob, carol = group_of_phones(lab, server, play=speech)
    expect('algorithm=SHA-256' in carol.logged(), 'linphone used MD5')
    before = {n: server.leg(n)['local'] for n in ('bob', 'carol')}
    for _ in range(2):
        say(server, alice, 'crew', carol)
    for n, local in before.items():
        leg = server.leg(n)
        expect(leg['status'] == 'idle' and leg['local'] == local,
               'the leg of %s: %r' % (n, leg))
    for phone in (bob, carol):
        phone.quit()
        expect_phone_heard(speech, phone)


IDLE_S = 300


def expect_no_end(phones, seconds):
    """None of them says for so long that its call ended"""
    end = time.monotonic() + seconds
    for phone in phones:
        try:
            line = phone.said(phone.ENDED, max(end - time.monotonic(), 0.1))
        except Failure:
            expect(phone.alive(), '%s ended' % phone.name)
            continue
        raise Failure('%s: %r' % (phone.name, line))


@aside
def test_phones_idle_for_five_minutes(lab):
    """P1 P2: nobody speaks for five minutes; the legs of phones stay, of a
    service whose idle legs are sendrecv and of one whose are inactive"""
    speech = lab.speech('Rear_Left')
    server = lab.server()
    server.holler('service', 'add', 'still', '--idle', 'inactive')
    others = ('dave', 'erin', 'frank')
    crews = {'crew': group_of_phones(lab, server, play=speech),
             'mute': on_air(lab, server, others, 'still', speech)}
    phones = [p for crew in crews.values() for p in crew[1:]]
    before = {p.user: server.leg(p.user)['local'] for p in phones}
    for phone in phones:
        phone.mark()
    expect_no_end(phones, IDLE_S)
    status = server.status()
    legs = {x['subscriber']: x for x in status['conference']['legs']}
    for name, local in before.items():
        expect(legs[name]['status'] == 'idle' and
               legs[name]['since_ms'] >= IDLE_S * 1000 and
               legs[name]['local'] == local, legs[name])
    counters = status['conference']['counters']
    expect(not counters['lost'] and not counters['media_dead'], counters)
    # Speech makes inactive legs active, by a re-INVITE that it overtakes
    join(server, 'mute', others, 'still')
    for group, (alice, bob, carol) in crews.items():
        say(server, alice, group, carol)
        for phone in (bob, carol):
            phone.quit()
        expect_phone_heard(speech, carol)
        # Baresip records no call that began inactive, but counts
        if group == 'crew':
            expect_phone_heard(speech, bob)
        sent = alice.event('last_packet_sent')['packets']
        least = sent if group == 'crew' else sent // 2
        expect(least <= bob.received() <= sent, '%s counted %d packets of %d'
               % (bob.name, bob.received(), sent))


def test_phones_after_a_crash(lab):
    """P1: kill -9 while a handset speaks to them; nobody touches the phones,
    and they hear again"""
    speech = lab.speech('Front_Left', 'Front_Right', 'Front_Center')
    server = lab.server()
    alice, bob, carol = group_of_phones(lab, server, play=speech)
    alice.send('press')
    alice.event('granted')
    server.until(lambda s: server.leg('bob')['tx'] > 20, 'speech to bob')
    alice.mark()
    for phone in (bob, carol):
        phone.mark()
    server.kill()
    server.start()
    for phone in (bob, carol):
        # The old call is ended by a BYE, and the new one answered
        phone.said(phone.ENDED)
        phone.ready()
    alice.event('leg_up')
    server.until(lambda s: server.bridge('crew').get('members') == 3,
                 'three members in the group')
    for x in (alice, bob, carol):
        x.mark()
    alice.send('release')
    alice.send('status')
    alice.event('status')
    say(server, alice, 'crew', carol)
    for phone in (bob, carol):
        expect(not phone.has_said(phone.ENDED), '%s hung up' % phone.name)
        phone.quit()
        expect_phone_heard(speech, phone)
