"""The page *MAP inference* within a step: the finer frames from one code to the next."""

from __future__ import annotations

import numpy as np
import pytest

from em_core.observe.solving import PARTS
from em_core.sparse_coding import SOLVERS, duality_gap, objective
from tests.figures.runs import MAP, map_run, shown

INNER = [name for name, case in MAP.items() if case.solver in (*PARTS, "coordinate_descent") and name != "zero is best"]


@pytest.mark.parametrize("name", INNER)
def test_inner_frames_go_from_the_code_before_to_this_one(name):
    run = map_run(name)
    at = min(3, len(run) - 1)
    stops, frames = run.scene.json["inner"]["stops"], run.inner(at)
    assert len(stops) == len(frames) and run.frames()[at]["inner_at"] == stops[-1] and run.inner(0) == []
    before, after, home = shown(run, at - 1), shown(run, at), shown(run, at).over(frames[-1])
    for trace in ("code.heads", "signal.residual", "shrink.coefficients"):
        for axis in "xyz":
            if axis in home.trace(trace):
                for one, other in zip(home.trace(trace)[axis], after.trace(trace)[axis], strict=True):
                    assert one == pytest.approx(other, rel=1e-6, abs=1e-6)
    for slot, value in after.value.items():
        assert home.value[slot] == pytest.approx(value, rel=1e-9, abs=1e-12), slot
    assert {slot: home.text[slot] for slot in home.value} == {slot: after.text[slot] for slot in home.value}
    first = shown(run, at).over(frames[0])
    ahead = run.steps[at].before.ahead if MAP[name].solver == "fista" else run.steps[at].before.code
    drawn = np.zeros(len(ahead))
    for place, value in first.points("code.heads"):
        drawn[int(place) - 1] = value
    np.testing.assert_allclose(drawn, ahead, atol=1e-6)
    if MAP[name].solver != "fista":  # FISTA starts from the point thrown ahead
        assert first.value == pytest.approx(before.value, rel=1e-9)


@pytest.mark.parametrize("name", INNER)
def test_numbers_within_a_step_belong_to_the_code_that_is_drawn(name):
    run = map_run(name)
    at, problem = min(2, len(run) - 1), run.experiment.problem
    for inner in run.inner(at)[:: max(1, len(run.inner(at)) // 8)]:
        found = shown(run, at).over(inner)
        code = np.zeros(problem.n_atoms)
        for place, value in found.points("code.heads"):
            code[int(place) - 1] = value
        assert found.value["metric.objective"] == pytest.approx(objective(problem, code), rel=1e-5)
        assert found.value["metric.gap"] == pytest.approx(duality_gap(problem, code), rel=1e-3, abs=1e-4)
        assert found.value["metric.support"] == np.count_nonzero(code)


def test_half_way_stands_the_gradient_step():
    run = map_run("toy ista")
    middle = run.scene.json["inner"]["stops"].index(1.0)
    found = shown(run, 2).over(run.inner(2)[middle])
    parts = PARTS["ista"](run.experiment.problem, run.steps[2].before)
    np.testing.assert_allclose(found.points("picture.here")[0], parts.moved[:2])
    points = found.points("shrink.coefficients")
    np.testing.assert_allclose(points[:, 0], points[:, 1])  # not shrunk yet: on the straight line
    after = shown(run, 2).over(run.inner(2)[middle + 5]).points("shrink.coefficients")
    np.testing.assert_allclose(after[:, 0], parts.moved, rtol=1e-6)
    np.testing.assert_allclose(after[:, 1], (parts.moved + parts.shrunk) / 2, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["toy coordinate_descent", "three atoms, in turn", "patch, in turn"])
def test_coordinate_descent_goes_one_by_one(name):
    run = map_run(name)
    frames, stops = run.inner(1), run.scene.json["inner"]["stops"]
    codes = []
    for inner in frames:
        found = shown(run, 1).over(inner)
        code = np.zeros(run.experiment.problem.n_atoms)
        for place, value in found.points("code.heads"):
            code[int(place) - 1] = value
        codes.append(code)
    assert stops == list(range(run.experiment.problem.n_atoms + 1))
    for k, (one, other) in enumerate(zip(codes, codes[1:], strict=False)):
        assert set(np.flatnonzero(np.abs(one - other) > 1e-6)) <= {k}  # stop k + 1 has set coefficient k, no other
    costs = [inner["value"]["metric.objective"] for inner in frames]
    assert all(b <= a * (1 + 1e-12) for a, b in zip(costs, costs[1:], strict=False)) and costs[-1] < costs[0]


def test_solvers_without_parts_have_no_scrubber():
    for solver in set(SOLVERS) - {*PARTS, "coordinate_descent"}:
        run = map_run(f"toy {solver}")
        assert run.scene.json["inner"] is None and run.inner(1) == [] and run.frames()[1]["inner_at"] is None
