"""The plane of the bound as drawn: its lines, its ridge and its staircase against the core's own numbers."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from em_core.bound import decompose
from em_core.observe.plane import plane
from em_core.observe.stairs import leading, second
from em_core.records import State, frozen
from figures.ascent import words
from tests.figures.runs import shown
from tests.figures.stage_replay import Shown
from ui.ascent.run import AscentRun
from ui.ascent.session import AscentSession
from ui.ascent.settings import AscentSettings
from ui.em.settings import EmOverrides, for_model

COIN = AscentSettings()
LINKAGE = for_model(COIN, "linkage")
FAITHFUL = for_model(COIN, "gaussian_mixture")


def numbers(trace):
    """(points, 2) of a trace, without the breaks."""
    points = np.column_stack([np.array(trace[axis], dtype=float) for axis in "xy"])
    return points[np.isfinite(points).all(axis=1)]


def height(run, q, theta):
    model, data = run.experiment.model, run.experiment.data
    return decompose(model, data, State({"theta": frozen(theta)}, model.q_of_share(data, q))).elbo


@pytest.mark.parametrize("chosen", [COIN, LINKAGE], ids=["coin", "linkage"])
@pytest.mark.parametrize("name", ["near", "far"])
def test_level_lines_are_where_the_bound_has_that_height(chosen, name):
    run = AscentRun.of(chosen, "EM")
    lines = getattr(run.scene.pictures[0].ground, name)
    points = numbers(shown(run).trace(f"plane.{name}"))
    assert len(points) > 300
    inner = points[(points > 0.03).all(axis=1) & (points < 0.97).all(axis=1)]  # at the ends L falls to −∞
    for theta, q in inner[::25]:
        found = height(run, q, theta) / lines.step
        assert abs(found - round(found)) < 0.12


@pytest.mark.parametrize("chosen", [COIN, LINKAGE], ids=["coin", "linkage"])
def test_the_ridge_is_the_posterior_and_the_strip_log_p(chosen):
    run = AscentRun.of(chosen, "EM")
    model, data = run.experiment.model, run.experiment.data
    found = shown(run)
    ridge, evidence = (numbers(found.trace(f"plane.{name}")) for name in ("ridge", "evidence"))
    for (theta, q), (same, log_p) in zip(ridge[::20], evidence[::20], strict=True):
        there = {"theta": frozen(theta)}
        assert theta == same and q == pytest.approx(model.share(model.posterior(data, there)), abs=1e-6)
        assert log_p == pytest.approx(model.log_evidence(data, there), rel=1e-6)


def test_both_peaks_of_the_coin_are_marked():
    peaks = shown(AscentRun.of(COIN, "")).trace("plane.peaks")
    assert peaks["x"] == pytest.approx([0.256, 0.704], abs=0.003) and peaks["text"] == ["−6.18", "−5.31"]


@pytest.mark.parametrize("chosen", [COIN, LINKAGE], ids=["coin", "linkage"])
def test_what_is_marked_as_a_maximum_of_the_plane_is_higher_than_all_around_it(chosen):
    run = AscentRun.of(chosen, "")
    tops = shown(run).points("plane.tops")
    assert len(tops) == len(shown(run).trace("plane.peaks")["x"])
    for theta, q in tops:
        turns = np.linspace(0, 2 * np.pi, 8, endpoint=False)
        around = [height(run, q + 0.01 * q * np.sin(turn), theta + 0.02 * np.cos(turn)) for turn in turns]
        assert max(around) < height(run, q, theta)


def test_the_contours_are_as_far_apart_as_is_said():
    for chosen in (COIN, LINKAGE):
        run = AscentRun.of(chosen, "E")
        ground = run.scene.pictures[0].ground
        told = re.search(r"contours every ([\d.]+) nats? \(outer: ([\d.]+)\)$", shown(run).text["note.plane"])
        assert [float(step) for step in told.groups()] == [ground.near.step, ground.far.step]


@pytest.mark.parametrize("word", ["EMEM", "EGEG", "EGGGGGE", "HMHM", "TMTM"])
def test_the_staircase_is_the_command_lines(word):
    run = AscentRun.of(COIN, word)
    for at in range(len(run)):
        treads = plane(run.experiment, run.trajectory, at).staircase
        found = shown(run, at)
        states = numbers(found.trace("plane.states"))
        np.testing.assert_allclose(states, [(tread.theta, tread.q) for tread in treads], rtol=1e-6)
        here = treads[-1]
        assert (found.trace("plane.here")["x"], found.trace("plane.here")["y"]) == ([here.theta], [here.q])
        assert found.trace("plane.heights")["y"][1] == pytest.approx(here.elbo)
        # E-type moves go upright, M-type moves level
        for name, still in (("along q", 0), ("along θ", 1)):
            ends = numbers(found.trace(f"plane.{name}")).reshape(-1, 2, 2)
            assert len(ends) == sum((tread.move in "EHT") == (name == "along q") for tread in treads if tread.move)
            np.testing.assert_array_equal(ends[:, 0, still], ends[:, 1, still])


def test_each_move_leaves_its_own_mark():
    def q_and_ridge(word):
        run = AscentRun.of(COIN, word)
        (tread,) = plane(run.experiment, run.trajectory, len(run) - 1).staircase[-1:]
        model, data = run.experiment.model, run.experiment.data
        there = run.trajectory.last.after.theta
        return tread, model.share(model.posterior(data, there)), float(run.trajectory.last.after.theta["theta"])

    tread, ridge, _ = q_and_ridge("E")
    assert tread.q == pytest.approx(ridge)
    tread, ridge, _ = q_and_ridge("H")
    assert tread.q in (0, 1) and 0.01 < ridge < 0.99
    tread, ridge, _ = q_and_ridge("T")
    assert ridge < tread.q < 0.5  # flatter
    best, stopped = q_and_ridge("EM")[2], q_and_ridge("EG")[2]
    assert 0.42 < stopped < best  # G stops short


def grey(found, name):
    """(states, 2) a grey staircase, its name, and its (states, 2) on log p."""
    stairs, heights = numbers(found.trace(f"plane.{name}")), numbers(found.trace(f"plane.{name} heights"))
    return stairs, found.trace(f"plane.{name} told")["text"], heights


@pytest.mark.parametrize("chosen", [COIN, LINKAGE], ids=["coin", "linkage"])
def test_a_second_start_lies_under_the_same_lines_at_every_half_step(chosen):
    run = AscentRun.of(replace(chosen, second=True), "EMEM")
    expected = second(run.experiment)
    (name,) = run.experiment.start
    for at in range(5):
        found = shown(run, at)
        stairs, told, heights = grey(found, "second")
        np.testing.assert_allclose(stairs, np.column_stack([expected.theta, expected.q]), rtol=1e-6)
        bounds = [run.experiment.model.log_evidence(run.experiment.data, {name: frozen(x)}) for x in expected.theta]
        np.testing.assert_allclose(heights, np.column_stack([expected.theta, bounds]), rtol=1e-6)
        assert [text.strip() for text in told] == [words.SECOND]
        there = leading(run.experiment, float(run.trajectory[at].after.theta[name]))
        own, other = (f"θ = {theta:.3f} (log p −{-height:.2f})" for theta, height in (there, expected.end))
        said = found.text["caption"].replace("\u00a0", " ")
        assert said.endswith(f" From here EM leads to {own}, from the second start to {other}.")
        assert not len(grey(found, "before")[0])


def test_without_another_staircase_nothing_grey_is_drawn_or_said():
    found = shown(AscentRun.of(COIN, "EM"), 2)
    for name in ("second", "before"):
        assert [len(part) for part in grey(found, name)] == [0, 0, 0]
    assert "From here" not in found.text["caption"]


@pytest.mark.parametrize("act", ["drag", "random"])
def test_the_run_before_stays_as_a_grey_staircase(act):
    session = AscentSession.opened({"schedule": "EMEMEM", "cursor": "2"})
    session.run.reopen()
    treads = plane(session.run.experiment, session.run.trajectory, 6).staircase
    acts = {"drag": {"act": "drag", "handle": "point", "at": 2, "x": 0.2, "y": 0.6}, "random": {"act": "random"}}
    session.act({**acts[act], "n": 1})
    session.run.advance(5)
    # from where it went another way, with the half-step before
    first = {"drag": 3, "random": 0}[act]
    for at in range(6):
        stairs, told, heights = grey(shown(session.run, at), "before")
        expected = [(tread.theta, tread.q) for tread in treads[max(first - 1, 0) :]] if at >= first else []
        np.testing.assert_allclose(stairs, np.reshape(expected, (-1, 2)), rtol=1e-6)
        assert len(heights) == len(stairs) and [text.strip() for text in told] == ["previous run"] * (at >= first)
    said = shown(session.run, 5).text["caption"].replace("\u00a0", " ")
    assert f"; the previous run came to θ = {treads[-1].theta:.3f} (log p " in said
    # Undo: the other way round
    session.act({"act": "undo", "n": 2})
    assert len(grey(shown(session.run, 6), "before")[0]) == 6


def test_while_the_point_is_held_the_caption_says_where_em_would_lead():
    run = AscentRun.of(replace(COIN, second=True), "EM")
    run.frames()
    for theta, end in ((0.2, "0.256"), (0.6, "0.704")):
        said = run.preview(2, "point", theta, 0.1)["text"]["caption"].replace("\u00a0", " ")
        assert f"From here EM leads to θ = {end}" in said and "from the second start to θ = 0.256" in said


@pytest.mark.parametrize("chosen", [COIN, LINKAGE], ids=["coin", "linkage"])
def test_while_the_point_is_held_all_of_the_data_is_drawn_with_its_q(chosen):
    """As after the drop: bars, numbers on them, ticks."""
    run = AscentRun.of(chosen, "EM")
    theta, q = 0.3, 0.6
    held = Shown(run.scene.json, run.frames(), 2).over(run.preview(2, "point", theta, q))
    run.place(2, *run.pulled(2, "point", theta, q))
    dropped = shown(run, 3)
    for one, other in zip(held.figures["data"]["data"], dropped.figures["data"]["data"], strict=True):
        assert [one.get(key) for key in ("x", "y", "text")] == [other.get(key) for key in ("x", "y", "text")]
    assert held.text["note.data"] == dropped.text["note.data"]


def test_a_slice_has_no_place_for_other_staircases():
    session = AscentSession.opened({"model": "gaussian_mixture", "second": "yes", "schedule": "EMEM"})
    session.run.reopen()
    session.act({"act": "random", "n": 1})
    session.run.advance(4)
    found = shown(session.run, 4)
    assert session.run.moment(4).ghost is not None
    for name in ("second", "before"):
        assert [len(part) for part in grey(found, name)] == [0, 0, 0]
    assert "From here" not in found.text["caption"]


@pytest.mark.parametrize("model", ["gaussian_mixture", "student_t", "hidden_markov", "factor_analysis"])
def test_a_slice_stands_on_the_states_of_its_round(model):
    run = AscentRun.of(for_model(COIN, model), "EMEM")
    for at, states in ((0, [0]), (1, [0, 1]), (2, [0, 1, 2]), (3, [2, 3]), (4, [2, 3, 4])):
        sight, found = run.moment(at).sight, shown(run, at)
        corners = {0: (0.0, 0.0), 1: (1.0, 0.0), 2: (1.0, 1.0)}
        assert [state[0] for state in sight.states] == states
        assert [state[1:] for state in sight.states] == [corners[place] for place in range(len(states))]
        heights = found.trace("plane.heights")
        bound = decompose(run.experiment.model, run.experiment.data, run.trajectory[at].after)
        assert heights["y"] == pytest.approx([bound.log_evidence, bound.elbo])
        # the bound of this q passes through it, below log p
        x, curve = (np.array(found.trace("plane.bound")[axis], dtype=float) for axis in "xy")
        assert np.interp(heights["x"][1], x, curve) == pytest.approx(bound.elbo, rel=1e-6)
        assert (curve <= np.array(found.trace("plane.evidence")["y"]) + 1e-3).all()
        assert "a slice through a larger space" in found.text["note.plane"]
    # the ground stays while the point goes over it
    np.testing.assert_array_equal(*(numbers(shown(run, at).trace("plane.near")) for at in (3, 4)))


def test_where_no_blend_exists_the_page_says_so():
    run = AscentRun.of(for_model(COIN, "factor_analysis"), "EMHMHM")
    found = shown(run, 5)
    assert found.trace("plane.none")["text"] == [words.NO_PLANE["no blend"]]
    assert not len(numbers(found.trace("plane.near"))) and found.text["note.plane"] == ""
    assert shown(run, 3).trace("plane.none")["text"] == []


def test_without_a_q_there_is_no_point_yet():
    run = AscentRun.of(replace(COIN, overrides=EmOverrides(start={"theta": 0.3})), "E")
    found = shown(run, 0)
    assert found.trace("plane.none")["text"] == [words.NO_PLANE["no q"]]
    assert found.trace("plane.here")["x"] == [0.3] and found.trace("plane.here")["y"] == [None]
    assert shown(run, 1).trace("plane.none")["text"] == []
    slice_ = AscentRun.of(
        replace(FAITHFUL, overrides=EmOverrides(start=AscentRun.of(FAITHFUL).json()["start"] | {"q_at": None})), "EMEM"
    )
    told = [shown(slice_, at).trace("plane.none")["text"] for at in range(5)]
    assert told == [[words.NO_PLANE["no q"]], *[[words.NO_PLANE["no q before"]]] * 2, [], []]
