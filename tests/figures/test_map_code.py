"""The page *MAP inference* in numbers: metrics, the code, its path over λ, and the shrink."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from em_core.observe.solving import PARTS
from em_core.sparse_coding import Problem, duality_gap, objective, soft_threshold
from em_core.sparse_coding.experiment import SparseCodingExperiment
from em_core.sparse_coding.experiment import run as replay
from figures.look import wording
from tests.core.sparse_coding.sparse_cases import L1_SOLVERS, settle
from tests.figures.runs import MAP, PATCH, map_dealt, map_run, shown
from ui.map.run import MapRun


@pytest.fixture(scope="module", params=map_dealt(1))
def run(request):
    return map_run(request.param)


def best_of(problem):
    """The optimum by another way than the page's: until the code no longer changes."""
    return settle(problem, "feature_sign").code


def test_metrics_are_the_command_lines_numbers(run):
    experiment = SparseCodingExperiment.parse({**run.experiment.to_json(), "steps": len(run) - 1})
    for at, row in enumerate(replay(experiment)["steps"]):
        found = shown(run, at)
        assert found.value["metric.objective"] == row["objective"]
        assert found.value["metric.gap"] == row["duality_gap"]
        assert found.value["metric.support"] == row["support_size"]
        assert found.text["metric.objective"] == wording.number(row["objective"])
        assert found.text["metric.support"].startswith(f"{row['support_size']} of ")


def test_the_terms_of_the_equation_add_up(run):
    problem = run.experiment.problem
    for at, step in enumerate(run.steps):
        left = problem.signal - np.asarray(problem.offset) - problem.dictionary @ step.state.code
        terms = (problem.precision / 2 * left @ left, problem.penalty * np.abs(step.state.code).sum())
        found = shown(run, at).text
        assert sum(terms) == pytest.approx(step.objective, rel=1e-12, abs=1e-300)
        assert [found["equation.fit"], found["equation.penalty"]] == [wording.number(term) for term in terms]
        assert found["equation.objective"] == wording.number(step.objective)


def test_captions_count_the_zeros_and_quote_the_certificate(run):
    for step, frame in zip(run.steps, run.frames(), strict=True):
        if step.index == 0:
            assert ("kink at 0" in frame["text"]["caption"]) != (run.experiment.solver == "omp")
            continue
        zeros = int((step.state.code == 0).sum())
        verb = "is" if zeros == 1 else "are"
        assert f"{zeros} of {len(step.state.code)} coefficients {verb} exactly 0" in frame["text"]["caption"]
        if step.duality_gap > 1e-9:
            assert wording.number(step.duality_gap) in frame["text"]["caption"]
        used = np.flatnonzero(step.state.code)
        for k in used[:3]:
            assert f"h{k + 1} = {step.state.code[k]:.4g}" in frame["text"]["describe"]


# --- the code, its path and the shrink --------------------------------------------------------------------------


def test_stems_are_the_code(run):
    for at, step in enumerate(run.steps):
        code = step.state.code
        # of a few coefficients also those that are exactly 0: that they are is what the page is about
        used = np.arange(len(code)) if len(code) <= 12 else np.flatnonzero(code)
        stems, heads = shown(run, at).points("code.stems"), shown(run, at).points("code.heads")
        np.testing.assert_allclose(heads, np.column_stack([used + 1, code[used]]).reshape(-1, 2), rtol=1e-6)
        np.testing.assert_allclose(stems[0::2], np.column_stack([used + 1, 0 * used]).reshape(-1, 2))
        np.testing.assert_allclose(stems[1::2], heads)


def test_rings_stand_at_the_most_likely_code(run):
    problem, best = run.experiment.problem, np.zeros(run.experiment.problem.n_atoms)
    for place, value in shown(run).points("code.optimum"):
        best[int(place) - 1] = value
    least = objective(problem, best_of(problem))
    assert objective(problem, best) <= least + 1e-10 * max(1, least)
    assert duality_gap(problem, best) <= 1e-9 * max(1, least)


def test_the_path_is_exact_wherever_it_is_drawn_and_linear_between(run):
    """Re-solved at some of its places and half-way between neighbours, at the λ that the picture has there."""
    problem, found = run.experiment.problem, shown(run)
    x, y = (np.array(found.trace("path.path")[axis], float) for axis in "xy")
    if not len(x):
        assert not best_of(problem).any() or problem.penalty >= problem.lambda_max
        return
    lines = np.split(np.column_stack([x, y]), np.flatnonzero(np.isnan(x)))
    lines = [line[np.isfinite(line).all(axis=1)] for line in lines]
    lines = [line[np.argsort(line[:, 0], kind="stable")] for line in lines if len(line)]
    drawn_at = lines[0][:, 0]
    assert drawn_at[0] <= problem.penalty * (1 + 1e-6) and drawn_at[-1] >= problem.lambda_max * (1 - 1e-6)
    codes = run.scene.background.path.codes
    used = np.flatnonzero(np.abs(codes).max(axis=0))
    assert len(lines) == len(used) and all((line[:, 0] == drawn_at).all() for line in lines)
    for i in np.linspace(0, len(drawn_at) - 2, 5).astype(int):
        for penalty in (drawn_at[i], (drawn_at[i] + drawn_at[i + 1]) / 2):
            there = Problem(problem.signal, problem.dictionary, float(penalty), problem.precision, problem.offset)
            drawn = np.zeros(problem.n_atoms)
            drawn[used] = [np.interp(penalty, *line.T) for line in lines]
            least = objective(there, best_of(there))
            # drawn in single precision
            assert objective(there, drawn) <= least + 1e-5 * max(1, least)


def test_the_line_at_lambda_and_the_present_code_on_the_path(run):
    for at, step in enumerate(run.steps):
        found = shown(run, at)
        assert set(found.trace("path.penalty")["x"]) == {run.experiment.problem.penalty}
        code = step.state.code
        penalty = getattr(step.state, "penalty", run.experiment.problem.penalty)
        np.testing.assert_allclose(
            found.points("path.here")[:, 1], code if len(code) <= 12 else code[code != 0], rtol=1e-6
        )
        assert set(found.points("path.here")[:, 0]) <= {penalty}
    low, high = shown(run).figures["path"]["layout"]["xaxis"]["range"]
    assert low <= math.log10(run.experiment.problem.penalty) <= high


def test_homotopys_points_ride_on_the_path():
    for name in ("toy homotopy", "digit"):
        run = map_run(name)
        for step in run.steps:
            penalty = min(step.state.penalty, run.experiment.problem.lambda_max)
            np.testing.assert_allclose(run.scene.background.path.at(penalty), step.state.code, atol=1e-9)


@pytest.mark.parametrize("name", [name for name, case in MAP.items() if case.solver in (*PARTS, "lca")])
def test_coefficients_lie_on_the_shrink_curve(name):
    run = map_run(name)
    for at in range(1 if MAP[name].solver in PARTS else 0, len(run)):
        found = shown(run, at)
        points, curve = found.points("shrink.coefficients"), found.points("shrink.threshold")
        threshold = curve[2, 0]
        np.testing.assert_allclose(points[:, 1], np.interp(points[:, 0], *curve.T), atol=1e-6)
        np.testing.assert_allclose(curve[:, 1], soft_threshold(curve[:, 0], threshold), rtol=1e-12)
        np.testing.assert_allclose(points[:, 1], run.steps[at].state.code, atol=1e-6)
        lipschitz, stride = run.experiment.problem.lipschitz, MAP[name].stride
        assert threshold == pytest.approx(run.experiment.problem.penalty / lipschitz * stride)


@pytest.mark.parametrize("solver", [name for name in L1_SOLVERS if name not in (*PARTS, "lca")])
def test_the_other_solvers_reach_the_curve_exactly_at_the_optimum(solver):
    run = MapRun.of(replace(PATCH, solver=solver, number=5))
    away = []
    for at in (0, "end"):
        while at and run.ended is None:
            run.ahead()
        found = shown(run)
        points = found.points("shrink.coefficients")
        away.append(np.abs(points[:, 1] - np.interp(points[:, 0], *found.points("shrink.threshold").T)).max())
    assert run.ended and away[0] > 0.1 and away[1] < 1e-5


def test_lca_shows_potentials_and_what_they_give():
    for name in ("toy lca", "patch, lca"):
        run = map_run(name)
        threshold = run.experiment.problem.penalty / run.experiment.problem.lipschitz
        for at, step in enumerate(run.steps):
            potentials = shown(run, at).points("code.potential")
            np.testing.assert_allclose(potentials[:, 0], np.arange(1, len(step.state.code) + 1))
            np.testing.assert_allclose(potentials[:, 1], step.state.potential, rtol=1e-6)
            np.testing.assert_allclose(soft_threshold(potentials[:, 1], threshold), step.state.code, atol=1e-6)
        assert {tuple(shown(run).trace(f"code.{name}")["y"]) for name in ("threshold", "lower threshold")} == {
            (threshold, threshold),
            (-threshold, -threshold),
        }
        assert np.count_nonzero(run.steps[1].state.potential) > np.count_nonzero(run.steps[1].state.code)
