"""A script put together from its parts.

Each file in `parts/` is Python in which a line may end in `#: a !b c|d`: it stands in scripts that have a, not b, and
c or d. Of a file, a script has the functions and names that something in it asks for.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from em_core.caching import bounded

_PARTS = Path(__file__).with_name("parts")
_LATER = ("maximum", "climb", "covariance_step", "rows_step")
_MARK = re.compile(r"(.*?)  #: (.+)")


def assembled(names: Iterable[str], last: str, features: Collection[str]) -> tuple[list[str], str]:
    """The imports of a script, a line each, and its text after data and settings.

    names: the files that its functions may come from; last: the file that stands at its end, as a whole.
    """
    ending = _ending(last, features)
    blocks: dict[str, str] = {}
    origins: dict[str, str] = {}
    for name in (*names, last):
        found, imports = _read(name, features)
        origins |= imports
        if name != last:
            blocks |= {entry: text for entry, text in found.items() if entry not in blocks}
    used = _used(ending, blocks)
    kept = [blocks[entry] for entry in sorted(blocks, key=_place) if entry in used]
    text = _spaced([*dict.fromkeys(kept), ending])
    return _imports(_names(text), origins), text


def _place(name: str) -> int:
    """Terms of the bound come before the moves of θ, whatever file they are from."""
    return _LATER.index(name) + 1 if name in _LATER else 0


def _ending(name: str, features: Collection[str]) -> str:
    """A whole file after its docstring and imports."""
    text = _chosen(name, features)
    body = [node for node in ast.parse(text).body[1:] if not isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join(text.splitlines()[body[0].lineno - 1 :])


def _read(name: str, features: Collection[str]) -> tuple[dict[str, str], dict[str, str]]:
    """What a file defines by name, and which names it imports from where."""
    text = _chosen(name, features)
    lines, found, imports = text.splitlines(), {}, {}
    for node in ast.parse(text).body:
        source = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if isinstance(node, ast.FunctionDef):
            found[node.name] = source
        elif isinstance(node, ast.Assign):
            found |= {entry: source for target in node.targets for entry in _names(ast.unparse(target))}
        elif isinstance(node, ast.ImportFrom):
            imports |= {alias.name: node.module or "" for alias in node.names}
    return found, imports


@bounded(1_000_000)
def _lines(name: str) -> tuple[str, ...]:
    return tuple((_PARTS / f"{name}.py").read_text(encoding="utf-8").splitlines())


def _chosen(name: str, features: Collection[str]) -> str:
    """The lines of a file that these features have; a mark on a function's first line is one on all of it."""
    result, left_out = [], False
    for line in _lines(name):
        marked = _MARK.fullmatch(line)
        kept = marked is None or all(_holds(word, features) for word in marked[2].split())
        if line and not line.startswith(" "):
            left_out = line.startswith("def ") and not kept
        if kept and not left_out:
            result.append(marked[1] if marked else line)
    return "\n".join(result)


def _holds(word: str, features: Collection[str]) -> bool:
    return word[1:] not in features if word.startswith("!") else any(one in features for one in word.split("|"))


def _names(text: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


def _used(text: str, blocks: Mapping[str, str]) -> set[str]:
    """Names of the blocks that a text asks for, and those that they ask for in turn."""
    used: set[str] = set()
    asked = _names(text)
    while new := (asked & blocks.keys()) - used:
        used |= new
        asked = {entry for name in new for entry in _names(blocks[name])}
    return used


def _spaced(blocks: list[str]) -> str:
    """An empty line before and after each function."""
    text = blocks[0]
    for before, block in zip(blocks, blocks[1:], strict=False):
        alone = "\n" in before or "\n" in block
        text += ("\n\n" if alone else "\n") + block
    return text


def _imports(names: Collection[str], origins: Mapping[str, str]) -> list[str]:
    lines = ["import numpy as np"] if "np" in names else []
    for module in sorted(set(origins.values())):
        own = sorted(name for name, origin in origins.items() if origin == module and name in names)
        lines += [f"from {module} import {', '.join(own)}"] if own else []
    return lines
