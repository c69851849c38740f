# SPDX-License-Identifier: GPL-3.0-or-later
"""The holler command, as a person meets it"""
import json
import os
import pty
import select
import socket
import subprocess
import termios
import threading
import time

from holler_test import DEADLINE, HOLLER, Skip, aside, expect

NOBODY = 65534


class Fake:
    """An admin socket that gives one answer, or none"""

    def __init__(self, lab, answer):
        self.path = lab.path('fake')
        self.answer = answer
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(self.path)
        self.sock.listen(1)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        peer = self.sock.accept()[0]
        peer.makefile().readline()
        if self.answer:
            peer.sendall(json.dumps(self.answer).encode() + b'\n')
        peer.recv(1)
        peer.close()


def holler(*args, **options):
    return subprocess.run([HOLLER, *args], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=DEADLINE,
                          check=False, **options)


def test_terminal_is_safe(lab):
    """No control character of a name reaches the terminal; the rest of it and
    the columns are as they were"""
    fake = Fake(lab, {'ok': True, 'status': {'conference': {'bridges': [
        {'name': 'a crew', 'holder': '\x1b[2Jåsa', 'queue': [
            {'subscriber': 'bob\n\x9b31m'}]},
        {'name': 'crew', 'holder': '12345678'}], 'groups_total': 2}}})
    out = holler('--socket', fake.path, 'status').stdout
    expect(out.splitlines()[-3:] == [
        'bridge  kind  members  policy  floor     waiting',
        'a crew  -     -        -       ?[2Jåsa   bob??31m',
        'crew    -     -        -       12345678  -'], out)


def test_help_of_a_command(lab):
    """--help after any command is help, done, and asks no hollerd"""
    for words in ('user add', 'user add dave', 'user', 'group members',
                  'emergency list', 'floor', 'status', 'log-level'):
        r = holler('--socket', lab.path('none'), *words.split(), '--help')
        expect(r.returncode == 0 and r.stdout.startswith('Usage: holler') and
               not r.stderr, '%s: %r' % (words, r))
    # A name is none, nor is a command that does not exist
    for words in ('user remove -- --help', 'users --help'):
        r = holler('--socket', lab.path('none'), *words.split())
        expect(r.returncode and not r.stdout, '%s: %r' % (words, r))


def test_list_of_nothing(lab):
    """An empty list says so and is done; a name that is none is an error"""
    server = lab.server()
    server.users('alice')
    server.holler('group', 'add', 'crew')
    for words in ('emergency list', 'group members crew', 'allow list alice'):
        r = server.holler(*words.split())
        expect(r == (0, '', 'holler: the list is empty'), '%s: %r' % (words,
                                                                      r))
        r = server.holler(*words.split(), '--json')
        expect(r == (0, '[]\n', ''), '%s: %r' % (words, r))
    for words, noun in (('user list', 'user'), ('group members', 'group'),
                        ('allow list', 'subscription'),
                        ('policy list', 'policy')):
        r = server.holler(*words.split(), 'nobody', ok=False)
        expect(r == (1, '', 'holler: %s nobody: does not exist' % noun),
               '%s: %r' % (words, r))


class Typist:
    """holler on a terminal of its own"""

    def __init__(self, *args):
        self.master, self.slave = pty.openpty()
        self.said = ''
        self.proc = subprocess.Popen([HOLLER, *args], stdin=self.slave,
                                     stdout=self.slave, stderr=self.slave,
                                     start_new_session=True)

    def until(self, words):
        while words not in self.said:
            expect(select.select([self.master], [], [], DEADLINE)[0],
                   'not said: %r, but %r' % (words, self.said))
            self.said += os.read(self.master, 4096).decode()

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self):
        """Exit status; the terminal is as it was"""
        status = self.proc.wait(DEADLINE)
        mode = termios.tcgetattr(self.slave)[3]
        expect(mode & termios.ECHO and mode & termios.ISIG, 'left quiet')
        os.close(self.master)
        os.close(self.slave)
        return status


def test_password_is_typed(lab):
    """It is not shown; the terminal is given back, interrupted or not"""
    server = lab.server()
    args = ('--socket', server.socket, 'user', 'add', 'dave',
            '--password-stdin')
    for stop in ('sec\x03', '\x04'):
        t = Typist(*args)
        t.until('Password: ')
        t.type(stop)
        t.until('no password on standard input')
        expect(t.end() == 1 and 'sec' not in t.said, t.said)
    t = Typist(*args)
    t.until('Password: ')
    t.type('secret\n')
    t.until('\n')
    expect(t.end() == 0 and 'secret' not in t.said, t.said)
    users = json.loads(server.holler('user', 'list', 'dave', '--json')[1])
    expect(users[0]['has_password'], users)
    r = server.holler('user', 'set', 'dave', '--password-stdin', ok=False)
    expect(r == (1, '', 'holler: no password on standard input'), r)
    server.holler('user', 'set', 'dave', '--password-stdin', stdin='other\n')


def test_who_may_not(lab):
    """Who may not use the socket is told who may"""
    if os.geteuid():
        raise Skip('only root can be somebody else')
    server = lab.server()
    os.chmod(server.socket, 0)
    try:
        r = holler('--socket', server.socket, 'status', user=NOBODY,
                   group=NOBODY, extra_groups=[])
    except PermissionError:
        raise Skip('the build is closed to others') from None
    expect(r.returncode == 1 and 'Permission denied' in r.stderr and
           '[admin] group' in r.stderr, r)
    # The kernel lets them through, hollerd does not
    folder = os.path.dirname(server.socket)
    os.chmod(os.path.dirname(folder), 0o755)
    os.chmod(folder, 0o755)
    os.chmod(server.socket, 0o666)
    r = holler('--socket', server.socket, 'status', user=NOBODY,
               group=NOBODY, extra_groups=[])
    expect(r.returncode == 1 and 'not administer' in r.stderr and
           '[admin] group' in r.stderr, r)


@aside
def test_status_of_a_stopped_server(lab):
    """status does not wait long for a server that does not answer"""
    fake = Fake(lab, None)
    full = socket.socket(socket.AF_UNIX)
    full.bind(lab.path('full'))
    full.listen(0)
    first = socket.socket(socket.AF_UNIX)
    first.connect(lab.path('full'))
    for path in (fake.path, lab.path('full')):
        since = time.monotonic()
        r = holler('--socket', path, 'status')
        expect(r.returncode == 1 and
               r.stderr == 'holler: hollerd gave no answer for 5 s\n', r)
        expect(5 <= time.monotonic() - since < 20, 'not 5 s')
