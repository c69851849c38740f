# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor line of SDP by a scripted terminal: what is offered, answered and
holds (rows P10, X1; OMA PoC 1.0, TS 24.380 clause 14)."""
import re

from holler_test import expect
from plainphone import Phone, bridges
from terminal import Terminal, online
from test_dialog import SDP, dial, invited, ok, reoffer, take
from test_edge import world

# Offered parameters, and the line that answers them: alice has priority 5 in
# a group whose floor has a queue and can be taken away
OFFERS = (
    ('udp MCPTT', 'MCPTT mc_queueing;mc_priority=5;mc_granted;'
                  'mc_implicit_request',
     'udp MCPTT', 'MCPTT mc_queueing;mc_priority=5'),
    ('UDP MCPTT', 'MCPTT mc_priority=9\r\na=floorid:0 mstrm:audio',
     'UDP MCPTT', 'MCPTT mc_priority=5'),
    ('udp MCPTT', 'MCPTT mc_queueing;mc_priority=2',
     'udp MCPTT', 'MCPTT mc_queueing;mc_priority=2'),
    ('udp MCPTT', None, 'udp MCPTT', None),
    ('udp TBCP', 'TBCP queuing=1;tb_priority=3;timestamp=1',
     'udp TBCP', 'TBCP queuing=1;tb_priority=3;timestamp=1'),
    ('udp TBCP', 'TBCP queuing=0;tb_priority=1;timestamp=0',
     'udp TBCP', 'TBCP queuing=0;tb_priority=1;timestamp=0'),
    ('udp TBCP', 'TBCP queuing=1;priority=2',
     'udp TBCP', 'TBCP queuing=1;tb_priority=2;timestamp=0'),
    ('udp TBCP', None, 'udp TBCP', None),
    ('udp TBCP MCPTT', 'TBCP queuing=1;tb_priority=3;timestamp=0\r\n'
                       'a=fmtp:MCPTT mc_queueing',
     'udp MCPTT', 'MCPTT mc_queueing'),
)


def body_with(terminal, proto, params):
    """The terminal's SDP with that floor line"""
    head, _, _ = terminal.sdp().partition('m=application')
    port = terminal.media_open()['floor']
    line = 'm=application %d %s\r\n' % (port, proto)
    if params:
        line += 'a=fmtp:%s\r\n' % params
    return head + line


def floor_line(sdp):
    """(port, 'udp MCPTT', parameters or None)"""
    m = re.search(r'^m=application (\d+) (.*?)\r\n(?:a=fmtp:(.*?)\r\n)?', sdp,
                  re.M)
    expect(m, 'no floor line: ' + sdp)
    return int(m.group(1)), m.group(2), m.group(3)


def crew(lab):
    server = world(lab, 'alice', 'bob')
    server.group('crew', 'alice', 'bob')
    server.sql("UPDATE member SET priority = 5 WHERE subscriber = 'alice';")
    return server


def test_floor_line_answered(lab):
    """P10 X1 of each offered floor line what holds is answered, never more,
    and a terminal's next offers are answered alike"""
    server = crew(lab)
    a = Terminal(server, 'alice')
    a.register()
    for i, (proto, params, want, answer) in enumerate(OFFERS):
        r = dial(a, a.aor('ptt'), body=body_with(a, proto, params),
                 callid='leg%d' % i)
        expect(r.code == 200, '%s: %s' % (proto, r.start))
        port, got, said = floor_line(r.body)
        expect(port and (got, said) == (want, answer), '%s: %r' % (
            params, (port, got, said)))
        server.until(lambda s: server.leg('alice').get('floor') is True,
                     'its floor channel')


def test_no_floor_control(lab):
    """P10 a line that wants no floor control is answered so, and is silent"""
    server = crew(lab)
    a = Terminal(server, 'alice')
    a.register()
    r = dial(a, a.aor('ptt'), body=body_with(
        a, 'udp MCPTT', 'MCPTT mc_queueing;mc_no_floor_ctrl'))
    expect(floor_line(r.body)[1:] == ('udp MCPTT', 'MCPTT mc_no_floor_ctrl'),
           r.body)
    server.until_leg('alice')
    expect(server.leg('alice')['floor'] is False, 'it has no floor channel')


def test_floor_line_offered(lab):
    """P10 our INVITE says what we can; a later one the same, and asks for
    nothing; a refused line falls back"""
    server, a, inv = invited(lab, conf={'conference': {
        'session_expires_s': 4, 'min_se_s': 1}})
    m = re.search(r'^m=application \d+ udp TBCP MCPTT\r\n'
                  r'a=fmtp:TBCP queuing=1;tb_priority=1;timestamp=1\r\n'
                  r'a=fmtp:MCPTT mc_queueing;mc_priority=1\r$', inv.body,
                  re.M)
    expect(m, inv.body)
    dlg = take(a, inv, 'Session-Expires: 4;refresher=uac', 'Require: timer',
               body=body_with(a, 'udp MCPTT', 'MCPTT mc_queueing;'
                              'mc_priority=200'))
    expect(server.leg('alice')['floor'] is True, 'a floor channel')
    again = a.receive(lambda m: m.method == 'INVITE' and
                      m.get('call-id') == dlg.callid, 'a refresh')
    expect('mc_granted' not in again.body and 'mc_implicit' not in again.body,
           again.body)
    # It has none any more
    ok(a, again, 'Session-Expires: 4;refresher=uac', 'Require: timer',
       body=a.sdp(floor=False))
    server.until(lambda s: server.leg('alice')['floor'] is False, 'no floor')


def test_floor_refused_and_alone(lab):
    """P10 no floor line, or one of something else: keys; no audio: refused"""
    server = crew(lab)
    a = Terminal(server, 'alice')
    a.register()
    for i, line in enumerate(('udp MBCP', 'TCP/BFCP *')):
        r = dial(a, a.aor('ptt'), body=body_with(a, line, None),
                 callid='other%d' % i)
        expect(r.code == 200 and floor_line(r.body)[:2] == (0, line), r.body)
        expect(server.leg('alice')['floor'] is False, line)
    body = a.sdp().replace('m=audio %d' % a.media_open()['rtp'], 'm=audio 0')
    r = a.ask('INVITE', a.aor('ptt'), [SDP], body, callid='alone',
              to=a.aor('ptt'))
    expect(r.code == 488 and 'audio was refused' in r.get('warning'), r.start)


def floor_until(terminal, kind):
    """The next floor message of that subtype, acks wanted or not"""
    sock = terminal.media['floor']
    while True:
        data = sock.recv(2000)
        if data[0] & 0x0f == kind:
            return data


def test_floor_with_a_dialled_user(lab):
    """P10 X1 mc_implicit_request of an INVITE to a user: it is answered, the
    answer grants nothing, Floor Granted follows; a re-INVITE asks no more"""
    server = world(lab, 'alice', 'bob')
    a = Phone(server, 'alice')
    b = online(server, 'bob', floor=False)
    server.until_leg('bob')
    r, dlg = a.dial_end(a.dial_start('bob', body=body_with(
        a, 'udp MCPTT', 'MCPTT mc_queueing;mc_priority=5;mc_granted;'
        'mc_implicit_request')))
    expect(r.code == 200, r.start)
    expect(floor_line(r.body)[1:] == (
        'udp MCPTT', 'MCPTT mc_queueing;mc_priority=1;mc_implicit_request'),
        r.body)
    data = floor_until(a, 1)
    expect(data[8:12] == b'MCPT', data.hex())
    expect(bridges(server) == [('private', ('alice', 'bob'))], 'a call')
    r = reoffer(a, dlg, body_with(a, 'udp MCPTT', 'MCPTT mc_queueing;'
                                  'mc_granted;mc_implicit_request'))
    expect(floor_line(r.body)[2] == 'MCPTT mc_queueing', r.body)
    b.close()
