"""Mixture of linear regressions: each point lies near one of K lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from em_core.families.regression import RegressionFamily
from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields
from em_core.model import ModelHelp, Size
from em_core.models.mixture import Mixture
from em_core.models.observations import Observations
from em_core.records import frozen


@dataclass(frozen=True)
class RegressionMixture(Mixture):
    """No settings but the number of components. Inputs are used as given: an intercept is a column of ones."""

    name: ClassVar[str] = "regression_mixture"
    help: ClassVar[ModelHelp] = ModelHelp(
        title="Mixture of regressions",
        place=60,
        light=True,
        size=Size("n_components", "weights", "Lines K"),
        settings={"n_components": "number of lines K, needed only without a start; default 2"},
        data={
            "inputs": "(N, P) or (N,) numbers, used as given: no intercept is added",
            "targets": "(N,) numbers",
        },
        parameters={"weights": "(K,)", "coefficients": "(K, P)", "variances": "(K,) above 0"},
    )

    @property
    def family(self) -> RegressionFamily:
        return RegressionFamily()

    def read_data(self, fields: Fields) -> Observations:
        """One row a point: its inputs, then its target."""
        inputs = fields.table("inputs")
        targets = fields.array("targets", (len(inputs),))
        return Observations.single(frozen(np.column_stack([inputs, targets])))

    def check_size(self, n_components: int, data: Observations) -> None:
        least = max(n_components, data.values.shape[1])
        if len(data.values) < least:
            valid = f"at least {least} points for {n_components} lines with {data.values.shape[1] - 1} coefficients"
            raise InvalidExperiment("data.inputs", f"{len(data.values)} points", valid)
