"""E-type half-steps: change q, with θ held fixed."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np

from em_core.model import LatentVariableModel
from em_core.records import Info, Made, State

_ONE_PASS = Info(1)


def exact(model: LatentVariableModel, data: Any, state: State) -> Made:
    """Replace q by the exact posterior: the bound becomes tight.

    θ is unchanged; KL(q ‖ p(h | v; θ)) becomes 0. Raises `HalfStepFailed` where the data are impossible under θ.
    """
    return Made(state.with_q(q=model.posterior(data, state.theta), q_at=state.theta), _ONE_PASS)


def hard(model: Any, data: Any, state: State) -> Made:
    """Replace q by a point mass at the mode h* of the posterior.

    For discrete h the gap is −log p(h* | v; θ). For continuous h the entropy is −∞, and so is the bound; the expected
    log joint is then the complete-data objective log p(h*, v; θ). A model whose mode is found step by step may begin
    at the present q (`mode_from`), so that this objective never falls.
    """
    from_q = hasattr(model, "mode_from")
    q = model.mode_from(data, state.theta, state.q) if from_q else model.mode(data, state.theta)
    return Made(state.with_q(q, q_at=None), Info(1))


def tempered(model: Any, data: Any, state: State, temperature: float) -> Made:
    """Replace q by p(h | v; θ)^(1 / temperature), normalised. Temperature 1 is the exact E-step.

    It maximises E_q[log p(h, v; θ)] + temperature · H(q) (deterministic annealing; Ueda and Nakano, 1998).
    """
    q = model.tempered(data, state.theta, 1.0 / temperature)
    carry = _carried(state, "T", state.carry.get("T", 0) + 1)
    return Made(state.with_q(q, q_at=None, carry=carry), Info(1, temperature=temperature))


def partial(model: Any, data: Any, state: State, blocks: int) -> Made:
    """Replace q by the exact posterior for the next of `blocks` blocks of units, in turn; the other units keep theirs.

    L never falls, for it is a sum over the units (incremental EM; Neal and Hinton, 1998).
    """
    n_units = model.n_hidden_units(data)
    parts = unit_blocks(n_units, blocks)
    turn = state.carry.get("P", 0) % len(parts)
    q = model.posterior_for(data, state.theta, state.q, parts[turn])
    share = len(parts[turn]) / n_units if n_units else 1
    after = state.with_q(q, q_at=None, carry=_carried(state, "P", turn + 1))
    return Made(after, Info(share, block=turn + 1, of=len(parts)))


def mean_field(model: Any, data: Any, state: State) -> Made:
    """One sweep of coordinate ascent over a q that factorises over the hidden values of every unit.

    L never falls once q factorises; a q that does not is first replaced by the product of its marginals.
    """
    return Made(state.with_q(model.mean_field(data, state.theta, state.q), q_at=None), Info(1))


def unit_blocks(n_units: int, blocks: int) -> list[np.ndarray]:
    """The units of each block, in order, as even in number as can be; at most one block for each unit."""
    return np.array_split(np.arange(n_units), max(1, min(blocks, n_units)))


def _carried(state: State, letter: str, entry: Any) -> MappingProxyType[str, Any]:
    return MappingProxyType({**state.carry, letter: entry})
