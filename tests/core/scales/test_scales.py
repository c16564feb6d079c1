"""Identity and promises over scales and offsets: the digits that are claimed, or an event, or a refusal."""

from __future__ import annotations

from itertools import product

import pytest

from em_core import trajectory as run
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from tests.attack import thinned
from tests.core.scales.shared import LETTERS, OFFSETS, SCALES, SHARES, WORDS, assert_digits, tables

# every scale and offset, with columns of either kind
FEW = {(1e-8, 0.0, 0.3), (1e8, 1e8, 1e-7)}


@pytest.mark.parametrize(("scale", "offset", "share"), thinned(product(SCALES, OFFSETS, SHARES), FEW))
@pytest.mark.parametrize("name", tables(1.0))
def test_the_identity_and_what_moves_promise_hold_or_there_is_an_event(name, scale, offset, share):
    model, settings, data = tables(share)[name]
    for word in WORDS:
        kept = "".join(letter for letter in word if not letter.isalpha() or letter in "EM" or letter in LETTERS[model])
        raw = {"model": model, "settings": settings, "data": data(scale, offset), "schedule": kept.replace("()", "")}
        try:
            experiment = Experiment.parse(raw)
        except InvalidExperiment:
            # the offset has left too little of the data, or the columns too little of each other
            assert offset >= 1e7 * scale or share < 0.1
            continue
        trajectory = run.run(experiment)
        assert_digits(experiment, trajectory)
        if share == 0.3 and offset <= scale and word == "(EM)6":
            assert not trajectory.last.stopped and not any(step.events for step in trajectory.half_steps)
