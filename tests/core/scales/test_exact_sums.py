"""What a regression leaves at the centre of the data: the exact number, rounded once."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from em_core.families.regression import _exactly


def exactly(target, coefficients, inputs):
    products = (Fraction(a) * Fraction(b) for a, b in zip(coefficients, inputs, strict=True))
    return float(Fraction(target) - sum(products))


@pytest.mark.parametrize("spread", [1, 60, 140])
def test_the_rest_at_the_centre_is_rounded_once(spread):
    """Of numbers of any size, and where the target is what the coefficients make of the inputs, up to its rounding."""
    rng = np.random.default_rng(0)
    for turn in range(500):
        sizes = 10.0 ** rng.uniform(-spread, spread, size=(2, 3))
        coefficients, inputs = (rng.standard_normal((2, 3)) * sizes).tolist()
        if turn % 5 == 0:
            inputs[0] = 0.0
        target = float(rng.standard_normal()) if turn % 2 else float(np.dot(coefficients, inputs))
        assert _exactly(target, coefficients, inputs) == exactly(target, coefficients, inputs)


def test_a_coefficient_beyond_the_floats_leaves_no_number():
    assert np.isnan(_exactly(1.0, [np.inf], [2.0])) and np.isnan(_exactly(1.0, [1e300], [1e300]))
