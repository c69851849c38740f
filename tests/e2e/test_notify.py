# SPDX-License-Identifier: GPL-3.0-or-later
"""A NOTIFY and what comes before it, on the wire (RFC 6665, 4662; rows P5,
P13)"""
from holler_test import expect
from terminal import online
from watching import Watch, registered

DATAGRAM_BYTES = 1300  # RFC 3261 section 18.1.1


def again(w, cseq, expires=600):
    """The refresh with that CSeq; its answer"""
    t, dlg = w.t, w.dlg
    t.request('SUBSCRIBE', dlg.target,
              ['Event: presence', 'Expires: %d' % expires],
              callid=dlg.callid, frm=dlg.luri, to=dlg.ruri, totag=dlg.rtag,
              cseq=cseq)
    return t.response(cseq, dlg.callid)


def test_refresh_repeated(lab):
    """P5 a refresh whose answer was lost is answered again, and nothing else
    happens; an older one is out of order"""
    server = lab.server()
    server.users('alice', 'bob')
    w = Watch(registered(server, 'alice'), 'bob')
    w.next()
    expect(w.refresh(expires=300).code == 200, 'a refresh')
    w.next()
    r = again(w, w.dlg.cseq)
    expect(r.code == 200 and 290 <= int(r.get('expires')) <= 300,
           'again: %s, %s' % (r.start, r.get('expires')))
    r = again(w, w.dlg.cseq - 1)
    expect(r.code == 500, 'an older one: ' + r.start)
    expect(w.refresh(expires=200).code == 200, 'the next')
    w.next()
    expect(len(w.told) == 3, 'one NOTIFY for each that counted')


def test_to_is_no_uri(lab):
    """P5 a To that no list document can carry is refused, not accepted and
    then never told"""
    server = lab.server()
    server.users('alice', 'bob')
    a = registered(server, 'alice')
    for to in ('sip:b\u00e4r@ptt.test', 'sip:' + 'b' * 300 + '@ptt.test'):
        r = a.ask('SUBSCRIBE', a.aor('bob'), ['Event: presence',
                                              'Supported: eventlist'],
                  callid='long', to=to)
        expect(r.code == 400, r.start)
    expect(server.status()['presence']['watchers'] == 0, 'nothing is kept')


def test_fits_a_datagram(lab):
    """P5 however many a list has, each NOTIFY over UDP fits a datagram that no
    path breaks up, and all of them are told"""
    # Short names: one alone fits for sure, however long our address is
    names = ['u%d' % i for i in range(5)]
    server = lab.server()
    server.users('alice', *names, both=False)
    server.holler('allow', 'add', 'alice', *names)
    for name in names:
        server.holler('user', 'set', name, '--display', '&')
        online(server, name)
        server.until_leg(name)
    a = registered(server, 'alice')
    others = []
    for name in names:
        others += ['nobody-' + name, name, 'no-one-of-that-name-' + name]
    for listed in (others, None):
        w = Watch(a, 'list', listed, eventlist=True)
        while len(w.rows) < len(listed or names):
            told = w.next()
            expect(told.raw.bytes <= DATAGRAM_BYTES, '%d bytes: %s' % (
                told.raw.bytes, sorted(told.resources)))
        expect(all(w.state(n)[2] == 'open' for n in names), 'all are open')
    expect(max(len(x.resources) for x in w.told) == 1, 'one a datagram')
