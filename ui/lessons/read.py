"""Reading a lesson file: every key is asked for by name, and what is wrong is named with its line."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Collection
from typing import Any

from em_core import schedule
from em_core.files.errors import MISSING, InvalidExperiment
from em_core.files.fields import Fields
from em_core.kinds import MOVES
from em_core.sparse_coding import experiment as sparse_coding
from em_core.sparse_coding.posterior import ladder
from ui.lessons.located import line_of
from ui.lessons.observed import HALF_STEPS, columns, page_of
from ui.lessons.records import CHANGES, Condition, Lesson, Option, Prediction, Step, Task
from ui.lessons.shown import MOST_STARTS, check_shown

KINDS = ("direction", "number", "choice", "point", "drag")
# what of the controls a step may leave in sight, and so many of them
CONTROLS = ("step", "play", "tape", "drag", "schedule", "moves", "settings", "start", "data", "compare")
MOST_CONTROLS = 3
# minutes, steps, characters of a text, bytes of a file
MOST_MINUTES, MOST_STEPS, LONGEST_TEXT, LARGEST_FILE = 90, 200, 2_000, 2_000_000
# an id becomes part of an address
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VIEW = re.compile(r"[\w-]{1,40}(\.[\w-]{1,40})?")
_TRACE = re.compile(r"[\w-]{1,40}\.[\w -]{1,40}")
# HTML, links, pictures and addresses in Markdown and in formulas
_OUTSIDE = re.compile(
    r"<[a-zA-Z/!?]|\]\s*[(\[:]|!\[|\w+://|www\.|[\w.+-]+@\w|\\(?:href|url|includegraphics|html\w+)\b", re.ASCII
)
_PLAIN = "Markdown without HTML, links or pictures"


class InvalidLesson(ValueError):
    """A lesson file that cannot be used. The text is one line: file, line, key, value and what would be valid."""

    def __init__(self, file: str, line: int, problem: str) -> None:
        self.file, self.line, self.problem = file, line, problem
        super().__init__(f"{file}, line {line}: {problem}")


def lesson(text: str, file: str) -> Lesson:
    """The lesson that a file's text says. file: its name, for messages; the lesson is called by it.

    Raises `InvalidLesson`.
    """
    name = file.removesuffix(".toml")
    try:
        if not _ID.fullmatch(name):
            raise InvalidExperiment("file", file, "a name such as e-closes-m-opens.toml")
        return _lesson(Fields(tomllib.loads(text), ""), name)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise InvalidLesson(file, int(found[1]) if found else text.count("\n") + 1, f"not TOML: {error}") from None
    except InvalidExperiment as error:
        raise InvalidLesson(file, line_of(text, error.field), str(error)) from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets thousands deep
        raise InvalidLesson(file, 1, f"not TOML: {error}") from None


def _lesson(fields: Fields, name: str) -> Lesson:
    title = _text(fields, "title", 80)
    minutes = fields.whole("minutes", least=1, most=MOST_MINUTES)
    assumes = _texts(fields, "assumes", [])
    raw = fields.take("step", valid="steps, each beginning with [[step]]")
    fields.done()
    if not isinstance(raw, list) or not 1 <= len(raw) <= MOST_STEPS:
        raise InvalidExperiment("step", raw, f"1 to {MOST_STEPS} steps, each beginning with [[step]]")
    steps = tuple(_step(Fields(entry, f"step[{place}]"), f"step[{place}]") for place, entry in enumerate(raw))
    ids = [step.id for step in steps]
    for place, known in enumerate(ids):
        if known in ids[:place]:
            raise InvalidExperiment(f"step[{place}].id", known, "an id that no other step has")
    return Lesson(name, title, minutes, assumes, steps)


def _step(fields: Fields, path: str) -> Step:
    id_ = fields.take("id", valid="a short name such as first-m")
    if not isinstance(id_, str) or not _ID.fullmatch(id_) or len(id_) > 40:
        raise InvalidExperiment(f"{path}.id", id_, "a short name such as first-m: small letters, digits and hyphens")
    text = _text(fields, "text")
    experiment = nulled(fields.take("experiment", valid="an experiment, as its files hold it"))
    named = _columns(experiment, f"{path}.experiment")
    page = page_of(experiment) if "page" not in fields else fields.choice("page", HALF_STEPS)
    last = _last(experiment)
    at = fields.whole("at", 0, most=MOST_STARTS if page == "starts" else last)
    views = _names(fields, "views", _VIEW, "ids of views such as data or timeline")
    controls = _chosen(fields, "controls", CONTROLS, MOST_CONTROLS)
    lit = _names(fields, "lit", _VIEW, "terms of the equation, or ids of views")
    shown = check_shown(fields.take("shown", {}), f"{path}.shown", page, experiment)
    hidden = _names(fields, "hidden", _TRACE, "traces of figures such as code.optimum")
    read = _Reader(named, at, last)
    predict = read.prediction(fields.child("predict"), f"{path}.predict") if "predict" in fields else None
    do = read.task(fields.child("do"), f"{path}.do") if "do" in fields else None
    if predict and do:
        raise InvalidExperiment(f"{path}.do", "a task", "either a question (predict) or a task (do)")
    if hidden and not predict:
        raise InvalidExperiment(f"{path}.hidden", list(hidden), "nothing in a step without a question")
    raw = fields.take("claim", [])
    if not isinstance(raw, list):
        raise InvalidExperiment(f"{path}.claim", raw, "claims, each beginning with [[step.claim]]")
    claims = tuple(read.claim(Fields(entry, f"{path}.claim[{i}]"), f"{path}.claim[{i}]") for i, entry in enumerate(raw))
    fields.done()
    if predict and not _claimed(predict, claims):
        asked = ", ".join(_asked(predict)) or "it"
        raise InvalidExperiment(f"{path}.predict", "a question without a claim", f"a [[step.claim]] about {asked}")
    return Step(id_, text, experiment, page, at, views, controls, lit, predict, do, claims, shown, hidden)


def _asked(predict: Prediction) -> list[str]:
    return [*predict.of, *dict.fromkeys(option.condition.of for option in predict.options if option.condition.of)]


def _claimed(predict: Prediction, claims: tuple[Condition, ...]) -> bool:
    """Whether the file claims something about what is asked: an event, where the answers are about one."""
    events = any(option.condition.event for option in predict.options)
    return any(claim.of in _asked(predict) if claim.of else events for claim in claims)


def _columns(experiment: Any, path: str) -> Collection[str]:
    try:
        return columns(experiment)
    except InvalidExperiment as error:
        raise InvalidExperiment(f"{path}.{error.field}", error.value, error.valid) from None


def _last(experiment: dict[str, Any]) -> int:
    """The number of the last half-step, step or rung."""
    if experiment["model"] == ladder.NAME:
        return len(experiment.get("ladder", {}).get("widths", ladder.WIDTHS)) + 2  # two above the widths, one below
    if experiment["model"] == sparse_coding.NAME:
        return int(experiment.get("steps", 100))
    by_hand = experiment.get("by_hand", [])
    return len(schedule.expand(experiment["schedule"], MOVES)) + sum("start" in change for change in by_hand)


class _Reader:
    """Reads what is asked and claimed of one experiment.

    named: its columns; at: the half-step in view; last: the number of the last one.
    """

    def __init__(self, named: Collection[str], at: int, last: int) -> None:
        self.named, self.at, self.last = named, at, last

    def prediction(self, fields: Fields, path: str) -> Prediction:
        kind = fields.choice("kind", KINDS)
        because = _text(fields, "because")
        half_step = fields.whole("half_step", self.at + 1, least=1, most=self.last)
        of: tuple[str, ...] = ()
        within: tuple[float, ...] = ()
        options: tuple[Option, ...] = ()
        view = handle = ""
        if kind == "choice":
            options = self._options(fields, path, half_step)
        else:
            of = self._of(fields, path, {"direction": (1, 5), "number": (1, 1)}.get(kind, (2, 2)))
        if kind in ("number", "point", "drag"):
            within = self._within(fields, path, len(of))
        if kind == "point":
            view = _one(fields, "view", _VIEW, "the id of a view such as data")
        if kind == "drag":
            handle = _one(fields, "handle", re.compile(r"[\w .:-]{1,60}"), "the id of a handle such as mean0")
        fields.done()
        return Prediction(kind, of, because, half_step, within, options, view, handle)

    def task(self, fields: Fields, path: str) -> Task:
        until = self._condition(fields.child("until"), f"{path}.until")
        at_most = fields.optional_whole("at_most", most=1_000)
        without = fields.take("without", "")
        if not isinstance(without, str) or not set(without) <= set(MOVES):
            raise InvalidExperiment(f"{path}.without", without, f"letters of moves: {''.join(MOVES)}")
        solved_by = nulled(fields.take("solved_by", {}))
        if not isinstance(solved_by, dict):
            raise InvalidExperiment(f"{path}.solved_by", solved_by, "keys of an experiment that are otherwise")
        fields.done()
        return Task(until, at_most, without, solved_by)

    def claim(self, fields: Fields, path: str) -> Condition:
        half_step = fields.whole("half_step", most=self.last) if "half_step" in fields else None
        condition = self._condition(fields, path, half_step)
        if half_step is None and condition.converges_within is None:
            raise InvalidExperiment(f"{path}.half_step", MISSING, f"the number of a half-step from 0 to {self.last}")
        return condition

    def _options(self, fields: Fields, path: str, half_step: int) -> tuple[Option, ...]:
        raw = fields.take("options", valid="two to six answers, each with a text and when it is right")
        if not isinstance(raw, list) or not 2 <= len(raw) <= 6:
            raise InvalidExperiment(f"{path}.options", raw, "two to six answers, each with a text and when it is right")
        options = []
        for place, entry in enumerate(raw):
            where = f"{path}.options[{place}]"
            option = Fields(entry, where)
            text = _text(option, "text", 200)
            at = option.whole("half_step", half_step, most=self.last)
            options.append(Option(text, self._condition(option, where, at)))
        return tuple(options)

    def _condition(self, fields: Fields, path: str, half_step: int | None = None) -> Condition:
        """What may hold: the rest of the keys of a claim, an answer or a task."""
        said: dict[str, Any] = {"half_step": half_step}
        if "event" in fields:
            said["event"] = _one(fields, "event", re.compile(r"\w{1,60}"), "the kind of an event")
            said["holds"] = fields.flag("holds", True)
        else:
            said["of"] = self._of(fields, path, (1, 1))[0]
            value = fields.child("value") if "value" in fields else fields
            said |= _value(value, f"{path}.value" if value is not fields else path)
            if value is not fields:
                value.done()
        fields.done()
        return Condition(**said)

    def _of(self, fields: Fields, path: str, count: tuple[int, int]) -> tuple[str, ...]:
        raw = fields.take("of", valid="what it is about, such as gap")
        of = [raw] if isinstance(raw, str) else raw
        if not isinstance(of, list) or not count[0] <= len(of) <= count[1]:
            least, most = count
            valid = f"{least} of the run's numbers" if least == most else f"{least} to {most} of the run's numbers"
            raise InvalidExperiment(f"{path}.of", raw, f"{valid}, such as gap")
        for name in of:
            if name not in self.named:
                raise InvalidExperiment(f"{path}.of", name, f"one of {', '.join(self.named)}")
        return tuple(of)

    @staticmethod
    def _within(fields: Fields, path: str, count: int) -> tuple[float, ...]:
        valid = "how far off an answer may be: above 0, one number for each of `of`"
        raw = fields.take("within", valid=valid)
        given = raw if isinstance(raw, list) else [raw] * count
        numbers = [one for one in given if isinstance(one, (int, float)) and not isinstance(one, bool)]
        if len(given) != count or len(numbers) != count or not all(0 < number < math.inf for number in numbers):
            raise InvalidExperiment(f"{path}.within", raw, valid)
        return tuple(map(float, numbers))


def _value(fields: Fields, path: str) -> dict[str, Any]:
    """What is said of a number: one of the forms of `Condition`."""
    forms = [form for form in ("change", "is", "converges_within") if form in fields]
    if "above" in fields or "below" in fields:
        forms.append("above")
    if len(forms) != 1:
        valid = 'change = "rises", value = { above = 0.1 } or { is = 3.4, within = 0.05 }, or converges_within = 40'
        raise InvalidExperiment(path, f"{len(forms)} of them", f"one of: {valid}")
    if forms == ["change"]:
        return {"change": fields.choice("change", CHANGES)}
    if forms == ["converges_within"]:
        return {"converges_within": fields.whole("converges_within", least=1)}
    if forms == ["is"]:
        return {"center": fields.number("is"), "within": fields.number("within", least=0.0)}
    limits = {side: fields.number(side) for side in ("above", "below") if side in fields}
    if len(limits) == 2 and not limits["above"] < limits["below"]:
        raise InvalidExperiment(f"{path}.below", limits["below"], f"a number greater than {limits['above']:g}")
    return limits


def nulled(raw: Any) -> Any:
    """What is read with nothing in place of `nan`: TOML has no null, and experiments no other use for it."""
    if isinstance(raw, dict):
        return {key: nulled(entry) for key, entry in raw.items()}
    if isinstance(raw, list):
        return [nulled(entry) for entry in raw]
    return None if isinstance(raw, float) and math.isnan(raw) else raw


def spoken(key: str, text: str, longest: int = LONGEST_TEXT) -> str:
    """A text that a lesson may show, without blanks around it. Raises `InvalidExperiment`, which calls it `key`."""
    return _text(Fields({key: text}, ""), key, longest)


def _text(fields: Fields, key: str, longest: int = LONGEST_TEXT) -> str:
    """A text for the screen. Nothing in it is HTML or leads out of the app."""
    raw = fields.take(key, valid="a text")
    valid = f"a text of 1 to {longest} characters, {_PLAIN}"
    if not isinstance(raw, str) or not 1 <= len(raw.strip()) <= longest or _OUTSIDE.search(raw):
        raise InvalidExperiment(fields.name(key), raw, valid)
    return raw.strip()


def _texts(fields: Fields, key: str, default: list[str]) -> tuple[str, ...]:
    raw = fields.take(key, default)
    if not isinstance(raw, list) or not all(isinstance(one, str) and not _OUTSIDE.search(one) for one in raw):
        raise InvalidExperiment(fields.name(key), raw, f"a list of texts, {_PLAIN}")
    return tuple(raw)


def _one(fields: Fields, key: str, form: re.Pattern[str], valid: str) -> str:
    raw = fields.take(key, valid=valid)
    if not isinstance(raw, str) or not form.fullmatch(raw):
        raise InvalidExperiment(fields.name(key), raw, valid)
    return raw


def _names(fields: Fields, key: str, form: re.Pattern[str], valid: str) -> tuple[str, ...]:
    raw = fields.take(key, [])
    if not isinstance(raw, list) or not all(isinstance(one, str) and form.fullmatch(one) for one in raw):
        raise InvalidExperiment(fields.name(key), raw, f"a list of {valid}")
    return tuple(raw)


def _chosen(fields: Fields, key: str, options: tuple[str, ...], most: int) -> tuple[str, ...]:
    raw = fields.take(key, ["step"])
    if not isinstance(raw, list) or len(raw) > most or not all(one in options for one in raw):
        raise InvalidExperiment(fields.name(key), raw, f"at most {most} of {', '.join(options)}")
    return tuple(raw)
