"""What is said of the working of a chain: its formulas with the numbers of one time step and one state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.beats.working import Beat
from figures.em.data_views import DataView
from figures.em.inside.picture import Told
from figures.look.tex import result, tex, tex_of_log
from figures.look.wording import number, raised

NAMES = {
    "emissions": "emission probabilities",
    "alpha": "forward, α",
    "evidence": "p(v)",
    "beta": "backward, β",
    "gamma": "γ",
    "future": "γ − α, what the future adds",
    "pairs": "ξ, pairs of states",
    "transition_counts": "expected transitions",
    "probabilities": "new emission probabilities",
}
LINEAR, LOG = "Numbers", "Logarithms"
# a number whose logarithm is above this one needs no power of e beside it
_NEAR = -7.0
# a difference of probabilities below this one is 0
_ROUNDING = 1e-12


def cell(value: float, log: bool, high: bool) -> str:
    """What stands in a cell, in two lines where it is high; nothing where it is not filled yet."""
    if np.isnan(value):
        return ""
    if np.isinf(value):
        return "−∞"
    return f"{value:.1f}".replace("-", "−") if log else short(value).replace("×", "<br>×" if high else "×")


def short(value: float) -> str:
    """Two digits: 0.35, 3.2×10⁻⁵."""
    if value == 0 or 0.001 <= abs(value) < 10_000:
        return f"{value:.3g}".replace("-", "−") if abs(value) >= 1 else f"{value:.2g}".replace("-", "−")
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa}×10{raised(int(exponent))}".replace("-", "−")


def signed(change: float) -> str:
    return "0" if abs(change) < 0.005 else f"{change:+.2f}".replace("-", "−")


def emission(log: float) -> str:
    return f"b = {short(float(np.exp(log)))}"


def initial(probability: float) -> str:
    return f"π = {short(float(probability))}"


class Speech:
    """Of one experiment, whose data view knows what values are called."""

    def __init__(self, experiment: Experiment, view: DataView) -> None:
        shown: Any = view
        self.die, self.names = shown.die, shown.names
        self.lengths = experiment.data.lengths
        self.parameters = experiment.model.family.parameters  # type: ignore[attr-defined]
        self.step = "roll" if self.die else "step"

    def unit(self, unit: int) -> str:
        ends = np.cumsum(self.lengths)
        sequence = int(np.searchsorted(ends, unit, side="right"))
        time = unit - int(ends[sequence]) + self.lengths[sequence] + 1
        several = f" of sequence {sequence + 1}" if len(self.lengths) > 1 else ""
        return f"{self.step} {time}{several}"

    def seen(self, value: float) -> str:
        return self.names[int(value)] if self.names else f"{value:g}"

    def symbol(self, beat: Beat) -> int:
        """Which symbol the step that is followed shows."""
        return int(beat.values["data"][beat.values["followed"]])

    def headings(self, values: Mapping[str, Any]) -> list[str]:
        """Above the columns: the time step, and what was seen; the one that is followed in bold."""
        told = [
            f"{self.step} {time}<br>v = {self.seen(value)}"
            for time, value in zip(values["times"], values["data"], strict=True)
        ]
        return [f"<b>{text}</b>" if place == values["followed"] else text for place, text in enumerate(told)]

    def column(self, beat: Beat) -> str:
        """Above a column of one number for each state."""
        if beat.what == "start_probabilities":
            return f"<b>first {self.step}</b><br>new π"
        if beat.what == "counts":
            return f"<b>all {self.step}s</b><br>expected counts"
        shown = f"v = {self.seen(beat.values['data'][beat.values['followed']])}" if self.names else ""
        return f"<b>all {self.step}s</b><br>new {'probability of ' + shown if shown else beat.what}"

    def told(self, beat: Beat) -> Told:
        values, what = beat.values, beat.what
        k, t = beat.at["component"], int(values["times"][values["column"]])
        if what in self.parameters:
            return self._parameter(beat, k)
        formula, found, sentence = {
            "data": self._data,
            "emissions": self._emissions,
            "alpha": self._alpha,
            "evidence": self._evidence,
            "beta": self._beta,
            "gamma": self._gamma,
            "future": self._future,
            "pairs": self._pairs,
            "transition_counts": self._transition_counts,
            "transition_matrix": self._transition_matrix,
            "start_probabilities": self._start,
            "counts": self._counts,
        }[what](values, k, t)
        return Told(formula, found, sentence)

    def _data(self, values: Mapping[str, Any], k: int, t: int) -> tuple[str, float, str]:
        value = float(values["data"][values["followed"]])
        sentence = (
            f"Follow {self.step} {t}. Its state is hidden, but the {self.step}s before and after it tell of it, too."
        )
        return rf"v_{{{t}}} = {self.seen(value)}", value, sentence

    def _emissions(self, values: Mapping[str, Any], k: int, t: int) -> tuple[str, float, str]:
        column = values["column"]
        log, value = float(values["log_emissions"][k, column]), self.seen(values["data"][column])
        formula = rf"b_{{{k + 1}}}(v_{{{t}}}) = p(v{{=}}{value} \mid h{{=}}{k + 1}) = {result(tex_of_log(log))}"
        return formula, float(values["emissions"][k, column]), "How well does each state explain what was seen there?"

    def _alpha(self, values: Mapping[str, Any], k: int, t: int) -> tuple[str, float, str]:
        column, source, state = values["column"], values["log_from"], k + 1
        log, emitted = float(values["log_alpha"][k, column]), tex_of_log(float(values["log_emissions"][k, column]))
        if source is None:
            sent = (
                f"Forward: α begins with the probability of a state, times how well it explains the first {self.step}."
            )
            made = tex(float(values["start_probabilities"][k]))
            formula = (
                rf"\alpha_1({state}) = \pi_{{{state}}}\, b_{{{state}}}(v_1) = {made} \times {emitted} = {_both(log)}"
            )
            return formula, float(values["alpha"][k, column]), sent
        terms = _products(source, values["transition_matrix"][:, k])
        before, own = rf"\alpha_{{{t - 1}}}(i)\, a_{{i{state}}}", rf"b_{{{state}}}(v_{{{t}}})"
        formula = _lines(
            rf"\alpha_{{{t}}}({state}) = \textstyle\bigl[\sum_i {before}\bigr]\, {own}",
            rf"{{[{terms}]}} \times {emitted} = {result(tex_of_log(log))}",
        )
        there = f"{self.step} {t}"
        sentence = (
            f"Forward: add up every way into state {state} at {there}, times how well it explains what was seen."
            if values["cell"] is not None
            else f"Forward to {there}{_skipped(values, column - 1, self.step)}: every cell is filled alike."
        )
        return formula, float(values["alpha"][k, column]), sentence

    def _evidence(self, values: Mapping[str, Any], k: int, t: int) -> tuple[str, float, str]:
        log = values["log_evidence"]
        terms = _sum([tex_of_log(float(entry)) for entry in values["log_alpha"][:, -1]])
        formula = rf"p(v_1, \dots, v_{{{t}}}) = \sum_k \alpha_{{{t}}}(k) = {terms} = {_both(log)}"
        lost, single = values["lost"], values["lost_single"]
        told = f"The last column adds up to the probability of the whole sequence; its logarithm is {number(log, 1)}."
        if lost is not None:
            told += (
                f" As plain numbers every α is 0 from {self.step} {lost} on: it underflows. The logarithms stay exact."
            )
        elif single is not None:
            told += f" In single precision every α would be 0 from {self.step} {single} on; its logarithm would not."
        return formula, float(values["evidence"]), told

    def _beta(self, values: Mapping[str, Any], k: int, t: int) -> tuple[str, float, str]:
        column, source, state = values["column"], values["log_from"], k + 1
        log = float(values["log_beta"][k, column])
        if source is None:
            sentence = f"Backward: β begins at the last {self.step} with 1: nothing is left to explain."
            return rf"\beta_{{{t}}}({state}) = {result('1')}", float(values["beta"][k, column]), sentence
        terms = _products(source, values["transition_matrix"][k], steps_first=True)
        formula = _lines(
            rf"\beta_{{{t}}}({state}) = \textstyle\sum_j a_{{{state}j}}\, b_j(v_{{{t + 1}}})\, \beta_{{{t + 1}}}(j)",
            rf"{terms} = {result(tex_of_log(log))}",
        )
        sentence = (
            f"Backward: add up every way out of state {state} at {self.step} {t}, with all that was seen later."
            if values["cell"] is not None
            else f"Backward to {self.step} {t}{_skipped(values, column, self.step)}: every cell is filled alike."
        )
        return formula, float(values["beta"][k, column]), sentence

    def _gamma(self, values: Mapping[str, Any], k: int, t: int) -> tuple[str, float, str]:
        column, state = values["column"], k + 1
        found = float(values["gamma"][k, column])
        if "log_alpha" not in values:
            sentence = f"q is held fixed: {self.step} {t} counts towards every state, by its γ."
            return rf"\gamma_{{{t}}}({state}) = q(h_{{{t}}}{{=}}{state}) = {result(tex(found))}", found, sentence
        logs = [float(log) for log in values["log_alpha"][:, column] + values["log_beta"][:, column]]
        below = _sum([_rough(log) for log in logs])
        formula = (
            rf"\gamma_{{{t}}}({state}) = \tfrac{{\alpha_{{{t}}}({state})\, \beta_{{{t}}}({state})}}"
            rf"{{\sum_k \alpha_{{{t}}}(k)\, \beta_{{{t}}}(k)}} = \frac{{{_rough(logs[k])}}}{{{below}}}"
            rf" = {result(tex(found))}"
        )
        return (
            formula,
            found,
            "Forward times backward, divided by their sum: how probable each state is, given all the data.",
        )

    def _future(self, values: Mapping[str, Any], k: int, t: int) -> tuple[str, float, str]:
        column, state = values["column"], k + 1
        gamma, past = float(values["gamma"][k, column]), float(values["filtered"][k, column])
        found = float(values["future"][k, column])
        formula = (
            rf"\gamma_{{{t}}}({state}) - p(h_{{{t}}}{{=}}{state} \mid v_1, \dots, v_{{{t}}})"
            rf" = {tex(gamma)} - {tex(past)} = {result(tex(found if abs(found) > _ROUNDING else 0.0))}"
        )
        told = (
            "What the future adds: γ, less what the past alone says (α, normalised). Each cell is filled from the one"
        )
        return formula, found, f"{told} to the other; at the end of a sequence they agree."

    def _pairs(self, values: Mapping[str, Any], k: int, t: int) -> tuple[str, float, str]:
        i, j = _heaviest(values["pairs"], k, values)
        found, t = float(values["pairs"][i, j]), int(values["times"][0])
        both = rf"h_{{{t}}}{{=}}{i + 1},\, h_{{{t + 1}}}{{=}}{j + 1}"
        formula = rf"\xi_{{{t}}}({i + 1},{j + 1}) = q({both}) = {result(tex(found))}"
        return formula, found, f"ξ: how probable is each step from state to state between {self.step} {t} and the next?"

    def _transition_counts(self, values: Mapping[str, Any], k: int, t: int) -> tuple[str, float, str]:
        counts = values["transition_counts"]
        i, j = _heaviest(values.get("pairs", counts), k, values)
        here = rf"\dots + {tex(float(values['pairs'][i, j]))} + \dots = " if "pairs" in values else ""
        formula = rf"N_{{{i + 1}{j + 1}}} = \sum_t \xi_t({i + 1},{j + 1}) = {here}{result(tex(float(counts[i, j])))}"
        return (
            formula,
            float(counts[i, j]),
            "Added up over all of the data: how often each transition is expected.",
        )

    def _transition_matrix(self, values: Mapping[str, Any], k: int, t: int) -> tuple[str, float, str]:
        counts, found = values["transition_counts"], values["transition_matrix"]
        i, j = _heaviest(values.get("pairs", counts), k, values)
        above, below = tex(float(counts[i, j])), _sum([tex(float(entry)) for entry in counts[i]])
        formula = (
            rf"a_{{{i + 1}{j + 1}}} = \frac{{N_{{{i + 1}{j + 1}}}}}{{\sum_j N_{{{i + 1}j}}}}"
            rf" = \frac{{{above}}}{{{below}}} = {result(tex(float(found[i, j])))}"
        )
        return (
            formula,
            float(found[i, j]),
            "The new transition matrix: of all expected transitions out of a state, the share of each.",
        )

    def _start(self, values: Mapping[str, Any], k: int, t: int) -> tuple[str, float, str]:
        found, count = float(values["start_probabilities"][k]), tex(float(values["start_counts"][k]))
        formula = (
            rf"\pi_{{{k + 1}}} = \frac{{\sum \gamma_1({k + 1})}}{{\text{{sequences}}}}"
            rf" = \frac{{{count}}}{{{values['sequences']}}} = {result(tex(found))}"
        )
        return formula, found, f"The new start probabilities: γ of the first {self.step}, averaged over the sequences."

    def _counts(self, values: Mapping[str, Any], k: int, t: int) -> tuple[str, float, str]:
        found, share = float(values["counts"][k]), tex(float(values["gamma"][k, values["followed"]]))
        formula = rf"N_{{{k + 1}}} = \sum_t \gamma_t({k + 1}) = \dots + {share} + \dots = {result(tex(found))}"
        return formula, found, f"How many {self.step}s each state is expected to have made."

    def _parameter(self, beat: Beat, k: int) -> Told:
        values, what, here = beat.values, beat.what, beat.values["followed"]
        share, mass = tex(float(values["gamma"][k, here])), tex(float(values["counts"][k]))
        value, row = float(values["data"][here]), np.atleast_1d(beat.found[k])
        entry = float(row[self.symbol(beat)] if self.names else row[0])
        state, found = k + 1, result(tex(entry))
        if what == "variances":
            above = rf"\sum_t \gamma_t({state})\,(v_t - \mu_{{{state}}})^2"
            formula = rf"\sigma^2_{{{state}}} = \frac{{{above}}}{{N_{{{state}}}}} = {found}"
            return Told(
                formula, entry, "The new variance: squared distances from the new mean, weighted in the same way."
            )
        if self.names:
            seen, one = self.seen(value), "face" if self.die else "symbol"
            name, above, term = f"b_{{{state}}}({seen})", rf"\sum_{{t:\, v_t = {seen}}} \gamma_t({state})", share
            told = f"emissions: of all {self.step}s that a state is expected to have made, the share of each {one}"
        else:
            symbol = {"means": r"\mu", "rates": r"\lambda"}[what]
            name, above = rf"{symbol}_{{{state}}}", rf"\sum_t \gamma_t({state})\, v_t"
            term = rf"{share} \times {tex(value)}"
            told = f"{what.removesuffix('s')}: all values averaged, each with its γ as weight"
        made = rf"\frac{{{above}}}{{N_{{{state}}}}} = \frac{{\dots + {term} + \dots}}{{{mass}}}"
        return Told(f"{name} = {made} = {found}", entry, f"The new {told}.")


def _both(log: float) -> str:
    """A number in its frame, and as a power of e, which is there when the number is not."""
    found = tex_of_log(log)
    power = "" if log > _NEAR or found.startswith("e") or not np.isfinite(log) else rf" = e^{{{log:.1f}}}"
    return f"{result(found)}{power}"


def _lines(first: str, second: str) -> str:
    """What a number is, and of what it is made here: below it where one line is too long."""
    return f"{first} = {second}"


def _rough(log: float) -> str:
    """e to this power in two digits: one of several numbers in a line."""
    value = float(np.exp(log))
    if not 0 < value < 1e-3:
        return tex_of_log(log)
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return rf"{mantissa}{{\times}}10^{{{int(exponent)}}}"


def _products(logs: np.ndarray, steps: np.ndarray, steps_first: bool = False) -> str:
    """Numbers times transition probabilities, added up."""
    pairs = [(_rough(float(log)), tex(float(step))) for log, step in zip(logs, steps, strict=True)]
    terms = [rf"{step} \cdot {sent}" if steps_first else rf"{sent} \cdot {step}" for sent, step in pairs]
    return _sum(terms if len(terms) < 3 else [terms[0], r"\dots", terms[-1]])


def _sum(terms: Sequence[str]) -> str:
    """At most three of them."""
    return " + ".join(terms) if len(terms) <= 3 else " + ".join([*terms[:2], r"\dots"])


def _heaviest(pairs: np.ndarray, k: int, values: Mapping[str, Any]) -> tuple[int, int]:
    """Out of the state that is followed, or into it, the edge with most on it."""
    if values["followed"] == 0:
        return k, int(np.argmax(pairs[k]))
    return int(np.argmax(pairs[:, k])), k


def _skipped(values: Mapping[str, Any], gap: int, step: str) -> str:
    """What lies between two columns that are not beside each other."""
    columns = values["columns"]
    left = int(columns[gap + 1] - columns[gap]) - 1
    return "" if not left else f", past {f'{left} {step}s' if left > 1 else f'one {step}'} not drawn here"
