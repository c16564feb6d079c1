"""The frozen records that every part of the program passes around."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
A = TypeVar("A", bound=NDArray[Any])
Parameters = Mapping[str, Array]

# in the place of a letter, where θ was set by hand
BY_HAND = "by hand"

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class State:
    """Where coordinate ascent stands: the pair (θ, q), and what the next move must carry.

    q is None before the first E-type move. `q_at` holds the parameters at which q is the exact posterior, so that the
    bound L(q, ·) touches log p there; None where there are none. `carry` is what a move needs from its own past, under
    its letter.
    """

    theta: Parameters
    q: Any = None
    q_at: Parameters | None = None
    carry: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)

    def with_theta(self, theta: Parameters) -> State:
        """After a move of θ: all else stays."""
        return State(theta, self.q, self.q_at, self.carry)

    def with_q(self, q: Any, q_at: Parameters | None, carry: Mapping[str, Any] | None = None) -> State:
        """After a move of q, and the carry with it where one is given."""
        return State(self.theta, q, q_at, self.carry if carry is None else carry)


@dataclass(frozen=True)
class Event:
    """Something a half-step met, with the numbers that caused it; `stops` ends the trajectory there."""

    kind: str
    message: str
    numbers: Mapping[str, float] = field(default_factory=lambda: _NOTHING)
    stops: bool = False


@dataclass(frozen=True)
class Info:
    """What a half-step tells an observer and the next one does not need. None: the move has no such thing.

    passes: how often the move went over all units, to evaluate posterior, mode, sweep, maximum, gradient or bound; a
    block or minibatch counts its share. None where the half-step failed: how far it came is not told. accepted: of
    M-type moves, whether θ went where they led. step: the size of the step taken, 0 where none was; of L the size of a
    gradient step that goes as far. gradient_norm: length of the gradient per unit that it began with. units, share: the
    minibatch. block: of P its number among `of`, from 1; of C the names of its parameters.
    """

    passes: float | None
    accepted: bool | None = None
    step: float | None = None
    gradient_norm: float | None = None
    halvings: int | None = None
    iterations: int | None = None
    units: int | None = None
    share: float | None = None
    block: int | tuple[str, ...] | None = None
    of: int | None = None
    temperature: float | None = None

    def items(self) -> dict[str, Any]:
        """What the move has, by name; `passes` always."""
        return {key: entry for key, entry in vars(self).items() if entry is not None or key == "passes"}


@dataclass(frozen=True)
class Made:
    """What a move hands back: the state it leads to, its info, and what it met on the way."""

    state: State
    info: Info
    events: tuple[Event, ...] = ()


@dataclass(frozen=True)
class HalfStep:
    """One move from one state to the next. Number 0 is the start: it has neither move nor info.

    move: its letter, or `BY_HAND` where θ was set by hand.
    """

    index: int
    move: str | None
    before: State
    after: State
    info: Info | None = None
    events: tuple[Event, ...] = ()

    @property
    def stopped(self) -> bool:
        return any(event.stops for event in self.events)

    @property
    def letter(self) -> str | None:
        """The letter of the move; None of the start, and of what was done by hand."""
        return None if self.move == BY_HAND else self.move


class GivesQ:
    """What may say which q there is: by the parameters at which it is exact, or as the number that it is."""

    q_at: Parameters | None
    q: float | None

    @property
    def gives_q(self) -> bool:
        return self.q_at is not None or self.q is not None


@dataclass(frozen=True, eq=False)
class Placed(GivesQ):
    """After half-step `after`, θ set by hand: a half-step of its own.

    q stays, or becomes the posterior at `q_at`, or the number `q` for a model whose q is one.
    """

    after: int
    theta: Parameters
    q_at: Parameters | None = None
    q: float | None = None


@dataclass(frozen=True)
class Adjusted:
    """From half-step `after` on, moves have these settings; those that are not named stay as they were."""

    after: int
    moves: Mapping[str, Mapping[str, float]]


ByHand = Placed | Adjusted


@dataclass(frozen=True)
class Bound:
    """The terms of L at one state, in nats, totals over all points, every constant included.

    Each of the four is computed from its own definition, so `residual` tests the identity
    log p(v; θ) = L(v, θ, q) + KL(q ‖ p(h | v; θ)) and is 0 up to rounding. Without a q only the log evidence is there.
    For a q that is a point in a continuous space entropy and L are −∞, gap and KL ∞, the other two finite. A model
    whose posterior has no closed form has no log evidence and no KL either.
    """

    log_evidence: float | None
    expected_log_joint: float | None = None
    entropy: float | None = None
    kl: float | None = None

    @property
    def elbo(self) -> float | None:
        """L = E_q[log p(h, v; θ)] + H(q)."""
        if self.expected_log_joint is None or self.entropy is None:
            return None
        return self.expected_log_joint + self.entropy

    @property
    def gap(self) -> float | None:
        """log p − L, by subtraction."""
        return None if self.elbo is None or self.log_evidence is None else self.log_evidence - self.elbo

    @property
    def residual(self) -> float | None:
        """log p − L − KL: what is left of the identity after rounding; None where both gap and KL are infinite."""
        if self.gap is None or self.kl is None or self.gap == self.kl == math.inf:
            return None
        return self.gap - self.kl


@dataclass(frozen=True)
class Fit:
    """L once more, as accuracy less complexity: what q says of v, and how far it is from what held before v was seen.

    accuracy: E_q[log p(v | h; θ)]. complexity: KL(q ‖ p(h; θ)), infinite for a q that is a point in a continuous space.
    Each is computed from its own definition, so that L = accuracy − complexity can be tested.
    """

    accuracy: float
    complexity: float

    @property
    def elbo(self) -> float:
        return self.accuracy - self.complexity


@dataclass(frozen=True)
class Trajectory:
    """The half-steps from a start, as an immutable list: stepping back is indexing it."""

    half_steps: tuple[HalfStep, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.half_steps)

    def __iter__(self) -> Iterator[HalfStep]:
        return iter(self.half_steps)

    def __getitem__(self, index: int) -> HalfStep:
        return self.half_steps[index]

    @cached_property
    def moves(self) -> str:
        """The letters so far, such as `EMEM`; what was done by hand has none."""
        return "".join(step.letter or "" for step in self.half_steps)

    @property
    def last(self) -> HalfStep:
        return self.half_steps[-1]

    def then(self, step: HalfStep) -> Trajectory:
        """The trajectory with one more half-step."""
        longer = Trajectory((*self.half_steps, step))
        vars(longer)["moves"] = self.moves + (step.letter or "")  # where the property keeps it
        return longer

    def upto(self, index: int) -> Trajectory:
        """The same trajectory, cut after half-step `index`."""
        return Trajectory(self.half_steps[: index + 1])


def frozen(array: Any) -> Array:
    """`array` as read-only floats: records hand out arrays that nobody can change."""
    result = np.array(array, dtype=float)
    result.flags.writeable = False
    return result


def sealed(array: A) -> A:
    """`array` itself, read-only from now on, without the copy that `frozen` makes: for one that nobody else holds."""
    array.setflags(write=False)
    return array
