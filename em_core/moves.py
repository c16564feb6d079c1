"""The table of moves: one letter each, what it promises, and how it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from em_core import e_steps, m_steps
from em_core.errors import InvalidExperiment
from em_core.fields import Fields
from em_core.model import LatentVariableModel
from em_core.records import Event, State

Settings = Mapping[str, float]
Made = State | tuple[State, tuple[Event, ...]]


@dataclass(frozen=True)
class Move:
    """A kind of half-step. `kind` is E (changes q) or M (changes θ and needs a q).

    `monotone` says whether the ELBO is guaranteed not to fall; `defaults` holds its settings, all positive numbers.
    """

    letter: str
    kind: str
    name: str
    sentence: str
    monotone: bool
    make: Callable[[LatentVariableModel, Any, State, Settings, np.random.Generator], Made]
    defaults: Settings = field(default_factory=dict)

    @property
    def needs_q(self) -> bool:
        return self.kind == "M"


_TABLE = (
    Move(
        "E",
        "E",
        "exact posterior",
        "q becomes the exact posterior: the gap closes.",
        True,
        lambda model, data, state, settings, rng: e_steps.exact(model, data, state),
    ),
    Move(
        "M",
        "M",
        "full M-step",
        "θ jumps to the maximum of the bound for the present q.",
        True,
        lambda model, data, state, settings, rng: m_steps.full(model, data, state),
    ),
    Move(
        "G",
        "M",
        "one gradient step",
        "θ takes one step of fixed size up the gradient of ELBO / N; too large a step can lower the bound.",
        False,
        lambda model, data, state, settings, rng: m_steps.gradient_step(model, data, state, settings["step"]),
        {"step": 0.1},
    ),
    Move(
        "B",
        "M",
        "one gradient step with backtracking",
        "θ takes one step up the gradient, halved until the bound rises.",
        True,
        lambda model, data, state, settings, rng: m_steps.backtracking_step(model, data, state, settings["step"]),
        {"step": 1.0},
    ),
)

MOVES: Mapping[str, Move] = {move.letter: move for move in _TABLE}


def read_moves(fields: Fields) -> dict[str, dict[str, float]]:
    """Settings of moves, complete with defaults for every move that has any. Raises `InvalidExperiment`."""
    result = {}
    for move in _TABLE:
        if not move.defaults:
            continue
        own = fields.child(move.letter, {})
        result[move.letter] = {key: own.number(key, default, above=0) for key, default in move.defaults.items()}
        own.done()
    fields.done()
    return result


def check_order(moves: str, has_q: bool, field_name: str = "schedule") -> None:
    """Refuse a word whose first move needs a q that nothing has made yet."""
    first = MOVES[moves[0]]
    if first.needs_q and not has_q:
        raise InvalidExperiment(
            field_name,
            moves[:20],
            f"an E-type move before {first.letter} (it needs a q), or a start with q_at",
        )
