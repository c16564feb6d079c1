"""Where every start ended: a row for each optimum, the best at the top, and a dot for each start."""

from __future__ import annotations

from em_core.observe.starts import End, Gathered
from figures.drawing import Figure
from figures.look import palette
from figures.look.encode import Json
from figures.starts import words

# so many optima have a row and a colour of their own
RANKS = palette.N_COLORS
_ROOM = 0.22


def color(rank: int) -> str:
    """The colour of an optimum, the best first."""
    return palette.component(rank)


def symbol(rank: int) -> str:
    return palette.symbol(rank)


class Ends:
    """Empty: frames fill it. Rows that are not there yet have no ticks."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        right = wanted * (1 + _ROOM) + 1
        self.figure = Figure(
            "ends",
            x=words.STARTS,
            xaxis={"range": [-0.02 * right, right]},
            yaxis={
                "range": [3.5, -0.6],
                "tickmode": "array",
                "tickvals": [],
                "ticktext": [],
                "tickfont": {"size": 16, "color": "$text"},
                "automargin": False,
            },
            margin={"l": 128, "r": 14, "t": 8, "b": 44},
        )
        hover = "%{text}"
        # neighbours keep a rim of paper between them, also where there are 200
        size = min(13.0, max(5.0, 400.0 / wanted))
        rim = {"marker_line_color": "$paper", "marker_line_width": 1}
        for rank in range(RANKS):
            self.figure.points(
                f"optimum {rank}", color(rank), size=size, symbol=[], hover=hover, cliponaxis=False, **rim
            )
        self.figure.points("others", "$muted", size=size, symbol=[], hover=hover, cliponaxis=False)
        self.figure.ring("chosen", "$text", size=22)
        self.figure.text("letters", "$text", textposition="top center", size=16)
        self.figure.text("counts", "$text", textposition="middle right", size=16)
        self.figure.text("soon", "$muted", size=14)

    def changes(self, gathered: Gathered) -> Json:
        rows = _Rows(gathered)
        dots: dict[str, list[tuple[int, End]]] = {}
        for place, end in enumerate(gathered.ends, start=1):
            dots.setdefault(rows.trace(end), []).append((place, end))
        result: Json = {}
        for name in (*(f"optimum {rank}" for rank in range(RANKS)), "others"):
            own = dots.get(name, [])
            result |= self.figure[name].set(
                x=[place for place, _ in own],
                y=[rows.of(end) for _, end in own],
                text=[words.dot(place, end) for place, end in own],
                marker_symbol=[rows.mark(end) for _, end in own],
            )
        lettered = [(words.A, gathered.chosen), (words.B, gathered.other)]
        there = [(letter, end) for letter, end in lettered if end is not None]
        xs = [1 + end.seed - gathered.ends[0].seed for _, end in there]
        ys = [rows.of(end) for _, end in there]
        ticks = words.rows(gathered, RANKS)
        counted = self._wanted + 0.04 * self._wanted + 0.6
        return {
            **result,
            **soon(self.figure, gathered, self._wanted / 2),
            **self.figure["chosen"].set(x=xs, y=ys),
            **self.figure["letters"].set(
                x=xs, y=[y - 0.12 for y in ys], text=[f"<b>{letter}</b>" for letter, _ in there]
            ),
            **self.figure["counts"].set(
                x=[counted] * len(ticks), y=list(range(len(ticks))), text=[count for _, count in ticks]
            ),
            **self.figure.set(
                yaxis_range=[max(len(ticks), 2) - 0.4, -0.75],
                yaxis_tickvals=list(range(len(ticks))),
                yaxis_ticktext=[name for name, _ in ticks],
            ),
        }


def soon(figure: Figure, gathered: Gathered, x: float, y: float = 0.5) -> Json:
    """What the picture will show, in its middle and without axes, while there is no start."""
    begun = bool(gathered.ends)
    told = figure["soon"].set(x=[] if begun else [x], y=[] if begun else [y], text=[words.SOON[figure.name]])
    return told | figure.set(xaxis_visible=begun, yaxis_visible=begun)


class _Rows:
    """Which row a start stands in: that of its optimum, of all lower ones together, or of those that stopped."""

    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered
        self._last = min(len(gathered.optima), RANKS) + (len(gathered.optima) > RANKS)

    def of(self, end: End) -> int:
        rank = self._gathered.rank(end)
        return self._last if rank is None else min(rank, RANKS)

    def trace(self, end: End) -> str:
        rank = self._gathered.rank(end)
        return "others" if rank is None or rank >= RANKS else f"optimum {rank}"

    def mark(self, end: End) -> str:
        """The optimum's own; open for a run that was still climbing."""
        rank = self._gathered.rank(end)
        if rank is None:
            return "x-thin-open"
        filled = symbol(rank) if rank < RANKS else "circle"
        return filled if end.settled else f"{filled}-open"
