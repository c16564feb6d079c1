"""The lecture that a lecturer puts together: it is a lesson at any time, and each change of it makes another."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass, replace
from typing import Any

from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields
from ui.lessons.located import line_of
from ui.lessons.observed import page_of
from ui.lessons.read import LARGEST_FILE, MOST_MINUTES, MOST_STEPS, InvalidLesson, lesson, nulled, spoken
from ui.lessons.records import Lesson, Step
from ui.lessons.shown import PAGES
from ui.lessons.write import written

# characters of a title
LONGEST_TITLE = 80
# of a file's name, which comes from the title
_NAME = 40


@dataclass(frozen=True)
class Draft:
    """Title, length and steps. Every change raises `InvalidExperiment` for what no lesson file may say."""

    title: str
    minutes: int = 45
    assumes: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def name(self) -> str:
        """As the lesson's file is called, without its ending: the title in small letters and digits."""
        plain = unicodedata.normalize("NFKD", self.title).encode("ascii", "ignore").decode().lower()
        return re.sub(r"[^a-z0-9]+", "-", plain)[:_NAME].strip("-") or "lecture"

    @property
    def lesson(self) -> Lesson:
        return Lesson(self.name, self.title, self.minutes, self.assumes, self.steps)

    @property
    def text(self) -> str:
        """Its file."""
        return written(self.lesson)

    def place(self, id_: str) -> int:
        """Where a step stands, from 0."""
        return [step.id for step in self.steps].index(id_)

    def titled(self, title: str) -> Draft:
        return replace(self, title=spoken("title", title, LONGEST_TITLE))

    def lasting(self, minutes: int) -> Draft:
        return replace(self, minutes=Fields({"minutes": minutes}, "").whole("minutes", least=1, most=MOST_MINUTES))

    def adding(self, step: Step) -> Draft:
        """With another step at the end, under an id of its own."""
        if len(self.steps) >= MOST_STEPS:
            raise InvalidExperiment("steps", len(self.steps) + 1, f"at most {MOST_STEPS} in a lecture")
        known = {one.id for one in self.steps}
        number = next(number for number in range(1, MOST_STEPS + 2) if f"step-{number}" not in known)
        return replace(self, steps=(*self.steps, checked(replace(step, id=f"step-{number}"))))._bounded()

    def moving(self, id_: str, by: int) -> Draft:
        """With a step so many places later."""
        steps, at = [*self.steps], self.place(id_)
        steps.insert(max(0, min(at + by, len(steps) - 1)), steps.pop(at))
        return replace(self, steps=tuple(steps))

    def without(self, id_: str) -> Draft:
        return replace(self, steps=tuple(step for step in self.steps if step.id != id_))

    def saying(self, id_: str, text: str) -> Draft:
        """With another text of a step."""
        return self.having(replace(self.steps[self.place(id_)], text=spoken("text", text)))

    def having(self, step: Step) -> Draft:
        """With this step in place of the one of its id."""
        return replace(self, steps=tuple(step if one.id == step.id else one for one in self.steps))._bounded()

    def _bounded(self) -> Draft:
        size = len(self.text.encode(errors="replace"))
        if size > LARGEST_FILE:
            raise InvalidExperiment("lecture", f"{size:,} bytes", f"at most {LARGEST_FILE:,}: each step holds its data")
        return self


def checked(step: Step) -> Step:
    """The step as a reader of its file has it. Raises `InvalidExperiment`."""
    alone = Lesson("lecture", "A step", 1, (), (step,))
    try:
        return lesson(written(alone), "lecture.toml").steps[0]
    except InvalidLesson as error:
        raise InvalidExperiment("view", step.page, f"what a lesson file can hold ({error.problem})") from None


def opened(content: bytes) -> Draft:
    """The lecture that a file says. Raises `InvalidLesson`, which has the line.

    What its steps ask of the server is bounded as for experiment files, before their data are made.
    """
    if len(content) > LARGEST_FILE:
        raise InvalidLesson("", 1, f"{len(content):,} bytes are too many: at most {LARGEST_FILE:,}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidLesson("", 1, "not a text file in UTF-8") from None
    for place, entry in enumerate(_steps(text)):
        if not isinstance(entry, dict) or "experiment" not in entry:
            continue
        try:
            raw = nulled(entry["experiment"])
            kind = PAGES.get(str(entry.get("page", page_of(raw))))
            if kind is not None:
                kind.of_experiment(raw)
        except InvalidExperiment as error:
            field = f"step[{place}].experiment.{error.field}"
            problem = InvalidExperiment(field, error.value, error.valid)
            raise InvalidLesson("", line_of(text, field), str(problem)) from None
    read = lesson(text, "lecture.toml")
    return Draft(read.title, read.minutes, read.assumes, read.steps)


def _steps(text: str) -> list[Any]:
    """The steps of a file, as they stand there; none of what the reader of lessons has to say more about."""
    try:
        steps = tomllib.loads(text).get("step", [])
    except (ValueError, RecursionError):
        return []
    return steps[:MOST_STEPS] if isinstance(steps, list) else []
