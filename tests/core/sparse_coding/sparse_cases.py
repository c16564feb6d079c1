"""The table of problems that every solver is tested on, and the loop that drives a solver."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from em_core.sparse_coding import SOLVERS, Problem, duality_gap, objective
from em_core.sparse_coding.solvers.state import SolverState

REFERENCE = Path(__file__).parents[2] / "reference"
L1_SOLVERS = [name for name, solver in SOLVERS.items() if solver.norm == "L1"]
ACTIVE_SET = ["homotopy", "feature_sign"]
# settings with which the slow ones reach tight gaps in a test's time
BRISK: dict[str, dict[str, Any]] = {"fista": {"restart": True}, "lca": {"dt": 1.0}}


def reference(name: str) -> dict[str, Any]:
    return json.loads((REFERENCE / name).read_text())


def drive(problem: Problem, name: str, steps: int, until_gap: float = 0.0, **settings: Any) -> list[SolverState]:
    """Every state until the gap is reached, the solver is done, or the steps are used up."""
    solver = SOLVERS[name]
    states = [solver.init(problem, None, **{**BRISK.get(name, {}), **settings})]
    while len(states) <= steps and not states[-1].done and duality_gap(problem, states[-1].code) > until_gap:
        states.append(solver.step(problem, states[-1]))
    return states


def settle(problem: Problem, name: str, steps: int = 60_000) -> SolverState:
    """The state at which the code no longer changes, beyond what a gap can tell: the gap is of second order."""
    solver = SOLVERS[name]
    state = solver.init(problem, None, **BRISK.get(name, {}))
    small = 1e-10 * max(1.0, objective(problem, state.code))
    for _ in range(steps):
        if state.done:
            break
        before, state = state, solver.step(problem, state)
        change = np.abs(state.code - before.code).max()
        if change <= 4e-16 * np.abs(state.code).max() and duality_gap(problem, state.code) <= small:
            break
    return state


@dataclass(frozen=True, eq=False)
class Case:
    name: str
    problem: Problem

    def __str__(self) -> str:
        return self.name

    @property
    def scale(self) -> float:
        """What "relative" means: divided by max(1, objective), here at the zero code."""
        return max(1.0, objective(self.problem, np.zeros(self.problem.n_atoms)))


def _case(name: str, dictionary: np.ndarray, seed: int, share: float = 0.1, **kwargs: Any) -> Case:
    rng = np.random.default_rng(seed)
    signal = kwargs.pop("signal", None)
    if signal is None:
        signal = dictionary @ (rng.laplace(size=dictionary.shape[1]) * (rng.random(dictionary.shape[1]) < 0.4))
        signal = signal + 0.1 * rng.normal(size=len(dictionary))
    at_zero = Problem(signal, dictionary, 1.0, **kwargs)
    return Case(name, Problem(signal, dictionary, (share * at_zero.lambda_max) or 1.0, **kwargs))


def _random(d: int, k: int, seed: int) -> np.ndarray:
    atoms = np.random.default_rng(seed).normal(size=(d, k))
    return atoms / np.linalg.norm(atoms, axis=0)


def _cases() -> list[Case]:
    square = _random(8, 16, 1)
    tall = _random(20, 6, 2)
    coherent = np.random.default_rng(3).normal(size=(10, 1)) + 0.5 * np.random.default_rng(4).normal(size=(10, 12))
    duplicated = np.hstack([square, square[:, :5], -square[:, 2:4], 2 * square[:, 7:8]])
    spanned = np.hstack([tall, tall[:, :1] + tall[:, 1:2], tall[:, 2:3] - 0.5 * tall[:, 3:4]])
    grid = np.array([[1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, -1.0]])
    return [
        _case("random 8x16", square, 11),
        _case("random 8x16, small lambda", square, 12, share=0.02),
        _case("tall 20x6", tall, 13),
        _case("wide 10x40", _random(10, 40, 5), 14),
        _case("coherent 10x12", coherent, 15, share=0.2),
        _case("duplicated atoms", duplicated, 16),
        _case("atoms in the span of others", spanned, 17, share=0.05),
        _case("ties on a grid", grid, 18, signal=np.array([2.0, 2.0])),
        _case("ties, one signal component", grid, 19, signal=np.array([3.0, 0.0])),
        _case("orthonormal", np.eye(5), 20, signal=np.array([3.0, -3.0, 1.0, 0.5, -0.1])),
        _case("precision and offset", square, 21, precision=25.0, offset=np.linspace(-1, 1, 8)),
        _case("atoms of uneven length", tall * np.array([0.1, 1, 3, 10, 0.5, 2]), 22),
        _case("one atom", np.array([[1.0]]), 23, signal=np.array([0.1])),
        _case("zero signal", square, 24, signal=np.zeros(8)),
        _case("signal equals offset", square, 25, signal=np.ones(8), offset=np.ones(8)),
    ]


CASES = _cases()
