"""What every solver of the L1 problem must do, on every problem of the table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from em_core.files.errors import HalfStepFailed
from em_core.sparse_coding import SOLVERS, Problem, duality_gap, gradient, objective, optimality_violation
from em_core.sparse_coding.solvers import coordinate_descent as cd
from em_core.sparse_coding.solvers import feature_sign, fista, homotopy, ista, lca, omp
from em_core.sparse_coding.solvers.active_set import factorise, first_dependent, outside_span
from tests.attack import dealt
from tests.core.sparse_coding.sparse_cases import ACTIVE_SET, BRISK, CASES, L1_SOLVERS, drive, reference, settle

on_every_case = pytest.mark.parametrize("case", CASES, ids=str)
with_every_solver = pytest.mark.parametrize("name", L1_SOLVERS)


@pytest.mark.parametrize("case", dealt(CASES, 0, of=2), ids=str)
def test_all_solvers_agree_on_the_objective_and_on_the_reconstruction(case):
    problem = case.problem
    ends = {name: drive(problem, name, 100_000, 1e-12 * case.scale)[-1].code for name in L1_SOLVERS}
    costs = {name: objective(problem, code) for name, code in ends.items()}
    best = min(costs.values())
    assert max(costs.values()) - best <= 1e-10 * max(1, best), costs
    # strong convexity in Wh: (β/2)‖Wh − Wh*‖² is at most the excess objective
    fits = np.array([problem.dictionary @ code for code in ends.values()])
    assert np.abs(fits - fits[0]).max() <= 2 * np.sqrt(2 * 1e-10 * case.scale / problem.precision)


@on_every_case
@with_every_solver
def test_the_end_satisfies_kkt(case, name):
    problem = case.problem
    end = settle(problem, name)
    assert optimality_violation(problem, end.code) <= 1e-9 * max(problem.lambda_max, problem.penalty)


@pytest.mark.parametrize("name", ACTIVE_SET)
@on_every_case
def test_active_sets_end_at_rounding_with_independent_atoms(case, name):
    problem = case.problem
    end = drive(problem, name, 1000)[-1]
    assert end.done
    assert duality_gap(problem, end.code) <= 1e-13 * case.scale
    support = problem.dictionary[:, end.code != 0]
    # none has a rank, but not for every NumPy
    assert not support.size or np.linalg.matrix_rank(support) == support.shape[1]
    after = SOLVERS[name].step(problem, end)
    assert np.array_equal(after.code, end.code)


@given(st.integers(0, 10**9))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_active_sets_end_on_small_integer_problems(seed):
    """Integer entries make ties, duplicates and dependent atoms the rule rather than the exception."""
    problem = _integer_problem(seed)
    for name in ACTIVE_SET:
        end = drive(problem, name, 200)[-1]
        assert duality_gap(problem, end.code) <= 1e-12 * max(1, objective(problem, 0 * end.code)), name


@pytest.mark.parametrize("seed", [209, 674, 751, 774, 3236])
def test_the_path_ends_where_lambda_is_rounding(seed):
    """Everything is explained before λ = 0 here: without a bottom, rounding lets atoms join for ever."""
    problem = _integer_problem(seed)
    path = homotopy.path(problem, most_knots=20)
    assert path.penalties[-1] == 0 and path.penalties[-2] > 1e-12 * problem.lambda_max


def test_a_path_too_long_says_so():
    with pytest.raises(HalfStepFailed, match="more than 2 knots"):
        homotopy.path(CASES[0].problem, most_knots=2)


def _integer_problem(seed):
    rng = np.random.default_rng(seed)
    d, k = int(rng.integers(1, 5)), int(rng.integers(1, 9))
    dictionary = rng.integers(-2, 3, size=(d, k)).astype(float)
    dictionary[0, ~dictionary.any(axis=0)] = 1.0
    return Problem(rng.integers(-3, 4, size=d).astype(float), dictionary, float(rng.choice([0.1, 0.5, 1.0])))


@on_every_case
@with_every_solver
@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_at_lambda_max_the_code_is_exactly_zero(case, name, factor):
    start = case.problem
    problem = replace(start, penalty=factor * (start.lambda_max or 1.0))
    assert drive(problem, name, 200, until_gap=-1.0)[-1].code.tolist() == [0.0] * problem.n_atoms
    assert duality_gap(problem, np.zeros(problem.n_atoms)) == 0.0


@on_every_case
@pytest.mark.parametrize("name", [name for name, solver in SOLVERS.items() if solver.descends])
def test_descent_methods_never_rise(case, name):
    rng = np.random.default_rng(0)
    state = SOLVERS[name].init(case.problem, rng.normal(size=case.problem.n_atoms))
    before = objective(case.problem, state.code)
    for _ in range(60):
        state = SOLVERS[name].step(case.problem, state)
        after = objective(case.problem, state.code)
        assert after <= before + 1e-12 * max(1, before)
        before = after


@on_every_case
@pytest.mark.parametrize("restart", [False, True])
def test_fista_stays_under_its_bound_and_ista_under_its_own(case, restart):
    problem = case.problem
    optimum = drive(problem, "homotopy", 1000)[-1].code
    distance = problem.lipschitz * float(optimum @ optimum)
    rounding = 1e-13 * case.scale
    slow, fast = ista.init(problem), fista.init(problem, restart=restart)
    for k in range(1, 200):
        slow, fast = ista.step(problem, slow), fista.step(problem, fast)
        assert objective(problem, slow.code) - objective(problem, optimum) <= distance / (2 * k) + rounding
        # the theorem is FISTA's; with restarts it holds anew from each restart, and here throughout
        bound = 2 * distance / (k + 1) ** 2
        assert objective(problem, fast.code) - objective(problem, optimum) <= bound + rounding


def test_restart_throws_the_momentum_away_and_pays():
    problem = _fista_reference()
    states = drive(problem, "fista", 2000, 1e-12, restart=True)
    restarted = [state for state in states if state.restarted]
    assert restarted and all(state.momentum == 1 and state.ahead is state.code for state in restarted)
    assert len(states) < 0.5 * len(drive(problem, "fista", 2000, 1e-12, restart=False))


@on_every_case
def test_lca_with_dt_equal_to_tau_is_ista(case):
    problem = case.problem
    start = np.random.default_rng(1).normal(size=problem.n_atoms)
    slow, neurons = ista.init(problem, start), lca.init(problem, start, dt=0.7, tau=0.7)
    for _ in range(100):
        moved = ista.parts(problem, slow).moved
        slow, neurons = ista.step(problem, slow), lca.step(problem, neurons)
        assert np.allclose(neurons.code, slow.code, rtol=0, atol=1e-13 * max(1, np.abs(moved).max()))
        assert np.allclose(neurons.potential, moved, rtol=0, atol=1e-13 * max(1, np.abs(moved).max()))


def test_lca_with_small_dt_follows_the_differential_equation():
    """du/dt = a − slope/L − u: halving dt halves Euler's error."""
    problem = CASES[0].problem

    def at_time_one(pieces):
        state = lca.init(problem, dt=1 / pieces, tau=1.0)
        for _ in range(pieces):
            state = lca.step(problem, state)
        return state.potential

    truth = 2 * at_time_one(4096) - at_time_one(2048)
    errors = [np.abs(at_time_one(n) - truth).max() for n in (64, 128, 256)]
    assert 1.8 < errors[0] / errors[1] < 2.2 and 1.8 < errors[1] / errors[2] < 2.2


@on_every_case
@pytest.mark.parametrize("name", ["ista", "fista"])
def test_the_two_parts_make_the_step(case, name):
    problem, solver = case.problem, {"ista": ista, "fista": fista}[name]
    state = solver.init(problem, np.ones(problem.n_atoms))
    for _ in range(5):
        parts = solver.parts(problem, state)
        assert np.allclose(parts.moved, parts.start - state.step * gradient(problem, parts.start), atol=0, rtol=0)
        assert np.all(np.abs(parts.moved - parts.shrunk) <= state.step * problem.penalty * (1 + 1e-12))
        state = solver.step(problem, state)
        assert np.array_equal(parts.shrunk, state.code)


@on_every_case
def test_each_coordinate_goes_to_its_best_value_and_the_sweep_is_the_step(case):
    problem = case.problem
    state = cd.init(problem, np.random.default_rng(2).normal(size=problem.n_atoms))
    frames = cd.coordinates(problem, state)
    assert np.array_equal(frames[-1], cd.step(problem, state).code)
    before = state.code
    for k, frame in enumerate(frames):
        assert np.array_equal(np.delete(frame, k), np.delete(before, k))
        rest = np.delete(optimality_terms(problem, frame), np.s_[:k])
        assert rest[0] <= 1e-11 * max(problem.lambda_max, problem.lipschitz * np.abs(before).max())
        before = frame


def optimality_terms(problem, code):
    slope = gradient(problem, code)
    return np.where(code != 0, np.abs(slope + problem.penalty * np.sign(code)), np.abs(slope) - problem.penalty)


@on_every_case
def test_admm_converges_to_the_same_place_for_any_rho(case):
    problem = case.problem
    best = objective(problem, drive(problem, "homotopy", 1000)[-1].code)
    for factor in (0.03, 1.0):
        end = drive(problem, "admm", 50_000, 1e-11 * case.scale, rho=factor * problem.lipschitz)[-1]
        assert objective(problem, end.code) - best <= 1e-10 * max(1, best)


def test_admm_smooth_copy_is_the_ridge_solution():
    problem = CASES[0].problem
    state = drive(problem, "admm", 7)[-1]
    after = SOLVERS["admm"].step(problem, state)
    matrix = problem.curvature + state.rho * np.eye(problem.n_atoms)
    pull = problem.precision * problem.dictionary.T @ problem.target
    wanted = np.linalg.solve(matrix, pull + state.rho * state.code - state.price)
    assert np.allclose(after.smooth, wanted, atol=1e-12)


@on_every_case
def test_each_knot_is_optimal_for_its_own_lambda_and_the_path_is_linear_between(case):
    problem = case.problem
    path = homotopy.path(problem)
    assert path.penalties[0] == problem.lambda_max and path.penalties[-1] == 0.0
    assert np.all(np.diff(path.penalties) < 0)
    between = (path.penalties[:-1] + path.penalties[1:]) / 2
    for penalty in [*path.penalties[:-1], *between]:
        if penalty < 1e-6 * problem.lambda_max:
            continue
        there = replace(problem, penalty=float(penalty))
        code = path.at(float(penalty))
        assert duality_gap(there, code) <= 1e-12 * case.scale
        again = drive(there, "feature_sign", 1000)[-1].code
        assert abs(objective(there, again) - objective(there, code)) <= 1e-12 * case.scale


def test_every_knot_changes_the_support_through_exact_zeros():
    random = [Problem(y, W, 1.0) for y, W in _random_problems(200)]
    for problem in [case.problem for case in CASES] + random:
        codes = homotopy.path(problem).codes
        signs = np.sign((codes[:-1] + codes[1:]) / 2)
        changes = signs[:-1] != signs[1:]
        assert changes.any(axis=1).all()
        assert not codes[1:-1][changes].any()


def _random_problems(count):
    rng = np.random.default_rng(9)
    return [(rng.normal(size=6), rng.normal(size=(6, 12))) for _ in range(count)]


def test_atoms_in_the_span_are_recognised():
    """Exact and scaled copies and combinations are in; an atom 1e-9 away is out."""
    atoms, rng = np.random.default_rng(7).normal(size=(12, 4)), np.random.default_rng(8)
    inside = np.column_stack([atoms[:, 0], -1e6 * atoms[:, 1], atoms @ rng.normal(size=4), 1e-6 * atoms.sum(axis=1)])
    near = atoms[:, :1] + 1e-9 * rng.normal(size=(12, 1))
    problem = Problem(rng.normal(size=12), np.hstack([atoms, inside, near]), 1.0)
    active = factorise(problem, range(4))
    assert outside_span(active, np.ones(9, dtype=bool)).tolist() == [False] * 8 + [True]
    assert first_dependent(active) is None
    assert [first_dependent(factorise(problem, [0, 1, 2, 3, k])) for k in range(4, 9)] == [4, 4, 4, 4, None]
    assert first_dependent(factorise(problem, [0, 4, 1])) == 1


@on_every_case
def test_at_lambda_zero_the_path_ends_at_least_squares(case):
    problem = case.problem
    code = homotopy.path(problem).at(0.0)
    best = np.linalg.lstsq(problem.dictionary, problem.target)[0]
    misfit = np.linalg.norm(problem.target - problem.dictionary @ code)
    assert misfit == pytest.approx(np.linalg.norm(problem.target - problem.dictionary @ best), abs=1e-9)


@on_every_case
def test_homotopy_steps_are_the_knots_of_the_path(case):
    problem = case.problem
    knots = homotopy.path(problem, least=problem.penalty)
    states = drive(problem, "homotopy", 1000, until_gap=-1.0)
    assert [s.penalty for s in states] == knots.penalties.tolist()
    assert np.array_equal(np.array([s.code for s in states]), knots.codes)


def test_a_coefficient_that_reaches_zero_leaves_the_path():
    """Without drops LARS is not the lasso: somewhere in the table one must happen."""
    codes = [homotopy.path(case.problem).codes for case in CASES]
    assert any(((path[:-1] != 0) & (path[1:] == 0)).any() for path in codes)


def test_path_refuses_lambdas_below_its_end():
    path = homotopy.path(CASES[0].problem, least=0.1)
    with pytest.raises(ValueError, match="ends at lambda = 0.1"):
        path.at(0.05)
    assert not path.at(1e9).any()


@on_every_case
def test_feature_sign_accepts_any_start(case):
    """A dense start has dependent atoms: they are thinned out without raising the objective."""
    problem = case.problem
    best = objective(problem, drive(problem, "homotopy", 1000)[-1].code)
    for start in (np.ones(problem.n_atoms), np.random.default_rng(3).normal(size=problem.n_atoms)):
        state = feature_sign.init(problem, start)
        for _ in range(500):
            if state.done:
                break
            state = feature_sign.step(problem, state)
        assert state.done
        assert objective(problem, state.code) - best <= 1e-12 * case.scale


@on_every_case
def test_omp_residual_is_orthogonal_to_the_chosen_atoms(case):
    problem = case.problem
    states = drive(problem, "omp", 100, until_gap=-1.0)
    misfits = []
    for k, state in enumerate(states):
        residual = problem.target - problem.dictionary @ state.code
        misfits.append(float(np.linalg.norm(residual)))
        assert len(state.chosen) == k
        atoms = problem.dictionary[:, list(state.chosen)]
        assert np.abs(atoms.T @ residual).max(initial=0) <= 1e-12 * case.scale * max(1, np.abs(atoms).max(initial=0))
    assert all(after <= before * (1 + 1e-12) for before, after in zip(misfits, misfits[1:], strict=False))
    assert states[-1].done
    best = np.linalg.lstsq(problem.dictionary, problem.target)[0]
    assert misfits[-1] <= np.linalg.norm(problem.target - problem.dictionary @ best) + 1e-9 or len(states) == 1


def test_omp_keeps_to_its_number_of_atoms():
    problem = CASES[0].problem
    assert np.count_nonzero(drive(problem, "omp", 100, atoms=3)[-1].code) == 3
    assert omp.init(problem, atoms=0).done


@on_every_case
@pytest.mark.parametrize("name", list(SOLVERS))
def test_steps_are_pure_and_count_their_multiplications(case, name):
    problem, solver = case.problem, SOLVERS[name]
    state = solver.init(problem, None, **BRISK.get(name, {}))
    for _ in range(4):
        kept = state.code.copy()
        after, again = solver.step(problem, state), solver.step(problem, state)
        assert np.array_equal(state.code, kept)
        assert np.array_equal(after.code, again.code)
        assert state.done or after.multiplications > state.multiplications
        state = after


def _fista_reference():
    data = reference("p11_fista_8x16.json")["data"]
    return Problem(np.array(data["v"]), np.array(data["W"]), data["lam"], data["beta"])
