"""Binomial mixture: sets of tosses, each made with one of K coins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from em_core.families.binomial import BinomialFamily
from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields
from em_core.model import ModelHelp, Size
from em_core.models.mixture import Mixture, read_n_components, with_n_components
from em_core.models.observations import Observations


@dataclass(frozen=True)
class BinomialMixture(Mixture):
    """Settings: tosses in a set, and whether the weights stay as the start gives them."""

    trials: int = 1

    name: ClassVar[str] = "binomial_mixture"
    help: ClassVar[ModelHelp] = ModelHelp(
        title="Coins (binomial mixture)",
        place=20,
        light=True,
        size=Size("n_components", "weights", "Coins K"),
        settings={
            "trials": "tosses in each set, a whole number of at least 1",
            "fixed_weights": "true: the weights stay as the start gives them; default false",
            "n_components": "number of coins K, needed only without a start; default 2",
        },
        data={"successes": "(N,) whole numbers from 0 to trials"},
        parameters={"weights": "(K,)", "probabilities": "(K,), each the probability of heads, from 0 to 1"},
    )

    @property
    def family(self) -> BinomialFamily:
        return BinomialFamily(self.trials)

    @classmethod
    def read_settings(cls, fields: Fields) -> Self:
        trials = fields.whole("trials", least=1, most=1_000_000)
        fixed = fields.flag("fixed_weights", False)
        return cls(read_n_components(fields), fixed, trials)

    def settings(self) -> dict[str, Any]:
        named = {"trials": self.trials, "fixed_weights": self.weights_fixed}
        return with_n_components(named, self.n_components)

    def read_data(self, fields: Fields) -> Observations:
        successes = fields.array("successes", ("N",))
        for place, count in enumerate(successes):
            if count != np.floor(count) or not 0 <= count <= self.trials:
                name = f"{fields.name('successes')}[{place}]"
                raise InvalidExperiment(name, float(count), f"a whole number from 0 to {self.trials} (settings.trials)")
        return Observations.single(successes)
