"""Inside a step of a solver: each number against the solver's own and against arithmetic written out here."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from em_core.observe.beats import solvers as inside
from em_core.sparse_coding import SOLVERS, Problem, objective
from em_core.sparse_coding.solvers import coordinate_descent, fista, ista, lca
from tests.core.sparse_coding.sparse_cases import CASES

SHOWN = ["coordinate_descent", "ista", "fista", "lca"]
OPTIONS = {"fista": {"restart": True}, "lca": {"dt": 0.4}}
CLOSE = {"rtol": 1e-10, "atol": 1e-10}


def random_problem(seed, atoms=None):
    rng = np.random.default_rng(seed)
    d, k = int(rng.integers(1, 8)), int(rng.integers(1, 9)) if atoms is None else atoms
    precision = float(rng.uniform(0.2, 5))
    dictionary = rng.normal(size=(d, k))
    signal = 2 * rng.normal(size=d)
    offset = rng.normal(size=d)
    most = float(np.abs(precision * (signal - offset) @ dictionary).max())
    return Problem(signal, dictionary, float(rng.uniform(0.02, 0.8)) * most, precision, offset)


def steps(problem, name, count=4, seed=0):
    """States one after another, from some code."""
    solver = SOLVERS[name]
    start = np.random.default_rng(seed).normal(size=problem.n_atoms) if seed else None
    states = [solver.init(problem, start, **OPTIONS.get(name, {}))]
    for _ in range(count):
        states.append(solver.step(problem, states[-1]))
    return list(zip(states, states[1:], strict=False))


def cost(problem, code):
    left = problem.signal - problem.offset - problem.dictionary @ code
    return problem.precision / 2 * sum(left**2) + problem.penalty * sum(abs(h) for h in code)


def shrunk(value, threshold):
    return math.copysign(max(abs(value) - threshold, 0.0), value)


def same(one, other):
    """Bit for bit."""
    for entry in fields(one):
        a, b = getattr(one, entry.name), getattr(other, entry.name)
        assert np.array_equal(a, b), entry.name


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_last_beat_is_the_end_of_the_step(case, name):
    problem = case.problem
    for before, after in steps(problem, name, 3, seed=1):
        for unit in {0, problem.n_atoms - 1, inside.chosen(before, after)}:
            beats = inside.beats(problem, name, before, after, unit)
            same(beats[-1].state, after)
            assert all(beat.what in beat.values for beat in beats)
            costs = beats[-1].values
            assert costs.get("objective", costs.get("sweep")) == objective(problem, after.code)


@given(st.integers(0, 10_000), st.integers(0, 3))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_sweep_written_out(seed, start):
    """The chosen coefficient, or each of few: residual without it, correlation, threshold, value, objective."""
    problem = random_problem(seed)
    for before, after in steps(problem, "coordinate_descent", 3, seed=start):
        code, costs = np.array(before.code), [cost(problem, before.code)]
        unit = inside.chosen(before, after)
        beats = inside.beats(problem, "coordinate_descent", before, after, unit)
        turns = coordinate_descent.turns(problem, before)
        detailed = [beat for beat in beats if beat.what not in ("turn", "sweep")]
        names = ("residual", "pull", "shrunk", "value", "objective")
        wanted = range(problem.n_atoms) if problem.n_atoms <= inside.FEW else [unit]
        assert [(beat.at["unit"], beat.what) for beat in detailed] == [(k, name) for k in wanted for name in names]
        for k in range(problem.n_atoms):
            atom = problem.dictionary[:, k]
            others = np.delete(problem.dictionary, k, axis=1) @ np.delete(code, k)
            left = problem.signal - problem.offset - others
            pull = problem.precision * float(atom @ left)
            after_threshold = shrunk(pull, problem.penalty)
            value = after_threshold / (problem.precision * float(atom @ atom))
            found = {beat.what: beat for beat in detailed if beat.at["unit"] == k}
            if found:
                np.testing.assert_allclose(found["residual"].found, left, **CLOSE)
                np.testing.assert_allclose(found["pull"].found, pull, **CLOSE)
                np.testing.assert_allclose(found["shrunk"].found, after_threshold, **CLOSE)
                np.testing.assert_allclose(found["value"].found, value, **CLOSE)
                # the solver's own, to the last bit
                assert found["pull"].found == turns[k].pull and found["shrunk"].found == turns[k].shrunk
                assert found["value"].found == turns[k].value == found["value"].state.code[k]
                assert found["value"].values["previous"] == found["pull"].state.code[k]
                assert found["shrunk"].values["penalty"] == problem.penalty
            code[k] = turns[k].value
            costs.append(cost(problem, code))
            if found:
                np.testing.assert_allclose(found["objective"].found, costs[-1], **CLOSE)
                np.testing.assert_allclose(found["objective"].values["before"], costs[-2], **CLOSE)
        assert np.array_equal(code, after.code)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_objective_never_rises_from_beat_to_beat(case):
    problem = case.problem
    for before, after in steps(problem, "coordinate_descent", 4, seed=3):
        beats = inside.beats(problem, "coordinate_descent", before, after, inside.chosen(before, after))
        heights = [objective(problem, before.code), *(objective(problem, beat.state.code) for beat in beats)]
        assert all(b <= a + 1e-12 * case.scale for a, b in zip(heights, heights[1:], strict=False))
        for beat in beats:
            if "objective" in beat.values:
                assert beat.values["objective"] <= beat.values["before"] + 1e-12 * case.scale


@pytest.mark.parametrize("atoms", [4, 12, 64, 128])
def test_of_many_coefficients_those_that_change_most_have_a_beat(atoms):
    problem = random_problem(5, atoms)
    for before, after in steps(problem, "coordinate_descent", 3):
        unit = inside.chosen(before, after)
        change = np.abs(after.code - before.code)
        assert change[unit] == change.max()
        beats = inside.beats(problem, "coordinate_descent", before, after, unit)
        assert len(beats) <= 5 + inside.MOST + 1
        turned = [beat for beat in beats if beat.what == "turn"]
        # in the order of the sweep, and none of the others changes more
        places = [beat.at["unit"] for beat in turned]
        assert places == sorted(places) and unit not in places
        unseen = np.delete(change, [*places, unit])
        assert not len(turned) or unseen.max(initial=0.0) <= change[places].min()
        assert len(turned) == min(inside.MOST, np.count_nonzero(np.delete(change, unit)))
        for beat in turned:
            k = beat.at["unit"]
            assert beat.found == after.code[k] and beat.values["previous"] == before.code[k]
            np.testing.assert_allclose(beat.values["objective"], cost(problem, beat.state.code), **CLOSE)
            # the code as it stands there: what came before has its new value, what follows its old one
            np.testing.assert_array_equal(beat.state.code, np.where(np.arange(atoms) <= k, after.code, before.code))
        last = beats[-1].values
        assert last["zeros"] == sum(a == b == 0 for a, b in zip(before.code, after.code, strict=True))
        assert last["changed"] == sum(a != b for a, b in zip(before.code, after.code, strict=True))
        assert last["seen"] == len(turned) + (change[unit] > 0)


@pytest.mark.parametrize("name", ["ista", "fista"])
@given(st.integers(0, 10_000), st.integers(0, 3))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_gradient_step_and_a_shrink_written_out(name, seed, start):
    problem = random_problem(seed)
    last = None
    for before, after in steps(problem, name, 4, seed=start):
        found = {beat.what: beat for beat in inside.beats(problem, name, before, after, 0)}
        begin = before.code if last is None or name == "ista" else last
        np.testing.assert_allclose(found["residual"].values["start"], begin, **CLOSE)
        left = problem.signal - problem.offset - problem.dictionary @ begin
        slope = np.array([-problem.precision * float(atom @ left) for atom in problem.dictionary.T])
        stride = 1 / (problem.precision * np.linalg.eigvalsh(problem.dictionary.T @ problem.dictionary).max())
        moved = begin - stride * slope
        ended = np.array([shrunk(value, stride * problem.penalty) for value in moved])
        np.testing.assert_allclose(found["residual"].found, left, **CLOSE)
        np.testing.assert_allclose(found["slope"].found, slope, **CLOSE)
        np.testing.assert_allclose(found["moved"].found, moved, **CLOSE)
        np.testing.assert_allclose(found["shrunk"].found, ended, **CLOSE)
        np.testing.assert_allclose(found["objective"].found, cost(problem, ended), **CLOSE)
        own = {"ista": ista, "fista": fista}[name].parts(problem, before)
        for what in ("slope", "moved", "shrunk"):
            assert np.array_equal(found[what].found, getattr(own, what))
        assert found["shrunk"].values["threshold"] == before.step * problem.penalty
        if name == "fista":
            assert np.array_equal(found["start"].found, before.ahead) and np.array_equal(
                found["ahead"].found, after.ahead
            )
            weight = 0.0 if after.restarted else (before.momentum - 1) / after.momentum
            assert found["ahead"].values["weight"] == weight
            last = after.code + weight * (after.code - before.code)
            np.testing.assert_allclose(found["ahead"].found, last, **CLOSE)


@given(st.integers(0, 10_000), st.integers(0, 3))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_leak_and_inhibition_written_out(seed, start):
    """Rozell's dynamics on the objective divided by L = ‖βWᵀW‖₂: τ du/dt = drive − u − (G/L − I)a."""
    problem = random_problem(seed)
    gram = problem.precision * problem.dictionary.T @ problem.dictionary
    scale = np.linalg.eigvalsh(gram).max()
    for before, after in steps(problem, "lca", 4, seed=start):
        found = {beat.what: beat for beat in inside.beats(problem, "lca", before, after, 0)}
        active, potential = before.code, before.potential
        drive = problem.precision * problem.dictionary.T @ (problem.signal - problem.offset) / scale
        others = np.array([
            -sum(gram[k, j] / scale * active[j] for j in range(problem.n_atoms) if j != k)
            for k in range(problem.n_atoms)
        ])  # fmt: skip
        own = active * (1 - gram.diagonal() / scale)
        for what, wanted in (("drive", drive), ("leak", -potential), ("inhibition", others), ("own", own)):
            np.testing.assert_allclose(found[what].found, wanted, **CLOSE)
        overlaps = found["drive"].values["overlaps"]  # of the followed one
        np.testing.assert_allclose(overlaps, gram[0] / scale, **CLOSE)
        moved = potential + 0.4 * (drive - potential + others + own)
        np.testing.assert_allclose(found["potential"].found, moved, **CLOSE)
        np.testing.assert_allclose(found["code"].found, [shrunk(u, problem.penalty / scale) for u in moved], **CLOSE)
        np.testing.assert_allclose(found["objective"].found, cost(problem, after.code), **CLOSE)
        values = found["potential"].values
        # the terms add up to what the solver took, and the potential is its own
        total = values["drive"] + values["inhibition"] + values["own"]
        np.testing.assert_allclose(total, lca.parts(problem, before).rest, rtol=1e-13, atol=1e-13)
        assert np.array_equal(found["potential"].found, after.potential)


def test_the_other_solvers_have_none():
    problem = CASES[0].problem
    for name in set(SOLVERS) - set(SHOWN):
        assert not inside.shown(name)
        before = SOLVERS[name].init(problem, None)
        assert inside.beats(problem, name, before, SOLVERS[name].step(problem, before), 0) == []
    assert all(inside.shown(name) for name in SHOWN)


@pytest.mark.parametrize("name", SHOWN)
def test_beats_change_nothing(name):
    problem = random_problem(3)
    ((before, after),) = steps(problem, name, 1, seed=2)
    kept = [np.array(before.code), np.array(after.code)]
    inside.beats(problem, name, before, after, 0)
    assert np.array_equal(before.code, kept[0]) and np.array_equal(after.code, kept[1])
