# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted plain phone: registers, answers by itself or rings, dials.

No floor protocol, no subscription: what any SIP phone can do. One whose user
picks nothing up is manual.
"""
import secrets

from holler_test import expect
from terminal import Dialog, Terminal, uri_of

INSTANCE = ';+sip.instance="<urn:uuid:0f4a8a2e-5f5a-4f8e-9d34-%012x>"'


class Phone(Terminal):
    """One phone of one user, registered"""

    def __init__(self, server, user, instance=None, register=True, **kw):
        super().__init__(server, user, **kw)
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
        self.none(lambda m: m.method == method, what)

    # --- calling

    def dial_start(self, target, body=None, frm=None, headers=(), **kw):
        """INVITE with credentials, sent: what dial_end() needs"""
        callid = kw.setdefault('callid', secrets.token_hex(8))
        uri = self.aor(target)
        body = self.sdp(False) if body is None else body
        headers = list(headers)
        if body and not any(x.startswith('Content-Type') for x in headers):
            headers.append('Content-Type: application/sdp')
        kw.update(frm=self.aor(frm), to=uri)
        cseq = self.request('INVITE', uri, headers, body, **kw)
        r = self.response(cseq, callid)
        if r.code == 407:
            auth = self.credentials(r, 'INVITE', uri)
            kw.pop('branch', None)
            branch = secrets.token_hex(8)
            cseq = self.request('INVITE', uri, headers + [auth], body,
                                branch=branch, **kw)
            return {'callid': callid, 'cseq': cseq, 'uri': uri,
                    'branch': branch, 'frm': kw['frm']}
        return {'callid': callid, 'cseq': cseq, 'uri': uri, 'final': r,
                'frm': kw['frm']}

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
