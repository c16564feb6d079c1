"""How each kind of half-step is made: a table from its letter to the function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from em_core import e_steps, m_steps
from em_core.kinds import Values, temperature
from em_core.model import LatentVariableModel
from em_core.records import Made, State

# the last is the generator of a move that draws at random (`is_random`), else None
Make = Callable[[LatentVariableModel, Any, State, Values, Any], Made]

MAKE: Mapping[str, Make] = MappingProxyType(
    {
        "E": lambda model, data, state, settings, rng: e_steps.exact(model, data, state),
        "H": lambda model, data, state, settings, rng: e_steps.hard(model, data, state),
        "P": lambda model, data, state, settings, rng: e_steps.partial(model, data, state, int(settings["blocks"])),
        "T": lambda model, data, state, settings, rng: e_steps.tempered(
            model, data, state, temperature(settings, state)
        ),
        "V": lambda model, data, state, settings, rng: e_steps.mean_field(model, data, state),
        "M": lambda model, data, state, settings, rng: m_steps.full(model, data, state, rng),
        "G": lambda model, data, state, settings, rng: m_steps.gradient_step(model, data, state, settings["step"]),
        "B": lambda model, data, state, settings, rng: m_steps.backtracking_step(model, data, state, settings["step"]),
        "S": lambda model, data, state, settings, rng: m_steps.stochastic_step(
            model, data, state, settings["step"], int(settings["batch"]), rng
        ),
        "A": lambda model, data, state, settings, rng: m_steps.adam_step(model, data, state, **settings),
        "N": lambda model, data, state, settings, rng: m_steps.newton_step(model, data, state),
        "L": lambda model, data, state, settings, rng: m_steps.lbfgs_steps(
            model, data, state, int(settings["iterations"])
        ),
        "C": lambda model, data, state, settings, rng: m_steps.conditional(model, data, state, rng),
    }
)


def is_random(model: Any, letter: str) -> bool:
    """Whether this move draws random numbers: S its units, M and C what some models draw anew (`renewed`)."""
    return letter == "S" or (letter in "MC" and hasattr(model, "renewed"))
