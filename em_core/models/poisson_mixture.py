"""Poisson mixture: counts from days, places or people of K kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from em_core.families.poisson import PoissonFamily
from em_core.files.fields import Fields
from em_core.model import ModelHelp, Size
from em_core.models.mixture import Mixture
from em_core.models.observations import Observations, read_counts
from em_core.records import Parameters, frozen


@dataclass(frozen=True)
class PoissonMixture(Mixture):
    """No settings but the number of components."""

    name: ClassVar[str] = "poisson_mixture"
    help: ClassVar[ModelHelp] = ModelHelp(
        title="Poisson mixture",
        place=40,
        light=True,
        size=Size("n_components", "weights", "Components K"),
        settings={"n_components": "number of components K, needed only without a start; default 2"},
        data={
            "counts": "(N,) whole numbers of at least 0",
            "frequencies": "(N,) how often each count was seen, whole numbers; default once each",
        },
        parameters={"weights": "(K,)", "rates": "(K,) of at least 0"},
    )

    @property
    def family(self) -> PoissonFamily:
        return PoissonFamily()

    def read_data(self, fields: Fields) -> Observations:
        return read_counts(fields)

    def random_start(self, data: Observations, rng: np.random.Generator) -> Parameters:
        """Rates around the mean of all units, also where a row stands for many."""
        mean = np.average(data.values, weights=data.counts)
        return super().random_start(Observations.single(frozen([mean])), rng)
