"""log p = ELBO + gap, and the ELBO as the sum of two terms, as floating bars on two honest scales.

There are three ways to split the ELBO: expected log joint and entropy, accuracy and complexity, log p and KL. The first
two can be computed without the posterior; the third cannot, and is circular: it begins with log p itself.

The left half holds the whole sum on an axis that does not start at 0; the right half magnifies the gap, where that
makes it larger. Each has its own scale bar, so that a gap of 0.3 beside −1,130 is visible and nothing is claimed about
lengths across halves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from em_core.records import Bound, Fit
from figures.drawing import Figure
from figures.look import layout, wording
from figures.look.encode import Json
from figures.look.palette import ELBO, EVIDENCE, GAP

_LEFT, _RIGHT = (0.0, 1.0), (1.46, 2.02)
_WIDTH = 14
_CUT, _ENLARGED = "axis cut: compare ends, not lengths", "the gap, enlarged"
# the gap is enlarged where it becomes so many times as long, at least
_TIMES = 2


@dataclass(frozen=True)
class Way:
    """A way to split the ELBO: its figure, what it is called, the trace, name and colour of its two terms, and what
    has to be known for them."""

    figure: str
    title: str
    parts: tuple[tuple[str, str, str], tuple[str, str, str]]
    needs: str

    @property
    def terms(self) -> tuple[tuple[str, str, str], ...]:
        """The bars from top to bottom: trace, name, colour."""
        return (*self.parts, ("elbo", "ELBO", ELBO), ("gap", "gap", GAP), ("evidence", "log p(v)", EVIDENCE))


_NO_POSTERIOR = "computable without p(h|v)"
JOINT = Way(
    "decomposition",
    "Log joint",
    (("joint", "E<sub>q</sub> log p(h,v)", "$muted"), ("entropy", "entropy of q", "$muted")),
    _NO_POSTERIOR,
)
ACCURACY = Way(
    "accuracy",
    "Accuracy",
    (("accuracy", "E<sub>q</sub> log p(v|h)", "$muted"), ("complexity", "KL(q‖p(h))", "$muted")),
    _NO_POSTERIOR,
)
KL = Way(
    "kl",
    "KL",
    (("log p", "log p(v)", EVIDENCE), ("kl", "KL(q‖p(h|v))", GAP)),
    "circular: log p − KL + KL = log p,<br>computable only with p(h|v)",
)
TERMS = JOINT.terms
# where the rows of every way stand, with what is said above and below them
_HEIGHTS = (4.0, 3.0, 2.0, 1.0, 0.0)
_ABOVE, _SCALE, _BELOW = 4.95, -0.95, -1.45
# what is said above and below the bars, each apart, because on the way to a half-step one of them changes alone
_REMARKS = {"enlarged": _ABOVE, "cut": _BELOW, "magnified": _BELOW}
# those of the right half
_MAGNIFIED = {name: f"{name} magnified" for name in ("elbo", "gap", "evidence")}


class Decomposition:
    """The figure of one way to split the ELBO, and its bars for one bound. alone: no other way stands beside it."""

    def __init__(self, way: Way = JOINT, alone: bool = True) -> None:
        self._way = way
        self.figure = figure = Figure(
            way.figure,
            "Terms" if alone else way.title,
            xaxis=layout.hidden_axis(-0.56, 2.14),
            yaxis=layout.hidden_axis(-1.75, 5.3),
            margin={"l": 4, "r": 4, "t": 2, "b": 2},
            dragmode=False,
        )
        colors = {name: color for name, _, color in way.terms}
        # frames move everything sideways alone
        for (name, color), height in zip(colors.items(), _HEIGHTS, strict=True):
            for drawn in filter(None, (name, _MAGNIFIED.get(name))):
                figure.curve(drawn, color, width=_WIDTH, cliponaxis=False, y=[height] * 2)
        figure.text("labels", textposition="middle right", y=list(_HEIGHTS))
        figure.text(
            "names",
            list(colors.values()),
            x=[-0.02] * len(colors),
            y=list(_HEIGHTS),
            text=[label for _, label, _ in way.terms],
            textposition="middle left",
        )
        said: Json = {"size": 12, "textposition": "middle right"}
        if not alone:
            figure.text("needs", "$muted", x=[-0.54], y=[_ABOVE], text=[way.needs], **said)
        figure.curve("scale", "$muted", width=2, y=[_SCALE, _SCALE, None, _SCALE, _SCALE])
        figure.text("scale text", "$muted", y=[_SCALE] * 2, **said)
        for name, height in _REMARKS.items():
            figure.text(name, "$muted", y=[height], **said)

    def changes(self, bound: Bound, fit: Fit | None = None) -> Json:
        """Without a q only log p is known; where q is a Dirac at h*, the first of the two terms too."""
        told = self._changes(bound, fit)
        return {address: _places(value) if address.endswith("/x") else value for address, value in told.items()}

    def _changes(self, bound: Bound, fit: Fit | None) -> Json:
        (first, _, _), (second, _, _) = self._way.parts
        whole, part = self._values(bound, fit)
        if bound.elbo is None or not math.isfinite(bound.elbo) or whole is None or part is None:
            return self._finite_terms(bound, fit, {first: whole, second: part})
        elbo, evidence = bound.elbo, bound.log_evidence
        low, high = min(whole, elbo), max(whole, elbo, evidence)
        left, unit = _scale(low, high)
        # a gap that is rounding is told as 0: nothing of it is enlarged
        closed = wording.gap(bound.kl, evidence) == "0.000"
        decade = _decade(None if closed else bound.kl)
        gap_left, gap_unit = elbo - 0.25 * decade, decade * 1.3
        ends = {
            first: (None, whole),
            second: (whole, elbo),
            "elbo": (None, elbo),
            "gap": (elbo, evidence),
            "evidence": (None, evidence),
        }
        bars = {name: _segment(_LEFT, left, unit, *between) for name, between in ends.items()}
        result: Json = {}
        for name, bar in bars.items():
            result |= self.figure[name].set(x=bar)
        times = 0.0 if closed else _larger(unit, gap_unit)
        for name, magnified in _MAGNIFIED.items():
            segment = _segment(_RIGHT, gap_left, gap_unit, *ends[name])
            result |= self.figure[magnified].set(x=segment if times >= _TIMES else [None, None])
        texts = {
            first: wording.number(whole),
            second: self._signed(part, bound),
            "elbo": f"= {wording.number(elbo)}",
            "gap": f"+ {wording.gap(bound.kl, evidence)}",
            "evidence": f"= {wording.number(evidence)}",
        }
        # a label stands behind its bar, and moves in front of what would push it out of the half
        places = {name: min(max(bar), 1.0) for name, bar in bars.items()}
        if wording.still(high - low, evidence):
            return result | self._labels(texts, places) | self._no_scales()
        return result | self._labels(texts, places) | self._scales(_nice(0.3 * unit), unit, decade / 2, gap_unit, times)

    def _values(self, bound: Bound, fit: Fit | None) -> tuple[float | None, float | None]:
        """The two terms, which add up to the ELBO."""
        if self._way.figure == JOINT.figure:
            return bound.expected_log_joint, bound.entropy
        if self._way.figure == KL.figure:
            return bound.log_evidence, None if bound.kl is None else -bound.kl
        return (None, None) if fit is None else (fit.accuracy, -fit.complexity)

    def _signed(self, part: float, bound: Bound) -> str:
        """The second term, with the sign with which it is added."""
        if self._way.figure == KL.figure:
            return f"− {wording.gap(-part, bound.log_evidence)}"
        if self._way.figure == ACCURACY.figure:
            return f"− {wording.number(-part)}"
        return ("+ " if part >= 0 else "") + wording.number(part)

    def _finite_terms(self, bound: Bound, fit: Fit | None, parts: dict[str, float | None]) -> Json:
        """log p, and of the others those that are known, each as a bar; an infinite one as a word without a bar."""
        values = parts | {
            "elbo": bound.elbo,
            "gap": bound.kl,
            "evidence": bound.log_evidence,
        }
        drawn = {name: value for name, value in values.items() if value is not None and math.isfinite(value)}
        bars: dict[str, list[float]] = {}
        if len(drawn) > 1:
            left, unit = _scale(min(drawn.values()), max(drawn.values()))
            bars = {name: _segment(_LEFT, left, unit, None, value) for name, value in drawn.items()}
        else:
            bars = {"evidence": [0, 0.8]}
        result: Json = {}
        for name in (*values, *_MAGNIFIED.values()):
            result |= self.figure[name].set(x=bars.get(name, [None, None]))
        texts = {name: wording.number(value) for name, value in values.items() if value is not None}
        if fit is not None and "complexity" in texts:
            texts["complexity"] = f"− {wording.number(fit.complexity)}"
        if bound.entropy == -math.inf and "joint" in texts:
            texts["joint"] += " = log p(h*, v)"
        places = {name: max(bars[name][1], 0.0) if name in bars else 0.0 for name in texts}
        return result | self._no_scales() | self._labels(texts, places)

    def _labels(self, texts: dict[str, str], places: dict[str, float]) -> Json:
        """A text behind the place at which its bar ends."""
        names = [name for name, _, _ in self._way.terms]
        return self.figure["labels"].set(
            x=[places[name] + 0.015 if name in places else None for name in names],
            text=[texts.get(name, "") for name in names],
        )

    def _no_scales(self) -> Json:
        """Where lengths say nothing: not all terms have a bar, or all bars are equal."""
        nothing = self.figure["scale"].set(x=[None] * 5) | self.figure["scale text"].set(x=[None] * 2, text=["", ""])
        for name in _REMARKS:
            nothing |= self._remark(name, None, "")
        return nothing

    def _scales(self, left_length: float, unit: float, right_length: float, gap_unit: float, times: float) -> Json:
        """A bar of known length below each half; below the right one only where it makes the gap larger."""
        left_end = left_length / unit
        right_end = _RIGHT[0] + (_RIGHT[1] - _RIGHT[0]) * right_length / gap_unit
        ends, told = [0.0, left_end], [left_end + 0.02, right_end + 0.02]
        lengths = [_nats(left_length), _nats(right_length)]
        larger = times >= _TIMES
        # where the length itself takes all the room, how much it is magnified is left out
        said = f"magnified {_plain(_nice(times))}×" if larger and times < 1e3 else ""
        return (
            self.figure["scale"].set(x=[*ends, None, *((_RIGHT[0], right_end) if larger else (None, None))])
            | self.figure["scale text"].set(
                x=told if larger else [told[0], None], text=lengths if larger else [lengths[0], ""]
            )
            | self._remark("cut", -0.02, _CUT)
            | self._remark("enlarged", _RIGHT[0] - 0.02, _ENLARGED if larger else "")
            | self._remark("magnified", _RIGHT[0] - 0.02, said)
        )

    def _remark(self, name: str, x: float | None, text: str) -> Json:
        return self.figure[name].set(x=[x], text=[text])


def _places(numbers: list[float | None]) -> list[float | None]:
    """Where things stand, in more digits than a picture can show."""
    return [None if number is None else round(number, 7) for number in numbers]


def _segment(half: tuple[float, float], left: float, unit: float, start: float | None, stop: float) -> list[float]:
    """A bar from `start` (None: the broken left edge) to `stop`, in the drawing's own coordinates."""
    begin = 0.0 if start is None else (start - left) / unit
    end = (stop - left) / unit
    width = half[1] - half[0]
    return [half[0] + width * min(max(place, 0.0), 1.0) for place in (begin, end)]


def _scale(low: float, high: float) -> tuple[float, float]:
    """Left edge and length of the left half's axis: a quarter of room before the smallest term."""
    spread = max(high - low, 1e-3)
    return low - 0.35 * spread, 1.35 * spread / 0.86


def _larger(unit: float, gap_unit: float) -> float:
    """How many times as long a nat is in the right half as in the left one."""
    return unit / gap_unit * (_RIGHT[1] - _RIGHT[0]) / (_LEFT[1] - _LEFT[0])


def _decade(gap: float | None) -> float:
    """The power of ten at or above the gap: the magnified half changes scale only when the gap changes decade."""
    if not gap or gap < 1e-12 or math.isinf(gap):
        return 1.0
    return 10.0 ** math.ceil(math.log10(gap) - 1e-9)


def _nice(value: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above `value`."""
    power = 10.0 ** math.floor(math.log10(value))
    return max(step * power for step in (1, 2, 5) if step * power <= value * (1 + 1e-9))


def _nats(value: float) -> str:
    return f"{_plain(value)} nat{'s' * (value > 1)}"


def _plain(value: float) -> str:
    return f"{value:,.10g}" if 1e-3 <= value < 1e6 else wording.power(value)
