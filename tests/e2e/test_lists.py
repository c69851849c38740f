# SPDX-License-Identifier: GPL-3.0-or-later
"""Watching users and lists (RFC 3856, 4662, 5367, 6665; rows P5, P13)"""
import random
import re
import select
import time

import flows
from holler_test import expect
from phones import Baresip, Linphone
from terminal import Terminal, online
from watching import Watch, drain, name_of, pidf, publish, registered


def world(lab, *names, conf=None, allow=()):
    """Users who may see nobody but those that allow says: (who, whom)"""
    server = lab.server(conf)
    server.users(*names, both=False)
    for who, whom in allow:
        server.holler('allow', 'add', who, whom)
    server.until(lambda s: s['presence']['subscriptions_all'] == len(names) and
                 s['presence']['authorisations'] == len(allow), 'its users')
    return server


def rule(server, who, whom, see=1, call=1):
    server.sql("INSERT OR REPLACE INTO authorisation(subject, object, see, "
               "call) VALUES('%s', '%s', %d, %d);" % (who, whom, see, call))


def unrule(server, who, whom):
    server.sql("DELETE FROM authorisation WHERE subject = '%s' AND "
               "object = '%s';" % (who, whom))


def is_state(word):
    return lambda told: told.state.startswith(word)


# --- one user


def test_authorised_later(lab):
    """P13 pending; active by a rule; pending without it; rejected"""
    server = world(lab, 'alice', 'bob')
    b = online(server, 'bob')
    server.until_leg('bob')
    w = Watch(registered(server, 'alice'), 'bob')
    expect(w.r.code == 200, w.r.start)
    told = w.next()
    expect(told.state.startswith('pending;expires=') and not told.type,
           'nothing is told: ' + told.state)
    rule(server, 'alice', 'bob')
    told = w.until('bob', 'open')
    expect(told.state.startswith('active'), told.state)
    expect(b.register(expires=0).code == 200, 'bob leaves')
    w.until('bob', 'closed')
    b = online(server, 'bob')
    w.until('bob', 'open')
    unrule(server, 'alice', 'bob')
    told = w.next(match=is_state('pending'))
    expect(told.seen['bob'].status == 'closed', 'what was shown is void')
    # ..and not a word of what he does now
    before = len(w.told)
    expect(publish(b, pidf('open', note='secret')).code == 200, 'published')
    expect(b.register(expires=0).code == 200, 'bob leaves')
    expect(w.refresh().code == 200, 'the dialog lives')
    told = w.next()
    expect(is_state('pending')(told) and not told.seen, 'nothing again')
    expect(len(w.told) == before + 1, 'the refresh is all that was told')
    rule(server, 'alice', 'bob', see=0)
    told = w.next(match=is_state('terminated'))
    expect('reason=rejected' in told.state and not told.seen, told.state)
    expect(w.refresh().code == 481, 'it is over')
    w = Watch(w.t, 'bob')
    expect(w.r.code == 403, 'a rule says no: ' + w.r.start)


def scrubbed(m):
    """A message without what differs by chance"""
    text = m.start + '\n' + '\n'.join(
        '%s: %s' % f for f in m.fields
        if f[0] not in ('via', 'call-id', 'cseq', 'content-length'))
    text = re.sub(r'tag=[^\s;>]+|[0-9a-f]{16}@list|'
                  r'expires=\d+|holler-[0-9a-f]{16}', '#',
                  text + '\n' + m.body)
    return re.sub(r'127\.0\.0\.1:\d+', 'HERE', text)


def test_nobody_can_probe(lab):
    """P13 who does not exist and who may not be seen look the same, whatever
    is asked and whatever the other does"""
    server = world(lab, 'alice', 'bob')
    a = registered(server, 'alice')
    seen = {}
    for name in ('bob', 'xyz'):
        if name == 'bob':
            b = online(server, 'bob')
            server.until_leg('bob')
        msgs = []
        for names in (None, [name]):
            w = Watch(a, name if names is None else 'list', names)
            msgs += [w.r, w.next().raw]
            expect(w.refresh().code == 200, 'refresh')
            msgs.append(w.next().raw)
            if name == 'bob':
                publish(b, pidf('closed'))
            expect(w.refresh(0).code == 200, 'end')
            msgs.append(w.next(match=is_state('terminated')).raw)
            w = Watch(a, name if names is None else 'list', names, expires=0)
            msgs += [w.r, w.next().raw]
        r = a.ask('SUBSCRIBE', a.aor(name), ['Event: presence',
                                             'Expires: 5'])
        msgs.append(r)
        seen[name] = [scrubbed(m).replace(name, 'NAME') for m in msgs]
    for one, other in zip(seen['bob'], seen['xyz']):
        expect(one == other, 'they differ:\n%s\n---\n%s' % (one, other))


def test_comes_to_be(lab):
    """P13 who is watched before he exists is seen once he does"""
    server = world(lab, 'alice')
    w = Watch(registered(server, 'alice'), 'zoe')
    expect(is_state('pending')(w.next()), 'nobody by that name')
    server.users('zoe', both=False)
    rule(server, 'alice', 'zoe')
    w.until('zoe', 'closed')
    online(server, 'zoe')
    w.until('zoe', 'open')
    server.holler('user', 'remove', 'zoe')
    told = w.next(match=is_state('pending'))
    expect(told.seen['zoe'].status == 'closed', 'gone again')


def test_by_users_name(lab):
    """P4 a user is watched by name in the service of the one who watches"""
    server = world(lab, 'alice')
    server.holler('user', 'add', 'bob', '--password', 'bobpw',
                  '--no-subscription')
    server.holler('subscription', 'add', 'bob-ptt', '--user', 'bob',
                  '--service', 'ptt')
    server.until(lambda s: s['presence']['subscriptions_all'] == 2, 'bob-ptt')
    w = Watch(registered(server, 'alice'), 'bob')
    expect(is_state('pending')(w.next()), 'no rule')
    rule(server, 'alice', 'bob-ptt')
    w.until('bob', 'closed')
    online(server, 'bob', subscriber='bob-ptt')
    w.until('bob', 'open')


def test_oneself(lab):
    """P13 one may watch oneself"""
    server = world(lab, 'alice')
    a = online(server, 'alice')
    server.until_leg('alice')
    w = Watch(a, 'alice')
    w.until('alice', 'open')
    expect(publish(a, pidf('closed')).code == 200, 'published')
    w.until('alice', 'closed')


def test_event_forms(lab):
    """P13 Event's id comes back; 406 for who takes no presence document"""
    server = world(lab, 'alice', 'bob', allow=[('alice', 'bob')])
    a = registered(server, 'alice')
    w = Watch(a, 'bob', event='presence;id=7')
    expect(w.next().raw.get('event') == 'presence;id=7', 'id')
    w = Watch(a, 'bob', headers=['Accept: text/plain'])
    expect(w.r.code == 406 and 'pidf' in w.r.get('accept'), w.r.start)
    w = Watch(a, 'bob', headers=['Accept: text/plain, application/*'])
    expect(w.r.code == 200, w.r.start)
    # Who knows lists gets a plain document of one user all the same
    w = Watch(a, 'bob', eventlist=True)
    expect(w.next().type == 'application/pidf+xml' and
           not w.r.get('require'), 'a single user is no list')


def test_like_linphone(lab):
    """P13 linphone's SUBSCRIBE: credentials in Proxy-Authorization for a 401,
    no Content-Length, Expires 600; its answer to NOTIFY is taken"""
    server = world(lab, 'alice', 'bob', allow=[('alice', 'bob')])
    a = registered(server, 'alice')
    uri = a.aor('bob')

    def send(extra=''):
        a.cseq += 1
        a.raw('SUBSCRIBE %s SIP/2.0\r\n'
              'Via: %s\r\n'
              'From: <%s>;tag=PdFPh57\r\n'
              'To: %s\r\n'
              'CSeq: %d SUBSCRIBE\r\n'
              'Call-ID: c8pNsaTWrx\r\n'
              'Max-Forwards: 70\r\n'
              'Event: presence\r\n'
              'Expires: 600\r\n'
              'Contact: <sip:alice@%s:%d;transport=udp>;'
              '+sip.instance="<urn:uuid:5ea6a7b4-3ba6-0081-a4d7-'
              '9d67eb4a3a1f>"\r\n'
              'User-Agent: Linphonec/5.1.65 (belle-sip/5.2.23)\r\n%s\r\n' % (
                  uri, a.via(), a.aor(), uri, a.cseq, a.host, a.port, extra))
        return a.response(callid='c8pNsaTWrx')
    r = send()
    expect(r.code == 401, r.start)
    auth = a.credentials(r, 'SUBSCRIBE', uri)
    r = send('Proxy-' + auth + '\r\n')
    expect(r.code == 200 and r.get('expires') == '600', r.start)
    m = a.receive(lambda m: m.method == 'NOTIFY', 'the NOTIFY')
    expect(m.start.startswith('NOTIFY sip:alice@%s:%d;transport=udp ' % (
        a.host, a.port)) and 'closed' in m.body, m.start)
    a.reply(m, 200)


# --- lists


def test_service_as_list(lab):
    """P5 the list of a service as RFC 4662 has it: full, then what changed,
    versions without a gap, full again when it is asked for"""
    names = ['bob', 'carol', 'dave']
    server = world(lab, 'alice', 'eve', *names,
                   allow=[('alice', n) for n in names])
    on = {n: online(server, n) for n in ('bob', 'carol', 'eve')}
    for n in on:
        server.until_leg(n)
    a = registered(server, 'alice')
    w = Watch(a, 'ptt', eventlist=True)
    expect(w.r.get('require') == 'eventlist', 'the answer says so')
    a.answer(a.invited())
    told = w.next(match=lambda x: len(w.rows) == 2)
    expect(w.told[0].list['full'] and w.told[0].list['version'] == 0 and
           told.list['uri'] == a.aor('ptt'), told.list)
    expect(w.state('bob') == ('active', None, 'open'), w.state('bob'))
    expect(told.names.get(a.aor('carol')) in ('Carol', None), told.names)
    online(server, 'dave')
    told = w.until('dave', 'open')
    expect(not told.list['full'] and list(told.resources) == [a.aor('dave')],
           'only who changed')
    on['bob'].register(expires=0)
    told = w.until('bob', 'closed')
    expect(not told.list['full'] and len(told.resources) == 1, 'only bob')
    expect(w.refresh().code == 200, 'refresh')
    told = w.next(match=lambda x: x.list['full'])
    w.next(match=lambda x: len(w.rows) == 2) if len(w.rows) < 2 else None
    expect(sorted(name_of(x) for x in w.rows) == ['carol', 'dave'],
           'who is there now: %s' % list(w.rows))
    unrule(server, 'alice', 'carol')
    told = w.next(match=lambda x: a.aor('carol') in x.resources)
    expect(w.state('carol') == ('terminated', 'noresource', None),
           w.state('carol'))
    expect(not any('eve' in str(t.raw.body) for t in w.told), 'eve leaked')


def test_my_list(lab):
    """P5 sip:list@domain: the same list without a leg, with and without
    RFC 4662"""
    server = world(lab, 'alice', 'bob', 'eve', allow=[('alice', 'bob')])
    online(server, 'bob')
    online(server, 'eve')
    server.until_leg('bob')
    server.until_leg('eve')
    a = registered(server, 'alice')
    w = Watch(a, 'list', eventlist=True)
    w.until('bob', 'open')
    plain = Watch(registered(server, 'alice'), 'list')
    told = plain.until('bob', 'open')
    expect(told.type == 'application/pidf+xml', told.type)
    a.none(lambda m: m.method == 'INVITE', 'a list made a leg')
    expect(not any(x['subscriber'] == 'alice' for x in
                   server.status()['presence']['subscriptions']), 'active')


def test_named_list(lab):
    """P5 a list that the SUBSCRIBE names (RFC 5367): active, pending,
    rejected, and not ours; another list with a refresh"""
    server = world(lab, 'alice', 'bob', 'carol', 'dave', 'eve',
                   allow=[('alice', 'bob'), ('alice', 'carol')])
    rule(server, 'alice', 'dave', see=0)
    server.until(lambda s: s['presence']['authorisations'] == 3, 'the rule')
    online(server, 'bob')
    server.until_leg('bob')
    a = registered(server, 'alice')
    foreign = 'sip:bob@elsewhere.example'
    names = ['bob', 'carol', 'dave', 'eve', 'xyz', foreign, 'bob']
    w = Watch(a, 'list', names)
    expect(w.r.code == 200, w.r.start)
    w.next(match=lambda x: len(w.rows) == 6)
    want = {'bob': ('active', None, 'open'),
            'carol': ('active', None, 'closed'),
            'dave': ('terminated', 'rejected', None),
            'eve': ('pending', None, None), 'xyz': ('pending', None, None),
            foreign: ('terminated', 'noresource', None)}
    got = {n: w.state(n) for n in want}
    expect(got == want, got)
    expect(not any(t.names.get(a.aor('eve')) for t in w.told), 'a name leaks')
    rule(server, 'alice', 'eve')
    w.until('eve', 'closed')
    unrule(server, 'alice', 'bob')
    w.next(match=lambda x: a.aor('bob') in x.resources)
    expect(w.state('bob') == ('pending', None, None), w.state('bob'))
    expect(w.rename(['carol', 'xyz']).code == 200, 'another list')
    w.next(match=lambda x: x.list['full'])
    if len(w.rows) < 2:
        w.next()
    expect(sorted(name_of(u) for u in w.rows) == ['carol', 'xyz'], w.rows)
    a.none(lambda m: m.method == 'INVITE', 'a list made a leg')


def test_bad_lists(lab):
    """P5 421, 415, 413, 400, 420 for lists that cannot be served"""
    server = world(lab, 'alice', 'bob', conf={'sip': {'list_max': 3}})
    a = registered(server, 'alice')
    kind = 'Content-Type: application/resource-lists+xml'
    both = ['Event: presence', 'Supported: eventlist',
            'Require: recipient-list-subscribe']

    def ask(headers, body):
        return a.ask('SUBSCRIBE', a.aor('list'), headers, body)
    good = Watch(a, 'list', ['bob']).document(['a', 'b', 'c'])
    r = ask(['Event: presence', kind], good)
    expect(r.code == 421 and r.get('require') == 'eventlist', r.start)
    r = ask(both + ['Content-Type: text/plain'], good)
    expect(r.code == 415 and r.get('accept') ==
           'application/resource-lists+xml', r.start)
    r = ask(both + [kind, 'Content-Encoding: gzip'], good)
    expect(r.code == 415 and 'identity' in r.get('accept-encoding'), r.start)
    expect(ask(both + [kind], good[:-9]).code == 400, 'malformed')
    none = good.replace('<entry', '<other')
    expect(ask(both + [kind], none).code == 400, 'nobody is named')
    expect(ask(both + [kind], good).code == 200, 'three')
    four = good.replace('<list>', '<list><entry uri="sip:d@ptt.test"/>')
    expect(ask(both + [kind], four).code == 413, 'four')
    r = ask(both + ['Require: frobnication', kind], good)
    expect(r.code == 420, r.start)
    expect(server.status()['presence']['watchers'] == 2, 'refused: nothing')


def test_fetch(lab):
    """P5 a fetch of a user or of a list: all of it once, and it is over"""
    names = ['u%d' % i for i in range(6)]
    server = world(lab, 'alice', *names,
                   allow=[('alice', n) for n in names[:-1]])
    for n in names:
        online(server, n)
        server.until_leg(n)
    a = registered(server, 'alice')
    for to, listed in (('list', None), ('list', names)):
        w = Watch(a, to, listed, expires=0, eventlist=True)
        w.next(match=is_state('terminated'))
        opened = [n for n in names if a.aor(n) in w.rows and
                  w.state(n)[2] == 'open']
        expect(opened == names[:-1], opened)
        expect(all(t.state.startswith('active') for t in w.told[:-1]),
               'one end')
    w = Watch(a, 'u0', expires=0)
    told = w.next()
    expect('timeout' in told.state and told.seen['u0'].open, told.state)
    w = Watch(a, 'u5', expires=0)
    told = w.next()
    expect('timeout' in told.state and not told.seen, 'not authorised')
    # Those of the six to their service are all that is left
    server.until(lambda s: s['presence']['watchers'] == 6, 'the rest gone')


def test_bounds(lab):
    """P5 watchers of one user and of all are bounded, whatever they watch"""
    server = world(lab, 'alice', 'bob', conf={'sip': {
        'watchers_user_max': 2, 'watchers_max': 3}})
    a, b = registered(server, 'alice'), registered(server, 'bob')
    keep = [Watch(a, 'x'), Watch(a, 'y')]
    w = Watch(a, 'z')
    expect(w.r.code == 403 and 'Too Many' in w.r.start, w.r.start)
    expect(Watch(a, 'list', ['z']).r.code == 403, 'a list counts, too')
    expect(Watch(a, 'x').r.code == 200, 'the same again takes its place')
    expect(keep[0].refresh().code == 481, '..so the first is gone')
    expect(Watch(b, 'x').r.code == 200, 'bob\'s first')
    expect(Watch(b, 'y').r.code == 503, 'all are too many')


def test_refused_notify(lab):
    """P5 481 to a NOTIFY ends that subscription, and no leg or other one"""
    server = world(lab, 'alice', 'bob', allow=[('alice', 'bob')])
    a = online(server, 'alice')
    server.until_leg('alice')
    one, two = Watch(a, 'bob'), Watch(a, 'list', ['bob'])
    one.next(answer=481)
    two.next()
    server.until(lambda s: s['presence']['watchers'] == 2, 'two left')
    expect(one.refresh().code == 481, 'gone')
    expect(two.refresh().code == 200, 'the other lives')
    server.until_leg('alice')


def test_whole_by_connection(lab):
    """P5 a connection carries a list of hundreds, asked for and told, whole;
    what is too large even so is 413"""
    srv = flows.server(lab)
    a = flows.Flow(srv, 'alice', 'tcp')
    expect(a.register().code == 200, 'alice registers')
    names = ['bob'] + ['n%d' % i for i in range(99)]
    w = Watch(a, 'list', names)
    expect(w.r.code == 200, w.r.start)
    told = w.next()
    expect(len(told.resources) == 100 and w.state('bob')[0] == 'active' and
           w.state('n98')[0] == 'pending', '%d told' % len(told.resources))
    w = Watch(a, 'list', ['n%05d' % i for i in range(1000)])
    expect(w.r.code == 413, w.r.start)
    expect(publish(a, pidf() + ' ' * 17000).code == 413, 'a long document')


# --- how often


def test_throttled(lab):
    """P13 at most one NOTIFY an interval; the newest state wins"""
    server = world(lab, 'alice', 'bob', allow=[('alice', 'bob')],
                   conf={'sip': {'notify_interval_ms': 700}})
    b = online(server, 'bob')
    server.until_leg('bob')
    w = Watch(registered(server, 'alice'), 'bob')
    w.until('bob', 'open')
    start, tag = time.monotonic(), None
    for i in range(60):
        r = publish(b, pidf('open' if i % 2 else 'closed', note='n%d' % i),
                    etag=tag)
        expect(r.code == 200, r.start)
        tag = r.get('sip-etag')
        drain([w.t], [w])
    w.next(match=lambda x: x.seen['bob'].note == 'n59')
    took = time.monotonic() - start
    expect(w.told[-1].seen['bob'].open, 'the last word counts')
    # One for each interval that has begun, and what there was before
    expect(len(w.told) <= 3 + took / 0.7, '%d NOTIFYs in %.1f s' % (
        len(w.told), took))
    expect(w.refresh().code == 200, 'a refresh')
    w.next()


def test_one_under_way(lab):
    """P13 no NOTIFY before the last one is answered: none overtakes another"""
    server = world(lab, 'alice', 'bob', allow=[('alice', 'bob')],
                   conf={'sip': {'notify_interval_ms': 0}})
    b = online(server, 'bob')
    server.until_leg('bob')
    a = registered(server, 'alice')
    w = Watch(a, 'bob')
    w.until('bob', 'open')
    tag = None
    for i in range(20):
        r = publish(b, pidf('open', note='n%d' % i), etag=tag)
        tag = r.get('sip-etag')
    first = a.receive(lambda m: m.method == 'NOTIFY', 'the first')
    expect('n0' in first.body, 'the first change went out at once')
    # What comes now is that one again, as nobody answers it
    more = a.receive(lambda m: m.method == 'NOTIFY', 'it again')
    expect(more.cseq == first.cseq, '%s after %s' % (more.cseq, first.cseq))
    a.reply(more, 200)
    w.take(more)
    told = w.next(match=lambda x: x.raw.cseq != first.cseq)
    expect(told.seen['bob'].note == 'n19', 'then the newest: %s' %
           told.seen['bob'].note)


# --- nothing leaks


class Site:
    """A site whose people come, go, publish and are allowed at random. What
    is true is written down beside; every byte that watchers get is kept."""

    def __init__(self, lab, seed, people):
        self.rng = random.Random(seed)
        self.people = ['p%d' % i for i in range(people)]
        self.server = world(lab, 'w0', 'w1', 'w2', *self.people,
                            conf={'sip': {'notify_interval_ms': 50},
                                  # These terminals send no media
                                  'media': {'dead_idle_ms': 0}})
        self.watchers = ['w0', 'w1', 'w2']
        self.t = {n: Terminal(self.server, n) for n in self.people}
        self.tags = {n: None for n in self.people}
        self.secret = {n: None for n in self.people}
        self.closed = {n: False for n in self.people}
        self.on = set()
        self.rules = {}   # (watcher, person): see
        self.ever = set()  # pairs that were allowed at some time
        self.lately = set()  # pairs that were, until this moment
        self.watches = []
        for n in self.watchers:
            self.t[n] = registered(self.server, n)
            self.watch(n, 'list', mine=True)
            self.watch(n, 'list', names=self.people)
            for p in self.people:
                self.watch(n, p, only=p)

    def watch(self, n, to, names=None, only=None, mine=False):
        w = Watch(self.t[n], to, names, eventlist=mine)
        w.only, w.mine, w.judged = only, mine, 0
        if w.r.code == 200:
            # The one before, if it still lived, has ended without a word
            self.watches = [x for x in self.watches
                            if not only or (x.t.user, x.only) != (n, only)]
            self.watches.append(w)
        else:
            expect(w.r.code == 403 and self.rejected(n, only), w.r.start)

    def settle(self):
        """Take what is there; server and terminals are at rest then"""
        terms = list(self.t.values())
        for t in terms:
            for m in [m for m in t.waiting if m.method in ('BYE', 'INVITE')]:
                t.waiting.remove(m)
                t.reply(m, 200 if m.method == 'BYE' else 486)
        return drain([self.t[n] for n in self.watchers], self.watches)

    def come(self, n):
        t = self.t[n]
        expect(t.register().code == 200, n + ' registers')
        r, t.sub = t.subscribe()
        expect(r.code == 200, n + ' subscribes')
        t.answer(t.invited())
        t.notify(t.sub)
        self.server.until_leg(n)
        self.on.add(n)

    def go(self, n):
        expect(self.t[n].register(expires=0).code == 200, n + ' leaves')
        self.on.discard(n)

    def say(self, n):
        closed = self.rng.random() < 0.4
        word = 'secret-%s-%d' % (n, self.rng.randrange(10 ** 9))
        r = publish(self.t[n], pidf('closed' if closed else 'open', word),
                    etag=self.tags[n])
        expect(r.code == 200, r.start)
        self.tags[n], self.closed[n], self.secret[n] = (
            r.get('sip-etag'), closed, word)

    def allow(self, w, n):
        """Another rule, and wait until it is in force: what is told from now
        on is judged by it"""
        before = {p for p in self.people if self.may(w, p)}
        if (w, n) in self.rules and self.rng.random() < 0.5:
            unrule(self.server, w, n)
            del self.rules[(w, n)]
        else:
            see = self.rng.random() < 0.8
            rule(self.server, w, n, see=int(see), call=1)
            self.rules[(w, n)] = see
        now = {p for p in self.people if self.may(w, p)}
        self.ever |= {(w, p) for p in now}
        # What was sent until the rule was in force is not judged by it
        self.lately = {(w, p) for p in before - now}
        self.server.until(
            lambda s: s['presence']['authorisations'] == len(self.rules),
            'the rules')
        self.fence()
        self.settle()
        self.judge()
        self.lately = set()

    def fence(self):
        """A change of the database is seen when the next one is"""
        self.server.holler('user', 'add', 'fence', '--password', 'x',
                           '--no-subscription')
        users = self.server.status()['presence']['users']
        self.server.holler('user', 'remove', 'fence')
        self.server.until(lambda s: s['presence']['users'] == users - 1,
                          'the fence')

    def step(self):
        n = self.rng.choice(self.people)
        what = self.rng.random()
        if what < 0.35:
            (self.go if n in self.on else self.come)(n)
        elif what < 0.65:
            self.say(n)
        elif what < 0.7:
            self.allow(self.rng.choice(self.watchers), '*')
        elif what < 0.95:
            self.allow(self.rng.choice(self.watchers), n)
        else:
            self.watch(self.rng.choice(self.watchers), n, only=n)
        self.settle()
        self.judge()

    # --- the judgement

    def may(self, w, n):
        return bool(self.rules.get((w, n)) or self.rules.get((w, '*')))

    def rejected(self, w, n):
        return not self.may(w, n) and ((w, n) in self.rules or
                                       (w, '*') in self.rules)

    def judge(self):
        """Nothing of somebody whom the watcher was never allowed to see, and
        nothing new of somebody whom it may not see now"""
        for w in self.watches:
            for told in w.told[w.judged:]:
                self.judge_one(w, told)
            w.judged = len(w.told)

    def judge_one(self, w, told):
        me = w.t.user
        for secret in re.findall(r'secret-(p\d+)-(\d+)', told.raw.body):
            expect((me, secret[0]) in self.ever, '%s heard of %s' % (
                me, secret[0]))
        for n, seen in told.seen.items():
            if self.may(me, n):
                continue
            # It had been seen: that it is void may be said, and no more
            void = (me, n) in self.ever and not (seen.open or seen.note or
                                                 seen.activities)
            expect(void or (me, n) in self.lately, '%s was told of %s: %s' % (
                me, n, told.raw.body))

    def truth(self, me, n):
        if not self.may(me, n):
            return None
        if n in self.on and not self.closed[n]:
            return 'open', self.secret[n] or ''
        return 'closed', self.secret[n] or ''


def shown(w, n):
    """What the screen of a watcher has of n: (status, note), None: nothing"""
    if w.version is not None:
        row = w.rows.get(w.t.aor(n))
        if not row or row[0] != 'active' or not row[2]:
            return None
        return row[2].status, row[2].note
    if not w.told or not w.told[-1].state.startswith('active'):
        return None
    for told in reversed(w.told):
        if n in told.seen:
            return told.seen[n].status, told.seen[n].note
    return None


def at_rest(site, deadline=60):
    """Wait until every screen shows the truth that it may know"""
    end = time.monotonic() + deadline
    while True:
        site.settle()
        site.judge()
        wrong = []
        for w in site.watches:
            ended = any('terminated' in t.state for t in w.told)
            names = [w.only] if w.only else site.people
            for n in names:
                want, got = site.truth(w.t.user, n), shown(w, n)
                if ended:
                    want = None
                # A list of who is there has no need of who is not
                if w.mine and want and want[0] == 'closed' and (
                        not got or got[0] == 'closed'):
                    got = want
                if want != got:
                    wrong.append((w.t.user, w.dlg.ruri, n, want, got))
        if not wrong:
            return
        expect(time.monotonic() < end, 'not the truth: %r' % wrong[:5])
        select.select([t.sock for t in site.t.values()], [], [], 0.2)


def test_nothing_leaks(lab):
    """P5 P13 all that watchers got in a busy site was theirs to know when it
    was told, and at the end they know all that they may"""
    seed = 20261122
    site = Site(lab, seed, 4)
    for i in range(70):
        try:
            site.step()
        except Exception:
            print('step %d of seed %d' % (i, seed))
            raise
    at_rest(site)
    total = sum(len(w.told) for w in site.watches)
    expect(total > 100, 'only %d NOTIFYs' % total)


def test_handset_knows_lists(lab):
    """P5 the handset's list is told as RFC 4662 has it: who comes, who goes,
    who may not be seen any more"""
    server = world(lab, 'alice', 'bob', 'carol',
                   allow=[('alice', 'bob'), ('alice', 'carol')])
    alice = lab.handset(server, 'alice').ready()
    bob = lab.handset(server, 'bob').ready()
    alice.event('presence', subscriber='bob', status='open')
    bob.quit()
    alice.event('presence', subscriber='bob', status='closed')
    alice.mark()
    lab.handset(server, 'carol').ready()
    alice.event('presence', subscriber='carol', status='open')
    unrule(server, 'alice', 'carol')
    alice.event('presence', subscriber='carol', status='terminated')


# --- phones of other makers


FRIENDS = ('bob', 'dave', 'xyz')


def linphone(lab, server, **sip):
    conf = {'friend_%d' % i: {'url': '<sip:%s@ptt.test>' % n, 'pol': 'accept',
                              'subscribe': 1}
            for i, n in enumerate(FRIENDS)}
    conf['proxy_0'] = {'publish': 1}
    conf['sip'] = sip
    return Linphone(lab, server, 'carol', conf)


def watchers(server, n):
    server.until(lambda s: s['presence']['watchers'] == n,
                 '%d watchers' % n)


def test_linphone_friends(lab):
    """P5 P13 linphone watches its friends one by one and shows who is there;
    it publishes itself"""
    server = world(lab, 'bob', 'carol', 'dave', allow=[('carol', 'bob')])
    b = online(server, 'bob')
    server.until_leg('bob')
    phone = linphone(lab, server)
    phone.said('Friend "bob" <sip:bob@ptt.test> is Online')
    expect(b.register(expires=0).code == 200, 'bob leaves')
    phone.said('Friend "bob" <sip:bob@ptt.test> is Offline')
    server.until(lambda s: s['presence']['publications'] == 1, 'published')
    watchers(server, 3)
    phone.quit()
    server.until(lambda s: s['presence']['publications'] == 0, 'unpublished')
    watchers(server, 0)


def test_linphone_list(lab):
    """P5 P13 linphone names its friends in one compressed list, and takes
    what it is told of them, in full and in part"""
    server = world(lab, 'bob', 'carol', 'dave', allow=[('carol', 'bob')])
    phone = linphone(lab, server, rls_uri='sip:list@ptt.test')
    watchers(server, 1)
    b = online(server, 'bob')
    server.until_leg('bob')
    for word in ('open', 'closed'):
        if word == 'closed':
            expect(b.register(expires=0).code == 200, 'bob leaves')
        server.until(lambda s: re.search(
            r'fullState="false".*sip:bob@.*<basic>' + word, phone.logged(),
            re.S), 'linphone hearing of ' + word)
    watchers(server, 1)
    expect(phone.alive(), 'linphone has ended')
    log = phone.logged()
    expect('SUBSCRIBE sip:list@ptt.test' in log and
           'Content-Encoding: deflate' in log, 'not as a list')
    for word in ('rlmi+xml:', 'no new-line after boundary',
                 'body not starting'):
        expect(word not in log, 'linphone complains: ' + word)
    phone.quit()


def test_baresip_publishes(lab):
    """P13 baresip's PUBLISHes are taken: first "unknown", then open"""
    server = world(lab, 'alice', 'bob', allow=[('alice', 'bob')])
    server.holler('subscription', 'set', 'bob', '--start', 'register')
    server.holler('user', 'set', 'bob', '--md5-only')
    # It looks for accounts when it is loaded: it has to come behind them
    phone = Baresip(lab, server, 'bob', ';pubint=600',
                    modules=('g711.so\nmodule_app presence.so',))
    server.until(lambda s: s['presence']['publications'], 'published')
    a = online(server, 'alice')
    w = Watch(a, 'bob')
    w.until('bob', 'open')
    expect('publisher got error' not in '\n'.join(phone.out.tail(100)),
           'a refused PUBLISH')
    phone.quit()
