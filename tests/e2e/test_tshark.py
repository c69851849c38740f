# SPDX-License-Identifier: GPL-3.0-or-later
"""tshark, which has a decoder of its own for all that we say, is the judge."""
import os
import secrets
import signal
import socket
import subprocess
import time

from holler_test import DEADLINE, expect, Failure, Process, Skip
from test_phones import group_of_phones, say, talk_by_keys

DISCARD = 9


def knock(server, path):
    """Until the capture has what was sent until now: it says that it captures
    before it does, takes packets from the kernel in heaps, writes them now
    and then, and loses what it has not taken when it ends"""
    end = time.monotonic() + DEADLINE
    marks = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        while True:
            marks.append(secrets.token_bytes(32))
            sock.sendto(marks[-1], (server.ip, DISCARD))
            if os.path.exists(path):
                with open(path, 'rb') as pcap:
                    data = pcap.read()
                if any(x in data for x in marks):
                    return
            expect(time.monotonic() < end, 'the capture never came')
            time.sleep(0.1)


def capture(lab, server):
    """All that goes from and to the server's address, into a file"""
    path = lab.path('wire.pcap')
    # Which tshark would start, and leave behind when it is killed
    proc = Process(['dumpcap', '-i', 'lo', '-w', path, '-f',
                    'udp and host ' + server.ip], 'dumpcap')
    lab.procs.append(proc)
    try:
        proc.err.wait(lambda x: 'Capturing on' in x.get('text', ''),
                      'capturing')
    except Failure:
        if proc.alive():
            raise
        raise Skip('tshark may not capture here') from None
    knock(server, path)
    return proc, path


def capture_end(server, proc, path):
    """With all that was said until now"""
    knock(server, path)
    proc.popen.send_signal(signal.SIGINT)
    proc.join()


def judge(server, path, *args):
    """Lines that tshark prints of the capture"""
    r = subprocess.run(['tshark', '-r', path, '-d',
                        'udp.port==%d,sip' % server.port, *args],
                       capture_output=True, text=True, timeout=DEADLINE,
                       check=False)
    expect(r.returncode == 0, 'tshark: ' + r.stderr)
    return r.stdout.splitlines()


def test_tshark_finds_nothing_malformed(lab):
    """P1 P10: what is said to a handset, baresip and linphone (SIP, SDP, RTP,
    RTCP) is well-formed to a judge that is not ours"""
    server = lab.server()
    proc, path = capture(lab, server)
    speech = lab.speech('Front_Left')
    alice, bob, carol = group_of_phones(lab, server, play=speech)
    say(server, alice, 'crew', carol)
    talk_by_keys(server, bob, 'crew', speech, 'RFC 4733')
    for phone in (bob, carol, alice):
        phone.quit()
    capture_end(server, proc, path)
    ours = 'ip.src == %s' % server.ip
    for proto in ('sip', 'sdp', 'rtp', 'rtcp'):
        expect(judge(server, path, '-Y', '%s && %s' % (ours, proto)),
               'no %s of ours was captured' % proto)
    bad = judge(server, path, '-Y', '%s && (_ws.malformed || '
                '_ws.expert.severity == error)' % ours)
    expect(not bad, 'tshark objects: %r' % bad[:5])


def floor_scenario(server, sets):
    """All that floor control says, in both protocols. Mike and Mona speak
    MCPT, Tina and Tom TBCP; Lisa and Luke only listen"""
    mike, mona, tina, tom = (sets[x] for x in ('mike', 'mona', 'tina', 'tom'))

    def let_go(hs):
        hs.mark().send('release')
        server.until(lambda s: server.bridge('crew')['holder'] != hs.user,
                     'another holder')

    for first, second in ((mike, tina), (tina, mona)):
        first.mark().send('press')
        first.event('granted')
        second.mark().send('press')
        second.event('queued')
        second.send('queue')
        let_go(first)
        second.event('granted')
        second.mark()
        server.until(lambda s: server.bridge('crew')['holder'] == second.user,
                     'the holder')
        server.holler('floor', 'revoke', 'crew')
        second.event('revoked')
        second.send('release')
        server.until(lambda s: not server.bridge('crew')['holder'], 'nobody')
    for name in ('lisa', 'luke'):
        sets[name].mark().send('press')
        sets[name].event('denied')
        sets[name].send('release')
    for far in (mona, tom):
        far.mark()
        mike.mark().send('call ' + far.user)
        far.event('connected', uri='sip:mike@ptt.test')
        mike.event('activated')
        mike.send('hangup ' + far.user)
        far.event('disconnected')
        server.until_leg('mike')


# Subtypes that have to be there; the fifth bit asks for an Ack
POC1 = {'granted': 1, 'taken': 2, 'deny': 3, 'idle': 5, 'revoke': 6,
        'queue status': 9, 'disconnect': 11, 'connect': 15}
MCPT = {'granted': 1, 'taken': 2, 'deny': 3, 'idle': 5, 'revoke': 6,
        'queue position': 9}
MCPC = {'connect': 0, 'disconnect': 1}


def test_tshark_reads_the_floor(lab):
    """X1: every floor message of the server in a whole scenario, queue,
    pre-emption and sessions with it, is read by a judge that is not ours"""
    server = lab.server()
    names = ('mike', 'mona', 'tina', 'tom', 'lisa', 'luke')
    server.users(*names)
    server.group('crew', *names)
    server.sql("UPDATE member SET talk = 0 WHERE subscriber IN ('lisa',"
               " 'luke'); UPDATE service SET hang_ms = 300;")
    proc, path = capture(lab, server)
    sets = {}
    for name in names:
        proto = 'tbcp' if name in ('tina', 'tom', 'luke') else 'mcptt'
        sets[name] = lab.handset(server, name, options=('--floor', proto))
    for hs in sets.values():
        hs.ready()
    server.until(lambda s: server.bridge('crew')['members'] == len(names),
                 'all')
    floor_scenario(server, sets)
    for hs in sets.values():
        hs.quit()
    capture_end(server, proc, path)
    # The name of an RTCP APP packet
    ours = 'ip.src == %s && (%s)' % (
        server.ip, ' || '.join('udp.payload[8:4] == ' + ':'.join(
            '%02x' % x for x in name) for name in (b'PoC1', b'MCPT',
                                                   b'MCPC')))
    decode = []
    for port in set(judge(server, path, '-Y', ours, '-T', 'fields', '-e',
                          'udp.srcport')):
        decode += ['-d', 'udp.port==%s,rtcp' % port]
    rows = judge(server, path, *decode, '-Y', ours, '-T', 'fields',
                 '-e', 'rtcp.app.name', '-e', 'rtcp.app.subtype',
                 '-e', 'rtcp.length_check')
    seen = set()
    for row in rows:
        name, subtype, _ = row.split('\t')
        expect(name in ('PoC1', 'MCPT', 'MCPC'), 'not read: %r' % row)
        low = int(subtype) & (15 if name != 'PoC1' else 31)
        seen.add((name, 2 if (name, low) == ('PoC1', 18) else low))
    for name, table in (('PoC1', POC1), ('MCPT', MCPT), ('MCPC', MCPC)):
        for what, subtype in table.items():
            expect((name, subtype) in seen, 'no %s %s, but %r' % (
                name, what, sorted(seen)))
    bad = judge(server, path, *decode, '-Y', '%s && (_ws.malformed || '
                'rtcp.length_check == 0)' % ours)
    expect(not bad, 'tshark objects: %r' % bad[:5])
