"""Inside a step on the page *MAP inference*: what each beat draws and says, over the frame before the step."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from em_core.observe.beats import solvers as core
from em_core.sparse_coding import SOLVERS, objective
from figures.map.inside import words
from tests.figures.runs import PATCH, SPIKES, TOY, TOY3
from tests.figures.stage_replay import Shown
from ui.map.run import MapRun

SHOWN = [name for name in SOLVERS if core.shown(name)]
KINDS = {
    "toy": replace(TOY, penalty=0.3),
    "three": replace(TOY3, penalty=0.2),
    "patch": PATCH,
    "spikes": SPIKES,
}
SETTINGS = {
    f"{kind}, {name}": replace(settings, solver=name, dt=0.6, restart=name == "fista")
    for kind, settings in KINDS.items()
    for name in SHOWN
    if kind != "spikes" or name == "coordinate_descent"
}
AT = 1
_MADE: dict[str, MapRun] = {}


def made(name):
    if name not in _MADE:
        _MADE[name] = MapRun.of(SETTINGS[name], AT + 1)
        _MADE[name].frames()
    return _MADE[name]


def inside(run, unit=None):
    """The beats as the core has them, and what the stage shows at each."""
    chosen, units, told, why = run.beats(AT + 1, unit)
    step = run.steps[AT + 1]
    found = core.beats(run.experiment.problem, run.experiment.solver, step.before, step.state, chosen)
    assert len(found) == len(told) > 0 and why == "" and 0 <= chosen < units
    before = lambda: Shown(run.scene.json, run.frames(), AT)  # noqa: E731
    return found, told, [before().over(each) for each in told]


@pytest.mark.parametrize("name", SETTINGS)
def test_after_the_last_beat_all_stands_as_the_step_leaves_it(name):
    run = made(name)
    found, _, shown = inside(run)
    end, last = Shown(run.scene.json, run.frames(), AT + 1), shown[-1]
    assert {key: last.value[key] for key in end.value} == end.value
    for slot in ("metric.objective", "metric.gap", "metric.support", "equation.fit", "equation.penalty"):
        assert last.text[slot] == end.text[slot]
    same = ["code.heads", "path.here"]
    same += ["picture.here"] if run.scene._picture.is_drawn else ["picture.used"] if "patch" in name else []
    for address in same:
        for axis in ("x", "y", "z"):
            assert last.trace(address).get(axis) == pytest.approx(end.trace(address).get(axis), nan_ok=True), address
    if run.scene.signal.kind == "plane":
        np.testing.assert_array_equal(last.points("signal.sum"), end.points("signal.sum"))
    assert np.array_equal(found[-1].state.code, run.steps[AT + 1].state.code)


@pytest.mark.parametrize("name", SETTINGS)
def test_each_beat_says_the_number_that_the_core_found(name):
    run = made(name)
    found, told, shown = inside(run)
    for number, (beat, json_, there) in enumerate(zip(found, told, shown, strict=True)):
        k = beat.at["unit"]
        if beat.what == "residual":
            exact = np.sqrt(sum(beat.found**2))
        else:
            exact = beat.found[k] if np.ndim(beat.found) else beat.found
        assert there.value["formula.inside"] == pytest.approx(exact, rel=1e-12)
        boxed = re.findall(r"\\boxed\{(.*?)\}(?=[,\\=]|$| )", there.text["formula.inside"])
        assert len(boxed) == 1
        number_of = float(boxed[0].replace(r"{\times}10^{", "e").replace("}", ""))
        assert number_of == pytest.approx(exact, rel=6e-3, abs=6e-4)
        assert there.text["heading.inside"].startswith(f"{number + 1} of {len(found)}: ")
        last = number + 1 == len(found)
        assert (
            json_["next"] == words.TO_THE_END if last else json_["next"].startswith(f"{number + 2} of {len(found)}: ")
        )
        assert there.text["caption"].endswith((".", "?")) and "None" not in there.text["caption"]
        json.dumps(json_, allow_nan=False)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_followed_coefficient_stands_out_and_the_others_step_back(name):
    run = made(name)
    found, told, shown = inside(run)
    views = {view["id"] for view in run.scene.json["views"]} | {"objective", "fit", "penalty"}
    for beat, json_, there in zip(found, told, shown, strict=True):
        k = beat.at["unit"]
        np.testing.assert_array_equal(there.points("code.followed"), [[k + 1, 0], [k + 1, beat.state.code[k]]])
        if run.scene.signal.kind == "plane":
            widths = [
                there.trace(f"signal.atom {j + 1}")["line"]["width"] for j in range(run.background.problem.n_atoms)
            ]
            assert np.argmax(widths) == k and sorted(widths)[-2] < widths[k]
        if "patch" in name:
            frame, side = there.points("picture.followed"), run.scene.signal.shape[0] + 1
            row, column = divmod(k, run.scene._picture.across)
            np.testing.assert_array_equal(frame.min(0), [column * side - 1, row * side - 1])
            np.testing.assert_array_equal(frame.max(0) - frame.min(0), [side, side])
        assert there.trace("code.heads")["opacity"] == there.trace("code.stems")["opacity"] < 0.5
        assert {"inside", "code"} <= set(json_["lit"]) <= views
        assert ("objective" in json_["lit"]) == (beat.what in ("objective", "turn", "sweep"))


@pytest.mark.parametrize("name", SETTINGS)
def test_the_point_goes_onto_the_curve_of_the_soft_threshold(name):
    run = made(name)
    on_curve = 0
    found, _, shown = inside(run)
    threshold = {"coordinate_descent": run.experiment.problem.penalty}.get(
        run.experiment.solver, run.background.threshold * 1.0
    )
    for beat, there in zip(found, shown, strict=True):
        curve = there.points("inside.threshold")
        assert curve[1:3, 0] == pytest.approx([-threshold, threshold]) and (curve[1:3, 1] == 0).all()
        points = there.points("inside.point")
        if "shrunk" in beat.values or "code" in beat.values:
            if beat.what == "sweep":
                continue
            ((x, y),) = points
            assert y == pytest.approx(np.sign(x) * max(abs(x) - threshold, 0), abs=1e-9)
            on_curve += 1
        elif len(points):
            assert points[0][1] == 0  # not yet through it
        (left, right) = there.figures["inside"]["layout"]["xaxis"]["range"]
        assert all(left < x < right for x, _ in points)
    assert on_curve


@pytest.mark.parametrize("name", [name for name in SETTINGS if "coordinate" in name])
def test_numbers_above_are_those_of_the_code_that_has_been_paid_for(name):
    """They change where the objective does, and never rise."""
    run = made(name)
    found, _, shown = inside(run)
    problem, cost = run.experiment.problem, run.steps[AT].objective
    for beat, there in zip(found, shown, strict=True):
        if beat.what in ("objective", "turn", "sweep"):
            paid = objective(problem, beat.state.code)
            assert paid <= cost + 1e-12
            cost = paid
        assert there.value["metric.objective"] == cost
        if beat.what in ("residual", "pull", "shrunk") and run.scene.signal.kind == "plane":
            others = np.array(beat.state.code)
            others[beat.at["unit"]] = 0
            np.testing.assert_allclose(there.points("signal.sum")[0], problem.dictionary @ others, atol=1e-12)


@pytest.mark.parametrize("solver", ["ista", "fista", "lca"])
def test_any_coefficient_can_be_followed(solver):
    run = made(f"three, {solver}")
    formulas = []
    for unit in (0, 1, 2):
        found, told, _ = inside(run, unit)
        assert all(beat.at["unit"] == unit for beat in found)
        assert told[0]["text"]["unit.inside"] == f"h{'₁₂₃'[unit]} of 3"
        formulas.append(told[3]["text"]["formula.inside"])
    assert len(set(formulas)) == 3
    assert run.beats(AT + 1, 99)[0] == 2  # beyond the last: the last


def test_of_few_coefficients_a_sweep_goes_through_each_so_there_is_none_to_choose():
    run = made("toy, coordinate_descent")
    chosen, units, told, _ = run.beats(AT + 1, 1)
    assert (chosen, units) == (0, 1) and run.scene.json["inside"]["chooses"] == {}
    assert all(each["text"]["unit.inside"] == "" for each in told)
    assert [each["text"]["heading.inside"].split(": ")[1].split(",")[0] for each in told] == ["h₁"] * 5 + ["h₂"] * 5


@pytest.mark.parametrize("name", SETTINGS)
def test_what_can_be_clicked_are_traces_of_coefficients(name):
    run = made(name)
    there = Shown(run.scene.json, run.frames(), AT)
    for address, units in run.scene.json["inside"]["chooses"].items():
        trace = there.trace(address.replace("/", "."))
        count = len(trace["x"])
        assert count == (run.background.problem.n_atoms if units is None else len(units))
        if units is not None:
            assert [x - 1 for x in trace["x"]] == units


def test_a_sweep_over_many_says_how_many_stay_at_zero():
    run = made("patch, coordinate_descent")
    found, told, _ = inside(run)
    assert len(found) <= 5 + core.MOST + 1
    step = run.steps[AT + 1]
    zeros = int(((step.before.code == 0) & (step.state.code == 0)).sum())
    assert f"{zeros} stayed at exactly 0" in told[-1]["text"]["caption"]


@pytest.mark.parametrize("solver", sorted(set(SOLVERS) - set(SHOWN)))
def test_other_solvers_have_no_inside(solver):
    run = MapRun.of(replace(TOY, solver=solver, atoms=1), 1)
    assert run.scene.json["inside"] is None and "inside" not in run.scene.json["figures"]
    assert run.beats(1, None)[2] == []


def test_where_no_step_follows_it_says_so():
    run = MapRun.of(replace(TOY, penalty=10.0))
    assert run.ended and run.beats(1, None) == (0, 0, [], words.NO_STEP)
    wild = MapRun.of(replace(PATCH, stride=2.5), 400)
    if wild.steps[-1].trouble and not wild.steps[-1].made:
        assert wild.beats(len(wild) - 1, None)[2:] == ([], words.NOT_MADE)
