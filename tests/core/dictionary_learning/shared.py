"""Experiments that the tests of dictionary learning share."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest

from em_core import trajectory as run
from em_core.files.experiment import Experiment

BARS = {
    "model": "dictionary_learning",
    "settings": {"lambda": 0.5, "n_atoms": 16},
    "data": {"generator": "bars", "side": 8, "n_points": 500, "probability": 0.125, "seed": 1},
    "schedule": "(HM)30",
    "seed": 0,
}
SMALL_BARS = {**BARS, "data": {"generator": "bars", "side": 4, "n_points": 80, "seed": 2}}
PATCHES = {
    "model": "dictionary_learning",
    "settings": {"lambda": 1.0, "n_atoms": 64},
    "data": {"generator": "patches", "n_points": 500, "seed": 1},
    "schedule": "(HM)30",
    "seed": 2,
}
DIGITS = {
    "model": "dictionary_learning",
    "settings": {"lambda": 1.0, "beta": 0.0625, "n_atoms": 36},
    "data": {"dataset": "digits"},
    "schedule": "(HM)8",
    "seed": 3,
}
RNG = np.random.default_rng(5)
TINY = {
    "model": "dictionary_learning",
    "settings": {"lambda": 0.4, "beta": 1.5, "n_atoms": 5},
    "data": {"values": RNG.normal(size=(30, 3)).round(3).tolist(), "offset": [0.1, -0.2, 0.3]},
    "schedule": "(HM)6",
    "seed": 4,
}


def free(raw):
    return {**raw, "settings": {**raw["settings"], "norm_constraint": False}}


def revived(raw):
    return {**raw, "settings": {**raw["settings"], "dead_atoms": "revive"}}


CASES = {
    "tiny": TINY,
    "tiny, free": free(TINY),
    "more atoms than points": {**TINY, "settings": {**TINY["settings"], "n_atoms": 40, "lambda": 0.05}},
    "bars": {**SMALL_BARS, "schedule": "(HM)10"},
    "bars, free": {**free(SMALL_BARS), "schedule": "(HM)10"},
    "digits": DIGITS,
    "digits, revived": revived(DIGITS),
    "digits, free, revived": free(revived(DIGITS)),
    "patches, sweeps": {**PATCHES, "schedule": "(HC)10"},
    "patches, whitened": {**PATCHES, "data": {**PATCHES["data"], "preparation": "whitened"}, "schedule": "(HM)5"},
}
by_case = pytest.mark.parametrize("raw", CASES.values(), ids=CASES)


def made(raw, **changes):
    """The experiment and its trajectory, neither of which ever changes: each is made once."""
    return _made(json.dumps({**raw, **changes}))


@cache
def _made(text):
    experiment = Experiment.parse(json.loads(text))
    trajectory = run.run(experiment)
    assert not trajectory.last.stopped, trajectory.last.events
    return experiment, trajectory


def heights(experiment, trajectory):
    """log p(v, h; W) after every half-step that has codes."""
    return [
        experiment.model.expected_log_joint(experiment.data, step.after.theta, step.after.q)
        for step in trajectory.half_steps[1:]
    ]
