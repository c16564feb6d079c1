"""SQUAREM against its paper, written down here once more; over-relaxed EM against M's own step."""

from __future__ import annotations

import numpy as np
import pytest

from em_core import trajectory
from em_core.observe import race
from em_core.observe.rivals import squarem
from tests.core.cases import INTERIOR
from tests.core.race.shared import BY_NAME, WITHOUT_COORDINATES, run

WITH_M = [case for case in INTERIOR if "M" in case.moves]
# M in closed form: here it is the model's own function
CLOSED = [case for case in WITH_M if case.model.help["m_step"] == "closed form"]
ROUNDS = 8


def em_map(case, theta):
    model, data = case.model, case.data
    return model.maximize(data, model.posterior(data, theta), theta)


@np.errstate(all="ignore")
def papers(case, rounds):
    """Table 1 of Varadhan and Roland (2008) with S3: log p after every evaluation of the EM map and after
    each leap, and the rounds whose leap was not made.

    Their α stays at −1 or below; a leap that would lower log p is not made.
    """
    model, data = case.model, case.data

    def height(theta):
        return model.log_evidence(data, theta)

    theta, heights, refused = case.theta, [height(case.theta)], set()
    for turn in range(rounds):
        once = em_map(case, theta)
        twice = em_map(case, once)
        x0, x1, x2 = (model.to_vector(entry) for entry in (theta, once, twice))
        r = x1 - x0
        v = (x2 - x1) - r
        alpha = min(-np.sqrt(r @ r) / np.sqrt(v @ v), -1.0) if v.any() else -1.0
        leapt = model.from_vector(x0 - 2 * alpha * r + alpha**2 * v, theta)
        if not height(leapt) >= height(twice):
            leapt = twice
            refused.add(turn)
        theta = em_map(case, leapt)
        heights += [height(once), height(twice), height(leapt), height(theta)]
    return heights, refused


SOME = ["linkage_197_animals", "binomial_free_weights", "gaussian_full_2d_k2", "gaussian_tied_2d_k3"]
SOME += ["hidden_markov_poisson_three_states", "student_t_outliers", "factor_analysis_isotropic_3d_l1"]
SOME += ["regression_mixture_lines", "incomplete_gaussian_three_columns", "poisson_mixture_counts"]


@pytest.mark.parametrize("name", SOME)
def test_squarem_is_that_of_its_paper(name):
    """As long as log p still rises by more than rounding: from there on the second difference is nothing but that."""
    case = BY_NAME[name]
    heights, refused = papers(case, ROUNDS)
    racer = run(case.experiment(), "squarem", ROUNDS)
    # E leaves θ where it is, but for the one that follows a leap
    expected = [heights[0]]
    for first in range(0, 4 * ROUNDS, 4):
        once, twice, leapt, last = heights[1 + first : 5 + first]
        expected += [expected[-1], once, once, twice, leapt, last]
    np.testing.assert_allclose(racer.log_evidence, expected, rtol=1e-9)
    rising = {turn for turn in range(ROUNDS) if expected[6 * turn + 6] - expected[6 * turn] > 1e-7}
    taken_back = {(index - 5) // 6 for index, event in racer.events if event.kind == "taken_back"}
    assert rising and taken_back & rising == refused & rising


@pytest.mark.parametrize("case", WITH_M, ids=str)
def test_squarem_never_lowers_log_p_and_beats_em_or_says_why(case):
    racer = run(case.experiment(), "squarem", 6)
    heights = np.array(racer.log_evidence)
    assert np.diff(heights).min() >= -1e-12 * max(1, abs(heights).max())
    assert racer.passes[-1] >= racer.made == 36 and racer.rounds == tuple(range(0, 37, 6))


def test_a_leap_that_is_taken_back_is_an_event_and_em_goes_on():
    case = BY_NAME["bernoulli_mixture_pictures"]
    racer = run(case.experiment(), "squarem", 2)
    ((index, event),) = racer.events
    assert (index, event.kind) == (11, "taken_back") and event.numbers["fall"] > 0 and not event.stops
    # half-step 11 begins at the plain second step
    assert racer.log_evidence[11] == racer.log_evidence[10] < racer.log_evidence[12]


def test_half_steps_of_squarem_are_made_by_the_moves_themselves():
    case = BY_NAME["gaussian_full_2d_k2"]
    experiment = case.experiment()
    steps = squarem(experiment, trajectory.start(experiment).last.after, 0)
    assert "".join(step.move for step in steps) == "EMEMEM" and [step.index for step in steps] == [1, 2, 3, 4, 5, 6]
    plain = trajectory.run(case.experiment("(EM)2"))
    for step, expected in zip(steps, plain.half_steps[1:], strict=False):
        np.testing.assert_array_equal(step.after.theta["means"], expected.after.theta["means"])
    third = steps[4]
    assert not np.array_equal(third.before.theta["means"], plain.last.after.theta["means"])


@pytest.mark.parametrize("case", CLOSED, ids=str)
@pytest.mark.parametrize("omega", [0.5, 1.5])
def test_over_relaxed_goes_omega_times_as_far_as_m(case, omega):
    model, theta = case.model, case.theta
    racer = run(case.experiment(moves={"over_relaxed": {"omega": omega}}), "over_relaxed", 3)
    expected = [model.log_evidence(case.data, theta)]
    for _ in range(3):
        start, end = model.to_vector(theta), model.to_vector(em_map(case, theta))
        theta = model.from_vector(start + omega * (end - start), theta)
        expected += [expected[-1], model.log_evidence(case.data, theta)]
    np.testing.assert_allclose(racer.log_evidence, expected, rtol=1e-10)
    assert list(racer.passes) == list(range(7)) and not racer.events


def test_omega_1_is_em_and_its_default_is_1_and_a_half():
    case = BY_NAME["gaussian_full_2d_k2"]
    one = run(case.experiment(moves={"over_relaxed": {"omega": 1.0}}), "over_relaxed", 5)
    assert one.log_evidence == run(case.experiment(), "EM", 5).log_evidence
    default = run(case.experiment(), "over_relaxed", 5).log_evidence
    assert default == run(case.experiment(moves={"over_relaxed": {"omega": 1.5}}), "over_relaxed", 5).log_evidence


def test_parameters_that_cannot_be_used_are_taken_back():
    case = BY_NAME["gaussian_full_2d_k2"]
    far = run(case.experiment(moves={"over_relaxed": {"omega": 100.0}}), "over_relaxed", 3)
    index, event = far.events[0]
    assert event.kind == "taken_back" and event.numbers["omega"] == 100.0
    assert np.isfinite(far.log_evidence).all() and index == 2
    assert far.log_evidence[2] == run(case.experiment(), "EM", 1).log_evidence[2]


def test_on_a_boundary_there_is_nothing_to_leap_along():
    case = WITHOUT_COORDINATES
    for word in ("squarem", "over_relaxed"):
        racer = run(case.experiment(), word, 2)
        assert {event.kind for _, event in racer.events} == {"no_leap"} and not racer.stopped
        plain = run(case.experiment(), "EM", racer.made // 2)
        assert racer.log_evidence == plain.log_evidence


def test_words_and_rivals_share_one_race():
    found = race.race(BY_NAME["binomial_two_coins"].experiment(), ["squarem", "EM", "over_relaxed", "squarem"], 4)
    first, em, relaxed, again = found.racers
    assert first.log_evidence == again.log_evidence and first.made == 24 and em.made == relaxed.made == 8
