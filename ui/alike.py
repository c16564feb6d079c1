"""Whether two runs measure the same, and from where on other things were done in them."""

from __future__ import annotations

from collections.abc import Sequence

from em_core.files.experiment import Experiment
from em_core.observe.moment import same
from em_core.records import BY_HAND, HalfStep
from figures.compared.card import Quantity
from ui import words

# so many moves are told
_FEW = 4


def measured_alike(own: Experiment, other: Experiment, of: Sequence[Quantity]) -> tuple[frozenset[str], str]:
    """The quantities that are those of the same data in both, and why others are not.

    A density and a probability of the same data are different quantities.
    """
    if own.model.name != other.model.name:
        return frozenset(), words.OTHER_MODEL
    emissions = [getattr(experiment.model, "emission", None) for experiment in (own, other)]
    if own.data_source != other.data_source or emissions[0] != emissions[1]:
        return frozenset(), words.OTHER_DATA
    return frozenset(quantity.name for quantity in of), ""


def done_otherwise(own: Sequence[HalfStep], other: Sequence[HalfStep]) -> list[str]:
    """From which half-step on the moves are others, as far as both go; and where θ was set by hand in `own` alone."""
    moves, kept = ([str(step.move) for step in steps] for steps in (own, other))
    first = next((place for place, (a, b) in enumerate(zip(moves, kept, strict=False)) if a != b), None)
    said = []
    if first is not None:
        some = [" ".join(letters[first : first + _FEW]) for letters in (moves, kept)]
        said.append(words.other_moves(first + 1, *some))
    here = [step for step in own if step.move == BY_HAND and not any(_same(step, there) for there in other)]
    return said + ([words.by_hand(", ".join(str(step.index) for step in here))] if here and first is None else [])


def _same(step: HalfStep, other: HalfStep) -> bool:
    """Whether θ was set by hand to the same at the same place."""
    return step.index == other.index and other.move == BY_HAND and same(step.after.theta, other.after.theta)
