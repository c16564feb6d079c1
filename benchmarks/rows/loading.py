"""From the server's start, or a reader's arrival, to the first picture of the home page, in Chromium."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.row import Measured, Row
from benchmarks.serving import ROOT, Server

QUERY = "data=blobs&points={points}&clusters=3&components=3&separation=2.5&seed=1"
PAGES = ROOT / "app.py", ROOT / "benchmarks" / "plain_page.py"
ARRIVALS = "launch", "second viewer", "reload"

# notes when a frame is on screen in which all four figures have their traces; in milliseconds since 1970
PAINTED = """
const look = () => {
  const charts = [...document.querySelectorAll(".js-plotly-plot")].filter((chart) => chart.offsetParent);
  if (charts.filter((chart) => chart.querySelector(".cartesianlayer .trace")).length < FIGURES) {
    requestAnimationFrame(look);
    return;
  }
  const after = new MessageChannel(); // delivered once the frame is on screen
  after.port1.onmessage = () => { window.painted = performance.timeOrigin + performance.now() };
  after.port2.postMessage(0);
};
requestAnimationFrame(look);
"""


class LoadRow(Row):
    name = "load"
    title = "From launch, arrival or reload to the first picture of the home page"
    peer = "a plain page of four `st.plotly_chart`s"
    compared = (
        "Medians over turns on both pages, 600 points and three components: the server started and its first reader"
        " there, a second reader with nothing cached, the same one again after a reload. CPU is the server's and all of"
        " the browser's, until two seconds after the first picture."
    )
    unit = "s"
    less = True
    browser = True

    def measure(self, smoke: bool) -> Iterator[Measured]:
        points, turns, rest = (30, 1, 0.1) if smoke else (600, 7, 2.0)
        found: tuple[list[list[Arrival]], ...] = ([], [])
        for turn in range(turns):
            pairs = list(zip(PAGES, found, strict=True))
            for page, arrivals in pairs if turn % 2 == 0 else reversed(pairs):
                arrivals.append(_arrivals(page, QUERY.format(points=points), rest))
        for number, name in enumerate(ARRIVALS):
            for quantity, place in (("to painted", 0), ("of CPU", 1)):
                ours, peer = (statistics.median(turn[number][place] for turn in arrivals) for arrivals in found)
                yield Measured(f"{name}, s {quantity}", ours, peer)


# seconds to the first picture, and of CPU
Arrival = tuple[float, float]


def _arrivals(page: Path, query: str, rest: float) -> list[Arrival]:
    """Launch, second viewer, reload."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        first, second = Browser(playwright), Browser(playwright)
        try:
            began = time.time()
            server = Server(page, "--runner.postScriptGC=false")
            try:
                address = f"{server.url}/?{query}"
                launch = first.arrive(server, lambda tab: tab.goto(address), began, rest, used=0.0)
                first.close()
                later = second.arrive(server, lambda tab: tab.goto(address), time.time(), rest)
                return [launch, later, second.arrive(server, lambda tab: tab.reload(), time.time(), rest)]
            finally:
                server.stop()
        finally:
            first.close()
            second.close()


class Browser:
    """Chromium as a reader has it, with a profile of its own that holds nothing yet."""

    def __init__(self, playwright: Any) -> None:
        from benchmarks import step_latency  # needs playwright, which other rows do without

        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.context = playwright.chromium.launch_persistent_context(
            self.profile.name,
            executable_path=step_latency.chromium(),
            args=step_latency.FLAGS,
            viewport={"width": 1440, "height": 1300},  # room for all four
        )
        self.tab = self.context.pages[0]
        self.tab.add_init_script(PAINTED.replace("FIGURES", str(step_latency.FIGURES)))
        time.sleep(1)  # what it does by itself at first

    def arrive(self, server: Server, go: Any, began: float, rest: float, used: float | None = None) -> Arrival:
        """used: CPU seconds of the server that do not count; None: what it used before."""
        before = self.cpu() + (_known(server.cpu()) if used is None else used)
        go(self.tab)
        self.tab.wait_for_function("window.painted", timeout=60_000)
        painted = self.tab.evaluate("painted") / 1000 - began
        time.sleep(rest)
        return painted, self.cpu() + _known(server.cpu()) - before

    def cpu(self) -> float:
        """CPU seconds of all its processes, as far as they are there."""
        children: dict[int, list[int]] = {}
        spent: dict[int, float] = {}
        mine = 0
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
                command = (folder / "cmdline").read_text().split("\0")
            except OSError:
                continue  # it has ended
            number = int(folder.name)
            children.setdefault(int(stat[1]), []).append(number)
            spent[number] = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
            if f"--user-data-dir={self.profile.name}" in command and not any("--type=" in word for word in command):
                mine = number
        if not mine:
            return float("nan")
        total, asked = 0.0, [mine]
        while asked:
            number = asked.pop()
            total += spent[number]
            asked += children.get(number, [])
        return total

    def close(self) -> None:
        self.context.close()
        self.profile.cleanup()


def _known(seconds: float | None) -> float:
    return float("nan") if seconds is None else seconds
