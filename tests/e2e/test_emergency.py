# SPDX-License-Identifier: GPL-3.0-or-later
"""Emergencies: declared by a request or a MESSAGE, told to all, kept, written
down, and ended by somebody (row X2)"""
import json
import os
import re
import subprocess

from holler_test import expect
from mcpt import EMERGENCY, NORMAL, Floor
from terminal import Terminal, ports_of
from test_conference import FAST, ask, focus_of

INFO = 'Content-Type: application/vnd.3gpp.mcptt-info+xml'
BODY = ('<?xml version="1.0" encoding="UTF-8"?><mcpttinfo xmlns="urn:3gpp:ns:'
        'mcpttInfo:1.0"><mcptt-Params><emergency-ind type="Normal">'
        '<mcpttBoolean>%s</mcpttBoolean></emergency-ind></mcptt-Params>'
        '</mcpttinfo>')


class Radio(Terminal):
    """A terminal whose floor channel speaks MCPT, and is written by hand"""

    def __init__(self, server, user, ssrc):
        super().__init__(server, user)
        expect(self.register().code == 200, 'not registered')
        r, self.sub = self.subscribe()
        expect(r.code == 200, 'not subscribed')
        self.notify(self.sub)
        invite = self.invited()
        self.leg = self.answer(invite)
        self.ports = ports_of(invite.body)
        self.floor = Floor(self, ssrc)

    def sdp(self, floor=True):
        return super().sdp(floor).replace(
            'udp TBCP\r\na=fmtp:TBCP queuing=0;tb_priority=1;timestamp=0',
            'udp MCPTT\r\na=fmtp:MCPTT mc_queueing;mc_priority=5')

    def message(self, value, content=INFO):
        return self.in_dialog(self.leg, 'MESSAGE', [content],
                              BODY % value if value else '').code


def crew(lab):
    server = lab.server(conf=FAST)
    server.users('alice', 'bob', 'carol')
    server.group('crew', 'alice', 'bob', 'carol')
    radios = [Radio(server, name, 7 + i) for i, name in
              enumerate(('alice', 'bob', 'carol'))]
    server.until(lambda s: server.bridge('crew')['members'] == 3, 'three')
    return (server, *radios)


def audit(server):
    """Lines of the audit trail, once it has been written"""
    server.until(lambda s: s['store']['queued'] == s['store']['written'],
                 'all written')
    r = subprocess.run(
        ['sqlite3', '-separator', ' ', os.path.join(
            os.path.dirname(server.db), 'state.db'),
         "SELECT actor, action, object FROM audit WHERE"
         " action IN ('emergency declare', 'emergency end');"],
        capture_output=True, text=True, check=True)
    return r.stdout.splitlines()


def emergency(server):
    return server.bridge('crew')['emergency']


def in_emergency(m):
    return m.indicator & EMERGENCY


def calm(m):
    return not m.indicator & EMERGENCY


def test_emergency_breaks_in(lab):
    """X2: who calls for help has the floor at once, and all are told so until
    it is ended"""
    server, alice, bob, carol = crew(lab)
    bob.floor.press()
    bob.floor.hear('granted', calm)
    carol.floor.hear('taken', calm)
    alice.floor.press(EMERGENCY)
    revoke = bob.floor.hear('revoke', in_emergency)
    expect(revoke.u16(2) == 4, 'not pre-empted: %r' % revoke)
    bob.floor.say('release')
    alice.floor.hear('granted', in_emergency)
    taken = carol.floor.hear('taken', lambda m: 'alice' in m.talker)
    expect(in_emergency(taken), 'Taken without emergency: %r' % taken)
    expect(emergency(server)['by'] == 'alice', 'not alice\'s')
    expect(server.bridge('crew')['tier'] == 'emergency', 'not urgent')
    # It goes on after her burst, and in what others say
    alice.floor.say('release')
    carol.floor.hear('idle', in_emergency)
    bob.floor.press()
    carol.floor.hear('taken', lambda m: 'bob' in m.talker and
                     in_emergency(m))
    bob.floor.say('release')
    # Who declared it ends it
    expect(bob.message('false') == 403, 'bob has ended it')
    expect(emergency(server), 'it has ended')
    expect(alice.message('false') == 200, 'alice has not')
    carol.floor.hear('idle', calm)
    server.until(lambda s: emergency(server) is None, 'the end')
    expect(alice.message('false') == 200, 'twice is once')
    expect(audit(server) == ['alice emergency declare group/crew',
                             'alice emergency end group/crew'],
           audit(server))


def test_emergency_by_message(lab):
    """X2: without a word; a dispatcher who watches is told; an operator ends
    it; all of it is written down"""
    server, alice, bob, carol = crew(lab)
    r, watch = ask(carol, focus_of('carol'))
    expect(r.code == 200, r.start)
    watch.next()
    expect('<emergency' not in watch.bodies[-1], watch.bodies[-1])
    expect(alice.message('true') == 200, 'not declared')
    bob.floor.hear('idle', in_emergency)
    expect(alice.message('true') == 200, 'a repeat is none')
    watch.until(lambda w: '<emergency xmlns="urn:holler:conference-info" '
                'by="sip:alice@ptt.test"/>' in w.bodies[-1], 'the emergency')
    listed = server.holler('emergency', 'list')[1].splitlines()
    expect(len(listed) == 2 and 'crew' in listed[1] and 'alice' in listed[1],
           listed)
    expect(re.search(r' \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$', listed[1]) and
           'since' in listed[0].split(), listed)
    rows = json.loads(server.holler('emergency', 'list', '--json')[1])
    expect(isinstance(rows[0]['since_utc_ms'], int), rows)
    server.holler('emergency', 'end', 'crew')
    bob.floor.hear('idle', calm)
    watch.until(lambda w: '<emergency' not in w.bodies[-1], 'its end')
    expect(emergency(server) is None, 'it goes on')
    words = server.holler('emergency', 'end', 'crew', ok=False)[2]
    expect('no group or call of that name' in words, words)
    # What cannot be read
    expect(alice.message('maybe') == 400, 'a value that is none')
    expect(alice.message('', 'Content-Type: text/plain') == 415, 'text')


def table(server, title):
    """Rows of that table of holler status, as dicts by the words of its head;
    its columns are two blanks apart"""
    lines = server.holler('status')[1].splitlines()
    at = [i for i, x in enumerate(lines) if x.startswith(title + ': ')]
    rows = []
    for line in lines[at[0] + 1:] if at else []:
        if not line:
            break
        rows.append(re.split('  +', line))
    return [dict(zip(rows[0], x)) for x in rows[1:]]


def test_status_tells_the_operator(lab):
    """X2: the text of holler status says how urgently, how long still, who
    waits in which order, and who is in an emergency; else nothing of it"""
    server, alice, bob, carol = crew(lab)
    server.sql("UPDATE talkgroup SET max_talk_ms = 3600000;"
               "UPDATE floor_policy SET preempt = 0;")
    server.log.wait(lambda x: x.get('event') == 'floor policy', 'the policy')
    expect(list(table(server, 'bridges')[0]) ==
           ['bridge', 'kind', 'members', 'policy', 'floor'], 'columns')
    expect('EMERGENCIES' not in server.holler('status')[1], 'calm')
    alice.floor.press(NORMAL)
    alice.floor.hear('granted')
    for n, radio in enumerate((bob, carol), 1):
        radio.floor.press(NORMAL)
        server.until(lambda s: len(server.bridge('crew')['queue']) == n,
                     '%d who wait' % n)
    row = table(server, 'bridges')[0]
    expect(row['floor'] == 'alice' and row['left'] == '3600 s' and
           row['waiting'] == 'bob, carol' and 'tier' not in row, row)
    carol.floor.press(EMERGENCY)
    server.until(lambda s: emergency(server), 'the emergency')
    there = table(server, 'EMERGENCIES')
    expect(len(there) == 1 and there[0]['group'] == 'crew' and
           there[0]['by'] == 'carol', there)
    server.until(lambda s: server.bridge('crew')['queue'][0]['subscriber'] ==
                 'carol', 'who is first')
    row = table(server, 'bridges')[0]
    expect(row['waiting'] == 'carol (emergency), bob', row)
    alice.floor.say('release')
    carol.floor.hear('granted', in_emergency)
    server.until(lambda s: server.bridge('crew')['holder'] == 'carol', 'her')
    expect(table(server, 'bridges')[0]['tier'] == 'emergency', 'how urgently')


def test_emergency_is_kept(lab):
    """X2: an emergency outlives a crash of the server"""
    server, alice, bob, carol = crew(lab)
    expect(alice.message('true') == 200, 'not declared')
    server.until(lambda s: s['store']['queued'] == s['store']['written'],
                 'all written')
    server.kill()
    server.start()
    server.until(lambda s: s['conference']['node'], 'the server')
    expect('alice' in server.holler('emergency', 'list')[1], 'forgotten')
    expect(table(server, 'EMERGENCIES')[0]['group'] == 'crew', 'not shown')
    bob.register()
    dave = Radio(server, 'bob', 99)
    dave.floor.hear('idle', in_emergency)
    server.holler('emergency', 'end', 'crew')
    dave.floor.hear('idle', calm)


def test_emergency_who_may(lab):
    """X2: who may not, or a group that knows none: a normal request"""
    server, alice, bob, carol = crew(lab)
    server.sql("UPDATE member SET emergency = 0 WHERE subscriber = 'alice';")
    server.until(lambda s: alice.message('true') == 403, 'a refusal')
    alice.floor.press(EMERGENCY)
    alice.floor.hear('granted', calm)
    bob.floor.hear('taken', calm)
    alice.floor.say('release')
    expect(emergency(server) is None, 'declared by who may not')
    server.sql('UPDATE floor_policy SET emergency = 0;')
    server.until(lambda s: bob.message('true') == 403, 'a refusal')


def test_emergency_of_somebody(lab):
    """X2: of who is anonymous nobody is told, nor when they have gone"""
    server, alice, bob, carol = crew(lab)
    server.sql("UPDATE subscription SET anonymous = 1"
               " WHERE subscriber = 'alice';")
    r, watch = ask(carol, focus_of('carol'))
    expect(r.code == 200, r.start)
    watch.next()
    expect(alice.message('true') == 200, 'not declared')
    watch.until(lambda w: '<emergency' in w.bodies[-1], 'the emergency')
    expect(alice.in_dialog(alice.leg, 'BYE').code == 200, 'not left')
    watch.until(lambda w: '<user-count>2<' in w.bodies[-1], 'who has left')
    expect('<emergency' in watch.bodies[-1], 'it has ended')
    expect(not any('by="' in b for b in watch.bodies), 'who it was was told')


def test_emergency_of_who_waits(lab):
    """X2: who waits first in line and calls for help is there once"""
    server, alice, bob, carol = crew(lab)
    alice.floor.press(EMERGENCY)
    alice.floor.hear('granted')
    for indicator, tier in ((NORMAL, 'normal'), (EMERGENCY, 'emergency')):
        bob.floor.press(indicator)
        server.until(lambda s: [
            (w['subscriber'], w['tier']) for w in server.bridge('crew')['queue']
        ] == [('bob', tier)], 'bob, who waits once, ' + tier)
    bob.floor.say('release')
    server.until(lambda s: not server.bridge('crew')['queue'], 'nobody')


def test_emergency_of_a_call(lab):
    """X2: an operator ends that of a call by the name that is listed"""
    server, alice, bob, carol = crew(lab)
    r = alice.in_dialog(alice.leg, 'REFER', [
        'Refer-To: <sip:bob@ptt.test>', 'Refer-Sub: false'])
    expect(r.code == 202, r.start)
    expect(alice.message('true') == 200, 'not declared')
    words = server.holler('emergency', 'list')[1].split()
    name = [w for w in words if w.startswith('call/')][0]
    server.holler('emergency', 'end', name)
    expect('alice' not in server.holler('emergency', 'list')[1], 'goes on')


def test_emergency_of_a_group_that_is_removed(lab):
    """X2: it ends with its group, and another of that name is in none"""
    server, alice, bob, carol = crew(lab)
    expect(alice.message('true') == 200, 'not declared')
    server.holler('group', 'remove', 'crew')
    server.until(lambda s: 'crew' not in
                 server.holler('emergency', 'list')[1], 'its end')
    expect(any('emergency end group/crew' in line for line in audit(server)),
           'its end is not written down')
    server.group('crew', 'alice', 'bob')
    alice.floor.hear('idle', calm)


def test_floor_taken_by_an_operator(lab):
    """X2: a dispatcher takes the floor from who talks"""
    server, alice, bob, carol = crew(lab)
    r = server.holler('floor', 'revoke', 'crew', ok=False)
    expect(r == (1, '', 'holler: nobody talks there'), r)
    alice.floor.press(NORMAL)
    alice.floor.hear('granted')
    server.until(lambda s: server.bridge('crew')['holder'] == 'alice', 'her')
    server.holler('floor', 'revoke', 'crew')
    expect(alice.floor.hear('revoke').u16(2) == 4, 'not pre-empted')
    alice.floor.say('release')
    bob.floor.hear('idle')
    words = server.holler('floor', 'revoke', 'nobodys', ok=False)[2]
    expect('no group or call of that name' in words, words)


def test_floor_of_a_call_taken_by_an_operator(lab):
    """X2: ..in a call, too, by the name that the status shows"""
    server, alice, bob, carol = crew(lab)
    r = alice.in_dialog(alice.leg, 'REFER', [
        'Refer-To: <sip:bob@ptt.test>', 'Refer-Sub: false'])
    expect(r.code == 202, r.start)
    status = server.until(lambda s: any(
        b['kind'] == 'private' and b.get('holder') == 'alice'
        for b in s['conference']['bridges']), 'her floor')
    name = [b['name'] for b in status['conference']['bridges']
            if b['kind'] == 'private'][0]
    server.holler('floor', 'revoke', name)
    expect(alice.floor.hear('revoke').u16(2) == 4, 'not pre-empted')
    server.until(lambda s: any(
        b['name'] == name and not b.get('holder')
        for b in s['conference']['bridges']), 'that it is free')
