"""The beats of half-steps of an experiment, for the tests of each kind of working."""

from __future__ import annotations

from em_core import Experiment, run
from em_core.observe.ahead import Ahead
from em_core.observe.beats import beats_of
from em_core.observe.moment import moment


def moments(raw):
    """Those of all half-steps of an experiment file."""
    experiment = Experiment.parse(raw)
    trajectory, ahead, found = run(experiment), Ahead(experiment), []
    for index in range(len(trajectory)):
        found.append(moment(experiment, trajectory, index, None, found[-1] if found else None, ahead))
    return found


def beats(raw, index, unit=None):
    """The moment of half-step `index`, the unit that is followed, and the beats."""
    there = moments(raw)[index]
    return there, *beats_of(there, unit)


def only(found, what):
    """The beat that finds this, of which there is one."""
    (beat,) = (each for each in found if each.what == what)
    return beat
