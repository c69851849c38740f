# SPDX-License-Identifier: GPL-3.0-or-later
"""Conference event package (RFC 4575): who is in the leg's bridge, who talks.

Documents are read by Python's own XML parser, and merged as section 4.6 of the
RFC tells a subscriber to: a gap in the versions fails the test.
"""
import re
import secrets
import xml.etree.ElementTree as ET

from holler_test import expect
from phones import Linphone
from terminal import Dialog, Terminal, online, uri_of

NS = '{urn:ietf:params:xml:ns:conference-info}'
FAST = {'conference': {'focus_notify_ms': 50}}


class Watch:
    """A subscription to a conference as its terminal has it"""

    def __init__(self, terminal, dialog, event='conference'):
        self.terminal = terminal
        self.dialog = dialog
        self.event = event
        self.version = None
        self.cseq = 0
        self.users = {}
        self.display = None
        self.count = None
        self.state = ''
        self.bodies = []

    def apply(self, notify):
        expect(notify.get('event') == self.event, 'Event: %s' %
               notify.get('event'))
        expect(re.fullmatch(r'<sip:leg\+[a-z]+@ptt\.test>;isfocus',
                            notify.get('contact')),
               'Contact: ' + notify.get('contact'))
        self.state = notify.get('subscription-state')
        if not notify.body:
            return
        self.bodies.append(notify.body)
        expect(notify.get('content-type') ==
               'application/conference-info+xml', 'another Content-Type')
        root = ET.fromstring(notify.body)
        expect(root.tag == NS + 'conference-info', root.tag)
        version = int(root.get('version'))
        expect(self.version in (None, version - 1),
               'version %d after %s' % (version, self.version))
        self.version = version
        if root.get('state') == 'deleted':
            self.users = {}
            self.display = 'deleted'
            return
        self.display = root.findtext('%sconference-description/'
                                     '%sdisplay-text' % (NS, NS))
        self.count = int(root.findtext('%sconference-state/%suser-count' % (
            NS, NS)))
        users = root.find(NS + 'users')
        expect(users.get('state') == root.get('state'), 'users\' state')
        if root.get('state') == 'full':
            self.users = {}
        for user in users:
            self.user(user)

    def user(self, user):
        name = re.fullmatch(r'sip:([a-z]+)@ptt\.test',
                            user.get('entity')).group(1)
        if user.get('state') == 'deleted':
            expect(self.users.pop(name, None), name + ' left twice')
            return
        point = user.find(NS + 'endpoint')
        expect(point.findtext(NS + 'status') == 'connected', 'not connected')
        expect(point.findtext(NS + 'joining-method') in (
            'dialed-in', 'dialed-out'), 'joining-method')
        media = point.find(NS + 'media')
        expect(media.findtext(NS + 'type') == 'audio', 'no audio')
        self.users[name] = media.findtext(NS + 'status')

    def next(self):
        notify = self.terminal.notify(
            self.dialog, match=lambda m: m.get('event') == self.event)
        # A late answer has the NOTIFY repeated
        if notify.cseq[0] > self.cseq:
            self.cseq = notify.cseq[0]
            self.apply(notify)
        else:
            self.next()
        return self

    def until(self, cond, what):
        while not cond(self):
            expect('terminated' not in self.state, 'ended without ' + what)
            self.next()
        return self

    def until_users(self, **users):
        return self.until(lambda w: w.users == users, '%r, but with %r' % (
            users, self.users))

    def refresh(self, expires, headers=()):
        return self.terminal.in_dialog(self.dialog, 'SUBSCRIBE', [
            'Event: ' + self.event, 'Expires: %d' % expires, *headers])


def focus_of(name):
    return 'sip:leg+%s@ptt.test' % name


def ask(terminal, uri, expires=600, event='conference', headers=()):
    """SUBSCRIBE out of any dialog: (response, Watch or None)"""
    callid = secrets.token_hex(8)
    r = terminal.ask('SUBSCRIBE', uri, ['Event: ' + event,
                                        'Expires: %d' % expires, *headers],
                     callid=callid, to=uri)
    if r.code != 200:
        return r, None
    dialog = Dialog(callid, terminal.tag, r.tag('to'), terminal.aor(), uri,
                    uri_of(r.get('contact')),
                    list(reversed(r.all('record-route'))), terminal.cseq)
    return r, Watch(terminal, dialog, event)


def ask_in_leg(terminal, expires=600, event='conference', headers=()):
    """The same in the leg's dialog"""
    r = terminal.in_dialog(terminal.leg, 'SUBSCRIBE', [
        'Event: ' + event, 'Expires: %d' % expires, *headers])
    return r, Watch(terminal, terminal.leg, event)


def crew(lab, *names, conf=None):
    server = lab.server(conf or FAST)
    server.users(*names)
    server.group('crew', *names, display='Blue & <green>')
    return server


def test_p9_roster_in_and_out_of_the_dialog(lab):
    """P9: join, talk and leave are told in the leg's dialog and out of it"""
    server = crew(lab, 'alice', 'bob', 'carol')
    alice = online(server, 'alice')
    expect(alice.leg.target == focus_of('alice'), 'Contact of the INVITE is '
           + alice.leg.target)
    r, inside = ask_in_leg(alice, event='conference;id=7')
    expect(r.code == 200, r.start)
    expect(uri_of(r.get('contact')) == focus_of('alice'), 'Contact')
    inside.event = 'conference;id=7'
    inside.next().until_users(alice='recvonly')
    expect(inside.display == 'Blue & <green>', 'named %r' % inside.display)
    expect(re.fullmatch(r'active;expires=(600|59\d)', inside.state),
           inside.state)

    # As linphone does it: no Accept, the URI of the Contact
    r, outside = ask(alice, focus_of('alice'))
    expect(r.code == 200, r.start)
    outside.next().until_users(alice='recvonly')

    # A different NOTIFY on the same Call-ID is the other subscription's
    watches = (inside, outside)
    bob = lab.handset(server, 'bob').ready()
    for w in watches:
        w.until_users(alice='recvonly', bob='recvonly')
        expect(w.count == 2, 'counted %d' % w.count)
    carol = lab.handset(server, 'carol').ready()
    for w in watches:
        w.until_users(alice='recvonly', bob='recvonly', carol='recvonly')
    bob.mark().send('press')
    bob.event('granted')
    for w in watches:
        w.until_users(alice='recvonly', bob='sendrecv', carol='recvonly')
    bob.send('release')
    for w in watches:
        w.until_users(alice='recvonly', bob='recvonly', carol='recvonly')
    carol.quit()
    for w in watches:
        w.until_users(alice='recvonly', bob='recvonly')

    status = server.status()['conference']
    expect(status['focus']['subscriptions'] == 2, status['focus'])
    expect(server.leg('alice')['subscriptions'] == 2, 'of the leg')

    # A refresh tells all anew; an end is confirmed by a last NOTIFY
    r = outside.refresh(300)
    expect(r.code == 200 and r.get('expires') == '300', r.start)
    outside.next()
    expect('state="full"' in outside.bodies[-1], outside.bodies[-1])
    r = outside.refresh(0)
    expect(r.code == 200 and r.get('expires') == '0', r.start)
    outside.until(lambda w: w.state == 'terminated;reason=timeout', 'an end')
    expect(outside.refresh(0).code == 481, 'ended, and is still there')
    r = inside.refresh(0)
    expect(r.code == 200, r.start)
    inside.until(lambda w: 'terminated' in w.state, 'an end')
    expect(server.status()['conference']['focus']['subscriptions'] == 0,
           'subscriptions are left')
    # The leg's dialog is as it was
    expect(alice.in_dialog(alice.leg, 'OPTIONS').code == 200, 'OPTIONS')


def test_p9_fetch(lab):
    """P9: Expires 0 asks once"""
    server = crew(lab, 'alice')
    alice = online(server, 'alice')
    r, w = ask(alice, focus_of('alice'), expires=0)
    expect(r.code == 200, r.start)
    w.next()
    expect(w.users == {'alice': 'recvonly'} and
           w.state == 'terminated;reason=timeout', w.state)
    expect(server.status()['conference']['focus']['subscriptions'] == 0,
           'a fetch is left')


def test_p9_conference_refusals(lab):
    """P9: each refusal of a conference subscription has its code"""
    server = lab.server({'conference': {'focus_notify_ms': 50, 'focus_max': 3,
                                        'focus_leg_max': 2}})
    server.users('alice', 'bob', 'carol')
    alice, bob = online(server, 'alice'), online(server, 'bob')
    mine = focus_of('alice')

    for sub in (lambda **kw: ask(alice, mine, **kw),
                lambda **kw: ask_in_leg(alice, **kw)):
        r, _ = sub(event='dialog')
        expect(r.code == 489, r.start)
        expect('conference' in r.get('allow-events'), 'Allow-Events')
        r, _ = sub(headers=['Accept: application/pidf+xml'])
        expect(r.code == 406 and r.get('accept'), r.start)
        r, _ = sub(expires=10)
        expect(r.code == 423 and r.get('min-expires') == '60', r.start)
    r, _ = ask_in_leg(alice, headers=['Require: gizmo'])
    expect(r.code == 420 and r.get('unsupported') == 'gizmo', r.start)
    r, _ = ask(alice, 'sip:ptt@ptt.test')
    expect(r.code == 489, 'a service is no conference: ' + r.start)

    # Somebody else's and nobody's are the same to a stranger
    r, _ = ask(bob, mine)
    n, _ = ask(bob, focus_of('nobody'))
    expect(r.code == n.code == 403 and r.words == n.words,
           '%s; %s' % (r.start, n.start))
    # A token for one's own leg does not open another's dialog
    stolen = Dialog(alice.leg.callid, alice.leg.ltag, alice.leg.rtag,
                    alice.leg.luri, alice.leg.ruri, mine, bob.leg.routes, 90)
    r = bob.in_dialog(stolen, 'SUBSCRIBE', ['Event: conference'])
    expect(r.code in (403, 481), r.start)
    stolen.routes = alice.leg.routes
    r = bob.in_dialog(stolen, 'SUBSCRIBE', ['Event: conference'])
    expect(r.code == 403, r.start)
    # The right user, from elsewhere
    other = Terminal(server, 'alice')
    r, _ = ask(other, mine)
    expect(r.code == 403, r.start)
    # No dialog
    lost = Dialog('x1', 'a', 'b', alice.aor(), mine, mine, alice.leg.routes)
    r = alice.in_dialog(lost, 'SUBSCRIBE', ['Event: conference'])
    expect(r.code == 481, r.start)

    # Two of a leg, three of the node
    for _ in range(2):
        r, w = ask(alice, mine, headers=['Accept: text/plain, '
                                         'application/*;q=0.5'])
        expect(r.code == 200, r.start)
        w.next()
        # In no group: alone in a conference of no name
        expect(w.users == {'alice': 'inactive'} and w.count == 1 and
               w.display is None, w.bodies)
    r, _ = ask(alice, mine)
    expect(r.code == 403, r.start)
    r, _ = ask_in_leg(alice)
    expect(r.code == 403, r.start)
    r, b = ask(bob, focus_of('bob'))
    expect(r.code == 200, r.start)
    b.next()
    carol = online(server, 'carol')
    r, _ = ask(carol, focus_of('carol'))
    expect(r.code == 503 and r.get('retry-after'), r.start)
    expect(b.refresh(600).code == 200, 'a refresh at the bound')
    b.next()
    # A NOTIFY that finds no subscription at the terminal ends it here
    expect(b.refresh(600).code == 200, 'another refresh')
    bob.notify(b.dialog, answer=481)
    server.until(lambda s: s['conference']['focus']['lost'] == 1,
                 'a lost subscription')
    r, c = ask(carol, focus_of('carol'))
    expect(r.code == 200, r.start)
    c.next()


def test_p9_removed_member_is_told_no_more(lab):
    """P9: who is taken out of the group by SQL hears nothing of it any more"""
    server = crew(lab, 'alice', 'bob', 'carol')
    alice = online(server, 'alice')
    _, w = ask(alice, focus_of('alice'))
    bob = lab.handset(server, 'bob').ready()
    w.until_users(alice='recvonly', bob='recvonly')
    server.sql("DELETE FROM member WHERE subscriber='alice';")
    w.until(lambda w: 'state="full"' in w.bodies[-1] and w.count == 1,
            'being alone')
    expect(w.users == {'alice': 'inactive'} and w.display is None, w.users)

    # Everybody else of the group comes, talks, goes
    told = len(w.bodies)
    carol = lab.handset(server, 'carol').ready()
    carol.mark().send('press')
    carol.event('granted')
    carol.send('release')
    carol.quit()
    bob.quit()
    server.until(lambda s: not any(b['members'] for b in
                                   s['conference']['bridges']), 'the end')
    alice.none(lambda m: m.method == 'NOTIFY' and
               m.get('call-id') == w.dialog.callid, 'told of a strange group')
    # Even asked for anew it is alone
    expect(w.refresh(600).code == 200, 'refresh')
    w.next()
    expect(w.users == {'alice': 'inactive'} and len(w.bodies) == told + 1,
           w.bodies[-1])
    server.sql("INSERT INTO member(talkgroup, subscriber) "
               "VALUES('crew', 'alice');")
    w.until(lambda w: w.display == 'Blue & <green>', 'the group again')


def test_p6_call_hides_the_group_and_ends(lab):
    """P6: in a private call its parties are told, to them alone; then the
    group again"""
    server = crew(lab, 'alice', 'bob', 'carol')
    server.sql("UPDATE service SET hang_ms = 300;")
    alice, carol = online(server, 'alice'), online(server, 'carol')
    _, a = ask(alice, focus_of('alice'))
    _, c = ask(carol, focus_of('carol'))
    bob = lab.handset(server, 'bob').ready()
    for w in (a, c):
        w.until_users(alice='recvonly', bob='recvonly', carol='recvonly')
    r = alice.in_dialog(alice.leg, 'REFER', [
        'Refer-To: <sip:bob@ptt.test>', 'Refer-Sub: false',
        'Require: norefersub'])
    expect(r.code == 202, r.start)
    a.until(lambda w: w.display is None and set(w.users) == {'alice', 'bob'},
            'the call')
    expect(a.count == 2, 'counted %d' % a.count)
    a.until_users(alice='sendrecv', bob='recvonly')
    # The caller has no floor channel that releases: the talk limit is not
    # waited for, the party is removed
    r = alice.in_dialog(alice.leg, 'REFER', [
        'Refer-To: <sip:bob@ptt.test;method=BYE>', 'Refer-Sub: false'])
    expect(r.code == 202, r.start)
    a.until(lambda w: w.display == 'Blue & <green>' and len(w.users) == 3,
            'the group')
    # Carol heard of no call: the same three in the same group
    expect(c.refresh(600).code == 200, 'refresh')
    c.next().until(lambda w: set(w.users) == {'alice', 'bob', 'carol'},
                   'the same group')
    expect(all('sendrecv' not in b for b in c.bodies), 'who talked elsewhere')
    bob.quit()


def test_p9_leg_ends_and_server_restarts(lab):
    """P9: a subscription ends with its leg, and with the server's crash"""
    server = crew(lab, 'alice')
    alice = online(server, 'alice')
    _, w = ask(alice, focus_of('alice'))
    _, v = ask_in_leg(alice)
    w.next()
    v.next()
    expect(alice.in_dialog(alice.leg, 'BYE').code == 200, 'BYE')
    for one in (w, v):
        one.until(lambda w: w.state == 'terminated;reason=noresource',
                  'the end of the leg')
        expect(one.display == 'deleted' and not one.users, one.bodies[-1])
    r, _ = ask(alice, focus_of('alice'))
    expect(r.code == 480, 'without leg: ' + r.start)
    expect(w.refresh(600).code == 481, 'an ended subscription')

    # A new one, and a crash
    alice = online(server, 'alice')
    r, w = ask(alice, focus_of('alice'))
    expect(r.code == 200, r.start)
    w.next()
    old = w.dialog
    server.kill()
    server.start()
    inv = alice.receive(lambda m: m.method in ('BYE', 'INVITE'), 'a new leg')
    if inv.method == 'BYE':
        alice.reply(inv, 200)
        inv = alice.invited()
    expect(uri_of(inv.get('contact')) == focus_of('alice'), 'another focus')
    alice.leg = alice.answer(inv)
    server.until_leg('alice')
    expect(w.refresh(600).code == 481, 'a subscription of the last run')
    r, w = ask(alice, focus_of('alice'))
    expect(r.code == 200 and w.dialog.callid != old.callid, r.start)
    w.next()
    expect(w.users == {'alice': 'recvonly'}, w.users)


def test_p9_linphone_subscribes_by_itself(lab):
    """P9: linphone sees that its leg is a focus, and takes what it is told"""
    server = lab.server(FAST)
    server.users('alice', 'bob', start='register')
    server.group('crew', 'alice', 'bob')
    phone = Linphone(lab, server, 'alice').ready()
    server.until(lambda s: s['conference']['focus']['subscriptions'] == 1,
                 'linphone\'s subscription')
    bob = lab.handset(server, 'bob').ready()
    words = 'participant with address IdentityAddress(sip:bob@ptt.test) ' \
        '%%s conference IdentityAddress(%s)' % focus_of('alice')
    server.until(lambda s: 'Addition of ' + words % 'to' in phone.logged(),
                 'linphone adding a participant')
    bob.quit()
    server.until(lambda s: 'Removal of ' + words % 'from' in phone.logged(),
                 'linphone removing a participant')
    focus = server.status()['conference']['focus']
    expect(focus['subscriptions'] == 1 and not focus['lost'] and
           not focus['refused'], focus)
    phone.quit()
    server.until(lambda s: s['conference']['focus']['subscriptions'] == 0,
                 'the end of linphone\'s subscription')
