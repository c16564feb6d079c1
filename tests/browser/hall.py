"""The audience's routes on a server of their own, in this process, and a phone: a test leads the room and looks."""

from __future__ import annotations

import re
import socket
import threading
import time

import uvicorn
from playwright.sync_api import expect
from starlette.applications import Starlette

from ui.room import routes
from ui.room.memory import Memory

PHONE = {"width": 390, "height": 844}


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
        self.app = Starlette(routes=routes.Audience(lambda: self.store).routes())
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


class Audience:
    """One phone."""

    def __init__(self, page, hall):
        self.page = page
        self.hall = hall
        page.set_viewport_size(PHONE)
        self.said = page.locator("#said")

    def open(self, code):
        self.page.goto(f"{self.hall.url}/join/{code}")
        return self

    def hears(self, text, **how):
        expect(self.said).to_have_text(re.compile(text), **how)
        return self

    def choose(self, *options):
        for place, option in enumerate(options):
            self.page.locator("fieldset").nth(place).get_by_label(option).check()
        return self

    def send(self):
        self.page.get_by_role("button", name="Send my vote").click()
        return self

    def look(self):
        """As when there is a network again: at once."""
        self.page.evaluate("dispatchEvent(new Event('online'))")
        return self
