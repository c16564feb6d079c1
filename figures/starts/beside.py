"""Two runs side by side: the numbers of θ that differ most, with a bar for each."""

from __future__ import annotations

from em_core.observe.starts import Gathered
from figures.drawing import Figure
from figures.look.encode import Json
from figures.starts import words
from figures.starts.ends import soon

# so many numbers are told
ROWS = 6
_HALF = 0.42


class Beside:
    """Rows, the largest difference at the top."""

    def __init__(self) -> None:
        self.figure = Figure(
            "beside",
            x=words.SHARE,
            xaxis={"range": [0, 100]},
            yaxis={
                "range": [ROWS - 0.4, -0.6],
                "tickmode": "array",
                "tickvals": [],
                "ticktext": [],
                # on the bars, where there is room for all that is told
                "ticklabelposition": "inside",
                "tickfont": {"size": 14, "color": "$text"},
                "showgrid": False,
                "automargin": False,
            },
            margin={"l": 8, "r": 10, "t": 4, "b": 44},
        )
        self.figure.text("soon", "$muted", size=14)
        for row in range(ROWS):
            self.figure.curve(f"bar {row}", "$shade", width=0, fill="toself", fillcolor="$shade")

    def changes(self, gathered: Gathered) -> Json:
        shown = gathered.differences[:ROWS]
        result: Json = {}
        reach = 100.0
        for row in range(ROWS):
            end = 100 * shown[row].share if row < len(shown) else 0.0
            reach = max(reach, end)
            xs, ys = [0.0, end, end, 0.0], [row - _HALF, row - _HALF, row + _HALF, row + _HALF]
            result |= self.figure[f"bar {row}"].set(x=xs if end else [], y=ys if end else [])
        return {
            **result,
            **soon(self.figure, gathered, 50.0, 1.0),
            **self.figure.set(
                xaxis_range=[0, reach],
                yaxis_range=[max(len(shown), 3) - 0.4, -0.6],
                yaxis_tickvals=list(range(len(shown))),
                yaxis_ticktext=[words.difference(one) for one in shown],
            ),
        }
