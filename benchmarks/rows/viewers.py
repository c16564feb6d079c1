"""What one more reader costs the server in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.row import Measured, Row
from benchmarks.serving import ROOT, Server, Viewer

CLICKS, FIRST, MORE = 10, 3, 12
QUERIES = {
    "Old Faithful, K = 2": "",
    "600 points, K = 3": "data=blobs&points=600&clusters=3&components=3",
}


class ViewersRow(Row):
    name = "viewers"
    title = "Memory of the server for each further viewer after 10 clicks"
    peer = "a plain page"
    compared = (
        "Resident memory of the whole server, by how much each of a dozen viewers more raises it; the plain page has "
        "the same run and draws it with four `st.plotly_chart`s."
    )
    unit = "MB"
    less = True

    def measure(self, smoke: bool) -> Iterator[Measured]:
        few = (1, 1, 1) if smoke else (CLICKS, FIRST, MORE)
        for size, query in list(QUERIES.items())[: 1 if smoke else None]:
            ours = further(ROOT / "app.py", Viewer, query, *few)
            peer = further(ROOT / "benchmarks" / "plain_page.py", PlainViewer, query, *few)
            yield Measured(size, ours, peer)


class PlainViewer(Viewer):
    """One reader of the plain page, who presses its button."""

    def step(self) -> None:
        self._run(pressed=True)

    def _run(self, pressed: bool = False) -> None:  # type: ignore[override]
        ask = self.ask()
        if pressed:
            widget = ask.rerun_script.widget_states.widgets.add()
            widget.id, widget.trigger_value = self.component, True
        for told in self.told(ask):
            if told.WhichOneof("type") == "delta" and told.delta.new_element.WhichOneof("type") == "button":
                self.component = told.delta.new_element.button.id


def further(script: Path, kind: type[Viewer], query: str, clicks: int, first: int, more: int) -> float:
    """MB that each of `more` viewers adds, once `first` have been there."""
    server = Server(script)
    try:
        viewers = []

        def come() -> None:
            viewers.append(kind(server, query))
            for _ in range(clicks):
                viewers[-1].step()

        for _ in range(first):
            come()
        before = server.memory() or float("nan")
        for _ in range(more):
            come()
        return ((server.memory() or float("nan")) - before) / more
    finally:
        server.stop()
