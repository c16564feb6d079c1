"""What models have in common whose hidden values are finitely many, so that q is a table of probabilities."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy.special import expit, logit

from em_core.caching import at_theta
from em_core.distributions import categorical, minibatch
from em_core.distributions.categorical import Categorical, Exponentials
from em_core.distributions.minibatch import Draw
from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields
from em_core.models.observations import Observations
from em_core.records import Array, Parameters, frozen


class CategoricalHidden:
    """Terms of the bound and other q, for a model that says what its `posterior` is."""

    def posterior(self, data: Any, theta: Parameters) -> Categorical:
        raise NotImplementedError

    def entropy(self, q: Categorical) -> float:
        return categorical.entropy(q)

    def kl(self, q: Categorical, posterior: Categorical) -> float:
        return categorical.kl(q, posterior)

    def kl_by_unit(self, q: Categorical, posterior: Categorical) -> Array:
        return categorical.kl_by_unit(q, posterior)

    def mode(self, data: Any, theta: Parameters) -> Categorical:
        return categorical.mode(self.posterior(data, theta))

    def tempered(self, data: Any, theta: Parameters, power: float) -> Categorical:
        return categorical.tempered(self.posterior(data, theta), power)

    def blend(self, q0: Categorical, q1: Categorical, weight: float) -> Categorical:
        return categorical.blend(q0, q1, weight)


class OneShare(CategoricalHidden):
    """q and θ are one number each, and there are no settings.

    q's single column has two hidden values, and θ, from 0 to 1, is about those units that have the second.
    """

    @classmethod
    def read_settings(cls, fields: Fields) -> Self:
        return cls()

    def settings(self) -> dict[str, Any]:
        return {}

    def read_parameters(self, fields: Fields, data: Any) -> Parameters:
        theta = fields.array("theta", ())
        if not 0 <= theta <= 1:
            raise InvalidExperiment(fields.name("theta"), float(theta), "a number from 0 to 1")
        return {"theta": theta}

    def random_start(self, data: Any, rng: np.random.Generator) -> Parameters:
        return {"theta": frozen(rng.uniform(0.05, 0.95))}

    def to_vector(self, theta: Parameters) -> Array:
        """logit θ; a θ of exactly 0 or 1 stays there and leaves the vector."""
        value = float(theta["theta"])
        return logit(np.array([value])) if 0 < value < 1 else np.empty(0)

    def from_vector(self, vector: Array, theta: Parameters) -> Parameters:
        return {"theta": frozen(expit(vector[0]))} if len(vector) else theta

    def hidden_counts(self, data: Any) -> Array:
        """(1,) how many units the column stands for."""
        raise NotImplementedError

    def n_hidden_units(self, data: Any) -> int:
        """One: all units of the column share their q."""
        return 1

    def share(self, q: Categorical) -> float:
        return float(q.probabilities[1, 0])

    def q_of_share(self, data: Any, share: float) -> Categorical:
        return categorical.two_valued(share, self.hidden_counts(data))


class CategoricalRows(CategoricalHidden):
    """A model of independent rows, each with its own hidden value; it says what log p(v_n, h) is."""

    def log_joint(self, data: Observations, theta: Parameters) -> Array:
        """log p(v_n, h; θ), (number of hidden values, N)."""
        raise NotImplementedError

    def n_units(self, data: Observations) -> float:
        return float(data.counts.sum())

    @at_theta
    def posterior(self, data: Observations, theta: Parameters) -> Categorical:
        known = self._exponentials(data, theta)
        if known is not None and known.possible:
            return known.normalized(data.counts)
        return categorical.posterior(self.log_joint(data, theta), data.counts)

    def log_evidence(self, data: Observations, theta: Parameters) -> float:
        known = self._exponentials(data, theta)
        if known is not None:
            return known.log_evidence(data.counts)
        return categorical.log_evidence(self.log_joint(data, theta), data.counts)

    @at_theta
    def _exponentials(self, data: Observations, theta: Parameters) -> Exponentials | None:
        """What log p and the posterior share, of a table that is small: of a large one it would be as large again."""
        table = self.log_joint(data, theta)
        return categorical.Exponentials(table) if table.size <= categorical.AT_ONCE else None

    def evidence_by_unit(self, data: Observations, theta: Parameters) -> Array:
        """Of a row with a count all its units together."""
        result: Array = data.counts * np.logaddexp.reduce(self.log_joint(data, theta), axis=0)
        return result

    def n_hidden_units(self, data: Observations) -> int:
        """Rows: a row with a count is one unit."""
        return len(data.counts)

    def posterior_for(self, data: Observations, theta: Parameters, q: Categorical, units: np.ndarray) -> Categorical:
        return categorical.replaced(q, self.posterior(data.rows(units), theta), units)

    def minibatch(
        self, data: Observations, q: Categorical, size: int, rng: np.random.Generator
    ) -> tuple[Observations, Categorical, Draw]:
        draw = minibatch.draw(data.counts, size, rng)
        if draw.everything:
            return data, q, draw
        part = data.part(draw)
        return part, q.part(draw.rows, part.counts), draw
