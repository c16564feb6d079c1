"""Sigmoid belief nets: cases, random files, and what is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from em_core.models.sigmoid_belief_net import configurations
from tests.core.any_data import bits
from tests.core.making import belief_net
from tests.core.making import bits as ones_and_zeros

CASES = [
    belief_net("three_causes", 3, ones_and_zeros(14, 5)),
    belief_net("one_cause", 1, ones_and_zeros(10, 2)),
]
POINTS = ["hidden"]
SAID = "q(h1 = 1)"


@st.composite
def files(draw):
    values, hidden = draw(bits()), draw(st.integers(1, 4))

    def start(rng, edge, spread):
        size = 10.0 ** rng.uniform(-1, 2) if edge else 1.0
        return {
            "hidden_biases": (size * rng.standard_normal(hidden)).tolist(),
            "visible_biases": (size * rng.standard_normal(len(values[0]))).tolist(),
            "weights": (size * rng.standard_normal((len(values[0]), hidden))).tolist(),
        }

    return {"n_hidden": hidden}, {"values": values}, start


def test_belief_nets_hidden_units_are_on_as_q_says(made):
    run, found, q, theta, data = made("bars_binary")
    on = found.matrix("hidden", 4)
    exact = (configurations(4).T @ q.probabilities)[:, run.scene.view.shown]
    np.testing.assert_allclose(on, exact, atol=1e-6)
    assert found.matrix("weights", 4)[0, 0] == pytest.approx(theta["weights"][0, 0], rel=1e-5)
