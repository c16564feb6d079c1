"""Serve ELBO Room from several processes behind nginx, on one machine without containers.

    .venv/bin/python deploy/start.py [--processes 2] [--port 8501] [--address 0.0.0.0]

It starts the processes, a Redis for their rooms and nginx with the configuration beside this file, starts again what
stops or no longer answers, and ends all of it on SIGTERM or Ctrl-C. SIGHUP restarts the processes one after the other,
so that somebody always answers: that is how a new version is taken up. Everything but nginx listens on this machine
alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
# seconds: to start, to end, between two looks at a process, and for its answer
START, END, LOOK, ANSWER = 120.0, 10.0, 5.0, 5.0
# so many looks without an answer, and a process is started anew
PATIENCE = 4
# seconds for which nginx passes a process over that did not answer, by its clock of whole seconds
PASSED_OVER = 2


def say(text: str) -> None:
    print(text, flush=True)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def command(port: int, address: str = "127.0.0.1") -> list[str]:
    """One process of the app."""
    options = [f"--server.port={port}", f"--server.address={address}", "--server.headless=true"]
    return [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), *options]


def environment(**more: str) -> dict[str, str]:
    # the processes share the cores: BLAS threads of each would only wait for one another
    single = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    return {**single, **os.environ, **more}


class Kept:
    """A command that is started again when it stops, each time a little later, or when it no longer answers.

    answers: whether it does; None: nobody can ask it.
    """

    def __init__(self, name, arguments, answers=None, given=None, **options):
        self.name, self.arguments, self.answers, self.given = name, arguments, answers, given
        self.options = options
        self.wanted, self.lock = True, threading.RLock()
        self.start()

    def start(self):
        pipe = subprocess.PIPE if self.given else subprocess.DEVNULL
        # a session of its own: Ctrl-C is for this program alone, which ends the others
        self.process = subprocess.Popen(self.arguments, cwd=ROOT, stdin=pipe, start_new_session=True, **self.options)
        if self.given:
            self.process.stdin.write(self.given.encode())
            self.process.stdin.close()
        say(f"{self.name}: process {self.process.pid}")

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def keep(self):
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        missed, failures, began, looked = 0, 0, time.monotonic(), time.monotonic()
        while self.wanted:
            time.sleep(0.2)
            with self.lock:
                if not self.wanted:
                    return
                stopped = self.process.poll() is not None
                if stopped or missed >= PATIENCE:
                    say(f"{self.name}: {'stopped' if stopped else 'no answer'}, started again")
                    self.end()
                    failures = failures + 1 if time.monotonic() - began < 60 else 0
                    time.sleep(min(failures, 10))
                    self.start()
                    missed, began = 0, time.monotonic()
            now = time.monotonic()
            if self.answers and now - began > START / 2 and now - looked > LOOK:
                missed, looked = 0 if self.answers() else missed + 1, time.monotonic()

    def renew(self):
        """Stop it and start it again; whether it answers. Then nginx asks it again, so that another may be stopped."""
        with self.lock:
            self.end()
            self.start()
            answered = self.ready()
        time.sleep(PASSED_OVER + 1.5)
        return answered

    def ready(self):
        """Wait until it answers; False where it stops or takes too long."""
        last = time.monotonic() + START
        while self.answers and not self.answers():
            if self.process.poll() is not None or time.monotonic() > last:
                return False
            time.sleep(0.1)
        return True

    def stop(self):
        self.wanted = False
        with self.lock:
            self.end()


def renewed(apps: list[Kept]) -> str:
    """Restart processes one after the other, up to one that does not come back: the others go on as they are."""
    for app in apps:
        if not app.renew():
            return f"{app.name} does not answer: not renewed, nor are those after it"
    return "renewed"


def healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=ANSWER):
            return True
    except OSError:
        return False


def shared_rooms() -> tuple[str, str] | None:
    """The address of a Redis for the processes and its configuration; None where there is none to start."""
    if "ELBO_ROOM_STORE" in os.environ:
        return None
    if not shutil.which("redis-server") or not importlib.util.find_spec("redis"):
        say("rooms: redis-server or Python's redis is not installed, so that a room would be known to one process only")
        return None
    port, password = free_port(), secrets.token_urlsafe(24)
    # nothing is written to a disk: rooms are forgotten
    lines = ["bind 127.0.0.1", f"port {port}", f"requirepass {password}", 'save ""', "appendonly no"]
    lines += ["maxmemory 256mb", "maxmemory-policy noeviction", "loglevel warning", f"dir {tempfile.gettempdir()}"]
    return f"redis://:{password}@127.0.0.1:{port}/0", "\n".join(lines) + "\n"


def front(folder: Path, listen: str, ports: list[int]) -> list[str]:
    """nginx in a folder of its own, with the files beside this one."""
    shutil.copy(HERE / "nginx.conf", folder)
    (folder / "listen.conf").write_text(listen)
    servers = [f"server 127.0.0.1:{port} max_fails=1 fail_timeout={PASSED_OVER}s;\n" for port in ports]
    (folder / "servers.conf").write_text("".join(servers))
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if nginx is None:
        sys.exit("nginx is not installed; on Debian and Ubuntu: apt-get install nginx-light")
    started = [nginx, "-p", f"{folder}/", "-c", f"{folder}/nginx.conf", "-e", "stderr"]
    if subprocess.run([*started, "-q", "-t"], check=False).returncode:
        sys.exit("nginx cannot use this configuration")
    return started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="one for each core, unless told")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--address", default="127.0.0.1", help="0.0.0.0 lets others in; without it only this machine")
    parser.add_argument("--listen", type=Path, help="a listen.conf of your own, as for https, in place of both")
    options = parser.parse_args()
    if options.processes < 1:
        parser.error(f"--processes: {options.processes} is not valid; at least 1")
    listen = options.listen.read_text() if options.listen else f"listen {options.address}:{options.port};\n"

    kept: list[Kept] = []
    renew = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit())
    signal.signal(signal.SIGHUP, lambda *_: renew.set())
    # nginx's workers, another user where it was started by root, must come to their own folders below
    folder = Path(tempfile.mkdtemp(prefix="elbo-room-"))
    folder.chmod(0o711)
    try:
        ports = [free_port() for _ in range(options.processes)]
        arguments = front(folder, listen, ports)
        more = {"ELBO_ROOM_FRONT": "0.0.0.0" if options.listen else options.address}
        if options.processes > 1 and (rooms := shared_rooms()):
            more["ELBO_ROOM_STORE"] = rooms[0]
            kept.append(Kept("redis", ["redis-server", "-"], given=rooms[1]))
        apps = [
            Kept(f"app {place} on port {port}", command(port), lambda port=port: healthy(port), env=environment(**more))
            for place, port in enumerate(ports, 1)
        ]
        kept += apps
        # nginx writes its number once it listens, and asks the processes when readers come
        kept.append(Kept("nginx", arguments, (folder / "nginx.pid").exists))
        for one in kept:
            if not one.ready():
                sys.exit(f"{one.name} did not start")
            one.keep()
        say("ready")
        while renew.wait():
            renew.clear()
            say(renewed(apps))
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for one in reversed(kept):
            one.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
