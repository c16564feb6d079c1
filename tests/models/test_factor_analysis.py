"""Factor analysis: cases, random files, and what is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.any_data import placed, tables
from tests.core.making import factors

CASES = [
    factors("diagonal", 4, 2),
    factors("diagonal", 1, 1),
    factors("isotropic", 3, 1),
    factors("isotropic", 3, 3),
]
SAID = "E[h1] under q"
TIED = True  # factors go with the mean


@st.composite
def files(draw):
    values = draw(tables(most_columns=4))
    noise = draw(st.sampled_from(["diagonal", "isotropic"]))
    factors = draw(st.integers(1, len(values[0])))
    data, centre, scale = draw(placed(values))

    def start(rng, edge, spread):
        loadings = scale[:, None] * rng.standard_normal((len(scale), factors))
        variances = scale**2 * 10.0 ** rng.uniform(-spread, 0, len(scale))
        return {
            "mean": (centre + 0.3 * scale * rng.standard_normal(len(scale))).tolist(),
            "loadings": loadings.tolist(),
            "noise_variances": variances.tolist() if noise == "diagonal" else float(variances.mean()),
        }

    return {"noise": noise, "n_factors": factors}, data, start


@pytest.mark.parametrize("noise", ["diagonal", "isotropic"])
def test_springs_end_at_the_expected_factors(made, noise):
    run, found, q, theta, data = made(noise=noise, components=2, x_axis=2, y_axis=0)
    ends = np.column_stack([np.array(found.trace("data.places")[axis], dtype=float) for axis in "xy"])
    exact = theta["mean"] + q.means @ theta["loadings"].T
    np.testing.assert_allclose(ends, exact[:, [2, 0]], rtol=1e-5)
    np.testing.assert_allclose(found.matrix("loadings", 4), theta["loadings"], rtol=1e-5, atol=1e-6)
