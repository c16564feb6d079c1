"""Genetic linkage: cases, random files, and what is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.any_data import SEEDS
from tests.core.making import NUMERICAL, linkage

CASES = [
    linkage("197_animals", [125, 18, 20, 34], 0.5, 0.9),
    linkage("few_animals", [3, 1, 2, 0], 0.2, 0.7),
    linkage("at_the_boundary", [5, 0, 0, 3], 1.0, 0.4, without=NUMERICAL),
]
POINTS = ["half", "against", "for"]
SAID = "q(1/2)"
TIED = True  # θ by value and by place


@st.composite
def files(draw):
    rng = np.random.default_rng(draw(SEEDS))
    counts = rng.integers(0, draw(st.sampled_from([3, 10, 200, 100_000])) + 1, 4)
    counts[rng.random(4) < draw(st.sampled_from([0.0, 0.5]))] = 0

    def start(rng, edge, spread):
        return {"theta": float(rng.integers(0, 2)) if edge else float(rng.uniform(0.01, 0.99))}

    return {}, {"counts": counts.tolist()}, start


def test_linkage_splits_the_first_cell(made):
    _, found, q, theta, _ = made(word="E")
    theta = float(theta["theta"])
    hidden = 125 * (theta / 4) / (0.5 + theta / 4)
    assert found.trace("data.rest")["y"] == pytest.approx([hidden]) == [float(q.expected_counts[1, 0])]
    assert found.trace("data.half")["y"][0] + found.trace("data.rest")["y"][0] == pytest.approx(125)
    heights = found.points("data.expected")[::2, 1]
    assert sum(heights) == pytest.approx(197) and heights[0] == pytest.approx(197 * (0.5 + theta / 4))
    told = found.trace("data.numbers")["text"]
    assert told == [f"{hidden:.2f}<br>{125 - hidden:.2f}", "18", "20", "34"]


def test_the_handle_of_theta_stands_on_log_p(made):
    run, *_ = made()
    for index, frame in enumerate(run.frames()):
        slider, handle = frame["handles"]
        theta = run.trajectory[index].after.theta
        height = run.experiment.model.log_evidence(run.experiment.data, theta)
        assert slider["value"] == float(theta["theta"])
        assert (handle["x"], handle["y"]) == (float(theta["theta"]), height)
