# SPDX-License-Identifier: GPL-3.0-or-later
"""sipp and sipsak, as Debian ships them: what others test SIP servers with."""
import os
import re
import socket
import subprocess

from holler_test import DEADLINE, expect, free_port, Process, Sip

HERE = os.path.dirname(os.path.abspath(__file__))
# What both take for granted: they strip the port, or never name it
SIP_PORT = 5060


def sipp_argv(server, *args, port=None):
    return ['sipp', '%s:%d' % (server.ip, server.port), '-i', '127.0.0.1',
            '-p', str(port or free_port('127.0.0.1')), '-nostdin',
            '-timeout', '%ds' % DEADLINE, *args]


def sipp(lab, server, *args, port=None):
    """(status, what it complained of)"""
    log = lab.path('sipp.log')
    r = subprocess.run(sipp_argv(server, '-trace_err', '-error_file', log,
                                 *args, port=port),
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       timeout=2 * DEADLINE, check=False)
    text = ''
    if os.path.exists(log):
        with open(log, encoding='utf-8', errors='replace') as f:
            text = f.read()
    return r.returncode, text


def sipsak(server, *args, user='', data=None):
    """(status, what it printed)"""
    uri = 'sip:%s%s' % (user and user + '@', server.ip)
    r = subprocess.run(['sipsak', *args, '-s', uri], input=data,
                       capture_output=True, timeout=2 * DEADLINE,
                       check=False)
    return r.returncode, r.stdout.decode('utf-8', 'replace')


def taken(port):
    """Somebody listens there"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.bind(('127.0.0.1', port))
            return False
        except OSError:
            return True


def alive(server):
    """A new terminal is served as if nothing had been"""
    sip = Sip(server)
    _, second = sip.register('alice', 'alicepw')
    expect(second and second[0] == 200, 'alice signs on: %r' % (second,))
    sip.close()


def test_sipp_stock_uac_is_refused(lab):
    """P2: sipp's own caller, a stranger without a password: 407 and no leg"""
    server = lab.server(port=SIP_PORT)
    server.users('alice')
    for service in ('service', 'alice', 'ptt'):
        status, errors = sipp(lab, server, '-sn', 'uac', '-m', '10', '-r',
                              '50', '-s', service)
        expect(status == 1, 'sipp ended with %d' % status)
        codes = re.findall(r"received 'SIP/2.0 (\d+)", errors)
        expect(codes and set(codes) == {'407'}, 'answers to %s: %r' % (
            service, codes))
    status = server.status()
    expect(status['presence']['counters']['challenged'] >= 30,
           status['presence']['counters'])
    expect(status['conference']['counters']['invites'] == 0 and
           not status['conference']['legs_up'], status['conference'])
    alive(server)


def test_sipp_stock_uas_gets_a_leg(lab):
    """P1 P2: sipp's own callee answers the leg, and the BYE at its end"""
    server = lab.server(port=SIP_PORT)
    server.users('alice')
    sip = Sip(server)
    _, second = sip.register('alice', 'alicepw', expires=600)
    expect(second[0] == 200, 'alice signs on: %r' % (second,))
    port = sip.port
    sip.close()
    uas = Process(sipp_argv(server, '-sn', 'uas', '-m', '1', port=port),
                  'sipp uas')
    lab.procs.append(uas)
    server.until(lambda s: taken(port), 'sipp at its port')
    server.holler('subscription', 'set', 'alice', '--start', 'register')
    server.until_leg('alice')
    server.holler('subscription', 'set', 'alice', '--disable')
    expect(uas.join() == 0, 'sipp ended with %d' % uas.popen.returncode)
    expect(not server.status()['conference']['legs_up'], 'a leg is left')


def test_sipp_a_hundred_legs(lab):
    """P1 P2: ten terminals sign on and make a hundred legs, with digest"""
    server = lab.server(port=SIP_PORT)
    names = ['user%d' % i for i in range(10)]
    users = lab.path('users.csv')
    with open(users, 'w', encoding='ascii') as f:
        f.write('SEQUENTIAL\n')
        for name in names:
            server.holler('user', 'add', name, '--password', name + 'pw',
                          '--md5-only')
            server.holler('subscription', 'set', name, '--inviter',
                          'terminal')
            f.write('%s;[authentication username=%s password=%spw]\n' % (
                name, name, name))
    port = free_port('127.0.0.1')
    status, errors = sipp(lab, server, '-sf',
                          os.path.join(HERE, 'sipp', 'register.xml'),
                          '-inf', users, '-m', '10', '-r', '50', port=port)
    expect(status == 0, 'signing on: %s' % errors[:2000])
    expect(server.status()['presence']['bindings'] == 10, 'ten bindings')
    status, errors = sipp(lab, server, '-sf',
                          os.path.join(HERE, 'sipp', 'leg.xml'), '-inf',
                          users, '-auth_uri', 'ptt@ptt.test', '-m', '100',
                          '-r', '50', '-l', '5', port=port)
    expect(status == 0, 'making legs: %s' % errors[:2000])
    status = server.status()
    expect(status['presence']['counters']['invites'] == 100,
           status['presence']['counters'])
    expect(not status['conference']['legs_up'], status['conference'])


def test_sipsak_options(lab):
    """P2: OPTIONS to the domain, a user, a service and nobody: 200, and what
    is allowed, accepted and supported"""
    server = lab.server(port=SIP_PORT)
    server.users('alice')
    for user in ('', 'alice', 'ptt', 'nobody'):
        status, out = sipsak(server, '-vv', user=user)
        expect(status == 0 and 'SIP/2.0 200 OK' in out, out)
        for name in ('Allow: INVITE, ', 'Accept: application/sdp',
                     'Supported: ', 'Allow-Events: presence'):
            expect(name in out, '%r is not in %s' % (name, out))
    # Max-Forwards 0: whoever is asked answers for itself (RFC 3261 s. 11)
    status, out = sipsak(server, '-T', user='alice')
    expect(status == 0 and 'SIP/2.0 200 OK' in out, out)


def test_sipsak_usrloc(lab):
    """P2: sipsak signs on by digest (it knows MD5 only), and off again"""
    server = lab.server(port=SIP_PORT)
    server.users('alice')
    server.holler('user', 'set', 'alice', '--md5-only')
    status, out = sipsak(server, '-U', '-i', '-u', 'alice', '-a',
                         'alicepw', '-x', '120',
                         '-C', 'sip:alice@127.0.0.1:9', user='alice')
    expect(status == 0, out)
    expect(server.status()['presence']['bindings'] == 1, out)
    status, out = sipsak(server, '-U', '-i', '-u', 'alice', '-a',
                         'alicepw', '-x', '0',
                         '-C', '*', user='alice')
    expect(status == 0, out)
    expect(server.status()['presence']['bindings'] == 0, out)
    status, out = sipsak(server, '-U', '-i', '-u', 'alice', '-a',
                         'wrong', user='alice')
    expect(status != 0, out)
    expect(server.status()['presence']['bindings'] == 0, out)


def test_sipsak_flood_and_random(lab):
    """P2: a flood, and a request that rots letter by letter: the server
    answers who comes afterwards"""
    server = lab.server(port=SIP_PORT)
    server.users('alice')
    status, out = sipsak(server, '-F', '-e', '5000', user='alice')
    expect(status == 0 and 'flood end reached' in out, out)
    alive(server)
    # It ends when an answer fails to come: a letter that hid the request
    sipsak(server, '-R', '-Z', '50', '-D', '4', user='alice')
    expect(server.proc.alive(), 'hollerd ended')
    alive(server)
