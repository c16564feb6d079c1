"""The demo page (stage_demo.py) as its tests see it, and what its server was asked."""

import json
from pathlib import Path

from tests.browser.reader import named

DEMO = Path(__file__).with_name("stage_demo.py")


class Demo:
    """The demo page, and what its server was asked."""

    def __init__(self, page, server):
        self.page, self.server = page, server
        self.mark = len(server.lines())

    def open(self, query="", wait=True):
        self.page.goto(f"{self.server.url}/?{query}")
        if wait:
            self.page.wait_for_selector(".stage .main-svg")
            self.page.wait_for_function("document.querySelectorAll('.stage .js-plotly-plot').length >= 4")
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

    def frame(self):
        return int(self.page.locator(".stage").get_attribute("data-frame"))

    def plot(self, figure, expression):
        """Evaluate an expression of `plot`, one figure's Plotly element, and `trace(name)`."""
        return self.page.evaluate(f"() => {{ {named(figure)}; return {expression} }}")

    def wait_plot(self, figure, condition):
        self.page.wait_for_function(f"() => {{ {named(figure)}; return {condition} }}")

    def metric(self, label):
        return self.page.locator(".stage-metrics").get_by_label(label)

    def button(self, name):
        return self.page.locator(".stage").get_by_role("button", name=name, exact=True)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def hurry(self, key, times):
        """As often in one tick, however slow the machine."""
        press = "document.dispatchEvent(new KeyboardEvent('keydown', { key }))"
        self.page.evaluate(f"([key, times]) => {{ while (times--) {press} }}", [key, times])

    def settle(self):
        self.page.wait_for_timeout(700)


def plot(figure):
    return f"document.querySelector('[data-figure={figure}] .stage-plot')"
