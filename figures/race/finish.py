"""How soon each run came to the best: a table with a bar for each."""

from __future__ import annotations

from collections.abc import Sequence

from em_core.observe.laps import Lap
from figures.drawing import Figure
from figures.look import palette
from figures.look.encode import Json
from figures.race import words

# of a row, how far its bar reaches up and down
_HALF = 0.4


class Table:
    """Rows in the order of the schedules, the first at the top."""

    def __init__(self, all_words: Sequence[str]) -> None:
        count = len(all_words)
        self.figure = Figure(
            "finish",
            x=words.TO_BEST,
            xaxis={"range": [0, 10]},
            yaxis={
                "range": [count - 0.4, -0.6],
                "tickmode": "array",
                "tickvals": list(range(count)),
                "ticktext": [words.marked(k, word) for k, word in enumerate(all_words)],
                # on the bars, where there is room for all that is told
                "ticklabelposition": "inside",
                "tickfont": {"size": 13, "color": "$text"},
                "showgrid": False,
                "automargin": False,
            },
            margin={"l": 8, "r": 8, "t": 4, "b": 42},
        )
        for k in range(count):
            red, green, blue = palette.rgb(k)
            fill = f"rgba({red}, {green}, {blue}, 0.35)"
            self.figure.curve(f"bar {k}", fill, width=0, fill="toself", fillcolor=fill)

    def changes(self, lap: Lap) -> Json:
        rows = lap.finishes()
        reach = max((row.passes or 0.0 for row in rows), default=0.0)
        result: Json = {}
        for k, row in enumerate(rows):
            end, low, high = row.passes or 0.0, k - _HALF, k + _HALF
            result |= self.figure[f"bar {k}"].set(x=[0.0, end, end, 0.0], y=[low, low, high, high])
        return {
            **result,
            **self.figure.set(
                yaxis_ticktext=[words.row(k, row, begun=lap.index > 0) for k, row in enumerate(rows)],
                xaxis_range=[0, max(1.05 * reach, 10.0)],
            ),
        }
