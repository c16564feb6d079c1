"""What a run can leave the app as: one entry for each kind of file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from em_core.files.errors import InvalidExperiment
from em_core.files.report import as_csv
from em_core.files.source import running
from em_core.work import Progress, part
from ui.export import lesson_sheet, pictures, runs, sheet, standalone, tables, words
from ui.export.code.script import MODELS, SOLVERS, script
from ui.export.questions import take as questions
from ui.export.runs import Shown
from ui.export.written import Written
from ui.lessons.records import Lesson


@dataclass(frozen=True)
class Asked:
    """What is asked beside the experiment, None where it is not.

    at: a half-step; view: the id of a view; transparent: nothing behind a picture, rather than white; variants, seed:
    how many of each question, and what they are drawn by. schedules, rounds: the file's start as a race of these;
    starts: so many random starts of the file's schedule.
    """

    at: int | None = None
    view: str | None = None
    transparent: bool | None = None
    variants: int = 20
    seed: int = 0
    schedules: str | None = None
    rounds: int | None = None
    starts: int | None = None

    @property
    def page(self) -> str | None:
        """The page whose run is meant, where it is not the page of the file's model. Raises `InvalidExperiment`."""
        if self.starts is not None and (self.schedules is not None or self.rounds is not None):
            raise InvalidExperiment("--starts", str(self.starts), "one of --schedules and --starts, not both")
        if self.rounds is not None and self.schedules is None:
            raise InvalidExperiment("--rounds", str(self.rounds), "--schedules beside it, such as EM,EG")
        return "race" if self.schedules is not None else "starts" if self.starts is not None else None


# what is there at once, or is made a little at a time
Making: TypeAlias = Written | Progress[Written]


def making(made: Making) -> Progress[Written]:
    """Either of the two as work."""
    if isinstance(made, Written):
        return made
    return (yield from made)


@dataclass(frozen=True)
class Kind:
    """A kind of file: its name and help on the command line, and which options it takes (names in `Asked`).

    `make` takes an experiment as it was read and what was asked, and raises `InvalidExperiment`; `show` does the same
    with a run that is there, where the file shows one; `teach` with a lesson. Where one is None, there is no such file
    of these. What takes longer than a moment tells how far it is. label: of its button in the sidebar, where it has
    one; file, mime: what the browser saves. refused: why there is none of this run, empty where there is.
    """

    name: str
    help: str
    make: Callable[[Any, Asked], Making] | None
    options: tuple[str, ...] = ()
    show: Callable[[Shown, Asked], Making] | None = None
    label: str = ""
    file: str = ""
    mime: str = "text/html"
    refused: Callable[[Any], str] = lambda run: ""
    teach: Callable[[Lesson, Asked], Written] | None = None


def half_step(asked: Asked, last: int) -> int:
    """The half-step that was asked for; the last one where none was. Raises `InvalidExperiment`."""
    at = last if asked.at is None else asked.at
    if not 0 <= at <= last:
        raise InvalidExperiment("--at", str(at), f"a half-step from 0 to {last}")
    return at


def _page(shown: Shown, asked: Asked) -> Progress[Written]:
    content = yield from standalone.paging(shown.run, half_step(asked, len(shown.run) - 1))
    return Written(content, tuple(shown.messages))


def _sheet(shown: Shown, _asked: Asked) -> Progress[Written]:
    return Written((yield from sheet.paging(shown)))


def _lesson_sheet(lesson: Lesson, _asked: Asked) -> Written:
    content, messages = lesson_sheet.page(lesson)
    return Written(content, tuple(messages))


def _questions(lesson: Lesson, asked: Asked) -> Written:
    content, messages = questions.taken(lesson, asked.variants, asked.seed)
    return Written(content, tuple(messages))


def _table(raw: Any, asked: Asked) -> Progress[Written]:
    if asked.page:
        shown = yield from _shown(raw, asked)
        return Written(tables.of(shown.run), tuple(shown.messages))
    return Written(as_csv((yield from running(raw))) + "\n")


def _shown(raw: Any, asked: Asked) -> Progress[Shown]:
    """The run that is meant, made to its end."""
    if asked.page == "race":
        return runs.of_race(raw, asked.schedules or "", asked.rounds)
    return runs.read(raw) if asked.starts is None else runs.of_starts(raw, asked.starts)


def _of_file(show: Callable[[Shown, Asked], Making]) -> Callable[[Any, Asked], Making]:
    def make(raw: Any, asked: Asked) -> Progress[Written]:
        shown = yield from part(_shown(raw, asked), 0, MADE)
        return (yield from part(making(show(shown, asked)), MADE, 1))

    return make


def _script(raw: Any, _asked: Asked) -> Written:
    return Written(*script(raw))


def _no_script(run: Any) -> str:
    """Why no script can be written of a run's model or solver, where that is so."""
    experiment = run.experiment
    if hasattr(experiment, "solver"):
        return "" if experiment.solver in SOLVERS else words.NO_SCRIPT
    known = getattr(getattr(experiment, "model", None), "name", None) in MODELS
    return "" if known else words.NO_SCRIPT


def _picture(kind: str) -> Callable[[Shown, Asked], Written]:
    def show(shown: Shown, asked: Asked) -> Written:
        at = half_step(asked, len(shown.run) - 1)
        drawn = pictures.picture(shown.run, at, asked.view, kind, white=not asked.transparent)
        return Written(drawn, tuple(shown.messages))

    return show


# so much of the work on a file that shows a run is the run itself
MADE = 0.2
_OF_PAGES = ("schedules", "rounds", "starts")
_OF_PICTURES = ("at", "view", "transparent", *_OF_PAGES)

KINDS = (
    Kind(
        "csv",
        "the numbers, as `python -m em_core run --format csv` has them",
        _table,
        _OF_PAGES,
        label="Numbers (CSV)",
        file="run.csv",
        mime="text/csv",
    ),
    Kind(
        "html",
        "the run with all its views, as a page that opens without a server",
        _of_file(_page),
        ("at", *_OF_PAGES),
        _page,
        "Page (HTML)",
        "run.html",
    ),
    Kind(
        "sheet",
        "for print on A4: of a run pictures, numbers and sentences of each half-step; of a lesson questions and a key",
        _of_file(_sheet),
        (),
        _sheet,
        "Sheet for print (HTML, A4)",
        "sheet.html",
        teach=_lesson_sheet,
    ),
    Kind(
        "code",
        "the run as a short script in NumPy that prints the same numbers",
        _script,
        label="Script (NumPy)",
        file="run.py",
        mime="text/x-python",
        refused=_no_script,
    ),
    Kind(
        "gift",
        "the questions of a lesson for Moodle (GIFT): for each so many variants, with other numbers",
        None,
        ("variants", "seed"),
        file="questions.gift",
        mime="text/plain",
        teach=_questions,
    ),
    Kind(
        "svg",
        "one view as a picture for a slide, 16:9, whose words stay text",
        _of_file(_picture("svg")),
        _OF_PICTURES,
    ),
    Kind("png", "the same picture in 2560 × 1440 pixels", _of_file(_picture("png")), _OF_PICTURES),
)
