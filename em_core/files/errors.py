"""What can be wrong with an experiment, and what can go wrong while it runs."""

from __future__ import annotations

from typing import Any


class InvalidExperiment(ValueError):
    """Bad input: names the field, the value found there and what would be valid.

    The text is one line, fit for standard error and for the page.
    """

    def __init__(self, field: str, value: Any, valid: str) -> None:
        self.field = field
        self.value = value
        self.valid = valid
        super().__init__(f"{_one_line(field)}: {_shown(value)} is not valid; expected {_one_line(valid)}")


class Unanswered(ValueError):
    """What was asked of an experiment that is valid has no answer. The text says why, in one line."""


class HalfStepFailed(ArithmeticError):
    """A half-step that cannot be made from this state, with the numbers that show why.

    The trajectory turns it into an event on the half-step: what was computed before stays.
    """

    def __init__(self, kind: str, message: str, **numbers: float) -> None:
        self.kind = kind
        self.numbers = numbers
        super().__init__(message)


def _shown(value: Any) -> str:
    if isinstance(value, Missing):
        return "a missing value"
    try:
        text = " ".join(repr(value).split())
    except (ValueError, RecursionError):  # whole numbers of thousands of digits, lists thousands deep
        return f"a {type(value).__name__} too large to show"
    return text if len(text) <= 80 else f"{text[:77]}..."


def _one_line(text: str) -> str:
    """Names come from files too: what does not print, such as a line break, is shown as its escape."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text[:500])


class Missing:
    """Stands for a key that is not there; its only instance is `MISSING`."""

    def __repr__(self) -> str:
        return "missing"


MISSING = Missing()
