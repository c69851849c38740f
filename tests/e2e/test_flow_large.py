# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes by a connection and is more than a conference server takes"""
from flows import online, server
from holler_test import expect

PADDING = 'a=x:' + 'y' * 100 + '\r\n'


def test_too_large_for_a_server(lab):
    """P1 an INVITE or REFER longer than any datagram is 513, not silence"""
    srv = server(lab)
    a = online(srv, 'alice', 'tcp')
    a.leg.cseq += 2
    r = a.ask('REFER', a.leg.target,
              ['Route: ' + x for x in a.leg.routes] +
              ['Refer-To: <%s>' % a.aor('bob'), 'Content-Type: text/plain'],
              200 * PADDING, callid=a.leg.callid, frm=a.leg.luri,
              tag=a.leg.ltag, to=a.leg.ruri, totag=a.leg.rtag,
              cseq=a.leg.cseq)
    expect(r.code == 513, 'REFER in the dialog: ' + r.start)
    r = a.ask('INVITE', a.aor('ptt'), ['Content-Type: application/sdp'],
              a.sdp() + 200 * PADDING, callid='large')
    expect(r.code == 513, 'INVITE: ' + r.start)
    # And the connection lives
    a.ping()
