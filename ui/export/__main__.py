"""python -m ui.export KIND FILE -o OUT: what leaves the app, from the command line. KIND: see `kinds.py`.

FILE is an experiment, or a lesson where its name ends so.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from em_core.files.arguments import INVALID, Parser
from em_core.files.errors import InvalidExperiment
from em_core.files.source import read
from ui.export.kinds import KINDS, Asked, Kind, Written
from ui.lessons.library import of_file
from ui.lessons.read import InvalidLesson

_LESSON = ".toml"
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "at": {"type": int, "help": "the half-step that it shows first; the last one by default"},
    "view": {"help": "the id of a view, or view.figure; a wrong one is answered with the list"},
    "variants": {"type": int, "default": 20, "help": "how many of each question, each with other numbers"},
    "seed": {"type": int, "default": 0, "help": "what the variants are drawn by"},
    "transparent": {"action": "store_true", "help": "nothing behind the picture, rather than white"},
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 for a file that was written, 2 for what cannot be; never a traceback."""
    parser = Parser(prog="python -m ui.export", description="A run as a file.")
    commands = parser.add_subparsers(dest="kind", required=True)
    for kind in KINDS:
        command = commands.add_parser(kind.name, help=kind.help)
        command.add_argument("file", help=" or ".join(_read_from(kind)))
        command.add_argument("-o", "--output", required=True, help="the file to write")
        for option in kind.options:
            command.add_argument(f"--{option}", **_OPTIONS[option])
    told = vars(parser.parse_args(arguments))
    kind = next(kind for kind in KINDS if kind.name == told["kind"])
    output = Path(told["output"])
    try:
        if not output.parent.is_dir() or output.is_dir():  # a long run is not made for nothing
            raise InvalidExperiment("-o", told["output"], "a file in a folder that is there")
        written = _made(kind, told["file"], Asked(**{option: told[option] for option in kind.options}))
        content = written.content.encode() if isinstance(written.content, str) else written.content
        output.write_bytes(content)
    except (InvalidExperiment, InvalidLesson) as error:
        print(error, file=sys.stderr)
        return INVALID
    except OSError as error:
        print(f"{error.filename or output}: {error.strerror}", file=sys.stderr)
        return INVALID
    for message in written.messages:
        print(message, file=sys.stderr)
    return 0


def _read_from(kind: Kind) -> list[str]:
    experiment = ["an experiment in JSON (- reads standard input)"] if kind.make else []
    return experiment + ([f"a lesson, NAME{_LESSON}"] if kind.teach else [])


def _made(kind: Kind, file: str, asked: Asked) -> Written:
    """Of a lesson or an experiment, by the file's ending."""
    is_lesson = file.lower().endswith(_LESSON)
    if is_lesson and kind.teach:
        return kind.teach(of_file(Path(file)), asked)
    if not is_lesson and kind.make:
        return kind.make(read(file), asked)
    raise InvalidExperiment("file", file, " or ".join(_read_from(kind)))


if __name__ == "__main__":
    sys.exit(main())
