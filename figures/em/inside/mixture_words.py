"""What is said of the working of each mixture: its formulas with the numbers of one row and one component."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.observe.beats.working import Beat
from em_core.observe.moment import Moment
from figures.em.data_views.words import coin
from figures.em.inside.picture import Told
from figures.look.tex import plain, result, tex, tex_of_log, vector

COLUMNS = {
    "old weights": "weight<br>p(h)",
    "densities": "{}<br>p(v | h)",
    "joints": "product<br>p(v, h)",
    "responsibilities": "posterior<br>p(h | v)",
    "tempered": "tempered<br>q(h)",
    "mode": "the largest<br>q(h)",
    "kept": "kept<br>q(h)",
    "shares": "this {}<br>q(h)",
    "counts": "all<br>N",
    "weights": "new<br>weight",
}


@dataclass(frozen=True)
class Kind:
    """How one mixture speaks: what a row and a component are called, and the TeX of a row and of its density.

    row, density: of a beat. parameters: TeX of a new parameter from what it is made of, by its name. likelihood: what
    p(v | h) is, of one and of several.
    """

    unit: str
    component: Callable[[int], str]
    row: Callable[[Beat], str]
    density: Callable[[Beat, int], str]
    parameters: dict[str, Callable[[Beat, int, str], str]]
    likelihood: tuple[str, str] = ("probability", "probabilities")

    @property
    def names(self) -> dict[str, str]:
        """What beats find."""
        return {"densities": self.likelihood[1], "joints": f"weight × {self.likelihood[0]}"}


def _number(k: int) -> str:
    return str(k + 1)


def told(kind: Kind, beat: Beat, moment: Moment) -> Told:
    """One beat, with the numbers of the row and of its component."""
    values, what, k, n = beat.values, beat.what, beat.at["component"], beat.at["unit"]
    unit, h = f"{kind.unit} {n + 1}", kind.component(k)
    if what == "data":
        shown = np.ravel(values["data"])
        sentence = (
            f"Follow {unit}. Nobody saw which {_who(kind)} made it: before a look at it, the weights are all we know."
        )
        return Told(rf"v_{{{n + 1}}} = {kind.row(beat)}", float(shown[0]), sentence)
    found = values[what]
    if what == "densities":
        sentence = f"How well does each {_who(kind)} explain {unit}? {_best(kind, found)}"
        return Told(_density(kind, beat, k), float(found[k]), sentence)
    if what == "joints":
        weight, density = tex(float(values["weights"][k])), tex_of_log(float(values["log_densities"][k]))
        formula = (
            rf"p(v_{{{n + 1}}}, h{{=}}{h}) = \pi_{{{h}}}\; p(v_{{{n + 1}}} \mid h{{=}}{h}) = "
            rf"{weight} \times {density} = {result(tex_of_log(float(values['log_joints'][k])))}"
        )
        return Told(
            formula,
            float(found[k]),
            f"Times the weight: how probable is it that this {_who(kind)} is chosen and produces exactly this?",
        )
    if what == "responsibilities":
        return Told(_share(beat, k, n, h), float(found[k]), _shared(kind, beat, unit))
    if what == "mode":
        formula = rf"h^*_{{{n + 1}}} = \arg\max_h\, p(v_{{{n + 1}}}, h) = {result(h)}"
        return Told(
            formula, float(found[k]), f"{unit[0].upper()}{unit[1:]} goes whole to its most probable {_who(kind)}."
        )
    if what == "kept":
        formula = rf"q_{{{n + 1}}}(h{{=}}{h}) = {result(tex(float(found[k])))}"
        sentence = f"{unit[0].upper()}{unit[1:]} is not in the block that this half-step renews, so it keeps its q."
        return Told(formula, float(found[k]), sentence)
    if what == "shares":
        times = "" if values["count"] == 1 else rf"{values['count']:.0f} \times {tex(values['responsibilities'][k])} = "
        seen = "" if values["count"] == 1 else f" It was seen {values['count']:.0f} times."
        formula = rf"r_{{{n + 1},{h}}} = q_{{{n + 1}}}(h{{=}}{h}) = {times}{result(tex(float(found[k])))}"
        sentence = f"q is held fixed. It counts {unit} as a part of every {_who(kind)}, by its responsibilities.{seen}"
        return Told(formula, float(found[k]), sentence)
    if what == "counts":
        share = tex(float(values["shares"][k]))
        formula = rf"N_{{{h}}} = \sum_n r_{{n,{h}}} = \dots + {share} + \dots = {result(tex(float(found[k])))}"
        return Told(
            formula,
            float(found[k]),
            f"Added up over all the data: how many {kind.unit}s each {_who(kind)} is expected to have made.",
        )
    if what == "statistics":
        first = next(iter(found))
        return Told(
            _statistic(beat, k, n, h),
            _entry(beat, found[first][k]),
            f"Each {kind.unit} counts by its responsibility, and so do its {' and '.join(found)}.",
        )
    if what == "weights":
        total, mass = tex(values["total"]), tex(float(values["counts"][k]))
        formula = (
            rf"\pi_{{{h}}} = \frac{{N_{{{h}}}}}{{N}} = \frac{{{mass}}}{{{total}}} = {result(tex(float(found[k])))}"
        )
        return Told(formula, float(found[k]), f"The new weight of a {_who(kind)} is its share of the data.")
    formula = kind.parameters[what](beat, k, h)
    where = found[k] if np.ndim(found) and len(found) > k else found
    return Told(formula, _entry(beat, where), _moved(kind, what))


def _entry(beat: Beat, value: Any) -> float:
    """A number; of a row of them the entry that is followed, else the first."""
    flat = np.ravel(value)
    return float(flat[beat.at.get("entry", 0) if np.ndim(value) == 1 else 0])


def _who(kind: Kind) -> str:
    return "coin" if kind.component is coin else "component"


def _best(kind: Kind, found: np.ndarray) -> str:
    best, rest = int(np.argmax(found)), np.delete(found, int(np.argmax(found)))
    ratio = float(found[best] / rest.max()) if len(rest) and rest.max() > 0 else math.inf
    who = f"{_who(kind)} {kind.component(best)}"
    if not 1.05 < ratio < 1e4:
        return "About equally well." if ratio <= 1.05 else f"Only {who} does."
    return f"{who[0].upper()}{who[1:]} explains it {plain(ratio)} times as well as the next."


def _shared(kind: Kind, beat: Beat, unit: str) -> str:
    heat = beat.values["temperature"]
    if heat and heat != 1:
        return f"To the power 1/{plain(heat)} and divided by their sum: the tempered responsibilities for {unit}."
    return f"Divided by their sum, so that they add up to 1: who is responsible for {unit}?"


def _share(beat: Beat, k: int, n: int, h: str) -> str:
    values = beat.values
    heat = values["temperature"]
    found = result(tex(float(values["responsibilities"][k])))
    top, total = tex_of_log(float(values["log_joints"][k])), tex_of_log(values["log_total"])
    if heat and heat != 1:
        return rf"r_{{{n + 1},{h}}} \propto \left({top}\right)^{{1/{heat:g}}},\quad r_{{{n + 1},{h}}} = {found}"
    logs = values["log_joints"]
    below = " + ".join(tex_of_log(float(log)) for log in logs) if len(logs) < 4 else total
    return (
        rf"r_{{{n + 1},{h}}} = \frac{{p(v_{{{n + 1}}}, h{{=}}{h})}}{{\sum_k p(v_{{{n + 1}}}, h{{=}}k)}}"
        rf" = \frac{{{top}}}{{{below}}} = {found}"
    )


def _density(kind: Kind, beat: Beat, k: int) -> str:
    n, h = beat.at["unit"], kind.component(k)
    found = result(tex_of_log(float(beat.values["log_densities"][k])))
    return rf"p(v_{{{n + 1}}} \mid h{{=}}{h}) = {kind.density(beat, k)} = {found}"


def _statistic(beat: Beat, k: int, n: int, h: str) -> str:
    first, found = next(iter(beat.values["statistics"].items()))
    entry = _entry(beat, found[k])
    share, value = tex(float(beat.values["shares"][k])), tex(_entry(beat, beat.values["data"]))
    at = "" if found.ndim == 1 else f",{beat.at['entry'] + 1}"
    return (
        rf"\text{{{first}}}_{{{h}{at}}} = \sum_n r_{{n,{h}}}\, v_{{n{at}}}"
        rf" = \dots + {share} \times {value} + \dots = {result(tex(entry))}"
    )


def _moved(kind: Kind, what: str) -> str:
    return {
        "means": "The new mean: all points averaged, each with its responsibility as weight.",
        "covariances": "The new covariance: how far the points lie from the new mean, weighted in the same way.",
        "variances": "The new variance: the squared distances from the line, weighted in the same way.",
        "coefficients": "The new line: least squares, each point with its responsibility as weight.",
        "rates": "The new rate: expected events per expected unit.",
        "probabilities": "The new probability: its expected ones among all that it is expected to have made."
        if kind.unit == "row"
        else "The new chance of heads: expected heads among expected tosses.",
    }[what]


# --- of each kind --------------------------------------------------------------------------------------------------
def _data(beat: Beat) -> str:
    return vector(beat.values["data"])


def _gaussian(beat: Beat, k: int) -> str:
    values = beat.values
    square, determinant = float(values["squared_distances"][k]), float(values["log_determinants"][k])
    dimensions = len(np.atleast_1d(values["data"]))
    if dimensions == 1:
        root = rf"\sqrt{{2\pi\cdot {tex_of_log(determinant)}}}"
    else:
        power = "" if dimensions == 2 else rf"^{{{dimensions}/2}}"
        around = "2\\pi" if dimensions == 2 else "(2\\pi)"
        root = rf"{around}{power}\sqrt{{{tex_of_log(determinant)}}}"
    return (
        rf"\frac{{e^{{-\frac12 d^2}}}}{{\scriptstyle {root}}} = \frac{{e^{{-\frac12 \cdot {tex(square)}}}}}{{{root}}}"
    )


def _binomial(beat: Beat, k: int) -> str:
    heads, tails = float(beat.values["data"]), float(beat.values["tails"])
    chance = float(beat.values["theta"]["probabilities"][k])
    ways = rf"\tbinom{{{heads + tails:.0f}}}{{{heads:.0f}}}"
    return rf"{ways}\, {tex(chance)}^{{{heads:.0f}}}\, {tex(1 - chance)}^{{{tails:.0f}}}"


def _poisson(beat: Beat, k: int) -> str:
    count, rate = float(beat.values["data"]), float(beat.values["theta"]["rates"][k])
    return rf"\frac{{{tex(rate)}^{{{count:.0f}}}\, e^{{-{tex(rate)}}}}}{{{count:.0f}!}}"


def _bernoulli(beat: Beat, k: int) -> str:
    return r"\prod_d p_{d}^{\,v_d} (1-p_{d})^{1-v_d}"


def _regression(beat: Beat, k: int) -> str:
    rest, variance = float(beat.values["residuals"][k]), float(beat.values["theta"]["variances"][k])
    return rf"\mathcal N(\text{{residual}};\, 0, \sigma^2) = \mathcal N({tex(rest)};\, 0,\, {tex(variance)})"


def _heads(beat: Beat) -> str:
    return rf"{float(beat.values['data']):.0f}\ \text{{heads}}"


def _bits(beat: Beat) -> str:
    row = beat.values["data"]
    return rf"\text{{a row of {len(row)}, {row.sum():.0f} of them 1}}"


def _pair(beat: Beat) -> str:
    *inputs, target = np.atleast_1d(beat.values["data"]).tolist()
    return rf"{vector(inputs)} \mapsto {tex(target)}"


def _pull(beat: Beat, k: int, what: str) -> tuple[str, str, str]:
    """The row's share, the component's count, and the new value, in TeX."""
    found = beat.values[what]
    entry = found[k] if np.ndim(found) and len(found) == len(beat.values["counts"]) else found
    return tex(float(beat.values["shares"][k])), tex(float(beat.values["counts"][k])), result(vector(entry))


def _mean(beat: Beat, k: int, h: str) -> str:
    share, mass, found = _pull(beat, k, "means")
    row = vector(beat.values["data"])
    return (
        rf"\mu_{{{h}}} = \frac{{1}}{{N_{{{h}}}}} \sum_n r_{{n,{h}}}\, v_n = "
        rf"\frac{{\dots + {share}\,{row} + \dots}}{{{mass}}} = {found}"
    )


def _covariance(beat: Beat, k: int, h: str) -> str:
    _, _, found = _pull(beat, k, "covariances")
    return (
        rf"\Sigma_{{{h}}} = \frac{{1}}{{N_{{{h}}}}} \sum_n r_{{n,{h}}}"
        rf"\,(v_n-\mu_{{{h}}})(v_n-\mu_{{{h}}})^{{\!\top}} = {found}"
    )


def _ratio(symbol: str, above: str, below: str) -> Callable[[Beat, int, str], str]:
    """A new parameter as one statistic over another, or over the expected count."""

    def formula(beat: Beat, k: int, h: str) -> str:
        statistics: Any = beat.values["statistics"]
        tops = statistics[above][k]
        first = _entry(beat, tops)
        if below == "N":
            bottom, named = float(beat.values["counts"][k]), rf"N_{{{h}}}"
        else:
            bottom, named = first + float(statistics[below][k]), rf"\text{{{above}}}_{{{h}}}+\text{{{below}}}_{{{h}}}"
        what = {"p": "probabilities", r"\lambda": "rates"}[symbol]
        found = result(tex(_entry(beat, beat.values[what][k])))
        at = "" if np.ndim(tops) == 0 else f",{beat.at['entry'] + 1}"
        return (
            rf"{symbol}_{{{h}{at}}} = \frac{{\text{{{above}}}_{{{h}{at}}}}}{{{named}}}"
            rf" = \frac{{{tex(first)}}}{{{tex(bottom)}}} = {found}"
        )

    return formula


def _line(beat: Beat, k: int, h: str) -> str:
    _, _, found = _pull(beat, k, "coefficients")
    return rf"w_{{{h}}} = \arg\min_w \sum_n r_{{n,{h}}}\,(y_n - w^{{\!\top}} x_n)^2 = {found}"


def _spread(beat: Beat, k: int, h: str) -> str:
    _, _, found = _pull(beat, k, "variances")
    return (
        rf"\sigma^2_{{{h}}} = \frac{{1}}{{N_{{{h}}}}} \sum_n r_{{n,{h}}}\,(y_n - w_{{{h}}}^{{\!\top}} x_n)^2 = {found}"
    )


_DENSITY = ("density", "densities")
KINDS = {
    "gaussian_mixture": Kind(
        "point", _number, _data, _gaussian, {"means": _mean, "covariances": _covariance}, _DENSITY
    ),
    "binomial_mixture": Kind("set", coin, _heads, _binomial, {"probabilities": _ratio("p", "heads", "tails")}),
    "poisson_mixture": Kind("row", _number, _data, _poisson, {"rates": _ratio(r"\lambda", "events", "N")}),
    "bernoulli_mixture": Kind("row", _number, _bits, _bernoulli, {"probabilities": _ratio("p", "ones", "N")}),
    "regression_mixture": Kind(
        "point", _number, _pair, _regression, {"coefficients": _line, "variances": _spread}, _DENSITY
    ),
}
