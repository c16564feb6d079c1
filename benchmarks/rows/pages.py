"""Clicks on the home page beside the same clicks on a plain page of Streamlit's own charts."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.row import Measured, Row

# what is measured of each click, and what the table calls it
QUANTITIES = {
    "painted": "click to painted, ms",
    "server": "server processor, ms",
    "browser": "browser main thread, ms",
    "bytes": "received, bytes",
}
POINTS, STEPS, ROUNDS = 600, 20, 2


class ClickRow(Row):
    name = "click"
    title = "A click for the next half-step on the home page"
    peer = "a plain page of four `st.plotly_chart`s"
    compared = (
        "Medians of half-steps in turn on both pages, 600 points and three components, a second and more between two"
        " clicks; the same core, pictures and numbers on both (benchmarks/plain_page.py)."
    )
    unit = "per click"
    less = True
    browser = True

    def measure(self, smoke: bool) -> Iterator[Measured]:
        from benchmarks import step_latency  # needs playwright, which other rows do without

        sizes = (30, 1, 1) if smoke else (POINTS, STEPS, ROUNDS)
        for collected in (False,) if smoke else (False, True):
            app, plain, _ = step_latency.measure(*sizes, plays=(), collected=collected)
            note = "the plain page as it ships, garbage collected after every run" if collected else ""
            for name, title in QUANTITIES.items():
                yield Measured(title, app.median(name), plain.median(name), note=note)
