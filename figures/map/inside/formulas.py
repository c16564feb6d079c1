"""The formula of each beat inside a step of a solver, in TeX, with the numbers of the coefficient that is followed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from em_core.observe.beats.working import Beat
from em_core.sparse_coding import Problem
from figures.look.tex import result, tex, vector
from figures.map.inside.words import entry

# what pulls at a neuron, in the order of the sum
PULLS = ("drive", "leak", "inhibition", "own")
_Formula = tuple[str, float]


def formula(problem: Problem, beat: Beat) -> _Formula:
    """TeX, and the number that the beat finds."""
    return _FORMULAS[beat.what](problem, beat, beat.at["unit"])


def _signed(value: float) -> str:
    """A number after a +."""
    return tex(value) if value >= 0 else rf"({tex(value)})"


def _left(problem: Problem, beat: Beat, k: int) -> _Formula:
    if "others" in beat.values:
        of = rf"\sum_{{j\ne {k + 1}}} h_j w_j"
    else:
        of = "Wh" if np.array_equal(beat.values["start"], beat.values["previous"]) else "Wy"
    shift = "v - b" if np.any(problem.offset) else "v"
    shown = rf"{vector(beat.values['residual'])},\quad " if problem.n_dimensions <= 3 else ""
    equals = "= " if shown else r",\quad "
    return (
        rf"r = {shift} - {of} {equals}{shown}\lVert r\rVert = {result(tex(beat.values['size']))}",
        beat.values["size"],
    )


def _pull(problem: Problem, beat: Beat, k: int) -> _Formula:
    found = entry(beat, "pull")
    product = ""
    if problem.n_dimensions == 2:
        parts = zip(problem.dictionary[:, k].tolist(), beat.values["residual"].tolist(), strict=True)
        inner = " + ".join(rf"{_signed(w)}\cdot{_signed(r)}" for w, r in parts)
        product = rf"{tex(problem.precision)}\,({inner}) = "
    return rf"\beta\, w_{{{k + 1}}}^{{\!\top}} r = {product}{result(tex(found))}", found


def _soft(value: float, threshold: float, found: float, name: str) -> str:
    """S(value, threshold) written out: what is taken off, or that nothing is left."""
    if found == 0:
        within = rf"\lvert {tex(value)}\rvert \le {tex(threshold)} = {name}"
        return rf"S({tex(value)},\, {name}) = {result('0')}\quad\text{{as }} {within}"
    sign = "-" if value > 0 else "+"
    return rf"S({tex(value)},\, {name}) = {tex(value)} {sign} {tex(threshold)} = {result(tex(found))}"


def _shrunk(problem: Problem, beat: Beat, k: int) -> _Formula:
    found = entry(beat, "shrunk")
    if "pull" in beat.values:
        return _soft(entry(beat, "pull"), problem.penalty, found, r"\lambda"), found
    formula = _soft(entry(beat, "moved"), beat.values["threshold"], found, r"t\lambda")
    return rf"h_{{{k + 1}}} = {formula}", found


def _value(problem: Problem, beat: Beat, k: int) -> _Formula:
    found, top, bottom = entry(beat, "value"), entry(beat, "shrunk"), entry(beat, "curvature")
    return (
        rf"h_{{{k + 1}}} = \frac{{S}}{{\beta\lVert w_{{{k + 1}}}\rVert^2}} = "
        rf"\frac{{{tex(top)}}}{{{tex(bottom)}}} = {result(tex(found))}",
        found,
    )


def _turn(problem: Problem, beat: Beat, k: int) -> _Formula:
    found, pull, bottom = entry(beat, "turn"), entry(beat, "pull"), entry(beat, "curvature")
    return (
        rf"h_{{{k + 1}}} = \frac{{S({tex(pull)},\, {tex(problem.penalty)})}}{{\beta\lVert w_{{{k + 1}}}\rVert^2}} = "
        rf"\frac{{{tex(entry(beat, 'shrunk'))}}}{{{tex(bottom)}}} = {result(tex(found))}",
        found,
    )


def _cost(value: float) -> str:
    """An objective, with digits enough to see it fall."""
    return f"{value:.4f}" if 1e-3 <= value < 1e5 else tex(value)


def _objective(problem: Problem, beat: Beat, k: int) -> _Formula:
    found, before = beat.values[beat.what], beat.values["before"]
    return (
        r"\tfrac{\beta}{2}\lVert v-Wh-b\rVert^2 + \lambda\lVert h\rVert_1 = "
        rf"{result(_cost(found))},\quad\text{{before }} {_cost(before)}",
        found,
    )


def _start(problem: Problem, beat: Beat, k: int) -> _Formula:
    found = entry(beat, "start")
    return rf"y_{{{k + 1}}} = {result(tex(found))},\quad h_{{{k + 1}}} = {tex(entry(beat, 'previous'))}", found


def _slope(problem: Problem, beat: Beat, k: int) -> _Formula:
    found = entry(beat, "slope")
    return rf"g_{{{k + 1}}} = -\beta\, w_{{{k + 1}}}^{{\!\top}} r = {result(tex(found))}", found


def _moved(problem: Problem, beat: Beat, k: int) -> _Formula:
    found, start, slope = (entry(beat, name) for name in ("moved", "start", "slope"))
    at = "h" if np.array_equal(beat.values["start"], beat.values["previous"]) else "y"
    return (
        rf"{at}_{{{k + 1}}} - t\, g_{{{k + 1}}} = {tex(start)} - {tex(beat.values['step'])}\cdot{_signed(slope)}"
        rf" = {result(tex(found))}",
        found,
    )


def _ahead(problem: Problem, beat: Beat, k: int) -> _Formula:
    found, new, old = (entry(beat, name) for name in ("ahead", "shrunk", "previous"))
    weight = tex(beat.values["weight"])
    return (
        rf"y_{{{k + 1}}} = {tex(new)} + {weight}\,({tex(new)} - {_signed(old)}) = {result(tex(found))}",
        found,
    )


def _drive(problem: Problem, beat: Beat, k: int) -> _Formula:
    found = entry(beat, "drive")
    shift = "(v-b)" if np.any(problem.offset) else "v"
    return rf"\beta\, w_{{{k + 1}}}^{{\!\top}} {shift} \,/\, L = {result(tex(found))}", found


def _leak(problem: Problem, beat: Beat, k: int) -> _Formula:
    found = entry(beat, "leak")
    return rf"-u_{{{k + 1}}} = {result(tex(found))}", found


def _inhibition(problem: Problem, beat: Beat, k: int) -> _Formula:
    found = entry(beat, "inhibition")
    overlaps, active = beat.values["overlaps"].tolist(), beat.values["active"].tolist()
    numbers = ""
    if 1 < len(active) <= 3:
        terms = [rf"{_signed(overlaps[j])}\cdot{_signed(active[j])}" for j in range(len(active)) if j != k]
        numbers = rf"-({' + '.join(terms)}) = "
    sum_of = rf"-\tfrac{{\beta}}{{L}} \sum_{{j\ne {k + 1}}} w_{{{k + 1}}}^{{\!\top}} w_j\, a_j"
    return rf"{sum_of} = {numbers}{result(tex(found))}", found


def _own(problem: Problem, beat: Beat, k: int) -> _Formula:
    found, active, overlap = (entry(beat, name) for name in ("own", "active", "overlaps"))
    return (
        rf"\bigl(1 - \tfrac{{\beta}}{{L}}\lVert w_{{{k + 1}}}\rVert^2\bigr)\, a_{{{k + 1}}} = "
        rf"(1 - {tex(overlap)})\cdot{_signed(active)} = {result(tex(found))}",
        found,
    )


def _potential(problem: Problem, beat: Beat, k: int) -> _Formula:
    found, old = entry(beat, "potential"), entry(beat, "previous")
    sum_of = "".join(rf"{'+' if (pull := entry(beat, name)) >= 0 else '-'}{tex(abs(pull))}" for name in PULLS)
    share = tex(beat.values["share"])
    return rf"u_{{{k + 1}}} = {tex(old)} + {share}\,({sum_of.removeprefix('+')}) = {result(tex(found))}", found


def _active(problem: Problem, beat: Beat, k: int) -> _Formula:
    found = entry(beat, "code")
    soft = _soft(entry(beat, "potential"), beat.values["threshold"], found, r"\lambda/L")
    return rf"a_{{{k + 1}}} = {soft}", found


_FORMULAS: dict[str, Callable[[Problem, Beat, int], _Formula]] = {
    "residual": _left,
    "pull": _pull,
    "shrunk": _shrunk,
    "value": _value,
    "objective": _objective,
    "turn": _turn,
    "sweep": _objective,
    "start": _start,
    "slope": _slope,
    "moved": _moved,
    "ahead": _ahead,
    "drive": _drive,
    "leak": _leak,
    "inhibition": _inhibition,
    "own": _own,
    "potential": _potential,
    "code": _active,
}
