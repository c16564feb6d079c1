"""H: q is a point, the most probable h."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from em_core import trajectory as run
from em_core.bound import decompose
from em_core.distributions.normals import Normals
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES
from em_core.records import State
from tests.core.cases import CASES
from tests.core.e_moves.shared import CONTINUOUS, DISCRETE, hides, made, net_log_joint, with_move
from tests.core.test_enumeration import LISTED, hidden_log_joint, small
from tests.core.test_hidden_structure import MARKOV, NETS, paths_and_log_joints


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
