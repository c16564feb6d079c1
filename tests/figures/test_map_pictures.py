"""The page *MAP inference* in pictures: the landscape, the signal, the atoms."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from em_core.observe.solving import PARTS
from em_core.sparse_coding import SOLVERS, objective
from tests.core.sparse_coding.sparse_cases import settle
from tests.figures.runs import MAP, TOY, TOY3, map_dealt, map_run, shown
from ui.map.run import MapRun
from ui.map.settings import MapSettings


@pytest.fixture(scope="module", params=map_dealt(0))
def run(request):
    return map_run(request.param)


def best_of(problem):
    """The optimum by another way than the page's: until the code no longer changes."""
    return settle(problem, "feature_sign").code


def packed(run, figure, trace):
    """The z of a picture as it is sent."""
    (found,) = (each for each in run.scene.json["figures"][figure]["data"] if each["meta"] == trace)
    return found["z"]


DRAWN = [name for name in MAP if name.startswith(("toy", "three", "zero", "dragged"))]


def heights(run):
    contour = shown(run).trace("picture.contours")
    return np.array(contour["x"]), np.array(contour["y"]), np.array(contour["z"])


@pytest.mark.parametrize("name", DRAWN)
def test_contours_are_the_objective(name):
    """They show the root of objective − optimum, as the docstring says, to five decimals."""
    run, rng = map_run(name), np.random.default_rng(0)
    problem, (x, y, z) = run.experiment.problem, heights(run)
    least = objective(problem, best_of(problem))
    for row, column in rng.integers(0, len(x), (30, 2)):
        place = np.array([x[column], y[row]])
        if problem.n_atoms == 3:
            # minimised over h₃: no other does better
            third = np.linspace(-6, 6, 20_001)
            codes = np.column_stack([np.broadcast_to(place, (len(third), 2)), third])
            left = problem.target - codes @ problem.dictionary.T
            costs = problem.precision / 2 * (left**2).sum(1) + problem.penalty * np.abs(codes).sum(1)
            assert z[row, column] ** 2 + least <= costs.min() + 1e-4
            assert z[row, column] ** 2 + least == pytest.approx(costs.min(), abs=1e-3)
        else:
            assert z[row, column] == pytest.approx(math.sqrt(max(objective(problem, place) - least, 0)), abs=1.1e-5)


@pytest.mark.parametrize("name", DRAWN)
def test_the_star_is_the_lowest_place(name):
    run = map_run(name)
    x, y, z = heights(run)
    (star,) = shown(run).points("picture.optimum")
    row, column = np.unravel_index(z.argmin(), z.shape)
    assert abs(x[column] - star[0]) <= x[1] - x[0] and abs(y[row] - star[1]) <= y[1] - y[0]
    np.testing.assert_allclose(star, best_of(run.experiment.problem)[:2], atol=1e-7)
    for place, axis in zip(star, (x, y), strict=True):
        assert axis[0] < place < axis[-1]


@pytest.mark.parametrize("name", DRAWN)
def test_the_way_goes_through_every_code_and_its_two_parts(name):
    run = map_run(name)
    found, codes = shown(run), np.array([step.state.code[:2] for step in run.steps])
    np.testing.assert_array_equal(found.points("picture.way"), codes)
    np.testing.assert_array_equal(found.points("picture.here"), codes[-1:])
    ahead, moved, shrunk = (found.points(f"picture.{part}").reshape(-1, 2, 2) for part in ("ahead", "moved", "shrunk"))
    if MAP[name].solver not in PARTS:
        assert not len(ahead) + len(moved) + len(shrunk)
        return
    np.testing.assert_array_equal(ahead[:, 0], codes[:-1])
    np.testing.assert_array_equal(ahead[:, 1], moved[:, 0])
    np.testing.assert_array_equal(moved[:, 1], shrunk[:, 0])
    np.testing.assert_array_equal(shrunk[:, 1], codes[1:])
    if MAP[name].solver == "ista":
        np.testing.assert_array_equal(ahead[:, 0], ahead[:, 1])
    elif len(run) > 3:
        assert np.abs(ahead[:, 0] - ahead[:, 1]).max() > 0.01


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("settings", [TOY, TOY3, MapSettings(v1=-2.0, v2=1.0, angle=120.0)], ids=["2", "3", "wide"])
def test_codes_and_gradient_steps_stay_on_the_picture(settings, solver):
    """FISTA may be thrown ahead beyond it."""
    run = MapRun.of(replace(settings, solver=solver), 8)
    axes = run.scene.json["figures"]["picture"]["layout"]
    (left, right), (bottom, top) = axes["xaxis"]["range"], axes["yaxis"]["range"]
    places = shown(run).points("picture.way")
    if solver == "ista":
        places = np.vstack([places, shown(run).points("picture.moved")])
    assert ((places > [left, bottom]) & (places < [right, top])).all()
    if solver in (*PARTS, "lca", "omp", "homotopy"):  # the others may overshoot for a moment
        low, high = run.scene.json["figures"]["code"]["layout"]["yaxis"]["range"]
        assert all(low < step.state.code.min() and step.state.code.max() < high for step in run.steps)


# --- signal and atoms --------------------------------------------------------------------------------------------


def test_the_signal_is_what_the_code_makes_and_what_is_left(run):
    problem, signal = run.experiment.problem, run.scene.signal
    for at, step in enumerate(run.steps):
        found = shown(run, at)
        made = problem.dictionary @ step.state.code + np.asarray(problem.offset)
        if signal.kind == "plane":
            (v,) = found.points("signal.signal")
            np.testing.assert_array_equal(v, problem.signal)
            np.testing.assert_allclose(found.points("signal.sum")[0], made, atol=1e-12)
            chain = found.points("signal.chain")
            np.testing.assert_allclose(chain[-1], made, atol=1e-12)
            np.testing.assert_allclose(np.diff(chain, axis=0), (problem.dictionary * step.state.code).T, atol=1e-12)
            np.testing.assert_allclose(found.points("signal.residual"), [made, problem.signal], atol=1e-12)
            continue
        attribute = "y" if signal.kind == "curve" else "z"
        v, wh, left = (np.array(found.trace(f"signal.{name}")[attribute]) for name in ("signal", "sum", "residual"))
        for drawn, exact in ((v, problem.signal), (wh, made), (left, problem.signal - made)):
            np.testing.assert_allclose(drawn, exact, atol=1e-5)
    if signal.kind == "image":
        assert packed(run, "signal", "signal")["shape"] == "{}, {}".format(*signal.shape)


@pytest.mark.parametrize("name", ["patch", "large patch", "digit"])
def test_tiles_are_the_atoms_tinted_by_their_use(name):
    run = map_run(name)
    found, problem = shown(run), run.experiment.problem
    side = run.scene.signal.shape[0]
    rows, columns = (int(part) for part in packed(run, "picture", "atoms")["shape"].split(", "))
    picture = np.array(found.trace("picture.atoms")["z"]).reshape(rows, columns)
    across = (columns + 1) // (side + 1)
    tint = np.array(found.trace("picture.used")["z"])
    best = best_of(problem)
    for k in (0, 7, problem.n_atoms - 1):
        top, left = (part * (side + 1) for part in divmod(k, across))
        tile = picture[top : top + side, left : left + side].ravel()
        atom = problem.dictionary[:, k]
        np.testing.assert_allclose(tile, atom / np.abs(atom).max(), atol=1e-5)
    code = run.steps[-1].state.code
    expected = np.abs(code) / (np.abs(best).max() or 1)
    np.testing.assert_allclose(np.nan_to_num(tint[: len(code)]), expected, atol=1e-5)
    assert np.isnan(tint[len(code) :]).all() and np.isnan(tint[: len(code)][code == 0]).all()


@pytest.mark.parametrize("name", ["spikes", "own dictionary", "plane, five atoms", "plane, one atom"])
def test_marks_stand_over_the_columns_in_use(name):
    run = map_run(name)
    for at, step in enumerate(run.steps):
        assert shown(run, at).trace("picture.used")["x"] == np.flatnonzero(step.state.code).tolist()
