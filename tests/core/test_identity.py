"""log p(v; θ) = L(v, θ, q) + KL(q ‖ p(h | v; θ)), from three separate computations, wherever coordinate ascent goes."""

from __future__ import annotations

import dataclasses
import decimal
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from em_core import trajectory as run
from em_core.bound import decompose, fit
from em_core.distributions import categorical
from em_core.distributions.categorical import Categorical
from em_core.records import State, frozen
from tests.attack import dealt, exhaustive, ordinary
from tests.core.cases import CASES, INTERIOR, WITH_M

IDENTITY = 1e-11
SMALL = {"step": 0.05}
# hard q: a component without points or a weight of 0, points on a line, an exact fit; cold q: a Gamma too flat; hot q:
# too long a step
STOPS = {"lost_component", "singular_covariance", "no_tempered_posterior", "diverged", "boundary"}


def bounds(experiment, trajectory):
    """(half-step, terms of its bound) for every half-step."""
    return [(step, decompose(experiment.model, experiment.data, step.after)) for step in trajectory.half_steps]


def assert_identity(bound, size=1.0):
    """Relative to log p, or to `size` where that is larger; for a point among continuous h, honest infinities."""
    if bound.residual is None and bound.elbo is not None:
        assert (bound.entropy, bound.elbo, bound.gap, bound.kl) == (-math.inf, -math.inf, math.inf, math.inf)
        assert math.isfinite(bound.log_evidence) and math.isfinite(bound.expected_log_joint)
        return
    if bound.elbo is None:
        assert (bound.expected_log_joint, bound.entropy, bound.gap, bound.kl) == (None, None, None, None)
        return
    slack = IDENTITY * max(size, 1, abs(bound.log_evidence))
    assert abs(bound.residual) <= slack, bound
    assert bound.kl >= 0
    assert bound.elbo <= bound.log_evidence + slack


def assert_three_ways(found, bound, size=1.0):
    """L as accuracy less complexity is L as energy and entropy, which `assert_identity` compares with log p less KL."""
    if found is None or bound.elbo is None:
        return
    if bound.elbo == -math.inf:
        assert (found.complexity, found.elbo) == (math.inf, -math.inf) and math.isfinite(found.accuracy)
        return
    slack = IDENTITY * max(size, 1, abs(bound.log_evidence), abs(found.accuracy))
    assert abs(found.elbo - bound.elbo) <= slack, (found, bound)
    assert found.complexity >= 0


def adds_up_along_a_schedule(case, data):
    letters = "".join(dict.fromkeys(case.moves + case.m_moves))
    word = data.draw(st.text(alphabet=letters, min_size=1, max_size=12))
    moves = {
        "G": SMALL,
        "A": SMALL,
        "S": {**SMALL, "batch": 5},
        "P": {"blocks": data.draw(st.integers(1, 6))},
        "T": {"temperature": data.draw(st.sampled_from([0.5, 1.0, 1 + 1e-9, 1.01, 4.0, 1e3]))},
    }
    experiment = case.experiment(word, moves=moves)
    trajectory = run.run(experiment)
    if trajectory.last.stopped:
        assert trajectory.last.events[0].kind in STOPS, (trajectory.moves, trajectory.last.events)
        assert set("HT") & set(trajectory.moves)
    for step, bound in bounds(experiment, trajectory):
        assert_identity(bound)
        assert_three_ways(fit(experiment.model, experiment.data, step.after), bound)


@pytest.mark.parametrize("case", CASES, ids=str)
@ordinary(4)
@given(data=st.data())
def test_log_evidence_is_elbo_plus_kl_at_every_half_step_of_any_schedule(case, data):
    """Only where q was hard, cold or hot can one stop: elsewhere every move can be made."""
    adds_up_along_a_schedule(case, data)


@pytest.mark.parametrize("case", CASES, ids=str)
@exhaustive(12)
@given(data=st.data())
def test_log_evidence_is_elbo_plus_kl_along_more_schedules(case, data):
    adds_up_along_a_schedule(case, data)


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_log_evidence_is_elbo_plus_kl_for_any_pair_of_theta_and_q(case):
    """Not only where coordinate ascent goes: θ and q know nothing of each other here."""
    rng = np.random.default_rng(3)
    for scale in (1e-9, 1e-3, 0.3, 1.0, 2.0):
        q = case.model.posterior(case.data, case.random_theta(rng, scale))
        state = State(case.random_theta(rng, scale), q)
        bound = decompose(case.model, case.data, state)
        assert_three_ways(fit(case.model, case.data, state), bound, bound.kl)
        assert_identity(bound, bound.kl)  # far apart KL exceeds log p a thousandfold: no sum keeps more than its digits


def test_what_draws_h_before_v_has_accuracy_and_complexity():
    """Of the others v is a function of h (linkage, blood groups), or h what is missing of v."""
    having = {case.model.name: fit(case.model, case.data, State(case.theta, case.q)) is not None for case in CASES}
    without = {"linkage", "abo_blood_groups", "censored_exponential", "incomplete_gaussian"}
    assert {name for name, there in having.items() if not there} == without
    assert fit(CASES[0].model, CASES[0].data, State(CASES[0].theta, None)) is None


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_gap_is_zero_after_an_e_step(case):
    experiment = case.experiment("EEMEMEME" if "M" in case.moves else "EE")
    for step, bound in bounds(experiment, run.run(experiment)):
        if step.move == "E":
            assert abs(bound.gap) <= 1e-10 * max(1, abs(bound.log_evidence))
            assert bound.kl == 0
            assert step.after.theta is step.before.theta
            assert step.after.q_at is step.after.theta


@pytest.mark.parametrize(
    ("case", "letter"), dealt([(case, letter) for case in WITH_M for letter in case.m_moves], 1, of=3), ids=str
)
def test_the_gap_after_an_m_type_step_is_the_kl_from_the_old_posterior_to_the_next(case, letter):
    """log p − L by subtraction at θ_{t+1} equals KL(q_t ‖ q_{t+1}), q_{t+1} being what the next E makes."""
    experiment = case.experiment(f"(E{letter})6E", moves={"G": SMALL, "S": SMALL})
    trajectory = run.run(experiment)
    assert len(trajectory) == 14
    for after, following in zip(trajectory.half_steps[2::2], trajectory.half_steps[3::2], strict=False):
        bound = decompose(experiment.model, experiment.data, after.after)
        between = experiment.model.kl(after.after.q, following.after.q)
        assert abs(bound.gap - between) <= IDENTITY * max(1, abs(bound.log_evidence))


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_a_half_step_rarely_leaves_the_gap_closed(case):
    """The theorems above are not about zeros: away from the optimum, the start and the first M-step open a gap."""
    experiment = case.experiment("EM")
    terms = [bound for _, bound in bounds(experiment, run.run(experiment))]
    single = case.theta["weights"].size == 1 if "weights" in case.theta else False
    open_data = case.name.endswith(("all_failed", "nothing_missing"))
    if single or open_data or set(case.raw.get("settings", {}).get("fixed", ())) == {"means", "covariances", "weights"}:
        assert all(bound.kl == 0 for bound in terms)  # nothing is censored
    else:
        assert terms[0].kl > 1e-6
        assert terms[2].kl > 1e-8


def exact_kl(q, p):
    """Σ q (log q − log p) in 60 digits, for (K,) log probabilities that are first normalised in 60 digits."""
    with decimal.localcontext(decimal.Context(prec=60)):
        logs = [[decimal.Decimal(float(entry)) for entry in column] for column in (q, p)]
        norms = [sum(entry.exp() for entry in column).ln() for column in logs]
        q, p = ([entry - norm for entry in column] for column, norm in zip(logs, norms, strict=True))
        return float(sum(a.exp() * (a - b) for a, b in zip(q, p, strict=True)))


@pytest.mark.parametrize("delta", [1.0, 1e-1, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10])
def test_kl_keeps_its_digits_near_convergence(delta):
    """Relative error of order eps/δ where the plain sum has eps/δ²: compared with 60-digit arithmetic."""
    rng = np.random.default_rng(11)
    for _ in range(20):
        mass = rng.dirichlet(np.ones(4))
        other = mass * (1 + delta * rng.uniform(-0.5, 0.5, 4))
        q, p = (np.log(entry / entry.sum()) for entry in (mass, other))
        one = frozen(np.ones(1))
        found = categorical.kl(Categorical(frozen(q[:, None]), one), Categorical(frozen(p[:, None]), one))
        assert found == pytest.approx(exact_kl(q, p), rel=4e-15 * max(1, 4 / delta), abs=0)


def test_kl_with_zeros():
    """0 log 0 = 0; mass where the posterior has none is infinitely far; mass that q leaves out still counts."""
    one = frozen(np.ones(1))
    with np.errstate(divide="ignore"):
        point, fair = (Categorical(frozen(np.log([[a], [1 - a]])), one) for a in (1.0, 0.5))
    assert categorical.kl(point, fair) == pytest.approx(math.log(2), rel=1e-15)
    assert categorical.kl(fair, point) == math.inf
    assert categorical.kl(point, point) == 0
    assert categorical.entropy(point) == 0


def test_counts_stand_for_identical_units():
    """A column with count 3 has the entropy, the KL and the log evidence of three equal columns."""
    rng = np.random.default_rng(0)
    joint, other = rng.normal(size=(2, 3, 4))
    counts = np.array([3.0, 1.0, 0.0, 2.0])
    repeated = np.repeat(np.arange(4), counts.astype(int))
    terms = []
    for columns, weights in ((np.arange(4), counts), (repeated, np.ones(6))):
        q, p = (categorical.posterior(entry[:, columns], weights) for entry in (joint, other))
        evidence = categorical.log_evidence(joint[:, columns], weights)
        terms.append([evidence, categorical.entropy(q), categorical.kl(q, p)])
    np.testing.assert_allclose(*terms, rtol=1e-14)


@pytest.mark.parametrize("far", [0, 1e3, 1e8, 1e15])
def test_responsibilities_sum_to_one_however_unlikely_the_point(far):
    q = categorical.posterior(np.array([[-far], [-far], [-far - 1]]), np.ones(1))
    assert q.probabilities.sum() == pytest.approx(1, abs=4e-16)
    assert q.probabilities[0] == q.probabilities[1]


def test_terms_are_computed_apart():
    """No term is found by subtraction: spoiling one spoils the identity, and nothing else."""
    case = CASES[1]
    state = State(case.theta, case.q)
    honest = decompose(case.model, case.data, state)
    for term, method in (("entropy", "entropy"), ("kl", "kl"), ("expected_log_joint", "expected_log_joint")):
        spoiled = type("Spoiled", (type(case.model),), {method: lambda *_: 1.0})
        model = spoiled(**{field.name: getattr(case.model, field.name) for field in dataclasses.fields(case.model)})
        bound = decompose(model, case.data, state)
        others = {"entropy", "kl", "expected_log_joint", "log_evidence"} - {term}
        assert all(getattr(bound, other) == getattr(honest, other) for other in others)
        assert getattr(bound, term) == 1.0
