"""What the moves promise: monotone, stationary, best; and what the gradient step does not."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from em_core import m_steps
from em_core import trajectory as run
from em_core.bound import decompose
from em_core.kinds import MOVES
from em_core.records import State
from tests.core.cases import CASES, INTERIOR, WITH_M, central_difference
from tests.core.making import gaussian


def elbos(experiment, trajectory):
    """ELBO of the states, and whether the move into each promises not to lower it."""
    values = [decompose(experiment.model, experiment.data, step.after).elbo for step in trajectory.half_steps]
    return list(zip(trajectory.half_steps, values, strict=True))


WORDS = ["(EM)12", "(EB)8", "(B3EM2)3", "(MEBE)3", "(EN)5", "(EL)5", "(EC)6", "(C2EN)3", "N2EL2BEMN", "(LEBNC4)2E"]
EVERY_RUN = {"(EM)12", "(EN)5", "(LEBNC4)2E"}
ALLOWED = [
    case if case[1] in EVERY_RUN else pytest.param(*case, marks=pytest.mark.exhaustive)
    for case in product(CASES, WORDS)
    if set(case[1]) & set(MOVES) <= {"E", *case[0].m_moves}
]


@pytest.mark.parametrize(("case", "word"), ALLOWED, ids=str)
def test_the_moves_that_promise_it_never_lower_the_elbo(case, word):
    experiment = case.experiment(word)
    trajectory = run.run(experiment)
    assert not trajectory.last.stopped
    values = elbos(experiment, trajectory)
    for (_, before), (step, after) in zip(values, values[1:], strict=False):
        assert MOVES[step.move].monotone
        assert after >= before - 1e-12 * max(1, abs(before)), step.move
    evidence = [decompose(experiment.model, experiment.data, step.after).log_evidence for step in trajectory.half_steps]
    if word == "(EM)12":  # after an exact E, log p rises at least as much as L
        for before, after in zip(evidence[2::2], evidence[4::2], strict=False):
            assert after >= before - 1e-12 * max(1, abs(before))


def test_a_gradient_step_that_is_too_large_lowers_the_elbo():
    """The counter-example to monotone G: the two coins, where a step of 0.1 rises and one of 2 falls."""
    case = next(case for case in CASES if case.name == "binomial_two_coins")
    rises = {}
    for size in (0.1, 2.0):
        experiment = case.experiment("EG", moves={"G": {"step": size}})
        (_, before), (_, after) = elbos(experiment, run.run(experiment))[1:]
        rises[size] = after - before
    assert rises[0.1] > 1e-3 and rises[2.0] < -1e-3
    assert not MOVES["G"].monotone and MOVES["G"].promise == "May lower the ELBO."


def test_backtracking_turns_the_same_step_into_a_rise():
    case = next(case for case in CASES if case.name == "binomial_two_coins")
    experiment = case.experiment("EB", moves={"B": {"step": 2.0}})
    (_, before), (step, after) = elbos(experiment, run.run(experiment))[1:]
    assert after > before and step.events == ()


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_backtracking_rises_by_armijos_share(case):
    """L/N rises by at least 1e-4 · size · |slope|² for the size taken, one of step · 2⁻ⁱ; from any step."""
    for step in (1e-3, 1.0, 1e6):
        made = m_steps.backtracking_step(case.model, case.data, State(case.theta, case.q), step)
        assert made.events == ()
        slope = case.model.gradient(case.data, case.theta, case.q) / case.n_units
        change = case.model.to_vector(made.state.theta) - case.model.to_vector(case.theta)
        size = float(change @ slope / (slope @ slope))
        assert np.log2(step / size) == pytest.approx(round(np.log2(step / size)), abs=1e-6)
        np.testing.assert_allclose(change, size * slope, rtol=1e-6, atol=1e-9)
        gain = (case.elbo(made.state.theta, case.q) - case.elbo(case.theta, case.q)) / case.n_units
        assert gain >= 1e-4 * size * float(slope @ slope) * (1 - 1e-6)


def test_backtracking_refuses_a_rise_that_is_no_fair_share():
    """On a parabola a step of all but twice the way to its top gains 5e-5 of what the slope promises: half is taken."""
    case = gaussian("full", 1, 1, fixed=("weights", "covariances"))
    step = 2 * float(case.theta["covariances"][0, 0, 0]) * (1 - 5e-5)
    after = run.run(case.experiment("EB", moves={"B": {"step": step}})).last.after.theta["means"].item()
    start, top = case.theta["means"].item(), case.data.values.mean()
    assert (after - start) / (top - start) == pytest.approx(1 - 5e-5, rel=1e-9)


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_backtracking_at_a_maximum_is_rejected_and_goes_on(case):
    experiment = case.experiment("E(M)3B3E")
    trajectory = run.run(experiment)
    assert len(trajectory) == 9 and not trajectory.last.stopped
    for step in trajectory.half_steps[5:8]:
        if step.events:
            assert step.events[0].kind == "rejected_step" and step.after.theta is step.before.theta
            assert np.isfinite(list(step.events[0].numbers.values())).all()
    before, after = (case.elbo(trajectory[i].after.theta, trajectory[i].after.q) for i in (4, 7))
    assert after >= before


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_a_full_m_step_is_stationary(case):
    model, data, q = case.model, case.data, case.q
    theta = model.maximize(data, q, case.theta)
    best = model.to_vector(theta)
    slope = central_difference(lambda x: model.expected_log_joint(data, model.from_vector(x, theta), q), best)
    assert np.linalg.norm(slope) <= 1e-7 * case.n_units
    flat = 1e-12 if model.help["m_step"] == "closed form" else 1e-8
    assert np.linalg.norm(model.gradient(data, theta, q)) <= flat * case.n_units * max(1, np.abs(best).max())


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_a_full_m_step_beats_every_perturbation(case):
    model, data, q = case.model, case.data, case.q
    theta = model.maximize(data, q, case.theta)
    best, vector = case.elbo(theta, q), model.to_vector(theta)
    rng = np.random.default_rng(0)
    for scale in (1e-2, 1e-1, 1.0):
        for _ in range(10):
            other = model.from_vector(vector + scale * rng.standard_normal(vector.shape), theta)
            assert case.elbo(other, q) < best or vector.size == 0


@pytest.mark.parametrize("case", WITH_M, ids=str)
def test_a_full_m_step_leaves_what_is_fixed(case):
    settings = case.raw.get("settings", {})
    fixed = [*settings.get("fixed", ()), *(["weights"] if settings.get("fixed_weights") else [])]
    theta = case.model.maximize(case.data, case.q, case.theta)
    for name, entry in theta.items():
        if name in fixed:
            np.testing.assert_array_equal(entry, case.theta[name])
        elif np.size(entry) > 1 and not np.isin(entry, (0, 1)).all():  # zeros and ones are structural
            assert not np.array_equal(entry, case.theta[name])


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_eg_is_gradient_ascent_on_log_p(case):
    """Fisher's identity as an algorithm: (EG)5 is five steps along the slope of log p / N, taken by differences."""
    model, data, step = case.model, case.data, 0.05
    trajectory = run.run(case.experiment("(EG)5", moves={"G": {"step": step}}))
    theta = case.theta
    for half_step in trajectory.half_steps[2::2]:
        vector = model.to_vector(theta)
        slope = central_difference(lambda x, like=theta: model.log_evidence(data, model.from_vector(x, like)), vector)
        theta = model.from_vector(vector + step * slope / case.n_units, theta)
        for name, entry in half_step.after.theta.items():
            np.testing.assert_allclose(entry, theta[name], rtol=1e-7, atol=1e-8)


def test_a_gradient_step_that_leaves_the_numbers_stops_with_an_event():
    case = next(case for case in CASES if case.name == "gaussian_full_2d_k2")
    trajectory = run.run(case.experiment("EGEG", moves={"G": {"step": 1e90}}))
    assert trajectory.last.stopped and trajectory.last.events[0].kind in ("diverged", "singular_covariance")
    assert trajectory.last.after is trajectory.last.before


def test_a_lost_component_stops_with_an_event():
    case = next(case for case in CASES if case.name == "gaussian_full_2d_k3_zero_weight")
    trajectory = run.run(case.experiment("EMEM"))
    assert trajectory.moves == "EM" and trajectory.last.stopped
    (event,) = trajectory.last.events
    assert (event.kind, event.numbers["component"], event.numbers["expected_points"]) == ("lost_component", 2, 0)
    assert trajectory.last.after is trajectory.last.before


@pytest.mark.parametrize("letter", "GBSANL")
def test_a_weight_of_zero_has_no_gradient_step(letter):
    """Its logarithm is no coordinate: an event, not a NaN."""
    case = next(case for case in CASES if case.name == "gaussian_full_2d_k3_zero_weight")
    trajectory = run.run(case.experiment(f"E{letter}"))
    assert trajectory.last.stopped and trajectory.last.events[0].kind == "boundary"


def test_linkage_without_informative_animals_has_no_m_step():
    case = next(case for case in CASES if case.name == "linkage_few_animals")
    start = {"theta": 0.0, "q_at": {"theta": 0.0}}
    trajectory = run.run(case.experiment("EM", data={"counts": [4, 0, 0, 0]}, start=start))
    assert [event.kind for event in trajectory.last.events] == ["lost_component"]
