"""How soon each run came to the best: a table with a bar for each."""

from __future__ import annotations

from collections.abc import Sequence

from em_core.observe.laps import Lap
from figures.drawing import Figure
from figures.look import palette
from figures.look.encode import Json
from figures.race import words


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
                "tickfont": {"size": 13, "color": "$text"},
                "showgrid": False,
                # measured here: Plotly would lose the words on the bars when it makes room for the names
                "automargin": False,
            },
            margin={"l": 32 + 6.8 * max(len(words.short(word)) for word in all_words), "r": 8, "t": 4, "b": 42},
            bargap=0.15,
        )
        colors = [palette.component(k) for k in range(count)]
        self.figure.bars("passes", "$muted", orientation="h", opacity=0.35, marker_color=colors)
        self.figure.text("told", "$text", size=13, textposition="middle right")

    def changes(self, lap: Lap) -> Json:
        rows = lap.finishes()
        places = list(range(len(rows)))
        reach = max((row.passes or 0.0 for row in rows), default=0.0)
        return {
            **self.figure["passes"].set(x=[row.passes or 0.0 for row in rows], y=places),
            **self.figure["told"].set(
                x=[0.0] * len(rows), y=places, text=["\u2002" + words.finish(row) for row in rows if lap.index]
            ),
            **self.figure.set(xaxis_range=[0, max(1.05 * reach, 10.0)]),
        }
