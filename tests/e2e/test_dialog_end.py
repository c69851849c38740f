# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a leg's dialog alive, and what ends it from our side"""
from holler_test import expect
from plainphone import manual_phone, manual_world
from test_dialog import ALLOW, again, invited, is_a, ok, take


def test_update_is_not_known_after_all(lab):
    """P1 who allows UPDATE and refuses it with 405 or 501 is refreshed by
    re-INVITE, not lost with the session's end"""
    for code in (405, 501):
        server, a, inv = invited(lab)
        dlg = take(a, inv, 'Session-Expires: 4;refresher=uac',
                   'Require: timer', ALLOW + ', UPDATE')
        a.reply(again(a, dlg, 'UPDATE'), code, 'Not Here')
        for _ in range(2):
            m = again(a, dlg, what='a re-INVITE after %d' % code)
            expect(m.body == inv.body, 'the same SDP')
            ok(a, m, ALLOW, 'Session-Expires: 4;refresher=uac')
        a.none(is_a('BYE'), 'a BYE')
        expect(server.leg('alice')['status'] == 'idle', 'the leg is up')
        server.stop()


def test_dialled_group_is_deleted(lab):
    """P9 a phone that dialled a group is hung up when there is none any
    more"""
    server = manual_world(lab, 'alice', 'bob')
    server.group('crew', 'alice', 'bob')
    a = manual_phone(server, 'alice')
    b = manual_phone(server, 'bob')
    for phone, name in ((a, 'alice'), (b, 'bob')):
        phone.dial('crew')
        server.until_leg(name, 'idle')
    server.holler('group', 'leave', 'crew', 'alice')
    a.ended(what='the end of her membership')
    server.until_leg('alice', 'manual')
    b.never('BYE', 'who is still in it')
    server.holler('group', 'remove', 'crew')
    b.ended(what='the end of the group')
    server.until_leg('bob', 'manual')
