"""Inside one M-step: every optimiser's way up the same bound, and the gap that it opens. Nothing of it moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from em_core.kinds import MOVES
from em_core.observe.inside import Path
from figures.drawing import Figure
from figures.look import palette
from figures.race import words
from figures.race.ends import heights as ends_apart
from figures.race.schedules import marked

# of the width, what is kept for the letters at the ends of the ways
_ROOM = 1.12
_APART = 0.075
# a way that falls below the start leaves the picture so far below
_BELOW = 0.15


class Inside:
    """Bound and gap against how far θ has come."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self.figures = [
            self._figure("inside", words.RISE, words.RISEN, "the bound rose by", lambda path: path.rise),
            self._figure("opened", words.OPENED, words.GAP_OPENED, "gap", lambda path: path.gap),
        ]

    def _figure(self, name: str, face: str, axis: str, told: str, heights: Callable[[Path], Sequence[float]]) -> Figure:
        best = max((path.rise[-1] for path in self._paths), default=1.0) or 1.0
        # of those that have not overshot
        fair = [path for path in self._paths if path.rise[-1] > -_BELOW * best] or list(self._paths)
        right = max((max(path.moved) for path in fair), default=1.0) or 1.0
        top = max((max(heights(path)) for path in fair), default=1.0) or 1.0
        low, high = -_BELOW * top / 3, 1.1 * top
        figure = Figure(
            name,
            face,
            x=words.MOVED,
            y=axis,
            xaxis={"range": [-0.02 * right, _ROOM * right]},
            yaxis={"range": [low, high]},
            margin={"l": 62, "r": 8, "t": 10, "b": 42},
        )
        for k, path in enumerate(self._paths):
            figure.curve(
                path.letter,
                palette.component(k),
                width=1.5,
                mode="lines+markers",
                marker={"size": 6, "symbol": palette.symbol(k), "color": palette.component(k)},
                x=list(path.moved),
                y=list(heights(path)),
                hover=f"{path.letter}, {MOVES[path.letter].name}: θ moved %{{x:.4g}}, {told} %{{y:.4g}}",
            )
        ends = [(min(path.moved[-1], right), heights(path)[-1]) for path in self._paths]
        figure.text(
            "names",
            "$text",
            textposition="middle right",
            size=13,
            x=[x for x, _ in ends],
            y=ends_apart(ends, low, high, 0.08 * right, _APART * (high - low)),
            text=["\u2002" + marked(k, path.letter) for k, path in enumerate(self._paths)],
        )
        return figure
