"""The stage's modules as one script: one file to fetch, and one that runs without a server.

A module becomes a function that is called once, in the order of the imports; what it exports are the properties of
what that returns. The modules keep to few forms, which is tested: imports by name from a file beside them, exports of
declarations, no circle.
"""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^import \{(?P<names>[^}]*)\} from "\./(?P<file>[\w./-]+)";', re.MULTILINE)
_DECLARED = re.compile(r"^export (?=(?:async )?(?:class|function|const|var) (?P<name>\w+))", re.MULTILINE)
_DEFAULT = re.compile(r"^export default (?=(?:async )?function (?P<name>\w+))", re.MULTILINE)
_LISTED = re.compile(r"^export \{(?P<names>[^}]*)\};", re.MULTILINE)


def module(entry: Path) -> str:
    """All of them as one module, whose default export is that of `entry`."""
    name = constant(entry, entry.parent)
    return f"const $here = import.meta.url;\n{joined(entry)}\nexport default {name}.default;\n"


def joined(entry: Path) -> str:
    """All modules that `entry` needs, itself last, each a constant `$file` with what it exports.

    `import.meta.url` becomes `$here`, which whoever runs the script declares: the address of the modules' folder.
    """
    made: dict[Path, str] = {}
    _add(entry, entry.parent, made)
    return "\n".join(made.values())


def constant(file: Path, folder: Path) -> str:
    """The constant of a module."""
    return "$" + re.sub(r"\W", "_", file.relative_to(folder).with_suffix("").as_posix())


def _add(file: Path, folder: Path, made: dict[Path, str]) -> None:
    if file in made:
        return
    text = file.read_text(encoding="utf-8")
    for found in _IMPORT.finditer(text):
        _add(file.parent / found["file"], folder, made)
    exported = {found["name"]: found["name"] for found in _DECLARED.finditer(text)}
    if found := _DEFAULT.search(text):
        exported["default"] = found["name"]
    for found in _LISTED.finditer(text):
        for inner, outer in _names(found["names"]):
            exported[outer] = inner

    def taken(found: re.Match[str]) -> str:
        names = ", ".join(f"{inner}: {outer}" for inner, outer in _names(found["names"]))
        return f"const {{ {names} }} = {constant(file.parent / found['file'], folder)};"

    body = _LISTED.sub("", _DEFAULT.sub("", _DECLARED.sub("", _IMPORT.sub(taken, text))))
    body = body.replace("import.meta.url", "$here")
    returned = ", ".join(f"{outer}: {inner}" for outer, inner in exported.items())
    made[file] = f"const {constant(file, folder)} = (() => {{\n{body}\nreturn {{ {returned} }};\n}})();"


def _names(names: str) -> list[tuple[str, str]]:
    """`a, b as c` as (a, a), (b, c)."""
    pairs = (name.split(" as ") for name in names.split(",") if name.strip())
    return [(pair[0].strip(), pair[-1].strip()) for pair in pairs]
