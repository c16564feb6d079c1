"""V: the best q that factorises; M-type moves for any q."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from em_core import trajectory as run
from em_core.distributions.categorical import Categorical
from em_core.kinds import MOVES
from em_core.models.sigmoid_belief_net import configurations
from em_core.records import frozen
from tests.attack import dealt
from tests.core.cases import INTERIOR, central_difference
from tests.core.e_moves.shared import end, made, net_log_joint, with_move
from tests.core.making import factors, plain
from tests.core.test_hidden_structure import FACTORS, NETS


@pytest.mark.parametrize("case", dealt(INTERIOR, 0, of=2), ids=str)
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
