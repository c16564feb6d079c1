"""T: the posterior flattened by a temperature."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import special, stats

from em_core.distributions.remainders import shape_divergence
from tests.core.cases import CASES, INTERIOR
from tests.core.e_moves.shared import made, with_move
from tests.core.making import OUTLIERS, student
from tests.core.test_hidden_structure import FACTORS, MARKOV, paths_and_log_joints


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
    assert near[2] == pytest.approx(0.5e-12 * shape * curvature, rel=3e-4, abs=0)
    below, above = (shape_divergence(np.array(shape), np.array(shape * (1 + d))) for d in (0.1 - 1e-9, 0.1 + 1e-9))
    assert above == pytest.approx(below, rel=1e-7)
    assert shape_divergence(np.array(shape), np.array(shape)) == 0


@pytest.mark.parametrize("case", FACTORS, ids=str)
def test_tempered_normals_have_covariances_times_the_temperature(case):
    exact, q = case.model.posterior(case.data, case.theta), case.model.tempered(case.data, case.theta, 0.25)
    np.testing.assert_array_equal(q.means, exact.means)
    np.testing.assert_allclose(q.covariances, 4 * exact.covariances, rtol=1e-13)
