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
from em_core.work import Progress, finished
from ui.export import words
from ui.export.kinds import KINDS, Asked, Kind, Making, making
from ui.export.written import Written
from ui.lessons.library import of_file
from ui.lessons.read import InvalidLesson

_LESSON = ".toml"
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "at": {"type": int, "help": "the half-step that it shows first; the last one by default"},
    "view": {"help": "the id of a view, or view.figure; a wrong one is answered with the list"},
    "variants": {"type": int, "default": 20, "help": "how many of each question, each with other numbers"},
    "seed": {"type": int, "default": 0, "help": "what the variants are drawn by"},
    "transparent": {"action": "store_true", "help": "nothing behind the picture, rather than white"},
    "schedules": {"help": "race these from the file's start: two to eight with commas between, such as EM,EG,squarem"},
    "rounds": {"type": int, "help": "of the race"},
    "starts": {"type": int, "help": "follow the file's schedule from so many random starts"},
}
# what a shell says of a program that Ctrl-C ended
_STOPPED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 for a file that was written, 2 for what cannot be, 130 if Ctrl-C stopped it; never a traceback."""
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
        asked = Asked(**{option: told[option] for option in kind.options})
        written = _followed(making(_made(kind, told["file"], asked)))
        content = written.content.encode() if isinstance(written.content, str) else written.content
        output.write_bytes(content)
    except (InvalidExperiment, InvalidLesson) as error:
        print(error, file=sys.stderr)
        return INVALID
    except OSError as error:
        print(f"{error.filename or output}: {error.strerror}", file=sys.stderr)
        return INVALID
    except KeyboardInterrupt:
        print(words.STOPPED, file=sys.stderr)
        return _STOPPED
    for message in written.messages:
        print(message, file=sys.stderr)
    return 0


def _read_from(kind: Kind) -> list[str]:
    experiment = ["an experiment in JSON (- reads standard input)"] if kind.make else []
    return experiment + ([f"a lesson, NAME{_LESSON}"] if kind.teach else [])


def _made(kind: Kind, file: str, asked: Asked) -> Making:
    """Of a lesson or an experiment, by the file's ending."""
    is_lesson = file.lower().endswith(_LESSON)
    if is_lesson and kind.teach:
        return kind.teach(of_file(Path(file)), asked)
    if not is_lesson and kind.make:
        return kind.make(read(file), asked)
    raise InvalidExperiment("file", file, " or ".join(_read_from(kind)))


def _followed(work: Progress[Written]) -> Written:
    """What it comes to. Where somebody looks on, standard error says how far it is, on one line that goes again."""
    if not sys.stderr.isatty():
        return finished(work)
    said = ""
    try:
        while True:
            now = words.share(next(work))
            if now != said:
                said = now
                print(f"\r{now}", end="", file=sys.stderr, flush=True)
    except StopIteration as done:
        written: Written = done.value
        return written
    finally:
        print(f"\r{' ' * len(said)}\r", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
