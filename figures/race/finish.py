"""How soon each run came to the best: a table with a bar for each, pale while that is open."""

from __future__ import annotations

from collections.abc import Sequence

from em_core.observe.laps import Lap
from figures.drawing import Figure
from figures.look import palette
from figures.look.encode import Json
from figures.race import words
from figures.race.schedules import marked

# of a row, how far its bar reaches up and down
_HALF = 0.4


class Table:
    """Rows in the order of the schedules, the first at the top."""

    def __init__(self, all_words: Sequence[str]) -> None:
        count = len(all_words)
        self.figure = Figure(
            "finish",
            x=words.PASSES,
            xaxis={"range": [0, 10]},
            yaxis={
                "range": [count - 0.4, -0.6],
                "tickmode": "array",
                "tickvals": list(range(count)),
                "ticktext": [marked(k, word) for k, word in enumerate(all_words)],
                # on the bars, where there is room for all that is told
                "ticklabelposition": "inside",
                "tickfont": {"size": 13, "color": "$text"},
                "showgrid": False,
                "automargin": False,
            },
            margin={"l": 8, "r": 8, "t": 4, "b": 42},
        )
        for k in range(count):
            fill = _fill(k, False)
            self.figure.curve(f"bar {k}", fill, width=0, fill="toself", fillcolor=fill)

    def changes(self, lap: Lap) -> Json:
        rows = lap.finishes()
        reach = max(row.spent if row.passes is None else row.passes for row in rows)
        result: Json = {}
        for k, row in enumerate(rows):
            there = row.passes is not None and lap.steady
            end = row.passes if there and row.passes is not None else row.spent
            low, high = k - _HALF, k + _HALF
            result |= self.figure[f"bar {k}"].set(
                x=[0.0, end, end, 0.0], y=[low, low, high, high], fillcolor=_fill(k, there)
            )
        return {
            **result,
            **self.figure.set(
                yaxis_ticktext=[words.row(k, row, lap) for k, row in enumerate(rows)],
                xaxis_range=[0, max(1.05 * reach, 10.0)],
                xaxis_title_text=words.to_best(lap) if lap.index else words.PASSES,
            ),
        }


def _fill(k: int, there: bool) -> str:
    red, green, blue = palette.rgb(k)
    return f"rgba({red}, {green}, {blue}, {0.4 if there else 0.16})"
