"""All that can be seen of one half-step of dictionary learning."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from em_core.distributions.folded import excess
from em_core.files.experiment import Experiment
from em_core.models.dictionary_learning import GaussianCodes, PointCodes, textbook_objective, textbook_weight
from em_core.records import Array, HalfStep

# an atom counts as negative when this share of it more is negative than positive
_ONE_SIDED = 0.5
_NOTHING = 1e-3
# a code with a spread uses its atom where its mean is so many standard deviations from 0
CLEAR = 2.0


@dataclass(frozen=True, eq=False)
class Moment:
    """A half-step with its expected log joint and the two terms that it is made of: of its codes, before the first H
    or V of those that it begins with, all 0.

    codes: (N, K), of Gaussians their means; spreads: their standard deviations, None of a point. entropy: of q.
    `second` is the same half-step of the run from the other start, where there is one.
    """

    experiment: Experiment
    step: HalfStep
    next_move: str | None
    codes: Array
    joint: float
    misfit: float
    penalty: float
    entropy: float | None = None
    spreads: Array | None = None
    second: Moment | None = None

    @property
    def index(self) -> int:
        return self.step.index

    @property
    def atoms(self) -> Array:
        """(D, K) W."""
        return self.step.after.theta["dictionary"]

    @property
    def vanished(self) -> int:
        """How many atoms are so short that nobody could see what they add."""
        return int((self.lengths < _NOTHING).sum())

    @cached_property
    def lengths(self) -> Array:
        """(K,) of the atoms."""
        result: Array = np.linalg.norm(self.atoms, axis=0)
        return result

    @property
    def made(self) -> bool:
        """Whether an H or a V has made codes."""
        return self.step.after.q is not None

    @property
    def elbo(self) -> float | None:
        """−∞ where q is a point; None before there is a q."""
        return None if self.entropy is None else self.joint + self.entropy

    @property
    def height(self) -> float | None:
        """What rounds raise: the ELBO of a q that has one, log p(v, h) at a point; None before there is a q."""
        return self.joint if self.elbo == -math.inf else self.elbo

    @property
    def higher(self) -> float | None:
        """By how much the second run is higher; None where one has an ELBO and the other has not."""
        if self.second is None or (self.spreads is None) != (self.second.spreads is None):
            return None
        return self.second.raised - self.raised

    @property
    def raised(self) -> float:
        """`height`, or log p(v, h) at codes of 0 before there is a q."""
        return self.joint if self.height is None else self.height

    @cached_property
    def clear(self) -> np.ndarray:
        """(N, K) whether a code uses the atom: it is not 0, or, if it has a spread, clearly not."""
        result: np.ndarray = self.codes != 0 if self.spreads is None else np.abs(self.codes) > CLEAR * self.spreads
        return result

    def ends(self, row: int) -> tuple[Array, Array]:
        """(K,) μ − 2s and μ + 2s of a point's codes."""
        reach = 0 if self.spreads is None else CLEAR * self.spreads[row]
        return self.codes[row] - reach, self.codes[row] + reach

    @cached_property
    def costs(self) -> Array:
        """(K,) λ E|h| of each atom, on average over the points: what its codes cost, in nats."""
        sizes = np.abs(self.codes) + (0 if self.spreads is None else excess(self.codes, self.spreads))
        model: Any = self.experiment.model
        result: Array = model.penalty * sizes.mean(axis=0)
        return result

    @property
    def shares(self) -> Array:
        """(K,) the share of all points whose codes use each atom."""
        result: Array = self.clear.mean(axis=0)
        return result

    @property
    def used(self) -> float:
        """How many atoms a code uses, on average."""
        return float(self.clear.sum(axis=1).mean())

    @property
    def constant(self) -> float:
        """The part of the log joint that neither codes nor atoms change."""
        model: Any = self.experiment.model
        result: float = model.constant(self.experiment.data, self.step.after.theta)
        return result

    @property
    def unused(self) -> np.ndarray:
        """Numbers of the atoms that no code uses; none before there are codes."""
        return np.flatnonzero(~self.clear.any(axis=0)) if self.made else np.array([], dtype=int)

    @property
    def revived(self) -> list[int]:
        """Numbers of the atoms that this half-step replaced by a badly explained point."""
        return [int(event.numbers["atom"]) for event in self.step.events if event.kind == "revived_atom"]

    @property
    def signs(self) -> Array:
        """(K,) −1 for atoms that are mostly negative: −w with −h says the same, and light is easier to see."""
        return np.where(self.atoms.sum(axis=0) < -_ONE_SIDED * np.abs(self.atoms).sum(axis=0), -1.0, 1.0)

    @property
    def textbook(self) -> tuple[float, float]:
        """The textbook's J(H, W), and the weight of ‖H‖₁ with which it is the model's objective up to scale."""
        model: Any = self.experiment.model
        weight = textbook_weight(model.settings())
        q = PointCodes(self.codes, np.zeros(len(self.codes)))
        return textbook_objective(self.experiment.data, self.step.after.theta, q, weight), weight


def moment(experiment: Experiment, step: HalfStep, next_move: str | None, second: Moment | None = None) -> Moment:
    """What is shown of `step`; `next_move` is the letter that comes next, None at the end of the road."""
    model: Any = experiment.model
    theta, q = step.after.theta, step.after.q
    if q is None:
        n_points, n_atoms = len(experiment.data.values), theta["dictionary"].shape[1]
        q = PointCodes(np.zeros((n_points, n_atoms)), np.zeros(n_points))
    misfit, penalty = model.terms(experiment.data, theta, q)
    joint = model.constant(experiment.data, theta) - misfit - penalty
    entropy = None if step.after.q is None else model.entropy(q)
    spreads = q.spreads if isinstance(q, GaussianCodes) else None
    return Moment(experiment, step, next_move, q.codes, joint, misfit, penalty, entropy, spreads, second)
