"""Where q is one number, files may say which: in the start and by hand."""

from __future__ import annotations

import pytest

from em_core.bound import decompose
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.report import report
from em_core.trajectory import run, start
from tests.core.test_by_hand import steps_of
from tests.core.test_experiment import COINS, LINKAGE, changed, results, through_text
from tests.core.test_identity import assert_identity

UNKNOWN = {
    "model": "coin_of_unknown_origin",
    "data": {"other": 0.5, "known": [1, 4], "unknown": [9, 10]},
}


@pytest.mark.parametrize(
    ("raw", "q"),
    [(LINKAGE, lambda made: made.expected_counts[1, 0] / 125), (UNKNOWN, lambda made: made.probabilities[1, 0])],
    ids=["linkage", "coin_of_unknown_origin"],
)
def test_q_given_as_a_number_is_that_number(raw, q):
    """The first cell's share, or the responsibility, that belongs to θ; ends included, and M goes on from it."""
    for share in (0.0, 0.25, 0.7, 1.0):
        begun = {**raw, "start": {"theta": 0.3, "q": share}, "schedule": "MEM"}
        experiment = Experiment.parse(through_text(begun))
        opening = start(experiment).last.after
        assert float(q(opening.q)) == pytest.approx(share, rel=1e-15) and opening.q_at is None
        result = report(experiment, run(experiment))
        assert result["experiment"]["start"] == begun["start"]
        assert results(result["experiment"]) == result
        first = result["half_steps"][0]
        assert first["kl"] > 1e-3 and first["kl"] == pytest.approx(first["gap"], rel=1e-9)
        expected = (share * 125 + 34) / (share * 125 + 72) if raw is LINKAGE else (1 + 9 * share) / (4 + 10 * share)
        assert result["half_steps"][1]["parameters"]["theta"] == pytest.approx(expected, rel=1e-14)


def test_where_q_is_no_number_the_file_is_told_what_to_do_instead():
    with pytest.raises(InvalidExperiment, match="that of binomial_mixture is not one number, but q_at can"):
        Experiment.parse(changed(COINS, "start.q", 0.5))
    raw = {"model": "dictionary_learning", "settings": {"n_atoms": 1}, "data": {"values": [[1.0, 2.0]]}}
    with pytest.raises(InvalidExperiment, match=r"^start.q: .* is not one number$"):
        Experiment.parse({**raw, "schedule": "H", "start": {"dictionary": [[1.0], [0.0]], "q": 0.5}})


def test_a_q_that_is_a_number_is_set_with_theta():
    by_hand = [{"after": 0, "start": {"theta": 0.2, "q": 0.75}}, {"after": 3, "start": {"theta": 0.9, "q": 0.125}}]
    raw = {**LINKAGE, "schedule": "MEM"}
    experiment, trajectory = steps_of({**raw, "by_hand": by_hand})
    assert [step.move for step in trajectory.half_steps] == [None, "by hand", "M", "E", "by hand", "M"]
    for index, share in ((1, 0.75), (4, 0.125)):
        after = trajectory[index].after
        assert after.q_at is None and experiment.model.share(after.q) == pytest.approx(share, rel=1e-15)
        assert_identity(decompose(experiment.model, experiment.data, after))
    hidden = 125 * 0.125
    assert float(trajectory.last.after.theta["theta"]) == pytest.approx((hidden + 34) / (hidden + 72), rel=1e-14)
    first = report(experiment, trajectory)
    assert first["experiment"]["by_hand"] == by_hand and report(*steps_of(first["experiment"])) == first
