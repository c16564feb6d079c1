"""What a solver says it has multiplied, in the race, is what it has: counted by arrays that count."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from em_core.sparse_coding import SOLVERS, Problem
from tests.core.sparse_coding.counting import counted, counting

SETTINGS = {"fista": [{}, {"restart": True}], "omp": [{}, {"atoms": 9}]}
RUNS = [(name, settings) for name in SOLVERS for settings in SETTINGS.get(name, [{}])]
# factorisations cost what their leading terms cost, and the tests for who is in whose span little beside these
ABOUT = {"homotopy", "feature_sign", "omp"}


def made(n_dimensions, n_atoms):
    rng = np.random.default_rng(n_atoms)
    dictionary = rng.standard_normal((n_dimensions, n_atoms))
    dictionary /= np.linalg.norm(dictionary, axis=0)
    problem = Problem(3 * rng.standard_normal(n_dimensions), dictionary, 0.5, 1.7)
    assert problem.lipschitz > 0  # taken as known, so from here on
    return problem


def tallying(state, tally):
    """The state with arrays that count."""
    arrays = {field.name: getattr(state, field.name) for field in fields(state)}
    return replace(state, **{name: counted(a, tally) for name, a in arrays.items() if isinstance(a, np.ndarray)})


@pytest.mark.parametrize("shape", [(30, 50), (64, 24), (40, 40)], ids=str)
@pytest.mark.parametrize(("name", "settings"), RUNS, ids=str)
def test_a_solver_counts_its_multiplications(name, settings, shape):
    """Set-up: the matrix operations. A step: every one, where β is multiplied into the step length beforehand."""
    problem, solver = made(*shape), SOLVERS[name]
    n_dimensions, n_atoms = shape
    # β and the step length, or β and 1/L; for ADMM the two factors of the ridge's inverse
    folded = {"coordinate_descent": 0, "admm": min(shape)}.get(name, n_atoms)
    with counting(problem) as tally:
        state = solver.init(problem, None, **settings)
        if name == "coordinate_descent":
            assert problem.curvature.shape == (n_atoms, n_atoms)  # formed by whoever asks first
        assert state.multiplications == tally["matrices"] + tally["decompositions"] + tally["squares"]
        for _ in range(12):
            if state.done:
                break
            tally.clear()
            after = solver.step(problem, tallying(state, tally))
            said, found = after.multiplications - state.multiplications, sum(tally.values())
            if name in ABOUT:
                assert abs(said - found) < 0.1 * found, dict(tally)
            else:
                assert said == found - folded, dict(tally)
            state = after


def test_the_arrays_count():
    """A product of matrices, one with its own transpose, entry by entry, in place, by scalars, not by sums."""
    problem = made(3, 4)
    with counting(problem) as tally:
        matrix, vector = problem.dictionary, problem.target
        for make, cost in [
            (lambda: vector @ matrix, 12),
            (lambda: matrix.T @ matrix, 3 * 10),
            (lambda: matrix.T @ (2.0 * matrix), 3 * 16 + 12),
            (lambda: matrix + matrix, 0),
            (lambda: matrix / 3, 12),
            (lambda: vector[1] * 2.0, 1),
            (lambda: (matrix**2).sum(axis=0), 12),
            (lambda: np.clip(vector, -1, 1), 0),
        ]:
            tally.clear()
            make()
            assert sum(tally.values()) == cost
        tally.clear()
        copied = vector.copy()
        copied *= 2
        assert sum(tally.values()) == 3
