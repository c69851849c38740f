# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain phones as push-to-talk radios: who speaks has the floor, who stops
gives it back. And the tones that such phones hear."""
import os
import subprocess

from holler_test import compare, DEADLINE, expect, expect_heard
from phones import Baresip, has_tones, Linphone, wav_write

HANG = {'floor': {'voice_hang_ms': 900}}


def plain(server, name, **settings):
    """A user whose phone only registers"""
    server.holler('user', 'add', name, '--password', name + 'pw')
    # All that baresip knows
    server.holler('user', 'set', name, '--md5-only')
    args = [x for k, v in settings.items()
            for x in ('--' + k.replace('_', '-'), v)]
    server.holler('subscription', 'set', name, '--start', 'register', *args)


def group_of(server, name, *members):
    server.holler('group', 'add', name, '--service', 'ptt')
    for m in members:
        server.holler('group', 'join', name, m)
    server.until(lambda s: server.bridge(name).get('members') == len(members),
                 'all members in ' + name)


def sox(*args):
    return subprocess.run(['sox', '-D', '-V1', *args], check=True,
                          timeout=DEADLINE, capture_output=True).stdout


def pcm(path, db=0):
    """As a telephone has it"""
    return sox(path, '-r', '8000', '-c', '1', '-b', '16', '-t', 'raw', '-',
               'gain', str(db))


def noise(seconds, db=-50):
    return sox('-R', '-n', '-r', '8000', '-c', '1', '-b', '16', '-t', 'raw',
               '-', 'synth', str(seconds), 'pinknoise', 'gain', str(db))


def microphone(lab, name, *pieces):
    """Then it is silent, so that the phone does not end the call"""
    return wav_write(lab.path(name), b''.join(pieces) + bytes(16000 * 600))


def floor_of(server, who, what):
    server.until(lambda s: (server.bridge('crew').get('holder') or '') == who,
                 what)


def talker(lab, server, kind):
    """A phone in the group that has been heard to be silent for a while"""
    plain(server, 'bob', talk_by='voice')
    server.users('alice')
    bob = kind(lab, server, 'bob').ready()
    alice = lab.handset(server, 'alice').ready()
    group_of(server, 'crew', 'alice', 'bob')
    return alice, bob


def says_sentences(lab, kind):
    """Each sentence is a burst, whole from its first syllable, and the floor
    is idle between them"""
    server = lab.server(conf=HANG)
    names = ('Front_Center', 'Rear_Left')
    alice, bob = talker(lab, server, kind)
    bob.play(microphone(lab, 'noise.wav', noise(3)))
    start = server.leg('bob')['rx']
    server.until(lambda s: server.leg('bob')['rx'] >= start + 60,
                 'the noise of the room')
    for name in names:
        alice.mark()
        speech = lab.speech(name)
        bob.play(microphone(lab, 'mic-%s.wav' % name, noise(1), pcm(speech),
                            noise(3)))
        alice.event('taken')
        alice.event('burst_heard')
        floor_of(server, 'bob', 'the floor of who speaks')
        alice.event('idle')
        floor_of(server, '', 'an idle floor in the pause')
    bob.quit()
    alice.quit()
    for name in names:
        expect_heard(lab.speech(name), alice)
    return server, alice


def test_baresip_talks_by_voice(lab):
    """P10: baresip, without a key: each sentence is heard from its first
    syllable, and the floor is idle between"""
    says_sentences(lab, Baresip)


def test_linphone_talks_by_voice(lab):
    """P10: the same with linphone"""
    says_sentences(lab, Linphone)


def test_noise_takes_no_floor(lab):
    """P10: a loud room is no talk; what is said in it is"""
    server = lab.server(conf=HANG)
    alice, bob = talker(lab, server, Baresip)
    start = server.leg('bob')['rx']
    bob.play(microphone(lab, 'room.wav', noise(6, -35)))
    server.until(lambda s: server.leg('bob')['rx'] >= start + 250,
                 'five seconds of noise')
    expect(not alice.events('taken'), 'noise took the floor')
    speech = lab.speech('Side_Right')
    bob.play(microphone(lab, 'talk.wav', noise(2, -35), pcm(speech),
                        noise(3, -35)))
    alice.event('taken')
    alice.event('burst_heard')
    bob.quit()
    alice.quit()


def test_second_voice_waits(lab):
    """P10: while one phone talks by voice another that is spoken into does not
    get the floor, and is not heard"""
    server = lab.server(conf=HANG)
    alice, bob = talker(lab, server, Baresip)
    plain(server, 'carol', talk_by='voice')
    carol = Baresip(lab, server, 'carol').ready()
    server.holler('group', 'join', 'crew', 'carol')
    server.until(lambda s: server.bridge('crew').get('members') == 3,
                 'three members')
    one = lab.speech('Front_Left', 'Front_Right', 'Front_Center')
    other = lab.speech('Rear_Center')
    for phone in (bob, carol):
        phone.play(microphone(lab, 'quiet-%s.wav' % phone.user, noise(3)))
    start = {x: server.leg(x)['rx'] for x in ('bob', 'carol')}
    server.until(lambda s: all(server.leg(x)['rx'] >= start[x] + 60
                               for x in start), 'the noise of the rooms')
    alice.mark()
    bob.play(microphone(lab, 'one.wav', noise(1), pcm(one), noise(2)))
    floor_of(server, 'bob', 'the first talker')
    carol.play(microphone(lab, 'other.wav', pcm(other), noise(5)))
    alice.event('burst_heard')
    expect(len(alice.events('taken')) == 1, 'another has talked, too')
    alice.event('idle')
    for x in (bob, carol, alice):
        x.quit()
    r = compare(other, alice.record)
    expect(r['correlation'] < 0.7, 'who was not to talk was heard: %r' % r)
    expect_heard(one, alice)


def test_plain_phone_hears_tones(lab):
    """P10: a phone without floor channel hears permit, and the end of what it
    heard; one that wants no tones hears none"""
    server = lab.server()
    plain(server, 'bob')
    plain(server, 'carol', tones='never')
    server.users('alice')
    bob = Baresip(lab, server, 'bob').ready()
    carol = Baresip(lab, server, 'carol').ready()
    alice = lab.handset(server, 'alice', play=lab.speech('Noise')).ready()
    group_of(server, 'crew', 'alice', 'bob', 'carol')
    for x in (bob, carol):
        x.press().until_floor('crew', '*')
        x.release()
        floor_of(server, '', 'the floor given back')
    alice.say()
    server.until(lambda s: os.path.getsize(bob.record) > 44 + 16000,
                 'a recording of bob')
    alice.quit()
    tones = {x: server.leg(x)['tx'] for x in ('bob', 'carol')}
    expect(tones['bob'] > tones['carol'], tones)
    bob.quit()
    carol.quit()
    expect(has_tones(bob.record, 784, 1047, 1175), 'bob heard no tones')
    expect(not has_tones(carol.record, 784, 1047), 'carol heard tones')
