"""The bound along a direction as it is drawn: the numbers of the core, only where asked for, and what is said of it."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from em_core.observe.direction import Line
from figures.em.along import label
from tests.figures.runs import COINS, FACTORS, LINKAGE, shown
from tests.figures.stage_replay import Shown
from tests.figures.test_previews import handles, pulled
from ui.em.run import EmRun
from ui.em.settings import EmSettings

GRADIENT = EmSettings(direction="gradient")
EACH = [GRADIENT, replace(COINS, direction="coordinate", coordinate=1), replace(LINKAGE, direction="random")]


def curve(seen, name):
    return seen.points(f"direction.{name}")


@pytest.mark.parametrize("settings", EACH, ids=lambda settings: settings.direction)
def test_the_curves_are_the_cores_and_stay_so_after_every_half_step(settings):
    run = EmRun.of(settings, "EMEMEGEB")
    for at in range(len(run)):
        seen, line = shown(run, at), run.moment(at).along
        for name, heights in (("bound", line.elbo), ("evidence", line.log_evidence)):
            drawn = curve(seen, name)
            assert np.allclose(drawn, np.column_stack([line.places, heights]), rtol=1e-6, equal_nan=True)
        drawn = [curve(seen, f"earlier {number}") for number in range(4)]
        assert [len(points) > 0 for points in drawn] == [False] * (4 - len(line.earlier)) + [True] * len(line.earlier)
        for points, (_, heights) in zip(drawn[4 - len(line.earlier) :], line.earlier, strict=True):
            assert np.allclose(points[:, 1], heights, rtol=1e-6)
        bound = run.moment(at).bound
        assert np.allclose(curve(seen, "here"), [[0, bound.log_evidence], [0, bound.elbo]])
        low, high = seen.figures["direction"]["layout"]["yaxis"]["range"]
        assert low < bound.elbo <= bound.log_evidence + 1e-12 * abs(bound.log_evidence)
        assert bound.log_evidence < high
        told = seen.trace("direction.labels")["text"]
        numbers = [int(number) for text in told for number in re.findall(r"\d+", text)]
        assert set(numbers) <= {number for number, _ in line.earlier} and len(set(numbers)) == len(numbers)


def test_slopes_are_told_and_are_equal_where_q_is_the_posterior():
    run = EmRun.of(GRADIENT, "EM")
    slope = run.moment(1).along.slope
    after_e, after_m = (frame["text"] for frame in run.frames([1, 2])[1:])
    assert after_e["heading.course.direction"] == f"One slope at θ for L and log p: {slope:.3f}"
    assert after_e["caption"].endswith(
        f"Along ∇L, L and log p have the same slope at θ, {slope:.3f} nats per unit of that distance: "
        "Fisher's identity."
    )
    evidence = f"{run.moment(2).along.evidence_slope:.3f}"
    assert after_m["heading.course.direction"] == f"Slopes at θ: L 0, log p {evidence}"
    assert after_m["caption"].endswith(
        f"∇L is 0 here, so the line follows ∇log p, with slope {evidence}, in nats per unit of that distance."
    )


def test_the_axis_says_in_what_the_distance_is():
    for coordinate, told in ((0, ", in log-odds"), (1, ""), (5, ", in unconstrained coordinates")):
        run = EmRun.of(replace(GRADIENT, direction="coordinate", coordinate=coordinate), "E")
        title = shown(run).figures["direction"]["layout"]["xaxis"]["title"]["text"]
        assert title == f"distance from θ{told}" and title in run.scene.json["glossary"]


def test_a_point_has_the_objective_in_the_bounds_place():
    run = EmRun.of(replace(FACTORS, direction="random", plan="HM"), "HMHM")
    seen, line = shown(run, 3), run.moment(3).along
    assert line.pointed and np.allclose(curve(seen, "bound")[:, 1], line.elbo, rtol=1e-6)
    assert len(curve(seen, "evidence")) == len(curve(seen, "touch")) == 0
    assert "L = −∞" in seen.trace("direction.remark")["text"][0]
    assert "log p(h*, v)" in [name.strip() for name in seen.trace("direction.names")["text"]]


@pytest.mark.parametrize("settings", [EmSettings(), replace(LINKAGE, direction="m_step")], ids=["mixture", "linkage"])
def test_it_is_there_only_where_it_is_asked_for(settings, monkeypatch):
    monkeypatch.setattr("em_core.observe.moment.look", lambda *_: pytest.fail("no direction, no line"))
    run = EmRun.of(settings, "EM")
    assert "direction" not in run.scene.json["figures"]
    run.frames()
    named = [figure["id"] for view in run.scene.json["views"] for figure in view["figures"]]
    asked = EmRun.of(replace(settings, direction="random")).scene.json
    assert asked["id"] != run.scene.json["id"]
    others = [figure["id"] for view in asked["views"] for figure in view["figures"] if figure["id"] != "direction"]
    assert others == named and [view["figures"][0]["id"] for view in asked["views"] if view["id"] == "course"] == [
        "direction"
    ]


def test_each_direction_has_frames_of_its_own():
    """A frame that the browser has is never taken for one of another direction."""
    scenes = {
        EmRun.of(replace(GRADIENT, **other)).scene.json["id"]
        for other in (
            {},
            {"direction": "coordinate"},
            {"direction": "coordinate", "coordinate": 3},
            {"direction": "random"},
            {"direction": "random", "direction_seed": 1},
        )
    }
    assert len(scenes) == 5


def test_what_is_held_is_drawn_on_the_line_through_it():
    """q stays, θ is where the hand is; earlier bounds are those of the half-step in view."""
    run = EmRun.of(GRADIENT, "EMEM")
    handle = handles(run, 3)[0]
    preview = run.preview(3, handle["id"], *pulled(handle))
    held = Shown(run.scene.json, run.frames(), 3).over(preview)
    drawn = curve(held, "here")
    assert drawn[0, 1] == pytest.approx(preview["value"]["metric.evidence"])
    assert drawn[1, 1] == pytest.approx(preview["value"]["metric.elbo"])
    assert not np.array_equal(curve(held, "bound"), curve(shown(run, 3), "bound"))
    assert preview["text"]["heading.course.direction"].startswith("Slopes at θ: L ")


def test_theta_on_its_way_stands_on_the_line_or_has_left_it():
    one = EmRun.of(replace(LINKAGE, direction="gradient"), "EM")
    line = one.moment(2).along
    for frame in one.inner(2)[:3]:
        seen = Shown(one.scene.json, one.frames(), 2).over(frame)
        x, evidence = curve(seen, "here")[0]
        assert x < 0 and evidence == pytest.approx(np.interp(x, line.places, line.log_evidence), rel=1e-2)
    many = EmRun.of(GRADIENT, "EM")
    first, *_, last = many.inner(2)
    for frame in (first, last):
        seen = Shown(many.scene.json, many.frames(), 2).over(frame)
        assert len(curve(seen, "here")) == 0 and seen.trace("direction.remark")["text"] == ["θ has left this line"]


def test_a_coordinate_beyond_the_last_is_the_first():
    run = EmRun.of(replace(GRADIENT, direction="coordinate", coordinate=9999), "E")
    assert isinstance(run.moment(1).along, Line)
    assert shown(run).trace("direction.remark")["text"] == ["along weights 1"]


def test_where_there_is_no_line_the_heading_says_why():
    start = {"theta": 1.0, "q_at": {"theta": 0.5}}
    settings, *tape = EmSettings.of_experiment(
        {"model": "linkage", "data": {"counts": [10, 0, 0, 3]}, "start": start, "schedule": "E"}
    )
    run = EmRun.of(replace(settings, direction="random"), *tape)
    frame = run.frames([1])[1]
    assert frame["text"]["heading.course.direction"] == "θ lies on a boundary: no line through it"
    assert len(curve(shown(run, 1), "bound")) == 0


def test_labels_of_bounds_that_coincide_are_one():
    assert label([7], [1, 3, 5, 7]) == "q of half-step 7" and label([0], [0, 1]) == "q of the start"
    assert label([0, 3], [0, 1, 3]) == "q of half-steps 0, 3"
    assert label([1, 3, 5], [1, 3, 5, 7]) == "q of half-steps 1 … 5"
    assert label([1, 5, 7], [1, 3, 5, 7]) == "q of half-steps 1, 5, 7"
    run = EmRun.of(GRADIENT, "EM" * 20)
    assert shown(run, 40).trace("direction.labels")["text"] == ["q of half-steps 31 … 37"]
