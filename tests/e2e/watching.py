# SPDX-License-Identifier: GPL-3.0-or-later
"""What presence looks like to a terminal: NOTIFYs taken apart, documents made.

A Watch keeps everything that its subscription was ever told.
"""
import re
import secrets
import select
import xml.etree.ElementTree as ET

from holler_test import expect
from terminal import Dialog, Message, Terminal, quoted, uri_of

PIDF = '{urn:ietf:params:xml:ns:pidf}'
DM = '{urn:ietf:params:xml:ns:pidf:data-model}'
RPID = '{urn:ietf:params:xml:ns:pidf:rpid}'
RLMI = '{urn:ietf:params:xml:ns:rlmi}'


def name_of(uri):
    return re.sub(r'^sips?:', '', uri).split('@')[0]


# --- documents that terminals publish


def pidf(status='open', note='', activities=(), who='x'):
    text = ('<?xml version="1.0" encoding="UTF-8"?>\n'
            '<presence xmlns="urn:ietf:params:xml:ns:pidf"'
            ' xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"'
            ' xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid"'
            ' entity="sip:%s@ptt.test">\n'
            '<tuple id="t1"><status><basic>%s</basic></status>' % (who,
                                                                   status))
    if note:
        text += '<note>%s</note>' % note
    text += '</tuple>\n'
    if activities:
        text += '<dm:person id="p"><rpid:activities>%s</rpid:activities>' \
            '</dm:person>\n' % ''.join('<rpid:%s/>' % a for a in activities)
    return text + '</presence>\n'


def settings(barred=None, mode=None):
    text = ('<?xml version="1.0" encoding="UTF-8"?>\n<poc-settings '
            'xmlns="urn:oma:params:xml:ns:poc:poc-settings">'
            '<entity id="do39s8zksn2d98x">')
    if barred is not None:
        text += '<isb-settings><incoming-session-barring active="%s"/>' \
            '</isb-settings>' % ('true' if barred else 'false')
    if mode:
        text += '<am-settings><answer-mode>%s</answer-mode>' \
            '</am-settings>' % mode
    return text + '</entity></poc-settings>\n'


TYPES = {'presence': 'application/pidf+xml',
         'poc-settings': 'application/poc-settings+xml'}


def publish(t, body='', etag=None, event='presence', expires=600, to=None,
            headers=(), ctype=None, **kw):
    """PUBLISH by terminal t; the final response"""
    lines = ['Event: ' + event]
    if expires is not None:
        lines.append('Expires: %s' % expires)
    if etag is not None:
        lines.append('SIP-If-Match: ' + etag)
    if body:
        lines.append('Content-Type: ' + (ctype or TYPES[event]))
    kw.setdefault('callid', secrets.token_hex(8))
    return t.ask('PUBLISH', t.aor(to), lines + list(headers), body, **kw)


# --- NOTIFYs


def parts(ctype, body):
    """{content-id: (type, text)} of a multipart, in order"""
    boundary = quoted(ctype, 'boundary')
    found = {}
    pieces = body.split('--' + boundary)
    expect(pieces[-1].strip() == '--', 'the last boundary')
    for i, piece in enumerate(pieces[1:-1]):
        head, _, text = piece.partition('\r\n\r\n')
        fields = dict((k.strip().lower(), v.strip()) for k, _, v in
                      (line.partition(':') for line in head.split('\r\n')
                       if ':' in line))
        cid = fields.get('content-id', '<%d>' % i)
        expect(cid not in found, 'a Content-ID twice')
        found[cid] = (fields['content-type'].split(';')[0], text)
    return found


class Seen:
    """One presentity as a PIDF tells of it"""

    def __init__(self, text):
        root = ET.fromstring(text.strip())
        expect(root.tag == PIDF + 'presence', root.tag)
        self.uri = root.get('entity')
        basics = [b.text for b in root.iter(PIDF + 'basic')]
        self.open = 'open' in basics
        notes = [n.text for n in root.iter(PIDF + 'note')]
        self.note = notes[0] if notes else ''
        self.activities = sorted(a.tag.replace(RPID, '')
                                 for acts in root.iter(RPID + 'activities')
                                 for a in acts)

    @property
    def status(self):
        return 'open' if self.open else 'closed'


class Told:
    """One NOTIFY, taken apart"""

    def __init__(self, m):
        self.raw = m
        self.state = m.get('subscription-state')
        self.list = None
        self.resources = {}  # uri: (state, reason, Seen or None), of lists
        self.seen = {}       # name: Seen
        self.type = m.get('content-type').split(';')[0]
        if self.type == 'application/pidf+xml':
            self._add(Seen(m.body))
        elif self.type == 'multipart/mixed':
            for _, text in parts(m.get('content-type'), m.body).values():
                self._add(Seen(text))
        elif self.type == 'multipart/related':
            self._related(m)
        else:
            expect(not m.body, 'a body of no type')

    def _add(self, seen):
        self.seen[name_of(seen.uri)] = seen

    def _related(self, m):
        ctype = m.get('content-type')
        expect(m.get('require') == 'eventlist', 'Require: eventlist')
        expect(quoted(ctype, 'type') == 'application/rlmi+xml', ctype)
        found = parts(ctype, m.body)
        start = re.search(r'start="([^"]*)"', ctype).group(1)
        expect(list(found)[0] == start, 'the root is first')
        kind, text = found.pop(start)
        expect(kind == 'application/rlmi+xml', kind)
        root = ET.fromstring(text.strip())
        self.list = {'uri': root.get('uri'),
                     'version': int(root.get('version')),
                     'full': root.get('fullState') == 'true'}
        self.names = {}
        for r in root.iter(RLMI + 'resource'):
            inst = r.find(RLMI + 'instance')
            name = r.find(RLMI + 'name')
            self.names[r.get('uri')] = name.text if name is not None else ''
            seen = None
            if inst.get('cid'):
                seen = Seen(found.pop('<%s>' % inst.get('cid'))[1])
                expect(seen.uri == r.get('uri'), 'whose document')
                expect(inst.get('state') == 'active', 'a body only if active')
                self._add(seen)
            self.resources[r.get('uri')] = (inst.get('state'),
                                            inst.get('reason'), seen)
        expect(not found, 'every part is named by the root')


class Watch:
    """A subscription, and everything that it was told"""

    def __init__(self, terminal, to, names=None, expires=600, frm=None,
                 eventlist=False, headers=(), event='presence'):
        self.t = terminal
        self.told = []
        self.rows = {}
        self.version = None
        self.cseqs = set()
        callid = secrets.token_hex(8)
        lines = ['Event: ' + event, 'Expires: %d' % expires, *headers]
        body = ''
        if eventlist or names is not None:
            lines += ['Supported: eventlist', 'Accept: application/pidf+xml, '
                      'application/rlmi+xml, multipart/related']
        if names is not None:
            lines += ['Require: recipient-list-subscribe',
                      'Content-Type: application/resource-lists+xml',
                      'Content-Disposition: recipient-list']
            body = self.document(names)
        aor = terminal.aor(frm)
        self.r = terminal.ask('SUBSCRIBE', terminal.aor(to), lines, body,
                              callid=callid, frm=aor, to=terminal.aor(to))
        self.dlg = Dialog(callid, terminal.tag, self.r.tag('to'), aor,
                          terminal.aor(to), uri_of(self.r.get('contact')),
                          [], terminal.cseq)

    def document(self, names):
        text = ('<?xml version="1.0"?>\n<resource-lists xmlns="urn:ietf:'
                'params:xml:ns:resource-lists"><list>')
        for n in names:
            text += '<entry uri="%s"/>' % (n if ':' in n else self.t.aor(n))
        return text + '</list></resource-lists>'

    def next(self, answer=200, match=lambda told: True):
        """The next NOTIFY for which match is true; all are answered, kept"""
        while True:
            m = self.t.notify(self.dlg, answer)
            told = self.take(m)
            if match(told):
                return told

    def take(self, m):
        told = Told(m)
        if m.cseq in self.cseqs:  # repeated: the answer was late
            return told
        self.cseqs.add(m.cseq)
        self.told.append(told)
        if told.list:
            self._merge(told)
        return told

    def _merge(self, told):
        """As RFC 4662 section 5.6 has a subscriber do it"""
        version = told.list['version']
        if self.version is not None:
            expect(version == self.version + 1, 'version %d after %d' % (
                version, self.version))
        else:
            expect(told.list['full'], 'the first is full')
        self.version = version
        if told.list['full']:
            self.rows = {}
        self.rows.update(told.resources)

    def until(self, name, status):
        """Until name is open or closed"""
        return self.next(match=lambda x: name in x.seen and
                         x.seen[name].status == status)

    def refresh(self, expires=600, headers=(), body=''):
        t = self.t
        t.cseq += 1
        self.dlg.cseq = t.cseq
        t.request('SUBSCRIBE', self.dlg.target,
                  ['Event: presence', 'Expires: %d' % expires, *headers],
                  body, callid=self.dlg.callid, frm=self.dlg.luri,
                  to=self.dlg.ruri, totag=self.dlg.rtag, cseq=self.dlg.cseq)
        return t.response(self.dlg.cseq, self.dlg.callid)

    def rename(self, names):
        """A refresh with another list"""
        return self.refresh(headers=[
            'Supported: eventlist', 'Require: recipient-list-subscribe',
            'Content-Type: application/resource-lists+xml'],
            body=self.document(names))

    def state(self, uri):
        """Of a resource: (state, reason, 'open', 'closed' or None)"""
        row = self.rows[uri if ':' in uri else self.t.aor(uri)]
        return row[0], row[1], row[2].status if row[2] else None


def drain(terminals, watches):
    """Take and answer every NOTIFY that is there already"""
    by_dialog = {(id(w.t), w.dlg.callid): w for w in watches}
    took = 0
    for t in terminals:
        while select.select([t.sock], [], [], 0)[0]:
            data, src = t.sock.recvfrom(65536)
            t.waiting.append(Message(data, src))
        for m in [m for m in t.waiting if m.method == 'NOTIFY']:
            w = by_dialog.get((id(t), m.get('call-id')))
            t.waiting.remove(m)
            t.reply(m, 200 if w else 481)
            if w:
                w.take(m)
                took += 1
    return took


def registered(server, user, **kw):
    t = Terminal(server, user, **kw)
    r = t.register()
    expect(r.code == 200, '%s: %s' % (user, r.start))
    return t
