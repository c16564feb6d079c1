"""Each half-step is made once, whoever asks for it first, and its line is looked along once."""

from __future__ import annotations

from collections import Counter

import pytest

from em_core import bound, trajectory
from em_core.distributions import minibatch
from em_core.families.gaussian import GaussianFamily
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES
from em_core.models.gaussian_mixture import GaussianMixture
from em_core.observe import ahead, course
from ui.em.run import EmRun

GAUSSIAN = {
    "model": "gaussian_mixture",
    "data": {"values": [[0.1, 0.3], [0.9, -0.2], [4.2, 3.9], [5.1, 4.4], [4.6, 5.0], [-0.5, 0.4]]},
    "start": {"weights": [0.5, 0.5], "means": [[1, 1], [3, 3]], "covariances": [[[2, 0], [0, 2]], [[2, 0], [0, 2]]]},
    "moves": {"G": {"step": 0.05}, "P": {"blocks": 3}},
    "schedule": "EM",
}
LINKAGE = {"model": "linkage", "data": {"counts": [125, 18, 20, 34]}, "start": {"theta": 0.3}, "schedule": "EM"}


def em_run(raw):
    return EmRun(Experiment.parse({**raw, "schedule": "EM"}), (), (0, 1))


class Calls:
    """Counts half-steps by where they begin, and scans by what they look at."""

    def __init__(self, monkeypatch):
        self.half_steps, self.lines, self.kept = Counter(), Counter(), []
        make, scan = trajectory.half_step, bound.scan

        def making(experiment, before, index, letter):
            self.kept.append(before)  # so that no other state gets its id
            self.half_steps[id(before), index, letter] += 1
            return make(experiment, before, index, letter)

        def scanning(model, data, q, thetas):
            thetas = list(thetas)
            ends = [tuple(entry.tobytes() for entry in theta.values()) for theta in thetas if theta is not None]
            self.kept.append(q)
            self.lines[id(q), ends[0], ends[-1]] += 1
            return scan(model, data, q, thetas)

        for module in (trajectory, ahead):
            monkeypatch.setattr(module, "half_step", making)
        monkeypatch.setattr(course, "scan", scanning)


@pytest.fixture
def calls(monkeypatch):
    return Calls(monkeypatch)


def shown(run, index):
    """The half-step in view, and the frames that the reader scrubs through."""
    run.frames([index])
    run.inner(index)


@pytest.mark.parametrize("raw", [GAUSSIAN, LINKAGE], ids=lambda raw: raw["model"])
def test_over_steps_back_and_forth_and_forks(calls, raw):
    run = em_run(raw)
    shown(run, 0)
    for _ in range(6):  # steps, each drawn before the next one is made
        run.advance(len(run))
        shown(run, len(run) - 1)
    assert run.moves == "EMEMEM" and len(calls.half_steps) == 6
    for index in (5, 4, 3, 4, 5, 6):  # back and forth
        shown(run, index)
    run.move("G", 3)  # a fork off E, and on from there
    shown(run, 4)
    run.move("E", 4)
    shown(run, 5)
    run.move("M", 3)  # and back to what was made first
    shown(run, 4)
    for _ in range(3):
        run.advance(len(run))
        shown(run, len(run) - 1)
    assert run.moves == "EMEMEME"
    assert set(calls.half_steps.values()) == {1}
    assert calls.lines and set(calls.lines.values()) == {1}


def test_what_was_looked_at_is_the_next_half_step(calls):
    """After E the course shows where M leads: pressing M makes nothing anew."""
    run = em_run(GAUSSIAN)
    run.advance(1)
    shown(run, 1)
    target = run.moment(1).course.target
    made = sum(calls.half_steps.values())
    run.advance(2)
    assert sum(calls.half_steps.values()) == made
    assert run.trajectory.last.after.theta is target


def test_a_minibatch_is_drawn_once(monkeypatch):
    """Its gradient is read from the half-step that the course looked ahead to, and that is made next."""
    drawn, draw, size = [], minibatch.draw, int(MOVES["S"].settings["batch"].default)

    def counted(masses, wanted, rng):
        if wanted == size:  # the checks look at as many units as they may
            drawn.append(rng)
        return draw(masses, wanted, rng)

    monkeypatch.setattr(minibatch, "draw", counted)
    run = EmRun(Experiment.parse({**GAUSSIAN, "schedule": "ES"}), (), (0, 1))
    for _ in range(4):
        run.advance(len(run))
        shown(run, len(run) - 1)
    assert run.moves == "ESES" and len(drawn) == 2
    assert [run.moment(index).batch_slope is not None for index in range(5)] == [False, True, False, True, False]
    drawn.clear()
    run = EmRun(run.experiment, (), (0, 1))
    run.ahead(100)  # more than is remembered of what was looked at
    shown(run, 1)
    assert run.moment(1).batch_slope is not None and len(drawn) == run.moves.count("S") > 40


def test_log_p_of_plain_em_is_computed_where_theta_moved(monkeypatch):
    looked, look = [], GaussianMixture.log_evidence
    monkeypatch.setattr(GaussianMixture, "log_evidence", lambda *given: looked.append(given[2]) or look(*given))
    run = EmRun(Experiment.parse({**GAUSSIAN, "schedule": "EG"}), (), (0, 1), compare=True)
    run.advance(5)
    plain = [run.moment(index).plain for index in range(6)]
    (lane,) = run.beside
    thetas = [step.after.theta for step in lane.trajectory.half_steps]
    assert lane.trajectory.moves == "EMEME"
    assert plain == [look(run.experiment.model, run.experiment.data, theta) for theta in thetas]
    for theta in (thetas[2], thetas[4]):
        assert sum(theta is each for each in looked) == 1


@pytest.mark.parametrize("compare", [False, True])
def test_a_tape_evaluates_the_log_joint_once_for_each_theta(monkeypatch, compare):
    """Half-steps and all that is shown of them, of both lanes: nine evaluations a round came down to one each."""
    looked, look = [], GaussianFamily.log_density
    monkeypatch.setattr(
        GaussianFamily,
        "log_density",
        lambda self, values, theta, *plus: looked.append(theta) or look(self, values, theta, *plus),
    )
    run = EmRun(Experiment.parse({**GAUSSIAN, "schedule": "EG"}), (), (0, 1), compare=compare)
    run.advance(40)
    lanes = [run.own, *run.beside]
    thetas = {id(step.after.theta) for lane in lanes for step in lane.trajectory.half_steps}
    assert len(looked) == len(thetas) > 20


def test_theta_by_hand_is_a_half_step_made_once_and_ends_nothing_that_is_known(calls):
    run = em_run(GAUSSIAN)
    run.advance(3)
    shown(run, 1)
    for at in (3, 1):  # the second one cuts the tape
        run.place(at, run.trajectory[1].after.theta)
        shown(run, at)
    run.move("M", 1)
    shown(run, 1)
    assert len(calls.half_steps) == 5 and set(calls.half_steps.values()) == {1}
    assert set(calls.lines.values()) == {1}


def test_playing_ahead_looks_at_nothing_that_is_not_in_view(calls):
    run = em_run(GAUSSIAN)
    run.ahead(20)
    run.frames([len(run) - 1])
    assert set(calls.half_steps.values()) == {1} and len(calls.lines) <= 1
