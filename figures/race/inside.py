"""Inside one M-step: every optimiser's way up the same bound, and the gap that it opens. Nothing of it moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from em_core.kinds import MOVES
from em_core.observe.inside import Path
from figures.drawing import Figure
from figures.look import palette
from figures.race import words
from figures.race.ends import clear
from figures.race.schedules import sign

# of the width, what is kept for the names at the ends of the ways
_ROOM = 1.36
# of the height, what names keep between them; of width and height, how near ends are that are told as one
_APART, _ONE, _IN_LINE = 0.085, (0.06, 0.05), 2
# a way that falls more than so many times as deep as the best one rises leaves the picture below
_DEEPEST = 0.4
# of the best rise, what a way at the end of which the bound lies lower may leave the picture by
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
        least = min((min(heights(path)) for path in self._paths), default=0.0)
        low, high = max(least, -_DEEPEST * top) - 0.05 * top, 1.3 * top
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
                dash="solid" if k < palette.N_COLORS else "dot",
                mode="lines+markers",
                marker={"size": 6, "symbol": palette.symbol(k), "color": palette.component(k)},
                x=list(path.moved),
                y=list(heights(path)),
                hover=f"{path.letter}, {MOVES[path.letter].name}: θ moved %{{x:.4g}}, {told} %{{y:.4g}}",
            )
        groups = self._ends([(path.moved[-1], heights(path)[-1]) for path in self._paths], right, low, high)
        ends = [place for place, _ in groups]
        told = [self._named(members, heights, low, right) for _, members in groups]
        sizes = [(max(letters), len(letters)) for _, letters in told]
        curves = [(np.array(path.moved), np.array(heights(path))) for path in self._paths]
        frame, least = (-0.02 * right, _ROOM * right, low, high), _APART * (high - low)
        placed = clear(ends, [y for _, y in ends], sizes, curves, frame, least, ("right", "left"))
        # a thin line to a name that had to go far from its end
        far = [
            (x, y, place, x + (0.02 if side == "right" else -0.02) * right)
            for (x, y), (place, side) in zip(ends, placed, strict=True)
            if abs(place - y) > least
        ]
        figure.curve(
            "to names",
            "$quiet",
            width=1,
            x=[value for x, _, _, there in far for value in (x, there, None)],
            y=[value for _, y, place, _ in far for value in (y, place, None)],
        )
        figure.text(
            "names",
            "$text",
            textposition=[f"middle {side}" for _, side in placed],
            size=13,
            x=[x for x, _ in ends],
            y=[place for place, _ in placed],
            text=[text for text, _ in told],
        )
        return figure

    def _ends(
        self, ends: Sequence[tuple[float, float]], right: float, low: float, high: float
    ) -> list[tuple[tuple[float, float], list[int]]]:
        """Where names stand, and of which ways: those that end at one place have one."""
        groups: list[tuple[tuple[float, float], list[int]]] = []
        for k, (x, y) in enumerate(ends):
            place = min(x, right), min(max(y, low), high)
            near = (
                members
                for (a, b), members in groups
                if abs(a - place[0]) < _ONE[0] * right and abs(b - place[1]) < _ONE[1] * (high - low)
            )
            found = next(near, None)
            groups.append((place, [k])) if found is None else found.append(k)
        return groups

    def _named(
        self, members: Sequence[int], heights: Callable[[Path], Sequence[float]], low: float, right: float
    ) -> tuple[str, list[int]]:
        """What stands at an end, ↓ and → where a way leaves the picture; and of each line its letters."""
        plain, marked = [], []
        for k in members:
            path = self._paths[k]
            left = " ↓" * (min(heights(path)) < low) + " →" * (max(path.moved) > _ROOM * right)
            plain.append(f"{path.letter} {words.optimiser(path.letter)}{left}")
            marked.append(f"{sign(k)} {plain[-1]}")
        lines = range(0, len(members), _IN_LINE)
        told = "<br>".join("\u2002".join(["", *marked[at : at + _IN_LINE], ""]) for at in lines)
        return told, [sum(len(one) + 3 for one in plain[at : at + _IN_LINE]) for at in lines]
