"""The audience's routes on a server of their own, in this process: a test leads the room and sees what phones show."""

from __future__ import annotations

import socket
import threading
import time

import uvicorn
from starlette.applications import Starlette

from ui.room.memory import Memory
from ui.room.routes import Audience


class Hall:
    """A server with one store, which may stop and start anew at its port. routes: of the app that it serves."""

    def __init__(self, store=None):
        self.store = store or Memory()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self.app = Starlette(routes=Audience(lambda: self.store).routes())
        settings = uvicorn.Config(self.app, host="127.0.0.1", port=self.port, log_level="error", lifespan="off")
        self.server = uvicorn.Server(settings)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        until = time.monotonic() + 20
        while not self.server.started:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.01)

    def stop(self):
        self.server.should_exit = True
        self.server.force_exit = True
        self.thread.join(20)
        assert not self.thread.is_alive()
