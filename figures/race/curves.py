"""One quantity of all runs, against half-steps and against passes over the data: two figures of one view."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from em_core.observe.ghost import Ghost
from em_core.observe.laps import Lap, Track
from em_core.records import Array
from figures import pace
from figures.drawing import Figure, Trace
from figures.look import layout, palette, scale, wording
from figures.look.encode import Json
from figures.race import words
from figures.race.ends import LETTER, aside, beside, clear, heights
from figures.race.schedules import called

# of each run in all pictures: one that lies under another shows between its dashes
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "2px,2px", "8px,2px,2px,2px")
# of the width, what is kept for the names behind the longest curve, and how near ends are whose names could meet
_ROOM = 0.3
# so many times as deep as the best run has climbed
_DEEP = 3.0
# of the height, what names at the curves' ends keep between them
_APART = 0.085


@dataclass(frozen=True)
class Quantity:
    """What is drawn of a run. heights: at the start and after every half-step, None where there is no place for one.

    slope: the line that EM falls along at its own rate. turns: only the ends of rounds are drawn, anew in each frame,
    because all of them depend on the latest. zero: whether the run stands at 0 where there is no place for it.
    """

    name: str
    axis: str
    heights: Callable[[Lap, Track], Sequence[float | None]]
    logarithmic: bool = True
    turns: bool = False
    slope: Callable[[Lap], list[tuple[float, float]]] | None = None
    zero: Callable[[Track], bool] = lambda track: False


class Curves:
    """The two figures of a quantity, empty: frames fill them. all_words: one for each run."""

    def __init__(self, quantity: Quantity, all_words: Sequence[str]) -> None:
        self.quantity, self._words = quantity, tuple(all_words)
        decades: Json = {"type": "log", "exponentformat": "power"} if quantity.logarithmic else {}
        self.steps, self.passes = (
            Figure(
                f"{quantity.name}{suffix}",
                face,
                x=axis,
                y=quantity.axis,
                xaxis={"range": [0, 10]},
                yaxis={"range": [0, 1], **decades},
                margin={"l": 62, "r": 34, "t": 10, "b": 42},
            )
            for suffix, face, axis in (("", words.BY_STEPS, words.STEPS), ("-cost", words.BY_PASSES, words.PASSES))
        )
        self.figures = [self.steps, self.passes]
        for figure in self.figures:
            if quantity.slope:
                pace.slope(figure)
            for k, word in enumerate(self._words):
                figure.curve(
                    f"run {k}",
                    palette.component(k),
                    dash=_DASHES[k % len(_DASHES)],
                    connectgaps=True,
                    hover=f"{layout.literal(called(word))}: %{{y:.6g}} at %{{x:.4g}}",
                )
            for name, told in words.ASCENTS.items() if quantity.name == "height" else ():
                figure.points(name, "$text", size=8, symbol="circle-open", hover=f"{told} without q: %{{y:.6g}}")
            for k, _ in enumerate(self._words):
                figure.points(f"end {k}", palette.component(k), size=9, symbol=palette.symbol(k), cliponaxis=False)
                figure.curve(f"fall {k}", palette.component(k), width=1.5, dash="dot", hover=words.TO_ZERO)
            figure.curve("to names", "$quiet", width=1)
            if quantity.name == "height":
                figure.curve("kept", "$muted", dash="longdash", visible=False, hover=words.KEPT_HOVER)
                figure.text("kept name", "$muted", textposition="top left", size=14)
            figure.text("names", "$text", textposition="middle right", size=13)
            figure.text("soon", "$muted", textposition="middle center", size=14)
            if quantity.turns:
                figure.curve("close", "$muted", width=1.5, dash="dot")
                figure.text("close name", "$muted", textposition="top right", size=12)

    def append(self, lap: Lap) -> Json:
        """What this round adds to the series."""
        result: Json = {}
        if not self.quantity.turns:
            for k, track in enumerate(lap.tracks):
                if not track.fresh:
                    continue
                added = list(self.quantity.heights(lap, track))[-track.fresh :]
                steps = list(range(track.made + 1))[-track.fresh :]
                result |= self.steps[f"run {k}"].append(x=steps, y=added)
                result |= self.passes[f"run {k}"].append(x=list(track.passes[-track.fresh :]), y=added)
        for ascent in lap.ascents if self.quantity.name == "height" else ():
            if len(ascent.log_evidence) == lap.index + 1:
                y, at = [ascent.log_evidence[-1]], 2 * lap.index  # half-steps of the word with which it coincides
                result |= self.steps[ascent.word].append(x=[at], y=y)
                result |= self.passes[ascent.word].append(x=[_passes(lap, ascent.word, at)], y=y)
        return result

    def before(self, ghost: Ghost | None) -> Json:
        """The leader of the kept race after each round."""
        heights = ghost.series("best") if ghost else ()
        result: Json = {}
        for figure, cost in ((self.steps, "made"), (self.passes, "spent")):
            places = list(ghost.series(cost) if ghost else ())
            result |= figure["kept"].set(x=places, y=list(heights), visible=ghost is not None)
            result |= figure["kept name"].set(x=places[-1:], y=list(heights[-1:]), text=[words.KEPT] * len(places[-1:]))
        return result

    def changes(self, lap: Lap) -> Json:
        """Axes that hold what there is, and at the curves' ends their marks and names."""
        drawn = [list(self.quantity.heights(lap, track)) for track in lap.tracks]
        low, high = self._reach(lap, drawn)
        result: Json = {}
        for figure, costs in ((self.steps, False), (self.passes, True)):
            xs = [track.passes if costs else range(track.made + 1) for track in lap.tracks]
            reach = max(max(float(own[-1]) for own in xs), 4.0)
            right = reach * (1 + _ROOM)
            result |= figure.set(xaxis_range=[-0.01 * right, right], **self._heights(lap, low, high))
            bottom = low + 0.02 * (high - low)
            ends = [
                self._end(lap, track, list(x), own, bottom) for track, x, own in zip(lap.tracks, xs, drawn, strict=True)
            ]
            for k, end in enumerate(ends):
                # a mark below the picture would lie over what stands there
                marked = end is not None and self._scaled(end) >= low
                result |= figure[f"end {k}"].at(*([end] if end and marked else []))
                if self.quantity.turns:
                    result |= self._turned(figure[f"run {k}"], lap.tracks[k], xs[k], drawn[k])
                fall = self._fall(xs[k], drawn[k], end) if self._at_zero(lap, lap.tracks[k], drawn[k]) else []
                result |= figure[f"fall {k}"].at(*fall)
            frame = -0.01 * right, right, low, high
            curves = [self._curve(x, own) for x, own in zip(xs, drawn, strict=True)]
            level = (
                [(np.array(frame[:2]), np.full(2, math.log10(lap.close)))] if self.quantity.turns and lap.index else []
            )
            told, names = self._names(figure, lap, ends, drawn, [*curves, *level], frame)
            result |= told | self._told(figure, lap, costs, [*curves, *names], frame)
            if self.quantity.slope:  # a half-step of EM costs a pass
                result |= figure["predicted"].at(*self.quantity.slope(lap))
        return result

    def _turned(self, trace: Trace, track: Track, xs: Sequence[float], own: list[float | None]) -> Json:
        kept = [place for place, height in enumerate(own) if height is not None]
        # where log p has not changed since the half-step before there is nothing new to see
        kept = [place for place in kept if place in (0, track.made) or own[place] != own[place - 1]]
        return trace.at(*((xs[place], own[place]) for place in kept))

    def _at_zero(self, lap: Lap, track: Track, own: list[float | None]) -> bool:
        """Whether a run stands at 0, up to rounding, where a logarithmic axis has no place."""
        return lap.index > 0 and self.quantity.zero(track) and own[-1] is None

    def _fall(
        self, xs: Sequence[float], own: list[float | None], end: tuple[float, float] | None
    ) -> list[tuple[float, float | None]]:
        """The way of a curve down to the foot of the picture, and along it to where the run now stands."""
        last = next((place for place in range(len(own) - 1, -1, -1) if own[place] is not None), None)
        if last is None or end is None:
            return []
        first = own.index(own[last])  # where it last changed
        return [(xs[first], own[first]), (xs[last], own[last]), (xs[last + 1], end[1]), end]

    def _told(
        self,
        figure: Figure,
        lap: Lap,
        costs: bool,
        curves: Sequence[tuple[Array, Array]],
        frame: tuple[float, float, float, float],
    ) -> Json:
        """What will be drawn, before there is anything; the level of those at the best; what a half-step costs."""
        _, right, low, high = frame
        soon = words.SOON[self.quantity.name] if lap.index == 0 else ""
        place = low + (0.5 if self.quantity.turns else 0.85) * (high - low)
        result = figure["soon"].set(
            x=[0.55 * right] if soon else [],
            y=[self._unscaled(place)] if soon else [],
            text=[soon] if soon else [],
        )
        if self.quantity.turns and lap.index:
            told, x, position = beside(
                math.log10(lap.close), words.at_the_best(lap), curves, frame, _APART * (high - low)
            )
            result |= figure["close"].at((0.0, lap.close), (right, lap.close))
            result |= figure["close name"].set(x=[x], y=[lap.close], text=[told], textposition=position)
        elif self.quantity.turns:
            result |= {**figure["close"].empty(), **figure["close name"].set(x=[], y=[], text=[])}
        return result | figure.set(xaxis_title_text=words.across(lap, costs))

    def _reach(self, lap: Lap, drawn: list[list[float | None]]) -> tuple[float, float]:
        """From where to where the heights that are to be read go; on a logarithmic axis in powers of ten."""
        if self.quantity.logarithmic:
            there = [math.log10(height) for own in drawn for height in own if height is not None and height > 0]
            there += [math.log10(lap.close)] if self.quantity.turns and lap.index else []
            low, high = (min(there), max(there)) if there else (-1.0, 0.0)
            return low - 0.06 * (high - low) - 0.2, high + 0.08 * (high - low) + 0.2
        kept = [
            height
            for own in drawn
            for height in scale.readable([(height, [height]) for height in own if height is not None])
        ]
        # runs that fell so deep that nothing else could be read leave the picture
        begin = lap.tracks[0].log_evidence[0]
        floor = -math.inf if begin is None else begin - _DEEP * (lap.best - begin)
        low, high = scale.around([height for height in kept if height >= floor], lap.best)
        return (low - 1.0, high + 1.0) if lap.index == 0 else (low, high)  # all stand at one place

    def _heights(self, lap: Lap, low: float, high: float) -> Json:
        if not self.quantity.logarithmic:
            return scale.heights(low, high, lap.best)
        return {"yaxis_range": [low, high], **scale.decades(low, high)}

    def _end(
        self, lap: Lap, track: Track, xs: list[float], own: list[float | None], bottom: float
    ) -> tuple[float, float] | None:
        """The last place of a curve; at the foot of the picture where the run now is the best, once there is a race."""
        if self._at_zero(lap, track, own):
            return float(xs[-1]), 10.0**bottom
        if self.quantity.turns and own[-1] is None and track.height > -math.inf:
            return None  # before there is a race
        last = next((place for place in range(len(own) - 1, -1, -1) if own[place] is not None), None)
        height = None if last is None else own[last]
        return None if last is None or height is None else (float(xs[last]), height)

    def _names(
        self,
        figure: Figure,
        lap: Lap,
        ends: list[tuple[float, float] | None],
        drawn: list[list[float | None]],
        curves: Sequence[tuple[Array, Array]],
        frame: tuple[float, float, float, float],
    ) -> tuple[Json, list[tuple[Array, Array]]]:
        """What the curves are, beside their ends, at some distance from each other and where no curve runs through.

        And where that is, as level curves.
        """
        _, right, low, high = frame
        named = []
        for track, own, (k, end) in zip(lap.tracks, drawn, enumerate(ends), strict=True):
            if end is not None:
                place = end[0], self._scaled(end)
                zero = self._at_zero(lap, track, own)
                told = words.name_at_end(k, track, beyond=place[1] < low, zero=zero)
                named.append((place, told, len(words.short(track.word)) + 4))
        for ascent in lap.ascents if self.quantity.name == "height" and lap.index else ():
            if ascent.log_evidence and all(track.word != ascent.word for track in lap.tracks):
                x = 2.0 * (len(ascent.log_evidence) - 1)  # where EG would be
                told = f"\u2002○ {words.ASCENTS[ascent.word]} on log p"
                named.append(((x, ascent.log_evidence[-1]), told, len(told)))
        places = [place for place, _, _ in named]
        least = _APART * (high - low)
        wanted = heights(places, low, high, 0.75 * _ROOM * right, least)
        found = clear(places, wanted, [(letters, 1) for _, _, letters in named], curves, frame, least)
        letters = [count for _, _, count in named]
        spots = aside(places, [height for height, _ in found], letters, curves, frame, least)
        lines: list[tuple[float | None, float | None]] = []  # thin ones, to names that had to go far from their ends
        for (x, y), (begin, height) in zip(places, spots, strict=True):
            if abs(height - y) > 1.2 * least or begin > x:
                lines += [(x, self._unscaled(y)), (begin + 0.015 * right, self._unscaled(height)), (None, None)]
        ys = [self._unscaled(height) for _, height in spots]
        texts = [told for _, told, _ in named]
        result = figure["to names"].at(*lines) | figure["names"].set(x=[x for x, _ in spots], y=ys, text=texts)
        return result, [
            (np.array([x, x + LETTER * count * right]), np.full(2, height))
            for (x, height), count in zip(spots, letters, strict=True)
        ]

    def _curve(self, xs: Sequence[float], own: list[float | None]) -> tuple[Array, Array]:
        """A curve as it is drawn, x and y."""
        there = [(x, self._scaled((x, height))) for x, height in zip(xs, own, strict=True) if height is not None]
        x, y = np.array(there, dtype=float).reshape(-1, 2).T
        return x, y

    def _unscaled(self, scaled: float) -> float:
        return 10.0**scaled if self.quantity.logarithmic else scaled

    def _scaled(self, end: tuple[float, float]) -> float:
        return math.log10(end[1]) if self.quantity.logarithmic else end[1]


def _passes(lap: Lap, word: str, half_steps: int) -> float:
    """What so many half-steps cost; where EG does not race, a pass each."""
    track = next((track for track in lap.tracks if track.word == word), None)
    return half_steps if track is None or track.made < half_steps else track.passes[half_steps]


def _log_p(lap: Lap, track: Track) -> Sequence[float | None]:
    return track.log_evidence


def _gaps(lap: Lap, track: Track) -> Sequence[float | None]:
    """Gaps above rounding: a logarithmic axis has no place for 0."""
    least = wording.STILL * max(1.0, abs(lap.best))
    return [gap if gap is not None and least < gap < math.inf else None for gap in track.gap]


def _closed(track: Track) -> bool:
    """Whether the gap is a number, which may be 0."""
    return track.gap[-1] is not None and track.gap[-1] < math.inf


def _distances(lap: Lap, track: Track) -> Sequence[float | None]:
    """How far log p is below the best that any run has found so far, where that is more than rounding."""
    least = wording.STILL * max(1.0, abs(lap.best))
    return [
        None if own is None or lap.best - own <= least or own == -math.inf else lap.best - own
        for own in track.log_evidence
    ]


HEIGHT = Quantity("height", "nats", _log_p, logarithmic=False)
GAP = Quantity("gap", "gap (nats)", _gaps, slope=Lap.slope_of_gaps, zero=_closed)
DISTANCE = Quantity(
    "distance",
    "nats below the best",
    _distances,
    turns=True,
    slope=Lap.slope_of_distances,
    zero=lambda track: track.height > -math.inf,
)
