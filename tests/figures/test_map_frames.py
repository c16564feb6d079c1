"""What the MAP page draws: plain data that Plotly accepts, whose numbers are the core's."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from em_core.observe.solving import PARTS, RACERS
from em_core.sparse_coding import SOLVERS, Problem, duality_gap, objective, soft_threshold
from em_core.sparse_coding.experiment import SparseCodingExperiment
from em_core.sparse_coding.experiment import run as replay
from figures.look import palette, wording
from tests.core.sparse_coding.sparse_cases import ACTIVE_SET, L1_SOLVERS, settle
from tests.figures.stage_replay import Shown, decode, numbers_in, painted
from ui.map.run import MapRun
from ui.map.settings import MapOverrides, MapSettings, for_signal

TOY, TOY3 = MapSettings(), MapSettings(signal="toy3")
PATCH, SPIKES = for_signal(TOY, "patch8"), for_signal(TOY, "spikes")
STEPS = 6
# every solver on the toy, and every kind of picture with some solver
CASES = {f"toy {name}": replace(TOY, solver=name, restart=name == "fista", atoms=2) for name in SOLVERS} | {
    "three atoms": TOY3,
    "three atoms, in turn": replace(TOY3, solver="coordinate_descent"),
    "patch": PATCH,
    "patch, in turn": replace(PATCH, solver="coordinate_descent"),
    "patch, lca": replace(PATCH, solver="lca"),
    "large patch": replace(for_signal(TOY, "patch16"), solver="fista"),
    "digit": replace(for_signal(TOY, "digit"), solver="homotopy"),
    "spikes": replace(SPIKES, solver="fista"),
    "zero is best": MapSettings(penalty=10.0),
    "dragged": MapSettings(solver="fista", overrides=MapOverrides(start={"code": [-0.5, 2.0]})),
    "plane, five atoms": TOY.with_dictionary(np.array([[1.0, 0, 0.6, 0.8, -0.6], [0, 1.0, 0.8, 0.6, 0.8]])),
    "plane, one atom": TOY.with_dictionary(np.array([[1.0], [0.5]])),
    "own dictionary": SPIKES.with_dictionary(np.eye(64)[:, :40]),
}
made: dict[str, MapRun] = {}


def cached(name):
    if name not in made:
        made[name] = MapRun.of(CASES[name], STEPS)
        made[name].frames()
    return made[name]


@pytest.fixture(scope="module", params=CASES)
def run(request):
    return cached(request.param)


def shown(run, at=-1):
    return Shown(run.scene.json, run.frames(), at)


def problem_of(run) -> Problem:
    return run.experiment.problem


def best_of(problem):
    """The optimum by another way than the page's: until the code no longer changes."""
    return settle(problem, "feature_sign").code


# --- form -------------------------------------------------------------------------------------------------------


def test_only_finite_numbers(run):
    """`Shown` reads strict JSON, where NaN and infinity do not exist; packed arrays hold breaks, no infinities."""
    inner = [frame for index in range(len(run)) for frame in run.inner(index)]
    for part in (run.scene.json, *run.frames(), *inner):
        assert all(math.isfinite(number) for number in numbers_in(decode(json.loads(json.dumps(part)))))
    for at in range(len(run)):
        shown(run, at)


# what a trace of each type may be given
ATTRIBUTES = {"scatter": {"x", "y"}, "heatmap": {"z"}, "contour": {"z"}}


def test_every_reference_exists(run):
    scene = run.scene.json
    keys = {key for frame in run.frames() for part in ("set", "append") for key in frame[part]}
    keys |= {key for index in range(len(run)) for frame in run.inner(index) for key in frame["set"]}
    for key in keys:
        figure, trace, attribute = key.split("/")
        assert int(trace) < len(scene["figures"][figure]["data"]), key
        assert attribute in ATTRIBUTES[scene["figures"][figure]["data"][int(trace)]["type"]], key
    for glide in scene["glide"]:
        figure, trace = glide.split("/")
        assert scene["figures"][figure]["data"][int(trace)]["type"] == "scatter"
    set_keys = {key for frame in run.frames() for key in frame["set"]}
    assert not set_keys & {key for frame in run.frames() for key in frame["append"]}
    ids = [view["id"] for view in scene["views"]]
    drawn = [figure["id"] for view in scene["views"] for figure in view["figures"]]
    assert sorted(drawn) == sorted(scene["figures"]) and len(set(ids)) == len(ids)
    for layout in scene["areas"].values():
        assert {name for row in layout for name in row.split()} == {view["area"] for view in scene["views"]}
    assert all(handle["figure"] in scene["figures"] for frame in run.frames() for handle in frame["handles"])


def test_every_slot_has_its_text_from_the_first_frame_on(run):
    scene = run.scene.json
    slots = {scene["caption"], *(item["slot"] for item in [*scene["equation"], *scene["metrics"]] if "slot" in item)}
    slots |= {view[key] for view in scene["views"] for key in ("note", "describe") if view.get(key)}
    assert slots <= set(run.frames()[0]["text"])
    lit = {term for frame in run.frames() for term in frame["lit"]}
    assert lit <= {item.get("id") for item in scene["equation"]}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_plotly_accepts_every_figure(run, theme):
    for at in (0, len(run) - 1):
        for figure in painted(shown(run, at).figures, palette.COLORS[theme]).values():
            go.Figure(figure)


def test_every_colour_that_is_named_exists(run):
    def names(value):
        if isinstance(value, dict):
            return {name for entry in value.values() for name in names(entry)}
        if isinstance(value, list):
            return {name for entry in value for name in names(entry)}
        return {value[1:]} if isinstance(value, str) and value.startswith("$") else set()

    assert names([run.scene.json, run.frames()]) <= palette.LIGHT.keys() & palette.DARK.keys()


# --- metrics, equation, words -----------------------------------------------------------------------------------


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
    problem = problem_of(run)
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
        assert f"{zeros} of {len(step.state.code)} coefficients are exactly 0" in frame["text"]["caption"]
        if step.gap > 1e-9:
            assert wording.number(step.gap, 6) in frame["text"]["caption"]
        used = np.flatnonzero(step.state.code)
        for k in used[:3]:
            assert f"h{k + 1} = {step.state.code[k]:.4g}" in frame["text"]["describe"]


# --- the code, its path and the shrink --------------------------------------------------------------------------


def test_stems_are_the_code(run):
    for at, step in enumerate(run.steps):
        code = step.state.code
        used = np.flatnonzero(code)
        stems, heads = shown(run, at).points("code", 0), shown(run, at).points("code", 1)
        np.testing.assert_allclose(heads, np.column_stack([used + 1, code[used]]).reshape(-1, 2), rtol=1e-6)
        np.testing.assert_allclose(stems[0::2], np.column_stack([used + 1, 0 * used]).reshape(-1, 2))
        np.testing.assert_allclose(stems[1::2], heads)


def test_rings_stand_at_the_most_likely_code(run):
    problem, best = problem_of(run), np.zeros(problem_of(run).n_atoms)
    for place, value in shown(run).points("code", 2):
        best[int(place) - 1] = value
    least = objective(problem, best_of(problem))
    assert objective(problem, best) <= least + 1e-10 * max(1, least)
    assert duality_gap(problem, best) <= 1e-9 * max(1, least)


def test_the_path_is_exact_wherever_it_is_drawn_and_linear_between(run):
    """Re-solved at some of its places and half-way between neighbours, at the λ that the picture has there."""
    problem, found = problem_of(run), shown(run)
    x, y = (np.array(found.trace("path", 0)[axis], float) for axis in "xy")
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
        assert set(found.trace("path", 1)["x"]) == {run.experiment.problem.penalty}
        code = step.state.code
        penalty = getattr(step.state, "penalty", run.experiment.problem.penalty)
        np.testing.assert_allclose(found.points("path", 2)[:, 1], code[code != 0], rtol=1e-6)
        assert set(found.points("path", 2)[:, 0]) <= {penalty}
    low, high = shown(run).figures["path"]["layout"]["xaxis"]["range"]
    assert low <= math.log10(run.experiment.problem.penalty) <= high


def test_homotopys_points_ride_on_the_path():
    for name in ("toy homotopy", "digit"):
        run = cached(name)
        for step in run.steps:
            penalty = min(step.state.penalty, problem_of(run).lambda_max)
            np.testing.assert_allclose(run.scene.background.path.at(penalty), step.state.code, atol=1e-9)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.solver in (*PARTS, "lca")])
def test_coefficients_lie_on_the_shrink_curve(name):
    run = cached(name)
    for at in range(1 if CASES[name].solver in PARTS else 0, len(run)):
        found = shown(run, at)
        points, curve = found.points("shrink", 2), found.points("shrink", 1)
        threshold = curve[2, 0]
        np.testing.assert_allclose(points[:, 1], np.interp(points[:, 0], *curve.T), atol=1e-6)
        np.testing.assert_allclose(curve[:, 1], soft_threshold(curve[:, 0], threshold), rtol=1e-12)
        np.testing.assert_allclose(points[:, 1], run.steps[at].state.code, atol=1e-6)
        lipschitz, stride = problem_of(run).lipschitz, CASES[name].stride
        assert threshold == pytest.approx(problem_of(run).penalty / lipschitz * stride)


@pytest.mark.parametrize("solver", [name for name in L1_SOLVERS if name not in (*PARTS, "lca")])
def test_the_other_solvers_reach_the_curve_exactly_at_the_optimum(solver):
    run = MapRun.of(replace(PATCH, solver=solver, number=5))
    away = []
    for at in (0, "end"):
        while at and run.ended is None:
            run.ahead()
        found = shown(run)
        points = found.points("shrink", 2)
        away.append(np.abs(points[:, 1] - np.interp(points[:, 0], *found.points("shrink", 1).T)).max())
    assert run.ended and away[0] > 0.1 and away[1] < 1e-5


def test_lca_shows_potentials_and_what_they_give():
    for name in ("toy lca", "patch, lca"):
        run = cached(name)
        threshold = problem_of(run).penalty / problem_of(run).lipschitz
        for at, step in enumerate(run.steps):
            potentials = shown(run, at).points("code", 3)
            np.testing.assert_allclose(potentials[:, 0], np.arange(1, len(step.state.code) + 1))
            np.testing.assert_allclose(potentials[:, 1], step.state.potential, rtol=1e-6)
            np.testing.assert_allclose(soft_threshold(potentials[:, 1], threshold), step.state.code, atol=1e-6)
        assert {tuple(shown(run).trace("code", trace)["y"]) for trace in (4, 5)} == {
            (threshold, threshold),
            (-threshold, -threshold),
        }
        assert np.count_nonzero(run.steps[1].state.potential) > np.count_nonzero(run.steps[1].state.code)


# --- the landscape ----------------------------------------------------------------------------------------------

DRAWN = [name for name in CASES if name.startswith(("toy", "three", "zero", "dragged"))]


def heights(run):
    contour = shown(run).trace("picture", 0)
    return np.array(contour["x"]), np.array(contour["y"]), np.array(contour["z"])


@pytest.mark.parametrize("name", DRAWN)
def test_contours_are_the_objective(name):
    """They show the root of objective − optimum, as the docstring says, to five decimals."""
    run, rng = cached(name), np.random.default_rng(0)
    problem, (x, y, z) = problem_of(run), heights(run)
    least = objective(problem, best_of(problem))
    for row, column in rng.integers(0, len(x), (30, 2)):
        place = np.array([x[column], y[row]])
        if problem.n_atoms == 3:
            # h₃ at its best: no other does better
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
    run = cached(name)
    x, y, z = heights(run)
    (star,) = shown(run).points("picture", 5)
    row, column = np.unravel_index(z.argmin(), z.shape)
    assert abs(x[column] - star[0]) <= x[1] - x[0] and abs(y[row] - star[1]) <= y[1] - y[0]
    np.testing.assert_allclose(star, best_of(problem_of(run))[:2], atol=1e-7)
    for place, axis in zip(star, (x, y), strict=True):
        assert axis[0] < place < axis[-1]


@pytest.mark.parametrize("name", DRAWN)
def test_the_way_goes_through_every_code_and_its_two_parts(name):
    run = cached(name)
    found, codes = shown(run), np.array([step.state.code[:2] for step in run.steps])
    np.testing.assert_array_equal(found.points("picture", 4), codes)
    np.testing.assert_array_equal(found.points("picture", 6), codes[-1:])
    ahead, moved, shrunk = (found.points("picture", trace).reshape(-1, 2, 2) for trace in (1, 2, 3))
    if CASES[name].solver not in PARTS:
        assert not len(ahead) + len(moved) + len(shrunk)
        return
    np.testing.assert_array_equal(ahead[:, 0], codes[:-1])
    np.testing.assert_array_equal(ahead[:, 1], moved[:, 0])
    np.testing.assert_array_equal(moved[:, 1], shrunk[:, 0])
    np.testing.assert_array_equal(shrunk[:, 1], codes[1:])
    if CASES[name].solver == "ista":
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
    places = shown(run).points("picture", 4)
    if solver == "ista":
        places = np.vstack([places, shown(run).points("picture", 2)])
    assert ((places > [left, bottom]) & (places < [right, top])).all()
    if solver in (*PARTS, "lca", "omp", "homotopy"):  # the others may overshoot for a moment
        low, high = run.scene.json["figures"]["code"]["layout"]["yaxis"]["range"]
        assert all(low < step.state.code.min() and step.state.code.max() < high for step in run.steps)


# --- signal and atoms -------------------------------------------------------------------------------------------


def test_the_signal_is_what_the_code_makes_and_what_is_left(run):
    problem, signal = problem_of(run), run.scene.signal
    for at, step in enumerate(run.steps):
        found = shown(run, at)
        made = problem.dictionary @ step.state.code + np.asarray(problem.offset)
        if signal.kind == "plane":
            (v,) = found.points("signal", 3)
            np.testing.assert_array_equal(v, problem.signal)
            np.testing.assert_allclose(found.points("signal", 2)[0], made, atol=1e-12)
            chain = found.points("signal", 0)
            np.testing.assert_allclose(chain[-1], made, atol=1e-12)
            np.testing.assert_allclose(np.diff(chain, axis=0), (problem.dictionary * step.state.code).T, atol=1e-12)
            np.testing.assert_allclose(found.points("signal", 1), [made, problem.signal], atol=1e-12)
            continue
        attribute = "y" if signal.kind == "curve" else "z"
        v, wh, left = (np.array(found.trace("signal", trace)[attribute]) for trace in range(3))
        for drawn, exact in ((v, problem.signal), (wh, made), (left, problem.signal - made)):
            np.testing.assert_allclose(drawn, exact, atol=1e-5)
    if signal.kind == "image":
        assert shown(run).scene["figures"]["signal"]["data"][0]["z"]["shape"] == "{}, {}".format(*signal.shape)


@pytest.mark.parametrize("name", ["patch", "large patch", "digit"])
def test_tiles_are_the_atoms_tinted_by_their_use(name):
    run = cached(name)
    found, problem = shown(run), problem_of(run)
    side = run.scene.signal.shape[0]
    rows, columns = (int(part) for part in found.scene["figures"]["picture"]["data"][0]["z"]["shape"].split(", "))
    picture = np.array(found.trace("picture", 0)["z"]).reshape(rows, columns)
    across = columns // (side + 1)
    tint = np.array(found.trace("picture", 1)["z"])
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
    run = cached(name)
    for at, step in enumerate(run.steps):
        assert shown(run, at).trace("picture", 1)["x"] == np.flatnonzero(step.state.code).tolist()


# --- distance, certificate, race --------------------------------------------------------------------------------


def test_the_certificate_lies_above_the_distance(run):
    found, least = shown(run), objective(problem_of(run), best_of(problem_of(run)))
    distance, gap = found.points("progress", 0), found.points("progress", 1)
    assert len(distance) == len(gap) == len(run) - 1
    # both end at the level of rounding
    assert (gap[:, 1] >= distance[:, 1] - 2e-15 * max(1, least)).all()
    exact = [step.objective - least for step in run.steps[1:]]
    np.testing.assert_allclose(distance[:, 1], np.maximum(exact, 0), rtol=1e-9, atol=3e-15 * max(1, least))
    np.testing.assert_allclose(gap[:, 1], [step.gap for step in run.steps[1:]], rtol=1e-12, atol=2e-15 * max(1, least))
    support = found.points("support", 0)
    np.testing.assert_array_equal(support[:, 1], [np.count_nonzero(step.state.code) for step in run.steps])


GUIDED = {
    "ista": (TOY, 2), "ista, short steps": (replace(TOY, stride=0.05), 2), "ista, patch": (PATCH, 2),
    "ista, dragged": (replace(TOY, overrides=MapOverrides(start={"code": [2.5, -2.0]})), 2),
    "fista": (replace(TOY, solver="fista"), 3), "fista, patch": (replace(PATCH, solver="fista"), 3),
    "fista, short steps": (replace(PATCH, solver="fista", stride=0.05), 3),
}  # fmt: skip


@pytest.mark.parametrize("settings, guide", GUIDED.values(), ids=GUIDED)
def test_guides_are_upper_bounds(settings, guide):
    """ISTA stays below O(1/k), FISTA below O(1/k²): theorems 3.1 and 4.4 of Beck and Teboulle."""
    run = MapRun.of(settings, 60)
    found = shown(run)
    distance, bound = found.points("progress", 0), found.points("progress", guide)
    # straight lines between the drawn places lie above a convex curve
    allowed = np.exp(np.interp(np.log(distance[:, 0]), np.log(bound[:, 0]), np.log(bound[:, 1])))
    assert (distance[:, 1] <= allowed * (1 + 1e-6) + 1e-14).all()


def test_race_lines_run_down_to_the_optimum(run):
    found, background = shown(run), run.scene.background
    for i, name in enumerate(RACERS):
        for figure in ("race", "work"):
            line = found.points(figure, i)
            assert (line > 0).all() and found.trace(figure, i)["name"] == SOLVERS[name].title
            if len(line):
                assert (np.diff(line[:, 0]) > 0).all()
        heights, work = background.race[name]
        np.testing.assert_allclose(found.points("race", i)[:, 1], heights[1:], rtol=1e-5)
        if name in ACTIVE_SET and len(line):
            assert heights[-1] <= 1e-12 * max(1, background.least)
    assert len(found.figures["race"]["data"]) == len(RACERS) + 1


def test_on_the_toy_every_racer_but_the_slow_one_arrives():
    """LCA's default time step is a tenth of ISTA's step."""
    background = cached("toy ista").scene.background
    for name, (heights, _) in background.race.items():
        assert heights[-1] <= (1e-3 if name == "lca" else 1e-12), name


def test_the_ring_is_where_the_run_is(run):
    for at, step in enumerate(run.steps):
        found = shown(run, at)
        distance = max(step.objective - run.scene.background.least, run.scene.background.rounding)
        rings = {"progress": (4, step.index), "race": (len(RACERS), step.index)}
        for figure, (trace, place) in rings.items():
            ring = found.trace(figure, trace)
            assert ring["x"][0] == (place or None) and ring["y"][0] == distance
        assert found.trace("work", len(RACERS))["x"] == [step.state.multiplications or None]
        assert found.trace("support", 1)["x"] == [step.index]


# --- within a step ----------------------------------------------------------------------------------------------

INNER = [
    name for name, case in CASES.items() if case.solver in (*PARTS, "coordinate_descent") and name != "zero is best"
]


@pytest.mark.parametrize("name", INNER)
def test_inner_frames_go_from_the_code_before_to_this_one(name):
    run = cached(name)
    at = min(3, len(run) - 1)
    stops, frames = run.scene.json["inner"]["stops"], run.inner(at)
    assert len(stops) == len(frames) and run.frames()[at]["inner_at"] == stops[-1] and run.inner(0) == []
    before, after, home = shown(run, at - 1), shown(run, at), shown(run, at).over(frames[-1])
    for figure, trace in (("code", 1), ("signal", 2), ("shrink", 2)):
        for axis in "xyz":
            if axis in home.trace(figure, trace):
                for one, other in zip(home.trace(figure, trace)[axis], after.trace(figure, trace)[axis], strict=True):
                    assert one == pytest.approx(other, rel=1e-6, abs=1e-6)
    for slot, value in after.value.items():
        assert home.value[slot] == pytest.approx(value, rel=1e-9, abs=1e-12), slot
    assert {slot: home.text[slot] for slot in home.value} == {slot: after.text[slot] for slot in home.value}
    first = shown(run, at).over(frames[0])
    ahead = run.steps[at].before.ahead if CASES[name].solver == "fista" else run.steps[at].before.code
    drawn = np.zeros(len(ahead))
    for place, value in first.points("code", 1):
        drawn[int(place) - 1] = value
    np.testing.assert_allclose(drawn, ahead, atol=1e-6)
    if CASES[name].solver != "fista":  # FISTA starts from the point thrown ahead
        assert first.value == pytest.approx(before.value, rel=1e-9)


@pytest.mark.parametrize("name", INNER)
def test_numbers_within_a_step_belong_to_the_code_that_is_drawn(name):
    run = cached(name)
    at, problem = min(2, len(run) - 1), problem_of(run)
    for inner in run.inner(at)[:: max(1, len(run.inner(at)) // 8)]:
        found = shown(run, at).over(inner)
        code = np.zeros(problem.n_atoms)
        for place, value in found.points("code", 1):
            code[int(place) - 1] = value
        assert found.value["metric.objective"] == pytest.approx(objective(problem, code), rel=1e-5)
        assert found.value["metric.gap"] == pytest.approx(duality_gap(problem, code), rel=1e-3, abs=1e-4)
        assert found.value["metric.support"] == np.count_nonzero(code)


def test_half_way_stands_the_gradient_step():
    run = cached("toy ista")
    middle = run.scene.json["inner"]["stops"].index(1.0)
    found = shown(run, 2).over(run.inner(2)[middle])
    parts = PARTS["ista"](problem_of(run), run.steps[2].before)
    np.testing.assert_allclose(found.points("picture", 6)[0], parts.moved[:2])
    points = found.points("shrink", 2)
    np.testing.assert_allclose(points[:, 0], points[:, 1])  # not shrunk yet: on the straight line
    after = shown(run, 2).over(run.inner(2)[middle + 5]).points("shrink", 2)
    np.testing.assert_allclose(after[:, 0], parts.moved, rtol=1e-6)
    np.testing.assert_allclose(after[:, 1], (parts.moved + parts.shrunk) / 2, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["toy coordinate_descent", "three atoms, in turn", "patch, in turn"])
def test_coordinate_descent_goes_one_by_one(name):
    run = cached(name)
    frames, stops = run.inner(1), run.scene.json["inner"]["stops"]
    codes = []
    for inner in frames:
        found = shown(run, 1).over(inner)
        code = np.zeros(problem_of(run).n_atoms)
        for place, value in found.points("code", 1):
            code[int(place) - 1] = value
        codes.append(code)
    assert stops == list(range(problem_of(run).n_atoms + 1))
    for k, (one, other) in enumerate(zip(codes, codes[1:], strict=False)):
        assert set(np.flatnonzero(np.abs(one - other) > 1e-6)) <= {k}  # stop k + 1 has set coefficient k, no other
    costs = [inner["value"]["metric.objective"] for inner in frames]
    assert all(b <= a * (1 + 1e-12) for a, b in zip(costs, costs[1:], strict=False)) and costs[-1] < costs[0]


def test_solvers_without_parts_have_no_scrubber():
    for solver in set(SOLVERS) - {*PARTS, "coordinate_descent"}:
        run = cached(f"toy {solver}")
        assert run.scene.json["inner"] is None and run.inner(1) == [] and run.frames()[1]["inner_at"] is None
