"""An answer, graded from the run: nothing that was stored with the question is compared."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from em_core.files.errors import InvalidExperiment
from ui.lessons.observed import Row, number
from ui.lessons.records import CHANGES, Prediction
from ui.lessons.replay import change, holds


@dataclass(frozen=True)
class Graded:
    """One part of an answer. of: what was asked; given and true: words or numbers; right: whether they agree."""

    of: str
    given: Any
    true: Any
    right: bool


def grade(asked: Prediction, answer: Any, run: Sequence[Row]) -> list[Graded]:
    """Each part of an answer. run: the rows of the half-steps up to the one that was asked about, or beyond.

    answer: for `direction` a mapping from each of `of` to rises, falls or stays; for `number` a number; for `choice`
    the place of an option; for `point` and `drag` two numbers. Raises `InvalidExperiment` for any other.
    """
    if asked.kind == "choice":
        return [_choice(asked, answer, run)]
    if asked.kind == "direction":
        said = list(answer.values()) if isinstance(answer, dict) and set(answer) == set(asked.of) else [None]
        if not all(word in CHANGES for word in said):
            raise InvalidExperiment("answer", answer, f"one of {', '.join(CHANGES)} for each of {', '.join(asked.of)}")
        true = {name: change(run, name, asked.half_step) for name in asked.of}
        return [Graded(name, answer[name], true[name], answer[name] == true[name]) for name in asked.of]
    given = [answer] if asked.kind == "number" else answer
    if not isinstance(given, (list, tuple)) or len(given) != len(asked.of) or not all(map(_is_number, given)):
        raise InvalidExperiment("answer", answer, f"a number for each of {', '.join(asked.of)}")
    parts = zip(asked.of, given, asked.within, strict=True)
    truth = {name: number(run[asked.half_step], name) for name in asked.of}
    return [Graded(name, one, truth[name], abs(one - truth[name]) <= within) for name, one, within in parts]


def _choice(asked: Prediction, answer: Any, run: Sequence[Row]) -> Graded:
    last = len(asked.options) - 1
    if isinstance(answer, bool) or not isinstance(answer, int) or not 0 <= answer <= last:
        raise InvalidExperiment("answer", answer, f"a whole number from 0 to {last}")
    right = [option.text for option in asked.options if holds(option.condition, run)]
    given = asked.options[answer].text
    return Graded("", given, right, given in right)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
