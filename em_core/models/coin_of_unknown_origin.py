"""A coin of unknown origin: one responsibility q, one parameter θ, so that the bound is a landscape over a square.

Some tosses are known to be the free coin's, whose chance of heads is θ. One more set of tosses, all with one coin, was
made with the free coin or with another, whose chance is known; before looking, either is as likely. h says which.
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

MOST_TOSSES = 100_000
_ALMOST_ONE = math.nextafter(1.0, 0.0)


@dataclass(frozen=True, eq=False)
class Tosses:
    """other: the known coin's chance of heads. known, unknown: (2,) heads and tails of both sets.

    sets: (1,) of 1, or of 0 in a minibatch that has left the unknown set out. log_ways: logarithm of the number of
    orders in which so many heads and tails can fall, in both sets together.
    """

    other: float
    known: Array
    unknown: Array
    sets: Array
    log_ways: float


@dataclass(frozen=True)
class CoinOfUnknownOrigin(OneShare):
    """No settings. q has two rows, the other coin and the free one; its one column stands for the unknown set."""

    name: ClassVar[str] = "coin_of_unknown_origin"
    help: ClassVar[ModelHelp] = ModelHelp(
        title="Coin of unknown origin",
        place=25,
        settings={},
        data={
            "other": "the known coin's probability of heads, from 0 to 1",
            "known": "[heads, tosses] of the free coin",
            "unknown": "[heads, tosses] of a set made with the free coin or with the known one, each with prior ½",
        },
        parameters={"theta": "the free coin's probability of heads, from 0 to 1"},
    )

    def read_data(self, fields: Fields) -> Tosses:
        other = fields.number("other", least=0, most=1)
        known, unknown = (_read_tosses(fields, name) for name in ("known", "unknown"))
        if not known.any() and not unknown.any():
            raise InvalidExperiment(fields.name("unknown"), [0, 0], "at least one toss in known or unknown")
        return Tosses(other, known, unknown, frozen([1.0]), log_ways(known) + log_ways(unknown))

    def n_units(self, data: Tosses) -> float:
        """The tosses known to be the free coin's one by one, and the unknown set as one: all its tosses share h."""
        return float(data.known.sum() + data.sets.sum())

    def hidden_counts(self, data: Tosses) -> Array:
        return data.sets

    @at_theta
    def posterior(self, data: Tosses, theta: Parameters) -> Categorical:
        return categorical.posterior(_by_coin(data, theta), data.sets)

    def expected_log_joint(self, data: Tosses, theta: Parameters, q: Categorical) -> float:
        hidden = categorical.expectation(q, _by_coin(data, theta))
        return math.fsum([data.log_ways, hidden, _of(data.known, float(theta["theta"]))])

    def expected_log_likelihood(self, data: Tosses, theta: Parameters, q: Categorical) -> float:
        unknown = categorical.expectation(q, _likelihoods(data, theta))
        return math.fsum([data.log_ways, unknown, _of(data.known, float(theta["theta"]))])

    def hidden_prior(self, data: Tosses, theta: Parameters) -> Categorical:
        """Either coin, with the same probability."""
        return categorical.two_valued(0.5, data.sets)

    def log_evidence(self, data: Tosses, theta: Parameters) -> float:
        return math.fsum([data.log_ways, *self.evidence_by_unit(data, theta)])

    def evidence_by_unit(self, data: Tosses, theta: Parameters) -> Array:
        """(2,) of the known tosses and of the unknown set."""
        unknown = categorical.log_evidence(_by_coin(data, theta), data.sets)
        return np.array([_of(data.known, float(theta["theta"])), unknown])

    def log_likelihoods(self, data: Tosses, theta: Parameters) -> Array:
        """(2, 1) log p(unknown set | h), in one order, of the other coin and of the free one."""
        return _likelihoods(data, theta)

    def log_joints(self, data: Tosses, theta: Parameters) -> Array:
        """(2, 1) the same with the prior, ½."""
        return _by_coin(data, theta)

    def completed(self, data: Tosses, q: Categorical) -> Array:
        """(2,) expected heads and tails of the free coin."""
        return _completed(data, q)

    def expected(self, data: Tosses, theta: Parameters) -> Array:
        """(2, 2) heads and tails that θ expects, of the known tosses and of the unknown set."""
        chances = np.array([float(theta["theta"]), (float(theta["theta"]) + data.other) / 2])
        tosses = np.array([data.known.sum(), data.unknown.sum()])
        return np.column_stack([tosses * chances, tosses * (1 - chances)])

    def maximize(self, data: Tosses, q: Categorical, theta: Parameters) -> Parameters:
        """The share of heads: (k₀ + q k₁) / (n₀ + q n₁)."""
        heads, tails = _completed(data, q)
        if heads + tails == 0:
            raise HalfStepFailed("lost_component", "no toss was made with the free coin", expected_tosses=0.0)
        # tails so few that they are rounded away still rule out a coin that never shows them
        most = 1.0 if tails == 0 else _ALMOST_ONE
        return {"theta": frozen(min(heads / (heads + tails), most))}

    def minibatch(
        self, data: Tosses, q: Categorical, size: int, rng: np.random.Generator
    ) -> tuple[Tosses, Categorical, Draw]:
        """Known tosses one by one, and the unknown set whole or not at all."""
        draw = minibatch.draw(frozen([*data.known, *data.sets]), size, rng)
        if draw.everything:
            return data, q, draw
        known, sets = draw.counts[:2], draw.counts[2:]
        ways = log_ways(known) + (log_ways(data.unknown) if sets.any() else 0.0)
        part = Tosses(data.other, known, data.unknown, sets, ways)
        return part, q.part(np.arange(1), sets), draw

    def gradient(self, data: Tosses, theta: Parameters, q: Categorical) -> Array:
        heads, tails = _completed(data, q)
        slope = np.atleast_1d(heads - (heads + tails) * theta["theta"])
        return slope[: len(self.to_vector(theta))]


def _read_tosses(fields: Fields, name: str) -> Array:
    """(2,) heads and tails, from [heads, tosses]."""
    heads, tosses = fields.array(name, (2,))
    if tosses != np.floor(tosses) or not 0 <= tosses <= MOST_TOSSES:
        raise InvalidExperiment(f"{fields.name(name)}[1]", float(tosses), f"a whole number from 0 to {MOST_TOSSES}")
    if heads != np.floor(heads) or not 0 <= heads <= tosses:
        valid = f"a whole number of heads from 0 to {tosses:.0f}, the tosses"
        raise InvalidExperiment(f"{fields.name(name)}[0]", float(heads), valid)
    return frozen([heads, tosses - heads])


def _of(tosses: Array, chance: float) -> float:
    """log probability of heads and tails in one order."""
    return times_log(tosses[0], chance) + times_log(tosses[1], 1 - chance)


def _by_coin(data: Tosses, theta: Parameters) -> Array:
    """(2, 1) log p(h, unknown set), in one order: made with the other coin, with the free one."""
    result: Array = math.log(0.5) + _likelihoods(data, theta)
    return result


def _likelihoods(data: Tosses, theta: Parameters) -> Array:
    """(2, 1) log p(unknown set | h), in one order."""
    return np.array([[_of(data.unknown, data.other)], [_of(data.unknown, float(theta["theta"]))]])


def _completed(data: Tosses, q: Categorical) -> Array:
    """(2,) expected heads and tails of the free coin."""
    return data.known + q.expected_counts[1, 0] * data.unknown
