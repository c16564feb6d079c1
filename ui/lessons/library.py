"""The lessons that there are: those of the app, and those of a lecturer's own folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from em_core.caching import bounded
from ui.lessons.read import LARGEST_FILE, InvalidLesson, lesson
from ui.lessons.records import Lesson

FOLDER = Path(__file__).parents[2] / "lessons"
VARIABLE = "ELBO_ROOM_LESSONS"
# files of a folder that are read, and bytes of lessons that are kept
_MOST, _KEPT = 500, 7_000_000


@dataclass(frozen=True)
class Library:
    """lessons: by name, in the order of their files; one of a lecturer's own takes the place of the app's of that name.

    broken: a line for each file that is left out.
    """

    lessons: dict[str, Lesson]
    broken: tuple[str, ...]


def folders(arguments: Sequence[str] = ()) -> list[Path]:
    """Where lessons are: the app's own, and what `ELBO_ROOM_LESSONS` and the arguments after `--` name."""
    named = [*os.environ.get(VARIABLE, "").split(os.pathsep), *arguments]
    return [FOLDER, *(Path(name) for name in named if name)]


def library(arguments: Sequence[str] | None = None) -> Library:
    """All lessons. A file is read again when it has changed; one that is broken is left out and named."""
    lessons: dict[str, Lesson] = {}
    broken: list[str] = []
    for folder in folders(sys.argv[1:] if arguments is None else arguments):
        if not folder.is_dir():
            broken.append(f"{folder}: no folder of lessons")
            continue
        for file in sorted(folder.glob("*.toml"))[:_MOST]:
            try:
                stat = file.stat()
                if not file.is_file():
                    broken.append(f"{file.name}: not a file")  # one that never ends, or waits for who writes it
                    continue
                read = _read((file, stat.st_mtime_ns, stat.st_size))
            except InvalidLesson as error:
                broken.append(str(error))
            except OSError as error:
                broken.append(f"{file.name}: {error.strerror}")
            else:
                lessons[read.name] = read
    return Library(lessons, tuple(broken))


def of_file(file: Path) -> Lesson:
    """The lesson of one file. Raises `InvalidLesson` and `OSError`."""
    stat = file.stat()
    if not file.is_file():
        raise InvalidLesson(file.name, 1, "not a file")
    return _read((file, stat.st_mtime_ns, stat.st_size))


@bounded(_KEPT)
def _read(known: tuple[Path, int, int]) -> Lesson:
    """The lesson of a file, by when it was changed and its size."""
    file, _, size = known
    if size > LARGEST_FILE:
        raise InvalidLesson(file.name, 1, f"{size:,} bytes are too many: at most {LARGEST_FILE:,}")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidLesson(file.name, 1, "not a text file in UTF-8") from None
    return lesson(text, file.name)
