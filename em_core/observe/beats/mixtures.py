"""Mixtures: of one row densities, their weighted products and shares; of q what it adds up to, and the θ of that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from em_core.distributions import categorical
from em_core.e_steps import unit_blocks
from em_core.models.mixture import Mixture
from em_core.observe.beats.working import ALL, Beat, Units, Working, bound, most_divided
from em_core.observe.moment import Moment
from em_core.records import State


class MixtureWorking(Working):
    """All mixtures: what their family finds is told under the family's own names."""

    letters: ClassVar[str] = "EHPTMC"

    def suits(self, model: Any) -> bool:
        return isinstance(model, Mixture)

    def units(self, data: Any) -> int:
        return len(data.counts)

    def chosen(self, moment: Moment, among: Units = ALL) -> int:
        """The row whose responsibilities are most divided; of a partial E-step, in the block that it renews."""
        state, block = moment.step.after, _block(moment)
        if moment.step.letter == "H":  # q itself is divided nowhere
            model: Any = moment.experiment.model
            return most_divided(model.posterior(moment.experiment.data, state.theta).probabilities, among)
        if block is not None:
            both = block if isinstance(among, slice) else np.intersect1d(block, among)
            among = both if len(both) else block
        return most_divided(state.q.probabilities, among)

    def beats(self, moment: Moment, unit: int) -> list[Beat]:
        at = {"unit": unit, "component": int(np.argmax(moment.step.after.q.log_probabilities[:, unit]))}
        if (
            "probabilities" in moment.step.after.theta
        ):  # of a row of many entries, the one that components differ in most
            at["entry"] = int(np.argmax(np.ptp(moment.step.after.theta["probabilities"], axis=0)))
        made = self._of_theta(moment, at) if moment.step.letter in ("M", "C") else self._of_q(moment, at)
        return [*made, bound(moment, at)]

    def _of_q(self, moment: Moment, at: Mapping[str, int]) -> Iterator[Beat]:
        """Of an E-type move: a row's data, densities, products with the weights, responsibilities."""
        model: Any = moment.experiment.model
        data = moment.experiment.data
        before, after, unit = moment.step.before, moment.step.after, at["unit"]
        theta, family, info = before.theta, model.family, moment.step.info
        values = {"data": data.values[unit], "count": float(data.counts[unit]), "weights": theta["weights"]}
        yield Beat("data", before, values, at)
        shares = after.q.probabilities[:, unit]
        block = _block(moment)
        if block is not None and unit not in block:
            yield Beat("kept", before, {**values, "kept": shares}, at)
            return
        densities = family.log_density(data.values, theta)[:, unit]
        parts = family.parts(data.values, theta, unit) if hasattr(family, "parts") else {}
        values = {**values, **parts, "log_densities": densities, "densities": np.exp(densities), "theta": theta}
        yield Beat("densities", before, values, at)
        joints = model.log_joint(data, theta)[:, unit]
        total = float(np.logaddexp.reduce(joints))
        values = {**values, "log_joints": joints, "joints": np.exp(joints)}
        yield Beat("joints", before, values, at)
        what = "mode" if moment.step.letter == "H" else "responsibilities"
        values = {**values, what: shares, "log_total": total, "temperature": info and info.temperature}
        yield Beat(what, self._with_unit(before, after, unit), values, at)

    def _with_unit(self, before: State, after: State, unit: int) -> State:
        """The state before, with the new q of this row alone."""
        if before.q is None:
            return before
        place = np.array([unit])
        return replace(before, q=categorical.replaced(before.q, after.q.part(place, after.q.counts[place]), place))

    def _of_theta(self, moment: Moment, at: Mapping[str, int]) -> Iterator[Beat]:
        """Of an M-type move: what q says of the row, what it adds up to over all rows, and each parameter of θ."""
        model: Any = moment.experiment.model
        data = moment.experiment.data
        before, after, unit = moment.step.before, moment.step.after, at["unit"]
        q, family, moved = after.q, model.family, moment.step.info and moment.step.info.block
        values = {"data": data.values[unit], "count": float(data.counts[unit]), "shares": q.expected_counts[:, unit]}
        values["responsibilities"] = q.probabilities[:, unit]
        yield Beat("shares", before, values, at)
        values = {**values, "counts": q.totals, "total": float(data.counts.sum())}
        yield Beat("counts", before, values, at, of_all=True)
        if hasattr(family, "statistics"):
            values = {**values, "statistics": family.statistics(data.values, q.expected_counts)}
            yield Beat("statistics", before, values, at, of_all=True)
        theta = before.theta
        for name in ("weights", *family.parameters):
            held = name == "weights" and model.weights_fixed
            if held or (isinstance(moved, tuple) and name not in moved):
                continue
            theta = {**theta, name: after.theta[name]}
            values = {**values, name: after.theta[name], "theta": theta}
            yield Beat(name, replace(before, theta=theta), values, at, of_all=True)


def _block(moment: Moment) -> np.ndarray | None:
    """The rows that a partial E-step renews; None of a move that renews all."""
    info = moment.step.info
    if info is None or info.of is None or not isinstance(info.block, int):
        return None
    return unit_blocks(len(moment.experiment.data.counts), info.of)[info.block - 1]
