"""Factor analysis: a point's residual, the factors' posterior and the place it puts the point; then the new θ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from em_core.models.factor_analysis import FactorAnalysis
from em_core.observe.beats.working import ALL, Beat, Units, Working, bound, first_of
from em_core.observe.moment import Moment


class FactorWorking(Working):
    """A unit is a row of the data."""

    letters: ClassVar[str] = "EM"

    def suits(self, model: Any) -> bool:
        return isinstance(model, FactorAnalysis)

    def units(self, data: Any) -> int:
        return len(data.values)

    def chosen(self, moment: Moment, among: Units = ALL) -> int:
        """The row whose factors are farthest from 0."""
        return first_of(among, int(np.argmax(np.sum(moment.step.after.q.means[among] ** 2, axis=1))))

    def beats(self, moment: Moment, unit: int) -> list[Beat]:
        at = {"unit": unit}
        made = self._of_theta(moment, unit) if moment.step.letter == "M" else self._of_q(moment, unit)
        return [*made, bound(moment, at)]

    def _of_q(self, moment: Moment, unit: int) -> Iterator[Beat]:
        """The residual, the precision of the factors and its inverse, their means, and where these put the point."""
        model: Any = moment.experiment.model
        data = moment.experiment.data
        before, after, at = moment.step.before, moment.step.after, {"unit": unit}
        theta, q = before.theta, after.q
        values: dict[str, Any] = {"data": data.values[unit]}
        yield Beat("data", before, values, at)
        values = {**values, "mean": theta["mean"], "residual": data.values[unit] - theta["mean"]}
        yield Beat("residual", before, values, at)
        factor = q.precision_factors[0]
        values = {**values, "loadings": theta["loadings"], "noise_variances": model.variances(theta)}
        values = {**values, "precision": factor @ factor.T}
        yield Beat("precision", before, values, at, of_all=True)
        values = {**values, "covariance": q.covariances[0]}
        yield Beat("covariance", before, values, at, of_all=True)
        values = {**values, "factors": q.means[unit], "deviations": q.deviations[0]}
        yield Beat("factors", after, values, at)
        values = {**values, "place": model.places(theta, q)[unit]}
        yield Beat("place", after, values, at)

    def _of_theta(self, moment: Moment, unit: int) -> Iterator[Beat]:
        """What q expects of the row's factors, averages of these over all rows, and each parameter of θ."""
        model: Any = moment.experiment.model
        data = moment.experiment.data
        before, after, at = moment.step.before, moment.step.after, {"unit": unit}
        q, theta = after.q, before.theta
        covariance = q.covariances[min(unit, len(q.covariances) - 1)]
        values: dict[str, Any] = {"data": data.values[unit], "factors": q.means[unit], "covariance": covariance}
        values |= {"centre": data.values.mean(axis=0), "hidden_centre": q.means.mean(axis=0)}
        yield Beat("factors", before, values, at)
        values |= {"square": covariance + np.outer(q.means[unit], q.means[unit])}
        yield Beat("square", before, dict(values), at)
        spread, crossed = model.moments(data, q, values["centre"], values["hidden_centre"])
        values |= {"spread": spread}
        yield Beat("spread", before, dict(values), at, of_all=True)
        values |= {"crossed": crossed.T}
        yield Beat("crossed", before, dict(values), at, of_all=True)
        for name in ("loadings", "mean", "noise_variances"):
            theta = {**theta, name: after.theta[name]}
            values |= {name: after.theta[name]}
            yield Beat(name, replace(before, theta=theta), dict(values), at, of_all=True)
