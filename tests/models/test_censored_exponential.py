"""Censored lifetimes: cases, random files, and what is drawn."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.core.any_data import MOST_POINTS, SEEDS, rounded
from tests.core.making import FEW_LIFETIMES, plain
from tests.figures.stage_replay import Shown

CASES = [
    plain("lifetimes", "censored_exponential", FEW_LIFETIMES, {"mean": 10.0}, {"mean": 40.0}),
    plain(
        "all_failed",
        "censored_exponential",
        {"times": [1.0, 2.5, 4.0], "observed": [True, True, True]},
        {"mean": 1.0},
        {"mean": 7.0},
    ),
]
POINTS = ["failed", "alive"]
SAID = "expected lifetime under q"


@st.composite
def files(draw):
    rng = np.random.default_rng(draw(SEEDS))
    n_points = draw(st.integers(1, MOST_POINTS))
    times = rng.exponential(size=n_points) * 10.0 ** draw(st.sampled_from([0, 0, 0, -8, -4, 4, 8]))
    if draw(st.booleans()):
        times[rng.random(n_points) < 0.3] = 0.0
    observed = rng.random(n_points) < draw(st.sampled_from([0.6, 0.6, 0.0, 1.0]))
    mean = max(float(times.mean()), 1e-12)

    def start(rng, edge, spread):
        return {"mean": float(mean * 10.0 ** rng.uniform(-spread, spread))}

    return {}, {"times": rounded(times), "observed": observed.tolist()}, start


def test_lifetimes_are_completed_by_the_expected_rest(made):
    _, found, q, theta, data = made()
    bars = np.array(found.trace("data.rest")["x"], dtype=float).reshape(-1, 3)
    np.testing.assert_allclose(bars[:, 1] - bars[:, 0], float(q.remainder), rtol=1e-5)
    heights = np.array(found.trace("data.rest")["y"], dtype=float).reshape(-1, 3)[:, 0].astype(int)
    ordered = np.sort(data.times)
    np.testing.assert_allclose(bars[:, 0], ordered[heights], rtol=1e-6)
    assert len(bars) == data.n_censored


def test_no_bar_leaves_the_picture_and_the_axis_changes_seldom(made):
    run, *_ = made(word="EMEMEMEMEM")
    ranges = []
    for at in range(len(run)):
        found = Shown(run.scene.json, run.frames(), at)
        ranges.append(tuple(found.figures["data"]["layout"]["xaxis"]["range"]))
        bars = [place for place in found.trace("data.rest")["x"] if np.isfinite(place)]
        assert max(bars, default=0.0) < ranges[-1][1]
    assert len(set(ranges)) <= 2
    _, end = run.scene.view.parameters({"mean": np.array(300.0)}, None)["data/xaxis.range"]
    assert 300 < end < 800
