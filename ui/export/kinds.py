"""What a run can leave the app as: one entry for each kind of file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from em_core.files.errors import InvalidExperiment
from em_core.files.report import as_csv
from em_core.files.source import run
from ui.export import runs, standalone


@dataclass(frozen=True)
class Asked:
    """What is asked beside the experiment, None where it is not. at: a half-step; view: the id of a view."""

    at: int | None = None
    view: str | None = None


@dataclass(frozen=True)
class Written:
    """A file's content, and what is said of it, a line each."""

    content: str | bytes
    messages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of file: its name and help on the command line, and which options it takes (names in `Asked`).

    `make` takes an experiment as it was read and what was asked, and raises `InvalidExperiment`.
    """

    name: str
    help: str
    make: Callable[[Any, Asked], Written]
    options: tuple[str, ...] = ()


def half_step(asked: Asked, last: int) -> int:
    """The half-step that was asked for; the last one where none was. Raises `InvalidExperiment`."""
    at = last if asked.at is None else asked.at
    if not 0 <= at <= last:
        raise InvalidExperiment("--at", str(at), f"a half-step from 0 to {last}")
    return at


def _page(raw: Any, asked: Asked) -> Written:
    shown = runs.of_file(raw)
    return Written(standalone.page(shown.run, half_step(asked, len(shown.run) - 1)), tuple(shown.messages))


def _table(raw: Any, _asked: Asked) -> Written:
    return Written(as_csv(run(raw)) + "\n")


KINDS = (
    Kind("html", "the run with all its views, as a page that opens without a server", _page, ("at",)),
    Kind("csv", "the numbers, as `python -m em_core run --format csv` has them", _table),
)
