# SPDX-License-Identifier: GPL-3.0-or-later
"""Real SIP phones of other makers, driven like a user does: by their keys.

Baresip (Debian: baresip-core 1.0.0) and Linphone (linphone-cli, the program
linphonec 5.1). Each runs headless in a private home directory on free ports,
answers by itself, and keeps a recording of all that it heard.

What is theirs and had to be found out:
* Baresip knows MD5 only, and ends the call when its sound file ends: its file
  is minutes of silence, and for speaking it is switched to another. Its file
  player writes nothing; its filter `sndfile' records what was decoded, as it
  came in, without silence where nothing came. Of a call that began inactive
  it records nothing: then there is its count of packets.
* Linphone records from its first call on, and sends no sound before it was
  told to play a file.
"""
import array
import math
import os
import subprocess
import wave

from holler_test import compare, DEADLINE, expect, Failure, Process

WAV_HEADER = 44
MODULES = '/usr/lib/baresip/modules'


def wav_write(path, data):
    """As telephones have it: 16 bits, 8 kHz"""
    with wave.open(path, 'wb') as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(8000)
        w.writeframes(data)
    return path


def phone_speech(lab, path):
    """The recording as a telephone plays it: 8 kHz, with half a second of
    silence before and ten minutes after"""
    out = lab.path('8k-' + os.path.basename(path))
    r = subprocess.run(['sox', path, '-r', '8000', '-c', '1', '-b', '16',
                        '-t', 'raw', '-'], check=True, timeout=DEADLINE,
                       capture_output=True)
    return wav_write(out, bytes(8000) + r.stdout + bytes(16000 * 600))


class Phone(Process):
    """What both are: a process with a home, typed at, that says what it does
    in lines of text"""

    def __init__(self, lab, server, user, argv, home):
        self.lab, self.server, self.user = lab, server, user
        self.home = home
        # Lines as they are said, not when a buffer is full
        super().__init__(['env', 'HOME=' + home, 'TERM=dumb', 'stdbuf',
                          '-oL', '-eL', *argv],
                         '%s %s' % (os.path.basename(argv[0]), user))
        lab.procs.append(self)
        self.at = 0
        self.heard_at = WAV_HEADER

    def type(self, text):
        try:
            self.popen.stdin.write(text.encode())
        except BrokenPipeError:
            raise Failure('%s has ended' % self.name) from None
        return self

    def mark(self):
        self.at = self.out.mark()
        return self

    def said(self, words, deadline=None):
        """Waits until it says a line with these words, since mark()"""
        return self.out.wait(lambda x: words in x.get('text', ''),
                             '"%s"' % words, self.at, deadline)

    def has_said(self, words):
        return len(self.out.having(lambda x: words in x.get('text', ''),
                                   self.at))

    def answered(self):
        """A call came and was answered without a finger"""
        raise NotImplementedError

    def ready(self):
        """Registered, and with an idle leg, nobody having touched it"""
        self.server.until(lambda s: s['presence']['bindings'] and any(
            x['subscriber'] == self.user and x['leg'] == 'idle'
            for x in s['presence']['subscriptions']),
            'a leg of %s' % self.name)
        self.answered()
        return self

    def until_floor(self, group, words):
        """It holds the floor of the group (words: what it did for that)"""
        self.server.until(lambda s: self.server.bridge(group).get(
            'holder') == self.user, '%s with the floor by %s' % (
                self.name, words))

    def speak(self, path):
        """Hand the recording to its microphone, and wait until the server
        has got all of it"""
        file = phone_speech(self.lab, path)
        with wave.open(path, 'rb') as w:
            packets = (w.getnframes() * 50 // w.getframerate()) + 75
        start = self.server.leg(self.user)['rx']
        self.play(file)
        self.server.until(lambda s: self.server.leg(self.user)['rx'] >=
                          start + packets, 'all of %s' % path)
        return self

    def listen(self):
        """What is heard is looked for from here on"""
        self.heard_at = os.path.getsize(self.record)
        return self

    def heard(self):
        """What it heard since listen(), while it goes on. The phone writes
        the length into the header at its end"""
        with open(self.record, 'rb') as f:
            f.seek(self.heard_at)
            data = f.read()
        return wav_write('%s-heard-%d.wav' % (self.record, self.heard_at),
                         data[:len(data) & ~1])

    def quit(self):
        raise NotImplementedError


class Baresip(Phone):
    """accounts: parameters of its account line. modules: further ones.
    proxy: HOST:PORT;parameters. ip: its own address"""

    ENDED = 'terminated (duration'
    LEAST = 0.9  # What was decoded, before playout

    def __init__(self, lab, server, user, accounts='', modules=(), *,
                 proxy=None, ip='127.0.0.1'):
        host = '[%s]' % ip if ':' in ip else ip
        home = lab.path('baresip-%s-%d' % (user, len(lab.procs)))
        os.mkdir(home)
        self.quiet = wav_write(os.path.join(home, 'quiet.wav'),
                               bytes(16000 * 900))
        config = ['net_interface ' + ip,
                  'sip_listen %s:0' % host,
                  'call_max_calls 8',
                  'rtp_stats yes',
                  'audio_player aufile,%s/play.wav' % home,
                  'audio_source aufile,' + self.quiet,
                  'snd_path ' + home,
                  'module_path ' + MODULES,
                  'module stdio.so', 'module g711.so', 'module aufile.so',
                  'module sndfile.so']
        config += ['module ' + x for x in modules]
        config += ['module_tmp uuid.so', 'module_tmp account.so',
                   'module_app contact.so', 'module_app menu.so']
        domain = server.settings['general']['domain']
        account = ('<sip:%s@%s>;auth_user=%s;auth_pass=%spw;'
                   'outbound="sip:%s";answermode=auto;regint=600' % (
                       user, domain, user, user,
                       proxy or '%s:%d' % (server.ip, server.port)))
        for name, text in (('config', '\n'.join(config)),
                           ('accounts', account + accounts),
                           ('contacts', '')):
            with open(os.path.join(home, name), 'w', encoding='ascii') as f:
                f.write(text + '\n')
        super().__init__(lab, server, user, ['baresip', '-f', home, '-v'],
                         home)

    def answered(self):
        self.said('Call established')
        return self

    def play(self, path):
        """From now on this file is its microphone"""
        self.mark().type('/ausrc aufile,%s\n' % path)
        self.said('loading input file')

    def press(self):
        self.mark().type('*')
        self.said("send DTMF digit: '*'")
        self.said("send DTMF digit end: '*'")
        return self

    def release(self):
        self.mark().type('#')
        self.said("send DTMF digit end: '#'")
        return self

    def dial(self, uri):
        self.mark().type('/dial %s\n' % uri)
        return self

    def recordings(self):
        """What was heard, a file for each call, oldest first"""
        return sorted(os.path.join(self.home, x)
                      for x in os.listdir(self.home)
                      if x.endswith('-dec.wav'))

    @property
    def record(self):
        """Of the last call"""
        files = self.recordings()
        expect(files, '%s recorded nothing' % self.name)
        return files[-1]

    def received(self):
        """Packets that it counted in its calls (it says so at their end)"""
        lines = self.out.having(lambda x: x.get('text', '').startswith(
            'packets:'))
        return sum(int(x['text'].split()[2]) for x in lines)

    def quit(self):
        if self.alive():
            self.type('q')
        status = self.join()
        expect(status == 0, '%s ended with status %d' % (self.name, status))
        return self


class Linphone(Phone):
    """conf: sections with settings that are added to linphonerc"""

    ENDED = ' ended ('
    # After playout: on a loaded machine it is late within a word, too. What
    # was not said reaches 0.3.
    LEAST = 0.45

    def __init__(self, lab, server, user, conf=None):
        home = lab.path('linphone-%s-%d' % (user, len(lab.procs)))
        for name in ('.config/linphone', '.local/share/linphone'):
            os.makedirs(os.path.join(home, name))
        self.record = os.path.join(home, 'heard.wav')
        self.log = os.path.join(home, 'log')
        domain = server.settings['general']['domain']
        proxy = '<sip:%s:%d;transport=udp' % (server.ip, server.port)
        rc = {
            'sip': {'sip_port': -1, 'sip_tcp_port': 0, 'sip_tls_port': 0,
                    'default_proxy': 0},
            'rtp': {'audio_rtp_port': -1},
            'sound': {'echocancellation': 0},
            'proxy_0': {'reg_proxy': proxy + '>', 'reg_route': proxy + ';lr>',
                        'reg_identity': 'sip:%s@%s' % (user, domain),
                        'reg_sendregister': 0, 'reg_expires': 600,
                        'realm': domain},
            'auth_info_0': {'username': user, 'userid': user,
                            'passwd': user + 'pw', 'realm': domain,
                            'domain': domain},
        }
        for section, settings in (conf or {}).items():
            rc.setdefault(section, {}).update(settings)
        path = os.path.join(home, 'linphonerc')
        with open(path, 'w', encoding='ascii') as f:
            for section, settings in rc.items():
                f.write('[%s]\n' % section)
                for key, value in settings.items():
                    f.write('%s=%s\n' % (key, value))
        super().__init__(lab, server, user, [
            'linphonec', '-c', path, '-d', '6', '-l', self.log], home)
        # A recording that is asked for during an inactive call ends it with
        # a crash: all is set before it signs on
        self.type('soundcard use files\n')
        self.said('Using wav files')
        self.type('record %s\n' % self.record)
        self.type('autoanswer enable\n')
        self.said('Auto answer enabled')
        self.type('register sip:%s@%s %s>\n' % (user, domain, proxy))

    def answered(self):
        self.said('Media streams established')
        return self

    def play(self, path):
        self.type('play %s\n' % path)

    def press(self):
        self.type('*\n')
        return self

    def release(self):
        self.type('#\n')
        return self

    def heard_out(self):
        """What has arrived by now is in the recording"""
        size = os.path.getsize(self.record) + 16000
        self.server.until(lambda s: os.path.getsize(self.record) >= size,
                          'a longer recording of %s' % self.name)
        return self

    def dial(self, uri):
        self.mark().type('call %s\n' % uri)
        return self

    def logged(self):
        with open(self.log, encoding='utf-8', errors='replace') as f:
            return f.read()

    def quit(self):
        if self.alive():
            self.type('quit\n')
        self.join()
        return self


def words_of(lab, path):
    """The recording in pieces of half a second, those with speech in them"""
    with wave.open(path, 'rb') as w:
        params = w.getparams()
        count = params.framerate // 2
        pieces = [w.readframes(count)
                  for _ in range(params.nframes // count)]

    def power(piece):
        return sum(x * x for x in array.array('h', piece))
    most = max(power(x) for x in pieces)
    out = []
    for i, piece in enumerate(pieces):
        if power(piece) < most / 20:
            continue
        out.append(lab.path('word-%d-%s' % (i, os.path.basename(path))))
        with wave.open(out[-1], 'wb') as w:
            w.setparams(params)
            w.writeframes(piece)
    return out


def power_at(samples, hz):
    """Of one frequency (Goertzel), as a part of all; a sine gives about 1"""
    k = 2 * math.cos(2 * math.pi * hz / 8000)
    a = b = 0.0
    for x in samples:
        a, b = x + k * a - b, a
    return ((a * a + b * b - k * a * b) * 2 /
            (len(samples) * sum(x * x for x in samples)))


def tones(path):
    """The strongest frequencies in a recording, as they came: measured in
    steps of 10 Hz, in pieces of 40 ms. (Linphone plays its own key's sound
    into the first of them.)"""
    with wave.open(path, 'rb') as w:
        data = array.array('h', w.readframes(w.getnframes()))
    out = []
    for i in range(0, len(data) - 319, 160):
        piece = data[i:i + 320]
        if sum(x * x for x in piece) < 320 * 300 * 300:
            continue
        part, hz = max((power_at(piece, f), f) for f in range(200, 1600, 10))
        if part > 0.45 and out[-1:] != [hz]:
            out.append(hz)
    return out


def has_tones(path, *wanted):
    """These frequencies, one after another"""
    found = iter(tones(path))
    return all(any(abs(hz - w) <= 10 for hz in found) for w in wanted)


def expect_phone_heard(original, phone):
    """Each word of the original is in the recording. Word by word, for a
    phone's playout takes out or puts in 10 ms of silence as it pleases"""
    heard = [compare(x, phone.heard())['correlation']
             for x in words_of(phone.lab, original)]
    expect(min(heard) >= phone.LEAST, '%s heard %r' % (phone.name, heard))
    return heard
