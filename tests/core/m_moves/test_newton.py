"""N: Newton's way to M, by the curvature of the bound."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.linalg import sqrtm

from em_core import m_steps
from em_core import trajectory as run
from em_core.files.experiment import Experiment
from em_core.records import frozen
from tests.attack import dealt
from tests.core.cases import INTERIOR, central_difference
from tests.core.m_moves.shared import BY_NAME, CLOSED, COINS, slope, state


@pytest.mark.parametrize("scale", [0.1, 10.0, 1e4])
def test_newton_lands_on_the_maximum_of_a_quadratic(scale):
    """Means alone, weights and variances fixed: L is quadratic, and one N from anywhere is M."""
    case = BY_NAME["gaussian_spherical_2d_k2_fixed_weights_fixed_covariances"]
    best = case.model.maximize(case.data, case.q, case.theta)["means"]
    far = {**case.theta, "means": frozen(scale * np.random.default_rng(0).standard_normal(best.shape))}
    made = m_steps.newton_step(case.model, case.data, state(case, far))
    assert made.events == ()
    np.testing.assert_allclose(made.state.theta["means"], best, rtol=0, atol=1e-9 * max(1.0, scale))


@pytest.mark.parametrize("case", dealt(INTERIOR, 1, of=2), ids=str)
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
    """The two coins at fixed q: how many N, and how many B, until the gradient per unit is below 1e-7."""
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
