# SPDX-License-Identifier: GPL-3.0-or-later
"""The harness of the end-to-end tests: a real hollerd, real handsets.

A Server runs in a temporary directory on a loopback address of its own. A
Handset is `holler handset`, steered by lines on its standard input; what it
says (JSON lines) is waited for with a deadline. Nothing sleeps, and nothing
outlives its test: every process is told by the kernel when its parent dies.
"""
import atexit
import ctypes
import hashlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import wave

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get('HOLLER_BUILD',
                                       os.path.join(TOP, 'build')))
HOLLERD = os.path.join(BUILD, 'daemon', 'hollerd')
HOLLER = os.path.join(BUILD, 'cli', 'holler')
SOUNDS = '/usr/share/sounds/alsa'

# How long anything may take that is not slow by design. Generous: sanitizers
# and a loaded machine only make it later, never wrong.
DEADLINE = float(os.environ.get('HOLLER_DEADLINE', '60'))


# The listener's patience: a loaded machine delays packets, which must not be
# taken for speech that was lost.
JITTER_MS = 250


class Failure(Exception):
    """A test's expectation was not met."""


class Skip(Exception):
    """This machine lacks what the test needs; the words say what."""


def aside(func):
    """A test that mostly waits: run.py lets it run beside all others"""
    func.aside = True
    return func


def expect(cond, words):
    if not cond:
        raise Failure(words)


def _die_with_parent():
    libc = ctypes.CDLL(None)
    libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    signal.pthread_sigmask(signal.SIG_SETMASK, set())


class Lines:
    """What a process says, line by line, kept and waited for."""

    def __init__(self, stream, name):
        self.name = name
        self.lines = []
        self.ended = False
        self.cond = threading.Condition()
        self.thread = threading.Thread(target=self._read, args=(stream,),
                                       daemon=True)
        self.thread.start()

    def _read(self, stream):
        for raw in stream:
            line = raw.decode('utf-8', 'replace').rstrip('\n')
            try:
                item = json.loads(line)
                if not isinstance(item, dict):
                    item = {'text': line}
            except ValueError:
                item = {'text': line}
            with self.cond:
                self.lines.append(item)
                self.cond.notify_all()
        with self.cond:
            self.ended = True
            self.cond.notify_all()

    def mark(self):
        """A place in the stream: wait(after=mark) looks from there on."""
        with self.cond:
            return len(self.lines)

    def wait(self, match, what, after=0, deadline=None):
        """The first line after the mark for which match(line) is true."""
        end = time.monotonic() + (deadline or DEADLINE)
        with self.cond:
            i = after
            while True:
                while i < len(self.lines):
                    if match(self.lines[i]):
                        return self.lines[i]
                    i += 1
                left = end - time.monotonic()
                if self.ended or left <= 0:
                    raise Failure('%s: %s without %s' % (
                        self.name, 'ended' if self.ended else 'waited',
                        what))
                self.cond.wait(left)

    def having(self, match, after=0):
        with self.cond:
            return [x for x in self.lines[after:] if match(x)]

    def tail(self, count=25):
        with self.cond:
            return ['%s: %s' % (self.name, json.dumps(x))
                    for x in self.lines[-count:]]


class Process:
    def __init__(self, argv, name, errors=None):
        self.name = name
        self.popen = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=errors or subprocess.PIPE, bufsize=0,
            preexec_fn=_die_with_parent)
        self.out = Lines(self.popen.stdout, name)
        self.err = None
        if errors is None:
            self.err = Lines(self.popen.stderr, name + ' stderr')

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def kill(self):
        self.popen.kill()
        self.popen.wait()

    def join(self, deadline=None):
        try:
            return self.popen.wait(deadline or DEADLINE)
        except subprocess.TimeoutExpired:
            raise Failure('%s did not end' % self.name) from None


def free_ip():
    """A loopback address that no other test uses."""
    while True:
        ip = '127.%d.%d.%d' % (random.randint(1, 250),
                               random.randint(0, 250),
                               random.randint(1, 250))
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            s.bind((ip, 5060))
            return ip
        except OSError:
            continue
        finally:
            s.close()


def free_port(ip):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((ip, 0))
    port = s.getsockname()[1]
    s.close()
    return port


class Server:
    """hollerd with a database of its own"""

    def __init__(self, lab, conf=None, port=0):
        self.lab = lab
        self.dir = tempfile.mkdtemp(prefix='s', dir=lab.dir)
        self.state = os.path.join(self.dir, 'state')
        self.socket = os.path.join(self.dir, 'a')
        self.conf = os.path.join(self.dir, 'conf')
        self.ip = free_ip()
        self.port = port or free_port(self.ip)
        self.proc = None
        self.settings = {
            'general': {'state_dir': self.state, 'domain': 'ptt.test'},
            'log': {'format': 'json', 'level': 'debug'},
            'sip': {'listen': '%s:%d' % (self.ip, self.port)},
            'media': {'triples': 8},
            'conference': {},
            'auth': {},
            'admin': {'socket': self.socket},
        }
        for section, settings in (conf or {}).items():
            self.settings.setdefault(section, {}).update(settings)

    @property
    def db(self):
        return os.path.join(self.state, 'provisioning.db')

    @property
    def log(self):
        return self.proc.err

    def start(self):
        with open(self.conf, 'w', encoding='ascii') as f:
            for section, settings in self.settings.items():
                f.write('[%s]\n' % section)
                for key, value in settings.items():
                    f.write('%s = %s\n' % (key, value))
        self.proc = Process([HOLLERD, '--config', self.conf], 'hollerd')
        self.lab.procs.append(self.proc)
        self.proc.err.wait(lambda x: x.get('event') == 'ready', 'being ready')
        return self

    def kill(self):
        """As a crash does it"""
        self.proc.kill()

    def stop(self):
        self.proc.popen.send_signal(signal.SIGTERM)
        return self.proc.join()

    def holler(self, *args, stdin='', ok=True):
        """holler ARGS: (status, stdout, stderr)"""
        r = subprocess.run([HOLLER, '--socket', self.socket, *args],
                           input=stdin, capture_output=True, text=True,
                           timeout=DEADLINE, check=False)
        if ok:
            expect(r.returncode == 0, 'holler %s: %s' % (
                ' '.join(args), r.stderr.strip()))
        return r.returncode, r.stdout, r.stderr.strip()

    def sql(self, text, ok=True):
        """By the stock shell, as a script would"""
        r = subprocess.run(['sqlite3', '-bail', '-cmd', '.timeout 5000',
                            self.db], input=text, capture_output=True,
                           text=True, timeout=DEADLINE, check=False)
        if ok:
            expect(r.returncode == 0, 'sqlite3: ' + r.stderr)
        return r.returncode, r.stdout, r.stderr.strip()

    def users(self, *names, start='subscribe', both=True):
        """Users with the password NAMEpw who may all call each other"""
        for name in names:
            self.holler('user', 'add', name, '--password', name + 'pw',
                        '--display', name.capitalize())
            if start != 'subscribe':
                self.holler('subscription', 'set', name, '--start', start)
        if both:
            for name in names:
                others = [x for x in names if x != name]
                if others:
                    self.holler('allow', 'add', name, *others)

    def group(self, name, *members, **options):
        argv = []
        for key, value in options.items():
            argv += ['--' + key.replace('_', '-'), str(value)]
        self.holler('group', 'add', name, '--service', 'ptt', *argv)
        self.holler('group', 'join', name, *members)

    def status(self):
        return json.loads(self.holler('status', '--json')[1])

    def leg(self, subscriber):
        """The leg as the conference server has it, or {}"""
        for leg in self.status()['conference']['legs']:
            if leg['subscriber'] == subscriber:
                return leg
        return {}

    def bridge(self, name):
        for bridge in self.status()['conference']['bridges']:
            if bridge['name'] == name:
                return bridge
        return {}

    def until(self, cond, what, deadline=None):
        """Ask the server's status until cond(status) is true. Each question
        is a round trip to the server, so this does not spin."""
        end = time.monotonic() + (deadline or DEADLINE)
        while True:
            status = self.status()
            if cond(status):
                return status
            expect(time.monotonic() < end, 'hollerd never showed ' + what)

    def until_leg(self, subscriber, state='idle', deadline=None):
        def there(status):
            return any(x['subscriber'] == subscriber and x['leg'] == state
                       for x in status['presence']['subscriptions'])
        return self.until(there, 'a leg of %s that is %s' % (subscriber,
                                                             state), deadline)


class Lab:
    """One test's world; ends all of it."""

    def __init__(self, name):
        # Short: the path of a unix socket has 107 bytes at most
        self.dir = tempfile.mkdtemp(prefix='he2e.')
        self.name = name
        self.procs = []
        atexit.register(self.close)

    def server(self, conf=None, port=0):
        return Server(self, conf, port).start()

    def handset(self, server, user, **options):
        return Handset(self, server, user, **options)

    def path(self, name):
        return os.path.join(self.dir, name)

    def speech(self, *names):
        """Recorded speech, one file of the named recordings"""
        names = names or ('Front_Left', 'Front_Right')
        path = self.path('speech-%s.wav' % '-'.join(names))
        with wave.open(path, 'wb') as out:
            for i, name in enumerate(names):
                file = os.path.join(SOUNDS, name + '.wav')
                with wave.open(file, 'rb') as one:
                    if not i:
                        out.setparams(one.getparams())
                    out.writeframes(one.readframes(one.getnframes()))
        return path

    def report(self):
        lines = []
        for proc in self.procs:
            lines += proc.out.tail()
            if proc.err:
                lines += proc.err.tail()
            if not proc.alive():
                lines.append('%s: ended with status %s' % (
                    proc.name, proc.popen.returncode))
        return lines

    def close(self):
        for proc in self.procs:
            if proc.alive():
                proc.kill()
        shutil.rmtree(self.dir, ignore_errors=True)


class Handset(Process):
    """holler handset: a terminal of one user"""

    def __init__(self, lab, server, user, password=None, play=None, lines=(),
                 options=(), service='ptt'):
        self.user = user
        self.server = server
        self.record = lab.path('%s-%d.wav' % (user, len(lab.procs)))
        argv = [HOLLER, 'handset', '--events',
                '--server', '%s:%d' % (server.ip, server.port),
                '--domain', server.settings['general']['domain'],
                '--user', user, '--password', password or user + 'pw',
                '--service', service, '--bind', '127.0.0.1',
                '--record', self.record, '--jitter', '%d' % JITTER_MS]
        if play:
            argv += ['--play', play]
        for line in lines:
            argv += ['--subscriber', line]
        argv += list(options)
        super().__init__(argv, 'handset ' + user)
        lab.procs.append(self)
        self.at = 0

    def send(self, command):
        try:
            self.popen.stdin.write(command.encode() + b'\n')
        except BrokenPipeError:
            raise Failure('%s has ended' % self.name) from None
        return self

    def mark(self):
        """Events are looked for from here on"""
        self.at = self.out.mark()
        return self

    def event(self, name, deadline=None, **fields):
        """The first event of that name with those fields since mark()"""
        def match(x):
            return x.get('event') == name and all(
                x.get(k) == v for k, v in fields.items())
        return self.out.wait(match, '%s %r' % (name, fields or ''), self.at,
                             deadline)

    def events(self, name):
        return self.out.having(lambda x: x.get('event') == name, self.at)

    def ready(self, subscriber=None):
        """Registered, subscribed, with an idle leg"""
        self.event('registered')
        self.event('leg_up', subscriber=subscriber or self.user)
        return self

    def say(self):
        """Press, speak the whole file, release"""
        self.mark().send('press')
        self.event('granted')
        self.event('played')
        self.send('release')
        return self

    def quit(self):
        """Sign off; the recording is complete then"""
        if self.alive():
            self.send('quit')
        status = self.join()
        expect(status == 0, '%s ended with status %d' % (self.name, status))
        return self


def compare(original, recording):
    """How much of the original is in the recording: holler compare --json"""
    r = subprocess.run([HOLLER, 'compare', '--json', original, recording],
                       capture_output=True, text=True, timeout=60,
                       check=False)
    expect(r.returncode in (0, 1) and r.stdout,
           'holler compare: ' + r.stderr.strip())
    return json.loads(r.stdout)


def expect_heard(original, handset, least=0.9):
    """The handset's recording has the speech, its first 200 ms too"""
    r = compare(original, handset.record)
    expect(r['correlation'] >= least and r['head_correlation'] >= least,
           '%s heard %r' % (handset.name, r))
    return r


# --- SIP by hand: for what no handset would send ---------------------------

class Sip:
    """A UDP socket that speaks just enough SIP to be rude"""

    def __init__(self, server, ip=None):
        self.server = server
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((ip or '127.0.0.1', 0))
        self.sock.settimeout(DEADLINE)
        self.host, self.port = self.sock.getsockname()
        self.callid = '%016x' % random.getrandbits(64)
        self.tag = '%08x' % random.getrandbits(32)
        self.cseq = 0

    def close(self):
        self.sock.close()

    def raw(self, data, addr=None):
        self.sock.sendto(data, addr or (self.server.ip, self.server.port))

    def request(self, method, uri, user, to=None, headers=(), body=''):
        self.cseq += 1
        domain = self.server.settings['general']['domain']
        aor = 'sip:%s@%s' % (user, domain)
        text = ['%s %s SIP/2.0' % (method, uri),
                'Via: SIP/2.0/UDP %s:%d;branch=z9hG4bK%016x;rport' % (
                    self.host, self.port, random.getrandbits(64)),
                'Max-Forwards: 70',
                'From: <%s>;tag=%s' % (aor, self.tag),
                'To: <%s>' % (to or aor),
                'Call-ID: ' + self.callid,
                'CSeq: %d %s' % (self.cseq, method),
                'Contact: <sip:%s@%s:%d>' % (user, self.host, self.port)]
        text += list(headers)
        text += ['Content-Length: %d' % len(body), '', body]
        self.raw('\r\n'.join(text).encode())

    def response(self, cseq=None):
        """(code, reason, headers) of the final response to the request"""
        while True:
            data = self.sock.recv(65536).decode('utf-8', 'replace')
            head, _, _ = data.partition('\r\n\r\n')
            lines = re.sub(r'\r\n[ \t]+', ' ', head).split('\r\n')
            m = re.match(r'SIP/2\.0 (\d+) ?(.*)', lines[0])
            if not m:
                continue
            headers = [tuple(x.strip() for x in line.split(':', 1))
                       for line in lines[1:] if ':' in line]
            num = dict((k.lower(), v) for k, v in headers).get('cseq', '')
            if int(m.group(1)) >= 200 and \
                    num.split(' ')[0] == str(cseq or self.cseq):
                return int(m.group(1)), m.group(2), headers

    def ask(self, method, uri, user, **kw):
        self.request(method, uri, user, **kw)
        return self.response()

    def register(self, user, password, expires=60, extra=()):
        """REGISTER with MD5 digest: the two responses"""
        domain = self.server.settings['general']['domain']
        uri = 'sip:' + domain
        headers = ['Expires: %d' % expires, *extra]
        first = self.ask('REGISTER', uri, user, headers=headers)
        if first[0] != 401:
            return first, None
        auth = self.authorization(first, 'REGISTER', uri, user, password)
        return first, self.ask('REGISTER', uri, user,
                               headers=headers + [auth])

    @staticmethod
    def challenge(response, algorithm='MD5'):
        for key, value in response[2]:
            if key.lower() != 'www-authenticate':
                continue
            par = dict((k.lower(), v.strip('"')) for k, v in re.findall(
                r'(\w+)=("[^"]*"|[^,\s]+)', value))
            if par.get('algorithm', 'MD5').upper() == algorithm:
                return par
        return None

    @classmethod
    def authorization(cls, response, method, uri, user, password):
        par = cls.challenge(response)
        expect(par, 'no MD5 challenge: %r' % (response,))

        def h(text):
            return hashlib.md5(text.encode()).hexdigest()
        cnonce = '%08x' % random.getrandbits(32)
        digest = h(':'.join((h('%s:%s:%s' % (user, par['realm'], password)),
                             par['nonce'], '00000001', cnonce, 'auth',
                             h('%s:%s' % (method, uri)))))
        return ('Authorization: Digest username="%s", realm="%s", '
                'nonce="%s", uri="%s", response="%s", algorithm=MD5, '
                'cnonce="%s", nc=00000001, qop=auth' % (
                    user, par['realm'], par['nonce'], uri, digest, cnonce))
