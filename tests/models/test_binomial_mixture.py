"""Coins: cases, random files, and what is drawn."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from scipy import stats

from tests.core.any_data import probabilities, shares, whole_numbers
from tests.core.making import binomial, reference

CASES = [
    binomial(
        "two_coins",
        10,
        [5, 9, 8, 4, 7],
        {"weights": [0.5, 0.5], "probabilities": [0.6, 0.5]},
        {"weights": [0.5, 0.5], "probabilities": [0.7, 0.3]},
        fixed_weights=True,
    ),
    binomial(
        "free_weights",
        12,
        [3, 9, 12, 8, 0, 4, 6, 6, 11, 2],
        {"weights": [0.2, 0.5, 0.3], "probabilities": [0.3, 0.5, 0.8]},
        {"weights": [0.4, 0.3, 0.3], "probabilities": [0.25, 0.55, 0.9]},
    ),
    binomial(
        "structural",
        4,
        [0, 0, 1, 3, 2, 4, 4, 0],
        {"weights": [0.3, 0.4, 0.3], "probabilities": [0.0, 0.45, 1.0]},
        {"weights": [0.2, 0.5, 0.3], "probabilities": [0.0, 0.6, 1.0]},
    ),
    binomial(
        "one_toss_one_coin",
        1,
        [0, 1, 1, 0, 1],
        {"weights": [1.0], "probabilities": [0.3]},
        {"weights": [1.0], "probabilities": [0.7]},
    ),
]
POINTS = ["share 1"]
SAID = "responsibility of coin A"


def density(model, values, theta):
    return stats.binom.logpmf(values, model.trials, theta["probabilities"][:, None])


@st.composite
def files(draw):
    trials = draw(st.sampled_from([1, 4, 10, 100, 10**5, 10**6]))
    size = draw(st.integers(1, 4))
    settings = {"trials": trials, "fixed_weights": draw(st.booleans()), "n_components": size}
    data = {"successes": draw(whole_numbers(trials))}

    def start(rng, edge, spread):
        return {"weights": shares(rng, size, edge), "probabilities": probabilities(rng, size, edge)}

    return settings, data, start


def test_coins_show_the_published_counts(made):
    """Do and Batzoglou's figure 1b: 21.3 heads and 8.6 tails for coin A, 11.7 and 8.4 for coin B."""
    published = reference("p02")["expected"]["published"]
    _, found, *_ = made(word="E")
    counts = published["expected_counts_iter0"]
    drawn = [found.trace(f"data.{name}")["customdata"][0] for name in ("heads 1", "heads 2", "tails 1", "tails 2")]
    expected = [counts[name] for name in ("A_heads", "B_heads", "A_tails", "B_tails")]
    np.testing.assert_allclose(drawn, expected, atol=0.051)
    heads, tails = ([found.trace(f"data.{part} {k}")["x"][0] for k in (1, 2)] for part in ("heads", "tails"))
    np.testing.assert_allclose(np.add(heads, tails), 1)
    np.testing.assert_allclose(found.trace("data.share 1")["x"], published["resp_A_iter0"], atol=0.0051)
    np.testing.assert_allclose(np.add(*(found.trace(f"data.share {k}")["x"] for k in (1, 2))), 1)
    _, found, *_ = made(word="EM")
    places = [found.trace(f"data.badge {k}")["x"][0] for k in (1, 2)]
    # M moves each coin's θ to where its heads end
    np.testing.assert_allclose(places, heads, rtol=1e-12)
    np.testing.assert_allclose(places, reference("p02")["expected"]["sequences"][0]["theta"][1], rtol=1e-12)
