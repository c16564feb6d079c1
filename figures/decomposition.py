"""log p = ELBO + gap and ELBO = expected log joint + entropy, as floating bars on two honest scales.

The left half holds the whole sum on an axis that does not start at 0; the right half magnifies the gap. Each has its
own scale bar, so that a gap of 0.3 beside −1,130 is visible and nothing is claimed about lengths across halves.
"""

from __future__ import annotations

import math

from em_core.records import Bound
from figures.drawing import Figure, Trace
from figures.look import layout, wording
from figures.look.encode import Json
from figures.look.palette import ELBO, EVIDENCE, GAP

_LEFT, _RIGHT = (0.0, 1.0), (1.46, 2.02)
_WIDTH = 14
_CUT = "axis does not start at 0"
# below the scale bars; apart, because on the way to a half-step one of them changes alone
_REMARKS = ("cut", "magnified")

# the bars from top to bottom: trace, name, colour
TERMS = (
    ("joint", "E log p(h,v)", "$muted"),
    ("entropy", "entropy", "$muted"),
    ("elbo", "ELBO", ELBO),
    ("gap", "gap", GAP),
    ("evidence", "log p(v)", EVIDENCE),
)
_ROWS = {name: float(len(TERMS) - 1 - row) for row, (name, _, _) in enumerate(TERMS)}
# those of the right half
_MAGNIFIED = {name: f"{name} magnified" for name in ("elbo", "gap", "evidence")}


class Decomposition:
    """The figure, and its bars for one bound."""

    def __init__(self) -> None:
        self.figure = figure = Figure(
            "decomposition",
            "Terms",
            xaxis=layout.hidden_axis(-0.56, 2.14),
            yaxis=layout.hidden_axis(-1.75, 4.6),
            margin={"l": 4, "r": 4, "t": 2, "b": 2},
            dragmode=False,
        )
        colors = {name: color for name, _, color in TERMS}
        for name, color in colors.items():
            figure.curve(name, color, width=_WIDTH, cliponaxis=False)
        for term, name in _MAGNIFIED.items():
            figure.curve(name, colors[term], width=_WIDTH, cliponaxis=False)
        figure.text("labels", textposition="middle right")
        figure.text(
            "names",
            list(colors.values()),
            x=[-0.02] * len(TERMS),
            y=list(_ROWS.values()),
            text=[label for _, label, _ in TERMS],
            textposition="middle left",
        )
        figure.curve("scale", "$muted", width=2)
        figure.text("scale text", "$muted", size=12, textposition="middle right")
        for name in _REMARKS:
            figure.text(name, "$muted", size=12, textposition="middle right")

    def changes(self, bound: Bound) -> Json:
        """Without a q only log p is known; where q is a Dirac at h*, its E log p(h,v) too."""
        if bound.elbo is None or not math.isfinite(bound.elbo):
            return self._finite_terms(bound)
        joint, elbo, evidence = bound.expected_log_joint, bound.elbo, bound.log_evidence
        left, unit = _scale(min(joint, elbo), max(joint, elbo, evidence))
        gap_left, gap_unit = elbo - 0.25 * _decade(bound.kl), _decade(bound.kl) * 1.3
        ends = {
            "joint": (None, joint),
            "entropy": (joint, elbo),
            "elbo": (None, elbo),
            "gap": (elbo, evidence),
            "evidence": (None, evidence),
        }
        bars = {name: _segment(_LEFT, left, unit, *between) for name, between in ends.items()}
        result: Json = {}
        for name, bar in bars.items():
            result |= self._bar(self.figure[name], name, bar)
        for name, magnified in _MAGNIFIED.items():
            result |= self._bar(self.figure[magnified], name, _segment(_RIGHT, gap_left, gap_unit, *ends[name]))
        texts = {
            "joint": wording.number(joint),
            "entropy": ("+ " if bound.entropy >= 0 else "") + wording.number(bound.entropy),
            "elbo": f"= {wording.number(elbo)}",
            "gap": f"+ {wording.gap(bound.kl, evidence)}",
            "evidence": f"= {wording.number(evidence)}",
        }
        # a label stands behind its bar, and moves in front of what would push it out of the half
        places = {name: min(max(bar), 1.0) for name, bar in bars.items()}
        return (
            result
            | self._labels(texts, places)
            | self._scales(_nice(0.3 * unit), unit, _decade(bound.kl) / 2, gap_unit)
        )

    def _finite_terms(self, bound: Bound) -> Json:
        """log p, and of the others those that are known, each as a bar; an infinite one as a word without a bar."""
        values = {
            "joint": bound.expected_log_joint,
            "entropy": bound.entropy,
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
        for name in (*_ROWS, *_MAGNIFIED.values()):
            result |= self.figure[name].set(x=[None, None], y=[0, 0])
        for name, bar in bars.items():
            result |= self._bar(self.figure[name], name, bar)
        texts = {name: wording.number(value) for name, value in values.items() if value is not None}
        if bound.entropy == -math.inf:
            texts["joint"] += " = log p(h*, v)"
        places = {name: max(bars[name][1], 0.0) if name in bars else 0.0 for name in texts}
        nothing = self.figure["scale"].empty()
        for name in ("scale text", *_REMARKS):
            nothing |= self.figure[name].set(x=[], y=[], text=[])
        return result | nothing | self._labels(texts, places)

    def _bar(self, trace: Trace, name: str, ends: list[float]) -> Json:
        return trace.set(x=ends, y=[_ROWS[name]] * 2)

    def _labels(self, texts: dict[str, str], places: dict[str, float]) -> Json:
        """A text behind the place at which its bar ends."""
        return self.figure["labels"].set(
            x=[places[name] + 0.015 for name in texts], y=[_ROWS[name] for name in texts], text=list(texts.values())
        )

    def _scales(self, left_length: float, unit: float, right_length: float, gap_unit: float) -> Json:
        """A bar of known length below each half."""
        width = _RIGHT[1] - _RIGHT[0]
        left_end = left_length / unit
        right_end = _RIGHT[0] + width * right_length / gap_unit
        magnified = _nice(unit / gap_unit * width)
        # where the length itself takes all the room, how much it is magnified is left out
        times = f"magnified {_plain(magnified)}×" if 2 <= magnified < 1e3 else ""
        y, below = -0.95, -1.45
        return (
            self.figure["scale"].set(x=[0, left_end, None, _RIGHT[0], right_end], y=[y, y, None, y, y])
            | self.figure["scale text"].set(
                x=[left_end + 0.02, right_end + 0.02],
                y=[y, y],
                text=[_nats(left_length), _nats(right_length)],
            )
            | self._remark("cut", -0.02, below, _CUT)
            | self._remark("magnified", _RIGHT[0] - 0.02, below, times)
        )

    def _remark(self, name: str, x: float, y: float, text: str) -> Json:
        return self.figure[name].set(x=[x], y=[y], text=[text])


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


def _decade(gap: float | None) -> float:
    """The power of ten at or above the gap: the magnified half changes scale only when the gap changes decade."""
    if not gap or gap < 1e-12:
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
