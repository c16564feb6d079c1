"""A half-step of an allowed size ends within seconds; a larger one is refused, and says which size."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest

from em_core import kinds, m_steps
from em_core.bound import decompose
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.models import MODELS
from em_core.models.sigmoid_belief_net import MOST_HIDDEN
from em_core.records import State
from em_core.trajectory import extend, run, start
from tests.attack import thinned
from tests.core.cases import INTERIOR

OFFERING = [case for case in INTERIOR if hasattr(case.model, "curvature")]
# processor seconds: what a reader waits for on a machine with nothing else to do
MOST_SECONDS = 5.0


def net(n_points, n_values, **more):
    values = np.random.default_rng(3).integers(0, 2, (n_points, n_values)).tolist()
    return {"model": "sigmoid_belief_net", "settings": {"n_hidden": MOST_HIDDEN}, "data": {"values": values}, **more}


def blobs(n_points, dimensions, n_components, **more):
    values = np.random.default_rng(4).standard_normal((n_points, dimensions)).tolist()
    return {
        "model": "gaussian_mixture",
        "settings": {"n_components": n_components},
        "data": {"values": values},
        "seed": 1,
        **more,
    }


def pictures(n_points, n_values, n_components, **more):
    values = np.random.default_rng(6).integers(0, 2, (n_points, n_values)).tolist()
    settings = {"n_components": n_components}
    return {"model": "bernoulli_mixture", "settings": settings, "data": {"values": values}, "seed": 1, **more}


def gappy(n_points, dimensions, **more):
    """Nearly every row has a pattern of gaps of its own."""
    rng = np.random.default_rng(5)
    values, gaps = rng.standard_normal((n_points, dimensions)), rng.random((n_points, dimensions)) < 0.4
    gaps[:2] = False
    gaps[:, 0] = False
    rows = [
        [None if gap else entry for entry, gap in zip(*row, strict=True)]
        for row in zip(values.tolist(), gaps, strict=True)
    ]
    return {"model": "incomplete_gaussian", "data": {"values": rows}, "seed": 1, **more}


@pytest.mark.parametrize("letter", thinned(kinds.allowed(MODELS["sigmoid_belief_net"]), "N"))
def test_every_half_step_of_a_large_net_ends_soon(letter):
    """4,096 configurations of 1,000 points: N took 15 s, when every gradient visited all of them anew."""
    raw = net(1000, 20, schedule="E", seed=1)
    experiment = Experiment.parse(raw)
    trajectory = extend(experiment, start(experiment), "E")
    begin = time.process_time()
    trajectory = extend(experiment, trajectory, letter)
    assert time.process_time() - begin < MOST_SECONDS
    assert not trajectory.last.stopped


@pytest.mark.parametrize(
    ("shape", "named", "most"), [((2442, 4), "2442 points", 2441), ((4, 147), "147 values in a point", 146)]
)
def test_a_larger_net_is_refused_with_its_size(shape, named, most):
    Experiment.parse(net(*(min(size, most) for size in shape), schedule="E", seed=1))
    with pytest.raises(InvalidExperiment, match=f"{named}.*at most {most}.* 12 hidden units"):
        Experiment.parse(net(*shape, schedule="E", seed=1))


# rows, each with a pattern of its own, and columns: next to what may be
PATTERNS = [(4600, 20), (2895, 100), (800, 200)]


def next_to_singular(dimensions):
    """A start at which factors cannot be computed from the covariance itself."""
    covariance = np.ones((dimensions, dimensions)) + 1e-6 * dimensions * np.eye(dimensions)
    return {"mean": [0.0] * dimensions, "covariance": covariance.tolist()}


@pytest.mark.exhaustive
@pytest.mark.parametrize(("n_points", "dimensions"), PATTERNS)
def test_every_half_step_of_a_table_with_many_patterns_ends_soon_in_little_memory(n_points, dimensions):
    """Factors of all patterns at once would take 400 MB."""
    experiment = Experiment.parse(
        {**gappy(n_points, dimensions), "start": next_to_singular(dimensions), "schedule": "E"}
    )
    assert len(experiment.data.patterns) > 0.9 * n_points
    trajectory = start(experiment)
    for letter in "EM":
        begin = time.process_time()
        trajectory = extend(experiment, trajectory, letter)
        assert not trajectory.last.stopped
        decompose(experiment.model, experiment.data, trajectory.last.after)
        assert time.process_time() - begin < MOST_SECONDS
    tracemalloc.start()
    try:
        experiment.model.log_evidence(experiment.data, experiment.start)
        assert tracemalloc.get_traced_memory()[1] < 16e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("dimensions", "most"), [(20, 4598), (100, 2922), (200, 812)])
def test_more_patterns_are_refused_with_their_number(dimensions, most):
    raw = gappy(most + 100, dimensions, schedule="E")
    with pytest.raises(
        InvalidExperiment, match=rf"^data.values: .* patterns of missing values.*at most {most} patterns"
    ):
        Experiment.parse(raw)


def test_a_table_with_too_many_columns_is_refused_with_their_number():
    rows = np.random.default_rng(0).standard_normal((3, 900)).tolist()
    with pytest.raises(InvalidExperiment, match="^data.values: '900 columns'.*at most 898 columns"):
        Experiment.parse({"model": "incomplete_gaussian", "data": {"values": rows}, "seed": 1, "schedule": "E"})


@pytest.mark.parametrize("case", OFFERING, ids=str)
def test_curvatures_are_those_of_the_gradient(case):
    rng = np.random.default_rng(0)
    for theta in (case.theta, case.random_theta(rng)):
        found = case.model.curvature(case.data, theta, case.q) / case.n_units
        differences, _ = m_steps._curvature(case.model, case.data, State(theta, case.q))
        np.testing.assert_allclose(found, differences, rtol=0, atol=1e-8 * np.abs(found).max())
        np.testing.assert_array_equal(found, found.T)


def test_the_net_offers_its_curvature():
    assert {case.model.name for case in OFFERING} == {"sigmoid_belief_net"}


@pytest.mark.parametrize(
    ("raw", "letter", "named"),
    [
        (blobs(20_000, 6, 8), "N", {"coordinates": 223, "rows": 20_000, "gradients": 446}),
        (blobs(20_000, 6, 8, moves={"L": {"iterations": 1000}}), "L", {"coordinates": 223, "gradients": 3000}),
        (gappy(600, 30), "N", {"coordinates": 495}),
        (net(50, 80, moves={"L": {"iterations": 1000}}), "L", {"rows": 4096, "gradients": 3000}),
    ],
    ids=["mixture_n", "mixture_l", "patterns_n", "net_l"],
)
def test_moves_that_would_take_too_long_say_which_size(raw, letter, named):
    trajectory = run(Experiment.parse({**raw, "schedule": f"E{letter}", "seed": 1}))
    (event,) = trajectory.last.events
    assert event.kind == "too_many_coordinates" and event.stops
    assert named.items() <= dict(event.numbers).items()
    assert all(f"{event.numbers[size]:.0f}" in event.message for size in ("coordinates", "rows"))


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "raw",
    [blobs(2000, 8, 8), blobs(180, 23, 3), gappy(150, 12), blobs(20_000, 2, 2), pictures(3000, 30, 8)],
    ids=["points", "dimensions", "patterns", "many_points", "pictures"],
)
def test_what_newton_does_not_refuse_ends_soon(raw):
    begin = time.process_time()
    trajectory = run(Experiment.parse({**raw, "schedule": "EN", "seed": 1}))
    assert time.process_time() - begin < MOST_SECONDS
    assert not trajectory.last.stopped


@pytest.mark.exhaustive
@pytest.mark.parametrize("word", ["HM", "EM", "TM"])
def test_the_m_step_of_a_wide_net_ends_soon(word):
    """After H only few configurations are in use, and the search for separated ones takes all its steps."""
    experiment = Experiment.parse(net(40, 146, schedule=word, seed=1))
    begin = time.process_time()
    assert not run(experiment).last.stopped
    assert time.process_time() - begin < MOST_SECONDS
