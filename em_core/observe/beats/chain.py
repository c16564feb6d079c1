"""Chains: forward and backward through the trellis, cell by cell at the time step that is followed; then the new θ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from em_core.models.hidden_markov import HiddenMarkov
from em_core.observe.beats.working import ALL, Beat, Units, Working, bound, most_divided
from em_core.observe.moment import Moment
from em_core.records import Array

# so many time steps on each side of the one that is followed are columns of the trellis, and the ends of the sequence
_AROUND = 1
# of so many states each cell of its column is a beat of its own: those with the largest numbers
_CELLS = 4
# log α below which no float is left: of a double, and of single precision
_DOUBLE, _SINGLE = float(np.log(np.nextafter(0.0, 1.0))), float(np.log(1.4e-45))


class ChainWorking(Working):
    """A unit is a time step, counted over all sequences.

    Messages are kept as logarithms, α_t(k) = p(v_1, …, v_t, h_t = k) and β_t(k) = p(v_{t+1}, … | h_t = k) unscaled: as
    numbers they are what is left of them in the computer, 0 where they underflow.
    """

    letters: ClassVar[str] = "EMC"

    def suits(self, model: Any) -> bool:
        return isinstance(model, HiddenMarkov)

    def units(self, data: Any) -> int:
        return len(data.values)

    def chosen(self, moment: Moment, among: Units = ALL) -> int:
        """The time step whose state is least certain."""
        return most_divided(moment.step.after.q.probabilities, among)

    def beats(self, moment: Moment, unit: int) -> list[Beat]:
        lengths, of_q = moment.experiment.data.lengths, moment.step.letter == "E"
        columns, times, sequence = _columns(lengths, unit, ends=of_q)
        state = int(np.argmax(moment.step.after.q.probabilities[:, unit]))
        here = int(np.flatnonzero(columns == unit)[0])
        at = {"unit": unit, "component": state, "time": int(times[here]), "sequence": sequence}
        seen = moment.experiment.data.values[columns]
        values = {"columns": columns, "times": times, "data": seen, "followed": here, "column": here, "cell": None}
        made = self._of_q(moment, values, at) if of_q else self._of_theta(moment, values, at)
        return [*made, bound(moment, at)]

    def _of_q(self, moment: Moment, values: Mapping[str, Any], at: Mapping[str, int]) -> Iterator[Beat]:
        """Data, emissions, forward, their sum, backward, γ, and what the future adds."""
        before, after, model = moment.step.before, moment.step.after, _model(moment)
        found = model.messages(moment.experiment.data, before.theta)
        columns, here = values["columns"], values["followed"]
        begin, end = columns[0], columns[-1] + 1
        known = np.cumsum(found.predicted[begin:end])
        log_alpha = found.filtered[:, begin:end] + known
        log_beta = found.ahead[:, begin:end] + np.cumsum(found.scales[begin:end][::-1])[::-1]
        inside = columns - begin
        values = {**values, "transition_matrix": before.theta["transition_matrix"]}
        yield Beat("data", before, values, at)
        logs = found.emissions[:, columns]
        values = {**values, "log_emissions": logs, "emissions": np.exp(logs)}
        yield Beat("emissions", before, values, at)
        start = before.theta["start_probabilities"]
        order = range(len(columns))
        for beat in _filled("alpha", log_alpha, inside, order, here):
            place = inside[beat["column"]]
            values = {**values, **beat, **_source(log_alpha[:, place - 1] if place else None)}
            yield Beat("alpha", before, {**values, "start_probabilities": start}, {**at, **_cell(beat, at)})
        total = float(known[-1])
        values = {**values, "evidence": np.exp(total), "log_evidence": total, **_lost(log_alpha)}
        yield Beat("evidence", before, {**values, "column": order[-1], "cell": None}, at)
        for beat in _filled("beta", log_beta, inside, order[::-1], here):
            place = inside[beat["column"]]
            last = place == end - begin - 1
            following = None if last else log_beta[:, place + 1] + found.emissions[:, begin + place + 1]
            values = {**values, **beat, **_source(following)}
            yield Beat("beta", before, values, {**at, **_cell(beat, at)})
        gamma = after.q.probabilities[:, columns]
        values = {**values, **_gamma(gamma), "column": here, "cell": None}
        yield Beat("gamma", after, values, at)
        filtered = np.exp(found.filtered[:, columns])
        yield Beat("future", after, {**values, "filtered": filtered, "future": gamma - filtered}, at)

    def _of_theta(self, moment: Moment, values: Mapping[str, Any], at: Mapping[str, int]) -> Iterator[Beat]:
        """ξ of the step that leads on from here, all of them added up, and each parameter of θ."""
        before, after, info = moment.step.before, moment.step.after, moment.step.info
        q, family = after.q, _model(moment).family
        block = info.block if info is not None else None
        columns = values["columns"]
        values = {**values, **_gamma(q.probabilities[:, columns])}
        yield Beat("gamma", before, values, at)
        theta = before.theta
        names = [name for name in (*_CHAIN, *family.parameters) if not isinstance(block, tuple) or name in block]
        for name in names:
            if name == "transition_matrix":
                if len(columns) == 2:
                    values = {**values, "pairs": q.pair(int(columns[1]))}
                    yield Beat("pairs", replace(before, theta=theta), values, at)
                values = {**values, "transition_counts": q.transition_counts}
                yield Beat("transition_counts", replace(before, theta=theta), values, at, of_all=True)
            if name == family.parameters[0]:
                values = {**values, "counts": q.probabilities.sum(axis=1)}
                yield Beat("counts", replace(before, theta=theta), values, at, of_all=True)
            if name == "start_probabilities":
                values = {**values, "start_counts": q.start_counts, "sequences": len(moment.experiment.data.lengths)}
            theta = {**theta, name: after.theta[name]}
            values = {**values, name: after.theta[name]}
            yield Beat(name, replace(before, theta=theta), values, at, of_all=True)


_CHAIN = ("start_probabilities", "transition_matrix")


def _columns(lengths: tuple[int, ...], unit: int, ends: bool) -> tuple[np.ndarray, np.ndarray, int]:
    """The time steps that are columns of the trellis, their numbers from 1 in their sequence, which is told from 0.

    ends: also those that a sequence begins and ends with; otherwise the unit and the next one, of the last one the one
    before it.
    """
    stops = np.cumsum(lengths)
    sequence = int(np.searchsorted(stops, unit, side="right"))
    begin, end = int(stops[sequence]) - lengths[sequence], int(stops[sequence])
    if ends:
        around = {begin, *range(max(begin, unit - _AROUND), min(end, unit + _AROUND + 1)), end - 1}
    else:
        around = {unit, unit + 1 if unit + 1 < end else max(begin, unit - 1)}
    columns = np.array(sorted(around))
    return columns, columns - begin + 1, sequence


def _filled(what: str, logs: Array, inside: np.ndarray, order: range, here: int) -> Iterator[dict[str, Any]]:
    """A table of messages as it fills: column by column in this order, the one that is followed cell by cell.

    logs: (K, length) of the whole sequence; inside: the columns' places in it. Cells that are not filled yet are NaN.
    """
    shown = np.full((len(logs), len(inside)), np.nan)
    for column in order:
        cells: list[int | None] = [None]
        if column == here:
            largest = np.argsort(-logs[:, inside[column]], kind="stable")[:_CELLS]
            cells = [*sorted(map(int, largest))]
        for cell in cells:
            if cell is not None and cell != cells[-1]:
                shown[cell, column] = logs[cell, inside[column]]
            else:  # the last cell fills what is left of its column
                shown[:, column] = logs[:, inside[column]]
            filled = shown.copy()
            yield {what: np.exp(filled), f"log_{what}": filled, "column": column, "cell": cell}


def _source(logs: Array | None) -> dict[str, Array | None]:
    """What messages are made of at the time step beside; None at the end where they begin."""
    return {"from": None if logs is None else np.exp(logs), "log_from": logs}


def _gamma(gamma: Array) -> dict[str, Array]:
    with np.errstate(divide="ignore"):  # a state that cannot be
        return {"gamma": gamma, "log_gamma": np.log(gamma)}


def _model(moment: Moment) -> Any:
    return moment.experiment.model


def _cell(beat: Mapping[str, Any], at: Mapping[str, int]) -> dict[str, int]:
    return {"component": at["component"] if beat["cell"] is None else beat["cell"]}


def _lost(log_alpha: Array) -> dict[str, int | None]:
    """The first time step, from 1, at which every α is 0 in double and in single precision; None for none."""
    largest = log_alpha.max(axis=0)
    places = {"lost": largest < _DOUBLE, "lost_single": largest < _SINGLE}
    return {name: int(np.argmax(below)) + 1 if below.any() else None for name, below in places.items()}
