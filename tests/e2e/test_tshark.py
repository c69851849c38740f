# SPDX-License-Identifier: GPL-3.0-or-later
"""tshark, which has a decoder of its own for all that we say, is the judge."""
import signal
import subprocess

from holler_test import DEADLINE, expect, Failure, Process, Skip
from test_phones import group_of_phones, say, talk_by_keys


def capture(lab, server):
    """All that goes from and to the server's address, into a file"""
    path = lab.path('wire.pcap')
    proc = Process(['tshark', '-i', 'lo', '-w', path, '-f',
                    'udp and host ' + server.ip], 'tshark')
    lab.procs.append(proc)
    try:
        proc.err.wait(lambda x: 'Capturing on' in x.get('text', ''),
                      'capturing')
    except Failure:
        if proc.alive():
            raise
        raise Skip('tshark may not capture here') from None
    return proc, path


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
    proc.popen.send_signal(signal.SIGINT)
    proc.join()
    ours = 'ip.src == %s' % server.ip
    for proto in ('sip', 'sdp', 'rtp', 'rtcp'):
        expect(judge(server, path, '-Y', '%s && %s' % (ours, proto)),
               'no %s of ours was captured' % proto)
    bad = judge(server, path, '-Y', '%s && (_ws.malformed || '
                '_ws.expert.severity == error)' % ours)
    expect(not bad, 'tshark objects: %r' % bad[:5])
