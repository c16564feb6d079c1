"""E-type half-steps: raise L over q, with θ held fixed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from em_core.model import LatentVariableModel
from em_core.records import State


def exact(model: LatentVariableModel, data: Any, state: State) -> State:
    """Replace q by the exact posterior: the bound becomes tight.

    θ is unchanged; KL(q ‖ p(h | v; θ)) becomes 0. Raises `HalfStepFailed` where the data are impossible under θ.
    """
    return replace(state, q=model.posterior(data, state.theta), q_at=state.theta)
