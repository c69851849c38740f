# SPDX-License-Identifier: GPL-3.0-or-later
"""A service's codec: spoken by its terminals, heard as it was said, and
refused in words by who does not have it.

What is compared with what: holler compare lays the recording over what was
said. Up to 4000 Hz everything must be there; a wideband codec must carry what
is above, too (--wide). Opus takes out what lies under the voice with a filter
that turns the phase of the lowest tones, so its waves are compared from 300 Hz
up (--voice): 0.99 there, 0.93 without, at any bit rate.
"""
import json
import subprocess

from holler_test import HOLLER, expect

# codec: flags of the comparisons, and the least correlation
MEASURES = {
    'PCMU': ((), 0.98),
    'PCMA': ((), 0.98),
    'G722': ((), 0.98, ('--wide',), 0.98),
    'opus': (('--voice',), 0.95, ('--voice', '--wide'), 0.95),
}


def heard(original, recording, codec):
    measures = MEASURES[codec]
    for flags, least in zip(measures[::2], measures[1::2]):
        r = subprocess.run([HOLLER, 'compare', '--json', *flags, original,
                            recording], capture_output=True, text=True,
                           timeout=60, check=False)
        expect(r.returncode in (0, 1) and r.stdout, 'compare: ' + r.stderr)
        got = json.loads(r.stdout)
        expect(got['correlation'] >= least and
               got['head_correlation'] >= least,
               '%s %s: %r' % (codec, ' '.join(flags), got))


def service(server, name, codec):
    server.holler('service', 'add', name, '--codec', codec)


def users(server, name, *who):
    for user in who:
        server.holler('user', 'add', user, '--password', user + 'pw',
                      '--service', name)


def crew(lab, server, codec, speech):
    """A group of two in a service of that codec"""
    name = codec.lower()
    names = ['%s-%s' % (x, name) for x in ('alice', 'bob')]
    service(server, name, codec)
    users(server, name, *names)
    server.holler('group', 'add', 'crew-' + name, '--service', name)
    server.holler('group', 'join', 'crew-' + name, *names)
    return [lab.handset(server, x, play=speech,
                        options=('--service', name)) for x in names]


def test_four_services_four_codecs(lab):
    """X3 P10: each of four codecs is heard, in a service of its own"""
    server = lab.server()
    speech = lab.speech('Front_Left', 'Noise')
    sets = {codec: crew(lab, server, codec, speech) for codec in MEASURES}
    for codec, (alice, bob) in sets.items():
        for hs in (alice, bob):
            expect(hs.ready().event('leg_up')['codec'] == codec,
                   '%s has another codec' % hs.name)
            server.until_leg(hs.user)
    for codec in MEASURES:
        name = 'crew-' + codec.lower()
        server.until(lambda s, name=name: any(
            b['name'] == name and b['members'] == 2
            for b in s['conference']['bridges']), 'two members in ' + name)
    # One after the other: four at a time would measure the machine
    for alice, bob in sets.values():
        bob.mark()
        alice.say()
        bob.event('burst_heard')
        bob.event('idle')
    for codec, (alice, bob) in sets.items():
        alice.quit()
        heard(speech, bob.quit().record, codec)


def test_no_codec_in_common(lab):
    """P11: who lacks the service's codec is refused in words, either way"""
    server = lab.server()
    service(server, 'wide', 'G722')
    users(server, 'wide', 'alice', 'bob', 'carol')
    server.holler('subscription', 'set', 'bob', '--inviter', 'terminal')
    here = ('--service', 'wide', '--codec', 'PCMU,opus')
    # The server asks, the terminal refuses; both say so
    alice = lab.handset(server, 'alice', options=here)
    error = alice.event('error')
    expect('INVITE refused' in error['text'], error)

    server.log.wait(lambda x: x.get('subject', '').find('alice') >= 0 and
                    'No Common Codec' in json.dumps(x),
                    'the words in the log')
    # The terminal asks, the server refuses
    bob = lab.handset(server, 'bob', options=here + ('--leg', 'terminal'))
    failed = bob.event('leg_failed')
    expect(failed['code'] == 488 and 'G722' in failed['reason'],
           failed)
    # Who has the codec among others is served
    carol = lab.handset(server, 'carol', options=(
        '--service', 'wide', '--codec', 'PCMU,G722'))
    expect(carol.ready().event('leg_up')['codec'] == 'G722', 'G722')
