"""A Gaussian with missing values: cases, random files, and what is drawn."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.core.any_data import location_and_matrix, with_gaps
from tests.core.making import MURRAY, OUTLIERS, gappy, incomplete

CASES = [
    incomplete("murray", MURRAY),
    incomplete("three_columns", gappy(20, 3)),
    incomplete("nothing_missing", gappy(20, 2)[:2] + OUTLIERS),
]
POINTS = ["complete", "filled"]
SAID = "filled in"


@st.composite
def files(draw):
    values = draw(with_gaps())
    return {}, {"values": values}, location_and_matrix(values, "mean", "covariance")


def test_missing_values_stand_at_their_conditional_means(made, dataset):
    run, found, q, theta, table = made(dataset)
    drawn = run.scene.view.drawn
    gaps = np.isnan(table.values[:, drawn]).any(axis=1)
    filled = np.column_stack([np.array(found.trace("data.filled")[axis], dtype=float) for axis in "xy"])
    expected, _ = run.experiment.model.completed(table, q)
    np.testing.assert_allclose(filled, expected[gaps][:, drawn], rtol=1e-5, atol=1e-5)
