# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate of DTLS: made at the first start, kept, and refused in words
if it is not one."""
import os

from holler_test import expect, Failure


def test_certificate(lab):
    """Made once with mode 0600; a damaged one stops the start in words, and a
    half-written one does not"""
    server = lab.server()
    path = os.path.join(server.state, 'dtls.pem')
    with open(path, 'rb') as f:
        pem = f.read()
    expect(os.stat(path).st_mode & 0o7777 == 0o600, 'its mode')
    expect(server.status()['conference']['dtls']['running'] == 0, 'figures')
    server.kill()
    with open(path + '.new', 'wb') as f:
        f.write(pem[:100])
    server.start()
    with open(path, 'rb') as f:
        expect(f.read() == pem, 'another one was made')
    server.stop()

    with open(path, 'wb') as f:
        f.write(pem[:100])
    try:
        server.start()
    except Failure:
        pass
    else:
        raise Failure('it started')
    expect(server.proc.join() == 1, 'status')
    expect(server.proc.err.having(
        lambda x: 'DTLS certificate ' + path in x.get('text', '') and
        'holds no private key' in x['text']), 'no words')
    os.unlink(path)
    server.start()
