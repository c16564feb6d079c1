"""A hundred thousand points on the page, beside the same page with six hundred."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.row import Measured, Row

MANY, FEW, ROUNDS = 100_000, 600, 5


class PointsRow(Row):
    name = "points"
    title = "A click with 100,000 points on the page"
    peer = "the same with 600"
    compared = "K = 3, D = 2: E and M clicked in turn on either page; the note has the bytes of a click, many and few."
    unit = "ms from click to painted"
    less = True
    browser = True

    def measure(self, smoke: bool) -> Iterator[Measured]:
        many, few = readers(5_000 if smoke else MANY, FEW, 1 if smoke else ROUNDS)
        for place, letter in enumerate("EM"):
            costs = [[step for step in page[place::2]] for page in (many, few)]
            painted, received = ([_median(page, name) for page in costs] for name in ("painted", "bytes"))
            note = "{:.1f} and {:.1f} kB a click".format(*(bytes_ / 1000 for bytes_ in received))
            yield Measured(letter, *painted, note=note)


def readers(many: int, few: int, rounds: int) -> list[list[dict[str, Any]]]:
    """What each click cost on the page with many points and on that with few, E first."""
    sys.path.insert(0, str(Path(__file__).parents[1]))  # the script imports what stands beside it
    from playwright.sync_api import sync_playwright
    from step_latency import FLAGS, Reader, Server

    from benchmarks.serving import ROOT

    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    server = Server(ROOT / "app.py")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
            query = "data=blobs&points={}&clusters=3&components=3&separation=2.5&seed=1"
            pages = [Reader(browser, server, query.format(points), ".stage-main") for points in (many, few)]
            for page in pages:  # the first round warms both up
                page.step(), page.step()
                page.steps.clear()
            for _ in range(rounds):
                for page in pages:
                    page.step(), page.step()
            return [page.steps for page in pages]
    finally:
        server.stop()


def _median(steps: list[dict[str, Any]], name: str) -> float:
    ordered = sorted(step[name] for step in steps)
    return float(ordered[len(ordered) // 2])
