"""How smoothly the home page plays what the browser knows, in Chromium."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.row import Measured, Row
from benchmarks.serving import ROOT, Server

QUERY = "data=blobs&points={points}&clusters=3&components=3&separation=2.5&seed=1"


def _chromium(playwright: Any) -> Any:
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    return playwright.chromium.launch(executable_path=executable, args=_latency().FLAGS)


def _latency() -> Any:
    """`step_latency`, which is a script beside what it imports."""
    folder = str(Path(__file__).parents[1])
    if folder not in sys.path:
        sys.path.insert(0, folder)
    import step_latency

    return step_latency


class Playback(Row):
    """Half-steps that the browser knows, played as fast as they come."""

    name: ClassVar[str] = "playback"
    title: ClassVar[str] = "Playing known half-steps, four views in sight"
    peer: ClassVar[str] = "a screen of 60 frames a second"
    compared: ClassVar[str] = (
        "Main-thread milliseconds of Chromium for each half-step on the screen, beside a frame's 16.7."
    )
    unit: ClassVar[str] = "ms of the main thread"
    browser: ClassVar[bool] = True

    def measure(self, smoke: bool) -> Iterator[Measured]:
        from playwright.sync_api import sync_playwright

        latency = _latency()
        points, known, plays = (30, 20, ((30, 1),)) if smoke else (600, 200, ((8, 8), (30, 4), (60, 2)))
        server = Server(ROOT / "app.py")
        try:
            with sync_playwright() as playwright:
                browser = _chromium(playwright)
                query = f"{QUERY.format(points=points)}&schedule=(EM){known // 2}&cursor=0"
                reader = latency.Reader(browser, server, query, ".stage-main")
                for speed, seconds in plays:  # the first brings in what the others play
                    played = latency.playback(reader, speed, seconds)
                    time.sleep(0.5)
                    note = f"{played['painted']:.1f} frames/s painted, {100 * played['busy']:.0f} % busy"
                    yield Measured(f"{points} points, asked for {speed}/s", played["cost"], 1000 / 60, note=note)
                browser.close()
        finally:
            server.stop()
