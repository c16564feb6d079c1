"""Where in a TOML file something is said: the library that reads it does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterator

_HEADER = re.compile(r"\s*\[(\[?)\s*([\w.\"-]+)\s*\]")
_KEY = re.compile(r"\s*(?:\"([^\"]*)\"|([\w-]+))((?:\s*\.\s*[\w-]+)*)\s*=")
_PART = re.compile(r"[^.\[\]]+")


def line_of(text: str, path: str) -> int:
    """The line, from 1, that says the most of a path such as `step[1].claim[0].of`; of none of it, the first."""
    wanted = tuple(_PART.findall(path))
    best, line = 0, 1
    for number, said in _said(text):
        same = len(said) if said == wanted[: len(said)] else 0
        if same > best:
            best, line = same, number
    return line


def _said(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each line that names a table or a key, with all that it names; places in lists count from 0."""
    table: tuple[str, ...] = ()
    counts: dict[tuple[str, ...], int] = {}
    within = ""  # the quotes that a text of several lines will end with
    for number, line in enumerate(text.splitlines(), 1):
        if within:
            within = "" if within in line else within
            continue
        if header := _HEADER.match(line):
            table = _placed(header[2].replace('"', "").split("."), counts, header[1] == "[")
            yield number, table
        elif key := _KEY.match(line):
            yield number, (*table, key[1] or key[2], *_PART.findall(key[3].replace(" ", "")))
            for quotes in ('"""', "'''"):
                if line.count(quotes) == 1:
                    within = quotes


def _placed(names: list[str], counts: dict[tuple[str, ...], int], is_list: bool) -> tuple[str, ...]:
    """A table's path; `[[step]]` begins the next of the list."""
    path: tuple[str, ...] = ()
    for place, name in enumerate(names):
        path = (*path, name)
        if is_list and place == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, str(counts[path]))
    return path
