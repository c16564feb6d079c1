"""Factor analysis by a triangle in place of the rows: the same terms, to the same digits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from em_core import trajectory as run
from em_core.bound import decompose
from em_core.caching import forget_derived
from em_core.distributions import normals, scatter
from em_core.distributions.normals import Linear, Normals
from em_core.files.experiment import Experiment
from em_core.models import factor_sums
from em_core.models.factor_analysis import FactorAnalysis, Table
from em_core.models.factor_sums import summary
from em_core.records import State, frozen
from tests.core.cases import CASES

Long = np.longdouble
FACTORS = [case for case in CASES if case.raw["model"] == "factor_analysis"]
KINDS = ["plain", "far", "one_large", "collinear", "few_rows", "one_row_far"]


def table(kind, n=300, d=5, seed=0):
    """(N, D) values of a kind, and two θ that suit them."""
    rng = np.random.default_rng(seed)
    loadings = rng.normal(size=(d, 2))
    values = rng.normal(size=(n, 2)) @ loadings.T + rng.normal(size=(n, d)) * np.sqrt(rng.uniform(0.3, 1.5, d))
    values = values[:4] if kind == "few_rows" else values
    sizes, offset = np.ones(d), 0.0
    if kind == "far":
        offset = 1e8
    if kind == "one_large":
        sizes[1] = 1e8
    if kind == "collinear":
        values[:, 3] = values[:, 2] + 1e-5 * values[:, 3]
    if kind == "one_row_far":
        values[7] *= 1e4
    values = values * sizes + offset
    thetas = [
        {
            "mean": values.mean(axis=0) + 0.3 * sizes * rng.normal(size=d),
            "loadings": sizes[:, None] * rng.normal(size=(d, 2)),
            "noise_variances": sizes**2 * rng.uniform(0.5, 2, d),
        }
        for _ in range(2)
    ]
    return Table(frozen(values)), *({name: frozen(entry) for name, entry in theta.items()} for theta in thetas)


def exactly(data, theta, means, factor):
    """E[log p(v, h)], Σ E[(v − μ − Λh)²] and what M makes of q, in long doubles row by row."""
    values, means, factor = (entry.astype(Long) for entry in (data.values, means, factor))
    inverse = np.zeros_like(factor)
    for column in range(len(factor)):  # forward substitution
        for row in range(column, len(factor)):
            rest = Long(row == column) - factor[row, :row] @ inverse[:row, column]
            inverse[row, column] = rest / factor[row, row]
    covariance, n = inverse.T @ inverse, len(values)
    mean, loadings, noise = (theta[name].astype(Long) for name in ("mean", "loadings", "noise_variances"))
    spread = np.einsum("dl,lm,dm->d", loadings, covariance, loadings)
    squares = ((values - mean - means @ loadings.T) ** 2).sum(axis=0) + n * spread
    hidden = (means**2).sum() + n * np.trace(covariance) + means.size * np.log(2 * Long(np.pi))
    joint = -(hidden + (squares / noise).sum() + n * np.log(2 * Long(np.pi) * noise).sum()) / 2
    apart, off = values - values.mean(axis=0), means - means.mean(axis=0)
    a, b, c = (entry for entry in (off.T @ off / n + covariance)[np.triu_indices(2)])
    inverse = np.array([[c, -b], [-b, a]]) / (a * c - b * b)
    fitted = apart.T @ off / n @ inverse
    centre = values.mean(axis=0) - fitted @ means.mean(axis=0)
    rest = ((values - centre - means @ fitted.T) ** 2).mean(axis=0)
    variances = rest + np.einsum("dl,lm,dm->d", fitted, covariance, fitted)
    return joint, squares, {"mean": centre, "loadings": fitted, "noise_variances": variances}


@pytest.mark.parametrize("kind", KINDS)
def test_terms_and_m_keep_their_digits(kind):
    """Against long doubles row by row, for q of another θ: terms to 1e-13, parameters to 1e-12 of their scale.

    A mean far from 0 cannot be told more closely than by its own rounding.
    """
    data, theta, elsewhere = table(kind)
    model = FactorAnalysis()
    q = model.posterior(data, elsewhere)
    joint, squares, best = exactly(data, theta, q.means, q.precision_factors[0])
    assert model.expected_log_joint(data, theta, q) == pytest.approx(float(joint), rel=1e-13)
    by_unit = model.kl_by_unit(q, model.posterior(data, theta))
    assert model.kl(q, model.posterior(data, theta)) == pytest.approx(by_unit.sum(), rel=1e-13)
    assert model.log_evidence(data, theta) == pytest.approx(model.evidence_by_unit(data, theta).sum(), rel=1e-13)
    fitted = model.maximize(data, q, theta)
    deviations = data.values.std(axis=0)
    resolution = deviations + 1e-3 * np.abs(data.values).max(axis=0)
    assert float((np.abs(fitted["mean"] - best["mean"]) / resolution).max()) < 1e-12
    apart = np.abs(fitted["loadings"] - best["loadings"]) / deviations[:, None]
    assert float(apart.max()) < 1e-12
    np.testing.assert_allclose(fitted["noise_variances"], best["noise_variances"].astype(float), rtol=1e-12)
    slope = model.gradient(data, theta, q)[-5:]
    expected = (squares / theta["noise_variances"] - len(data.values)) / 2
    np.testing.assert_allclose(slope, expected.astype(float), rtol=1e-11)


@pytest.mark.parametrize("noise", ["diagonal", "isotropic"])
@pytest.mark.parametrize("made", ["posterior", "tempered", "mode"])
def test_a_few_rows_and_all_say_the_same(noise, made):
    """All that is asked of a q that is linear in the values, and of the same q as a table of means."""
    data, theta, other = table("plain")
    model = FactorAnalysis(noise)
    if noise == "isotropic":
        theta, other = (
            {**entry, "noise_variances": frozen(entry["noise_variances"].mean())} for entry in (theta, other)
        )
    q = model.tempered(data, other, 0.5) if made == "tempered" else getattr(model, made)(data, other)
    plain, posterior = Normals(q.means, q.precision_factors), model.posterior(data, theta)
    assert isinstance(q, Linear) and q.shape == plain.shape == (300, 2)
    for name in ("expected_log_joint", "expected_log_likelihood", "gradient"):
        ask = getattr(model, name)
        np.testing.assert_allclose(ask(data, theta, q), ask(data, theta, plain), rtol=1e-12, atol=1e-10)
    assert model.entropy(q) == model.entropy(plain)
    assert model.kl(q, posterior) == pytest.approx(model.kl(plain, posterior), rel=1e-13)
    prior = model.hidden_prior(data, theta)
    assert model.kl(q, prior) == pytest.approx(float(model.kl_by_unit(plain, prior).sum()), rel=1e-13)
    assert not prior.means.any() and prior.means.shape == (300, 2)
    for block in (("mean",), ("loadings",), ("noise_variances",), None):
        fit = model.maximize if block is None else lambda *state, own=block: model.maximize_block(*state, own)
        for name, entry in fit(data, q, theta).items():
            np.testing.assert_allclose(entry, fit(data, plain, theta)[name], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("smallest", [1.0, 1e-2, 1e-5])
def test_both_ways_to_what_is_known_of_the_factors_agree(smallest, monkeypatch):
    """By Cholesky's factor of the posterior precision, and by a triangle of what it is the square of."""
    data, theta, _ = table("plain")
    noise = np.geomspace(1, smallest, 5)
    found = []
    for most in (np.inf, 0.0):
        monkeypatch.setattr(factor_sums, "_WELL_CONDITIONED", most)
        q = factor_sums.posterior(data, {**theta, "noise_variances": frozen(noise)})
        found.append((q.means, q.precision_factors[0], q.scatter.rows))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11 * np.abs(other).max())


@pytest.mark.parametrize("case", FACTORS, ids=str)
def test_a_round_with_its_bound_never_makes_the_means_of_all_rows(case):
    experiment = case.experiment("(EM)3HMT")
    trajectory = run.run(experiment)
    data = experiment.data
    for step in trajectory.half_steps[1:]:
        decompose(experiment.model, data, step.after)
        assert isinstance(step.after.q, Linear) and "means" not in vars(step.after.q)
        assert len(step.after.q.scatter.rows) == 1 + data.values.shape[1] < len(data.values)


@pytest.mark.parametrize("n", [3, 5, 6, 40, 5000])
def test_a_triangle_has_the_sums_of_all_rows(n):
    """Each product of two columns to 1e-14 of their lengths; of what two all but equal columns differ by, 1e-6."""
    rng = np.random.default_rng(n)
    values = rng.normal(size=(n, 4)) * [1.0, 1e8, 1e-6, 1.0] + [1e3, -1e8, 0.0, 1e6]
    values[:, 3] = values[:, 0] + 1e-9 * rng.normal(size=n)
    found = scatter.triangular(values, values.mean(axis=0))
    exact = values.astype(Long) - values.mean(axis=0)
    assert len(found.rows) <= 5 and found.number == n
    lengths = np.sqrt((exact**2).sum(axis=0))
    products = found.rows.astype(Long).T @ found.rows.astype(Long)
    assert float(np.abs((products - exact.T @ exact) / np.outer(lengths, lengths)).max()) < 1e-14
    apart, expected = found.rows[:, 3] - found.rows[:, 0], exact[:, 3] - exact[:, 0]
    assert apart @ apart == pytest.approx(float(expected @ expected), rel=1e-5 if n > 3 else 1e-4)
    shifted = found.apart(values.mean(axis=0) + lengths.astype(float))
    whole = (exact - lengths.astype(float)).sum(axis=0)
    np.testing.assert_allclose(shifted[0] * found.root, whole.astype(float), rtol=1e-13)


def test_a_rise_is_sure_where_it_is_one():
    """L at M's θ is surely higher than where it began and never the other way; at rest neither is."""
    data, theta, elsewhere = table("plain")
    model = FactorAnalysis()
    q = model.posterior(data, elsewhere)
    fitted = model.maximize(data, q, theta)
    assert model.surely_higher(data, q, fitted, theta) and not model.surely_higher(data, q, theta, fitted)
    again = model.maximize(data, q, fitted)
    assert not model.surely_higher(data, q, again, fitted) and not model.surely_higher(data, q, fitted, again)
    other, best, own = {**theta, "noise_variances": fitted["noise_variances"]}, fitted["mean"], fitted["loadings"]
    wide = {**fitted, "noise_variances": frozen(4 * fitted["noise_variances"])}
    for one, two in ((theta, other), ({**other, "mean": best}, {**other, "loadings": own}), (wide, fitted)):
        rise = model.expected_log_joint(data, two, q) - model.expected_log_joint(data, one, q)
        assert model.surely_higher(data, q, two, one) == (rise > 0)
        assert model.surely_higher(data, q, one, two) == (rise < 0)


def test_means_are_there_where_they_are_asked_for():
    """After what a record derives is forgotten; a copy with other means is a q of its own."""
    data, theta, other = table("plain")
    model = FactorAnalysis()
    q = model.posterior(data, theta)
    means = q.means
    forget_derived(q)
    assert "means" not in vars(q) and np.array_equal(q.means, means) and not q.means.flags.writeable
    moved = replace(q, means=frozen(means + 1))
    expected = model.expected_log_joint(data, other, Normals(moved.means, q.precision_factors))
    assert model.expected_log_joint(data, other, moved) == expected != model.expected_log_joint(data, other, q)
    assert normals.kl(moved, q) > 100
    np.testing.assert_array_equal(q.part(np.array([3, 1])).means, means[[3, 1]])


def test_a_q_belongs_to_its_own_values():
    """Of another table with as many rows every mean counts; one with equal values is the same table."""
    data, theta, other = table("plain")
    model, far = FactorAnalysis(), Table(frozen(data.values[::-1] * 2))
    q = model.posterior(data, theta)
    plain = Normals(q.means, q.precision_factors)
    assert model.expected_log_joint(far, other, q) == model.expected_log_joint(far, other, plain)
    assert model.kl(q, model.posterior(far, other)) == model.kl(plain, model.posterior(far, other))
    equal = Table(frozen(data.values))
    assert q.linear_in(summary(equal).scatter) is q.scatter
    assert model.expected_log_joint(equal, other, q) == model.expected_log_joint(data, other, q)


def test_many_rounds_of_many_columns_keep_the_identity():
    """40 columns and more factors than explain them, until noise variances are small."""
    rng = np.random.default_rng(4)
    values = (rng.normal(size=(90, 6)) @ rng.normal(size=(6, 40)) + 0.01 * rng.normal(size=(90, 40))) * 10.0
    raw = {"model": "factor_analysis", "settings": {"n_factors": 8}, "data": {"values": values.tolist()}}
    experiment = Experiment.parse({**raw, "schedule": "(EM)60"})
    heights = []
    for step in run.run(experiment).half_steps[1:]:
        bound = decompose(experiment.model, experiment.data, step.after)
        assert abs(bound.residual) <= 1e-12 * abs(bound.log_evidence) and bound.kl >= 0
        heights.append(bound.elbo)
    assert (np.diff(heights) >= -1e-12 * np.abs(heights[:-1])).all()
    last = State(step.after.theta, step.after.q)
    assert decompose(experiment.model, experiment.data, last).residual == bound.residual
