"""Reference cases p10, p10b and p11: optima to 60 digits, and the sequences of ISTA and FISTA."""

from __future__ import annotations

import numpy as np
import pytest

from em_core.sparse_coding import SOLVERS, Problem, duality_gap, objective
from em_core.sparse_coding.learning.batch import encode
from tests.core.sparse_coding.sparse_cases import L1_SOLVERS, drive, reference, settle

LASSO = {name: reference(name) for name in ("p10_lasso_8x16.json", "p10b_lasso_64x128.json")}
SOLUTIONS = [(name, i) for name, file in LASSO.items() for i in range(len(file["expected"]["solutions"]))]
FISTA = reference("p11_fista_8x16.json")


def _solution(name, index):
    file = LASSO[name]
    expected = file["expected"]["solutions"][index]
    signal = np.array(file["data"]["signals"][expected["signal"]])
    problem = Problem(signal, np.array(file["data"]["W"]), expected["lam"], expected["beta"])
    return problem, expected


def _check(problem, expected, code):
    assert objective(problem, code) == pytest.approx(expected["objective"], rel=1e-12)
    assert np.allclose(code, expected["h"], rtol=0, atol=1e-9)
    assert np.flatnonzero(code).tolist() == expected["support"]


@pytest.mark.parametrize("file, index", SOLUTIONS)
@pytest.mark.parametrize("solver", L1_SOLVERS)
def test_lasso_optima(file, index, solver):
    problem, expected = _solution(file, index)
    _check(problem, expected, settle(problem, solver).code)


@pytest.mark.parametrize("file, index", SOLUTIONS)
def test_lasso_optima_in_a_batch(file, index):
    problem, expected = _solution(file, index)
    found = encode(
        problem.signal[None], problem.dictionary, problem.penalty, problem.precision,
        until_gap=1e-13 * max(1, expected["objective"]), most_iterations=2000,
    )  # fmt: skip
    _check(problem, expected, found.codes[0])


@pytest.mark.parametrize("solver", ["ista", "fista"])
def test_ista_and_fista_sequences(solver):
    data, expected = FISTA["data"], FISTA["expected"]
    problem = Problem(np.array(data["v"]), np.array(data["W"]), data["lam"], data["beta"])
    assert problem.lipschitz <= data["L"]
    states = [SOLVERS[solver].init(problem, np.array(FISTA["init"]["h0"]), step=1 / data["L"])]
    for _ in range(60):
        states.append(SOLVERS[solver].step(problem, states[-1]))
    costs = [objective(problem, state.code) for state in states]
    assert np.allclose(costs, expected[f"{solver}_objective"], rtol=1e-12, atol=0)
    bound = np.array(expected[f"{solver}_bound"])
    assert np.all(np.array(costs[1:]) - expected["optimum"]["objective"] <= bound)
    for k in (1, 2, 10):
        if solver == "fista":
            assert np.allclose(states[k].code, expected[f"fista_iterate_{k}"], rtol=0, atol=1e-12)
    if solver == "ista":
        assert np.allclose(states[60].code, expected["ista_final_iterate"], rtol=0, atol=1e-12)


def test_the_certificate_covers_the_known_distance_to_the_optimum():
    data, expected = FISTA["data"], FISTA["expected"]
    problem = Problem(np.array(data["v"]), np.array(data["W"]), data["lam"], data["beta"])
    for solver in L1_SOLVERS:
        for state in drive(problem, solver, 200):
            excess = objective(problem, state.code) - expected["optimum"]["objective"]
            assert excess <= duality_gap(problem, state.code) + 1e-13
