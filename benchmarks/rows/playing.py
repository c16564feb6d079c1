"""How smoothly the home page plays what the browser knows, in Chromium."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.row import Measured, Row
from benchmarks.serving import ROOT, Server

QUERY = "data=blobs&points={points}&clusters=3&components=3&separation=2.5&seed=1"


class Playback(Row):
    """Half-steps that the browser knows, played as fast as they come."""

    name = "playback"
    title = "Playing known half-steps, four views in sight"
    peer = "a screen of 60 frames a second"
    compared = "Main-thread milliseconds of Chromium for each half-step on the screen, beside a frame's 16.7."
    unit = "ms of the main thread"
    less = True
    browser = True

    def measure(self, smoke: bool) -> Iterator[Measured]:
        from playwright.sync_api import sync_playwright

        from benchmarks import step_latency  # needs playwright, which other rows do without

        points, known, plays = (30, 20, ((30, 1),)) if smoke else (600, 200, ((8, 8), (30, 4), (60, 2)))
        server = Server(ROOT / "app.py")
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=step_latency.chromium(), args=step_latency.FLAGS)
                query = f"{QUERY.format(points=points)}&schedule=(EM){known // 2}&cursor=0"
                reader = step_latency.Reader(browser, server, query, ".stage-main")
                for speed, seconds in plays:  # the first brings in what the others play
                    played = step_latency.playback(reader, speed, seconds)
                    time.sleep(0.5)
                    note = f"{played['painted']:.1f} frames/s painted, {100 * played['busy']:.0f} % busy"
                    yield Measured(f"{points} points, asked for {speed}/s", played["cost"], 1000 / 60, note=note)
                browser.close()
        finally:
            server.stop()
