"""The demo page (demo_app.py) as its tests see it, and what its server was asked."""

import json
from pathlib import Path

from tests.browser.reader import DRAWN, Reader

DEMO = Path(__file__).with_name("demo_app.py")


class Demo(Reader):
    """The demo page, and what its server was asked."""

    def __init__(self, page, server):
        super().__init__(page, server.url)
        self.server = server
        self.mark = len(server.lines())

    def open(self, query="", wait=True):
        self.page.goto(f"{self.server.url}/?{query}")
        if wait:
            self.page.wait_for_selector(".stage .main-svg")
            self.page.wait_for_function(DRAWN)
        self.mark = len(self.server.lines())
        return self

    def acts(self):
        lines = self.server.lines()[self.mark :]
        return [json.loads(line[4:]) for line in lines if line.startswith("ACT ")]

    def names(self):
        return [act["act"] for act in self.acts()]

    def acted(self, count):
        """Wait until the server was asked so often."""
        for _ in range(200):
            if len(self.acts()) >= count:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(self.acts())

    def cursors(self):
        return [int(line[7:]) for line in self.server.lines()[self.mark :] if line.startswith("CURSOR ")]

    def runs(self):
        return len(self.server.lines()) - self.mark

    def at(self, frame):
        self.page.wait_for_selector(f'.stage[data-frame="{frame}"]', timeout=60_000)  # many slices, on a busy machine

    def beyond(self, frame):
        self.page.wait_for_function(f"Number(document.querySelector('.stage')?.dataset.frame) >= {frame}")

    def hurry(self, key, times):
        """As often in one tick, however slow the machine."""
        press = "document.dispatchEvent(new KeyboardEvent('keydown', { key }))"
        self.page.evaluate(f"([key, times]) => {{ while (times--) {press} }}", [key, times])

    def settle(self):
        self.page.wait_for_timeout(700)


def plot(figure):
    return f"document.querySelector('[data-figure={figure}] .stage-plot')"
