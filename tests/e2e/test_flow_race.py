# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that end while something of them is under way"""
from flows import Flow, online, server
from holler_test import expect


def leave_registering(srv, user, expires=600):
    """A REGISTER that is right, and the end right behind it"""
    t = Flow(srv, user, 'tcp')
    uri = 'sip:' + t.domain
    r = t.response(t.request('REGISTER', uri, ['Expires: %d' % expires]))
    expect(r.code == 401, r.start)
    auth = t.credentials(r, 'REGISTER', uri)
    t.request('REGISTER', uri, ['Expires: %d' % expires, auth])
    t.sock.close()


def test_gone_before_verdict(lab):
    """P2 who hung up before the verdict is not registered: the address of
    the connection may be somebody else's by now"""
    srv = server(lab)
    for n in range(1, 9):
        leave_registering(srv, 'alice')
        srv.until(lambda s: s['presence']['counters']['registers'] == n,
                  'the verdict')
        expect(srv.status()['presence']['bindings'] == 0,
               'a binding without a connection')
    # Who is there is registered as ever
    a = online(srv, 'alice', 'tcp')
    srv.until(lambda s: s['presence']['bindings'] == 1, 'the binding')
    a.ping()


def test_farewell(lab):
    """P2 who says good-bye and hangs up is gone, other contacts too"""
    srv = server(lab)
    a = Flow(srv, 'alice', 'udp')
    expect(a.register().code == 200, 'registered')
    t = Flow(srv, 'alice', 'tcp')
    uri = 'sip:' + t.domain
    r = t.response(t.request('REGISTER', uri, ['Expires: 0'],
                             contact=a.contact()))
    auth = t.credentials(r, 'REGISTER', uri)
    t.request('REGISTER', uri, ['Expires: 0', auth], contact=a.contact())
    t.sock.close()
    srv.until(lambda s: s['presence']['bindings'] == 0, 'its end')
