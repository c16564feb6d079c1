"""log p of every start, against half-steps."""

from __future__ import annotations

import math
from collections.abc import Sequence

from em_core.observe.starts import End, Gathered
from figures.drawing import Figure, Trace
from figures.look import scale
from figures.look.encode import Json
from figures.race.ends import heights
from figures.starts import words
from figures.starts.ends import RANKS, color, soon, symbol

# of the width, what is kept for what stands behind the curves' ends
_ROOM = 0.3
# of the height, what names at the curves' ends keep between them
_APART = 0.1
# in view is so many times what the ends differ by; where they do not, so much of the climb
_SPREAD, _CLIMB = 4.0, 0.3


class Curves:
    """Empty: frames fill it. The two in view lie over the others, which come one by one, then in their colours."""

    def __init__(self) -> None:
        self.figure = Figure(
            "curves",
            x=words.STEPS,
            y="nats",
            xaxis={"range": [0, 10]},
            yaxis={"range": [0, 1]},
            margin={"l": 66, "r": 14, "t": 10, "b": 44},
        )
        self.figure.curve("all", "$quiet", width=1.2)
        for rank in range(RANKS):
            self.figure.curve(f"optimum {rank}", color(rank), width=1.2)
        self.figure.curve("B", "$muted", width=3, dash="dash")
        self.figure.curve("A", "$text", width=4)
        for rank in range(RANKS):
            self.figure.points(f"end {rank}", color(rank), size=10, symbol=symbol(rank), cliponaxis=False)
        self.figure.text("names", "$text", textposition="middle right", size=16)
        self.figure.text("soon", "$muted", size=14)

    def append(self, gathered: Gathered) -> Json:
        """The curve of the newest start; once all are there all of them with the first frame."""
        if not gathered.complete:
            end = gathered.chosen
            return {} if end is None else _lengthened(self.figure["all"], [end])
        if gathered.place:
            return {}
        result: Json = {}
        by_rank: dict[int | None, list[End]] = {}
        for end in gathered.ends:
            rank = gathered.rank(end)
            by_rank.setdefault(None if rank is None or rank >= RANKS else rank, []).append(end)
        for rank, ends in by_rank.items():
            result |= _lengthened(self.figure["all" if rank is None else f"optimum {rank}"], ends)
        return result

    def changes(self, gathered: Gathered) -> Json:
        """The two in view, the ends of the best optima with their names, and axes that hold them."""
        result: Json = {}
        for name, end in (("A", gathered.chosen), ("B", gathered.other)):
            rank = None if end is None else gathered.rank(end)
            place = {"x": [], "y": []} if end is None else {"x": list(end.at), "y": list(end.curve)}
            ink = "$muted" if rank is None or rank >= RANKS else color(rank)
            result |= self.figure[name].set(**place, line_color=ink)
        longest = max((end.at[-1] for end in gathered.ends if end.at), default=8)
        right = longest * (1 + _ROOM)
        low, high = _reach(gathered)
        levels = [optimum.best.level for optimum in gathered.optima[:RANKS]]
        shown = [level for level in levels if level is not None]
        for rank in range(RANKS):
            there = rank < len(shown)
            place = {"x": [longest], "y": [shown[rank]]} if there else {"x": [], "y": []}
            result |= self.figure[f"end {rank}"].set(**place)
        ends = [(float(longest), level) for level in shown]
        places = heights(ends, low, high, right, _APART * (high - low))
        told = [words.at_end(gathered, rank) for rank in range(len(shown))]
        return {
            **result,
            **soon(self.figure, gathered, right / 2),
            **self.figure["names"].set(x=[longest] * len(told), y=places, text=told),
            **self.figure.set(xaxis_range=[-0.01 * right, right]),
            **self.figure.set(**scale.heights(low, high, shown[0] if shown else None)),
        }


def _lengthened(trace: Trace, ends: Sequence[End]) -> Json:
    """One curve after another, with a break after each."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for end in ends:
        xs += [*end.at, None]
        ys += [*end.curve, None]
    return trace.append(x=xs, y=ys)


def _reach(gathered: Gathered) -> tuple[float, float]:
    """To the best, from so far below that the ends can be told apart."""
    begun = [end.curve[0] for end in gathered.ends if end.curve and end.curve[0] is not None]
    finite = [height for height in begun if math.isfinite(height)]
    levels = [one.best.level for one in gathered.optima if one.best.level is not None]
    if not levels:
        return scale.around(finite, 0.0) if finite else (0.0, 1.0)
    best, lowest = levels[0], levels[-1]
    climb = best - min(finite, default=best)
    low = best - (_SPREAD * (best - lowest) if len(levels) > 1 else _CLIMB * climb)
    return scale.around([low, best], best, above=0.1)
