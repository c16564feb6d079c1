"""A question to take away: its text, and its key from the run of its experiment."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from em_core.kinds import MOVES
from ui.export.markup import inline, marked, text_of
from ui.export.questions import words
from ui.export.questions.stem import line, stem
from ui.export.questions.variants import Variant
from ui.lessons.observed import Row, data_columns, number, rows
from ui.lessons.records import CHANGES, Condition, Prediction, Step
from ui.lessons.replay import change, holds

# a change of a number by less than this share of itself, or of 1, may be rounding: whether it rises is no question
_PLAIN = 1e-6
# a tolerance is not made smaller than this share of the lesson's
_STRICTEST = 0.25
# a number that comes as near to a limit, by this share of it, is on neither side
_CLEAR = 1e-4
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


class Senseless(ValueError):
    """A variant whose question has no clear answer."""


@dataclass(frozen=True)
class Answer:
    """One of several, in HTML."""

    text: str
    right: bool


@dataclass(frozen=True)
class Question:
    """What is asked, and one form of answer.

    part: which of a point's two numbers; stem, ends: what stands before the sentence that asks, in HTML, and that one.
    answers: to choose from; pairs: each quantity with what it does; value, within: a number. found: the answer in
    sentences, from the run; because: why, both in HTML.
    """

    part: str
    stem: str
    ends: str
    experiment: Any
    found: str
    because: str
    answers: tuple[Answer, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    value: float | None = None
    within: float = 0.0


@dataclass(frozen=True)
class _Asking:
    """A step's question put to a run. lesson: the lesson's own run; own: whether it is this one, with the lesson's own
    words."""

    step: Step
    asked: Prediction
    variant: Variant
    run: Sequence[Row]
    lesson: Sequence[Row]
    own: bool

    @property
    def unit(self) -> str:
        return words.step_of(self.variant.experiment["model"])

    @property
    def columns(self) -> tuple[str, ...]:
        return data_columns(self.step.experiment)

    def named(self, column: str) -> str:
        return words.named(column, self.columns)

    def question(self, part: str, ends: str, told: Sequence[str], decimals: int = 3, **key: Any) -> Question:
        """ends: the sentence that asks; told: the answer in sentences, from the run."""
        begin = marked(self.step.text) if self.own else ""
        body = begin + stem(self.variant, self.step, self.asked, self.run, self.columns, decimals)
        found = "".join(line(one) for one in told)
        return Question(part, body, ends, self.variant.experiment, found, marked(self.because), **key)

    @property
    def because(self) -> str:
        """The sentence that explains the answer; beside other numbers only what of it names none, and only where the
        answer is the same."""
        if self.own:
            return self.asked.because
        if self._truth(self.lesson) != self._truth(self.run):
            return ""
        return " ".join(one for one in _SENTENCE.split(self.asked.because) if not re.search(r"\d", one))

    def _truth(self, run: Sequence[Row]) -> list[Any]:
        """What of the answer words tell: the directions, or which answers are right."""
        if self.asked.kind == "direction":
            return [change(run, of, self.asked.half_step) for of in self.asked.of]
        if self.asked.kind == "choice":
            return [holds(option.condition, run) for option in self.asked.options]
        now, then = run[self.step.at], run[self.asked.half_step]
        return [now.get(of) is not None and number(then, of) > number(now, of) for of in self.asked.of]


def questions(step: Step, lesson: Sequence[Row], variant: Variant | None = None) -> list[Question]:
    """The questions of a step that has one, put to a variant of its experiment: a point is asked as two numbers.

    lesson: the run of the step's own experiment. variant: None for that one, of which all holds that the lesson says.
    Raises `Senseless` where a variant leaves the answer open, and `InvalidExperiment` where it has no run.
    """
    assert step.predict is not None
    if variant is None:
        asking = _Asking(step, step.predict, Variant(dict(step.experiment)), lesson, lesson, True)
    else:
        asking = _Asking(step, step.predict, variant, rows(variant.experiment), lesson, False)
    if _ends(asking):
        raise Senseless("the run ends before it")
    if not asking.own and _is_drawn(asking):
        raise Senseless("what S draws is not told")
    if step.predict.kind == "direction":
        return [_direction(asking)]
    if step.predict.kind == "choice":
        return [_choice(asking)]
    parts = zip(step.predict.of, step.predict.within, strict=True)
    return [_number(asking, of, within) for of, within in parts]


def _ends(asking: _Asking) -> bool:
    """Whether there is no such half-step; a choice may be about a run that ends, but not before the one in view."""
    if asking.asked.kind == "choice":
        return len(asking.run) <= asking.step.at
    at = asking.asked.half_step
    return len(asking.run) <= at or (not asking.own and bool(asking.run[at].get("events")))


def _is_drawn(asking: _Asking) -> bool:
    """Whether all depends on one random draw, which no text can tell."""
    at = asking.asked.half_step
    move = MOVES.get(str(asking.run[at].get("move"))) if at == asking.step.at + 1 < len(asking.run) else None
    return move is not None and move.requires == "minibatch"


def _direction(asking: _Asking) -> Question:
    asked, run, at = asking.asked, asking.run, asking.asked.half_step
    told, pairs = [], []
    for of in asked.of:
        before, now = number(run[at - 1], of), number(run[at], of)
        does = change(run, of, at)
        if not asking.own and does != "stays" and abs(now - before) < _PLAIN * max(1.0, abs(before)):
            raise Senseless(f"{of} hardly changes")
        told.append(words.went(asking.named(of), before, now, does))
        pairs.append((words.sentence(asking.named(of)), words.DIRECTIONS[does]))
    if len(pairs) > 1:
        return asking.question("", words.each(asking.unit, at), told, pairs=tuple(pairs))
    answers = [Answer(words.DIRECTIONS[one], words.DIRECTIONS[one] == pairs[0][1]) for one in CHANGES]
    ends = words.does(asking.named(asked.of[0]), asking.unit, at)
    return asking.question("", ends, told, answers=tuple(answers))


def _number(asking: _Asking, of: str, within: float) -> Question:
    """To within what the lesson allows, but no further than half of the way from what the number is now: an answer
    that nothing changes is not right."""
    run, at = asking.run, asking.step.at
    true, now = number(run[asking.asked.half_step], of), run[at].get(of)
    if not math.isfinite(true):
        raise Senseless(f"{of} is not finite")
    if not asking.own and isinstance(now, float):
        half = float(f"{abs(true - now) / 2:.1g}")
        if half < _STRICTEST * within:
            raise Senseless(f"{of} hardly changes")
        within = min(within, half)
    decimals = next((digits for digits in range(3, 12) if 10.0**-digits <= within / 10), 12)
    ends = words.how_large(asking.named(of), asking.unit, asking.asked.half_step, within)
    told = [words.came(asking.named(of), true, decimals)]
    part = of if len(asking.asked.of) > 1 else ""
    return asking.question(part, ends, told, decimals, value=true, within=within)


def _choice(asking: _Asking) -> Question:
    asked, run = asking.asked, asking.run
    right = [holds(option.condition, run) for option in asked.options]
    if not 0 < sum(right) < len(right) or (not asking.own and sum(right) > 1):
        raise Senseless(f"{sum(right)} answers are right")
    if not asking.own and not all(_clear(option.condition, run, asked.half_step) for option in asked.options):
        raise Senseless("an answer is nearly right")
    answers = []
    for option, is_right in zip(asked.options, right, strict=True):
        said = words.said(option.condition, asking.unit, asked.half_step, asking.columns)
        answers.append(Answer(inline(option.text) if asking.own else text_of(said), is_right))
    at = min(asked.half_step, len(run) - 1)
    told = [f"{words.reports(asking.unit, at, event)}." for event in str(run[at].get("events") or "").split()]
    if not told:
        found = [(of, _number_at(run, of, at), at) for of, at in dict.fromkeys(_places(asked))]
        told = [words.after(asking.named(of), value, asking.unit, at) for of, value, at in found if value is not None]
    ends = words.WHICH_ANSWER if asking.own else words.WHICH
    return asking.question("", ends, told, answers=tuple(answers))


def _places(asked: Prediction) -> list[tuple[str, int]]:
    """Which numbers the answers are about, and at which half-steps."""
    conditions = [option.condition for option in asked.options]
    return [(one.of, asked.half_step if one.half_step is None else one.half_step) for one in conditions if one.of]


def _number_at(run: Sequence[Row], of: str, at: int) -> float | None:
    value = run[at].get(of) if at < len(run) else None
    return None if value is None or isinstance(value, str) else float(value)


def _clear(condition: Condition, run: Sequence[Row], half_step: int) -> bool:
    """Whether a number is well on one side of the limits that decide."""
    at = half_step if condition.half_step is None else condition.half_step
    value = _number_at(run, condition.of, at) if condition.of else None
    if value is None:
        return True
    if condition.change:
        before = _number_at(run, condition.of, at - 1)
        moved = 0.0 if before is None else abs(value - before)
        return change(run, condition.of, at) == "stays" or moved >= _PLAIN * max(1.0, abs(value))
    if condition.center is not None:
        return abs(abs(value - condition.center) - condition.within) > condition.within / 10
    limits = [limit for limit in (condition.above, condition.below) if math.isfinite(limit)]
    return all(abs(value - limit) > _CLEAR * abs(limit) for limit in limits)
