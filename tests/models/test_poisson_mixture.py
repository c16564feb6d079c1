"""Poisson mixtures: cases, random files, and what is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from scipy import stats

from tests.core.any_data import SEEDS, shares, whole_numbers
from tests.core.making import plain

CASES = [
    plain(
        "counts",
        "poisson_mixture",
        {"counts": [0, 1, 1, 2, 7, 9, 4, 0, 3]},
        {"weights": [0.3, 0.7], "rates": [1.0, 4.5]},
        {"weights": [0.6, 0.4], "rates": [2.0, 3.0]},
    ),
    plain(
        "frequencies",
        "poisson_mixture",
        {"counts": [0, 1, 2, 3, 4, 8], "frequencies": [16, 26, 27, 0, 11, 3]},
        {"weights": [0.3, 0.5, 0.2], "rates": [1.0, 2.5, 6.0]},
        {"weights": [0.2, 0.5, 0.3], "rates": [0.5, 3.0, 5.0]},
    ),
    plain(
        "structural",
        "poisson_mixture",
        {"counts": [0, 0, 0, 3, 1, 2]},
        {"weights": [0.5, 0.5], "rates": [0.0, 2.0]},
        {"weights": [0.4, 0.6], "rates": [0.0, 1.0]},
    ),
]
POINTS = ["share 1"]
SAID = "responsibility of component 1"


def density(model, values, theta):
    return stats.poisson.logpmf(values, theta["rates"][:, None])


@st.composite
def files(draw):
    counts = draw(whole_numbers(10**6))
    size = draw(st.integers(1, 4))
    data = {"counts": counts}
    if draw(st.booleans()):
        most = draw(st.sampled_from([3, 100, 10**6]))
        data["frequencies"] = np.random.default_rng(draw(SEEDS)).integers(0, most, len(counts)).tolist()
    mean = max(float(np.mean(counts)), 0.5)

    def start(rng, edge, spread):
        rates = mean * rng.uniform(0.2, 2, size)
        if edge:
            rates[0] = 0.0
        return {"weights": shares(rng, size, False), "rates": rates.tolist()}

    return {"n_components": size}, data, start


def test_poisson_bars_add_up_to_the_counts_and_split_by_responsibility(made):
    run, found, q, theta, data = made()
    bars = np.array([found.trace(f"data.share {k}")["y"] for k in (1, 2)], dtype=float)
    seen = np.bincount(data.values.astype(int), data.counts)
    np.testing.assert_allclose(bars.sum(axis=0), seen[seen > 0], rtol=1e-6)
    np.testing.assert_allclose(bars.sum(axis=1), q.expected_counts.sum(axis=1), rtol=1e-6)
    # one upon the other, like the bars: what separates them is comparable
    first, second, total = (
        np.array(found.trace(f"data.{name}")["y"]) for name in ("expected 1", "expected 2", "total")
    )
    grid = np.array(found.trace("data.total")["x"])
    exact = data.counts.sum() * theta["weights"][0] * stats.poisson.pmf(grid, theta["rates"][0])
    np.testing.assert_allclose(first, exact, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(second, total)
    total = np.array(found.trace("data.total")["y"], dtype=float)
    # the fitted curve ends beyond the data: what is left out is a small tail
    assert total.sum() == pytest.approx(data.counts.sum(), rel=1e-3)
