"""What is told of a point under the mouse: the core's q, and shares that sum to log p."""

from __future__ import annotations

import re

import numpy as np
import pytest

from em_core.bound import decompose
from figures.look.encode import thousandths
from tests.figures.runs import em_dealt, em_run, shown
from tests.figures.stage_replay import table
from tests.models import POINTS
from ui.em.run import EmRun
from ui.em.settings import EmSettings

# pictures of some rows alone, and those with more points than are told one by one
PART = ("bernoulli_mixture", "sigmoid_belief_net")


def numbers(text):
    return [float(found.replace("−", "-")) for found in re.findall(r"[−-]?\d+\.\d+", text)]


def told(run, at, name):
    """What is said of each point of a trace: its template, and the numbers or the text that go into it."""
    data = run.frames()[at]["set"].get(f"data/{name}/customdata", [])
    return shown(run, at).trace(f"data.{name}")["hovertemplate"], table(data) if isinstance(data, dict) else data


@pytest.mark.parametrize("name", em_dealt(1))
def test_shares_sum_to_log_p(name):
    run = em_run(name)
    model, data = run.experiment.model, run.experiment.data
    for at in (0, 1, 2):
        step = run.trajectory[at]
        if at and step.stopped:
            continue
        log_p = decompose(model, data, step.after).log_evidence - getattr(data, "log_ways", 0.0)
        total = 0.0
        for trace in POINTS[model.name]:
            template, rows = told(run, at, trace)
            if not len(rows):
                assert model.name in ("incomplete_gaussian", "hidden_markov", "student_t", "gaussian_mixture")
                return  # no q yet to fill gaps, or too many points
            if isinstance(rows[0], str):
                # bars of one set of tosses say the same
                total += sum(numbers(row)[-1] for row in dict.fromkeys(rows))
                assert all("log p" in row for row in rows)
            elif model.name == "sigmoid_belief_net":
                total += np.nansum(rows[0])
            else:
                assert "log p" in template
                total += np.nansum(np.array(rows, dtype=float)[:, -1])
        if model.name not in PART:
            assert total == pytest.approx(log_p, rel=1e-5, abs=2e-3 * len(rows))


@pytest.mark.parametrize("name", ["old_faithful", "one_dimension", "tied", "hidden_markov, nile"])
def test_each_point_is_told_its_q(name):
    run = em_run(name)
    state = run.trajectory[1].after
    trace = POINTS[run.experiment.model.name][0]
    template, rows = told(run, 1, trace)
    found = np.array(rows, dtype=float)
    found = found[np.isfinite(found[:, -1])]
    np.testing.assert_allclose(found[:, :-1].T, state.q.probabilities, atol=5.01e-4)  # told with three digits
    assert f"customdata[{found.shape[1] - 1}]" in template
    before, _ = told(run, 0, trace)
    assert ("responsibility" in before or "γ" in before) == (run.trajectory[0].after.q is not None)


@pytest.mark.parametrize("name", ["old_faithful", "one_dimension", "tied", "hidden_markov, nile"])
def test_the_digits_that_are_told_are_those_of_the_number(name):
    run = em_run(name)
    q = run.trajectory[1].after.q
    data = run.frames()[1]["set"][f"data/{POINTS[run.experiment.model.name][0]}/customdata"]
    for told_of_k, row in zip(data.get("columns", []), q.probabilities, strict=False):
        assert [f"{told / 1000:.3f}" for told in told_of_k] == [f"{number:.3f}" for number in row]


def test_half_way_between_two_of_them_the_number_decides():
    halves = [0.0005, 0.0015, 0.0025, 0.0035, -0.0005, 1.0005, 0.0625, -7.0455, 12.3455, 2.6755]
    near = [np.nextafter(value, way) for value in halves for way in (-np.inf, np.inf)]
    values = np.array([[*halves, *near, 0.0, -0.0004, 5.8, 99999.9995]])
    for (told,), value in zip(thousandths(values)["columns"], values[0], strict=True):
        assert told == int(f"{value:.3f}".replace(".", ""))


def test_a_component_is_told_with_its_weight_mean_and_covariance():
    run = em_run("old_faithful")
    theta = run.trajectory[4].after.theta
    frame = shown(run, 4)
    for k in range(2):
        (text,) = frame.trace(f"data.badge {k + 1}")["customdata"]
        assert frame.trace(f"data.inside {k + 1}")["text"] == text
        expected = [theta["weights"][k], *theta["means"][k], *theta["covariances"][k].ravel()]
        assert numbers(text) == pytest.approx(expected, rel=1e-3)
        assert re.search("weight.*mean.*covariance", text)


def test_many_points_are_not_told_one_by_one():
    """Eight components of many points would make each half-step a heavy message."""
    run = EmRun.of(EmSettings(data="blobs", points=600, components=8))
    assert "data/points/customdata" not in run.frames()[0]["set"]
    assert "customdata" not in shown(run, 0).trace("data.points")["hovertemplate"]
