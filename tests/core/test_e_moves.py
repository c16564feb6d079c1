"""What the E-type moves promise: hard, partial, tempered and mean-field q, for every model that has them."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import special, stats

from em_core import trajectory as run
from em_core.__main__ import main
from em_core.bound import decompose
from em_core.distributions import normals
from em_core.distributions.categorical import Categorical
from em_core.distributions.chains import Chains
from em_core.distributions.normals import Normals
from em_core.distributions.remainders import shape_divergence
from em_core.files.experiment import Experiment
from em_core.models.sigmoid_belief_net import configurations
from em_core.moves import MOVES
from em_core.records import State, frozen
from em_core.schedule import plan
from tests.core.cases import CASES, INTERIOR, OUTLIERS, Case, central_difference, factors, plain, student
from tests.core.test_enumeration import LISTED, hidden_log_joint, small
from tests.core.test_hidden_structure import FACTORS, MARKOV, NETS, paths_and_log_joints


def with_move(letter, cases=CASES):
    return [case for case in cases if letter in case.moves]


DISCRETE = [case for case in CASES if isinstance(case.q, Categorical | Chains)]
CONTINUOUS = [case for case in CASES if case not in DISCRETE]


def made(case, word, **moves):
    """(experiment, its trajectory, the bound after every half-step) of a word that nothing stops."""
    experiment = case.experiment(word, moves=moves)
    trajectory = run.run(experiment)
    assert not trajectory.last.stopped, trajectory.last.events
    return (
        experiment,
        trajectory,
        [decompose(experiment.model, experiment.data, s.after) for s in trajectory.half_steps],
    )


def end(case, word, **moves):
    """(the last q, its bound) of a word that nothing stops."""
    experiment = case.experiment(word, moves=moves)
    last = run.run(experiment).last
    assert not last.stopped
    return last.after.q, decompose(experiment.model, experiment.data, last.after)


def hides(case):
    return case.model.n_hidden_units(case.data) > 0


# ---- KL, unit by unit --------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", CASES, ids=str)
def test_kl_is_the_sum_over_hidden_units(case):
    exact = case.model.posterior(case.data, case.theta)
    parts = case.model.kl_by_unit(case.q, exact)
    assert parts.shape == (case.model.n_hidden_units(case.data),) and (parts >= 0).all()
    assert case.model.kl(case.q, exact) == pytest.approx(parts.sum(), rel=1e-14)


@pytest.mark.parametrize("case", with_move("P"), ids=str)
def test_the_kl_of_a_unit_is_that_of_a_q_exact_in_all_others(case):
    exact = case.model.posterior(case.data, case.theta)
    parts = case.model.kl_by_unit(case.q, exact)
    for unit in range(len(parts)):
        others = np.delete(np.arange(len(parts)), unit)
        one = case.model.posterior_for(case.data, case.theta, case.q, others)
        assert case.model.kl(one, exact) == pytest.approx(parts[unit], rel=1e-13, abs=1e-300)


# ---- H -----------------------------------------------------------------------------------------------------
def assert_hard(case, experiment, log_evidence, best):
    """The terms of H where the best assignment has log p(h*, v) = best: gap = KL = −log p(h* | v)."""
    q = experiment.model.mode(experiment.data, experiment.start)
    bound = decompose(experiment.model, experiment.data, State(experiment.start, q))
    assert bound.entropy == 0 and math.copysign(1, bound.entropy) == 1
    assert bound.expected_log_joint == pytest.approx(best, rel=1e-11)
    assert bound.kl == pytest.approx(log_evidence - best, rel=1e-9, abs=1e-12)
    assert bound.gap == pytest.approx(log_evidence - best, rel=1e-9, abs=1e-11 * max(1, abs(best)))
    assert np.isin(q.probabilities, (0, 1)).all()


@pytest.mark.parametrize("case", LISTED, ids=str)
def test_the_gap_of_a_hard_q_is_the_surprise_at_the_best_of_all_assignments(case):
    experiment = small(case)
    joint, rest = hidden_log_joint(experiment, experiment.start)
    columns = [joint[:, n] for n in range(joint.shape[1])]
    log_joint = np.full(1, rest)
    for column in columns:  # every assignment of every unit
        log_joint = (log_joint[:, None] + column).ravel()
    assert_hard(case, experiment, np.logaddexp.reduce(log_joint), log_joint.max())


@pytest.mark.parametrize("case", NETS, ids=str)
def test_a_hard_belief_net_has_the_best_configuration_of_every_point(case):
    log_joint = net_log_joint(case)
    evidence = np.logaddexp.reduce(log_joint, axis=0).sum()
    assert_hard(case, case.experiment(), evidence, log_joint.max(axis=0).sum())


@pytest.mark.parametrize("case", MARKOV, ids=str)
def test_a_hard_chain_runs_along_the_best_of_all_paths(case):
    evidence, best, path = 0.0, 0.0, []
    for sequence in case.raw["data"]["sequences"]:
        paths, joint = paths_and_log_joints(case, case.theta, sequence)
        evidence, best = evidence + np.logaddexp.reduce(joint), best + joint.max()
        path.extend(paths[np.argmax(joint)])
    assert_hard(case, case.experiment(), evidence, best)
    q = case.model.mode(case.data, case.theta)
    np.testing.assert_array_equal(q.probabilities.argmax(axis=0), path)
    places = np.split(np.arange(len(path)), np.cumsum(case.data.lengths)[:-1])
    steps = np.zeros_like(q.transition_counts)
    for part in places:
        np.add.at(steps, (np.array(path)[part[:-1]], np.array(path)[part[1:]]), 1)
    np.testing.assert_array_equal(q.transition_counts, steps)


@pytest.mark.parametrize("case", DISCRETE, ids=str)
def test_hm_never_lowers_the_log_joint_of_the_best_assignment(case):
    """Viterbi training, k-means and the rest: each half maximises log p(h, v; θ), over h and then over θ."""
    if "M" not in case.moves:
        return
    experiment = case.experiment("(HM)6")
    trajectory = run.run(experiment)
    if trajectory.last.stopped:
        assert trajectory.last.events[0].kind in ("lost_component", "singular_covariance")
    values = [decompose(experiment.model, experiment.data, s.after).elbo for s in trajectory.half_steps[1:]]
    assert (np.diff(values) >= -1e-12 * np.maximum(1, np.abs(values[1:]))).all()


def test_ties_go_to_the_first_component():
    theta = {"weights": [0.25, 0.5, 0.25], "probabilities": [0.5, 0.25, 0.5]}
    raw = {"model": "binomial_mixture", "settings": {"trials": 1}, "data": {"successes": [1, 0]}, "start": theta}
    experiment = Experiment.parse({**raw, "schedule": "H"})
    q = run.run(experiment).last.after.q
    np.testing.assert_array_equal(q.probabilities, [[1, 0], [0, 1], [0, 0]])


def complete_log_density(case, q):
    """log p(h, v; θ) at the point that q stands on, with SciPy's densities."""
    theta, data = case.theta, case.data
    if case.raw["model"] == "factor_analysis":
        fitted = theta["mean"] + q.means @ theta["loadings"].T
        noise = np.sqrt(np.broadcast_to(theta["noise_variances"], theta["mean"].shape))
        return stats.norm.logpdf(q.means).sum() + stats.norm.logpdf(data.values, fitted, noise).sum()
    if case.raw["model"] == "incomplete_gaussian":
        rows = data.values.copy()
        for part in q.conditionals:
            rows[np.ix_(part.pattern.rows, part.pattern.missing)] = part.means
        return stats.multivariate_normal.logpdf(rows, theta["mean"], theta["covariance"]).sum()
    if case.raw["model"] == "student_t":
        half, matrix = case.model.degrees_of_freedom / 2, theta["scale_matrix"]
        pairs = zip(data.values, q.weights, strict=True)
        points = sum(stats.multivariate_normal.logpdf(x, theta["location"], matrix / u) for x, u in pairs)
        return points + stats.gamma.logpdf(q.weights, half, scale=1 / half).sum()
    lifetimes = np.where(data.observed, data.times, 0)
    lifetimes[data.observed == 0] = q.means
    return stats.expon.logpdf(lifetimes, scale=float(theta["mean"])).sum()


def elsewhere(case, q, rng):
    """The same kind of point, a little away."""
    if isinstance(q, Normals):
        return replace(q, means=q.means + 0.1 * rng.standard_normal(q.means.shape))
    if case.raw["model"] == "incomplete_gaussian":
        parts = (replace(p, deviations=p.deviations + 0.1 * rng.standard_normal(p.means.shape)) for p in q.conditionals)
        return replace(q, conditionals=tuple(parts))
    if case.raw["model"] == "student_t":
        return replace(q, distances=q.distances * (1 + 0.1 * rng.uniform(-1, 1, q.distances.shape)))
    return replace(q, remainder=0.1 * rng.random(q.starts.shape))  # never earlier: it was seen alive


@pytest.mark.parametrize("case", with_move("H", CONTINUOUS), ids=str)
def test_a_hard_q_of_continuous_h_stands_on_the_mode(case):
    """Entropy and L are −∞, gap and KL ∞, and E_q[log p(h, v)] is log p(h*, v): no h near has more."""
    q = case.model.mode(case.data, case.theta)
    bound = decompose(case.model, case.data, State(case.theta, q))
    # log p(h, v) of scales with 1e8 degrees of freedom: SciPy's Gamma has lost these digits, not the sum of its logs
    digits = 1e-6 if "almost_gaussian" in case.name else 1e-12
    assert bound.expected_log_joint == pytest.approx(complete_log_density(case, q), rel=digits)
    rng = np.random.default_rng(0)
    for _ in range(5):
        there = case.model.expected_log_joint(case.data, case.theta, elsewhere(case, q, rng))
        assert there < bound.expected_log_joint or not hides(case)
    if hides(case):
        assert (bound.entropy, bound.elbo, bound.gap, bound.kl) == (-math.inf, -math.inf, math.inf, math.inf)
        assert (case.model.kl_by_unit(q, case.model.posterior(case.data, case.theta)) == math.inf).all()
        assert bound.residual is None
    else:  # nothing to stand on: L is log p
        assert (bound.entropy, bound.kl) == (0, 0) and bound.elbo == pytest.approx(bound.log_evidence, rel=1e-13)


@pytest.mark.parametrize("case", [c for c in with_move("H", CONTINUOUS) if hides(c)], ids=str)
def test_points_among_spread_out_units_are_told_until_the_last_is_gone(case):
    """E H P P …: −∞ until every block is exact again, and then E's own numbers."""
    blocks = min(3, case.model.n_hidden_units(case.data))
    _, trajectory, bounds = made(case, f"EHP{blocks}", P={"blocks": blocks})
    for bound in bounds[2:-1]:
        assert (bound.entropy, bound.elbo, bound.kl) == (-math.inf, -math.inf, math.inf)
        assert math.isfinite(bound.expected_log_joint)
    assert 0 <= bounds[-1].kl < 1e-23
    for term in ("log_evidence", "expected_log_joint", "entropy"):
        assert getattr(bounds[-1], term) == pytest.approx(getattr(bounds[1], term), rel=1e-13)
    halfway = case.model.kl_by_unit(trajectory[3].after.q, case.model.posterior(case.data, case.theta))
    if blocks > 1:
        assert halfway[0] < 1e-24 and ((halfway < 1e-24) | (halfway == math.inf)).all() and halfway.max() == math.inf


def test_a_scale_without_a_mode_stops_h_with_an_event():
    """ν + D = 1.5: the density of a Gamma of shape 0.75 has no highest point above 0."""
    case = next(case for case in CASES if case.name == "student_t_one_column")
    trajectory = run.run(case.experiment("EHM"))
    (event,) = trajectory.last.events
    assert (trajectory.moves, event.kind, event.numbers["freedom"]) == ("EH", "no_mode", 1.5)


def test_a_scale_too_flat_for_a_power_stops_t_with_an_event():
    """Shape 0.75 to the power 5: 5 (0.75 − 1) + 1 < 0."""
    case = next(case for case in CASES if case.name == "student_t_one_column")
    trajectory = run.run(case.experiment("TT", moves={"T": {"temperature": 0.2}}))
    (event,) = trajectory.last.events
    assert (trajectory.moves, event.kind) == ("T", "no_tempered_posterior") and event.numbers["shape"] < 0


@pytest.mark.parametrize("case", [c for c in with_move("E") if hides(c) and c.name != "gaussian_full_3d_k1"], ids=str)
def test_after_e_hard_and_tempered_q_lower_the_elbo(case):
    """The counter-examples: neither H nor T is monotone, in any model in which there is anything to be unsure of."""
    exact = case.model.posterior(case.data, case.theta)
    if case.model.kl(exact, case.model.posterior(case.data, case.q_at)) == 0:
        return  # one component
    for letter in set("HT") & set(case.moves):
        _, _, bounds = made(case, f"E{letter}")
        assert bounds[2].elbo < bounds[1].elbo - 1e-9, letter
        assert not MOVES[letter].monotone


# ---- P -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", with_move("P"), ids=str)
@pytest.mark.parametrize("blocks", [1, 2, 3, 1000])
def test_partial_steps_close_the_gap_block_by_block(case, blocks):
    """KL of the block just done is 0 and of the others what it was; L never falls; after a round q is exact."""
    n_units = case.model.n_hidden_units(case.data)
    parts = np.array_split(np.arange(n_units), min(blocks, max(1, n_units)))
    _, trajectory, bounds = made(case, f"P{len(parts)}", P={"blocks": blocks})
    exact = case.model.posterior(case.data, case.theta)
    expected = case.model.kl_by_unit(case.q, exact)
    for step, part in zip(trajectory.half_steps[1:], parts, strict=True):
        found = case.model.kl_by_unit(step.after.q, exact)
        # computed for the block alone: the posterior of all units may differ in its last digits
        assert found[part].max(initial=0) < 1e-24
        expected[part] = found[part]
        np.testing.assert_array_equal(found, expected)
        assert step.after.q_at is None
    values = np.array([bound.elbo for bound in bounds])
    assert (np.diff(values) >= -1e-14 * np.abs(values[1:])).all()
    assert 0 <= bounds[-1].kl < 1e-23 and abs(bounds[-1].gap) <= 1e-12 * max(1, abs(bounds[-1].log_evidence))
    whole = decompose(case.model, case.data, State(case.theta, exact))
    for term in ("expected_log_joint", "entropy"):
        assert getattr(bounds[-1], term) == pytest.approx(getattr(whole, term), rel=1e-13)


@pytest.mark.parametrize("case", [c for c in with_move("P") if "M" in c.moves], ids=str)
def test_incremental_em_never_lowers_the_elbo(case):
    _, _, bounds = made(case, "(PM)12", P={"blocks": 3})
    values = np.array([bound.elbo for bound in bounds])
    assert (np.diff(values) >= -1e-12 * np.maximum(1, np.abs(values[1:]))).all()


@pytest.mark.parametrize("name", ["gaussian_full_2d_k2", "poisson_mixture_counts", "factor_analysis_isotropic_3d_l1"])
def test_incremental_em_reaches_the_optimum_of_em(name):
    """A round of four P M costs as much as one E M, and gets further."""
    case = next(case for case in CASES if case.name == name)
    ends = [end(case, word)[1].log_evidence for word in ("(EM)600", "E(PM)2400")]
    assert ends[1] == pytest.approx(ends[0], rel=1e-9)
    early = [end(case, word)[1].log_evidence for word in ("E(EM)8", "E(PM)32")]
    assert early[1] > early[0]


# ---- T -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", with_move("T"), ids=str)
def test_temperature_1_is_the_exact_posterior(case):
    exact = case.model.posterior(case.data, case.theta)
    for temperature, cooling in ((1.0, 0.8), (5.0, 1e-300)):  # cooled at once: the second T is at 1
        _, _, bounds = made(case, "TT", T={"temperature": temperature, "cooling": cooling})
        assert bounds[2].kl <= 1e-14 * max(1, abs(bounds[2].log_evidence))
        assert bounds[2].entropy == pytest.approx(case.model.entropy(exact), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("case", with_move("T"), ids=str)
@pytest.mark.parametrize("temperature", [0.8, 1.5, 4.0])
def test_tempering_maximises_joint_plus_temperature_times_entropy(case, temperature):
    def value(q):
        joint = case.model.expected_log_joint(case.data, case.theta, q)
        return joint + temperature * case.model.entropy(q)

    q = case.model.tempered(case.data, case.theta, 1 / temperature)
    best, rng = value(q), np.random.default_rng(0)
    others = [case.q, case.model.posterior(case.data, case.theta)]
    others += [case.model.tempered(case.data, case.theta, power / temperature) for power in (0.9, 1.1)]
    if case in INTERIOR:
        others += [case.model.tempered(case.data, case.random_theta(rng, s), 1 / temperature) for s in (1e-2, 0.3)]
    for other in others:
        apart = case.model.kl(other, q)
        for weight in (1e-3, 0.3, 1.0):
            assert value(case.model.blend(q, other, weight)) <= best + 1e-12 * max(1, abs(best))
        # what is lost is temperature · KL(other ‖ q), exactly
        assert best - value(other) == pytest.approx(temperature * apart, rel=1e-8, abs=1e-11 * max(1, abs(best)))


def test_the_temperature_falls_with_every_t():
    """1 + 3 · 0.8ⁿ after n others, whatever stands between them; seen in a q of two values."""
    case = next(case for case in CASES if case.name == "linkage_197_animals")
    _, trajectory, _ = made(case, "TETMTT")
    made_before = 0
    for step in trajectory.half_steps[1:]:
        if step.move == "T":
            logs = step.after.q.log_probabilities[:, 0]
            exact = case.model.posterior(case.data, step.before.theta).log_probabilities[:, 0]
            temperature = (exact[0] - exact[1]) / (logs[0] - logs[1])
            assert temperature == pytest.approx(1 + 3 * 0.8**made_before, rel=1e-12)
            made_before += 1
    assert made_before == 4


@pytest.mark.parametrize("case", MARKOV, ids=str)
@pytest.mark.parametrize("power", [0.25, 3.0])
def test_a_tempered_chain_is_the_power_of_every_path(case, power):
    marginals, entropy, n_states = [], 0.0, len(case.theta["start_probabilities"])
    for sequence in case.raw["data"]["sequences"]:
        paths, joint = paths_and_log_joints(case, case.theta, sequence)
        q = special.softmax(power * joint)
        entropy += special.entr(q).sum()
        marginals.append([[q[paths[:, t] == k].sum() for t in range(len(sequence))] for k in range(n_states)])
    q = case.model.tempered(case.data, case.theta, power)
    np.testing.assert_allclose(q.probabilities, np.hstack(marginals), rtol=1e-11, atol=1e-14)
    assert case.model.entropy(q) == pytest.approx(entropy, rel=1e-11)


@pytest.mark.parametrize("power", [0.25, 0.9999, 1.5])
def test_a_tempered_scale_is_the_power_of_its_gamma(power):
    case = next(case for case in CASES if case.name == "student_t_outliers")
    exact, q = case.model.posterior(case.data, case.theta), case.model.tempered(case.data, case.theta, power)
    at = np.array([0.01, 0.3, 1.0, 4.0])
    for n in range(len(q.distances)):
        ratio = stats.gamma.logpdf(at, q.shape, scale=1 / q.rates[n])
        ratio -= power * stats.gamma.logpdf(at, exact.shape, scale=1 / exact.rates[n])
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-10, atol=1e-13)
    a, b, c, d = q.shape, q.rates, exact.shape, exact.rates
    entropy = stats.gamma.entropy(a, scale=1 / b).sum()
    assert case.model.entropy(q) == pytest.approx(entropy, rel=1e-11)
    kl = (a - c) * special.psi(a) - special.gammaln(a) + special.gammaln(c) + c * np.log(b / d) + a * (d - b) / b
    np.testing.assert_allclose(case.model.kl_by_unit(q, exact), kl, rtol=1e-9, atol=1e-13)


def test_the_kl_between_scales_keeps_its_digits_far_from_the_location():
    """E[u] is 1e-18 there, and E[u] − 1 has lost all of it: KL comes from the distances alone."""
    far = [[1e9 * entry for entry in row] for row in OUTLIERS]
    case = student("far", far, 3.0)
    exact = case.model.posterior(case.data, case.theta)
    for change in (1e-2, 1e-4, 1e-6):
        near = replace(exact, distances=exact.distances * (1 + change))
        found = case.model.kl_by_unit(exact, near)
        # change − log(1 + change), at distances that ν = 3 adds nothing to
        expected = exact.shape * change**2 * (1 / 2 - change * (1 / 3 - change * (1 / 4 - change / 5)))
        np.testing.assert_allclose(found, expected, rtol=1e-6 + 4e-16 / change)


@pytest.mark.parametrize("shape", [0.01, 0.7, 19.0, 21.0, 1e4, 5e8])
def test_the_kl_between_shapes_keeps_its_digits(shape):
    """Quadratic near 0, where it is g″ δ² / 2; and the two ways to it agree where they meet."""
    near = [shape_divergence(np.array(shape), np.array(shape * (1 + d))) for d in (1e-9, 2e-9, 1e-6, 2e-6)]
    assert all(entry > 0 for entry in near)
    assert [near[1] / near[0], near[3] / near[2]] == pytest.approx([4, 4], rel=1e-5)
    curvature = special.polygamma(1, shape) * shape - 1 if shape < 1e3 else 0.5 / shape
    assert near[2] == pytest.approx(0.5e-12 * shape * curvature, rel=3e-4)
    below, above = (shape_divergence(np.array(shape), np.array(shape * (1 + d))) for d in (0.1 - 1e-9, 0.1 + 1e-9))
    assert above == pytest.approx(below, rel=1e-7)
    assert shape_divergence(np.array(shape), np.array(shape)) == 0


@pytest.mark.parametrize("case", FACTORS, ids=str)
def test_tempered_normals_have_covariances_times_the_temperature(case):
    exact, q = case.model.posterior(case.data, case.theta), case.model.tempered(case.data, case.theta, 0.25)
    np.testing.assert_array_equal(q.means, exact.means)
    np.testing.assert_allclose(q.covariances, 4 * exact.covariances, rtol=1e-13)


# ---- any q is good enough for an M-type move ---------------------------------------------------------------
@pytest.mark.parametrize("case", INTERIOR, ids=str)
@pytest.mark.parametrize("word", ["H", "TP", "HP", "TPHP", "EVP"])
def test_the_gradient_for_any_q_is_that_of_central_differences(case, word):
    """Also where some units are points, others tempered and others exact; and M's result has none."""
    if not set(word) <= set(case.moves):
        return
    _, trajectory, _ = made(case, word)
    model, data, q = case.model, case.data, trajectory.last.after.q
    expected = central_difference(
        lambda x: model.expected_log_joint(data, model.from_vector(x, case.theta), q), model.to_vector(case.theta)
    )
    found = model.gradient(data, case.theta, q)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8 * case.n_units)
    after = run.extend(case.experiment(), trajectory, "M").last
    if after.stopped:
        assert "H" in word and after.events[0].kind in ("lost_component", "singular_covariance")
    else:
        theta = after.after.theta
        flat = 1e-12 if model.help["m_step"] == "closed form" else 1e-8
        sizes = [np.abs(entry).max() for entry in theta.values()]
        assert np.linalg.norm(model.gradient(data, theta, q)) <= flat * case.n_units * max(1, *sizes)


# ---- V -----------------------------------------------------------------------------------------------------
def net_log_joint(case):
    """log p(h, v), (2^H, N), with SciPy's probabilities."""
    theta, total = case.theta, []
    for h in configurations(len(theta["hidden_biases"])):
        hidden = stats.bernoulli.logpmf(h, special.expit(theta["hidden_biases"])).sum()
        on = special.expit(theta["weights"] @ h + theta["visible_biases"])
        total.append(hidden + stats.bernoulli.logpmf(case.data.values, on).sum(axis=1))
    return np.array(total)


def product(on):
    """The q under which unit j is on with probability on[j, n], independently."""
    h = configurations(len(on))[:, :, None]
    return Categorical(frozen(np.log(np.where(h == 1, on, 1 - on)).sum(axis=1)), frozen(np.ones(on.shape[1])))


def marginals(q, n_hidden):
    return configurations(n_hidden).T @ q.probabilities


@pytest.mark.parametrize("case", with_move("V"), ids=str)
@pytest.mark.parametrize("word", ["V20", "EV20", "HV20", "(VM)8", "V(GVV)4"])
def test_mean_field_never_lowers_the_elbo_of_a_factorised_q(case, word):
    _, trajectory, bounds = made(case, word)
    first = trajectory.moves.index("V") + 1
    for step, before, after in zip(trajectory.half_steps[1:], bounds, bounds[1:], strict=False):
        if step.index > first and MOVES[step.move].monotone:
            assert after.elbo >= before.elbo - 1e-12 * max(1, abs(before.elbo)), step.index
    if word == "HV20":
        assert bounds[2].elbo > bounds[1].elbo  # a point factorises


@pytest.mark.parametrize("case", with_move("V"), ids=str)
def test_mean_field_of_one_hidden_value_is_exact(case):
    if (
        len(case.theta.get("hidden_biases", np.empty(0))) != 1
        and case.theta.get("loadings", np.ones((1, 2))).shape[1] > 1
    ):
        return
    for word in ("V", "HV"):
        bound = made(case, word)[2][-1]
        assert bound.kl <= 1e-15 * case.n_units and abs(bound.gap) <= 1e-12 * max(1, abs(bound.log_evidence))


def test_the_mean_field_of_a_net_starts_from_the_prior():
    """One sweep by hand for two causes of one value: E[log-odds] of each, the second with the first's new value."""
    theta = {"hidden_biases": [0.4, -0.7], "visible_biases": [0.2], "weights": [[1.5, -2.0]]}
    case = plain("by_hand", "sigmoid_belief_net", {"values": [[1], [0]]}, theta, theta)
    joint = net_log_joint(case)  # rows: neither, first, second, both
    second = special.expit(-0.7)
    first = special.expit((1 - second) * (joint[1] - joint[0]) + second * (joint[3] - joint[2]))
    second = special.expit((1 - first) * (joint[2] - joint[0]) + first * (joint[3] - joint[1]))
    experiment = case.experiment("V", start=theta)
    q = run.run(experiment).last.after.q
    np.testing.assert_allclose(marginals(q, 2), [first, second], rtol=1e-13)
    np.testing.assert_allclose(q.probabilities, product(np.array([first, second])).probabilities, rtol=1e-13)


@pytest.mark.parametrize("case", NETS, ids=str)
def test_a_net_forgets_correlations_before_it_sweeps(case):
    """V from a q is V from the product of its marginals."""
    n_hidden = len(case.theta["hidden_biases"])
    ends = [case.model.mean_field(case.data, case.theta, q) for q in (case.q, product(marginals(case.q, n_hidden)))]
    np.testing.assert_allclose(ends[0].probabilities, ends[1].probabilities, rtol=1e-11)


@pytest.mark.parametrize("case", NETS, ids=str)
def test_the_optimum_of_mean_field_is_stationary(case):
    """No change of a single unit's probability raises L; and the gap stays open where the posterior correlates."""
    n_hidden = len(case.theta["hidden_biases"])
    q, bound = end(case, "V300")
    on = marginals(q, n_hidden)
    np.testing.assert_allclose(product(on).probabilities, q.probabilities, rtol=1e-10)
    best = case.elbo(case.theta, q)
    for j in range(n_hidden):
        for n in range(on.shape[1]):
            for change in (-0.1, -1e-3, 1e-3, 0.1):
                moved = on.copy()
                moved[j, n] = special.expit(special.logit(on[j, n]) + change)
                assert case.elbo(case.theta, product(moved)) < best
    assert bound.kl > 1e-3 or n_hidden == 1


@pytest.mark.parametrize("case", [*FACTORS, factors("diagonal", 5, 3)], ids=str)
def test_the_floor_of_mean_field_factors_is_a_ratio_of_determinants(case):
    """½ N (Σ log G_ll − log det G), at the exact means; no other means or variances do better."""
    q, bound = end(case, "V2000")
    theta = case.theta
    noise = np.broadcast_to(theta["noise_variances"], theta["mean"].shape)
    precision = np.eye(theta["loadings"].shape[1]) + theta["loadings"].T @ (theta["loadings"] / noise[:, None])
    ratio = np.log(np.diag(precision)).sum() - np.linalg.slogdet(precision)[1]
    floor = 0.5 * case.n_units * ratio
    assert bound.kl == pytest.approx(floor, rel=1e-10, abs=1e-12)
    assert bound.gap == pytest.approx(floor, rel=1e-9, abs=1e-10)
    assert floor > 1e-3 or len(precision) == 1
    exact = case.model.posterior(case.data, theta)
    np.testing.assert_allclose(q.means, exact.means, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(q.covariances[0], np.diag(1 / np.diag(precision)), rtol=1e-12)
    rng = np.random.default_rng(0)
    for size in (1e-3, 0.1):
        for _ in range(5):
            means = q.means + size * rng.standard_normal(q.means.shape)
            scales = np.exp(size * rng.standard_normal(len(precision)))
            for other in (replace(q, means=means), replace(q, precision_factors=q.precision_factors * scales)):
                assert case.elbo(theta, other) < bound.elbo


def test_a_sweep_over_factors_is_that_of_gauss_and_seidel():
    """From 0: each mean solves its own row of G μ = G m, the earlier ones new and the later ones old."""
    case = factors("diagonal", 5, 3)
    exact = case.model.posterior(case.data, case.theta)
    precision = np.linalg.inv(exact.covariances[0])
    means = np.zeros_like(exact.means)
    for sweep in (1, 2):
        for factor in range(3):
            others = np.delete(np.arange(3), factor)
            target = exact.means @ precision[factor] - means[:, others] @ precision[factor, others]
            means[:, factor] = target / precision[factor, factor]
        q = run.run(case.experiment("V" * sweep, start={k: v for k, v in case.raw["start"].items() if k != "q_at"}))
        np.testing.assert_allclose(q.last.after.q.means, means, rtol=1e-10, atol=1e-12)


# ---- algorithms that are schedules -------------------------------------------------------------------------
BLOBS = np.repeat([[0.0, 0.0], [6.0, 0.0], [3.0, 5.0]], 20, axis=0)
BLOBS = (BLOBS + 0.8 * np.random.default_rng(0).standard_normal(BLOBS.shape)).round(2)


CLOUD = np.random.default_rng(1).standard_normal((90, 2))


def spherical(values, means, variance=1.0, fixed=()):
    """Three spherical components of equal weight."""
    start = {"weights": [1 / 3] * 3, "means": means, "covariances": [variance] * 3}
    settings = {"covariance": "spherical", "fixed": list(fixed)}
    raw = {"model": "gaussian_mixture", "settings": settings, "data": {"values": values.tolist()}, "start": start}
    return Case("three_spheres", raw)


def test_hm_with_equal_fixed_weights_and_covariances_is_lloyds_k_means():
    """Step by step beside scikit-learn: centres after M, and the assignments that follow from them."""
    cluster = pytest.importorskip("sklearn.cluster")
    centres = CLOUD[:3]
    case = spherical(CLOUD, centres.tolist(), 0.7, ("weights", "covariances"))
    _, trajectory, bounds = made(case, "(HM)8H")
    distinct = set()
    for iteration in range(1, 9):
        peer = cluster.KMeans(3, init=centres, n_init=1, max_iter=iteration, algorithm="lloyd", tol=0).fit(CLOUD)
        after, following = trajectory[2 * iteration].after, trajectory[2 * iteration + 1].after
        np.testing.assert_allclose(after.theta["means"], peer.cluster_centers_, rtol=1e-12, atol=1e-13)
        np.testing.assert_array_equal(following.q.probabilities.argmax(axis=0), peer.labels_)
        constant = len(CLOUD) * (np.log(1 / 3) - np.log(2 * np.pi * 0.7))
        assert bounds[2 * iteration + 1].elbo == pytest.approx(constant - peer.inertia_ / 1.4, rel=1e-12)
        distinct.add(peer.labels_.tobytes())
    assert len(distinct) >= 3  # it took some steps


def test_annealing_finds_what_em_from_the_same_start_does_not():
    """Two of the three centres in one blob: EM stays there, a tempered q lets one of them out."""
    case = spherical(BLOBS, [[-1.0, 0.0], [1.0, 0.0], [4.5, 2.5]])
    plain_em, annealed = (end(case, word)[1].log_evidence for word in ("(EM)60", "(TM)30(EM)30"))
    assert plain_em == pytest.approx(-249.58, abs=0.01)
    assert annealed == pytest.approx(-198.11, abs=0.01)


# ---- running -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", CASES, ids=str)
def test_q_at_is_known_after_e_alone(case):
    for letter in set("HPTV") & set(case.moves):
        _, trajectory, _ = made(case, f"E{letter}")
        assert trajectory[1].after.q_at is trajectory[1].after.theta and trajectory[2].after.q_at is None


def test_an_infinite_bound_converges_by_its_expected_log_joint():
    case = next(case for case in CASES if case.name == "incomplete_gaussian_three_columns")
    experiment = case.experiment()
    ended = run.run_to_end(experiment, run.start(experiment), plan("HM", MOVES))
    assert 6 < len(ended) < 501 and run.converged(experiment, ended, plan("HM", MOVES))
    last, earlier = (decompose(case.model, case.data, ended[i].after) for i in (-1, -3))
    assert last.elbo == -math.inf
    assert abs(last.expected_log_joint - earlier.expected_log_joint) < 1e-9 * abs(last.expected_log_joint)


@pytest.mark.parametrize("name", ["gaussian_full_3d_k1", "binomial_two_coins", "factor_analysis_diagonal_4d_l2"])
def test_a_bound_that_fell_has_not_converged(name):
    case = next(case for case in CASES if case.name == name)
    experiment, trajectory, bounds = made(case, "(EM)200T")
    assert run.converged(experiment, trajectory.upto(400), plan("EM", MOVES))
    fell = bounds[401].elbo < bounds[400].elbo - 1e-6
    assert run.converged(experiment, trajectory, plan("T", MOVES)) != fell and fell == (name != "gaussian_full_3d_k1")
    if "H" in case.moves and name.startswith("factor"):
        experiment, trajectory, bounds = made(case, "EH")
        assert not run.converged(experiment, trajectory, plan("H", MOVES))  # from a finite bound to −∞


@pytest.mark.parametrize("letters", ["HT", "P", "V"])
@pytest.mark.parametrize("name", ["factor_analysis_diagonal_4d_l2", "linkage_197_animals"])
def test_the_command_line_tells_infinities_and_refuses_what_a_model_lacks(name, letters, tmp_path, capsys):
    case = next(case for case in CASES if case.name == name)
    path = tmp_path / "experiment.json"
    path.write_text(json.dumps({**case.raw, "schedule": f"E{letters}M"}), encoding="utf-8")
    status = main(["run", str(path)])
    out, err = capsys.readouterr()
    if not set(letters) <= set(case.moves):
        assert status == 2 and out == "" and err.startswith("schedule: ") and MOVES[letters[0]].lacking in err
        return
    assert (status, err) == (0, "")
    steps = json.loads(out, parse_constant=pytest.fail)["half_steps"]
    for step in steps:
        if step["move"] == "H" and name.startswith("factor"):
            assert (step["elbo"], step["entropy"], step["gap"], step["kl"]) == (
                "-Infinity",
                "-Infinity",
                "Infinity",
                "Infinity",
            )
            assert isinstance(step["expected_log_joint"], float) and isinstance(step["log_evidence"], float)
        else:
            assert isinstance(step["elbo"], float) and isinstance(step["kl"], float)


def test_points_have_no_blend_between_them():
    """Two points apart leave no covariance to invert: an event's error, not NumPy's."""
    case = next(case for case in CASES if case.name == "factor_analysis_diagonal_4d_l2")
    one = case.model.mode(case.data, case.theta)
    other = normals.mode(case.q)
    with pytest.raises(ArithmeticError, match="positive definite"):
        case.model.blend(one, other, 0.5)
    spread = case.model.blend(one, case.q, 0.5)
    assert math.isfinite(case.model.entropy(spread))


def test_the_first_sweep_after_an_exact_e_step_can_lower_the_elbo():
    """What V's promise leaves out: a posterior that does not factorise becomes so first."""
    case = next(case for case in CASES if case.name.startswith("sigmoid_belief_net"))
    _, _, bounds = made(case, "EVV")
    assert bounds[2].elbo < bounds[1].elbo - 1e-6 and bounds[3].elbo >= bounds[2].elbo - 1e-12 * abs(bounds[2].elbo)
    assert "once q factorises" in MOVES["V"].promise
