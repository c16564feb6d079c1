"""Student t: cases, random files, and what is drawn."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.core.any_data import location_and_matrix, tables
from tests.core.making import OUTLIERS, student

CASES = [
    student("outliers", OUTLIERS, 3.0),
    student("one_column", [row[:1] for row in OUTLIERS], 0.5, without="H"),  # ν + D < 2: no mode
    student("almost_gaussian", OUTLIERS, 1e8),
]
SAID = "expected weight E[u]"


@st.composite
def files(draw):
    values = draw(tables())
    freedom = draw(st.sampled_from([4.0, 4.0, 1.0, 0.01, 0.5, 30.0, 1e4, 1e9]))
    return {"degrees_of_freedom": freedom}, {"values": values}, location_and_matrix(values, "location", "scale_matrix")


def test_students_points_are_sized_by_their_weight(made):
    run, found, q, theta, data = made(x_axis=1, y_axis=3)
    sizes = np.array(found.trace("data.points")["marker"]["size"], dtype=float)
    inside = (sizes > 3) & (sizes < 22)
    np.testing.assert_allclose((sizes[inside] / 11) ** 2, q.weights[inside], rtol=5e-3)
    least = np.sort(q.weights)[:3]
    assert found.trace("data.light")["text"] == [f"\u2002E[u] = {weight:.2f}\u2002" for weight in least]
    beside = found.points("data.light")
    middle = sum(found.figures["data"]["layout"]["xaxis"]["range"]) / 2
    sides = ["middle left" if x > middle else "middle right" for x in beside[:, 0]]
    assert found.trace("data.light")["textposition"] == sides
    np.testing.assert_allclose(beside[0], run.experiment.data.values[np.argmin(q.weights)][[1, 3]])
    outline = np.column_stack([np.array(found.trace("data.scale")[axis], dtype=float) for axis in "xy"])
    scale = theta["scale_matrix"][np.ix_([1, 3], [1, 3])]
    away = outline - theta["location"][[1, 3]]
    distance = np.sqrt(np.einsum("ni,ij,nj->n", away, np.linalg.inv(scale), away))
    np.testing.assert_allclose(distance[:49], 1, rtol=1e-3)
    np.testing.assert_allclose(distance[50:99], 2, rtol=1e-3)
