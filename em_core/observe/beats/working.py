"""What a half-step works out on its way, number by number, for one unit of the data that is followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from em_core.observe.moment import Moment

# numbers of units, or all of them
Units = NDArray[np.intp] | slice
ALL = slice(None)


@dataclass(frozen=True, eq=False)
class Beat:
    """One thing that a half-step finds.

    what: which; the numbers found are `values[what]`, beside what they are made of. state: θ and q as far as they have
    come: the last beat's is the half-step's own. at: which entries are followed, such as `unit` and `component`.
    of_all: whether it is about all units, and not about the one that is followed.
    """

    what: str
    state: Any
    values: Mapping[str, Any]
    at: Mapping[str, int]
    of_all: bool = False

    @property
    def found(self) -> Any:
        return self.values[self.what]


class Working:
    """How the half-steps of one kind of model are worked out. A class in a file of this folder is found there.

    letters: the moves that it can show. The others, and half-steps that went another way than their move says, have
    no beats.
    """

    letters: ClassVar[str] = "EM"

    def suits(self, model: Any) -> bool:
        """Whether it is of this model's kind; what several kinds share is of none."""
        return False

    def units(self, data: Any) -> int:
        """How many units there are to choose from."""
        raise NotImplementedError

    def chosen(self, moment: Moment, among: Units = ALL) -> int:
        """The unit that is followed until the reader has chosen another; among: those that are drawn."""
        return 0

    def beats(self, moment: Moment, unit: int) -> list[Beat]:
        """The beats of the half-step of `moment`, the last one with its bound."""
        raise NotImplementedError


def bound(moment: Moment, at: Mapping[str, int]) -> Beat:
    """The last beat of every half-step: its bound, as it is reported."""
    terms = moment.bound
    values = {
        "bound": terms.elbo,
        "expected_log_joint": terms.expected_log_joint,
        "entropy": terms.entropy,
        "log_evidence": terms.log_evidence,
        "before": moment.before.elbo if moment.before else None,
    }
    return Beat("bound", moment.step.after, values, at, of_all=True)


def most_divided(probabilities: np.ndarray, among: Units = ALL) -> int:
    """The unit among these whose most probable hidden value is least probable. probabilities: (K, N)."""
    return first_of(among, int(np.argmin(probabilities[:, among].max(axis=0))))


def first_of(among: Units, place: int) -> int:
    """The number of the unit that stands at a place among these."""
    return place if isinstance(among, slice) else int(among[place])
