# SPDX-License-Identifier: GPL-3.0-or-later
"""REGISTER and who is let in (RFC 3261 section 10, RFC 7616; rows P2, P14)"""
import re

from holler_test import expect
from terminal import Terminal


def world(lab, *names, conf=None):
    server = lab.server(conf)
    server.users(*(names or ('alice', 'bob')))
    server.until(lambda s: s['presence']['subscriptions_all'] ==
                 len(names or (1, 2)), 'its users')
    return server


def contacts(r):
    """{uri: expires} of a 200"""
    found = {}
    for value in r.all('contact'):
        m = re.match(r'<([^>]*)>;expires=(\d+)', value)
        found[m.group(1)] = int(m.group(2))
    return found


def test_several_contacts(lab):
    """P2 several contacts, refreshed, removed one by one and by *"""
    t = Terminal(world(lab), 'alice')
    one = '<sip:alice@127.0.0.1:1111>'
    two = '<sip:alice@127.0.0.1:2222>'
    r = t.register(contact=one)
    expect(r.code == 200 and list(contacts(r)) == [one[1:-1]], r.start)
    r = t.register(contact=two + ';expires=100')
    expect(r.code == 200 and len(contacts(r)) == 2, 'two contacts')
    expect(99 <= contacts(r)[two[1:-1]] <= 100, 'its own expires')
    r = t.ask('REGISTER', 'sip:' + t.domain, contact=None)
    expect(r.code == 200 and len(contacts(r)) == 2, 'a query lists both')
    r = t.register(contact=one + ';expires=0')
    expect(r.code == 200 and list(contacts(r)) == [two[1:-1]], 'one left')
    r = t.register(contact='%s, %s' % (one, two))
    expect(r.code == 200 and len(contacts(r)) == 2, 'two in one header')
    r = t.register(expires=0, contact='*')
    expect(r.code == 200 and not contacts(r), '* removes all')


def test_star_rules(lab):
    """P2 Contact: * stands alone and needs Expires: 0"""
    t = Terminal(world(lab), 'alice')
    expect(t.register(contact='*').code == 400, '* with Expires 600')
    r = t.register(expires=0, contact='*, <sip:alice@127.0.0.1:9>')
    expect(r.code == 400, '* beside another')


def test_brief(lab):
    """P2 423 with Min-Expires; too long is cut"""
    t = Terminal(world(lab, conf={'sip': {
        'expires_default_s': 900, 'expires_max_s': 1000}}), 'alice')
    r = t.register(expires=5)
    expect(r.code == 423 and r.get('min-expires') == '60', r.start)
    r = t.register(expires=99999)
    expect(r.code == 200 and max(contacts(r).values()) <= 1000, 'cut')
    r = t.register(expires='18446744073709551617')
    expect(r.code == 200 and max(contacts(r).values()) <= 1000, 'huge')


def test_order(lab):
    """P2 a CSeq that is not higher changes nothing"""
    t = Terminal(world(lab), 'alice')
    expect(t.register(cseq=10).code == 200, 'first')
    uri = 'sip:' + t.domain
    r = t.ask('REGISTER', uri, ['Expires: 0'], cseq=5)
    expect(r.code == 500, 'an older CSeq: ' + r.start)
    r = t.ask('REGISTER', uri, contact=None, cseq=20)
    expect(len(contacts(r)) == 1, 'still bound')


def test_refresh_keeps_one(lab):
    """P2 the same instance from a new port replaces its binding"""
    server = world(lab)
    inst = ';+sip.instance="<urn:uuid:0f4a8a2e-5f5a-4f8e-9d34-0000000000%s>"'
    a, b = Terminal(server, 'alice'), Terminal(server, 'alice')
    expect(a.register(contact=a.contact() + inst % '01').code == 200, 'a')
    r = b.register(contact=b.contact() + inst % '01')
    expect(r.code == 200 and len(contacts(r)) == 1, 'replaced')
    expect('urn:uuid' in r.get('contact'), 'instance is told')
    r = a.register(contact=a.contact() + inst % '02')
    expect(len(contacts(r)) == 2, 'another instance')


def test_bounds(lab):
    """P2 contacts of a user are bounded, in one request and in all"""
    server = world(lab, conf={'sip': {'contacts_max': 3}})
    t = Terminal(server, 'alice')
    many = ', '.join('<sip:alice@127.0.0.1:%d>' % (i + 1000)
                     for i in range(4))
    expect(t.register(contact=many).code == 403, 'four in one')
    for i in range(3):
        r = t.register(contact='<sip:alice@127.0.0.1:%d>' % (i + 2000))
        expect(r.code == 200, 'contact %d' % i)
    r = t.register(contact='<sip:alice@127.0.0.1:2999>')
    expect(r.code == 403, 'the fourth')
    r = t.register(contact='<sip:alice@127.0.0.1:2000>;expires=0, '
                   '<sip:alice@127.0.0.1:2999>')
    expect(r.code == 200 and len(contacts(r)) == 3, 'one goes, one comes')


def test_digest(lab):
    """P14 MD5 and SHA-256 are both taken, SHA-256 is offered first"""
    t = Terminal(world(lab), 'alice')
    t.request('REGISTER', 'sip:' + t.domain, ['Expires: 600'])
    r = t.response()
    offers = [re.search(r'algorithm=([\w-]+)', v).group(1)
              for v in r.all('www-authenticate')]
    expect(r.code == 401 and offers == ['SHA-256', 'MD5'], str(offers))
    for t.hash in ('MD5', 'SHA-256'):
        expect(t.register().code == 200, t.hash)


def test_md5_only(lab):
    """P14 the per-user switch: no SHA-256 for a phone that fails at it"""
    server = world(lab)
    server.sql("UPDATE user SET md5_only = 1 WHERE name = 'alice';")
    t = Terminal(server, 'alice')

    def offered(s):
        del s
        t.request('REGISTER', 'sip:' + t.domain, ['Expires: 600'])
        return len(t.response().all('www-authenticate')) == 1
    server.until(offered, 'one algorithm for alice')
    expect(t.register().code == 200, 'MD5')


def test_replay(lab):
    """P14 a count is good once; a new one on the same nonce is; stale=true"""
    t = Terminal(world(lab), 'alice')
    uri = 'sip:' + t.domain
    t.request('REGISTER', uri, ['Expires: 600'])
    ch = t.response()
    auth = t.credentials(ch, 'REGISTER', uri, nc=1)
    t.request('REGISTER', uri, ['Expires: 600', auth])
    expect(t.response().code == 200, 'first use')
    t.request('REGISTER', uri, ['Expires: 600', auth])
    r = t.response()
    expect(r.code == 401 and 'stale=true' in r.get('www-authenticate'),
           'replayed: ' + r.get('www-authenticate'))
    auth = t.credentials(ch, 'REGISTER', uri, nc=2)
    t.request('REGISTER', uri, ['Expires: 600', auth])
    expect(t.response().code == 200, 'the next count')


def test_retransmission(lab):
    """P14 the very same request again is no replay: the same answer"""
    t = Terminal(world(lab), 'alice')
    uri = 'sip:' + t.domain
    t.request('REGISTER', uri, ['Expires: 600'])
    auth = t.credentials(t.response(), 'REGISTER', uri)
    for _ in range(3):
        t.request('REGISTER', uri, ['Expires: 600', auth], cseq=77,
                  branch='same')
    expect(t.response(77).code == 200, 'the answer')
    t.request('REGISTER', uri, ['Expires: 600', auth], cseq=77,
              branch='same')
    expect(t.response(77).code == 200, 'the same answer')


def test_unknown_is_wrong(lab):
    """P14 an unknown user and a wrong password look the same on the wire"""
    server = world(lab)
    seen = []
    for user, password in (('alice', 'nonsense'), ('nobody', 'x')):
        t = Terminal(server, user, password)
        r = t.register()
        text = '\n'.join('%s: %s' % f for f in r.fields
                         if f[0] not in ('via', 'from', 'to', 'call-id',
                                         'cseq'))
        text = re.sub(r'nonce="[^"]*"', 'nonce', text)
        seen.append((r.start, text))
    expect(seen[0] == seen[1], '%r' % (seen,))
    expect(seen[0][0].startswith('SIP/2.0 401'), seen[0][0])


def test_not_oneself(lab):
    """P2 nobody registers somebody else, and no strange domain"""
    server = world(lab)
    t = Terminal(server, 'alice')
    r = t.register(to=t.aor('bob'))
    expect(r.code == 403, r.start)
    r = t.ask('REGISTER', 'sip:elsewhere.example', ['Expires: 600'])
    expect(r.code == 404, r.start)


def test_bad_credentials(lab):
    """P14 malformed credentials are 400 at once, another's uri too"""
    t = Terminal(world(lab), 'alice')
    uri = 'sip:' + t.domain
    for value in ('Digest username="alice', 'Digest ' + 'a' * 2000,
                  'Digest username="alice", username="bob", realm="x", '
                  'nonce="n", uri="%s", response="00"' % uri):
        t.request('REGISTER', uri, ['Expires: 600',
                                    'Authorization: ' + value])
        expect(t.response().code == 400, value[:40])
    t.request('REGISTER', uri, ['Expires: 600', 'Authorization: Basic eDp5'])
    expect(t.response().code == 401, 'another scheme is challenged')
    t.request('REGISTER', uri, ['Expires: 600'])
    auth = t.credentials(t.response(), 'REGISTER', 'sip:other.example')
    t.request('REGISTER', uri, ['Expires: 600', auth])
    expect(t.response().code == 400, 'digest uri of another request')


def test_disabled(lab):
    """P14 a disabled account: 403 with the right password only"""
    server = world(lab)
    t = Terminal(server, 'alice')
    expect(t.register().code == 200, 'before')
    server.sql("UPDATE user SET enabled = 0 WHERE name = 'alice';")
    server.until(lambda s: s['presence']['bindings'] == 0, 'no binding')
    expect(t.register().code == 403, 'right password')
    t.password = 'wrong'
    expect(t.register().code == 401, 'wrong password')
