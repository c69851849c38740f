# SPDX-License-Identifier: GPL-3.0-or-later
"""Phones of other makers, as Debian ships them, are the referees."""
import time

from holler_test import aside, expect, expect_heard, Failure
from phones import (Baresip, expect_phone_heard, has_tones, Linphone)


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


END_PACKETS = 13
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
        # The tone that says that it is over comes behind
        expect(least <= bob.received() <= sent + END_PACKETS,
               '%s counted %d packets of %d'
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



# What the server's tones are (mixer/mixer.h): to the ear, not to the eye
PERMIT = (784, 1047)


def talk_by_keys(server, phone, group, speech, how):
    """Press, hear the permit tone, speak, release"""
    phone.listen().press()
    phone.until_floor(group, how)
    server.until(lambda s: has_tones(phone.heard(), *PERMIT),
                 'the permit tone in the ear of ' + phone.name)
    # The phone's file goes on in silence: the key comes after the last word
    phone.speak(speech).release()
    server.until(lambda s: not server.bridge(group)['holder'],
                 'the floor being free')


def test_phones_talk_by_keys(lab):
    """P9 P10: baresip and linphone ask for the floor with the key * of RFC
    4733, hear the tone, talk, give it back with #; all others hear it"""
    server = lab.server()
    alice, bob, carol = group_of_phones(lab, server)
    for phone, name in ((bob, 'Front_Left'), (carol, 'Front_Right')):
        others = [x for x in (bob, carol) if x is not phone]
        for other in others:
            other.listen()
        alice.mark()
        speech = lab.speech(name)
        talk_by_keys(server, phone, 'crew', speech, 'RFC 4733')
        alice.event('burst_heard')
        alice.event('idle')
        if phone is bob:
            carol.heard_out()
        for other in others:
            expect_phone_heard(speech, other)
    alice.quit()
    for name in ('Front_Left', 'Front_Right'):
        expect_heard(lab.speech(name), alice)


def linphone_alone(lab, server, conf=None, name='carol'):
    server.holler('user', 'add', name, '--password', name + 'pw')
    server.holler('subscription', 'set', name, '--start', 'register')
    return Linphone(lab, server, name, conf)


def test_linphone_talks_by_info(lab):
    """P10: the same with keys in SIP INFO, as some phones send them"""
    speech = lab.speech('Front_Center')
    server = lab.server()
    carol = linphone_alone(lab, server, {'sip': {'use_info': 1,
                                                 'use_rfc2833': 0}}).ready()
    server.users('alice')
    alice = lab.handset(server, 'alice').ready()
    join(server, 'crew', ('alice', 'carol'))
    talk_by_keys(server, carol, 'crew', speech, 'SIP INFO')
    expect('application/dtmf-relay' in carol.logged(), 'no key in an INFO')
    alice.event('burst_end')
    expect_heard(speech, alice.quit())


def test_linphone_wants_srtp(lab):
    """P1 P7: a service with plain RTP only: a phone that insists on SRTP is
    shown with its 488 and told why; one that would like it goes without"""
    server = lab.server(port=5060)
    server.holler('service', 'set', 'ptt', '--media-security', 'plain')
    wish = {'media_encryption': 'srtp'}
    carol = linphone_alone(lab, server,
                           {'sip': dict(wish, media_encryption_mandatory=1)})
    server.until(lambda s: server.leg('carol').get('code') == 488,
                 'the 488 of linphone')
    leg = server.leg('carol')
    expect(leg['status'] == 'none' and leg['words'], leg)
    expect(leg['words'] in server.holler('status')[1], 'status has no words')
    server.holler('group', 'add', 'crew', '--service', 'ptt')
    server.holler('group', 'join', 'crew', 'carol')
    carol.dial('sip:crew@ptt.test').said('error')
    expect('488 this service has plain RTP only' in carol.logged(), 'no words')
    carol.quit()

    dora = linphone_alone(lab, server, {'sip': wish}, 'dora').ready()
    server.holler('group', 'join', 'crew', 'dora')
    dora.mark().type('terminate\n').said(dora.ENDED)
    # It offers RTP/SAVP, is refused, and comes back by itself with RTP/AVP
    dora.dial('sip:crew@ptt.test').said('crew@ptt.test connected')
    expect('488 this service has plain RTP only' in dora.logged(), 'no refusal')
    expect(server.leg('dora')['status'] == 'idle', server.leg('dora'))


@aside
def test_linphone_session_timer(lab):
    """P1: linphone with session timers (RFC 4028) agrees to one, refreshes it
    by UPDATE twice, and its leg outlives it"""
    server = lab.server({'conference': {'session_expires_s': 90}})
    carol = linphone_alone(lab, server, {
        'sip': {'session_expires_enabled': 1, 'session_expires_value': 90,
                'session_expires_min_value': 90}}).ready()
    expect('Session-Expires: 90' in carol.logged(), 'no session timer')
    before = server.leg('carol')['local']
    expect_no_end([carol.mark()], 100)
    refreshed = carol.logged().count('\nUPDATE sip:')
    expect(refreshed >= 2, 'refreshed %d times' % refreshed)
    leg = server.leg('carol')
    expect(leg['status'] == 'idle' and leg['local'] == before, leg)


def test_linphone_conference_event(lab):
    """P13: linphone subscribes to who is in the group (RFC 4575) by itself
    when it has dialled it, takes the NOTIFYs, and leaves"""
    server = lab.server(port=5060)
    carol = linphone_alone(lab, server).ready()
    server.users('alice')
    alice = lab.handset(server, 'alice').ready()
    join(server, 'crew', ('alice', 'carol'))
    carol.mark().type('terminate\n').said(carol.ENDED)
    carol.dial('sip:crew@ptt.test').said('crew@ptt.test connected')
    server.log.wait(lambda x: x.get('what') == 'subscribed' and
                    x.get('subject') == 'leg/carol', 'its SUBSCRIBE')
    for words in ('from state CreationPending to Created',
                  'sip:alice@ptt.test) to conference'):
        server.until(lambda s: words in carol.logged(),
                     '"%s" in what linphone says' % words)
    carol.mark().type('terminate\n').said(carol.ENDED)
    carol.quit()
    alice.quit()
    expect(server.proc.alive(), 'hollerd ended')


def test_phones_dial_a_group(lab):
    """P1 P9: phones dial the group by its name, and hear it"""
    speech = lab.speech('Side_Left', 'Side_Right')
    server = lab.server(port=5060)
    names = ('alice', 'bob', 'carol')
    alice, bob, carol = on_air(lab, server, names, play=speech)
    join(server, 'crew', names)
    # Baresip has several calls; the server ends the leg that was replaced. Of a
    # call of less than a second baresip says no more than its statistics.
    bob.dial('sip:crew@ptt.test').said('established: sip:crew@ptt.test')
    bob.said('Transmit:')
    # Linphone wants to be rid of the first by itself
    carol.mark().type('terminate\n').said(carol.ENDED)
    carol.dial('sip:crew@ptt.test').said('crew@ptt.test connected')
    server.until(lambda s: server.bridge('crew').get('members') == 3,
                 'all in the group')
    say(server, alice, 'crew', carol)
    for phone in (bob, carol):
        expect_phone_heard(speech, phone)


def test_phones_dial_a_user(lab):
    """P1 P8 P10: a phone dials a user, has the floor at once, talks and gives
    it back with #, and hears the answer"""
    mine = lab.speech('Side_Left', 'Side_Right')
    answer = lab.speech('Rear_Center')
    server = lab.server(port=5060)
    server.holler('service', 'set', 'ptt', '--hang', '1')
    alice, bob, carol = on_air(lab, server, ('alice', 'bob', 'carol'),
                               play=answer)
    for name in ('bob', 'carol'):
        server.holler('allow', 'add', name, 'alice', '--both')
    carol.mark().type('terminate\n').said(carol.ENDED)
    for phone in (bob, carol):
        alice.mark()
        phone.dial('sip:alice@ptt.test').answered()
        alice.event('taken', uri='sip:%s@ptt.test' % phone.user)
        phone.speak(mine).release()
        alice.event('burst_heard')
        alice.event('burst_end')
        phone.listen()
        alice.say()
        if phone is carol:
            phone.heard_out()
        expect_phone_heard(answer, phone)
        server.until(lambda s: not s['conference']['calls_total'],
                     'the end of the call')
    alice.quit()
    expect_heard(mine, alice)
