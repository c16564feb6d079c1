"""V, codes with a spread: the bound against integrals, sweeps that never lower it, and where they come to rest."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from em_core import trajectory as run
from em_core.bound import decompose
from em_core.distributions.folded import excess
from em_core.files.errors import HalfStepFailed
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES
from em_core.models.dictionary_learning import DictionaryLearning, GaussianCodes, PointCodes, Signals
from em_core.moves import MAKE
from em_core.records import State
from em_core.schedule import expand, plan
from em_core.sparse_coding import Problem, best_gaussian, exact_posterior
from em_core.sparse_coding.learning import dictionary_update, spread
from em_core.sparse_coding.posterior.gaussian_q import bound
from tests.attack import thinned
from tests.core.dictionary_learning.shared import SMALL_BARS, TINY, by_case, free, made


def bounds(experiment, trajectory):
    return [decompose(experiment.model, experiment.data, step.after) for step in trajectory.half_steps]


def with_v(raw, **changes):
    """The same schedule with V for H, the experiment and its run."""
    return made({**raw, "schedule": raw["schedule"].replace("H", "V"), **changes})


# ---- each term --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("z", [0.0, 1e-9, 0.3, -1.0, 4.0, -9.0, 30.0])
@pytest.mark.parametrize("width", [1e-8, 1.0, 1e6])
def test_the_mean_of_a_folded_gaussian(z, width):
    """∫ |h| N(h; μ, s²) dh, and the formula that loses the excess where |μ| is many s."""
    mean = z * width
    found = excess(np.array([mean]), np.array([width]))[0]
    # E|h| − |μ|, in units of s
    beyond = 2 * integrate.quad(lambda t: (t - abs(z)) * stats.norm.pdf(t), abs(z), abs(z) + 12, epsabs=0)[0]
    assert found == pytest.approx(width * beyond, rel=1e-9, abs=1e-300 + 1e-100 * width)
    textbook = width * math.sqrt(2 / math.pi) * math.exp(-z * z / 2) + mean * math.erf(z / math.sqrt(2))
    assert abs(mean) + found == pytest.approx(textbook, rel=1e-14)


def test_the_mean_of_a_folded_gaussian_at_its_ends():
    """No spread, next to none, a mean of 0, one without bounds to s."""
    mean = np.array([0.0, 3.0, -1e200, 1e10, 0.0, 5e-324, 1.0])
    width = np.array([0.0, 0.0, 1e-200, 1e-300, 2.0, 1e300, 1e16])
    expected = math.sqrt(2 / math.pi) * np.array([0, 0, 0, 0, 2.0, 1e300, 1e16 - math.sqrt(math.pi / 2)])
    np.testing.assert_allclose(excess(mean, width), expected, rtol=1e-15)


@pytest.mark.parametrize("n_atoms", [1, 2])
@pytest.mark.parametrize("seed", thinned(range(6), range(2)))
def test_every_term_is_its_integral(n_atoms, seed):
    """E_q[log p(v, h)] and H(q) of one point, over one code and over two."""
    rng = np.random.default_rng(seed)
    penalty, precision = np.exp(rng.normal(size=2))
    data = Signals(v := rng.normal(size=(1, 3)), b := rng.normal(size=3), v - b)
    theta = {"dictionary": rng.normal(size=(3, n_atoms))}
    q = GaussianCodes(rng.normal(size=(1, n_atoms)), np.exp(0.5 * rng.normal(size=(1, n_atoms))))
    model = DictionaryLearning(penalty, precision, False)
    prior, noise = stats.laplace(scale=1 / penalty), stats.norm(scale=precision**-0.5)
    factors = [stats.norm(m, s) for m, s in zip(q.codes[0], q.spreads[0], strict=True)]

    def nodes(factor):
        """Gauss and Legendre between the kink and both ends."""
        low, high = factor.mean() - 9 * factor.std(), factor.mean() + 9 * factor.std()
        edges = np.unique(np.clip([low, (low + high) / 2, 0.0, high], low, high))
        x, w = np.polynomial.legendre.leggauss(40)
        half = np.diff(edges)[:, None] / 2
        places = (edges[:-1, None] + half * (1 + x)).ravel()
        return places, (half * w).ravel() * factor.pdf(places)

    grids = [nodes(factor) for factor in factors]
    places = np.stack(np.meshgrid(*(x for x, _ in grids), indexing="ij"), -1).reshape(-1, n_atoms)
    weights = np.prod(np.meshgrid(*(w for _, w in grids), indexing="ij"), axis=0).ravel()
    assert weights.sum() == pytest.approx(1, rel=1e-12)
    likelihood = noise.logpdf(v - b - places @ theta["dictionary"].T).sum(axis=1)
    joint = weights @ (prior.logpdf(places).sum(axis=1) + likelihood)
    entropy = -weights @ sum(factor.logpdf(h) for factor, h in zip(factors, places.T, strict=True))
    assert model.expected_log_joint(data, theta, q) == pytest.approx(joint, rel=1e-10)
    assert model.entropy(q) == pytest.approx(entropy, rel=1e-10)


@pytest.mark.parametrize("n_atoms", [1, 2])
def test_the_elbo_lies_below_log_p_by_what_kl_says(n_atoms):
    """Where the posterior can be had, with one unit or two."""
    rng = np.random.default_rng(n_atoms)
    signal, dictionary = rng.normal(size=3), rng.normal(size=(3, n_atoms))
    data, theta = Signals(signal[None], np.zeros(3), signal[None]), {"dictionary": dictionary}
    model, posterior = DictionaryLearning(0.8, 1.7, False), exact_posterior(Problem(signal, dictionary, 0.8, 1.7))
    q = None
    for _ in range(300):
        q = model.mean_field(data, theta, q)
        elbo = decompose(model, data, State(theta, q)).elbo
        assert elbo < posterior.log_evidence
    best = best_gaussian(posterior)
    assert elbo == pytest.approx(posterior.log_evidence - bound(best, posterior).kl, rel=1e-10)
    np.testing.assert_allclose(q.codes[0], best.mean, rtol=1e-8)
    np.testing.assert_allclose(q.spreads[0], best.width, rtol=1e-8)


# ---- one code ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pull", [0.0, 1e-12, 0.5, 1 - 1e-13, 1.0, 1 + 1e-13, 1.5, -3.0, 1e9])
@pytest.mark.parametrize("curve", [0.0, 1e-24, 1e-6, 1.0, 1e8, 1e40])
@pytest.mark.parametrize("penalty", thinned([1e-30, 1.0, 1e30], [1.0]))
def test_one_code_goes_to_its_joint_optimum(pull, curve, penalty):
    """Both slopes of L are 0 there, next to their terms: in μ, and in log s. An atom of length 0 does not pull."""
    pull *= curve > 0
    mean, width = (each[0] for each in spread.best(curve * penalty**2, np.array([pull * penalty]), penalty))
    z = mean / width
    sign = math.erf(z / math.sqrt(2)) if abs(z) < 5 else math.copysign(1, z) * (1 - math.erfc(abs(z) / math.sqrt(2)))
    slope = pull - curve * mean * penalty - sign
    assert abs(slope) <= 4e-15 * max(abs(pull), 1e-3)
    assert mean * pull >= 0 and (mean != 0) == (pull != 0)
    terms = curve * (width * penalty) ** 2, 2 * penalty * width * stats.norm.pdf(z)
    assert sum(terms) == pytest.approx(1, rel=1e-13)


def test_no_search_finds_a_better_pair():
    rng = np.random.default_rng(1)
    for sharpness, pull, penalty in np.exp(rng.normal(size=(30, 3))):

        def cost(x, a=sharpness, p=pull, c=penalty):
            mean, width = np.array([x[0]]), np.exp(x[1:])
            value = a * (mean**2 + width**2) / 2 - p * mean + c * (np.abs(mean) + excess(mean, width)) - np.log(width)
            return float(value[0])

        mean, width = spread.best(sharpness, np.array([pull]), penalty)
        here = cost([mean[0], math.log(width[0])])
        found = optimize.minimize(cost, [0.1, 0.0], method="Nelder-Mead", options={"fatol": 1e-12, "xatol": 1e-10})
        assert here <= found.fun + 1e-12 and found.fun == pytest.approx(here, abs=1e-9)


# ---- sweeps and schedules ---------------------------------------------------------------------------------------


@by_case
def test_vm_is_a_sawtooth_with_a_finite_elbo_that_never_falls(raw):
    experiment, trajectory = with_v(raw)
    found = bounds(experiment, trajectory)
    assert found[0].elbo is None
    elbos = [bound.elbo for bound in found[1:]]
    falls = [before - after for before, after in zip(elbos, elbos[1:], strict=False)]
    assert max(falls) <= 1e-12 * max(map(abs, elbos)), max(falls)
    assert elbos[-1] > elbos[0] and all(map(math.isfinite, elbos))
    assert all((b.log_evidence, b.gap, b.kl, b.residual) == (None,) * 4 for b in found)
    assert all(step.info.passes == 1 for step in trajectory.half_steps[1::2])


@by_case
def test_m_satisfies_its_optimality_conditions_with_second_moments(raw):
    """Slope Σ_n β [(Wμ_n − t_n) μ_nᵀ + W diag(s_n²)], by its definition; within the ball as for H."""
    experiment, trajectory = with_v({**raw, "schedule": raw["schedule"].replace("C", "M")})
    model, data = experiment.model, experiment.data
    for step in trajectory.half_steps[2::2][-3:]:
        dictionary, q = step.after.theta["dictionary"], step.after.q
        moments = np.einsum("nk,nl->kl", q.codes, q.codes) + np.diag((q.spreads**2).sum(axis=0))
        gram, pulls = model.precision * moments, model.precision * (data.targets.T @ q.codes)
        if model.norm_constraint:
            assert np.linalg.norm(dictionary, axis=0).max() <= 1 + 1e-12
            left = dictionary_update.projected_gradient(dictionary, gram, pulls)
            assert np.linalg.norm(left) <= 1.01e-8 * model.n_units(data)
        else:
            scale = np.linalg.norm(dictionary @ gram, axis=0) + np.linalg.norm(pulls, axis=0)
            assert np.all(np.linalg.norm(pulls - dictionary @ gram, axis=0) <= 1e-12 * scale.max())


def test_m_beats_every_perturbation():
    experiment, trajectory = with_v(free(TINY), schedule="VM")
    model, data, state = experiment.model, experiment.data, trajectory.last.after
    best = model.expected_log_joint(data, state.theta, state.q)
    rng = np.random.default_rng(0)
    for scale in (1e-3, 1e-2, 0.1, 1.0):
        for _ in range(10):
            other = {"dictionary": state.theta["dictionary"] + scale * rng.normal(size=(3, 5))}
            assert model.expected_log_joint(data, other, state.q) < best


def extreme(seed):
    """A model, data and a dictionary with atoms of 0, huge or tiny ones, equal and all but equal ones."""
    rng = np.random.default_rng(seed)
    n_points, dimensions, n_atoms = rng.integers(1, 6), rng.integers(1, 5), rng.integers(2, 7)
    far = 30 if rng.random() < 0.3 else 4
    penalty, precision = 10.0 ** rng.uniform(-far, far, 2)
    model = DictionaryLearning(penalty, precision, bool(rng.random() < 0.5))
    dictionary = rng.normal(size=(dimensions, n_atoms))
    for k in range(n_atoms):
        kind = rng.integers(0, 8)
        if kind == 0:
            dictionary[:, k] = 0
        elif kind == 1:
            dictionary[:, k] = dictionary[:, 0]
        elif kind == 2:
            dictionary[:, k] = dictionary[:, 0] + 1e-9 * dictionary[:, k]
        elif kind < 5:
            dictionary[:, k] *= 10.0 ** rng.uniform(-20, 20)
    if model.norm_constraint:
        dictionary /= np.maximum(np.linalg.norm(dictionary, axis=0), 1) * (1 + 1e-12)
    targets = rng.normal(size=(n_points, dimensions)) * 10.0 ** rng.uniform(-6, 6)
    targets[0] *= rng.random() < 0.8
    return model, Signals(targets, np.zeros(dimensions), targets), {"dictionary": dictionary}, rng


@pytest.mark.parametrize("word", ["V8", "(VM)6", "(VC)6", "HV5M", "(VVM)4"])
@pytest.mark.parametrize("first", thinned(range(0, 1500, 50), [0]))
def test_nothing_lowers_the_elbo_however_extreme_the_numbers(word, first):
    for seed in range(first, first + 50):
        model, data, theta, rng = extreme(seed)
        state, elbo = State(theta), -math.inf
        for letter in expand(word, MOVES):
            try:
                state = MAKE[letter](model, data, state, {}, rng).state
            except HalfStepFailed as failure:
                assert failure.kind in ("out_of_range", "rounding")
                break
            now = decompose(model, data, state).elbo
            assert not math.isnan(now) and now >= elbo - 1e-12 * max(1, abs(elbo)), (seed, letter)
            elbo = now


def test_a_sweep_that_rounding_would_lower_is_not_made():
    """Noise of 1e-15 with atoms that are all but equal: sums that cancel lose more than a sweep gains."""
    model, data, theta, _ = extreme(235)
    q, elbo = None, -math.inf
    for _ in range(12):
        q = model.mean_field(data, theta, q)
        now = decompose(model, data, State(theta, q)).elbo
        assert now >= elbo - 1e-12 * abs(now)
        elbo = now


def test_without_a_q_v_starts_at_0_and_from_a_point_at_its_codes():
    """One sweep by hand of two codes of one point, the second with the first's new mean."""
    experiment = Experiment.parse({**TINY, "schedule": "V"})
    model, data, theta = experiment.model, experiment.data, experiment.start
    atoms = theta["dictionary"].T
    for q in (None, model.mode(data, theta)):
        means = np.zeros((30, 5)) if q is None else np.array(q.codes)
        found = model.mean_field(data, theta, q)
        for k, atom in enumerate(atoms):
            others = np.delete(np.arange(5), k)
            pull = model.precision * (data.targets - means[:, others] @ atoms[others]) @ atom
            means[:, k], width = spread.best(model.precision * atom @ atom, pull, model.penalty)
            np.testing.assert_allclose(found.spreads[:, k], width, rtol=1e-12)
        np.testing.assert_allclose(found.codes, means, rtol=1e-11, atol=1e-14)


def test_h_after_v_and_v_after_h():
    """H begins at the means; from its point V leads back to a finite bound."""
    experiment, trajectory = made(TINY, schedule="VHVMHM")
    elbos = [bound.elbo for bound in bounds(experiment, trajectory)]
    assert [elbo == -math.inf for elbo in elbos[1:]] == [False, True, False, False, True, True]
    assert isinstance(trajectory[2].after.q, PointCodes) and isinstance(trajectory[3].after.q, GaussianCodes)
    hard, again = trajectory[2].after, made(TINY, schedule="H")[1].last.after
    np.testing.assert_allclose(hard.q.codes, again.q.codes, atol=1e-6)


def test_no_atom_is_revived_where_the_bound_depends_on_all():
    """A mean of 0 has a spread: another atom would change the bound."""
    values = np.array([[3.0, 0.0], [0.0, 5.0]])
    model, data = DictionaryLearning(1.0, 1.0, True, dead_atoms="revive"), Signals(values, np.zeros(2), values)
    theta, codes = {"dictionary": np.array([[1.0, 0.6], [0.0, 0.0]])}, np.array([[3.0, 0.0], [0.0, 0.0]])
    for q, revived in ((PointCodes(codes, np.zeros(2)), True), (GaussianCodes(codes, np.ones((2, 2))), False)):
        after, events = model.renewed(data, q, theta, np.random.default_rng(0))
        joints = [model.expected_log_joint(data, each, q) for each in (theta, after)]
        assert joints[0] == joints[1] and bool(events) == revived


def test_the_longest_atom_has_room_for_nothing():
    experiment = Experiment.parse({**free(TINY), "settings": {"lambda": 1e-30, "beta": 1e30, "norm_constraint": False}})
    far = {"dictionary": np.full((3, 2), 1e300)}
    with pytest.raises(HalfStepFailed, match="overflowed"):
        experiment.model.mean_field(experiment.data, far, None)


# ---- where it comes to rest -------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [{**SMALL_BARS, "settings": {"lambda": 0.5, "beta": 4, "n_atoms": 6}}, TINY])
def test_at_rest_the_codes_of_every_atom_cost_one_nat_a_point(raw):
    """Σ_n E|h_nk| = N/λ: an atom c times as long with codes 1/c as wide changes L by N log(1/c) − λ(1/c − 1) Σ_n E|h|.

    Atoms that come to nothing have the prior's own E|h| = 1/λ. Under H the same scaling raises the objective for ever.
    """
    experiment = Experiment.parse({**free(raw), "schedule": "(VM)500"})
    model, data = experiment.model, experiment.data
    state = run.run(experiment).last.after
    sizes = np.abs(state.q.codes) + excess(state.q.codes, state.q.spreads)
    np.testing.assert_allclose(model.penalty * sizes.sum(axis=0) / len(sizes), 1, rtol=1e-4)
    lengths = np.linalg.norm(state.theta["dictionary"], axis=0)
    assert lengths.max() > 0.1

    def scaled(c):
        longer = {"dictionary": state.theta["dictionary"] * c}
        return decompose(model, data, State(longer, GaussianCodes(state.q.codes / c, state.q.spreads / c))).elbo

    height = scaled(1.0)
    for k in np.flatnonzero(lengths > 0.1):
        for factor in (0.5, 0.9, 1.1, 2.0, 100.0):
            c = np.where(np.arange(len(lengths)) == k, factor, 1.0)
            assert scaled(c) < height
            change = model.n_units(data) * (math.log(1 / factor) - (1 / factor - 1))
            assert scaled(c) - height == pytest.approx(change, abs=1e-2)


def test_the_elbo_comes_to_rest_where_h_rises_for_ever():
    """No constraint, the same data and start: the bound lies below log p, so V and M cannot go on and on."""
    raw = {**free(SMALL_BARS), "settings": {"lambda": 0.5, "beta": 4, "n_atoms": 6, "norm_constraint": False}}
    ends = {}
    for word in ("HM", "VM"):
        experiment, trajectory = made({**raw, "schedule": f"({word})400"})
        heights = [run.height_of(bound) for bound in bounds(experiment, trajectory)[1:]]
        lengths = [np.linalg.norm(trajectory[n].after.theta["dictionary"], axis=0).max() for n in (400, 800)]
        ends[word] = heights[-1] - heights[399], lengths[1] / lengths[0], max(lengths)
    assert ends["VM"][0] < 1e-3 < 1 < ends["HM"][0]
    assert abs(ends["VM"][1] - 1) < 1e-3 and ends["HM"][1] > 1.01 and ends["HM"][2] > 5 * ends["VM"][2]


def test_rounds_come_to_rest_by_the_elbo():
    experiment = Experiment.parse({**TINY, "schedule": "V"})
    trajectory = run.run_to_end(experiment, run.start(experiment), plan("VM", MOVES), most=5000)
    elbos = [bound.elbo for bound in bounds(experiment, trajectory)[1:]]
    assert trajectory.moves == "VM" * (len(elbos) // 2)
    assert elbos[-1] - elbos[-3] < 1e-9 * abs(elbos[-1]) <= elbos[-3] - elbos[-5]


@pytest.mark.parametrize("orthogonal", [True, False])
def test_a_flat_prior_gives_linear_regression(orthogonal):
    """λ → 0: means tend to least squares, s_k to 1/(√β‖w_k‖). For orthogonal atoms that is the posterior itself."""
    rng = np.random.default_rng(6)
    dictionary = np.linalg.qr(rng.normal(size=(5, 3)))[0] * [0.5, 1.0, 3.0]
    if not orthogonal:
        dictionary = dictionary @ (np.eye(3) + 0.4 * rng.normal(size=(3, 3)))
    targets, theta = rng.normal(size=(7, 5)), {"dictionary": dictionary}
    data, distance = Signals(targets, np.zeros(5), targets), []
    wanted = np.linalg.lstsq(dictionary, targets.T, rcond=None)[0].T
    widths = 1 / (math.sqrt(2.5) * np.linalg.norm(dictionary, axis=0))
    for penalty in (1e-2, 1e-4, 1e-6):
        model, q = DictionaryLearning(penalty, 2.5, False), None
        for _ in range(400):
            q = model.mean_field(data, theta, q)
        distance.append(max(np.abs(q.codes - wanted).max(), np.abs(q.spreads - widths).max()))
    assert distance[0] < 0.05 and distance[1] < 0.011 * distance[0] and distance[2] < 0.011 * distance[1]
    if orthogonal:
        covariance = np.linalg.inv(2.5 * dictionary.T @ dictionary)
        np.testing.assert_allclose(np.diag(q.spreads[0] ** 2), covariance, atol=1e-6)
        np.testing.assert_allclose(q.codes, 2.5 * targets @ dictionary @ covariance, atol=1e-5)
