"""Gaussian mixture: points in any number of dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from em_core.distributions.points import Points
from em_core.families.gaussian import COVARIANCES, GaussianFamily
from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields
from em_core.model import ModelHelp, Size
from em_core.models.mixture import Mixture, read_n_components, with_n_components
from em_core.models.observations import Observations
from em_core.records import frozen

PARAMETERS = ("weights", "means", "covariances")


@dataclass(frozen=True)
class GaussianMixture(Mixture):
    """Settings: the shape of the covariances, and which parameters no move changes."""

    covariance: str = "full"
    fixed: tuple[str, ...] = ()

    name: ClassVar[str] = "gaussian_mixture"
    help: ClassVar[ModelHelp] = ModelHelp(
        title="Gaussian mixture",
        place=10,
        light=True,
        size=Size("n_components", "weights", "Components K"),
        settings={
            "covariance": f"one of {', '.join(COVARIANCES)}; default full",
            "fixed": f"list of parameters that no move changes, among {', '.join(PARAMETERS)}; default none",
            "n_components": "number of components K, needed only without a start; default 2",
        },
        data={
            "values": "(N, D) or (N,) numbers",
            "standardize": "true: every dimension is shifted to mean 0 and scaled to variance 1; default false",
        },
        parameters={
            "weights": "(K,)",
            "means": "(K, D)",
            "covariances": "(K, D, D) full, (D, D) tied, (K, D) diag, (K,) spherical",
        },
    )

    @cached_property
    def family(self) -> GaussianFamily:
        return GaussianFamily(self.covariance, frozenset(self.fixed))

    @classmethod
    def read_settings(cls, fields: Fields) -> Self:
        covariance = fields.choice("covariance", COVARIANCES, "full")
        fixed = fields.take("fixed", [])
        if not isinstance(fixed, list) or any(name not in PARAMETERS for name in fixed):
            raise InvalidExperiment(fields.name("fixed"), fixed, f"a list of names among {', '.join(PARAMETERS)}")
        kept = tuple(name for name in PARAMETERS if name in fixed)
        return cls(read_n_components(fields), "weights" in kept, covariance, kept)

    def settings(self) -> dict[str, Any]:
        named = {"covariance": self.covariance, "fixed": list(self.fixed)}
        return with_n_components(named, self.n_components)

    def read_data(self, fields: Fields) -> Observations:
        values = fields.table("values")
        if fields.flag("standardize", False):
            values = standardized(values, fields.name("values"))
        return Observations.single(frozen(values))

    def rows(self, data: Observations) -> Points:
        return data.points

    def check_size(self, n_components: int, data: Observations) -> None:
        if len(data.values) < n_components:
            valid = f"at least {n_components} points for {n_components} components"
            raise InvalidExperiment("data.values", f"{len(data.values)} points", valid)


def standardized(values: np.ndarray, name: str) -> np.ndarray:
    """Every column shifted to mean 0 and scaled to variance 1. Raises `InvalidExperiment` for a constant one."""
    centred = values - values.mean(axis=0)
    deviations = np.sqrt(np.mean(centred**2, axis=0))
    if np.any(deviations == 0):
        column = int(np.argmin(deviations))
        raise InvalidExperiment(name, f"column {column} constant", "columns that vary, to be standardised")
    return centred / deviations
