"""What families share whose components are probabilities."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields
from em_core.records import Array, Parameters, frozen


class OfProbabilities:
    """Logits are the coordinates; a probability of exactly 0 or 1 is structural and stays."""

    parameters: ClassVar[tuple[str, ...]] = ("probabilities",)

    def to_vector(self, components: Parameters) -> Array:
        probabilities = components["probabilities"]
        return logit(probabilities[inside(probabilities)])

    def from_vector(self, vector: Array, components: Parameters) -> Parameters:
        probabilities = components["probabilities"].copy()
        probabilities[inside(probabilities)] = expit(vector)
        return {"probabilities": frozen(probabilities)}

    def read(self, fields: Fields, n_components: int, values: Array) -> Parameters:
        """For each component one, or one for each column of the values."""
        probabilities = fields.array("probabilities", (n_components, *values.shape[1:]))
        outside = np.argwhere((probabilities < 0) | (probabilities > 1))
        if len(outside):
            place = tuple(outside[0])
            name = fields.name("probabilities") + "".join(f"[{i}]" for i in place)
            raise InvalidExperiment(name, float(probabilities[place]), "a probability between 0 and 1")
        return {"probabilities": probabilities}

    def draw(self, values: Array, n_components: int, rng: np.random.Generator) -> Parameters:
        """A random start: probabilities well inside (0, 1)."""
        return {"probabilities": frozen(rng.uniform(0.2, 0.8, (n_components, *values.shape[1:])))}


def inside(probabilities: Array) -> NDArray[np.bool_]:
    """Which of them have a logit."""
    return (probabilities > 0) & (probabilities < 1)
