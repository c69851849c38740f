# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do to provisioning.db while hollerd runs."""
import json
import os
import socket
import sqlite3

from holler_test import expect


def log_wait(server, words, after=0, **fields):
    def match(x):
        return words in x.get('event', '') and all(
            x.get(key) == value for key, value in fields.items())
    return server.log.wait(match, 'to say "%s"' % words, after=after)


def names(server):
    return server.holler('user', 'list')[1].split()


def gone_told(server, mark):
    log_wait(server, 'is gone: move a copy', mark, level='error',
             subject=server.db)
    server.until(lambda st: st['provisioning']['file'] == 'missing',
                 'a missing database')


def test_database_deleted(lab):
    """A deleted database is told once, nothing is written into the deleted
    file, who talks goes on; a copy that is moved in is taken"""
    server = lab.server()
    server.users('alice', 'bob')
    copy = os.path.join(server.dir, 'copy.db')
    server.sql('.backup %s' % copy)
    alice = lab.handset(server, 'alice')
    alice.ready()
    mark = server.log.mark()
    os.unlink(server.db)
    gone_told(server, mark)
    expect('is gone' in server.holler('status')[1], 'holler status is silent')
    code, _, err = server.holler('user', 'add', 'greta', ok=False)
    expect(code and 'is gone' in err, 'greta: %d %s' % (code, err))
    expect('alice' in names(server), 'alice is not listed any more')
    server.until_leg('alice')
    os.rename(copy, server.db)
    log_wait(server, 'is there again', mark)
    server.until(lambda st: st['provisioning']['file'] == 'ok', 'the copy')
    server.holler('user', 'add', 'greta')
    expect('is gone' not in server.holler('status')[1], 'still gone')
    expect(len(server.log.having(lambda x: 'is gone' in x.get('event', ''),
                                 mark)) == 1, 'told more than once')
    server.until_leg('alice')
    server.stop()
    server.start()
    expect('greta' in names(server), 'greta is lost')


def test_database_aside_and_back(lab):
    """The file that was moved away has all that was committed, and is taken
    when it is back"""
    server = lab.server()
    server.users('alice')
    aside = os.path.join(server.dir, 'aside.db')
    mark = server.log.mark()
    os.rename(server.db, aside)
    gone_told(server, mark)
    with sqlite3.connect(aside) as db:
        expect(db.execute('SELECT name FROM user').fetchall() == [('alice',)],
               'the file lacks what was in its -wal')
    db.close()
    # a file that somebody is about to fill is none yet
    with open(server.db, 'wb'):
        pass
    code, _, err = server.holler('user', 'add', 'greta', ok=False)
    expect(code and 'is gone' in err, 'greta: %d %s' % (code, err))
    os.rename(aside, server.db)
    log_wait(server, 'is there again', mark)
    server.holler('user', 'add', 'greta')
    expect(server.sql('SELECT name FROM user')[1].split() ==
           ['alice', 'greta'], 'the shell reads something else')


def copy_with(server, user):
    """A copy of the database that has one user more"""
    new = os.path.join(server.dir, 'new.db')
    server.sql('.backup %s' % new)
    with sqlite3.connect(new) as db:
        db.execute('INSERT INTO user(name) VALUES(?)', (user,))
    db.close()
    return new


def moved_in(server, path):
    """Another file gets the name path, which is that of the database"""
    server.users('alice')
    new = copy_with(server, 'fresh')
    old = os.path.join(server.dir, 'old.db')
    server.holler('user', 'add', 'inwal')
    expect(os.path.getsize(path + '-wal') > 0, 'the -wal is empty')
    os.link(path, old)
    os.rename(new, path)
    expect('fresh' in names(server), 'fresh is lost')
    expect('inwal' not in names(server), 'inwal came along')
    rows = server.sql('SELECT name FROM user; PRAGMA integrity_check')[1]
    expect(rows.split() == ['alice', 'fresh', 'ok'], rows)
    with sqlite3.connect(old) as db:
        rows = db.execute('SELECT name FROM user').fetchall()
    db.close()
    expect(('inwal',) in rows, 'the old file lost its -wal')
    server.stop()
    server.start()
    expect('fresh' in names(server), 'fresh is lost by a restart')


def test_database_moved_in(lab):
    """The -wal of the old file is not taken for the new one's"""
    server = lab.server()
    moved_in(server, server.db)


def test_database_behind_a_link(lab):
    """..nor where the name is a link to the file"""
    server = lab.server()
    server.stop()
    real = os.path.join(server.dir, 'real.db')
    os.rename(server.db, real)
    os.symlink(real, server.db)
    server.start()
    moved_in(server, real)


def test_database_moved_in_just_now(lab):
    """A command that comes before the server has seen the file is run on it"""
    server = lab.server()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(server.socket)
        peer = sock.makefile('rw')
        for user in ('u%d' % n for n in range(8)):
            os.rename(copy_with(server, user), server.db)
            peer.write('{"noun": "user", "verb": "list"}\n')
            peer.flush()
            answer = json.loads(peer.readline())
            expect(answer['ok'] and user in [
                row['name'] for row in answer['rows']], '%r' % answer)
        peer.close()


def test_database_moved_in_while_used(lab):
    """With a transaction open on the old file its -wal cannot be brought
    home: told, and nothing is written until the program ends"""
    server = lab.server()
    server.users('alice')
    new = copy_with(server, 'fresh')
    reader = sqlite3.connect(server.db, isolation_level=None)
    reader.execute('BEGIN')
    reader.execute('SELECT * FROM user').fetchall()
    server.holler('user', 'add', 'inwal')
    mark = server.log.mark()
    os.rename(new, server.db)
    server.log.wait(lambda x: 'uses the old file' in x.get('error', ''),
                    'the reason', after=mark)
    code, _, err = server.holler('user', 'add', 'greta', ok=False)
    expect(code and 'was replaced' in err, 'greta: %d %s' % (code, err))
    reader.execute('COMMIT')
    reader.close()
    log_wait(server, 'can be read again', mark)
    server.holler('user', 'add', 'greta')
    rows = server.sql('SELECT name FROM user; PRAGMA integrity_check')[1]
    expect(rows.split() == ['alice', 'fresh', 'greta', 'ok'], rows)


def test_database_restored(lab):
    """.restore of the stock shell while hollerd runs, with a -wal"""
    server = lab.server()
    server.users('alice')
    copy = os.path.join(server.dir, 'copy.db')
    server.sql('.backup %s' % copy)
    server.holler('user', 'add', 'inwal')
    server.sql('.restore %s' % copy)
    rows = server.sql('SELECT name FROM user; PRAGMA integrity_check')[1]
    expect(rows.split() == ['alice', 'ok'], rows)
    server.holler('user', 'add', 'later')
    server.stop()
    server.start()
    expect('later' in names(server) and 'inwal' not in names(server),
           'not restored: %s' % names(server))


def test_database_made(lab):
    """A first start is no news; a database that vanished since is"""
    words = 'a new provisioning database without users was made'
    server = lab.server()
    log_wait(server, words, level='info', subject=server.db)
    server.stop()
    for size in (None, 0):
        for end in ('', '-wal', '-shm'):
            if os.path.exists(server.db + end):
                os.unlink(server.db + end)
        if size is not None:
            with open(server.db, 'wb'):
                pass
        server.start()
        log_wait(server, words, level='warn', subject=server.db)
        server.stop()
    server.start()
    expect(not server.log.having(lambda x: words in x.get('event', '')),
           'told of a database that was there')
