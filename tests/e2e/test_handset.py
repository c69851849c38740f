# SPDX-License-Identifier: GPL-3.0-or-later
"""The handset as a plain telephone: it dials, it is not to be disturbed, and
it notices that its server has died."""
import signal

from holler_test import expect, expect_heard


def test_dial_a_user(lab):
    """P6 P11: an INVITE to a user is a call; refused, the leg stays"""
    server = lab.server()
    server.users('alice', 'bob')
    server.users('carol', both=False)
    speech = lab.speech('Rear_Left', 'Rear_Right')
    alice = lab.handset(server, 'alice', play=speech)
    bob = lab.handset(server, 'bob')
    for hs in (alice, bob):
        server.until_leg(hs.ready().user)
    before = server.leg('alice')['local']
    alice.mark().send('dial carol')
    failed = alice.event('leg_failed')
    expect(failed['code'] == 403 and failed['reason'], failed)
    expect(server.leg('alice')['local'] == before, 'the leg is another')
    expect(not alice.events('leg_down'), 'the leg has ended')
    bob.mark()
    alice.mark().send('dial bob')
    alice.event('leg_up')
    server.until(lambda s: any(b['members'] == 2
                               for b in s['conference']['bridges']), 'a call')
    alice.say()
    bob.event('burst_heard')
    alice.quit()
    expect_heard(speech, bob.quit())


def test_dial_a_group(lab):
    """P6 P9: dialling the group's URI makes the leg and joins"""
    server = lab.server()
    server.users('alice', 'bob', both=False)
    server.group('crew', 'alice', 'bob')
    speech = lab.speech('Side_Left', 'Side_Right')
    bob = lab.handset(server, 'bob').ready()
    alice = lab.handset(server, 'alice', play=speech, options=(
        '--no-subscribe', '--dial', 'crew', '--floor', 'none'))
    alice.ready()
    server.until(lambda s: any(
        b['name'] == 'crew' and b['members'] == 2
        for b in s['conference']['bridges']), 'two members')
    alice.mark().send('press')
    alice.event('key_sent', key='*')
    alice.event('played')
    alice.send('release')
    bob.event('burst_heard')
    alice.event('key_sent', key='#')
    alice.quit()
    expect_heard(speech, bob.quit())


def test_dial_and_talk(lab):
    """P6 P10: the floor asked for with the call; with TBCP behind it"""
    server = lab.server()
    server.users('alice', 'bob', 'carol', both=False)
    server.group('crew', 'alice', 'bob', 'carol')
    speech = lab.speech('Side_Left', 'Side_Right')
    bob = lab.handset(server, 'bob').ready()
    server.until_leg('bob')
    for name, floor in (('alice', 'mcptt'), ('carol', 'tbcp')):
        hs = lab.handset(server, name, play=speech, options=(
            '--no-subscribe', '--floor', floor))
        hs.event('registered')
        bob.mark()
        hs.send('talk crew')
        hs.event('leg_up')
        hs.event('granted')
        asked = hs.events('request_sent')
        expect(len(asked) == (floor == 'tbcp'), '%s: %r' % (floor, asked))
        hs.event('played')
        hs.send('release')
        bob.event('burst_heard')
        bob.event('idle')
        hs.quit()
    expect_heard(speech, bob.quit())


def test_do_not_disturb(lab):
    """P8 P13: who publishes so is not called, and is called again after it"""
    server = lab.server()
    server.users('alice', 'bob')
    alice = lab.handset(server, 'alice').ready()
    bob = lab.handset(server, 'bob').ready()
    for name in ('alice', 'bob'):
        server.until_leg(name)
    bob.send('dnd on')
    expect(bob.event('published').get('dnd') == 'on', 'not told')
    alice.mark().send('call bob')
    refused = alice.event('refused')
    expect(refused['code'] in (480, 486) and refused['reason'], refused)
    bob.mark().send('dnd off')
    expect(bob.event('published').get('dnd') == 'off', 'not told')
    alice.mark().send('call bob')
    alice.event('activated')
    bob.event('taken')


def test_server_falls_silent(lab):
    """P1: no RTCP any more: the handset ends the leg and gets another"""
    server = lab.server({'media': {'rtcp_ms': 500}})
    server.users('alice', both=False)
    alice = lab.handset(server, 'alice', options=('--dead', '3')).ready()
    server.until_leg('alice')
    alice.mark()
    server.proc.popen.send_signal(signal.SIGSTOP)
    alice.event('leg_dead')
    alice.event('leg_down')
    server.proc.popen.send_signal(signal.SIGCONT)
    alice.event('leg_up')
