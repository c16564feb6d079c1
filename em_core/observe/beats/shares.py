"""Models whose q and θ are one number each: linkage, and the coin of unknown origin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from em_core.models.coin_of_unknown_origin import CoinOfUnknownOrigin
from em_core.models.linkage import Linkage
from em_core.observe.beats.working import Beat, Working, bound
from em_core.observe.moment import Moment


class ShareWorking(Working):
    """What they have in common: nothing to choose, for all that is hidden shares its q."""

    def units(self, data: Any) -> int:
        return 1

    def beats(self, moment: Moment, unit: int) -> list[Beat]:
        at = {"unit": 0, "component": 1}
        values: dict[str, Any] = {}
        made = []
        found = self.of_theta(moment) if moment.step.letter == "M" else self.of_q(moment)
        for what, more in found:
            values = {**values, **more}
            done = what in ("responsibilities", "theta")
            state = moment.step.after if done else moment.step.before
            made.append(Beat(what, state, values, at, of_all=what in ("statistics", "theta")))
        return [*made, bound(moment, at)]

    def of_q(self, moment: Moment) -> Iterator[tuple[str, dict[str, Any]]]:
        """What E finds, in turn, with the numbers that go into it."""
        raise NotImplementedError

    def of_theta(self, moment: Moment) -> Iterator[tuple[str, dict[str, Any]]]:
        """What M finds."""
        raise NotImplementedError


class LinkageWorking(ShareWorking):
    """Genetic linkage: of the first cell's animals the share that belongs to θ/4."""

    def suits(self, model: Any) -> bool:
        return isinstance(model, Linkage)

    def of_q(self, moment: Moment) -> Iterator[tuple[str, dict[str, Any]]]:
        model: Any = moment.experiment.model
        data, theta, q = moment.experiment.data, moment.step.before.theta, moment.step.after.q
        yield "data", {"data": data.counts[:1], "theta_before": float(theta["theta"])}
        yield "joints", {"joints": np.exp(model.log_hidden_cells(theta)[:, 0])}
        yield "responsibilities", {"responsibilities": q.probabilities[:, 0], "total": float(model.cells(theta)[0])}

    def of_theta(self, moment: Moment) -> Iterator[tuple[str, dict[str, Any]]]:
        model: Any = moment.experiment.model
        data, q = moment.experiment.data, moment.step.after.q
        yield "counts", {"counts": q.totals, "data": data.counts, "responsibilities": q.probabilities[:, 0]}
        with_theta, without = model.informative(data, q)
        yield "statistics", {"statistics": {"with θ": with_theta, "with 1 − θ": without}}
        yield "theta", {"theta": moment.step.after.theta["theta"]}


class UnknownOriginWorking(ShareWorking):
    """The coin of unknown origin: which of two coins made the unknown set."""

    def suits(self, model: Any) -> bool:
        return isinstance(model, CoinOfUnknownOrigin)

    def of_q(self, moment: Moment) -> Iterator[tuple[str, dict[str, Any]]]:
        model: Any = moment.experiment.model
        data, theta, q = moment.experiment.data, moment.step.before.theta, moment.step.after.q
        chances = np.array([data.other, float(theta["theta"])])
        yield "data", {"data": data.unknown, "chances": chances}
        densities, joints = model.log_likelihoods(data, theta)[:, 0], model.log_joints(data, theta)[:, 0]
        yield "densities", {"log_densities": densities, "densities": np.exp(densities)}
        yield "joints", {"log_joints": joints, "joints": np.exp(joints)}
        total = float(np.logaddexp.reduce(joints))
        yield "responsibilities", {"responsibilities": q.probabilities[:, 0], "log_total": total}

    def of_theta(self, moment: Moment) -> Iterator[tuple[str, dict[str, Any]]]:
        model: Any = moment.experiment.model
        data, q = moment.experiment.data, moment.step.after.q
        yield "shares", {"shares": q.probabilities[:, 0], "data": data.unknown, "known": data.known}
        heads, tails = model.completed(data, q)
        yield "statistics", {"statistics": {"heads": float(heads), "tails": float(tails)}}
        yield "theta", {"theta": moment.step.after.theta["theta"]}
