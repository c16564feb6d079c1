"""Bernoulli mixture: rows of zeros and ones of K kinds, such as handwritten digits in black and white."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from em_core.families.bernoulli import BernoulliFamily
from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields
from em_core.model import ModelHelp, Size
from em_core.models.mixture import Mixture
from em_core.models.observations import Observations


@dataclass(frozen=True)
class BernoulliMixture(Mixture):
    """No settings but the number of components. With one column it is a binomial mixture of one trial."""

    name: ClassVar[str] = "bernoulli_mixture"
    help: ClassVar[ModelHelp] = ModelHelp(
        title="Bernoulli mixture",
        place=50,
        light=True,
        size=Size("n_components", "weights", "Components K", 3),
        settings={"n_components": "number of components K, needed only without a start; default 2"},
        data={"values": "(N, D) or (N,), each 0 or 1"},
        parameters={"weights": "(K,)", "probabilities": "(K, D), each the probability of a 1, from 0 to 1"},
    )

    @property
    def family(self) -> BernoulliFamily:
        return BernoulliFamily()

    def read_data(self, fields: Fields) -> Observations:
        values = fields.table("values")
        odd = np.argwhere((values != 0) & (values != 1))
        if len(odd):
            row, column = odd[0]
            raise InvalidExperiment(f"{fields.name('values')}[{row}][{column}]", float(values[row, column]), "0 or 1")
        return Observations.single(values)
