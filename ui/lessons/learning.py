"""What a session does with the step of a lesson that its reader is at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib import import_module
from threading import RLock
from typing import Any, ClassVar

from em_core.files.errors import InvalidExperiment
from em_core.files.report import flat, report
from em_core.kinds import MOVES
from ui.lecture.desk import own
from ui.lessons import hidden, words
from ui.lessons.library import Library, library
from ui.lessons.observed import rows
from ui.lessons.records import Lesson, Step
from ui.lessons.replay import holds
from ui.lessons.shown import look_of, settings_of
from ui.lessons.taught import Taught
from ui.look import Look
from ui.player import Player

Json = dict[str, Any]
Link = dict[str, str]

# beyond any half-step
_FAR = 10**6
# what an address says of a lesson, and of nothing else
LESSON, STEP = "lesson", "step"


class Learning:
    """The part of a session that shows a step of a lesson. taught: which; None on a free page.

    leading: where the reader is to go now: another step. listing: how often the list of lessons was asked for.
    """

    key: ClassVar[str]
    run: Any
    player: Player
    messages: list[str]
    foresight: Any
    lock: RLock
    shown: Any
    taught: Taught | None = None
    leading: Link | None = None
    listing = 0

    def attempt(self, deed: Callable[[], None], fresh: bool = True) -> None:
        raise NotImplementedError

    def teach(self, taught: Taught | None) -> None:
        """Show a step, or none any more."""
        self.taught = self.player.taught = taught
        self.foresight.on = self.player.withheld is None

    def open_to(self, act: Mapping[str, Any]) -> bool:
        """Whether an act may be done. While a question is open, what leads beyond it is refused with a message."""
        withheld = self.player.withheld
        if withheld is None or withheld.permits(act):
            return True
        self.messages = [withheld.why]
        return False

    def learn(self, act: Json) -> bool:
        """Do what an act asks of lessons; whether nothing else is to be done of it."""
        deed = _DEEDS.get(act["act"])
        if deed is None:
            return not self.open_to(act)
        if self.player.asked is not None and act["act"] != "lessons":  # a room's question is over first
            self.messages = [self.player.asked.why]
            return True
        with self.lock:
            self.attempt(lambda: deed(self, act))
        return True

    def present(self, name: str) -> None:
        """Go to the first step of a lesson, in presenter mode."""
        with self.lock:
            self._lead({LESSON: name, STEP: ""}, {"present": True})

    # --- what a reader does -------------------------------------------------------------------------------------
    def _answer(self, act: Json) -> None:
        self._taught().commit(str(act.get("value"))[:5_000])
        self._open()

    def _reveal(self, act: Json) -> None:
        self._taught().reveal()
        self._open()

    def _open(self) -> None:
        """The question is no longer open: make the half-steps that were asked about, and go there."""
        step = self._taught().step
        self.foresight.on = self.player.withheld is None
        if step.predict:
            self.player.answer(self.run, {"act": "advance", "to": step.predict.half_step, "at": step.at})
            self.player.go(self.player.cursor)

    def _again(self, act: Json) -> None:
        self._lead(self._taught().link, act)

    def _lead(self, link: Link, act: Json) -> None:
        """Go to a step next, and show it to others if this one is."""
        present = act.get("present") is True or self.player.look.present
        self.leading = link | ({"present": "1"} if present else {})

    def _everything(self, act: Json) -> None:
        taught = self._taught()
        if taught.locked:
            raise InvalidExperiment("all controls", "yes", words.LOCKED)
        taught.everything = not taught.everything
        self.shown = None  # the sidebar is another

    def _explore(self, act: Json) -> None:
        self._taught()
        self.teach(None)
        self.player.entry += 1
        self.shown = None

    def _go(self, act: Json) -> None:
        link = {LESSON: str(act.get(LESSON)), STEP: str(act.get(STEP, ""))}
        lesson = found().lessons.get(link[LESSON])
        if lesson is None or (link[STEP] and _step(lesson, link[STEP]) is None):
            raise InvalidExperiment(LESSON, link[LESSON], words.A_LESSON)
        self._lead(link, act)

    def _list(self, act: Json) -> None:
        self.listing += 1

    def _taught(self) -> Taught:
        if self.taught is None:
            raise InvalidExperiment(LESSON, "none", words.A_LESSON)
        return self.taught

    # --- what the stage is told ---------------------------------------------------------------------------------
    def lesson(self) -> Json | None:
        """The step as the stage shows it; the list alone where it was asked for on a free page."""
        if self.taught is None:
            return {"list": _listed(found()), "listing": self.listing} if self.listing else None
        known, taught = found(), self.taught
        lesson, step = taught.lesson, taught.step
        return {
            "name": lesson.name,
            "title": lesson.title,
            "step": step.id,
            "steps": [{"id": each.id, "label": _kind(each)} for each in lesson.steps],
            "opened": taught.opened,
            "reach": len(self.run) - 1 if self.run.ended else _FAR,
            "before": _before(known, lesson, step),
            "after": _following(known, lesson, step),
            "controls": list(step.controls),
            "everything": taught.everything,
            "locked": taught.locked,
            "at": step.at,
            "ask": taught.asked(self.run),
            "told": taught.told(),
            "task": self._task(taught),
            "moves": self._moves(taught),
            "list": _listed(known),
            "listing": self.listing,
        }

    def _moves(self, taught: Taught) -> list[Json]:
        """The moves that the step offers as buttons: those that the model can make and the task allows."""
        model: Any = getattr(self.run.experiment, "model", None)
        if taught.locked or "moves" not in taught.step.controls or not hasattr(model, "help"):
            return []
        without = taught.step.do.without if taught.step.do else ""
        found = {letter: move for letter, move in MOVES.items() if move.allowed(model) and letter not in without}
        return [{"letter": letter, "word": move.word} for letter, move in found.items()]

    def _task(self, taught: Taught) -> Json | None:
        """How far the task is."""
        task, at = taught.step.do, self.player.within(self.run)
        if task is None:
            return None
        frames = self.run.frames([at])
        begin = taught.step.at
        if len(frames) <= begin or frames[begin]["id"] != taught.tip:
            begin = 0  # begun anew, or from elsewhere
        made = getattr(self.run, "moves", "")[begin:at] if at > begin else ""
        used = [letter for letter in task.without if letter in made]
        left = None if task.at_most is None else task.at_most - max(at - begin, 0)
        if at > begin and not used and (left is None or left >= 0) and self._holds(taught, at):
            taught.done = True
        return {"done": taught.done, "left": left, "used": used, "without": list(task.without), "at_most": task.at_most}

    def _holds(self, taught: Taught, at: int) -> bool:
        task = taught.step.do
        assert task is not None
        try:
            if hasattr(self.run, "trajectory"):
                steps = [self.run.trajectory[place] for place in range(max(at - 1, 0), at + 1)]
                seen = [flat(row) for row in report(self.run.experiment, steps)["half_steps"]]
                return holds(task.until, seen, len(seen) - 1)
            return holds(task.until, rows(self.run.json()), at)
        except InvalidExperiment:  # the number is not defined there
            return False


_DEEDS: dict[str, Callable[[Learning, Json], None]] = {
    "answer": Learning._answer,
    "reveal": Learning._reveal,
    "again": Learning._again,
    "everything": Learning._everything,
    "explore": Learning._explore,
    "lesson": Learning._go,
    "lessons": Learning._list,
}


def _step(lesson: Lesson, name: str) -> Step | None:
    return next((step for step in lesson.steps if step.id == name), None)


def _kind(step: Step) -> str:
    return words.kind(step.predict is not None, step.do is not None)


def _listed(known: Library) -> Json:
    lessons = [
        {"name": one.name, "title": one.title, "minutes": one.minutes, "steps": [step.id for step in one.steps]}
        for one in known.lessons.values()
    ]
    return {"lessons": lessons, "broken": list(known.broken)}


def found() -> Library:
    """The lessons that there are for this reader: those of the library, and their own lecture."""
    known, lecture = library(), own()
    return known if lecture is None else replace(known, lessons={**known.lessons, lecture.name: lecture.lesson})


def _places(lessons: Iterable[Lesson]) -> list[Link]:
    return [{LESSON: lesson.name, STEP: step.id} for lesson in lessons for step in lesson.steps]


def _beside(known: Library, lesson: Lesson, step: Step, way: int) -> Link | None:
    lecture = own()
    apart = "" if lecture is None else lecture.name  # nobody pages out of a lecture, or into it
    places = _places(one for one in known.lessons.values() if (one.name == apart) == (lesson.name == apart))
    here = {LESSON: lesson.name, STEP: step.id}
    at = places.index(here) + way if here in places else -1
    return places[at] if 0 <= at < len(places) else None


def _following(known: Library, lesson: Lesson, step: Step) -> Link | None:
    return _beside(known, lesson, step, 1)


def _before(known: Library, lesson: Lesson, step: Step) -> Link | None:
    return _beside(known, lesson, step, -1)


# --- opening ----------------------------------------------------------------------------------------------------


def at_link(kind: Any, link: Mapping[str, str], fresh: bool = False) -> Any:
    """The session of the step that a link leads to, on whatever page that is; None where it leads to none.

    What makes no sense becomes a message. fresh: whether the bare address of the home page means the first lesson.
    """
    home = fresh and kind.plain and not link
    if LESSON not in link and not home:
        return None
    known, messages = found(), list[str]()
    name = next(iter(known.lessons), "") if home else link[LESSON]
    lesson = known.lessons.get(name)
    if lesson is None:
        if home:
            return None
        rest = {key: value for key, value in link.items() if key not in (LESSON, STEP)}
        session = kind.opened(rest)
        session.messages = [words.no_lesson(name, known.lessons, known.broken), *session.messages]
        return session
    step = _step(lesson, link[STEP]) if link.get(STEP) else lesson.steps[0]
    if step is None:
        messages.append(words.no_step(link[STEP], lesson.name, [each.id for each in lesson.steps]))
    look = Look.of_query(link, messages)
    return begun(Taught(lesson, step or lesson.steps[0]), look, messages)


def lesson_session(before: Any) -> Any:
    """The session of the step that a reader goes on to; the session that they leave leads there."""
    link, before.leading = before.leading, None
    session = at_link(type(before), link)
    opened = before.taught.opened if before.taught else 0
    if session.taught:
        session.taught.opened = opened + 1
    return session


def begun(taught: Taught, look: Look, messages: list[str]) -> Any:
    """The session of a step at its beginning: its experiment as far as the half-step in view."""
    step = taught.step
    kind = getattr(import_module(f"ui.{step.page}.session"), f"{step.page.capitalize()}Session")
    try:
        if "open" in vars(kind):  # a page that makes something else of a file
            session = kind.opened({})
            session.open(dict(step.experiment))
            if step.shown:
                session.begin(settings_of(step.page, session.settings, step.shown))
        else:
            settings, *tape = kind.kind.of_experiment(dict(step.experiment))
            settings = settings_of(step.page, settings, step.shown)
            session = kind(settings, kind.runs.reopening(settings, *cut(tape, step.at)), [])
        hidden.check(step.hidden, session.run.scene.json)
        session.run.reopen()
        session.run.advance(step.at)
    except InvalidExperiment as error:
        session = kind.opened({})
        session.messages = [words.unopened(taught.lesson.name, step.id, error)]
        return session
    session.player.reopen(session.run, step.at)
    session.player.look = look if replace(look, present=False) != Look() else look_of(step, look.present)
    frames = session.run.frames([step.at])
    taught.tip = frames[min(step.at, len(frames) - 1)]["id"]
    session.teach(taught)
    session.messages = messages
    return session


def cut(tape: list[Any], at: int) -> list[Any]:
    """A file's tape as far as half-step `at`: steps, or moves with what was changed by hand between them."""
    if not tape:
        return []
    if isinstance(tape[0], int):
        return [min(tape[0], at)]
    moves, after, by_hand = tape
    kept = [change for change in by_hand if change["after"] < at + ("start" not in change)]
    return [moves[: at - sum("start" in change for change in kept)], after, kept]
