# SPDX-License-Identifier: GPL-3.0-or-later
"""Phones of other makers, as Debian ships them, are the referees."""
from holler_test import expect
from phones import Baresip, Linphone, expect_phone_heard


def group_of_phones(lab, play=None):
    """A handset, a baresip and a linphone in the group crew"""
    server = lab.server()
    names = ('alice', 'bob', 'carol')
    server.users(*names, start='register', both=False)
    server.holler('user', 'set', 'bob', '--md5-only')
    server.group('crew', *names)
    bob = Baresip(lab, server, 'bob')
    carol = Linphone(lab, server, 'carol')
    alice = lab.handset(server, 'alice', play=play)
    for x in (bob, carol):
        x.ready()
    alice.event('leg_up')
    server.until(lambda s: any(b['name'] == 'crew' and b['members'] == 3
                               for b in s['conference']['bridges']),
                 'three members in the group')
    return server, alice, bob, carol


def test_phones_hear_a_group(lab):
    """P1 P2 P8 P9: baresip and linphone sign on, get a leg, hear the group"""
    speech = lab.speech()
    server, alice, bob, carol = group_of_phones(lab, speech)
    expect('algorithm=SHA-256' in carol.logged(), 'linphone used MD5')
    before = {n: server.leg(n)['local'] for n in ('bob', 'carol')}
    for _ in range(2):
        alice.say()
        server.until(lambda s: not server.bridge('crew')['holder'],
                     'the floor being free')
    for n, local in before.items():
        leg = server.leg(n)
        expect(leg['status'] == 'idle' and leg['local'] == local,
               'the leg of %s: %r' % (n, leg))
    carol.heard_out()
    for phone in (bob, carol):
        phone.quit()
        expect_phone_heard(speech, phone)
