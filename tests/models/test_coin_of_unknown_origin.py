"""A coin of unknown origin: cases, random files, its two maxima, and what is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from scipy import stats

from em_core.bound import decompose
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.trajectory import run
from tests.core.any_data import SEEDS
from tests.core.making import NUMERICAL, plain

NAME = "coin_of_unknown_origin"
TWO_HILLS = {"other": 0.5, "known": [1, 4], "unknown": [9, 10]}


def coin(name, data, theta, q_at, **more):
    return plain(name, NAME, data, {"theta": theta}, {"theta": q_at}, **more)


CASES = [
    coin("two_hills", TWO_HILLS, 0.42, 0.8),
    coin("other_coin_alone", {"other": 0.25, "known": [3, 3], "unknown": [0, 5]}, 0.6, 0.1),
    coin("nothing_known", {"other": 0.7, "known": [0, 0], "unknown": [2, 3]}, 0.3, 0.6),
    coin("at_the_boundary", {"other": 1.0, "known": [0, 2], "unknown": [0, 3]}, 0.0, 0.4, without=NUMERICAL),
]
POINTS = ["known", "free"]
SAID = "q(free coin, θ)"
TIED = True  # θ by value and by place


@st.composite
def files(draw):
    rng = np.random.default_rng(draw(SEEDS))
    known, unknown = (int(rng.integers(0, draw(st.sampled_from([3, 12, 1000])) + 1)) for _ in range(2))
    sets = [[int(rng.integers(0, tosses + 1)), tosses] for tosses in (known, unknown + (not known))]
    other = float(rng.integers(0, 2)) if rng.random() < 0.2 else float(rng.uniform(0.01, 0.99))

    def start(rng, edge, spread):
        return {"theta": float(rng.integers(0, 2)) if edge else float(rng.uniform(0.01, 0.99))}

    return {}, {"other": other, "known": sets[0], "unknown": sets[1]}, start


def read(data, word="(EM)400", **more):
    return Experiment.parse({"model": NAME, "data": data, "schedule": word, **more})


@pytest.mark.parametrize(("theta", "end"), [(0.1, 0.256), (0.3, 0.256), (0.42, 0.704), (0.95, 0.704)])
def test_the_start_decides_which_of_two_maxima_is_reached(theta, end):
    experiment = read(TWO_HILLS, start={"theta": theta})
    last = run(experiment).last.after
    assert float(last.theta["theta"]) == pytest.approx(end, abs=5e-4)
    # and both are maxima of log p, with SciPy's probabilities
    grid = np.linspace(0.001, 0.999, 999)
    made = np.mean([stats.binom.pmf(9, 10, grid), np.full_like(grid, stats.binom.pmf(9, 10, 0.5))], axis=0)
    log_p = stats.binom.logpmf(1, 4, grid) + np.log(made)
    peaks = grid[1:-1][(log_p[1:-1] > log_p[:-2]) & (log_p[1:-1] > log_p[2:])]
    assert peaks == pytest.approx([0.256, 0.704])
    here = stats.binom.logpmf(1, 4, last.theta["theta"])
    here += np.log(0.5 * stats.binom.pmf(9, 10, last.theta["theta"]) + 0.5 * stats.binom.pmf(9, 10, 0.5))
    assert decompose(experiment.model, experiment.data, last).log_evidence == pytest.approx(here, rel=1e-13)


def test_m_weighs_the_unknown_set_by_q():
    experiment = read(TWO_HILLS, "M", start={"theta": 0.1, "q": 0.25})
    assert float(run(experiment).last.after.theta["theta"]) == pytest.approx(
        (1 + 0.25 * 9) / (4 + 0.25 * 10), rel=1e-15
    )


def test_with_the_unknown_set_alone_m_does_not_depend_on_q():
    data = {**TWO_HILLS, "known": [0, 0]}
    for q in (0.1, 0.9):
        last = run(read(data, "M", start={"theta": 0.1, "q": q})).last
        assert float(last.after.theta["theta"]) == pytest.approx(0.9)
    failed = run(read(data, "M", start={"theta": 0.1, "q": 0})).last
    assert [event.kind for event in failed.events] == ["lost_component"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"other": 1.5}, "data.other"),
        ({"other": None}, "data.other"),
        ({"known": [5, 4]}, r"data.known\[0\]"),
        ({"known": [1]}, "data.known"),
        ({"known": [0.5, 4]}, r"data.known\[0\]"),
        ({"unknown": [9, 10.5]}, r"data.unknown\[1\]"),
        ({"unknown": [-1, 10]}, r"data.unknown\[0\]"),
        ({"unknown": [1, 100_001]}, r"data.unknown\[1\]"),
        ({"known": [0, 0], "unknown": [0, 0]}, "data.unknown"),
        ({"heads": 3}, "data.heads"),
    ],
)
def test_data_that_cannot_be_are_refused_by_name(change, field):
    with pytest.raises(InvalidExperiment, match=f"^{field}: "):
        read({**TWO_HILLS, **change})


def test_the_unknown_set_is_split_by_q(made):
    _, found, q, theta, data = made(word="E")
    share = float(q.probabilities[1, 0])
    assert found.trace("data.free")["y"] == pytest.approx([share * 9, share * 1])
    assert found.trace("data.other")["y"] == pytest.approx([(1 - share) * 9, (1 - share) * 1])
    theta = float(theta["theta"])
    heads = [4 * theta, 4 * (1 - theta), 5 * (theta + 0.5), 5 * (1.5 - theta)]
    assert found.points("data.expected")[::2, 1] == pytest.approx(heads)
    split = [f"{(1 - share) * count:.2f}<br>{share * count:.2f}" for count in (9, 1)]
    assert found.trace("data.numbers")["text"] == ["1", "3", *split]
    assert found.trace("data.share")["text"] == [f"q(free) = {share:.3f}"]


def test_the_handle_of_theta_stands_on_log_p(made):
    run, *_ = made()
    for index, frame in enumerate(run.frames()):
        slider, handle = frame["handles"]
        theta = run.trajectory[index].after.theta
        assert slider["value"] == float(theta["theta"])
        height = run.experiment.model.log_evidence(run.experiment.data, theta)
        assert (handle["x"], handle["y"]) == (float(theta["theta"]), height)
