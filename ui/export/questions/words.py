"""What a question to take away says: of its numbers, of what is asked, and of the answer."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from em_core.sparse_coding import experiment as sparse_coding
from em_core.sparse_coding.posterior import ladder
from figures.look import wording
from ui.export.markup import plain
from ui.lessons.records import Condition
from ui.lessons.words import entry as entry_of

DIRECTIONS = {"rises": "rises", "falls": "falls", "stays": "stays the same"}
MODEL, DATA, START, WRONG, SCHEDULE = "Model", "Data", "Start", "Bug", "Schedule"
NOW, NEXT, THERE = "Now", "Next", "There"
WHICH, WHICH_ANSWER = "Which of these is true?", "Which answer is right?"
NO_QUESTION = "a lesson with a question; this one asks none"
HEAD = "Questions for Moodle (GIFT). Each has its experiment in front of it: python -m em_core run gives the key."

_NAMES = {
    "log_evidence": "log p(v)",
    "elbo": "the ELBO",
    "gap": "the gap",
    "kl": "KL(q ‖ p(h|v))",
    "objective": "the objective",
    "duality_gap": "the duality gap",
    "entropy": "the entropy of q",
    "expected_log_joint": "the expected log p(h, v)",
    "theta": "θ",
    "q": "q",
    "width[0]": "the width of q",
    "mean[0]": "the mean of q",
}
# of each component
_OF_COMPONENTS = {
    "weights": "weight",
    "means": "mean",
    "covariances": "covariance",
    "probabilities": "probability",
    "rates": "rate",
}
_CHECKS = {
    "identity_holds": "the check “log p = ELBO + KL”",
    "monotone_holds": "the check “never down”",
    "touching_holds": "the check “E makes the ELBO touch log p”",
    "stationary_holds": "the check “M leaves no slope”",
}
_COLUMN = re.compile(r"(\w+)((?:\[\d+\])*)")


def step_of(model: str) -> str:
    """What the steps of its runs are called."""
    return {sparse_coding.NAME: "step", ladder.NAME: "rung"}.get(model, "half-step")


def named(column: str, columns: tuple[str, ...] = ()) -> str:
    """A number of a run within a sentence, by its column. columns: of the data, by which coordinates are called."""
    if known := _NAMES.get(column) or _CHECKS.get(column):
        return known
    found = _COLUMN.fullmatch(column)
    if found is None or not found[2]:
        return column.replace("_", " ")
    places = [int(place) for place in re.findall(r"\d+", found[2])]
    one = _OF_COMPONENTS.get(found[1])
    name, entry = (f"the {one} of component {places[0] + 1}", places[1:]) if one else ("", places)
    if one and not entry:
        return name
    if one and len(entry) == 1:
        return f"{name}, {entry_of(found[1], entry[0], columns)}"
    told = str(entry[0] + 1) if len(entry) == 1 else f"({', '.join(str(place + 1) for place in entry)})"
    if found[1] == "code":
        return f"entry {told} of h"
    return f"{name}, entry {told}" if one else f"entry {told} of {found[1].replace('_', ' ')}"


def sentence(text: str) -> str:
    """The same at the beginning of a sentence; log p stays log p."""
    return text if text.startswith(("log ", "θ", "q", "KL")) else f"{text[:1].upper()}{text[1:]}"


def number(value: float | None, decimals: int = 3) -> str:
    """A number of a run; what lies below rounding is said to be 0."""
    if value is not None and abs(value) < 1e-12:
        return "0"
    return wording.number(value, decimals)


def limit(value: float) -> str:
    """A number that a lesson names; a very small one as a power of ten."""
    return wording.power(value) if 0 < abs(value) < 1e-4 else plain(value)


def stretch(name: str) -> str:
    return f"A stretch of a sequence of “{name}”" if name else "A stretch of a sequence"


def rows(count: int, name: str, standard: bool) -> str:
    """Of a part of a table. name: of the whole."""
    told = f"{count} rows of “{name}”" if name else f"{count} points"
    return f"{told}, standardised by the mean and variance of the whole table" if standard else told


def generated(told: Sequence[str]) -> str:
    """Of data that a generator makes."""
    return ". ".join(["Generated", *told])


def made(step: str, letters: str, at: int) -> str:
    """What has been made so far. letters: of the half-steps, none where they have none."""
    if at == 0:
        return "nothing has been made yet"
    return f"after {step} {at} ({in_turn(letters)})" if letters else f"after {step} {at}"


def in_turn(letters: str) -> str:
    """Moves one after the other; of many the first ones and the last."""
    return ", ".join(letters) if len(letters) <= 8 else f"{', '.join(letters[:4])}, …, {letters[-1]}"


def coming(step: str, at: int, half_step: int, letters: str) -> str:
    """The ones up to that which is asked about."""
    one = half_step == at + 1
    if not letters:
        return f"{step} {half_step}" if one else f"{step}s {at + 1} to {half_step}"
    return f"{step} {half_step}: {letters}" if one else f"{step}s {at + 1} to {half_step}: {in_turn(letters)}"


def does(name: str, step: str, half_step: int) -> str:
    return f"What will {name} do from {step} {half_step - 1} to {step} {half_step}?"


def each(step: str, half_step: int) -> str:
    return f"What will each of these do from {step} {half_step - 1} to {step} {half_step}?"


def how_large(name: str, step: str, half_step: int, tolerance: float) -> str:
    return f"What will {name} be after {step} {half_step}? Right to within {limit(tolerance)}."


def went(name: str, before: float, now: float, change: str) -> str:
    """What a number did, as the explanation of an answer; with as many decimals as show it."""
    decimals = next((one for one in range(3, 12) if abs(now - before) > 2 * 10.0**-one), 3)
    then, there = number(before, decimals), number(now, decimals)
    if change == "stays":
        return f"{sentence(name)} stays at {there}."
    return f"{sentence(name)} {change}, from {then} to {there}."


def came(name: str, now: float, decimals: int = 3) -> str:
    return f"{sentence(name)} is {number(now, decimals)}."


def after(name: str, now: float, step: str, at: int) -> str:
    """The same, with the step at which it is so."""
    if name in _CHECKS.values():
        return f"{sentence(name)} {'holds' if now else 'fails'} at {step} {at}."
    return f"{sentence(name)} is {number(now)} after {step} {at}."


def reports(step: str, at: int, event: str, holds: bool = True) -> str:
    """event: its kind."""
    return f"{sentence(step)} {at} reports{'' if holds else ' no'} “{event.replace('_', ' ')}”"


def said(condition: Condition, step: str, half_step: int, columns: tuple[str, ...] = ()) -> str:
    """A condition as an answer to choose. half_step: the one that is asked about."""
    at = half_step if condition.half_step is None else condition.half_step
    if condition.event:
        return reports(step, at, condition.event, condition.holds)
    name = sentence(named(condition.of, columns))
    if condition.of in _CHECKS and condition.center is None and not condition.change:
        return f"{name} {'fails' if condition.below < math.inf else 'holds'} at {step} {at}"
    if condition.converges_within is not None:
        return f"{name} {'no longer' if condition.holds else 'still'} changes after {step} {condition.converges_within}"
    if condition.change:
        return f"{name} {DIRECTIONS[condition.change]} at {step} {at}"
    after = f"after {step} {at}"
    if condition.center is not None:
        near = condition.within and condition.within > 1e-6
        return f"{name} is {limit(condition.center)}{f' ± {limit(condition.within)}' if near else ''} {after}"
    if condition.above > -math.inf and condition.below < math.inf:
        return f"{name} is between {limit(condition.above)} and {limit(condition.below)} {after}"
    if condition.below < math.inf:
        return f"{name} is below {limit(condition.below)} {after}"
    return f"{name} is above {limit(condition.above)} {after}"


def open_question(step: str, why: str) -> str:
    """Where not even the lesson's own numbers give an answer."""
    return f"{step}: left out, because {why}"


def fewer(step: str, found: int, asked: int) -> str:
    """Where not enough variants make sense. step: its id."""
    if found == 0:
        return f"{step}: no other numbers make sense here, so it is asked as in the lesson"
    return f"{step}: {found} of {asked} variants; none of the others that were tried makes sense"
