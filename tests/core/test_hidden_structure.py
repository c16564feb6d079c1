"""Hidden paths, hidden binary units and hidden factors: every term against enumeration or a density from elsewhere."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import integrate, stats

from em_core import trajectory as run
from em_core.bound import decompose
from em_core.distributions import chains, normals
from em_core.distributions.normals import Normals
from em_core.files.errors import HalfStepFailed
from em_core.files.experiment import Experiment
from em_core.records import State, frozen
from tests.core.cases import CASES
from tests.core.making import factors, markov
from tests.core.test_enumeration import entropic

MARKOV = [case for case in CASES if case.raw["model"] == "hidden_markov"]
NETS = [case for case in CASES if case.raw["model"] == "sigmoid_belief_net"]
FACTORS = [case for case in CASES if case.raw["model"] == "factor_analysis"]


# ---- every path of a hidden Markov model -------------------------------------------------------------------
def log_emission(case, theta, values):
    if "means" in theta:
        return stats.norm.logpdf(values, theta["means"][:, None], np.sqrt(theta["variances"])[:, None])
    if "rates" in theta:
        return stats.poisson.logpmf(values, theta["rates"][:, None])
    with np.errstate(divide="ignore"):
        return np.log(theta["probabilities"])[:, values.astype(int)]


def paths_and_log_joints(case, theta, sequence):
    """All K^T paths of one sequence, and log p(v, path)."""
    n_states = len(theta["start_probabilities"])
    paths = np.array(list(itertools.product(range(n_states), repeat=len(sequence))))
    with np.errstate(divide="ignore"):
        log_start, log_rows = np.log(theta["start_probabilities"]), np.log(theta["transition_matrix"])
    log_density = log_emission(case, theta, np.array(sequence, dtype=float))
    joint = log_start[paths[:, 0]] + log_density[paths, np.arange(len(sequence))].sum(axis=1)
    return paths, joint + log_rows[paths[:, :-1], paths[:, 1:]].sum(axis=1)


@pytest.mark.parametrize("case", MARKOV, ids=str)
def test_every_term_against_all_paths(case):
    terms = np.zeros(4)
    marginals, best, n_states = [], [], len(case.theta["start_probabilities"])
    starts, steps = np.zeros(n_states), np.zeros((n_states, n_states))
    for sequence in case.raw["data"]["sequences"]:
        paths, joint = paths_and_log_joints(case, case.theta, sequence)
        _, joint_at = paths_and_log_joints(case, case.q_at, sequence)
        evidence, evidence_at = np.logaddexp.reduce(joint), np.logaddexp.reduce(joint_at)
        q = np.exp(joint_at - evidence_at)
        with np.errstate(invalid="ignore"):
            apart = joint_at - evidence_at - (joint - evidence)
        terms += [evidence, entropic(q, joint), -entropic(q, joint_at - evidence_at), entropic(q, apart)]
        starts += [q[paths[:, 0] == i].sum() for i in range(n_states)]
        for i, j in itertools.product(range(n_states), repeat=2):
            steps[i, j] += q @ ((paths[:, :-1] == i) & (paths[:, 1:] == j)).sum(axis=1)
        marginals.append([[q[paths[:, t] == k].sum() for t in range(len(sequence))] for k in range(n_states)])
        best.extend(paths[np.argmax(joint)])
    bound = decompose(case.model, case.data, State(case.theta, case.q))
    found = [bound.log_evidence, bound.expected_log_joint, bound.entropy, bound.kl]
    np.testing.assert_allclose(found, terms, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(case.q.probabilities, np.hstack(marginals), rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(case.q.start_counts, starts, rtol=1e-12)
    np.testing.assert_allclose(case.q.transition_counts, steps, rtol=1e-11, atol=1e-14)
    assert case.model.viterbi(case.data, case.theta).tolist() == best
    fitted = case.model.maximize(case.data, case.q, case.theta)
    np.testing.assert_allclose(fitted["start_probabilities"], starts / starts.sum(), rtol=1e-12)
    np.testing.assert_allclose(fitted["transition_matrix"], steps / steps.sum(axis=1, keepdims=True), rtol=1e-11)


@pytest.mark.parametrize("delta", [1e-2, 1e-5, 1e-8])
def test_kl_between_chains_keeps_its_digits(delta):
    """Near θ it is δ²/2 times a curvature: the relative error stays of order eps/δ where plain sums have eps/δ²."""
    case = next(case for case in MARKOV if "poisson" in case.name)
    direction = np.random.default_rng(0).standard_normal(case.model.to_vector(case.theta).shape)

    def apart(size):
        theta = case.model.from_vector(case.model.to_vector(case.theta) + size * direction, case.theta)
        q, p = (case.model.posterior(case.data, entry) for entry in (case.theta, theta))
        return case.model.kl(q, p) / size**2

    assert apart(delta) == pytest.approx(apart(1e-4), rel=10 * (delta + 1e-4) + 1e-14 / delta, abs=0)


def test_a_chain_is_the_posterior_under_any_split_into_sequences():
    """Sequences are independent: together they have the sum of the terms of each alone."""
    case = MARKOV[0]
    whole = decompose(case.model, case.data, State(case.theta, case.q))
    alone = []
    for sequence in case.raw["data"]["sequences"]:
        one = case.experiment(data={"sequences": [sequence]})
        alone.append(decompose(one.model, one.data, State(one.start, one.model.posterior(one.data, one.q_at))))
    for term in ("log_evidence", "expected_log_joint", "entropy", "kl"):
        assert getattr(whole, term) == pytest.approx(sum(getattr(bound, term) for bound in alone), rel=1e-13)


def test_far_apart_densities_do_not_underflow():
    """States that explain a point e^-5000 times worse than another, and a path that must take them."""
    start = ([1.0, 0.0], [[0.0, 1.0], [1.0, 0.0]], {"means": [0.0, 100.0], "variances": [1.0, 1.0]})
    case = markov("forced", "gaussian", [[100.0, 0.0, 100.0]], start, start)
    expected = stats.norm.logpdf([100.0, -100.0, 100.0]).sum()
    assert case.model.log_evidence(case.data, case.theta) == pytest.approx(expected, rel=1e-14)
    np.testing.assert_array_equal(case.q.probabilities, [[1, 0, 1], [0, 1, 0]])
    assert decompose(case.model, case.data, State(case.theta, case.q)).residual == pytest.approx(0, abs=1e-10)


# ---- models that are equal ---------------------------------------------------------------------------------
@pytest.mark.parametrize("word", ["(EM)8", "(EG)4", "EMEGEB"])
def test_a_hidden_markov_model_with_equal_rows_is_a_mixture(word):
    """Log evidence and q at every E; and, sequences of length 1 given, the whole of EM."""
    values = [1, 0, 4, 9, 12, 3, 3, 0]
    weights, rates = [0.3, 0.7], [1.0, 5.0]
    mixture = {"model": "poisson_mixture", "data": {"counts": values}, "start": {"weights": weights, "rates": rates}}
    start = {"start_probabilities": weights, "transition_matrix": [weights, weights], "rates": rates}
    hidden = {"model": "hidden_markov", "settings": {"emission": "poisson"}, "start": start}
    chain, points = ([values], "E"), ([[value] for value in values], word)
    for sequences, schedule in (chain, points):
        both = [
            Experiment.parse({**raw, "schedule": schedule})
            for raw in (mixture, {**hidden, "data": {"sequences": sequences}})
        ]
        first, second = (run.run(experiment) for experiment in both)
        for one, other in zip(first.half_steps[1:], second.half_steps[1:], strict=True):
            np.testing.assert_allclose(other.after.q.probabilities, one.after.q.probabilities, rtol=1e-12)
            np.testing.assert_allclose(other.after.theta["rates"], one.after.theta["rates"], rtol=1e-12)
            weighted = other.after.theta["start_probabilities"]
            np.testing.assert_allclose(weighted, one.after.theta["weights"], rtol=1e-12)
            np.testing.assert_array_equal(other.after.theta["transition_matrix"], [weights, weights])
            bounds = [decompose(e.model, e.data, step.after) for e, step in zip(both, (one, other), strict=True)]
            for term in ("log_evidence", "expected_log_joint", "entropy"):
                assert getattr(bounds[1], term) == pytest.approx(getattr(bounds[0], term), rel=1e-11)
            assert bounds[1].kl == pytest.approx(bounds[0].kl, rel=1e-8, abs=1e-14)


def test_one_state_is_plain_maximum_likelihood():
    start = ([1.0], [[1.0]], {"means": [3.0], "variances": [2.0]})
    case = markov("one", "gaussian", [[1.0, 2.0, 4.0], [3.0, 5.0]], start, start)
    values = np.array([1.0, 2.0, 4.0, 3.0, 5.0])
    bound = decompose(case.model, case.data, State(case.theta, case.q))
    expected = stats.norm.logpdf(values, 3.0, np.sqrt(2.0)).sum()
    assert [bound.log_evidence, bound.elbo] == pytest.approx([expected] * 2, rel=1e-13)
    assert bound.entropy == bound.kl == 0
    fitted = case.model.maximize(case.data, case.q, case.theta)
    assert [fitted["means"][0], fitted["variances"][0]] == pytest.approx([values.mean(), values.var()], rel=1e-13)


@pytest.mark.parametrize("case", NETS, ids=str)
def test_every_term_of_the_belief_net_against_all_hidden_units(case):
    """Point by point over all 2^H configurations, with SciPy's Bernoulli."""

    def log_joints(theta, values):
        n_hidden = len(theta["hidden_biases"])
        configurations = np.array(list(itertools.product((0, 1), repeat=n_hidden)))
        prior = stats.bernoulli.logpmf(configurations, 1 / (1 + np.exp(-theta["hidden_biases"]))).sum(axis=1)
        on = 1 / (1 + np.exp(-(configurations @ theta["weights"].T + theta["visible_biases"])))
        return prior + stats.bernoulli.logpmf(values, on).sum(axis=1)

    terms = np.zeros(4)
    for values in case.raw["data"]["values"]:
        joint, joint_at = log_joints(case.theta, values), log_joints(case.q_at, values)
        evidence = np.logaddexp.reduce(joint)
        log_q = joint_at - np.logaddexp.reduce(joint_at)
        q = np.exp(log_q)
        terms += [evidence, q @ joint, -q @ log_q, q @ (log_q - joint + evidence)]
    bound = decompose(case.model, case.data, State(case.theta, case.q))
    found = [bound.log_evidence, bound.expected_log_joint, bound.entropy, bound.kl]
    np.testing.assert_allclose(found, terms, rtol=1e-11)


def test_a_belief_net_without_weights_is_independent_coins():
    """Weights 0: the log evidence is that of the visible biases, and M finds the frequencies."""
    values = np.array([[0, 1], [1, 1], [1, 1], [0, 1], [1, 0]])
    start = {"hidden_biases": [0.4], "visible_biases": [0.1, -0.3], "weights": [[0.0], [0.0]]}
    raw = {"model": "sigmoid_belief_net", "data": {"values": values.tolist()}, "start": start, "schedule": "EM"}
    experiment = Experiment.parse(raw)
    last = run.run(experiment).last.after.theta
    expected = stats.bernoulli.logpmf(values, 1 / (1 + np.exp([-0.1, 0.3]))).sum()
    assert experiment.model.log_evidence(experiment.data, experiment.start) == pytest.approx(expected, rel=1e-13, abs=0)
    np.testing.assert_allclose(1 / (1 + np.exp(-last["visible_biases"])), values.mean(axis=0), atol=1e-7)
    np.testing.assert_allclose(last["weights"], 0, atol=1e-7)
    np.testing.assert_allclose(last["hidden_biases"], 0.4, rtol=1e-12)


def test_a_belief_net_that_never_sees_a_one_stays_finite():
    """The best visible bias is −∞: the M-step ends where the gradient per unit is below 1e-8, again and again."""
    raw = {"model": "sigmoid_belief_net", "data": {"values": [[0, 1], [0, 0], [0, 1]]}, "schedule": "(EM)30"}
    experiment = Experiment.parse(raw)
    trajectory = run.run(experiment)
    model, data = experiment.model, experiment.data
    assert not trajectory.last.stopped
    state = trajectory.last.before
    after = trajectory.last.after
    assert np.linalg.norm(model.gradient(data, after.theta, state.q)) < 1e-8 * 3
    assert all(np.abs(entry).max() < 100 for entry in after.theta.values())
    bounds = [decompose(model, data, step.after) for step in trajectory.half_steps[1:]]
    assert all(b.elbo >= a.elbo - 1e-12 for a, b in itertools.pairwise(bounds))


# ---- factor analysis ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", FACTORS, ids=str)
def test_log_evidence_of_factors_is_that_of_their_covariance(case):
    theta = case.theta
    covariance = theta["loadings"] @ theta["loadings"].T + np.eye(len(theta["mean"])) * theta["noise_variances"]
    expected = stats.multivariate_normal.logpdf(case.data.values, theta["mean"], covariance).sum()
    assert case.model.log_evidence(case.data, theta) == pytest.approx(expected, rel=1e-12)
    # the posterior by conditioning the joint Gaussian of (h, v)
    gain = theta["loadings"].T @ np.linalg.inv(covariance)
    q = case.model.posterior(case.data, theta)
    np.testing.assert_allclose(q.means, (case.data.values - theta["mean"]) @ gain.T, rtol=1e-10, atol=1e-12)
    expected = np.eye(len(gain)) - gain @ theta["loadings"]
    np.testing.assert_allclose(q.covariances[0], expected, rtol=1e-9, atol=1e-12)


def test_every_term_of_one_factor_against_quadrature():
    case = next(case for case in FACTORS if case.name.endswith("isotropic_3d_l1"))
    few = case.experiment(data={"values": case.raw["data"]["values"][:3]})
    theta, q = few.start, few.model.posterior(few.data, few.q_at)
    terms = np.zeros(4)
    spread = np.sqrt(q.covariances[0, 0, 0])
    for values, mean in zip(few.data.values, q.means[:, 0], strict=True):

        def log_joint(h, values=values):
            fitted = theta["mean"] + theta["loadings"][:, 0] * h
            return stats.norm.logpdf(h) + stats.norm.logpdf(values, fitted, np.sqrt(theta["noise_variances"])).sum()

        def integral(function, mean=mean):
            return integrate.quad(function, mean - 12, mean + 12, epsabs=1e-12, epsrel=1e-12, limit=200)[0]

        evidence = np.log(integral(lambda h: np.exp(log_joint(h))))
        density = stats.norm(mean, spread)
        joint = integral(lambda h, d=density: d.pdf(h) * log_joint(h))
        entropy = -integral(lambda h, d=density: d.pdf(h) * d.logpdf(h))
        terms += [evidence, joint, entropy, evidence - joint - entropy]
    bound = decompose(few.model, few.data, State(theta, q))
    found = [bound.log_evidence, bound.expected_log_joint, bound.entropy, bound.kl]
    np.testing.assert_allclose(found, terms, rtol=1e-8)


@pytest.mark.parametrize("delta", [1e-1, 1e-3, 1e-6, 1e-9])
def test_kl_between_normals_keeps_its_digits(delta):
    """Equal means, precision (1 + δ)² times the other: KL = ½ (x − 1 − log x), x = (1 + δ)², in closed form."""
    q = Normals(frozen([[1.0]]), frozen([[[2.0]]]))
    p = Normals(frozen([[1.0]]), frozen([[[2.0 * (1 + delta)]]]))
    exact = (1 + delta) - 1  # as the floats have it
    series = sum((-1) ** k * exact**k / k for k in range(2, 60))  # δ − log(1 + δ)
    expected = exact**2 / 2 + series
    assert normals.kl(q, p) == pytest.approx(expected, rel=1e-13, abs=0)
    assert normals.kl(q, q) == 0


def test_kl_between_normals_that_are_far_apart():
    q = Normals(frozen([[0.0, 1.0]]), frozen([[[1e8, 0.0], [0.0, 1.0]]]))
    p = Normals(frozen([[0.0, 0.0]]), frozen([[[1.0, 0.0], [0.0, 1.0]]]))
    assert normals.kl(q, p) == pytest.approx(0.5 * (1e-16 - 1 - np.log(1e-16) + 1), rel=1e-13)
    assert normals.kl(p, q) == pytest.approx(0.5 * (1e16 - 1 - np.log(1e16) + 1), rel=1e-13)


def test_the_m_step_of_factors_is_exact_in_the_mean_too():
    """With q from a wrong mean, the sample mean is not the best: that of v minus loadings times that of h is."""
    case = factors("diagonal", 4, 2)
    theta = case.model.maximize(case.data, case.q, case.theta)
    naive = {**theta, "mean": case.data.values.mean(axis=0)}
    assert case.elbo(theta, case.q) > case.elbo(naive, case.q) + 1e-3


def test_a_noise_variance_that_goes_to_0_is_an_event():
    """Heywood: two equal columns are explained completely; every half-step before is intact and the identity holds."""
    rng = np.random.default_rng(2)
    column, others = rng.standard_normal(30), rng.standard_normal((30, 2))
    values = np.column_stack([column, column, others @ [1.0, 0.5] + column])
    for settings in ({"n_factors": 1}, {"n_factors": 2}):
        raw = {"model": "factor_analysis", "settings": settings, "data": {"values": values.tolist()}}
        experiment = Experiment.parse({**raw, "schedule": "(EM)400"})
        trajectory = run.run(experiment)
        assert trajectory.last.stopped and trajectory.last.events[0].kind == "singular_covariance"
        assert "Heywood" in trajectory.last.events[0].message
        assert len(trajectory) > 20
        for step in trajectory.half_steps[1:]:
            bound = decompose(experiment.model, experiment.data, step.after)
            assert abs(bound.residual) <= 1e-11 * max(1, abs(bound.log_evidence)), (step.index, bound)
            assert bound.kl >= 0


def test_a_sequence_that_cannot_be_is_refused_and_an_impossible_posterior_is_an_event():
    start = ([1.0, 0.0], [[1.0, 0.0], [0.0, 1.0]], {"probabilities": [[1.0, 0.0], [0.0, 1.0]]})
    case = markov("fine", "categorical", [[0, 0]], start, start)
    data = type(case.data)(frozen([0.0, 1.0]), (2,))
    with pytest.raises(HalfStepFailed, match="sequence 1 has probability zero"):
        case.model.posterior(data, case.theta)
    assert case.model.log_evidence(data, case.theta) == -np.inf


def test_sequences_of_length_1_keep_the_transition_matrix():
    start = ([0.6, 0.4], [[0.7, 0.3], [0.2, 0.8]], {"rates": [1.0, 4.0]})
    case = markov("points", "poisson", [[1], [5], [0]], start, start)
    fitted = case.model.maximize(case.data, case.q, case.theta)
    np.testing.assert_array_equal(fitted["transition_matrix"], case.theta["transition_matrix"])
    assert case.q.transition_counts.sum() == 0


def test_blended_chains_have_blended_pairs():
    case = MARKOV[2]
    q0, q1 = case.q, case.model.posterior(case.data, case.theta)
    for weight in (1e-12, 0.3, 0.9):
        mixed = chains.blend(q0, q1, weight)
        for name in ("probabilities", "transition_counts", "start_counts"):
            expected = (1 - weight) * getattr(q0, name) + weight * getattr(q1, name)
            np.testing.assert_allclose(getattr(mixed, name), expected, rtol=1e-12)
        # of all distributions with these pairs the chain has the most entropy
        assert chains.entropy(mixed) >= (1 - weight) * chains.entropy(q0) + weight * chains.entropy(q1) - 1e-12


def test_a_long_series_costs_no_digits():
    """5,000 steps with equal rows: q is the mixture's to 1e-13, though log p(v) has the size 1e4."""
    rng = np.random.default_rng(8)
    values = rng.poisson(np.where(rng.random(5000) < 0.3, 1.0, 5.0)).tolist()
    weights, rates = [0.3, 0.7], [1.0, 5.0]
    start = ((weights, [weights, weights], {"rates": rates}),) * 2
    case = markov("long", "poisson", [values], *start)
    with np.errstate(divide="ignore"):
        joint = np.log(weights)[:, None] + stats.poisson.logpmf(values, np.array(rates)[:, None])
    expected = np.exp(joint - np.logaddexp(*joint))
    np.testing.assert_allclose(case.q.probabilities, expected, rtol=3e-13)


def test_newton_from_a_hopeless_start_raises_the_bound():
    """Far on the wrong side the curvature is all but 0 and the first step far too long: it is halved."""
    start = {"hidden_biases": [0.0], "visible_biases": [-30.0, 0.0], "weights": [[0.5], [-0.5]]}
    raw = {"model": "sigmoid_belief_net", "data": {"values": [[1, 1], [1, 0], [0, 1], [1, 1]]}, "start": start}
    experiment = Experiment.parse({**raw, "schedule": "(EM)5"})
    trajectory = run.run(experiment)
    model, data = experiment.model, experiment.data
    elbos = [decompose(model, data, step.after).elbo for step in trajectory.half_steps[1:]]
    assert elbos[1] > elbos[0] + 50 and (np.diff(elbos) >= -1e-12).all()
    for step in trajectory.half_steps[2::2]:
        assert np.linalg.norm(model.gradient(data, step.after.theta, step.after.q)) < 1e-8 * 4
        assert max(np.abs(entry).max() for entry in step.after.theta.values()) < 100


def test_a_state_that_is_never_visited_stops_with_an_event():
    for emission, emissions in (
        ("categorical", {"probabilities": [[0.5, 0.5], [0.5, 0.5]]}),
        ("poisson", {"rates": [1.0, 2.0]}),
        ("gaussian", {"means": [0.0, 1.0], "variances": [1.0, 1.0]}),
    ):
        start = ([1.0, 0.0], [[1.0, 0.0], [0.5, 0.5]], emissions)
        trajectory = run.run(markov("lost", emission, [[0, 1, 1]], start, start).experiment("EM"))
        assert [event.kind for event in trajectory.last.events] == ["lost_component"]


def test_a_belief_net_keeps_the_identity_where_weights_are_huge():
    """Every point has its first value on: that none has it off must not be a rounding, for it weighs 10⁹."""
    start = {
        "hidden_biases": [7.7, -13.7],
        "visible_biases": [66.6, 4.9],
        "weights": [[-63.2, 2.3e9], [7.5, 4.0]],
        "q_at": {"hidden_biases": [0.1, -0.2], "visible_biases": [0.3, 0.1], "weights": [[-0.5, 0.4], [1.3, 0.9]]},
    }
    values = np.column_stack([np.ones(60), np.random.default_rng(3).random(60) < 0.6]).astype(int).tolist()
    raw = {"model": "sigmoid_belief_net", "data": {"values": values}, "start": start, "schedule": "E"}
    experiment = Experiment.parse(raw)
    for step in run.run(experiment).half_steps:
        bound = decompose(experiment.model, experiment.data, step.after)
        assert abs(bound.residual) <= 1e-13 * max(1.0, abs(bound.log_evidence))
