"""The exact posterior of one hidden unit: against the reference, against quadrature, and where formulas fail."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from em_core.files.errors import InvalidExperiment
from em_core.sparse_coding import laplace_posterior
from tests.core.sparse_coding.sparse_cases import reference

CASES = reference("p12_laplace_posterior.json")["expected"]["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"v={c['v']} w={c['w']} lam={c['lam']} beta={c['beta']}")
def test_reference(case):
    found = laplace_posterior(case["v"], case["w"], case["lam"], case["beta"])
    assert np.isclose(found.log_evidence, case["log_evidence"], rtol=1e-12, atol=1e-12)
    scale = math.sqrt(case["posterior_second_moment"])
    assert np.isclose(found.mean, case["posterior_mean"], rtol=1e-9, atol=1e-12 * scale)
    assert np.isclose(found.second_moment, case["posterior_second_moment"], rtol=1e-9, atol=1e-12 * scale)
    assert np.isclose(found.mean_absolute, case["posterior_E_abs_h"], rtol=1e-9, atol=1e-12 * scale)
    assert np.isclose(found.probability_positive, case["prob_h_positive"], rtol=1e-9, atol=1e-12)
    assert np.isclose(found.mode, case["map"], rtol=1e-13, atol=0)


@given(st.floats(-6, 6), st.floats(-3, 3), st.floats(0.05, 20), st.floats(0.05, 20))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_against_quadrature(v, w, penalty, precision):
    found = laplace_posterior(v, w, penalty, precision)

    def log_joint(h):
        fit = math.log(precision / (2 * math.pi)) / 2 - precision * (v - w * h) ** 2 / 2
        return math.log(penalty / 2) - penalty * abs(h) + fit

    peak = log_joint(found.mode)
    width = 1 / (penalty + math.sqrt(precision) * abs(w))

    def moment(power):
        ends = [found.mode + side * s * width for side in (-1, 1) for s in (1, 10, 100)]
        edges = sorted({0.0, found.mode, *ends, -60 / penalty - abs(found.mode), 60 / penalty + abs(found.mode)})
        pieces = zip(edges, edges[1:], strict=False)
        return sum(quad(lambda h: h**power * math.exp(log_joint(h) - peak), a, b, epsabs=0)[0] for a, b in pieces)

    total = moment(0)
    scale = math.sqrt(moment(2) / total)
    assert found.log_evidence == pytest.approx(math.log(total) + peak, rel=1e-9, abs=1e-9)
    assert found.mean == pytest.approx(moment(1) / total, rel=1e-7, abs=1e-8 * scale)
    assert found.second_moment == pytest.approx(moment(2) / total, rel=1e-7)


def test_the_mode_is_exactly_zero_where_the_mean_is_not():
    found = laplace_posterior(1.2, 1.0, 2.0, 1.0)
    assert found.mode == 0.0
    assert found.mean == pytest.approx(0.331, abs=5e-4)


def arctangent(of_one_over: int) -> Decimal:
    term = total = Decimal(1) / of_one_over
    n = 1
    while abs(term) > Decimal("1e-320"):
        term, n = -term / of_one_over**2, n + 2
        total += term / n
    return total


def mass(rate: Decimal, end: Decimal | None = None) -> Decimal:
    """∫ exp(−t²/2 − rate·t) over t from 0 to `end`, by the series of exp(x²/2) ∫ exp(−t²/2): 300 digits pay for it."""

    def below(x: Decimal) -> Decimal:
        term, series, n = x, x, 1
        while abs(term) > Decimal("1e-310"):
            n += 2
            term = term * x * x / n
            series += term
        return series

    if end is None:
        pi = 4 * (4 * arctangent(5) - arctangent(239))  # Machin
        return (pi / 2).sqrt() * (rate * rate / 2).exp() - below(rate)
    far = rate + end
    return (rate * rate / 2 - far * far / 2).exp() * below(far) - below(rate)


def exact_mean_and_excess(v, w, penalty, precision):
    """The mean in 300 digits, and h ↦ P(H ≤ h) − 1/2 for an h on the mean's side."""
    v, w, penalty, precision = map(Decimal, (v, w, penalty, precision))
    root = precision.sqrt() * abs(w)  # in units of 1/root all is a standard normal's
    pull, penalty = precision * abs(w * v) / root, penalty / root
    above, below = mass(penalty - pull), mass(penalty + pull)
    mean = (pull - penalty * (above - below) / (above + below)) / root

    def excess(h):
        return (below + mass(penalty - pull, abs(Decimal(h)) * root)) / (above + below) - Decimal("0.5")

    return mean, excess


@pytest.mark.parametrize("share", [1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 0.03, 0.09, 0.12, 0.5])
@pytest.mark.parametrize("breadth", [1e-3, 0.3, 1.0, 3.0, 12.0])
def test_mean_and_median_keep_their_digits_however_close_to_0(share, breadth):
    """`share` of the spread, or about; `breadth`: of the likelihood's deviation over the prior's, below λ and above."""
    penalty, w, precision = 0.7, -1.3, (0.7 / 1.3 / breadth) ** 2
    v = share * (penalty + math.sqrt(precision) * abs(w)) / (precision * w)
    found = laplace_posterior(v, w, penalty, precision)
    with decimal.localcontext(decimal.Context(prec=300)):
        mean, excess = exact_mean_and_excess(v, w, penalty, precision)
        assert abs(Decimal(found.mean) / mean - 1) < Decimal("1e-13")
        # a change of the median by 1e-13 of itself changes P by that much of P − P(H ≤ 0), or about
        assert abs(excess(found.median)) < Decimal("1e-13") * (excess(found.median) - excess(0))
    assert found.mean > 0 and found.median > 0


def test_without_a_likelihood_to_speak_of_the_mean_is_that_of_two_exponentials():
    """a = 0: 2s/(λ² − s²) for a pull s, and the median log(1 + s/λ)/(λ − s)."""
    w, penalty = 1e-170, 3.0
    for pull in (1e-12, 1e-3, 0.1):
        found = laplace_posterior(pull / w, w, penalty, 1.0)
        assert found.sharpness == 0
        assert found.mean == pytest.approx(2 * found.pull / (penalty**2 - found.pull**2), rel=1e-13, abs=0)
        wanted = math.log1p(found.pull / penalty) / (penalty - found.pull)
        assert found.median == pytest.approx(wanted, rel=1e-13, abs=0)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"v={c['v']} w={c['w']}")
def test_slope_of_the_log_evidence_comes_from_the_moments(case):
    """d log p(v)/dw = β(v E[h] − w E[h²]) (Fisher's identity)."""
    v, w, penalty, precision = case["v"], case["w"], case["lam"], case["beta"]
    width = 1e-5 * max(abs(w), 0.1) / max(1, precision) ** 0.5
    rise = laplace_posterior(v, w + width, penalty, precision).log_evidence
    fall = laplace_posterior(v, w - width, penalty, precision).log_evidence
    found = laplace_posterior(v, w, penalty, precision)
    slope = precision * (v * found.mean - w * found.second_moment)
    terms = precision * (abs(v * found.mean) + abs(w) * found.second_moment)
    rounding = 1e-14 * max(1, abs(found.log_evidence)) / width
    assert (rise - fall) / (2 * width) == pytest.approx(slope, abs=1e-5 * max(terms, 1e-3) + rounding)


def test_signs_mirror_and_pieces_join():
    left, right = laplace_posterior(-3.0, 0.7, 0.4, 2.0), laplace_posterior(3.0, 0.7, 0.4, 2.0)
    assert (left.mean, left.mode) == (-right.mean, -right.mode)
    assert left.log_evidence == right.log_evidence
    # β|wv| = λ, where the peak crosses 0, and the place where the continued fraction takes over
    for v in (1.0, 1.0 + 5.0, 5.0 - 1.0):
        below, above = (laplace_posterior(v * (1 + e), 1.0, 1.0, 1.0) for e in (-1e-12, 1e-12))
        for name in ("log_evidence", "mean", "second_moment", "mean_absolute"):
            assert getattr(below, name) == pytest.approx(getattr(above, name), rel=1e-10)


@pytest.mark.parametrize("v", [1e-8, 1.0, 1e4, 1e8])
@pytest.mark.parametrize("w", [-1e4, 1e-8, 1.0])
@pytest.mark.parametrize("penalty", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("precision", [1e-6, 1.0, 1e6])
def test_extremes_stay_finite_and_consistent(v, w, penalty, precision):
    found = laplace_posterior(v, w, penalty, precision)
    assert math.isfinite(found.log_evidence)
    assert found.second_moment > 0
    assert abs(found.mean) <= found.mean_absolute * (1 + 1e-12) <= math.sqrt(found.second_moment) * (1 + 1e-9)
    assert 0 <= found.probability_positive <= 1


@pytest.mark.parametrize(
    "arguments, field",
    [
        ((math.nan, 1, 1, 1), "visible"),
        ((1, math.inf, 1, 1), "weight"),
        ((1, 1, 0, 1), "penalty"),
        ((1, 1, math.nan, 1), "penalty"),
        ((1, 1, 1, -1), "precision"),
        ((1, 1, 1, math.inf), "precision"),
    ],
)
def test_bad_input_names_the_field(arguments, field):
    with pytest.raises(InvalidExperiment) as caught:
        laplace_posterior(*arguments)
    assert caught.value.field == field
