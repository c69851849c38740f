# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted plain phone: registers, answers by itself or rings, dials.

No floor protocol, no subscription: what any SIP phone can do. One whose user
picks nothing up is manual.
"""
import secrets

from holler_test import expect
from terminal import Dialog, Terminal, uri_of

INSTANCE = ';+sip.instance="<urn:uuid:0f4a8a2e-5f5a-4f8e-9d34-%012x>"'


def resource_list(*uris):
    return ('<?xml version="1.0"?><resource-lists '
            'xmlns="urn:ietf:params:xml:ns:resource-lists"><list>%s</list>'
            '</resource-lists>' % ''.join(
                '<entry uri="%s"/>' % x for x in uris))


class Phone(Terminal):
    """One phone of one user, registered"""

    def __init__(self, server, user, instance=None, register=True, **kw):
        super().__init__(server, user, **kw)
        self.seen = set()
        self.params = INSTANCE % instance if instance else ''
        if register:
            self.sign_on()

    def contact(self):
        return super().contact() + self.params

    def sign_on(self, expires=600):
        r = self.register(expires=expires)
        expect(r.code == 200, 'REGISTER: ' + r.start)
        return self

    def restart(self):
        """As a phone that lost its memory: another Call-ID, all else as was"""
        self.callid = secrets.token_hex(8)
        return self.sign_on()

    # --- called

    def repeated(self, m):
        """On a slow machine an INVITE comes twice before it is answered"""
        return m.method == 'INVITE' and not m.tag('to') and \
            m.get('call-id') in self.seen

    def invited(self, what='the server\'s INVITE'):
        inv = self.receive(lambda m: m.method == 'INVITE' and
                           not m.tag('to') and not self.repeated(m), what)
        self.seen.add(inv.get('call-id'))
        return inv

    def auto(self, floor=False):
        """Answer the next INVITE as a phone set to do so"""
        self.leg = self.answer(self.invited(), floor)
        return self

    def ring(self):
        """Ring until it is cancelled; the INVITE"""
        inv = self.invited()
        self.reply(inv, 180, 'Ringing')
        self.cancelled(inv)
        return inv

    def cancelled(self, inv):
        cancel = self.receive(lambda m: m.method == 'CANCEL' and
                              m.get('call-id') == inv.get('call-id'),
                              'a CANCEL')
        self.reply(cancel, 200)
        self.reply(inv, 487, 'Request Terminated')

    def refuse(self, code=486, words='Busy Here'):
        inv = self.invited()
        self.reply(inv, code, words)
        self.receive(lambda m: m.method == 'ACK' and
                     m.get('call-id') == inv.get('call-id'), 'its ACK')
        return inv

    def ended(self, dlg=None, what='a BYE'):
        """The server hangs up"""
        dlg = dlg or self.leg
        bye = self.receive(lambda m: m.method == 'BYE' and
                           m.get('call-id') == dlg.callid, what)
        self.reply(bye, 200)
        return bye

    def never(self, method, what):
        self.none(lambda m: m.method == method and not self.repeated(m), what)

    # --- calling

    def dial_ready(self, target, body=None, frm=None, headers=(), **kw):
        """The challenge of an INVITE is answered by dial_go(): a call"""
        uri = self.aor(target)
        body = self.sdp(False) if body is None else body
        headers = list(headers)
        if body and not any(x.startswith('Content-Type') for x in headers):
            headers.append('Content-Type: application/sdp')
        kw.setdefault('callid', secrets.token_hex(8))
        kw.update(frm=self.aor(frm), to=uri)
        call = {'callid': kw['callid'], 'uri': uri, 'frm': kw['frm']}
        call['cseq'] = self.request('INVITE', uri, headers, body, **kw)
        r = self.response(call['cseq'], kw['callid'])
        if r.code != 407:
            call['final'] = r
            return call
        auth = self.credentials(r, 'INVITE', uri)
        call['branch'] = kw['branch'] = secrets.token_hex(8)
        call['args'] = (('INVITE', uri, headers + [auth], body), kw)
        return call

    def dial_go(self, call):
        if 'final' not in call:
            args, kw = call['args']
            call['cseq'] = self.request(*args, **kw)
        return call

    def dial_start(self, target, **kw):
        """INVITE with credentials, sent: what dial_end() needs"""
        return self.dial_go(self.dial_ready(target, **kw))

    def dial_end(self, call):
        """(final response, dialog or None), acknowledged"""
        r = call.get('final') or self.response(call['cseq'], call['callid'])
        if r.code >= 300:
            return r, None
        dlg = Dialog(call['callid'], self.tag, r.tag('to'), call['frm'],
                     call['uri'], uri_of(r.get('contact')),
                     r.all('record-route')[::-1], call['cseq'])
        self.request('ACK', dlg.target, ['Route: ' + x for x in dlg.routes],
                     callid=dlg.callid, frm=dlg.luri, to=dlg.ruri,
                     totag=dlg.rtag, cseq=call['cseq'])
        return r, dlg

    def dial(self, target, **kw):
        """A dialled call that is taken; its dialog is the leg's"""
        r, dlg = self.dial_end(self.dial_start(target, **kw))
        expect(r.code == 200, 'dialling %s: %s' % (target, r.start))
        self.leg = dlg
        return self

    def refused(self, target, **kw):
        """(code, words) of a dialled call that is not"""
        r, _ = self.dial_end(self.dial_start(target, **kw))
        return r.code, r.words

    def cancel(self, call):
        self.request('CANCEL', call['uri'], callid=call['callid'],
                     frm=call['frm'], to=call['uri'], cseq=call['cseq'],
                     branch=call['branch'])
        return self.receive(lambda m: m.code and m.cseq[1] == 'CANCEL' and
                            m.get('call-id') == call['callid'],
                            'the answer to CANCEL')

    # --- REFER in the leg's dialog

    def refer_start(self, *who, params='', sub=False, listed=False):
        """Sent; what refer_end() needs"""
        headers, body = [], ''
        if not sub:
            headers.append('Refer-Sub: false')
        if listed or len(who) > 1:
            body = resource_list(*[self.aor(x) + params for x in who])
            headers += ['Refer-To: <cid:l@x>', 'Content-ID: <l@x>',
                        'Require: multiple-refer',
                        'Content-Type: application/resource-lists+xml']
        else:
            headers.append('Refer-To: <%s%s>' % (self.aor(who[0]), params))
        self.leg.cseq += 1
        self.request('REFER', self.leg.target,
                     ['Route: ' + r for r in self.leg.routes] + headers,
                     body, callid=self.leg.callid, frm=self.leg.luri,
                     tag=self.leg.ltag, to=self.leg.ruri,
                     totag=self.leg.rtag, cseq=self.leg.cseq)
        return self.leg.cseq, self.leg.callid

    def refer(self, *who, **kw):
        return self.response(*self.refer_start(*who, **kw))

    def remove(self, *who):
        return self.refer(*who, params=';method=BYE')

    def floor_until(self, kind):
        """The next floor message of that kind on the leg's channel"""
        sock = self.media['floor']
        while sock.recv(2000)[0] & 0x1f != kind:
            pass

    def hang_up(self, dlg=None):
        r = self.in_dialog(dlg or self.leg, 'BYE')
        expect(r.code == 200, 'BYE: ' + r.start)
        return self


def subscription(server, name):
    for sub in server.status()['presence']['subscriptions']:
        if sub['subscriber'] == name:
            return sub
    return {}


def bridges(server):
    """[(kind, sorted parties)] of all calls"""
    return sorted((b['kind'], tuple(sorted(b['parties'])))
                  for b in server.status()['conference']['bridges']
                  if b['kind'] != 'group')


def world(lab, *names, conf=None, hang_ms=60000, allow=True):
    conf = conf or {}
    # They send no media, and are not to be missed for that
    conf['media'] = {'dead_idle_ms': 0, 'dead_bridged_ms': 0}
    server = lab.server(conf)
    server.users(*names, start='register', both=allow)
    server.sql("UPDATE service SET hang_ms = %d;" % hang_ms)
    server.until(lambda s: s['presence']['subscriptions_all'] == len(names),
                 'its users')
    return server


def manual_world(lab, *names, **kw):
    """..in which answer_ms is short: nobody waits for ringing phones"""
    conf = kw.pop('conf', {})
    conf.setdefault('conference', {})['answer_ms'] = 500
    return world(lab, *names, conf=conf, **kw)


def manual_phone(server, user, **kw):
    p = Phone(server, user, **kw)
    p.ring()
    server.until_leg(user, 'manual')
    return p
