# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium, driven by WebDriver, and a peer connection in it.

WebDriver is HTTP and JSON (W3C): no library is needed. The page is empty, the
scripts come from here; the microphone is Chromium's own fake device, which
beeps once a second. Nothing here goes to a public network.
"""
import http.client
import json
import shutil
import socket
import subprocess
import time

from holler_test import DEADLINE, expect, Failure, _die_with_parent

START = 60  # seconds: Chromium takes its time on a busy machine

ARGUMENTS = ('--headless=new', '--no-sandbox', '--disable-gpu',
             '--disable-quic', '--no-first-run', '--disable-dev-shm-usage',
             '--disable-background-networking', '--disable-component-update',
             '--disable-sync', '--disable-extensions', '--mute-audio',
             '--autoplay-policy=no-user-gesture-required',
             '--use-fake-device-for-media-stream',
             '--use-fake-ui-for-media-stream',
             # Host candidates as addresses: there is no multicast DNS here
             '--disable-features=WebRtcHideLocalIpsWithMdns',
             # The tests' addresses are those of loopback
             '--allow-loopback-in-peer-connection')

# Peer connection, microphone, and an ear; all that is gathered is in the SDP
OPEN = """
const done = arguments[arguments.length - 1];
(async () => {
    const pc = window.pc = new RTCPeerConnection();
    const mic = await navigator.mediaDevices.getUserMedia({audio: true});
    pc.addTrack(mic.getAudioTracks()[0], mic);
    pc.ontrack = e => {
        const ear = window.ear = new Audio();
        ear.srcObject = e.streams[0] || new MediaStream([e.track]);
        ear.play();
    };
    window.gathered = async () => {
        while (pc.iceGatheringState != 'complete')
            await new Promise(r => pc.addEventListener(
                'icegatheringstatechange', r, {once: true}));
        return pc.localDescription.sdp;
    };
    return 'open';
})().then(done, e => done('failed: ' + e));
"""

OFFER = """
const done = arguments[arguments.length - 1];
(async () => {
    await pc.setLocalDescription(await pc.createOffer());
    return await gathered();
})().then(done, e => done('failed: ' + e));
"""

ANSWER = """
const done = arguments[arguments.length - 1], sdp = arguments[0];
(async () => {
    await pc.setRemoteDescription({type: 'offer', sdp});
    await pc.setLocalDescription(await pc.createAnswer());
    return await gathered();
})().then(done, e => done('failed: ' + e));
"""

ANSWERED = """
const done = arguments[arguments.length - 1], sdp = arguments[0];
pc.setRemoteDescription({type: 'answer', sdp}).then(
    () => done('open'), e => done('failed: ' + e));
"""

STATS = """
const done = arguments[arguments.length - 1];
pc.getStats().then(report => {
    const all = {};
    report.forEach(s => { (all[s.type] = all[s.type] || []).push(s); });
    all.state = pc.connectionState;
    all.ice = pc.iceConnectionState;
    done(JSON.stringify(all));
}, e => done('failed: ' + e));
"""


class Browser:
    """One browser window; close() ends it and all its processes"""

    def __init__(self, lab):
        expect(shutil.which('chromedriver') and shutil.which('chromium'),
               'chromium and chromium-driver are not installed')
        with socket.socket() as sock:
            sock.bind(('127.0.0.1', 0))
            self.port = sock.getsockname()[1]
        self.session = None
        self.log = open(lab.path('chromedriver-%d.log' % self.port), 'w',
                        encoding='utf-8')
        self.driver = subprocess.Popen(
            ['chromedriver', '--port=%d' % self.port],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            preexec_fn=_die_with_parent)
        self._until_ready()
        value = self.ask('POST', '/session', {'capabilities': {
            'alwaysMatch': {'browserName': 'chrome', 'goog:chromeOptions': {
                'binary': shutil.which('chromium'),
                'args': ['--user-data-dir=' + lab.path(
                    'chromium-%d' % self.port), *ARGUMENTS]}}}})
        self.session = '/session/' + value['sessionId']
        # getUserMedia() is for secure pages; a file is one
        page = lab.path('page.html')
        with open(page, 'w', encoding='utf-8') as file:
            file.write('<!doctype html><title>Holler</title>\n')
        self.ask('POST', self.session + '/timeouts',
                 {'script': START * 1000, 'pageLoad': START * 1000})
        self.ask('POST', self.session + '/url', {'url': 'file://' + page})

    def _until_ready(self):
        end = time.monotonic() + START
        while True:
            try:
                if self.ask('GET', '/status')['ready']:
                    return
            except OSError:
                pass
            expect(time.monotonic() < end and self.driver.poll() is None,
                   'chromedriver does not answer')
            time.sleep(0.05)

    def ask(self, method, path, body=None):
        """One WebDriver command: its value"""
        link = http.client.HTTPConnection('127.0.0.1', self.port,
                                          timeout=START)
        try:
            link.request(method, path,
                         None if body is None else json.dumps(body),
                         {'Content-Type': 'application/json'})
            response = link.getresponse()
            value = json.loads(response.read())['value']
        finally:
            link.close()
        if response.status != 200:
            raise Failure('WebDriver %s: %s' % (path, value.get('message')))
        return value

    def run(self, script, *arguments):
        """An asynchronous script: what it says it has done"""
        value = self.ask('POST', self.session + '/execute/async',
                         {'script': script, 'args': list(arguments)})
        expect(not value.startswith('failed'), 'browser: ' + value)
        return value

    # --- the peer connection

    def open(self):
        self.run(OPEN)

    def offer(self):
        return self.run(OFFER)

    def answer(self, offer):
        return self.run(ANSWER, offer)

    def answered(self, answer):
        self.run(ANSWERED, answer)

    def stats(self):
        """getStats() by type, and the connection's state"""
        return json.loads(self.run(STATS))

    def until(self, cond, what, deadline=DEADLINE):
        end = time.monotonic() + deadline
        while True:
            stats = self.stats()
            if cond(stats):
                return stats
            expect(time.monotonic() < end, '%s: %s, %s' % (
                what, stats['state'], stats['ice']))
            time.sleep(0.1)

    def close(self):
        try:
            if self.session:
                self.ask('DELETE', self.session)
        except (OSError, Failure, ValueError):
            pass
        self.driver.terminate()
        self.driver.wait(DEADLINE)
        self.log.close()
