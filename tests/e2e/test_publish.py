# SPDX-License-Identifier: GPL-3.0-or-later
"""What terminals publish of themselves (RFC 3903, 4354; rows P11, P13)"""
from holler_test import expect
from terminal import Terminal, online
from watching import Watch, pidf, publish, registered, settings


def world(lab, *names, conf=None, allow=True):
    server = lab.server(conf)
    server.users(*names, both=allow)
    server.until(lambda s: s['presence']['subscriptions_all'] == len(names),
                 'its users')
    return server


def published(t, *args, **kw):
    """The entity tag of a PUBLISH that is taken"""
    r = publish(t, *args, **kw)
    expect(r.code == 200, r.start)
    tag = r.get('sip-etag')
    expect(len(tag) >= 32, 'nobody guesses ' + tag)
    return tag


def test_entity_tags(lab):
    """P13 a new entity tag at each success, and only the newest is good"""
    server = world(lab, 'alice')
    a = registered(server, 'alice')
    tags = [published(a, pidf())]
    r = publish(a, etag=tags[-1], expires=100)
    expect(r.code == 200 and r.get('expires') == '100', 'refreshed')
    tags.append(r.get('sip-etag'))
    tags.append(published(a, pidf('closed'), etag=tags[-1]))
    for old in tags[:-1]:
        expect(publish(a, etag=old).code == 412, 'an old tag')
        expect(publish(a, pidf(), etag=old).code == 412, '..with a body')
        expect(publish(a, etag=old, expires=0).code == 412, '..to remove')
    r = publish(a, etag=tags[-1], expires=0)
    expect(r.code == 200 and r.get('expires') == '0', 'removed')
    tags.append(r.get('sip-etag'))
    expect(publish(a, etag=tags[-1]).code == 412, 'it is gone')
    tags.append(published(a, pidf()))
    tags.append(published(a, settings(barred=False), event='poc-settings'))
    expect(len(set(tags)) == len(tags), 'each is another')
    expect(publish(a, etag=tags[-1]).code == 412, 'a tag of another package')
    expect(publish(a, etag=tags[-2], event='poc-settings').code == 412,
           '..either way')
    expect(server.status()['presence']['publications'] == 2, 'two live')


def test_refused(lab):
    """P13 400, 412, 413, 415, 423, 489, each with what helps"""
    a = registered(world(lab, 'alice'), 'alice')
    r = publish(a, pidf(), event='dialog', ctype='application/pidf+xml')
    expect(r.code == 489 and r.get('allow-events') ==
           'presence, poc-settings', r.start)
    r = publish(a, pidf(), expires=5)
    expect(r.code == 423 and r.get('min-expires') == '60', r.start)
    r = publish(a, 'x', ctype='text/plain')
    expect(r.code == 415 and r.get('accept') == 'application/pidf+xml',
           r.start)
    r = publish(a, settings(barred=True), ctype='application/poc-settings+xml')
    expect(r.code == 415, 'settings are no presence: ' + r.start)
    r = publish(a, pidf(), event='poc-settings', ctype='application/pidf+xml')
    expect(r.code == 415 and r.get('accept') ==
           'application/poc-settings+xml', r.start)
    r = publish(a, pidf(), headers=['Content-Encoding: gzip'])
    expect(r.code == 415 and r.get('accept-encoding') == 'identity, deflate',
           r.start)
    r = publish(a, pidf(), headers=['Content-Encoding: deflate'])
    expect(r.code == 400, 'not compressed at all: ' + r.start)
    for body in ('', '<presence', '<x/>',
                 '<!DOCTYPE x [<!ENTITY a "b">]>' + pidf()):
        expect(publish(a, body).code == 400, 'malformed: %.20s' % body)
    expect(publish(a, pidf(), expires=0).code == 400, 'nothing to remove')
    expect(publish(a, pidf(), etag='').code == 400, 'an empty tag')
    expect(publish(a, pidf(note='x' * 300)).code == 413, 'a long note')
    r = publish(a, settings() + ' ' * 4096, event='poc-settings')
    expect(r.code == 413, r.start)
    expect(a.server.status()['presence']['publications'] == 0, 'none is kept')


def test_of_oneself_only(lab):
    """P13 another's, unknown and malformed targets: the same 403"""
    server = world(lab, 'alice', 'bob')
    a, b = registered(server, 'alice'), registered(server, 'bob')
    tag = published(b, pidf())
    answers = [publish(a, pidf(), to='bob'), publish(a, pidf(), to='nobody'),
               publish(a, pidf(), to='ptt'),
               publish(a, pidf(), to='bob', etag=tag),
               publish(a, pidf(), frm=a.aor('bob'))]
    expect(len({r.start for r in answers}) == 1 and answers[0].code == 403,
           [r.start for r in answers])
    expect(publish(a, pidf(), etag=tag).code == 412, 'his tag is not hers')
    t = Terminal(server, 'alice', 'wrong')
    expect(publish(t, pidf()).code == 401, 'a wrong password')
    expect(publish(b, etag=tag).code == 200, 'bob\'s is untouched')


def test_bounds(lab):
    """P13 publications of one user and of all are bounded"""
    server = world(lab, 'alice', 'bob', conf={'sip': {
        'publications_user_max': 2, 'publications_max': 3}})
    a, b = registered(server, 'alice'), registered(server, 'bob')
    tags = [published(a, pidf()) for _ in range(2)]
    r = publish(a, pidf())
    expect(r.code == 403 and 'Too Many' in r.start, r.start)
    published(b, pidf())
    r = publish(b, pidf())
    expect(r.code == 503 and r.get('retry-after'), r.start)
    expect(publish(a, etag=tags[0], expires=0).code == 200, 'one goes')
    published(b, pidf())


def test_expiry(lab):
    """P13 what is not refreshed ends, and watchers are told"""
    server = world(lab, 'alice', 'bob', conf={'sip': {'expires_min_s': 1}})
    online(server, 'bob')
    server.until_leg('bob')
    a = registered(server, 'alice')
    w = Watch(a, 'bob')
    w.until('bob', 'open')
    b = Terminal(server, 'bob')
    published(b, pidf('closed'), expires=1)
    w.until('bob', 'closed')
    w.until('bob', 'open')
    expect(server.status()['presence']['publications'] == 0, 'it is gone')


def test_composition(lab):
    """P13 open if one terminal says so; activities and notes are passed on"""
    server = world(lab, 'alice', 'bob')
    b = online(server, 'bob')
    server.until_leg('bob')
    w = Watch(registered(server, 'alice'), 'bob')
    w.until('bob', 'open')
    one = published(b, pidf('closed', note='at lunch'))
    seen = w.until('bob', 'closed').seen['bob']
    expect(seen.note == 'at lunch', seen.note)
    two = published(b, pidf('open', activities=['on-the-phone']))
    seen = w.until('bob', 'open').seen['bob']
    expect(seen.activities == ['on-the-phone'], seen.activities)
    expect(publish(b, etag=two, expires=0).code == 200, 'the open one goes')
    w.until('bob', 'closed')
    published(b, pidf('open', activities=['meeting', 'playing']), etag=one)
    seen = w.until('bob', 'open').seen['bob']
    expect(seen.activities == ['away'], seen.activities)
    # Open, but his leg is gone: nobody reaches him
    expect(b.register(expires=0).code == 200, 'bob leaves')
    w.until('bob', 'closed')


def refer(who, target):
    r = who.ask('REFER', who.aor('ptt'), ['Refer-To: <%s>' % who.aor(target),
                                          'Refer-Sub: false'])
    return r.code, r.start.split(' ', 2)[2]


def test_do_not_disturb(lab):
    """P11 who wants to be left alone is not called; who may not call him
    hears nothing of it"""
    server = world(lab, 'alice', 'bob', 'eve', allow=False)
    server.holler('allow', 'add', 'alice', 'bob')
    a, b, e = [online(server, n) for n in ('alice', 'bob', 'eve')]
    for n in ('alice', 'bob', 'eve'):
        server.until_leg(n)
    w = Watch(a, 'bob')
    w.until('bob', 'open')

    def no(code, words):
        got = refer(a, 'bob')
        expect(got == (code, words), got)
        got = refer(e, 'bob')
        expect(got == (403, 'Not Allowed'), got)

    def bob(status):
        return [x for x in status['presence']['subscriptions']
                if x['subscriber'] == 'bob'][0]
    tag = published(b, settings(barred=True), event='poc-settings')
    no(486, 'bob Does Not Want To Be Disturbed')
    seen = w.next(match=lambda x: 'busy' in x.seen['bob'].activities)
    expect(seen.seen['bob'].open and seen.seen['bob'].note ==
           'Do not disturb', 'told as it is')
    expect(bob(server.status())['dnd'], 'the operator sees it')
    expect('do not disturb' in server.holler('status')[1], '..in words, too')
    tag = published(b, settings(barred=False, mode='manual'), etag=tag,
                    event='poc-settings')
    no(480, 'bob Answers By Hand')
    expect(bob(server.status())['answer'] == 'manual', 'seen, too')
    expect(publish(b, etag=tag, event='poc-settings', expires=0).code == 200,
           'removed')
    tag = published(b, pidf('open', activities=['busy']))
    no(486, 'bob Does Not Want To Be Disturbed')
    tag = published(b, pidf('closed'), etag=tag)
    no(480, 'bob Is Not Available')
    # "On the phone" may mean the leg that the phone has with us
    published(b, pidf('open', activities=['on-the-phone']), etag=tag)
    expect(refer(a, 'bob')[0] == 202, 'he can be called')


def test_left_out(lab):
    """P9 P11 an ad-hoc call goes on without who wants to be left alone; a
    talkgroup keeps him"""
    server = world(lab, 'alice', 'bob', 'carol')
    server.group('team', 'alice', 'bob', 'carol')
    a, b, _ = [online(server, n) for n in ('alice', 'bob', 'carol')]
    for n in ('alice', 'bob', 'carol'):
        server.until_leg(n)
    published(b, settings(barred=True), event='poc-settings')
    cid = 'list@%s' % a.host
    body = ('<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists">'
            '<list><entry uri="%s"/><entry uri="%s"/></list>'
            '</resource-lists>' % (a.aor('bob'), a.aor('carol')))
    r = a.ask('REFER', a.aor('ptt'), [
        'Refer-To: <cid:%s>' % cid, 'Require: multiple-refer, norefersub',
        'Refer-Sub: false', 'Content-Type: application/resource-lists+xml',
        'Content-ID: <%s>' % cid], body)
    expect(r.code == 202, r.start)
    server.until_leg('carol', 'busy')
    server.until_leg('bob', 'idle')
    server.until(lambda s: any(x['name'] == 'team' and x['members'] == 3
                               for x in s['conference']['bridges']),
                 'bob in the talkgroup')


def test_one_line_only(lab):
    """P4 P13 what names a subscriber is said of that subscription alone"""
    server = world(lab, 'alice', 'bob')
    server.holler('subscription', 'add', 'bob-2', '--user', 'bob',
                  '--service', 'ptt')
    server.holler('allow', 'add', 'alice', 'bob-2')
    server.until(lambda s: s['presence']['subscriptions_all'] == 3, 'bob-2')
    b = online(server, 'bob')
    _, b.sub2 = b.subscribe(subscriber='bob-2')
    b.answer(b.invited())
    server.until_leg('bob')
    server.until_leg('bob-2')
    a = registered(server, 'alice')
    one, two = Watch(a, 'bob'), Watch(a, 'bob-2')
    one.until('bob', 'open')
    two.until('bob-2', 'open')
    tag = published(b, pidf('closed'), to='bob-2')
    two.until('bob-2', 'closed')
    expect(publish(b, etag=tag).code == 412, 'the user\'s is another')
    expect(one.refresh().code == 200, 'ask')
    one.until('bob', 'open')
    published(b, pidf('closed'))
    one.until('bob', 'closed')


def test_restart(lab):
    """P13 a do-not-disturb and its entity tag survive a restart"""
    server = world(lab, 'alice', 'bob')
    b = online(server, 'bob')
    tag = published(b, settings(barred=True), event='poc-settings')
    lunch = published(b, pidf('open', note='"lunch" & <so>'
                              .replace('&', '&amp;').replace('<', '&lt;')))
    expect(server.stop() == 0, 'it stops')
    server.start()
    expect(server.status()['presence']['publications'] == 2, 'both are back')
    w = Watch(registered(server, 'alice'), 'bob')
    told = w.next(match=lambda x: 'bob' in x.seen)
    expect(told.seen['bob'].note == '"lunch" & <so>' and
           told.seen['bob'].activities == ['busy'], 'as they were')
    b = registered(server, 'bob')
    r = publish(b, etag=tag, event='poc-settings', expires=0)
    expect(r.code == 200, 'the tag is good: ' + r.start)
    expect(publish(b, etag=lunch, expires=0).code == 200, 'the other, too')
    expect(server.stop() == 0, 'it stops')
    server.start()
    expect(server.status()['presence']['publications'] == 0, 'gone for good')


def test_user_goes(lab):
    """P13 what a disabled user said is not kept for the day he is back"""
    server = world(lab, 'alice', 'bob')
    b = registered(server, 'bob')
    published(b, settings(barred=True), event='poc-settings')
    server.sql("UPDATE user SET enabled = 0 WHERE name = 'bob';")
    server.until(lambda s: s['presence']['publications'] == 0, 'none')
