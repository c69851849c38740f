# SPDX-License-Identifier: GPL-3.0-or-later
"""The handset over TCP, TLS and IPv6: leg, speech, and what breaks."""
import os

from holler_test import Server, expect, expect_heard, free_port


def serve(lab):
    """A server on UDP, TCP, TLS and both families, with a group of two"""
    server = Server(lab)
    server.tls_port = free_port(server.ip)
    server.v6_port = free_port(server.ip)
    server.settings['sip']['listen'] = ', '.join((
        '%s:%d' % (server.ip, server.port),
        'tcp:%s:%d' % (server.ip, server.port),
        'tls:%s:%d' % (server.ip, server.tls_port),
        '[::1]:%d' % server.v6_port,
        'tcp:[::1]:%d' % server.v6_port))
    server.start()
    server.users('alice', 'bob', both=False)
    server.group('crew', 'alice', 'bob')
    return server


def tcp(server):
    return '--transport', 'tcp', '--server', '%s:%d' % (server.ip,
                                                        server.port)


def tls(server, ca=None):
    ca = ca or os.path.join(server.state, 'tls.crt')
    return ('--transport', 'tls', '--tls-ca', ca, '--server',
            '%s:%d' % (server.ip, server.tls_port))


def v6(server, transport='udp'):
    return ('--transport', transport, '--bind', '::1', '--server',
            '[::1]:%d' % server.v6_port)


def both(server):
    server.until(lambda s: any(
        b['name'] == 'crew' and b['members'] == 2
        for b in s['conference']['bridges']), 'the crew')


def conversation(lab, server, a, b):
    """Handsets with these options hear each other, one after the other"""
    speech = lab.speech('Front_Left', 'Rear_Center')
    alice = lab.handset(server, 'alice', play=speech, options=a)
    bob = lab.handset(server, 'bob', play=speech, options=b)
    for hs in (alice, bob):
        hs.ready()
    both(server)
    for hs, other in ((alice, bob), (bob, alice)):
        other.mark()
        hs.say()
        other.event('burst_heard')
        other.event('idle')
    for hs in (alice, bob):
        expect_heard(speech, hs.quit())


def test_tcp_and_tls(lab):
    """P1 P2: signalling over TCP here and TLS there; they hear each other"""
    server = serve(lab)
    conversation(lab, server, tcp(server), tls(server))


def test_ipv6(lab):
    """P1 P2: IPv6 over UDP and TCP, media too"""
    server = serve(lab)
    conversation(lab, server, v6(server), v6(server, 'tcp'))


def refused(hs, why):
    words = 'certificate is refused: ' + why
    hs.err.wait(lambda x: words in x.get('text', '').lower(), words)


def test_certificates(lab):
    """P14: a certificate of another domain or signer is not taken"""
    server = serve(lab)
    bob = lab.handset(server, 'bob', options=tls(server)).ready()
    # The same name, signed by itself, too, but another key
    stranger = serve(lab)
    other = lab.handset(server, 'alice', options=tls(
        server, os.path.join(stranger.state, 'tls.crt')))
    failed = other.event('register_failed')
    expect(failed['code'] == 0, failed)
    refused(other, 'self-signed certificate')
    foreign = lab.handset(server, 'alice',
                          options=tls(server) + ('--domain', 'other.test'))
    failed = foreign.event('register_failed')
    expect(failed['code'] == 0, failed)
    refused(foreign, 'hostname mismatch')
    careless = lab.handset(server, 'alice', options=(
        '--transport', 'tls', '--tls-insecure', '--server', '%s:%d' % (
            server.ip, server.tls_port)))
    careless.ready()
    bob.quit()


def test_connection_breaks(lab):
    """P1: kill -9 under a connection: registered again, with a leg"""
    server = serve(lab)
    speech = lab.speech('Side_Left')
    alice = lab.handset(server, 'alice', play=speech, options=tcp(server))
    bob = lab.handset(server, 'bob', options=tls(server))
    for hs in (alice, bob):
        hs.ready()
    both(server)
    for hs in (alice, bob):
        hs.mark()
    server.kill()
    for hs in (alice, bob):
        hs.event('connection_lost')
    server.start()
    for hs in (alice, bob):
        hs.event('registered')
        hs.event('leg_up')
    both(server)
    alice.say()
    bob.event('burst_heard')
    alice.quit()
    expect_heard(speech, bob.quit())
