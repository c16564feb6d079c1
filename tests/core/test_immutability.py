"""Records are frozen: no move, no bound and no profile changes what it was given."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest

from em_core import trajectory as run
from em_core.bound import decompose, profile
from em_core.files.errors import HalfStepFailed
from em_core.files.experiment import Experiment
from em_core.files.report import report
from em_core.kinds import MOVES
from tests.attack import dealt
from tests.core.cases import CASES


def arrays(value, seen=None):
    """Every NumPy array within nested records."""
    if isinstance(value, np.ndarray):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from arrays(getattr(value, field.name))
        if hasattr(value, "probabilities"):
            yield from (value.probabilities, value.expected_counts)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from arrays(entry)
    elif hasattr(value, "values"):
        yield from arrays(list(value.values()))


@pytest.mark.parametrize("case", dealt(CASES, 0, of=2), ids=str)
def test_every_array_is_read_only_and_none_changes(case):
    experiment = case.experiment(f"({case.moves})3E")
    given = [experiment.data, experiment.start, experiment.q_at]
    copies = [entry.copy() for entry in arrays(given)]
    trajectory = run.run(experiment)
    found = list(arrays([given, trajectory.half_steps]))
    assert len(found) > 20
    assert not any(entry.flags.writeable for entry in found)
    before = [entry.copy() for entry in found]
    for step in trajectory.half_steps:
        decompose(experiment.model, experiment.data, step.after)
    try:
        profile(
            experiment.model, experiment.data, trajectory[1].after.q, experiment.start, experiment.q_at, [-1, 0.5, 2]
        )
    except HalfStepFailed:
        assert case.without
    report(experiment, trajectory)
    for entry, copied in zip([*found, *arrays(given)], [*before, *copies], strict=True):
        np.testing.assert_array_equal(entry, copied)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_experiment_file_is_not_changed(case):
    raw = {**copy.deepcopy(case.raw), "schedule": "E", "moves": {}}
    kept = copy.deepcopy(raw)
    experiment = Experiment.parse(raw)
    report(experiment, run.run(experiment))
    assert raw == kept


@pytest.mark.parametrize("case", CASES, ids=str)
def test_half_steps_chain_and_change_one_side_only(case):
    trajectory = run.run(case.experiment(f"({case.moves})3E"))
    for number, (before, step) in enumerate(zip(trajectory.half_steps, trajectory.half_steps[1:], strict=False), 1):
        assert step.index == number and step.before is before.after
        if MOVES[step.move].kind == "E":
            assert step.after.theta is step.before.theta
        else:
            assert step.after.q is step.before.q and step.after.q_at is step.before.q_at


def test_records_refuse_assignment():
    case = next(case for case in CASES if "means" in case.theta)
    trajectory = run.run(case.experiment("EM"))
    for record, name in ((trajectory, "half_steps"), (trajectory.last, "move"), (trajectory.last.after, "theta")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, name, None)
    with pytest.raises(ValueError, match="read-only"):
        trajectory.last.after.theta["means"][0] = 1.0
