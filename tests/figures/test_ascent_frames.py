"""The plane of the bound as drawn: its lines, its ridge and its staircase against the core's own numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from em_core.bound import decompose
from em_core.observe.plane import plane
from em_core.records import State, frozen
from figures.ascent import words
from tests.figures.runs import shown
from ui.ascent.run import AscentRun
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
