# SPDX-License-Identifier: GPL-3.0-or-later
"""The first syllable and the last word: who comes late to a talk burst hears
it from its first word, and who speaks as it presses is heard from there."""
import array
import wave

from holler_test import SOUNDS, expect, expect_heard

FRAME = 160  # Of 48000 Hz: 3.3 ms


def words(lab):
    """Speech without pauses: who catches up by those hears it as it is"""
    path = lab.path('words.wav')
    with wave.open(path, 'wb') as out:
        for i, name in enumerate(('Front_Center', 'Rear_Left', 'Side_Right',
                                  'Front_Left', 'Rear_Right')):
            with wave.open('%s/%s.wav' % (SOUNDS, name), 'rb') as one:
                if not i:
                    out.setparams(one.getparams())
                v = array.array('h', one.readframes(one.getnframes()))
            quiet = 0
            for k in range(0, len(v) - FRAME, FRAME):
                frame = v[k:k + FRAME]
                loud = sum(abs(x) for x in frame) > 300 * FRAME
                quiet = 0 if loud else quiet + 1
                # At most 50 ms of silence on end
                if quiet < 15:
                    out.writeframes(frame.tobytes())
    return path


def members(server, group):
    return server.bridge(group).get('members')


def sum_of(server, counter):
    return sum(w[counter] for w in server.status()['conference']['workers'])


def test_joins_late(lab):
    """X3: a member that joins while somebody talks records the whole of it"""
    for workers in (1, 3):
        server = lab.server({'media': {'workers': workers}})
        server.users('alice', 'bob', 'carol', both=False)
        server.group('crew', 'alice', 'bob')
        speech = words(lab)
        alice = lab.handset(server, 'alice', play=speech)
        bob = lab.handset(server, 'bob')
        carol = lab.handset(server, 'carol')
        for hs in (alice, bob, carol):
            hs.ready()
        server.until(lambda s, v=server: members(v, 'crew') == 2, 'both')
        for hs in (bob, carol):
            hs.mark()
        alice.mark().send('press')
        alice.event('granted')
        bob.event('taken')
        # Speech has been under way for some time when carol comes
        server.until(lambda s, v=server: sum_of(v, 'forwarded') > 50,
                     'a second of speech')
        server.holler('group', 'join', 'crew', 'carol')
        carol.event('taken')
        alice.event('played')
        alice.send('release')
        bob.event('idle')
        # Hers comes when she has heard all
        carol.event('idle')
        carol.event('burst_heard')
        expect(sum_of(server, 'replays') == 1, 'not a latecomer')
        alice.quit()
        expect_heard(speech, bob.quit())
        expect_heard(speech, carol.quit())


def test_speaks_as_it_presses(lab):
    """X3: the first syllable, of who does not wait for the grant"""
    for workers in (1, 3):
        server = lab.server({'media': {'workers': workers}})
        server.users('alice', 'bob', both=False)
        server.sql('UPDATE floor_policy SET queue_max = 0;')  # nobody waits
        server.group('crew', 'alice', 'bob')
        speech = lab.speech()
        alice = lab.handset(server, 'alice', play=speech,
                            options=('--early',))
        bob = lab.handset(server, 'bob', play=speech, options=('--early',))
        for hs in (alice, bob):
            hs.ready()
        server.until(lambda s, v=server: members(v, 'crew') == 2, 'both')
        for talker, ear in ((alice, bob), (bob, alice)):
            ear.mark()
            talker.say()
            ear.event('burst_heard')
            # Its own: the ear may have been told of an earlier one just now
            talker.mark().event('idle')
        # Who is refused is not heard, and stops
        alice.mark().send('press')
        alice.event('granted')
        bob.mark().send('press')
        bob.event('denied')
        bob.send('release')
        alice.event('played')
        alice.send('release')
        bob.event('idle')
        for hs in (alice, bob):
            expect_heard(speech, hs.quit())
