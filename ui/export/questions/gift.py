"""Moodle's GIFT format: questions as text, of which nothing that they say is read as a sign of the format.

A question is one block without a blank line; its text is HTML with formulas as Moodle's MathJax reads them.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from ui.export.questions import words
from ui.export.questions.asked import Question
from ui.export.questions.stem import line
from ui.lessons.records import CHANGES

# what the format reads as signs; n after a backslash would be read as a line's end
_SIGNS = re.compile(r"[\\~=#{}:]")
_FORMULA = re.compile(r'<span (class="display" )?data-tex="([^"]*)">[^<]*</span>')


def escaped(told: str) -> str:
    """A text in which nothing is a sign of the format, on one line."""
    return _SIGNS.sub(lambda sign: f"\\{sign[0]}", " ".join(told.split()))


def block(name: str, question: Question) -> str:
    """One question. The comment in front of it is its experiment, of which `python -m em_core run` gives the key."""
    experiment = json.dumps(question.experiment, ensure_ascii=False, separators=(", ", ": "))
    body = f"[html]{escaped(_formulas(question.stem + line(question.ends)))}"
    general = f"####{escaped(_formulas(question.found + question.because))}"
    return "\n".join([f"// {experiment}", f"::{escaped(name)}::{body}{{", *_key(question), general, "}"])


def category(*names: str) -> str:
    """Where the questions that follow belong in Moodle's bank of questions."""
    path = "/".join(name.replace("/", "//") for name in names)
    return f"$CATEGORY: $course$/top/{path}"


def _key(question: Question) -> Iterable[str]:
    if question.value is not None:
        yield f"#{_decimal(question.value)}:{_decimal(question.within)}"
    elif question.pairs:
        for asked, does in question.pairs:
            yield f"={escaped(html.escape(asked))} -> {escaped(does)}"
        for change in CHANGES:
            does = words.DIRECTIONS[change]
            if does not in dict(question.pairs).values():
                yield f"= -> {escaped(does)}"
    else:
        yield from _choices(question)


def _choices(question: Question) -> Iterable[str]:
    """One right answer as =; of several each gives its share, and a wrong one takes all."""
    right = sum(answer.right for answer in question.answers)
    for answer in question.answers:
        sign = "=" if answer.right else "~"
        if right > 1:
            sign = f"~%{100 / right:.7g}%" if answer.right else "~%-100%"
        yield f"{sign}{escaped(_formulas(answer.text))}"


def _formulas(told: str) -> str:
    """Formulas between the brackets that MathJax looks for."""
    return _FORMULA.sub(lambda found: rf"\[{found[2]}\]" if found[1] else rf"\({found[2]}\)", told)


def _decimal(value: float) -> str:
    """A number without a power of ten, which not every reader of the format takes."""
    return f"{Decimal(repr(value)):f}"


def file(head: Sequence[str], blocks: Sequence[str]) -> str:
    """The whole file: comments, then a blank line between two blocks."""
    return "\n\n".join(["\n".join(f"// {line}" for line in head), *blocks]) + "\n"
