"""Genetic linkage: Dempster, Laird and Rubin's (1977) example with one parameter.

Animals fall into four cells with probabilities (1/2 + θ/4, (1 − θ)/4, (1 − θ)/4, θ/4). The first cell is really two,
1/2 and θ/4: h says for each of its animals which. So the completed data are five counts, and θ a proportion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from em_core.caching import at_theta
from em_core.distributions import categorical, minibatch
from em_core.distributions.categorical import Categorical
from em_core.distributions.minibatch import Draw
from em_core.distributions.multinomial import log_ways, times_log
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.fields import Fields
from em_core.model import ModelHelp
from em_core.models.categorical_hidden import OneShare
from em_core.records import Array, Parameters, frozen


@dataclass(frozen=True, eq=False)
class Cells:
    """counts: (4,) animals per cell; log_ways: logarithm of the multinomial coefficient."""

    counts: Array
    log_ways: float


@dataclass(frozen=True)
class Linkage(OneShare):
    """No settings. q has two rows, hidden cells 1/2 and θ/4; its one column stands for the first cell's animals."""

    name: ClassVar[str] = "linkage"
    help: ClassVar[ModelHelp] = ModelHelp(
        title="Genetic linkage",
        place=30,
        settings={},
        data={"counts": "(4,) whole numbers: animals in the cells (1/2+θ/4, (1−θ)/4, (1−θ)/4, θ/4)"},
        parameters={"theta": "a number from 0 to 1"},
    )

    def read_data(self, fields: Fields) -> Cells:
        counts = fields.array("counts", (4,))
        for place, count in enumerate(counts):
            if count < 0 or count != np.floor(count) or count > 100_000:
                name = f"{fields.name('counts')}[{place}]"
                raise InvalidExperiment(name, float(count), "a whole number from 0 to 100000")
        if counts.sum() == 0:
            raise InvalidExperiment(fields.name("counts"), counts.tolist(), "at least one animal")
        return Cells(counts, log_ways(counts))

    def cells(self, theta: Parameters) -> Array:
        """(4,) the probabilities of the cells."""
        value = float(theta["theta"])
        return np.array([0.5 + value / 4, (1 - value) / 4, (1 - value) / 4, value / 4])

    def n_units(self, data: Cells) -> float:
        return float(data.counts.sum())

    @at_theta
    def posterior(self, data: Cells, theta: Parameters) -> Categorical:
        return categorical.posterior(self.log_hidden_cells(theta), self.hidden_counts(data))

    def expected_log_joint(self, data: Cells, theta: Parameters, q: Categorical) -> float:
        hidden = categorical.expectation(q, self.log_hidden_cells(theta))
        return math.fsum([data.log_ways, hidden, *self._other_cells(data, theta)])

    def hidden_counts(self, data: Cells) -> Array:
        """The animals of the first cell: all share their q."""
        return data.counts[:1]

    def log_evidence(self, data: Cells, theta: Parameters) -> float:
        first = data.counts[0] * math.log(self.cells(theta)[0])
        return math.fsum([data.log_ways, first, *self._other_cells(data, theta)])

    def evidence_by_unit(self, data: Cells, theta: Parameters) -> Array:
        """(4,) of the animals of each cell."""
        return np.array([times_log(n, p) for n, p in zip(data.counts, self.cells(theta), strict=True)])

    def maximize(self, data: Cells, q: Categorical, theta: Parameters) -> Parameters:
        """The proportion of θ/4 animals among those whose cell depends on θ."""
        with_theta, without = self.informative(data, q)
        if with_theta + without == 0:
            raise HalfStepFailed("lost_component", "no animal carries information about θ", expected_animals=0.0)
        return {"theta": frozen(with_theta / (with_theta + without))}

    def informative(self, data: Cells, q: Categorical) -> tuple[float, float]:
        """Expected animals of the cells that have θ as a factor, and animals of those that have 1 − θ."""
        return float(q.expected_counts[1, 0] + data.counts[3]), float(data.counts[1] + data.counts[2])

    def minibatch(
        self, data: Cells, q: Categorical, size: int, rng: np.random.Generator
    ) -> tuple[Cells, Categorical, Draw]:
        """Animals, whatever their cells: q keeps its column, and the counts change."""
        draw = minibatch.draw(data.counts, size, rng)
        if draw.everything:
            return data, q, draw
        part = Cells(draw.counts, log_ways(draw.counts))
        return part, q.part(np.arange(1), part.counts[:1]), draw

    def gradient(self, data: Cells, theta: Parameters, q: Categorical) -> Array:
        with_theta, _ = self.informative(data, q)
        informative = with_theta + data.counts[1] + data.counts[2]
        slope = np.atleast_1d(with_theta - informative * theta["theta"])
        return slope[: len(self.to_vector(theta))]

    def log_hidden_cells(self, theta: Parameters) -> Array:
        """log probabilities of the two hidden cells, (2, 1)."""
        with np.errstate(divide="ignore"):
            return np.log([[0.5], [float(theta["theta"]) / 4]])

    def _other_cells(self, data: Cells, theta: Parameters) -> list[float]:
        return [times_log(n, p) for n, p in zip(data.counts[1:], self.cells(theta)[1:], strict=True)]
