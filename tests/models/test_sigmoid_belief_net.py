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


@pytest.mark.parametrize("data", ["bars_binary", "digits_binary"])
def test_belief_nets_hidden_units_are_on_as_q_says_below_each_picture(made, data):
    run, found, q, theta, rows = made(data)
    view = run.scene.view
    side = int(np.sqrt(rows.values.shape[1]))
    exact = configurations(4).T @ q.probabilities
    on = found.matrix("hidden", 5 * view.bands - 1)
    pictures = found.matrix("rows", view.bands * (side + 1) - 1)
    for place, row in enumerate(view.shown):
        band, column = divmod(place, view.across)
        np.testing.assert_allclose(on[5 * band : 5 * band + 4, 2 * column], exact[:, row], atol=1e-6)
        picture = pictures[band * (side + 1) :, column * (side + 1) :][:side, :side]
        assert np.array_equal(picture.ravel(), rows.values[row])
    told = np.reshape(found.trace("data.hidden")["customdata"], on.shape)
    np.testing.assert_allclose(told[:4, 0], run.moment(len(run) - 1).shares[view.shown[0]], rtol=1e-6)
    # between pictures, and between rows of them, nothing is drawn
    assert np.isnan(on[4::5]).all() and np.isnan(on[:, 1::2]).all() and np.isnan(pictures[:, side :: side + 1]).all()


def test_belief_nets_biases_and_weights_share_one_scale_with_0_in_its_middle(made):
    _, found, _, theta, _ = made("bars_binary")
    image = found.trace("data.weights")
    tiles = found.matrix("weights", 4)
    np.testing.assert_allclose(tiles[:, :4].ravel(), theta["visible_biases"], rtol=1e-5)
    for unit in range(4):
        np.testing.assert_allclose(tiles[:, 5 * unit + 5 :][:, :4].ravel(), theta["weights"][:, unit], rtol=1e-5)
    largest = max(np.abs(theta["weights"]).max(), np.abs(theta["visible_biases"]).max())
    assert image["zmin"] == -image["zmax"] and largest <= image["zmax"] <= 2.5 * largest
    ticks = [float(text.replace("−", "-")) for text in found.trace("data.scale")["text"]]
    assert ticks == [image["zmax"], 0, image["zmin"]]
