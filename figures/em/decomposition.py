"""log p = ELBO + gap and ELBO = expected log joint + entropy, as floating bars on two honest scales.

The left half holds the whole sum on an axis that does not start at 0; the right half magnifies the gap. Each has its
own scale bar, so that a gap of 0.3 beside −1,130 is visible and nothing is claimed about lengths across halves.
"""

from __future__ import annotations

import math

from em_core.records import Bound
from figures.look import layout, wording
from figures.look.encode import Json
from figures.look.palette import ELBO, EVIDENCE, GAP

_MUTED = "$muted"
_LEFT, _RIGHT = (0.0, 1.0), (1.46, 2.02)
_ROWS = (4, 3, 2, 1, 0)
_WIDTH = 14

# name, colour; the bars of the left half from top to bottom
_TERMS = (
    ("E log p(h,v)", _MUTED),
    ("entropy", _MUTED),
    ("ELBO", ELBO),
    ("gap", GAP),
    ("log p(v)", EVIDENCE),
)
_MAGNIFIED = (2, 3, 4)
_LABELS, _NAMES, _SCALE, _SCALE_TEXT = 8, 9, 10, 11


def figure() -> Json:
    bars = [_bar(color) for _, color in _TERMS] + [_bar(_TERMS[i][1]) for i in _MAGNIFIED]
    text = {"type": "scatter", "mode": "text", "hoverinfo": "skip", "cliponaxis": False}
    labels = {**text, "x": [], "y": [], "text": [], "textposition": "middle right", "textfont": {"size": 13}}
    names = {
        **text,
        "x": [-0.02] * 5,
        "y": list(_ROWS),
        "text": [name for name, _ in _TERMS],
        "textposition": "middle left",
        "textfont": {"size": 13, "color": ["$muted", "$muted", ELBO, GAP, EVIDENCE]},
    }
    scale = {
        "type": "scatter",
        "mode": "lines",
        "x": [],
        "y": [],
        "line": {"color": "$muted", "width": 2},
        "hoverinfo": "skip",
    }
    scale_text = {
        **text,
        "x": [],
        "y": [],
        "text": [],
        "textposition": "middle right",
        "textfont": {"size": 12, "color": _MUTED},
    }
    shape = layout.figure(
        xaxis=layout.hidden_axis(-0.56, 2.14),
        yaxis=layout.hidden_axis(-1.4, 4.6),
        margin={"l": 4, "r": 4, "t": 2, "b": 2},
        dragmode=False,
    )
    return {"data": [*bars, labels, names, scale, scale_text], "layout": shape}


def changes(bound: Bound, point: str = "h*") -> Json:
    """The bars for one bound. Without a q only log p is known; where q is a Dirac at `point`, its E log p(h,v) too."""
    if bound.elbo is None or not math.isfinite(bound.elbo):
        return _finite_terms(bound, point)
    joint, elbo, evidence = bound.expected_log_joint, bound.elbo, bound.log_evidence
    low, high = min(joint, elbo), max(joint, elbo, evidence)
    left, unit = _scale(low, high)
    gap_left, gap_unit = elbo - 0.25 * _decade(bound.kl), _decade(bound.kl) * 1.3
    ends = [(None, joint), (joint, elbo), (None, elbo), (elbo, evidence), (None, evidence)]
    result = {}
    for row, (start, stop) in enumerate(ends):
        result |= _segment(row, row, _LEFT, left, unit, start, stop)
    for trace, row in enumerate(_MAGNIFIED, start=len(_TERMS)):
        result |= _segment(trace, row, _RIGHT, gap_left, gap_unit, *ends[row])
    values = [joint, bound.entropy, elbo, bound.kl, evidence]
    texts = [wording.number(value) for value in values]
    texts[3] = wording.gap(bound.kl, evidence)
    signs = ["", "+ " if values[1] >= 0 else "", "= ", "+ ", "= "]
    # a label stands behind its bar, and moves in front of what would push it out of the half
    places = [min(max(result[f"decomposition/{row}/x"]), 1.0) + 0.015 for row in range(5)]
    result[f"decomposition/{_LABELS}/x"] = places
    result[f"decomposition/{_LABELS}/y"] = list(_ROWS)
    result[f"decomposition/{_LABELS}/text"] = [sign + text for sign, text in zip(signs, texts, strict=True)]
    return result | _scale_bars(_nice(0.3 * unit), unit, _decade(bound.kl) / 2, gap_unit)


def _finite_terms(bound: Bound, point: str) -> Json:
    """log p, and of the others those that are known, each as a bar; an infinite one as a word without a bar."""
    values = [bound.expected_log_joint, bound.entropy, bound.elbo, bound.kl, bound.log_evidence]
    drawn = {row: value for row, value in enumerate(values) if value is not None and math.isfinite(value)}
    result: Json = {}
    for trace in range(len(_TERMS) + len(_MAGNIFIED)):
        result |= {f"decomposition/{trace}/x": [None, None], f"decomposition/{trace}/y": [0, 0]}
    if len(drawn) > 1:
        left, unit = _scale(min(drawn.values()), max(drawn.values()))
        for row, value in drawn.items():
            result |= _segment(row, row, _LEFT, left, unit, None, value)
    else:
        result |= {"decomposition/4/x": [0, 0.8], "decomposition/4/y": [0, 0]}
    labelled = [row for row, value in enumerate(values) if value is not None]
    texts = [wording.number(value) for value in values]
    if bound.entropy == -math.inf:
        texts[0] += f" = log p({point}, v)"
    places = [max(result[f"decomposition/{row}/x"][1] or 0.0, 0.0) + 0.015 for row in labelled]
    scale: Json = {f"decomposition/{_SCALE}/{axis}": [] for axis in "xy"}
    scale |= {f"decomposition/{_SCALE_TEXT}/{key}": [] for key in ("x", "y", "text")}
    return (
        result
        | scale
        | {
            f"decomposition/{_LABELS}/x": places,
            f"decomposition/{_LABELS}/y": [_ROWS[row] for row in labelled],
            f"decomposition/{_LABELS}/text": [texts[row] for row in labelled],
        }
    )


def _segment(trace: int, row: int, half: tuple[float, float], left: float, unit: float, start, stop) -> Json:
    """A bar from `start` (None: the broken left edge) to `stop`, in the drawing's own coordinates."""
    begin = 0.0 if start is None else (start - left) / unit
    end = (stop - left) / unit
    width = half[1] - half[0]
    x = [half[0] + width * min(max(place, 0.0), 1.0) for place in (begin, end)]
    return {f"decomposition/{trace}/x": x, f"decomposition/{trace}/y": [_ROWS[row]] * 2}


def _scale(low: float, high: float) -> tuple[float, float]:
    """Left edge and length of the left half's axis: a quarter of room before the smallest term."""
    spread = max(high - low, 1e-3)
    return low - 0.35 * spread, 1.35 * spread / 0.86


def _scale_bars(left_length: float, unit: float, right_length: float, gap_unit: float) -> Json:
    width = _RIGHT[1] - _RIGHT[0]
    left_end = left_length / unit
    right_end = _RIGHT[0] + width * right_length / gap_unit
    magnified = _nice(unit / gap_unit * width)
    y = -1.0
    return {
        f"decomposition/{_SCALE}/x": [0, left_end, None, _RIGHT[0], right_end],
        f"decomposition/{_SCALE}/y": [y, y, None, y, y],
        f"decomposition/{_SCALE_TEXT}/x": [left_end + 0.02, right_end + 0.02],
        f"decomposition/{_SCALE_TEXT}/y": [y, y],
        f"decomposition/{_SCALE_TEXT}/text": [
            f"{_nats(left_length)}, axis cut",
            # where the length itself takes all the room, how much it is magnified is left out
            f"{_nats(right_length)}" + (f", × {_plain(magnified)}" if 2 <= magnified < 1e3 else ""),
        ],
    }


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


def _bar(color: str) -> Json:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [],
        "y": [],
        "line": {"color": color, "width": _WIDTH},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }
