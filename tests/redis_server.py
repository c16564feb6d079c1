"""A Redis of the tests' own: on loopback, keeps nothing on disk, ends with them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time

from tests.tools import missing


class RedisServer:
    """A redis-server at a port that nobody had."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process = None
        self.start()

    def start(self):
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        if shutil.which(command[0]) is None:
            missing("redis-server", "with Redis")
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, cwd="/")
        until = time.monotonic() + 20
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < until, "redis-server did not start"
            time.sleep(0.02)

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(100).startswith(b"+PONG")
        except OSError:
            return False

    def kill(self):
        """As the system would, with no farewell."""
        self.process.kill()
        self.process.wait()

    def hang(self):
        """It takes connections and says nothing, until `wake`."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def wake(self):
        os.kill(self.process.pid, signal.SIGCONT)
