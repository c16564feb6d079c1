"""Bernoulli mixtures: cases, random files, and what is drawn."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from scipy import stats

from tests.core.any_data import bits, probabilities, shares
from tests.core.making import bits as ones_and_zeros
from tests.core.making import plain

CASES = [
    plain(
        "pictures",
        "bernoulli_mixture",
        {"values": ones_and_zeros(14, 5)},
        {"weights": [0.4, 0.6], "probabilities": [[0.2, 0.4, 0.6, 0.7, 0.5], [0.6, 0.3, 0.45, 0.2, 0.9]]},
        {"weights": [0.7, 0.3], "probabilities": [[0.3, 0.5, 0.2, 0.8, 0.6], [0.7, 0.6, 0.5, 0.4, 0.3]]},
    ),
    plain(
        "structural",
        "bernoulli_mixture",
        {"values": [[0, 1], [0, 1], [0, 0], [1, 1], [0, 1], [1, 0]]},
        {"weights": [0.4, 0.6], "probabilities": [[0.0, 0.8], [0.6, 0.3]]},
        {"weights": [0.7, 0.3], "probabilities": [[0.0, 0.6], [0.5, 0.4]]},
    ),
]
POINTS = ["marks"]
SAID = "responsibility of component 1"
TIED = True  # shares of one whole


def density(model, values, theta):
    return stats.bernoulli.logpmf(values, theta["probabilities"][:, None, :]).sum(axis=2)


@st.composite
def files(draw):
    values, size = draw(bits()), draw(st.integers(1, 4))

    def start(rng, edge, spread):
        shape = (size, len(values[0]))
        return {"weights": shares(rng, size, False), "probabilities": probabilities(rng, shape, edge)}

    return {"n_components": size}, {"values": values}, start


def test_bernoulli_pictures_are_the_probabilities(made):
    run, found, q, theta, data = made()
    picture = found.matrix("means", 8)
    np.testing.assert_allclose(picture[:, 9:17], theta["probabilities"][1].reshape(8, 8), atol=1e-6)
    view = run.scene.view
    pictures = found.matrix("rows", 10 * -(-len(view.shown) // view.across) - 2)
    places = found.points("data.marks")
    for place, row in enumerate(view.shown):
        across, down = 11 * (place % view.across), 10 * (place // view.across)
        assert np.array_equal(pictures[down : down + 8, across : across + 8], data.values[row].reshape(8, 8))
        # the mark covers no pixel of any picture
        assert across + 7.5 < places[place, 0] < across + 10.5 and down <= places[place, 1] < down + 8
