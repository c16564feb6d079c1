"""What is told of a point under the mouse: the core's responsibilities, and shares that sum to log p."""

from __future__ import annotations

import numpy as np
import pytest

from em_core.bound import decompose
from tests.figures.runs import em_run, shown
from tests.figures.stage_replay import table
from ui.em.run import EmRun
from ui.em.settings import EmSettings


@pytest.mark.parametrize("name", ["old_faithful", "one_dimension", "tied"])
def test_shares_sum_to_log_p(name):
    run = em_run(name)
    for at in (0, 1, 2):
        state, frame = run.trajectory[at].after, run.frames()[at]
        rows = np.array(table(frame["set"]["data/points/customdata"]))
        bound = decompose(run.experiment.model, run.experiment.data, state)
        assert rows[:, -1].sum() == pytest.approx(bound.log_evidence, rel=1e-6)
        np.testing.assert_allclose(rows[:, :-1].T, state.q.probabilities, atol=1e-6)
    told = shown(run, 1).trace("data.points")["hovertemplate"]
    assert "log p of this point" in told and f"customdata[{rows.shape[1] - 1}]" in told


def test_many_points_are_not_told_one_by_one():
    """Eight components of many points would make each half-step a heavy message."""
    run = EmRun.of(EmSettings(data="blobs", points=600, components=8))
    assert "data/points/customdata" not in run.frames()[0]["set"]
    assert "customdata" not in shown(run, 0).trace("data.points")["hovertemplate"]
