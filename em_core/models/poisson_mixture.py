"""Poisson mixture: counts from days, places or people of K kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from em_core.families.poisson import PoissonFamily
from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields
from em_core.model import ModelHelp, Size
from em_core.models.mixture import Mixture, read_n_components, with_n_components
from em_core.models.observations import Observations
from em_core.records import Array, Parameters, frozen

MOST_EVENTS = 1_000_000
MOST_UNITS = 1e12


@dataclass(frozen=True)
class PoissonMixture(Mixture):
    """No settings but the number of components."""

    name: ClassVar[str] = "poisson_mixture"
    help: ClassVar[ModelHelp] = ModelHelp(
        title="Poisson mixture",
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

    @classmethod
    def read_settings(cls, fields: Fields) -> Self:
        return cls(read_n_components(fields), False)

    def settings(self) -> dict[str, Any]:
        return with_n_components({}, self.n_components)

    def read_data(self, fields: Fields) -> Observations:
        """Counts that were seen 0 times are left out."""
        counts = fields.array("counts", ("N",))
        _check_whole(counts, fields.name("counts"), MOST_EVENTS)
        if "frequencies" not in fields:
            fields.take("frequencies", None)
            return Observations.single(counts)
        frequencies = fields.array("frequencies", counts.shape)
        _check_whole(frequencies, fields.name("frequencies"), MOST_UNITS)
        seen = frequencies > 0
        if not seen.any():
            raise InvalidExperiment(fields.name("frequencies"), frequencies.tolist(), "at least one above 0")
        return Observations(frozen(counts[seen]), frozen(frequencies[seen]))

    def random_start(self, data: Observations, rng: np.random.Generator) -> Parameters:
        """Rates around the mean of all units, also where a row stands for many."""
        mean = np.average(data.values, weights=data.counts)
        return super().random_start(Observations.single(frozen([mean])), rng)


def _check_whole(counts: Array, name: str, most: float) -> None:
    for place, count in enumerate(counts):
        if count != np.floor(count) or not 0 <= count <= most:
            raise InvalidExperiment(f"{name}[{place}]", float(count), f"a whole number from 0 to {most:g}")
