"""Log probabilities of counts against 60 decimal digits: none are lost to the size of the factorials."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from functools import cache

import numpy as np
import pytest

from em_core.distributions.remainders import deviance
from em_core.families.binomial import BinomialFamily
from em_core.families.poisson import PoissonFamily

# Stirling's series: B_2k / (2k (2k − 1)) as fractions
STIRLING = [(1, 12), (-1, 360), (1, 1260), (-1, 1680), (1, 1188), (-691, 360360), (1, 156), (-3617, 122400)]
TWO_PI = Decimal("6.28318530717958647692528676655900576839433879875021164194988918")


@pytest.fixture(autouse=True)
def sixty_digits():
    with decimal.localcontext(decimal.Context(prec=60)):
        yield


@cache
def log_factorial(n: int) -> Decimal:
    if n < 1000:
        return Decimal(math.factorial(n)).ln()
    z = Decimal(n)  # what is left out is below (n/4)⁻¹⁷
    series = sum(Decimal(a) / b / z ** (2 * k + 1) for k, (a, b) in enumerate(STIRLING))
    return (z + Decimal("0.5")) * z.ln() - z + TWO_PI.ln() / 2 + series


def times_log(n: int, probability: Decimal) -> Decimal:
    return n * probability.ln() if n else Decimal(0)


def poisson(count: int, rate: float) -> Decimal:
    return times_log(count, Decimal(rate)) - Decimal(rate) - log_factorial(count)


def binomial(successes: int, trials: int, probability: float) -> Decimal:
    p, failures = Decimal(probability), trials - successes
    ways = log_factorial(trials) - log_factorial(successes) - log_factorial(failures)
    return ways + times_log(successes, p) + times_log(failures, 1 - p)


def worst(found, exact) -> float:
    """The largest error, relative to the value itself."""
    return max(float(abs((Decimal(float(a)) - b) / b)) for a, b in zip(found, exact, strict=True))


def around(centre: float, spread: float, rng) -> np.ndarray:
    """Near the centre and far: from its last digit to many standard deviations, and to half and twice of it."""
    powers = 10.0 ** -np.arange(1, 16)
    near = centre * np.concatenate([[1.0], 1 + powers, 1 - powers, rng.uniform(0.5, 2, 20)])
    return np.concatenate([near, centre + spread * rng.standard_normal(30)])


@pytest.mark.parametrize("count", [0, 1, 2, 3, 10, 100, 10**3, 10**5, 10**6, 10**9])
def test_a_poisson_probability_keeps_its_digits(count):
    """Stated in `PoissonFamily.log_density`: 5e-15."""
    rng = np.random.default_rng(count)
    rates = np.concatenate([[5e-324, 1e-300, 1e-5, 1.0, 1e5, 1e100], around(max(count, 1), math.sqrt(count), rng)])
    rates = rates[rates > 0]
    found = PoissonFamily().log_density(np.array([float(count)]), {"rates": rates})[:, 0]
    assert worst(found, [poisson(count, rate) for rate in rates]) < 5e-15


@pytest.mark.parametrize("trials", [1, 2, 3, 10, 100, 10**4, 10**6])
def test_a_binomial_probability_keeps_its_digits(trials):
    """Stated in `BinomialFamily.log_density`: 5e-14."""
    rng = np.random.default_rng(trials)
    places = {0, 1, trials // 3, trials // 2, trials - 1, trials, *rng.integers(0, trials + 1, 5).tolist()}
    for successes in sorted(places):
        share = (successes + 0.5) / (trials + 1)
        inside = around(share, math.sqrt(share * (1 - share) / trials), rng)
        inside = inside[(inside > 0) & (inside < 1)]
        probabilities = np.concatenate([[1e-30, 1e-5, 0.5, 1 - 1e-5, 1 - 2.0**-53], inside])
        log_density = BinomialFamily(trials).log_density(np.array([float(successes)]), {"probabilities": probabilities})
        exact = [binomial(successes, trials, probability) for probability in probabilities]
        assert worst(log_density[:, 0], exact) < 5e-14


@pytest.mark.parametrize(
    ("family", "name", "structural", "logs"),
    [
        (PoissonFamily(), "rates", 0.0, [0.0, -math.inf, -math.inf]),
        (BinomialFamily(4), "probabilities", 0.0, [0.0, -math.inf, -math.inf]),
        (BinomialFamily(4), "probabilities", 1.0, [-math.inf, -math.inf, 0.0]),
    ],
)
def test_structural_values_allow_what_they_must(family, name, structural, logs):
    """What cannot be has the logarithm −∞, what must be 0, without a warning."""
    found = family.log_density(np.array([0.0, 2.0, 4.0]), {name: np.array([structural])})
    assert found.tolist() == [logs]


def test_a_deviance_is_never_negative_and_0_at_the_mean():
    counts = np.array([1.0, 7.0, 1e9])[:, None]
    means = counts * (1 + np.concatenate([[0.0], 10.0 ** -np.arange(0, 18), -(10.0 ** -np.arange(1, 18))]))
    found = deviance(counts, means)
    assert np.all(found >= 0) and np.all(found[means == counts] == 0) and np.all(found[means != counts] > 0)
