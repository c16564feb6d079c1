"""S, A, N, L and C: minibatches without bias, Adam by hand, Newton's and L-BFGS's ways to M, maxima block by block."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import sqrtm

from em_core import m_steps
from em_core import trajectory as run
from em_core.__main__ import main
from em_core.distributions import chains, minibatch
from em_core.files.errors import HalfStepFailed
from em_core.files.experiment import Experiment
from em_core.files.report import report
from em_core.models import MODELS
from em_core.models.observations import Observations
from em_core.moves import MOVES, allowed
from em_core.records import State, frozen
from tests.core.cases import CASES, INTERIOR, WITH_M, central_difference, gaussian
from tests.core.test_immutability import arrays

BY_NAME = {case.name: case for case in CASES}
COINS = BY_NAME["binomial_two_coins"]
WITH_C = [case for case in INTERIOR if "C" in case.m_moves]
CLOSED = [case for case in INTERIOR if case.model.help["m_step"] == "closed form"]
SETTINGS = {"G": {"step": 0.07}, "S": {"step": 0.03, "batch": 3}, "A": {"step": 0.02, "beta1": 0.7, "beta2": 0.9}}


class Chosen:
    """Stands for a random generator: units are not drawn, they are these."""

    def __init__(self, units):
        self.units = np.array(units)

    def choice(self, total, size, replace, shuffle):
        assert len(self.units) == size and self.units.max() < total and not replace
        return self.units


def n_drawable(case):
    """How many units a minibatch draws from: sequences of a hidden Markov model."""
    return len(case.data.lengths) if hasattr(case.data, "lengths") else int(case.n_units)


def slope(case, theta, q=None):
    return case.model.gradient(case.data, theta, case.q if q is None else q)


def same(first, second):
    return all(np.array_equal(entry, second[name]) for name, entry in first.items()) and first.keys() == second.keys()


def state(case, theta=None):
    return State(case.theta if theta is None else theta, case.q)


# ---- S: minibatches ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_the_mean_slope_of_all_minibatches_is_the_slope(case):
    """E[slope of a minibatch] = slope of L / N, exactly, by visiting every set of units that can be drawn."""
    n_units = n_drawable(case)
    sizes = {size for size in (1, 2, n_units - 1) if 0 < size < n_units and math.comb(n_units, size) <= 600}
    assert sizes or n_units == 1
    for size in sizes:
        slopes = [
            m_steps.minibatch_slope(case.model, case.data, state(case), size, Chosen(units))[0]
            for units in itertools.combinations(range(n_units), size)
        ]
        scale = np.mean(np.abs(slopes), axis=0).max(initial=1.0)
        whole = slope(case, case.theta) / case.n_units
        np.testing.assert_allclose(np.mean(slopes, axis=0), whole, rtol=0, atol=1e-12 * scale)
        if len(slopes[0]) and size < n_units - 1 and n_units > 3:
            assert np.ptp(slopes, axis=0).max() > 1e-3 * scale  # they do differ


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_minibatches_of_any_q_have_no_bias(case):
    """Points, tempered, factorised and partly renewed q: each unit keeps its own."""
    for letter in (letter for letter in "HPTV" if letter in allowed(case.model)):
        q = run.run(case.experiment(letter, moves={"P": {"blocks": 3}})).last.after.q
        now = State(case.theta, q)
        slopes = [
            m_steps.minibatch_slope(case.model, case.data, now, 1, Chosen([unit]))[0]
            for unit in range(n_drawable(case))
        ]
        scale = np.mean(np.abs(slopes), axis=0).max(initial=1.0)
        whole = slope(case, case.theta, q) / case.n_units
        np.testing.assert_allclose(np.mean(slopes, axis=0), whole, rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_a_minibatch_and_the_rest_make_up_the_whole(case):
    """Slopes, entropies and expected log joints are sums over units; multinomial coefficients are not."""
    model, n_units = case.model, n_drawable(case)
    units = np.arange(n_units)
    chosen = np.random.default_rng(2).permutation(units)[: max(1, n_units // 3)]
    rest = np.setdiff1d(units, chosen)
    if not len(rest):
        return
    parts = [model.minibatch(case.data, case.q, len(part), Chosen(part)) for part in (chosen, rest)]
    assert sum(draw.share for _, _, draw in parts) == pytest.approx(1, rel=1e-15)
    assert sum(model.n_units(data) for data, _, _ in parts) == case.n_units
    totals = [model.gradient(data, case.theta, q) for data, q, _ in parts]
    np.testing.assert_allclose(sum(totals), slope(case, case.theta), rtol=1e-12, atol=1e-11)
    assert sum(model.entropy(q) for _, q, _ in parts) == pytest.approx(model.entropy(case.q), rel=1e-13, abs=1e-13)
    joints = [model.expected_log_joint(data, case.theta, q) - getattr(data, "log_ways", 0.0) for data, q, _ in parts]
    whole = model.expected_log_joint(case.data, case.theta, case.q) - getattr(case.data, "log_ways", 0.0)
    assert sum(joints) == pytest.approx(whole, rel=1e-12)
    for data, q, _ in parts:  # a minibatch is data, and its q belongs to it
        posterior = model.posterior(data, case.q_at)
        assert model.kl(q, posterior) == pytest.approx(0, abs=1e-10 * case.n_units)
        if case.raw["model"] != "abo_blood_groups":  # its posterior leaves groups without people open
            for own, expected in zip(arrays(q), arrays(posterior), strict=True):
                np.testing.assert_allclose(own, expected, rtol=1e-10, atol=1e-12)


def test_a_row_with_a_frequency_is_that_many_rows():
    """Drawn by the same numbers, a frequency table and the counts it stands for give the same units."""
    case = BY_NAME["poisson_mixture_frequencies"]
    model, table = case.model, case.data
    repeated = Observations.single(frozen(np.repeat(table.values, table.counts.astype(int))))
    q = model.posterior(repeated, case.q_at)
    rng = np.random.default_rng(4)
    for _ in range(50):
        chosen = Chosen(rng.choice(len(repeated.values), 11, replace=False))
        few, few_q, draw = model.minibatch(table, case.q, 11, chosen)
        many, many_q, same_draw = model.minibatch(repeated, q, 11, chosen)
        assert draw.share == same_draw.share == 11 / 83 and draw.size == same_draw.size == 11
        np.testing.assert_array_equal(np.repeat(few.values, few.counts.astype(int)), many.values)
        slopes = [model.gradient(*entry) for entry in ((few, case.theta, few_q), (many, case.theta, many_q))]
        np.testing.assert_allclose(*slopes, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["linkage_197_animals", "abo_blood_groups_521_people"])
def test_counts_in_cells_are_drawn_animal_by_animal(name):
    case = BY_NAME[name]
    members = np.repeat(np.arange(4), case.data.counts.astype(int))
    units = np.random.default_rng(1).choice(len(members), 30, replace=False)
    data, q, draw = case.model.minibatch(case.data, case.q, 30, Chosen(units))
    np.testing.assert_array_equal(data.counts, np.bincount(members[units], minlength=4))
    np.testing.assert_array_equal(q.counts, data.counts[: len(q.counts)])
    np.testing.assert_array_equal(q.probabilities, case.q.probabilities)
    assert draw.share == 30 / len(members)


def test_a_minibatch_of_a_hidden_markov_model_is_whole_sequences():
    case = BY_NAME["hidden_markov_poisson_three_states"]
    data, q, draw = case.model.minibatch(case.data, case.q, 2, Chosen([2, 0]))
    assert (data.values.tolist(), data.lengths, draw.share) == ([1, 0, 4, 9, 12, 5], (5, 1), 2 / 3)
    expected = case.model.posterior(data, case.q_at)
    assert q.lengths == (5, 1)
    np.testing.assert_allclose(q.probabilities, expected.probabilities, rtol=1e-13)
    np.testing.assert_allclose(q.transition_counts, expected.transition_counts, rtol=1e-13)
    assert chains.kl(q, expected) < 1e-13
    single = case.experiment("E(S)2", data={"sequences": [[1, 0, 4, 9, 12]]}, moves={"S": {"step": 0.03, "batch": 1}})
    full = case.experiment("E(G)2", data={"sequences": [[1, 0, 4, 9, 12]]}, moves={"G": {"step": 0.03}})
    assert same(run.run(single).last.after.theta, run.run(full).last.after.theta)


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_a_batch_of_all_units_makes_s_the_gradient_step_exactly(case):
    word, step = "(EX2)3", {"step": 0.02}
    batch = n_drawable(case)
    stochastic = run.run(case.experiment(word.replace("X", "S"), moves={"S": {**step, "batch": batch}}))
    full = run.run(case.experiment(word.replace("X", "G"), moves={"G": step}))
    for one, other in zip(stochastic.half_steps, full.half_steps, strict=True):
        assert same(one.after.theta, other.after.theta)
    if batch > 1 and case.model.to_vector(case.theta).size:
        fewer = run.run(case.experiment("ES", moves={"S": {**step, "batch": batch - 1}}))
        exact = BY_NAME["censored_exponential_all_failed"]
        assert not same(fewer.last.after.theta, full[2].after.theta) or case is exact


def test_units_are_drawn_without_replacement_and_every_set_is_equally_likely():
    rng = np.random.default_rng(0)
    draws = [tuple(minibatch.draw_rows(5, 2, rng).rows) for _ in range(6000)]
    found = [draws.count(pair) for pair in itertools.combinations(range(5), 2)]
    assert sum(found) == 6000  # always two different rows
    assert sum((count - 600) ** 2 / 600 for count in found) < 30  # chi-square of 9 degrees of freedom: p = 4e-4


def test_rows_may_stand_for_any_number_of_units():
    """Hypergeometric counts by their mean and variance, also where SciPy's and NumPy's own samplers give up."""
    for counts in ([5.0, 3.0, 2.0], [1e12, 3e12, 1.0]):
        rng = np.random.default_rng(3)
        total, size = sum(counts), 6
        draws = np.array([minibatch.draw(frozen(counts), size, rng).counts for _ in range(4000)])
        assert (draws.sum(axis=1) == size).all() and (draws <= counts).all()
        shares = np.array(counts) / total
        variances = size * shares * (1 - shares) * (total - size) / (total - 1)
        assert np.all(np.abs(draws.mean(axis=0) - size * shares) <= 5 * np.sqrt(variances / 4000) + 1e-9)
        assert np.all(np.abs(draws.var(axis=0) - variances) <= 0.15 * variances + 1e-9)
    everything = minibatch.draw(frozen([2.0, 0.0, 1.0]), 3, rng)
    assert everything.everything and everything.counts.tolist() == [2, 0, 1]


def test_s_draws_from_seed_and_number_and_repeats():
    raw = dict(moves=SETTINGS, seed=5)
    case = BY_NAME["gaussian_full_2d_k2"]
    experiment = case.experiment("(ES2)4", **raw)
    whole = run.run(experiment)
    for cut in range(1, len(whole)):  # stepping back and forward
        again = run.extend(experiment, whole.upto(cut - 1), whole[cut].move)
        assert same(again.last.after.theta, whole[cut].after.theta)
    other = run.run(case.experiment("(ES2)4", moves=SETTINGS, seed=6))
    assert not same(other[2].after.theta, whole[2].after.theta)
    rng = np.random.default_rng([5, 2])
    expected = m_steps.stochastic_step(experiment.model, experiment.data, whole[1].after, 0.03, 3, rng)
    assert same(expected.state.theta, whole[2].after.theta)


# ---- A -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_adam_by_hand(case):
    """Kingma and Ba's algorithm 1, upwards, number by number; E in between changes the slope, not the moments."""
    model, (step, beta1, beta2) = case.model, SETTINGS["A"].values()
    trajectory = run.run(case.experiment("EAAEAA", moves=SETTINGS))
    vector = model.to_vector(case.theta)
    m, v, t = np.zeros(len(vector)), np.zeros(len(vector)), 0
    for half_step in trajectory.half_steps[1:]:
        if half_step.move == "A":
            t += 1
            g = model.gradient(case.data, half_step.before.theta, half_step.before.q) / case.n_units
            m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
            corrected = m / (1 - beta1**t), v / (1 - beta2**t)
            vector = vector + step * corrected[0] / (np.sqrt(corrected[1]) + 1e-8)
        found = model.to_vector(half_step.after.theta)
        np.testing.assert_allclose(found, vector, rtol=1e-9, atol=1e-9)
    mean, square, made = trajectory.last.after.carry["A"]
    assert made == 4 and not mean.flags.writeable and not square.flags.writeable
    np.testing.assert_allclose(mean, m, rtol=1e-6, atol=1e-10)


def test_adam_starts_afresh_where_the_number_of_coordinates_changes():
    fresh = m_steps.adam_step(COINS.model, COINS.data, state(COINS), 0.1, 0.9, 0.99).state
    stale = replace(state(COINS), carry={"A": (frozen([1.0, 2.0, 3.0]), frozen([1.0, 1.0, 1.0]), 7), "T": 3})
    again = m_steps.adam_step(COINS.model, COINS.data, stale, 0.1, 0.9, 0.99).state
    assert same(again.theta, fresh.theta) and again.carry["A"][2] == 1 and again.carry["T"] == 3


@pytest.mark.parametrize(
    ("letter", "settings"), [("A", {"step": 2.0}), ("S", {"step": 0.1, "batch": 1})], ids=["A", "S"]
)
def test_a_and_s_promise_nothing_and_can_lower_the_elbo(letter, settings):
    """The two coins: a step of Adam of 2; a single set of tosses, though the full gradient step of 0.1 rises."""
    assert not MOVES[letter].monotone
    changes = []
    for seed in range(8):
        trajectory = run.run(COINS.experiment(f"E{letter}", moves={letter: settings}, seed=seed))
        changes.append(np.diff([COINS.elbo(step.after.theta, step.after.q) for step in trajectory.half_steps[1:]])[0])
    assert min(changes) < -1e-3
    if letter == "S":
        assert max(changes) > 1e-3


# ---- N -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("scale", [0.1, 10.0, 1e4])
def test_newton_lands_on_the_maximum_of_a_quadratic(scale):
    """Means alone, weights and variances fixed: L is quadratic, and one N from anywhere is M."""
    case = BY_NAME["gaussian_spherical_2d_k2_fixed_weights_fixed_covariances"]
    best = case.model.maximize(case.data, case.q, case.theta)["means"]
    far = {**case.theta, "means": frozen(scale * np.random.default_rng(0).standard_normal(best.shape))}
    made = m_steps.newton_step(case.model, case.data, state(case, far))
    assert made.events == ()
    np.testing.assert_allclose(made.state.theta["means"], best, rtol=0, atol=1e-9 * max(1.0, scale))


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_the_curvature_is_that_of_the_bound(case):
    """Against central differences of the slope by the five-point rule; symmetric."""
    vector = case.model.to_vector(case.theta)
    found, _ = m_steps._curvature(case.model, case.data, state(case))
    assert np.array_equal(found, found.T)
    for place in range(len(vector)):

        def own(x, place=place):
            return slope(case, case.model.from_vector(x, case.theta))[place] / case.n_units

        row = central_difference(own, vector)
        np.testing.assert_allclose(found[place], row, rtol=1e-6, atol=1e-7 * max(1, np.abs(found).max()))


@pytest.mark.parametrize("case", CLOSED, ids=str)
def test_newton_converges_quadratically_to_m(case):
    """At fixed q, ten times as near is a hundred times as near after one N."""
    model = case.model
    theta = model.maximize(case.data, case.q, case.theta)
    best = model.to_vector(theta)
    curvature = -m_steps._curvature(model, case.data, state(case, theta))[0]
    sizes, directions = np.linalg.eigh(curvature)
    assert (sizes > -1e-6).all()
    flat = directions[:, sizes < 1e-6]
    # in units in which the curvature is 1
    away = directions @ (np.random.default_rng(1).standard_normal(len(best)) / np.sqrt(np.maximum(sizes, 1e-6)))
    away -= flat @ (flat.T @ away)
    scaled = np.sqrt(np.abs(np.diag(curvature)))
    left = []
    for distance in (1e-2, 1e-3):
        start = model.from_vector(best + distance * away / max(1.0, np.linalg.norm(scaled * away)), theta)
        after = m_steps.newton_step(model, case.data, state(case, start)).state
        left.append(np.linalg.norm(scaled * (model.to_vector(after.theta) - best)))
    assert left[0] < 20 * 1e-2**2 and left[1] < 20 * 1e-3**2 + 1e-9


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_newton_goes_by_the_size_of_the_curvature(case, monkeypatch):
    """Each direction by |H|⁻¹ slope, |H| = √(HᵀH) in coordinates scaled by their own curvature: always uphill."""
    rng = np.random.default_rng(5)
    for spread in (0.3, 2.0):
        now = state(case, case.random_theta(rng, spread))
        curvature, _ = m_steps._curvature(case.model, case.data, now)
        g = slope(case, now.theta) / case.n_units
        scale = np.sqrt(np.abs(np.diag(curvature)))
        scaled = curvature / np.outer(scale, scale)
        size = np.real(sqrtm(scaled.T @ scaled))
        if not len(g) or np.linalg.cond(size) > 1e6:
            continue
        changes = []
        monkeypatch.setattr(m_steps, "_backtracked", lambda *args, seen=changes: seen.append(args[3]))
        m_steps.newton_step(case.model, case.data, now)
        (change,) = changes
        np.testing.assert_allclose(size @ (scale * change), g / scale, rtol=1e-6, atol=1e-7 * np.abs(g / scale).max())
        assert change @ g > 0


@pytest.mark.parametrize("far", [2.0, 5.0, 50.0])
def test_newton_where_the_curvature_has_the_wrong_sign(far):
    """One Gaussian with its mean `far` deviations away: there L is not concave, and plain Newton would go astray."""
    raw = {"model": "gaussian_mixture", "data": {"values": [-1.0, 1.0, 0.5, -0.5]}}
    deviation = math.sqrt(2.5 / 4)
    raw["start"] = {"weights": [1.0], "means": [[far * deviation]], "covariances": [[[deviation**2]]]}
    experiment = Experiment.parse({**raw, "schedule": "E(N)25"})
    trajectory = run.run(experiment)
    opening, _ = m_steps._curvature(experiment.model, experiment.data, trajectory[1].after)
    assert np.linalg.eigvalsh(opening).max() > 0.1
    first = trajectory[2].after.theta
    assert trajectory[2].events == () and abs(first["means"][0, 0]) < far * deviation  # uphill, and not far astray
    assert 0.1 * deviation**2 < first["covariances"][0, 0, 0] < (1 + far**2) * 10
    last = trajectory.last.after.theta
    assert abs(last["means"][0, 0]) < 1e-7 and last["covariances"][0, 0, 0] == pytest.approx(2.5 / 4, rel=1e-7)


@pytest.mark.parametrize("unit", [1e-12, 1e-6, 1e-3, 1e3, 1e6])
@pytest.mark.parametrize("covariance", ["full", "diag", "tied"])
def test_newton_does_not_depend_on_units(covariance, unit):
    """Data in other units: the same steps in those units. Gradient steps cannot say that."""
    case = BY_NAME[f"gaussian_{covariance}_3d_k1"] if covariance == "full" else BY_NAME[f"gaussian_{covariance}_2d_k3"]
    raw = json.loads(json.dumps(case.raw))
    raw["data"]["values"] = (unit * np.array(raw["data"]["values"])).tolist()
    for theta in (raw["start"], raw["start"]["q_at"]):
        theta["means"] = (unit * np.array(theta["means"])).tolist()
        theta["covariances"] = (unit**2 * np.array(theta["covariances"])).tolist()
    plain = run.run(case.experiment("(EN)3"))
    scaled = run.run(Experiment.parse({**raw, "schedule": "(EN)3"}))
    for one, other in zip(plain.half_steps, scaled.half_steps, strict=True):
        theta, rescaled = one.after.theta, other.after.theta
        np.testing.assert_allclose(rescaled["means"] / unit, theta["means"], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(rescaled["covariances"] / unit**2, theta["covariances"], rtol=1e-5, atol=1e-6)


def test_newton_needs_far_fewer_steps_than_the_gradient():
    """The two coins at fixed q: how many N, and how many B, until the slope per unit is below 1e-7."""
    needed = {}
    for letter in "NB":
        experiment = COINS.experiment(f"E({letter})60")
        slopes = [
            np.linalg.norm(slope(COINS, s.after.theta, s.after.q)) / 5 for s in run.run(experiment).half_steps[1:]
        ]
        needed[letter] = next(n for n, size in enumerate(slopes) if size < 1e-7)
    assert needed["N"] <= 4 and needed["B"] >= 2 * needed["N"]


def test_newton_refuses_thousands_of_coordinates():
    rng = np.random.default_rng(0)
    raw = {"model": "bernoulli_mixture", "settings": {"n_components": 8}, "schedule": "ENE"}
    values = rng.integers(2, size=(12, 130))
    values[0], values[1] = 0, 1
    experiment = Experiment.parse({**raw, "data": {"values": values.tolist()}})
    trajectory = run.run(experiment)
    assert trajectory.last.stopped and len(trajectory) == 3
    (event,) = trajectory.last.events
    assert (event.kind, event.numbers["coordinates"]) == ("too_many_coordinates", 8 * 130 + 7)
    assert "1000" in event.message and "L" in event.message


def test_newton_within_rounding_of_a_boundary():
    """A probability so near 1 that the difference reaches it: a flat coordinate, not a vector of another length."""
    raw = {"model": "bernoulli_mixture", "data": {"values": [[0, 1], [1, 1], [0, 1], [1, 1]]}}
    near = float(np.nextafter(1, 0))
    raw["start"] = {"weights": [0.5, 0.5], "probabilities": [[0.3, near], [0.6, 1 - 1e-15]]}
    for letter in "NL":
        experiment = Experiment.parse({**raw, "schedule": f"E({letter})5E"})
        trajectory = run.run(experiment)
        assert not trajectory.last.stopped and trajectory[2].events == ()
        before, after = (
            experiment.model.expected_log_joint(experiment.data, trajectory[n].after.theta, trajectory[1].after.q)
            for n in (1, 6)
        )
        assert after > before + 0.01


# ---- L -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", CLOSED, ids=str)
def test_l_bfgs_ends_where_m_goes(case):
    model = case.model
    best = case.elbo(model.maximize(case.data, case.q, case.theta), case.q)
    after = state(case)
    for _ in range(12):
        after = m_steps.lbfgs_steps(model, case.data, after, 25).state
    assert case.elbo(after.theta, case.q) == pytest.approx(best, rel=1e-10)
    assert np.linalg.norm(slope(case, after.theta)) <= 1e-5 * case.n_units * max(
        1, np.abs(model.to_vector(case.theta)).max()
    )


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_more_iterations_of_l_bfgs_climb_higher(case):
    reached = [
        case.elbo(m_steps.lbfgs_steps(case.model, case.data, state(case), iterations).state.theta, case.q)
        for iterations in (1, 3, 10)
    ]
    assert case.elbo(case.theta, case.q) <= reached[0] <= reached[1] <= reached[2]
    if case.model.to_vector(case.theta).size:
        assert case.elbo(case.theta, case.q) < reached[0]


# ---- N, L, B at a maximum ------------------------------------------------------------------------------------
@pytest.mark.parametrize("letter", "NL")
@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_a_rejected_step_leaves_theta_and_goes_on(case, letter):
    """Right at the maximum no step helps: an event with finite numbers, the same θ, and the schedule goes on."""
    trajectory = run.run(case.experiment(f"EM({letter})6E"))
    assert len(trajectory) == 10 and not trajectory.last.stopped
    for step in trajectory.half_steps[3:9]:
        if step.events:
            (event,) = step.events
            assert event.kind == "rejected_step" and not event.stops and step.after is step.before
            assert np.isfinite(list(event.numbers.values())).all() and event.numbers["slope"] < 1e-3
    assert trajectory[8].events  # at the latest now it is at the rounding of L


# ---- C -------------------------------------------------------------------------------------------------------
def coordinates(case, theta, block):
    """The places in the vector of unconstrained coordinates that move these parameters, and these alone."""
    vector = case.model.to_vector(theta)
    found = []
    for place in range(len(vector)):
        moved = vector.copy()
        moved[place] += 0.1
        other, back = (case.model.from_vector(x, theta) for x in (moved, vector))
        changed = {name for name in theta if not np.array_equal(other[name], back[name])}
        assert len(changed) == 1
        if changed <= set(block):
            found.append(place)
    return found


@pytest.mark.parametrize("case", WITH_M, ids=str)
def test_blocks_are_the_parameters_that_moves_change(case):
    if "C" not in case.m_moves:
        assert case.raw["model"] in ("linkage", "abo_blood_groups", "censored_exponential")
        return
    settings = case.raw.get("settings", {})
    fixed = {*settings.get("fixed", ()), *(["weights"] if settings.get("fixed_weights") else [])}
    names = [name for block in case.model.blocks() for name in block]
    assert names == [name for name in case.theta if name not in fixed]


@pytest.mark.parametrize("case", WITH_C, ids=str)
def test_a_block_goes_to_its_maximum_and_the_others_stay(case):
    """Stationary and best in the block's own coordinates, at any θ; the other parameters keep every bit."""
    model, rng = case.model, np.random.default_rng(8)
    flat = 1e-11 if model.help["m_step"] == "closed form" else 1e-8
    for block in model.blocks():
        start = case.random_theta(rng)
        theta = model.maximize_block(case.data, case.q, start, block)
        assert list(theta) == list(start)
        assert all(np.array_equal(theta[name], start[name]) for name in theta if name not in block)
        places = coordinates(case, theta, block)
        vector = model.to_vector(theta)
        assert np.abs(slope(case, theta)[places]).max(initial=0) <= flat * case.n_units * max(1, np.abs(vector).max())

        def joint(x, vector=vector, places=places, theta=theta):
            moved = vector.copy()
            moved[places] = x
            return model.expected_log_joint(case.data, model.from_vector(moved, theta), case.q)

        best = joint(vector[places])
        assert np.linalg.norm(central_difference(joint, vector[places])) <= 1e-7 * case.n_units
        for scale in (1e-2, 1.0):
            for _ in range(5):
                other = joint(vector[places] + scale * rng.standard_normal(len(places)))
                assert other < best or not places
        assert model.expected_log_joint(case.data, start, case.q) <= best + 1e-12 * abs(best)


@pytest.mark.parametrize("case", WITH_C, ids=str)
def test_one_round_of_c_is_m_where_earlier_blocks_need_not_know_later_ones(case):
    """True of all but factor analysis (mean, loadings) and the belief net (biases, weights): there M is higher."""
    rounds = run.run(case.experiment(f"E(C){max(1, len(case.model.blocks()))}")).last.after
    full = run.run(case.experiment("EM")).last.after
    if case.raw["model"] in ("factor_analysis", "sigmoid_belief_net"):
        assert case.elbo(rounds.theta, full.q) < case.elbo(full.theta, full.q) - 1e-4
    else:
        for name, entry in full.theta.items():
            np.testing.assert_allclose(rounds.theta[name], entry, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", ["factor_analysis_diagonal_4d_l2", "sigmoid_belief_net_three_causes"])
def test_rounds_of_c_at_fixed_q_end_where_m_goes(name):
    case = BY_NAME[name]
    best = case.elbo(case.model.maximize(case.data, case.q, case.theta), case.q)
    trajectory = run.run(case.experiment("C1500"))
    assert case.elbo(trajectory.last.after.theta, case.q) == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize(
    "name",
    [
        "gaussian_full_2d_k2",
        "poisson_mixture_frequencies",
        "regression_mixture_lines",
        "student_t_outliers",
        "incomplete_gaussian_three_columns",
        "hidden_markov_poisson_three_states",
        "factor_analysis_isotropic_3d_l1",
        "bernoulli_mixture_pictures",
    ],
)
def test_ecm_and_em_have_the_same_fixed_points(name):
    """Where (EM) stands still, (EC) does; where (EC) stands still, log p is flat."""
    case = BY_NAME[name]
    model = case.model
    still = run.run(case.experiment("(EM)500")).last.after.theta
    start = {key: entry.tolist() for key, entry in still.items()}
    after = run.run(case.experiment("(EC)8", start=start)).last.after.theta
    for key, entry in still.items():
        np.testing.assert_allclose(after[key], entry, rtol=1e-6, atol=1e-9)
    ecm = run.run(case.experiment("(EC)1000")).last.after
    flat = model.gradient(case.data, ecm.theta, model.posterior(case.data, ecm.theta))
    assert np.linalg.norm(flat) < 1e-5 * case.n_units


def test_the_blocks_come_in_turn():
    case = BY_NAME["hidden_markov_gaussian_two_states"]
    blocks = case.model.blocks()
    trajectory = run.run(case.experiment("ECECCMCEC"))
    made = 0
    for step in trajectory.half_steps[1:]:
        if step.move != "C":
            assert step.after.carry.get("C", 0) == step.before.carry.get("C", 0)
            continue
        before, after = step.before.theta, step.after.theta
        changed = {name for name in after if not np.allclose(after[name], before[name], rtol=1e-12, atol=0)}
        assert changed <= set(blocks[made % len(blocks)])
        made += 1
    assert made == 5


def test_c_with_few_blocks():
    """Everything fixed: nothing changes. One block free: C is M."""
    names = ("weights", "means", "covariances")
    none = gaussian("full", 2, 2, fixed=names)
    assert same(run.run(none.experiment("ECC")).last.after.theta, none.theta) and none.model.blocks() == ()
    for free in names:
        case = gaussian("tied", 2, 2, fixed=tuple(name for name in names if name != free))
        assert case.model.blocks() == ((free,),)
        assert same(run.run(case.experiment("EC")).last.after.theta, run.run(case.experiment("EM")).last.after.theta)
    assert same(run.run(COINS.experiment("EC")).last.after.theta, run.run(COINS.experiment("EM")).last.after.theta)


def test_a_lost_component_may_have_weight_0_but_no_mean():
    case = BY_NAME["gaussian_full_2d_k3_zero_weight"]
    trajectory = run.run(case.experiment("ECC"))
    assert trajectory[2].after.theta["weights"][2] == 0
    (event,) = trajectory.last.events
    assert (event.kind, event.stops, event.numbers["component"]) == ("lost_component", True, 2)


def test_c_notices_what_m_notices():
    """A component that closes in on one point: M's event, with M's numbers, from the block that meets it."""
    raw = {
        "model": "gaussian_mixture",
        "data": {"values": [0.0, 0.1, 0.2, 9.0]},
        "start": {"weights": [0.5, 0.5], "means": [[0.1], [9.0]], "covariances": [[[0.01]], [[0.01]]]},
    }
    full, blocks = (run.run(Experiment.parse({**raw, "schedule": word})) for word in ("EMEM", "E(C3E)2"))
    assert full.last.events == blocks.last.events and blocks.last.stopped and blocks.last.move == "C"
    lines = {
        "model": "regression_mixture",
        "data": {"inputs": [[1, 0], [1, 1], [1, 2]], "targets": [1, 3, 5]},
        "start": {"weights": [1.0], "coefficients": [[0, 1]], "variances": [1.0]},
    }
    full, blocks = (run.run(Experiment.parse({**lines, "schedule": word})) for word in ("EM", "ECCC"))
    assert [event.kind for event in blocks.last.events] == ["singular_covariance"]
    assert full.last.events == blocks.last.events


# ---- all of them ---------------------------------------------------------------------------------------------
def test_which_models_make_which_m_type_moves():
    single = {"linkage", "abo_blood_groups", "censored_exponential"}
    for name, model in MODELS.items():
        letters = {letter for letter in allowed(model) if MOVES[letter].kind == "M"}
        if name == "dictionary_learning":  # no unconstrained coordinates
            assert letters == {"M", "C"}
            continue
        assert letters == set("MGBSANL") | (set() if name in single else {"C"}), name
    assert not any(hasattr(MODELS[name], method) for name in single for method in ("blocks", "maximize_block"))


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_m_type_moves_do_not_ask_for_the_entropy(case):
    """After a point mass over continuous h it is −∞, and the moves must go on: L differs from what they see by it."""

    def refuse(*_):
        raise AssertionError("the entropy was asked for")

    blind = type("Blind", (type(case.model),), {"entropy": refuse, "log_evidence": refuse, "kl": refuse})
    model = blind(**vars(case.model))
    rng = np.random.default_rng(0)
    for letter in case.m_moves:
        settings = {**{key: entry.default for key, entry in MOVES[letter].settings.items()}, **SETTINGS.get(letter, {})}
        made = MOVES[letter].make(model, case.data, state(case), settings, rng)
        assert made.state.q is case.q
        assert all(np.isfinite(entry).all() for entry in made.state.theta.values())


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_exports_with_carries_and_draws_replay_to_the_last_bit(case):
    letters = [letter for letter in case.m_moves if letter != "M"]
    word = f"E{''.join(letters)}(ESAE{'C2' if 'C' in letters else ''})2N"
    first = report(
        *(lambda experiment: (experiment, run.run(experiment)))(case.experiment(word, moves=SETTINGS, seed=9))
    )
    assert first["outcome"] == "completed"
    text = json.dumps(first, allow_nan=False)
    again = Experiment.parse(json.loads(text)["experiment"])
    assert json.dumps(report(again, run.run(again)), allow_nan=False) == text


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_what_the_moves_hand_out_is_read_only(case):
    trajectory = run.run(case.experiment(f"E{case.m_moves}E", moves=SETTINGS))
    assert not any(entry.flags.writeable for entry in arrays(trajectory.half_steps))
    assert not any(entry.flags.writeable for step in trajectory.half_steps for entry in arrays(dict(step.after.carry)))
    part = case.model.minibatch(case.data, case.q, 2, np.random.default_rng(0))
    assert not any(entry.flags.writeable for entry in arrays(part[:2]))


@pytest.mark.parametrize("letter", "GBSANL")
def test_where_the_bound_is_minus_infinity_no_slope_leads_out(letter):
    """θ rules out what q holds possible: an event that says so, not a step of 0 nor advice to take a smaller one."""
    raw = {
        "model": "binomial_mixture",
        "settings": {"trials": 2},
        "data": {"successes": [0, 1, 2]},
        "start": {
            "weights": [0.5, 0.5],
            "probabilities": [0.5, 0.0],
            "q_at": {"weights": [0.5, 0.5], "probabilities": [0.4, 0.6]},
        },
    }
    trajectory = run.run(Experiment.parse({**raw, "schedule": f"{letter}M"}))
    assert trajectory.last.stopped and trajectory.last.events[0].kind == "boundary"


@pytest.mark.parametrize("letter", "AS")
def test_a_step_that_leaves_the_numbers_stops_with_an_event(letter):
    case = BY_NAME["gaussian_full_2d_k2"]
    trajectory = run.run(case.experiment(f"E{letter}E", moves={letter: {"step": 1e90}}))
    (event,) = trajectory.last.events
    assert event.kind in ("diverged", "singular_covariance") and event.stops and event.numbers["step"] == 1e90
    assert trajectory.last.after is trajectory.last.before


@pytest.mark.parametrize("letter", "GBSANL")
def test_a_slope_that_leaves_the_numbers_is_an_event(letter):
    """A variance near the end of the floats, and a mean that is far away in its units."""
    values = [[1e-140], [-1e-140], [5e-141]]
    theta = {"weights": [1.0], "means": [[1e-60]], "covariances": [[[1e-280]]]}
    raw = {"model": "gaussian_mixture", "data": {"values": values}, "start": theta, "schedule": f"E{letter}"}
    trajectory = run.run(Experiment.parse(raw))
    (event,) = trajectory.last.events
    assert event.kind in ("diverged", "boundary") and event.stops
    assert np.isfinite(list(event.numbers.values())).all()


def climbs(values, word):
    """E[log joint] of a Gaussian mixture after each move of a word that begins with its only E."""
    experiment = Experiment.parse({"model": "gaussian_mixture", "data": {"values": values.tolist()}, "schedule": word})
    trajectory = run.run(experiment)
    assert not trajectory.last.stopped
    states = [step.after for step in trajectory.half_steps[1:]]
    return [experiment.model.expected_log_joint(experiment.data, now.theta, now.q) for now in states]


@pytest.mark.parametrize("unit", [[1e8, 1e-8], [1e-8, 1e-8], [1e-90, 1e-90], [1e90, 1e90]], ids=str)
@pytest.mark.parametrize("letter", "NLB")
def test_coordinates_of_any_size_are_no_trouble(unit, letter):
    """Where L-BFGS's own line search gives up, backtracking takes over."""
    joints = climbs(np.random.default_rng(0).standard_normal((12, 2)) * unit, f"E({letter})3")
    assert joints[1] > joints[0] + 1e-3 and sorted(joints) == joints


def test_l_bfgs_turns_back_where_there_are_no_numbers():
    """At 1e-8 its first step leaves them; a wall to turn back from, not an end, takes it beyond one B."""
    values = np.random.default_rng(0).standard_normal((12, 2)) * 1e-8
    (start, after_l), (_, after_b) = climbs(values, "EL"), climbs(values, "EB")
    assert after_l - start > 1.5 * (after_b - start) > 0


# ---- command line --------------------------------------------------------------------------------------------
BASE = {**COINS.raw, "schedule": "ESANLC"}


@pytest.fixture
def call(tmp_path, capsys):
    def calling(raw):
        path = tmp_path / "experiment.json"
        path.write_text(json.dumps(raw), encoding="utf-8")
        status = main(["run", str(path)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return calling


def test_settings_of_moves_are_read(call):
    moves = {"S": {"step": 0.03, "batch": 2.0}, "A": {"beta1": 0.5}, "L": {"iterations": 7}}
    status, out, err = call({**BASE, "moves": moves})
    found = json.loads(out)["experiment"]["moves"]
    assert (status, err) == (0, "")
    assert found["S"] == {"step": 0.03, "batch": 2} and found["L"] == {"iterations": 7}
    assert found["A"] == {"step": 0.05, "beta1": 0.5, "beta2": 0.999} and found["B"] == {"step": 1.0}
    assert [step["move"] for step in json.loads(out)["half_steps"]] == [None, *"ESANLC"]
    assert status == 0 and json.loads(out)["outcome"] == "completed"


@pytest.mark.parametrize(
    ("letter", "key", "value", "valid"),
    [
        ("S", "batch", 0, "a whole number of at least 1 and at most 1000000"),
        ("S", "batch", 1.5, "a whole number of at least 1"),
        ("S", "batch", 10**7, "at most 1000000"),
        ("S", "step", -1, "above 0"),
        ("S", "size", 3, "no such key (known here: batch, step)"),
        ("A", "step", 0, "above 0"),
        ("A", "beta1", 1, "at most 0.999999"),
        ("A", "beta2", -0.5, "above 0"),
        ("A", "beta1", "0.9", "a finite number"),
        ("L", "iterations", 1.5, "a whole number of at least 1 and at most 1000"),
        ("L", "iterations", 0, "a whole number"),
        ("L", "iterations", True, "a whole number"),
        ("L", "steps", 5, "no such key (known here: iterations)"),
        ("N", "step", 0.5, "no such key"),
        ("C", "blocks", 2, "no such key"),
    ],
)
def test_bad_settings_of_moves_end_in_one_line(call, letter, key, value, valid):
    status, out, err = call({**BASE, "moves": {letter: {key: value}}})
    assert status == 2 and out == "" and len(err.splitlines()) == 1
    field = f"moves.{letter}" if letter in "NC" else f"moves.{letter}.{key}"
    assert err.startswith(f"{field}: ") and valid in err
    assert repr(value) in err


@pytest.mark.parametrize(
    "name", ["linkage_197_animals", "abo_blood_groups_few_people", "censored_exponential_lifetimes"]
)
def test_a_move_that_a_model_cannot_make_is_refused_with_its_reason(call, name):
    raw = {**BY_NAME[name].raw, "schedule": "(EC)3"}
    status, out, err = call(raw)
    assert status == 2 and out == "" and len(err.splitlines()) == 1
    assert err.startswith("schedule: '(EC)3'") and raw["model"] in err
    assert "C (conditional: the next block of parameters)" in err and "a single block" in err


def test_a_numerical_move_before_any_q_is_refused(call):
    raw = json.loads(json.dumps(BASE))
    del raw["start"]["q_at"]
    for letter in "SANLC":
        status, _, err = call({**raw, "schedule": f"{letter}E"})
        assert status == 2 and err.startswith("schedule: ") and "needs a q" in err


def test_half_step_failures_carry_finite_numbers():
    with pytest.raises(HalfStepFailed) as caught:
        m_steps.gradient_step(COINS.model, COINS.data, state(COINS), 1e300)
    assert np.isfinite(list(caught.value.numbers.values())).all()
