# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service's media_security means on the wire: offers, answers,
refusals in words, and what a re-INVITE may change. The terminal is scripted;
its SDP is chosen by the test."""
import glob
import re
import subprocess

from holler_test import DEADLINE, expect, Process
from plainphone import Phone, subscription, world

PRINT = ':'.join(['4A'] * 32)
PROFILES = {'plain': 'RTP/AVP', 'any': 'RTP/AVP', 'opportunistic': 'RTP/AVP',
            'srtp': 'RTP/SAVP', 'dtls': 'UDP/TLS/RTP/SAVP'}
KEYS = ('AwWxx0pBCBjB0vTmHyXAtDyMzxdrYVgyNEmpMNEC',
        'BwWxx0pBCBjB0vTmHyXAtDyMzxdrYVgyNEmpMNEC')
CRYPTO = 'a=crypto:%d AES_CM_128_HMAC_SHA1_80 inline:%s\r\n'
SDES = CRYPTO % (1, KEYS[0])
ICE = 'a=ice-ufrag:%s\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n'
DTLS = 'a=fingerprint:sha-256 %s\r\na=setup:%%s\r\n' % PRINT


def sdp(phone, *audio):
    """audio: (profile, lines) of each m-line"""
    port = phone.media_open()['rtp']
    return ('v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n' % (
        phone.host, phone.host)) + ''.join(
            'm=audio %d %s 0\r\na=rtpmap:0 PCMU/8000\r\n%s' % (
                port, profile, lines) for profile, lines in audio)


def media(body):
    """Its m-lines"""
    return [x for x in body.split('\r\n') if x.startswith('m=')]


def keys_in(body):
    return re.findall(r'a=crypto:(\d+) (\S+) inline:(\S+)', body)


def policy(server, what):
    server.holler('service', 'set', 'ptt', '--media-security', what)


def policy_world(lab, what, *names):
    server = world(lab, *names)
    policy(server, what)
    for name in names:
        server.holler('subscription', 'set', name, '--start', 'subscribe',
                      '--inviter', 'terminal')
    return server


def taken(phone, target, *audio):
    """The answer's SDP to an INVITE that dials"""
    call = phone.dial_start(target, body=sdp(phone, *audio))
    r = phone.response(call['cseq'], call['callid'])
    expect(r.code == 200, r.start)
    call['final'] = r
    _, phone.leg = phone.dial_end(call)
    return r.body


def reinvite(phone, *audio, version=2):
    body = sdp(phone, *audio).replace('o=- 1 1', 'o=- 1 %d' % version)
    r = phone.in_dialog(phone.leg, 'INVITE',
                        ['Content-Type: application/sdp'], body)
    phone.request('ACK', phone.leg.target,
                  ['Route: ' + x for x in phone.leg.routes],
                  callid=phone.leg.callid, frm=phone.leg.luri,
                  to=phone.leg.ruri, totag=phone.leg.rtag,
                  cseq=phone.leg.cseq)
    return r


def accept(phone, invite, body):
    phone.reply(invite, 200, headers=[
        'Contact: ' + phone.contact(), 'Content-Type: application/sdp'],
        body=body)
    phone.receive(lambda m: m.method == 'ACK' and
                  m.get('call-id') == invite.get('call-id'), 'an ACK')
    phone.leg = phone.dialog(invite)


def test_offers_of_policies(lab):
    """P7: what the server offers is the service's; a changed policy makes
    those legs anew that it does not allow, and says why one is refused"""
    server = world(lab, 'alice')
    alice = Phone(server, 'alice')
    inv = alice.invited()
    for what in ('any', 'srtp', 'plain', 'opportunistic', 'dtls'):
        expect('m=audio' in inv.body and
               media(inv.body)[0].split()[2] == PROFILES[what if what != 'any'
                                                         else 'any'], inv.body)
        keys = keys_in(inv.body)
        expect(bool(keys) == (what in ('opportunistic', 'srtp')), inv.body)
        expect(('a=setup:actpass' in inv.body) == (what == 'dtls') ==
               ('a=ice-lite' in inv.body) == ('a=rtcp-mux' in inv.body),
               inv.body)
        if what == 'dtls':
            break
        key = SDES if keys else ''
        if keys:
            key = CRYPTO % (2, KEYS[0])
            expect([x[0] for x in keys] == ['1', '2', '3'] and
                   len({x[2] for x in keys}) == 3, keys)
        accept(alice, inv, sdp(alice, (PROFILES[what], key)))
        server.until_leg('alice')
        expect(server.leg('alice')['security'] == (
            'sdes' if keys else 'plain'), server.leg('alice'))
        after = {'any': 'srtp', 'srtp': 'plain', 'plain': 'opportunistic',
                 'opportunistic': 'dtls'}[what]
        policy(server, after)
        if what == 'plain':
            # It is allowed still: nothing ends until it comes afresh
            alice.never('BYE', 'ended though it conforms')
            alice.restart()
        alice.ended()
        inv = alice.invited()
    alice.reply(inv, 488, 'No DTLS Here')
    alice.receive(lambda m: m.method == 'ACK', 'its ACK')
    server.until_leg('alice', 'none')
    sub = subscription(server, 'alice')
    expect((sub['code'], sub['words']) == (488, 'No DTLS Here'), sub)
    expect('No DTLS Here' in server.holler('status')[1], 'not in status')


def test_refused_in_words(lab):
    """P7 P11: 488 says what the service needs, and in a Warning too"""
    server = policy_world(lab, 'plain', 'alice', 'bob')
    server.group('crew', 'bob')
    bob = Phone(server, 'bob')
    bad = SDES.replace('\r\n', '|1:4\r\n')
    for what, profile, lines, words in (
            ('plain', 'RTP/SAVP', SDES, 'this service has plain RTP only'),
            ('any', 'RTP/SAVP', bad,
             'no SRTP key of a usable suite is offered'),
            ('srtp', 'RTP/AVP', '', 'this service needs SRTP'),
            ('dtls', 'UDP/TLS/RTP/SAVP', DTLS % 'actpass',
             'this service needs DTLS-SRTP with ICE')):
        policy(server, what)
        call = bob.dial_start('crew', body=sdp(bob, (profile, lines)))
        r = bob.response(call['cseq'], call['callid'])
        expect((r.code, r.words) == (488, words), r.start)
        expect(r.get('warning') == '302 holler "%s"' % words,
               r.get('warning'))
        call['final'] = r
        bob.dial_end(call)


def test_unfit_answer_is_ended(lab):
    """P7: a terminal that answers SRTP without one of the keys is hung up,
    with the reason in words, and not rung again"""
    server = world(lab, 'alice')
    policy(server, 'srtp')
    alice = Phone(server, 'alice')
    accept(alice, alice.invited(), sdp(alice, ('RTP/SAVP', SDES.replace(
        'crypto:1', 'crypto:9'))))
    bye = alice.ended()
    expect('488' in bye.get('reason') and 'no key' in bye.get('reason'),
           bye.get('reason'))
    server.until_leg('alice', 'none')
    expect('no key' in subscription(server, 'alice')['words'], 'words')
    alice.never('INVITE', 'rung again')


def test_best_of_the_lines(lab):
    """P7: of several audio lines the one that is secured is taken, the others
    are refused in their places"""
    server = policy_world(lab, 'any', 'alice', 'bob')
    server.group('crew', 'bob')
    bob = Phone(server, 'bob')
    body = taken(bob, 'crew', ('RTP/AVP', ''), ('RTP/SAVP', SDES))
    lines = media(body)
    expect(lines[0] == 'm=audio 0 RTP/AVP 0' and
           re.match(r'm=audio [1-9]\d* RTP/SAVP 0', lines[1]), body)
    expect(len(keys_in(body)) == 1, body)
    leg = server.leg('bob')
    expect((leg['security'], leg['suite']) == (
        'sdes', 'AES_CM_128_HMAC_SHA1_80'), leg)


def test_reinvites(lab):
    """P7: the same key keeps ours, another renews it; a session that is
    secured does not lose that, and its profile stays"""
    server = policy_world(lab, 'any', 'alice', 'bob')
    server.group('crew', 'bob')
    bob = Phone(server, 'bob')
    first = taken(bob, 'crew', ('RTP/SAVP', SDES))
    ours = keys_in(first)
    same = reinvite(bob, ('RTP/SAVP', SDES))
    expect(same.code == 200 and keys_in(same.body) == ours, same.body)
    expect(same.body == first, 'nothing changed, and another SDP')
    other = reinvite(bob, ('RTP/SAVP', CRYPTO % (4, KEYS[1])), version=3)
    keys = keys_in(other.body)
    expect(other.code == 200 and keys[0][0] == '4' and
           keys[0][2] != ours[0][2], other.body)
    plain = reinvite(bob, ('RTP/AVP', ''), version=4)
    expect((plain.code, plain.words) == (
        488, 'the media of this session stays secured'), plain.start)
    leg = server.leg('bob')
    expect(leg['status'] == 'idle' and leg['security'] == 'sdes', leg)


def test_policy_ends_dialled(lab):
    """P7: a changed policy ends what was dialled under the old one too, if it
    does not allow that; what it allows goes on"""
    server = policy_world(lab, 'any', 'alice', 'bob')
    server.group('crew', 'alice', 'bob')
    alice, bob = Phone(server, 'alice'), Phone(server, 'bob')
    taken(alice, 'crew', ('RTP/AVP', SDES))
    taken(bob, 'crew', ('RTP/AVP', ''))
    policy(server, 'srtp')
    bob.ended()
    server.until(lambda s: server.bridge('crew')['members'] == 1,
                 'one member')
    alice.never('BYE', 'ended though it conforms')
    taken(bob, 'crew', ('RTP/SAVP', SDES))


def test_ice_restart(lab):
    """P7: credentials of ours are new for each leg and each restart of the
    terminal's, and only then"""
    server = policy_world(lab, 'any', 'alice', 'bob')
    server.group('crew', 'bob')
    bob = Phone(server, 'bob')
    line = ICE % 'aaaa' + DTLS % 'actpass' + 'a=rtcp-mux\r\n'
    bodies = [taken(bob, 'crew', ('UDP/TLS/RTP/SAVPF', line))]
    for n, ufrag in enumerate(('aaaa', 'bbbb')):
        r = reinvite(bob, ('UDP/TLS/RTP/SAVPF',
                           line.replace('aaaa', ufrag)), version=n + 2)
        expect(r.code == 200, r.start)
        bodies.append(r.body)
    pwds = [re.search(r'a=ice-pwd:(\S+)', x).group(1) for x in bodies]
    expect(pwds[0] == pwds[1] != pwds[2], pwds)
    for body in bodies:
        expect('a=ice-lite\r\n' in body and 'a=setup:passive' in body and
               body.count('a=candidate:') == 1 and 'a=rtcp-mux' in body,
               body)


def test_keys_are_nowhere(lab):
    """P7: no key is in the log or in a file; each leg has keys of its own"""
    server = world(lab, 'alice')
    policy(server, 'srtp')
    alice = Phone(server, 'alice')
    seen = []
    for _ in range(2):
        inv = alice.invited()
        seen += [x[2] for x in keys_in(inv.body)]
        accept(alice, inv, sdp(alice, ('RTP/SAVP', CRYPTO % (2, KEYS[0]))))
        server.until_leg('alice')
        alice.restart()
        alice.ended()
    alice.invited()
    expect(len(set(seen)) == 6, seen)
    text = '\n'.join(str(x) for x in server.log.having(lambda x: True))
    server.stop()
    data = b''.join(open(x, 'rb').read()
                    for x in glob.glob(server.state + '/*'))
    for key in seen + [KEYS[0]]:
        expect(key not in text, 'a key is in the log')
        expect(key.encode() not in data, 'a key is in a file')


def certificate(lab):
    """(file of a certificate, its key in FILE.key; its fingerprint)"""
    path = lab.path('terminal.pem')
    r = subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                        'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
                        '-subj', '/CN=terminal', '-keyout', path + '.key',
                        '-out', path], capture_output=True, text=True,
                       timeout=DEADLINE, check=False)
    expect(r.returncode == 0, r.stderr)
    r = subprocess.run(['openssl', 'x509', '-in', path, '-noout', '-sha256',
                        '-fingerprint'], capture_output=True, text=True,
                       timeout=DEADLINE, check=True)
    return path, r.stdout.strip().partition('=')[2]


def shake_hands(lab, phone, answer, cert):
    """openssl as the DTLS client of the phone"""
    port = int(re.search(r'm=audio (\d+)', answer).group(1))
    host = re.search(r'c=IN IP4 (\S+)', answer).group(1)
    mine = phone.media_open()['rtp']
    for sock in phone.media.values():
        sock.close()
    proc = Process(['openssl', 's_client', '-dtls1_2', '-connect',
                    '%s:%d' % (host, port), '-bind',
                    '%s:%d' % (phone.host, mine), '-use_srtp',
                    'SRTP_AES128_CM_SHA1_80', '-cert', cert, '-key',
                    cert + '.key'], 'openssl')
    lab.procs.append(proc)
    return proc


def test_certificate_of_the_sdp(lab):
    """P7 P14: who has the certificate of its SDP is secured; with another one
    the leg ends with BYE and words, once"""
    server = policy_world(lab, 'srtp', 'alice', 'bob')
    server.group('crew', 'alice', 'bob')
    cert, print_ = certificate(lab)
    line = DTLS.replace(PRINT, '%s') + 'a=rtcp-mux\r\n'
    bob, alice = Phone(server, 'bob'), Phone(server, 'alice')
    good = taken(bob, 'crew', ('UDP/TLS/RTP/SAVP', line % (print_,
                                                          'actpass')))
    expect('a=setup:passive' in good, good)
    expect(server.leg('bob')['suite'] is None, 'secured by nothing')
    shake_hands(lab, bob, good, cert)
    server.until(lambda s: server.leg('bob').get('suite') ==
                 'AES_CM_128_HMAC_SHA1_80', 'the leg secured')
    bad = taken(alice, 'crew', ('UDP/TLS/RTP/SAVP', line % (PRINT,
                                                           'active')))
    shake_hands(lab, alice, bad, cert)
    bye = alice.ended()
    expect('certificate is not that of the SDP' in bye.get('reason'),
           bye.get('reason'))
    alice.never('INVITE', 'rung after that')
    expect(server.leg('bob')['status'] == 'idle', 'the other leg')
    counters = server.status()['conference']['counters']
    expect(counters['insecure'] == 1 and counters['secured'] == 1, counters)
