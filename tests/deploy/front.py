"""`deploy/start.py` as its tests run it: the shipped configuration on free ports of this machine."""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from benchmarks.serving import Viewer
from tests.tools import missing

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
# seconds; processes that have just started are slow
PATIENCE = 120
_STARTED = re.compile(r"^app (\d+) on port (\d+): process (\d+)$", re.MULTILINE)
_SEAT = re.compile(r"elbo_room_seat=([0-9a-f]{32})")


def needed():
    """The test is skipped where these are not installed; on CI it fails."""
    for program in ("nginx", "redis-server"):
        if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin"):
            missing(program, "of deploy/")


class Front:
    """Two processes, Redis and nginx; `url` is where readers come."""

    def __init__(self, folder, *options):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log"
        command = [sys.executable, str(DEPLOY / "start.py"), "--processes=2", f"--port={self.port}", *options]
        with self.log.open("w") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        self.wait_for("ready")

    def said(self):
        return self.log.read_text(errors="replace")

    def wait_for(self, line):
        self.until(lambda: f"\n{line}\n" in f"\n{self.said()}")

    def until(self, true):
        end = time.monotonic() + PATIENCE
        while not true():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                pytest.fail(self.said()[-3000:])
            time.sleep(0.05)

    def processes(self):
        """Port and number of each process of the app that was started last under its name."""
        return {int(place): (int(port), int(pid)) for place, port, pid in _STARTED.findall(self.said())}

    def sessions(self, place):
        """How many readers one of the processes has, as it says itself."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.processes()[place][0]}/_stcore/metrics") as answer:
            return int(re.search(r"^active_sessions (\d+)", answer.read().decode(), re.MULTILINE)[1])

    def kill(self, place):
        os.kill(self.processes()[place][1], signal.SIGKILL)

    def signal(self, name, number):
        """Send a signal to the process that was started last under a name."""
        os.kill(int(re.findall(rf"^{name}: process (\d+)$", self.said(), re.MULTILINE)[-1]), number)

    def whole(self):
        """Wait until every process answers again."""
        for port, _ in self.processes().values():
            self.until(lambda port=port: self._healthy(port))

    def _healthy(self, port):
        try:
            return self.ask("/_stcore/health", port=port).status == 200
        except OSError:
            return False

    def ask(self, path, method="GET", body=None, port=None, **headers):
        """An answer, read; `headers` with _ for -."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=60)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            answer.content = answer.read()
            return answer
        finally:
            connection.close()

    def seat(self, **headers):
        """The seat that a page gives to a reader; None where it gives none."""
        given = _SEAT.search(self.ask("/", **headers).headers.get("set-cookie") or "")
        return given and given[1]

    def seats(self):
        """A seat at each process, by its number."""
        found = {}
        while len(found) < 2:
            seat, before = self.seat(), self.sessions(1)
            reader = Viewer(self, cookie=f"elbo_room_seat={seat}")
            found[1 if self.sessions(1) > before else 2] = seat
            reader.close()
            self.until(lambda before=before: self.sessions(1) == before)
        return found

    def renew(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)
