"""Numbers as Python writes them, every digit kept, in lines of at most 120 characters."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from em_core.schedule import compress

WIDTH = 120
# an array's beginning, entries and end
_ARRAY = re.compile(r"(.*?\[)(.*)(\]\)(?:\[:, None\])?)")
_ROW = re.compile(r"\[[^\[\]]{,80}\]")
_HELD = "\0"
# of whole numbers, those that a float tells from their neighbours
_WHOLE = 1e15
_PLAIN = re.compile(r'"[A-Z]+"')
# letters of a schedule in one string
_LETTERS = 100


def literal(value: Any, whole: bool = False) -> str:
    """An array or a number in one line; a single column as such, NaN as `np.nan`. whole: 3.0 as 3."""
    array = np.asarray(value)
    if array.ndim == 2 and array.shape[1] == 1:
        return f"{literal(array[:, 0], whole)}[:, None]"
    text = _written(array.tolist(), whole)
    return text if array.ndim == 0 else f"np.array({text})"


def _written(value: Any, whole: bool) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_written(entry, whole) for entry in value)}]"
    if isinstance(value, float) and math.isnan(value):
        return "np.nan"
    if isinstance(value, float) and whole and value == round(value) and abs(value) < _WHOLE:
        return repr(int(value))
    return repr(value)


def statement(name: str, value: str, note: str = "") -> str:
    """`name = value`, over several lines where one is too short; note: a comment."""
    comment = f"  # {note}" if note else ""
    return "\n".join(_lines(f"{name} = ", value, "", comment, ""))


def tupled(begin: str, values: list[tuple[str, str]]) -> str:
    """Values with their notes after `begin`, which opens a parenthesis, each on lines of its own."""
    lines = [line for value, note in values for line in _lines("    ", value, ",", f"  # {note}", "    ")]
    return "\n".join([begin, *lines, ")"])


def _lines(before: str, value: str, after: str, comment: str, indent: str) -> list[str]:
    if len(before + value + after + comment) <= WIDTH:
        return [before + value + after + comment]
    array = _ARRAY.fullmatch(value)
    begin, inside, end = array.groups() if array else ("(", value, ")")
    return [before + begin + comment, *_filled(inside, f"{indent}    "), indent + end + after]


def _filled(inside: str, indent: str) -> list[str]:
    """Entries in lines, broken after spaces, a short row never."""
    lines, line = [], ""
    for entry in _ROW.sub(lambda row: row[0].replace(" ", _HELD), inside).split(" "):
        if line and len(indent) + len(line) + 1 + len(entry) > WIDTH:
            lines.append(indent + line)
            line = ""
        line = f"{line} {entry}" if line else entry
    return [entry.replace(_HELD, " ") for entry in (*lines, indent + line)]


def rounds(moves: str) -> str:
    """The moves of a schedule as a string that repeats what repeats: `"EM" * 20`, `"E" + "G" * 5`."""
    open_groups: list[list[str]] = [[]]
    for token in re.findall(r"\(|\)\d+|[A-Z]\d*", compress(moves)):
        if token == "(":
            open_groups.append([])
            continue
        if token.startswith(")"):
            group = _sum(open_groups.pop())
            part = f"{group if _PLAIN.fullmatch(group) else f'({group})'} * {token[1:]}"
        elif token[-1].isdigit():
            part = f'"{token[0]}" * {token[1:]}'
        else:
            part = f'"{token}"'
        open_groups[-1].append(part)
    return _sum(open_groups[0])


def _sum(parts: list[str]) -> str:
    """Strings added up: plain ones that follow each other are one, long ones come in pieces."""
    joined: list[str] = []
    for part in parts:
        if joined and _PLAIN.fullmatch(part) and _PLAIN.fullmatch(joined[-1]) and len(joined[-1]) < _LETTERS:
            joined[-1] = joined[-1][:-1] + part[1:]
        else:
            joined.append(part)
    return " + ".join(joined or ['""'])
