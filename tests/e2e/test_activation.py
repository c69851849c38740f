# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is connected with whom, by every way to ask for it, and at the same
time (rows P6, P8, P9, P11, P12)"""
import itertools

from holler_test import expect
from plainphone import bridges, Phone, resource_list

GRANTED, TAKEN, IDLE = 1, 2, 5
NAMES = ('alice', 'bob', 'carol', 'dave')


def world(lab, *names, allow=True, conf=None):
    """Phones with an idle leg and a floor channel; they send no media, and
    are not to be missed for that, however slow the machine is"""
    conf = conf or {}
    conf['media'] = {'dead_idle_ms': 0, 'dead_bridged_ms': 0}
    server = lab.server(conf)
    server.users(*names, start='register', both=allow)
    server.sql("UPDATE service SET hang_ms = 60000;")
    server.until(lambda s: s['presence']['subscriptions_all'] == len(names),
                 'its users')
    phones = [Phone(server, n).auto(floor=True) for n in names]
    for n in names:
        server.until_leg(n)
    return (server, *phones)


def quiet(server, *phones):
    """Everybody out of every call"""
    for p in phones:
        if server.leg(p.user)['status'] == 'busy':
            p.remove(p.user)
    for p in phones:
        server.until_leg(p.user, 'idle')
    expect(bridges(server) == [], 'a call is left')


# --- REFER, every way

def out_of_dialog(p, who, sub, listed, params=''):
    headers, body = [], ''
    if not sub:
        headers.append('Refer-Sub: false')
    if listed:
        body = resource_list(*[p.aor(x) + params for x in who])
        headers += ['Refer-To: <cid:l@x>', 'Content-ID: <l@x>',
                    'Require: multiple-refer',
                    'Content-Type: application/resource-lists+xml']
    else:
        headers.append('Refer-To: <%s%s>' % (p.aor(who[0]), params))
    return p.ask('REFER', p.aor('ptt'), headers, body,
                 callid='r%d.%d' % (p.port, p.cseq))


def wanted_notify(p, r, sub):
    """RFC 3515, 4488: told how it went, or not, as it was asked for"""
    expect((r.get('refer-sub') == 'false') == (not sub), r.get('refer-sub'))
    if not sub:
        p.never('NOTIFY', 'a NOTIFY that was declined')
        return
    m = p.receive(lambda m: m.method == 'NOTIFY', 'the NOTIFY of a REFER')
    p.reply(m, 200)
    expect(m.get('event').startswith('refer') and
           m.get('content-type').startswith('message/sipfrag') and
           m.body.startswith('SIP/2.0 200') and
           'terminated' in m.get('subscription-state'), m.body)


def test_refer_forms(lab):
    """P6 P9 P12 REFER to one, to a list, to a group, to remove; each of them
    in the dialog and out of it, with and without its subscription"""
    server, a, b, c = world(lab, 'alice', 'bob', 'carol')
    server.group('crew', 'alice', 'bob')
    server.until(lambda s: any(x['name'] == 'crew' and x['members'] == 2
                               for x in s['conference']['bridges']), 'crew')

    def ask(inside, who, sub, listed, params=''):
        if inside:
            r = a.refer(*who, sub=sub, listed=listed, params=params)
        else:
            r = out_of_dialog(a, who, sub, listed, params)
        expect(r.code == 202, '%r: %s' % ((inside, who, sub, listed),
                                          r.start))
        wanted_notify(a, r, sub)

    for inside, sub in itertools.product((True, False), (True, False)):
        for listed in (False, True):
            ask(inside, ['bob'], sub, listed)
            expect(bridges(server) == [('private', ('alice', 'bob'))],
                   'one: %r' % ((inside, sub, listed),))
            ask(inside, ['alice'], sub, listed, ';method=BYE')
            quiet(server, a, b, c)
        ask(inside, ['bob', 'carol'], sub, True)
        expect(bridges(server) == [('adhoc', ('alice', 'bob', 'carol'))],
               'a list: %r' % ((inside, sub),))
        ask(inside, ['bob', 'carol'], sub, True, ';method=BYE')
        quiet(server, a, b, c)
        mark = server.log.mark()
        ask(inside, ['crew'], sub, False)
        expect(bridges(server) == [], 'a group is no call')
        server.log.wait(lambda x: x.get('subject') == 'group/crew' and
                        x.get('event') == 'activated', 'the group', mark)
        a.floor_until(GRANTED)


def test_refer_refused(lab):
    """P6 P11 every refusal of a REFER has its code and words; both ways"""
    server, a, _, c, d = world(lab, *NAMES, allow=False)
    server.holler('user', 'add', 'gone', '--password', 'x')
    server.holler('allow', 'add', 'alice', 'bob', 'carol', 'gone')
    server.holler('allow', 'add', 'carol', 'dave')
    server.group('crew', 'bob', 'carol')
    server.group('news', 'carol')
    server.holler('group', 'join', 'news', 'alice', '--listen-only')
    server.until(lambda s: s['presence']['groups'] == 2, 'groups')
    many = ['x%d' % i for i in range(33)]
    cases = (
        (['nobody'], False, 403, 'Not Allowed'),
        (['dave'], False, 403, 'Not Allowed'),
        (['crew'], False, 403, 'Not Allowed'),
        (['news'], False, 403, 'You May Only Listen In This Group'),
        (['alice'], False, 403, 'You Cannot Call Yourself'),
        (['gone'], False, 480, 'gone Is Not Available'),
        (['bob', 'dave'], True, 403, 'Not Allowed'),
        (['bob', 'crew'], True, 403, 'Not Allowed'),
        (many, True, 413, 'too many parties'),
        (['ptt'], False, 403, 'Not Allowed'))

    def both(who, listed, params=''):
        yield a.refer(*who, listed=listed, params=params)
        yield out_of_dialog(a, who, False, listed, params)

    for who, listed, code, words in cases:
        for r in both(who, listed):
            expect((r.code, r.words) == (code, words),
                   '%s: %s' % (who[:2], r.start))
    for r in both(['bob'], False, ';method=BYE'):
        expect((r.code, r.words) == (404, 'not in a call'), r.start)
    for r in both(['bob'], False, ';method=MESSAGE'):
        expect(r.code == 403, r.start)
    expect(c.refer('dave').code == 202, 'carol calls dave')
    for r in both(['carol'], False):
        expect((r.code, r.words) == (486, 'busy in another call'), r.start)
    expect(bridges(server) == [('private', ('carol', 'dave'))], 'theirs')
    expect(server.leg('alice')['status'] == 'idle', 'hers')
    # ..and with one who can be had it goes on
    r = a.refer('bob', 'carol')
    expect(r.code == 202, r.start)
    expect(('private', ('alice', 'bob')) in bridges(server), 'bob at least')
    d.never('BYE', 'dave was disturbed')


# --- parties

def test_parties_come_and_go(lab):
    """P8 P9 a private call grows and shrinks; who is removed is told"""
    server, a, b, c, d = world(lab, *NAMES)
    expect(a.refer('bob').code == 202, 'alice calls bob')
    b.floor_until(TAKEN)
    # Any party adds whom it may call
    expect(b.refer('carol').code == 202, 'bob adds carol')
    c.floor_until(TAKEN)
    expect(a.refer('dave').code == 202, 'alice adds dave')
    d.floor_until(TAKEN)
    expect(bridges(server) == [('adhoc', tuple(NAMES))], 'all four')
    expect(server.status()['conference']['counters']['calls'] == 1,
           'one call')
    # Only who made it removes others
    r = b.remove('carol')
    expect((r.code, r.words) == (
        403, 'only who made the call may remove others'), r.start)
    r = a.remove('carol')
    expect(r.code == 202, r.start)
    c.floor_until(IDLE)
    server.until_leg('carol', 'idle')
    c.never('BYE', 'the leg of who was removed was ended')
    expect(bridges(server) == [('adhoc', ('alice', 'bob', 'dave'))], 'three')
    r = a.remove('carol')
    expect((r.code, r.words) == (404, 'not in this call'), r.start)
    # Its maker leaves: the others go on, until one is left
    expect(a.remove('alice').code == 202, 'alice leaves')
    a.floor_until(IDLE)
    expect(bridges(server) == [('adhoc', ('bob', 'dave'))] or
           bridges(server) == [('private', ('bob', 'dave'))], 'two go on')
    r = b.remove('dave')
    expect(r.code in (202, 403), r.start)
    if r.code == 403:
        expect(b.remove('bob').code == 202, 'bob leaves')
    d.floor_until(IDLE)
    for n in NAMES:
        server.until_leg(n, 'idle')
    expect(bridges(server) == [], 'it has ended')


def test_added_needs_leave(lab):
    """P6 P9 who may not call somebody may not add them either"""
    server, a, b, *_ = world(lab, 'alice', 'bob', 'carol', allow=False)
    server.holler('allow', 'add', 'alice', 'bob', 'carol')
    server.until(lambda s: s['presence']['authorisations'] == 2, 'rules')
    expect(a.refer('bob').code == 202, 'a call')
    r = b.refer('carol')
    expect((r.code, r.words) == (403, 'Not Allowed'), r.start)
    expect(bridges(server) == [('private', ('alice', 'bob'))], 'the two')
    expect(a.refer('carol').code == 202, 'alice may')
    expect(bridges(server) == [('adhoc', ('alice', 'bob', 'carol'))], 'all')


def test_party_hangs_up(lab):
    """P8 a phone that hangs up leaves the call; two others go on"""
    server, a, b, c = world(lab, 'alice', 'bob', 'carol')
    expect(a.refer('bob', 'carol').code == 202, 'three')
    a.hang_up()
    server.until_leg('alice', 'none')
    expect(bridges(server)[0][1] == ('bob', 'carol'), 'two')
    b.hang_up()
    server.until_leg('carol', 'idle')
    expect(bridges(server) == [], 'none')
    c.never('BYE', 'carol was disturbed')


# --- at the same time

class Ask:
    """One phone's wish, by REFER or by dialling, sent when told to"""

    def __init__(self, phone, how, target):
        self.phone, self.how, self.target = phone, how, target
        self.call = phone.dial_ready(target) if how == 'INVITE' else None
        self.idle = phone.leg

    def send(self):
        if self.call:
            self.phone.dial_go(self.call)
        else:
            self.call = None
            self.sent = self.phone.refer_start(self.target)
        return self

    def answer(self):
        """(code, words)"""
        if self.how != 'INVITE':
            r = self.phone.response(*self.sent)
            return r.code, r.words
        r, dlg = self.phone.dial_end(self.call)
        if dlg:
            self.phone.leg = dlg
        return r.code, r.words

    def good(self, code):
        return code == (200 if self.how == 'INVITE' else 202)


def together(server, asks, order):
    for i in order:
        asks[i].send()
    answers = [x.answer() for x in asks]
    for x, (code, words) in zip(asks, answers):
        if x.how == 'INVITE' and x.good(code):
            x.phone.ended(x.idle, 'the end of the idle leg')
        expect(x.good(code) or (code >= 400 and words),
               '%s of %s: %d %s' % (x.how, x.phone.user, code, words))
    consistent(server, [x.phone for x in asks])
    return answers


def consistent(server, phones):
    """Nobody is in two calls, nobody's leg says what is not so"""
    found = [n for _, parties in bridges(server) for n in parties]
    expect(len(found) == len(set(found)), 'in two calls: %r' % found)
    for p in phones:
        want = 'busy' if p.user in found else 'idle'
        server.until_leg(p.user, want)
        expect(server.leg(p.user)['status'] == want, '%s is not %s' % (
            p.user, want))
        expect(p.in_dialog(p.leg, 'INFO').code == 200,
               p.user + ' has no leg')


def test_towards_each_other(lab):
    """P6 two who call each other at once are in one call, and both are told
    so; the first has the floor. REFER and INVITE, every order"""
    server, a, b = world(lab, 'alice', 'bob')
    calls = 0
    for ways in itertools.product(('REFER', 'INVITE'), repeat=2):
        for order in itertools.permutations(range(2)):
            asks = [Ask(a, ways[0], 'bob'), Ask(b, ways[1], 'alice')]
            before = server.status()['conference']['counters']['calls']
            mark = server.log.mark()
            answers = together(server, asks, order)
            what = '%r in order %r: %r' % (ways, order, answers)
            for x, (code, _) in zip(asks, answers):
                expect(x.good(code), what)
            expect(bridges(server) == [('private', ('alice', 'bob'))], what)
            calls = server.status()['conference']['counters']['calls']
            expect(calls == before + 1, '%s: %d calls were made' % (
                what, calls - before))
            if ways[0] == ways[1]:
                taken = server.log.wait(
                    lambda x: x.get('event') == 'taken', 'the floor', mark)
                expect(taken['subscriber'] == (a, b)[order[0]].user,
                       'the floor of the first: ' + what)
            quiet(server, a, b)


def test_three_in_a_ring(lab):
    """P6 P9 three who call each other round: every order, both ways"""
    server, a, b, c = world(lab, 'alice', 'bob', 'carol')
    for way in ('REFER', 'INVITE'):
        for order in itertools.permutations(range(3)):
            asks = [Ask(a, way, 'bob'), Ask(b, way, 'carol'),
                    Ask(c, way, 'alice')]
            answers = together(server, asks, order)
            found = bridges(server)
            what = '%s in order %r: %r, %r' % (way, order, answers, found)
            expect(len(found) == 1, what)
            if way == 'REFER':
                # Who is in a call adds: all of them are in it
                expect(found[0][1] == ('alice', 'bob', 'carol') or
                       any(x[0] == 486 for x in answers), what)
            quiet(server, a, b, c)


def test_called_while_calling(lab):
    """P6 P11 alice calls bob while bob calls carol: together, or busy"""
    server, a, b, c = world(lab, 'alice', 'bob', 'carol')
    for ways in itertools.product(('REFER', 'INVITE'), repeat=2):
        for order in itertools.permutations(range(2)):
            asks = [Ask(a, ways[0], 'bob'), Ask(b, ways[1], 'carol')]
            answers = together(server, asks, order)
            what = '%r in order %r: %r, %r' % (ways, order, answers,
                                               bridges(server))
            expect(asks[1].good(answers[1][0]), what)
            if not asks[0].good(answers[0][0]):
                expect(answers[0] == (486, 'busy in another call'), what)
            found = [p for _, p in bridges(server)]
            expect(len(found) == 1 and 'bob' in found[0] and
                   'carol' in found[0], what)
            quiet(server, a, b, c)
