"""The page *MAP inference* on its way: distance, certificate, guides and the race."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from em_core.observe.solving import RACERS
from em_core.sparse_coding import SOLVERS, objective
from tests.core.sparse_coding.sparse_cases import ACTIVE_SET, settle
from tests.figures.runs import PATCH, TOY, map_dealt, map_run, shown
from ui.map.run import MapRun
from ui.map.settings import MapOverrides


@pytest.fixture(scope="module", params=map_dealt(2))
def run(request):
    return map_run(request.param)


def best_of(problem):
    """The optimum by another way than the page's: until the code no longer changes."""
    return settle(problem, "feature_sign").code


def test_the_certificate_lies_above_the_distance(run):
    found, least = shown(run), objective(run.experiment.problem, best_of(run.experiment.problem))
    distance, gap = found.points("progress.objective"), found.points("progress.gap")
    assert len(distance) == len(gap) == len(run) - 1
    # both end at the level of rounding
    assert (gap[:, 1] >= distance[:, 1] - 2e-15 * max(1, least)).all()
    exact = [step.objective - least for step in run.steps[1:]]
    np.testing.assert_allclose(distance[:, 1], np.maximum(exact, 0), rtol=1e-9, atol=3e-15 * max(1, least))
    np.testing.assert_allclose(
        gap[:, 1], [step.duality_gap for step in run.steps[1:]], rtol=1e-12, atol=2e-15 * max(1, least)
    )
    support = found.points("support.support")
    np.testing.assert_array_equal(support[:, 1], [np.count_nonzero(step.state.code) for step in run.steps])


GUIDED = {
    "ista": (TOY, "ista"), "ista, short steps": (replace(TOY, stride=0.05), "ista"), "ista, patch": (PATCH, "ista"),
    "ista, dragged": (replace(TOY, overrides=MapOverrides(start={"code": [2.5, -2.0]})), "ista"),
    "fista": (replace(TOY, solver="fista"), "fista"), "fista, patch": (replace(PATCH, solver="fista"), "fista"),
    "fista, short steps": (replace(PATCH, solver="fista", stride=0.05), "fista"),
}  # fmt: skip


@pytest.mark.parametrize("settings, guide", GUIDED.values(), ids=GUIDED)
def test_guides_are_upper_bounds(settings, guide):
    """ISTA stays below O(1/k), FISTA below O(1/k²): theorems 3.1 and 4.4 of Beck and Teboulle."""
    run = MapRun.of(settings, 60)
    found = shown(run)
    distance, bound = found.points("progress.objective"), found.points(f"progress.{guide}")
    # straight lines between the drawn places lie above a convex curve
    allowed = np.exp(np.interp(np.log(distance[:, 0]), np.log(bound[:, 0]), np.log(bound[:, 1])))
    assert (distance[:, 1] <= allowed * (1 + 1e-6) + 1e-14).all()


def test_race_lines_run_down_to_the_optimum(run):
    found, background = shown(run), run.scene.background
    for name in RACERS:
        for figure in ("race", "work"):
            line = found.points(f"{figure}.{name}")
            assert (line > 0).all() and found.trace(f"{figure}.{name}")["name"] == SOLVERS[name].title
            if len(line):
                assert (np.diff(line[:, 0]) > 0).all()
        heights, work = background.race[name]
        np.testing.assert_allclose(found.points(f"race.{name}")[:, 1], heights[1:], rtol=1e-5)
        if name in ACTIVE_SET and len(line):
            assert heights[-1] <= 1e-12 * max(1, background.least)
    assert len(found.figures["race"]["data"]) == len(RACERS) + 1


def test_on_the_toy_every_racer_but_the_slow_one_arrives():
    """LCA's default time step is a tenth of ISTA's step."""
    background = map_run("toy ista").scene.background
    for name, (heights, _) in background.race.items():
        assert heights[-1] <= (1e-3 if name == "lca" else 1e-12), name


def test_the_ring_is_where_the_run_is(run):
    for at, step in enumerate(run.steps):
        found = shown(run, at)
        distance = max(step.objective - run.scene.background.least, run.scene.background.rounding)
        for figure in ("progress", "race"):
            ring = found.trace(f"{figure}.here")
            assert ring["x"][0] == (step.index or None) and ring["y"][0] == distance
        assert found.trace("work.here")["x"] == [step.state.multiplications or None]
        assert found.trace("support.here")["x"] == [step.index]


def test_what_arrives_at_the_first_step_is_in_the_picture(run):
    """Off the edge; and racers that arrive together stand around each other."""
    found = shown(run)
    for figure in ("progress", "race"):
        assert found.figures[figure]["layout"]["xaxis"]["range"][0] < 0
    at_once: dict = {}
    for name in RACERS:
        trace = found.trace(f"race.{name}")
        if len(trace["x"]) == 1:
            at_once.setdefault(trace["x"][0], []).append(trace["marker"]["size"])
    for sizes in at_once.values():
        assert len(set(sizes)) == len(sizes) and sizes == sorted(sizes, reverse=True)
