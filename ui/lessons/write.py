"""Writing a lesson file: the text that `read.lesson` reads as the same record, for a text editor to go on with."""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ui.lessons.observed import page_of
from ui.lessons.records import Condition, Lesson, Prediction, Step, Task

# characters of an experiment, or of answers, that stand on one line
_LINE = 240
_BARE = re.compile(r"[A-Za-z0-9_-]+")
# what stands in no text but escaped
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_DATES = (datetime.date, datetime.time)


def written(lesson: Lesson) -> str:
    """The lesson's file. Texts stand on lines of their own, each step below its [[step]]."""
    assumes = [("assumes", lesson.assumes)] if lesson.assumes else []
    head = _lines([("title", lesson.title), ("minutes", lesson.minutes), *assumes])
    return "\n".join([*head, *(line for step in lesson.steps for line in ("", *_step(step)))]) + "\n"


def value(raw: Any) -> str:
    """A value on one line. TOML has no null: `nan` stands for a missing number, and is read as one."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if raw is None:
        return "nan"
    if isinstance(raw, str):
        return json.dumps(raw, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(raw, Mapping):
        inside = ", ".join(f"{_key(key)} = {value(entry)}" for key, entry in raw.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(raw, (list, tuple)):
        return f"[{', '.join(map(value, raw))}]"
    return raw.isoformat() if isinstance(raw, _DATES) else repr(raw)


def _step(step: Step) -> list[str]:
    experiment = value(step.experiment)
    short = len(experiment) <= _LINE
    said: list[tuple[str, Any]] = [("id", step.id), ("text", step.text)]
    said += [("experiment", step.experiment)] if short else []
    said += [("page", step.page)] if step.page != page_of(step.experiment) else []
    said += [("at", step.at)] if step.at else []
    said += [("views", step.views)] if step.views else []
    said += [("controls", step.controls)]
    said += [("lit", step.lit)] if step.lit else []
    said += [("shown", step.shown)] if step.shown else []
    said += [("hidden", step.hidden)] if step.hidden else []
    lines = ["[[step]]", *_lines(said)]
    if not short:
        lines += ["[step.experiment]", *_lines(step.experiment.items())]
    if step.predict:
        lines += ["[step.predict]", *_prediction(step.predict, step.at)]
    if step.do:
        lines += ["[step.do]", *_lines(_task(step.do))]
    for claim in step.claims:
        lines += ["[[step.claim]]", *_lines(_condition(claim).items())]
    return lines


def _prediction(asked: Prediction, at: int) -> list[str]:
    said: list[tuple[str, Any]] = [("kind", asked.kind)]
    said += [(key, getattr(asked, key)) for key in ("view", "handle") if getattr(asked, key)]
    if asked.of:
        said.append(("of", asked.of[0] if asked.kind == "number" else asked.of))
    if asked.within:
        said.append(("within", asked.within[0] if len(asked.within) == 1 else asked.within))
    said += [("half_step", asked.half_step)] if asked.half_step != at + 1 else []
    said.append(("because", asked.because))
    options = [{"text": one.text, **_condition(one.condition, asked.half_step)} for one in asked.options]
    answers = [f"  {value(option)}," for option in options]
    return [*_lines(said), *(["options = [", *answers, "]"] if answers else [])]


def _task(task: Task) -> Iterable[tuple[str, Any]]:
    yield "until", _condition(task.until)
    if task.at_most is not None:
        yield "at_most", task.at_most
    if task.without:
        yield "without", task.without
    if task.solved_by:
        yield "solved_by", task.solved_by


def _condition(told: Condition, usual: int | None = None) -> dict[str, Any]:
    """The keys of a condition. usual: the half-step that it is about where it does not say so."""
    said: dict[str, Any] = {} if told.half_step == usual else {"half_step": told.half_step}
    if told.event:
        return {**said, "event": told.event, **({} if told.holds else {"holds": False})}
    said["of"] = told.of
    if told.change:
        return {**said, "change": told.change}
    if told.converges_within is not None:
        return {**said, "converges_within": told.converges_within}
    if told.center is not None:
        return {**said, "value": {"is": told.center, "within": told.within}}
    limits = {"above": told.above, "below": told.below}
    return {**said, "value": {side: limit for side, limit in limits.items() if math.isfinite(limit)}}


def _lines(said: Iterable[tuple[str, Any]]) -> list[str]:
    return [f"{_key(key)} = {_text(key, raw) if key in ('text', 'because') else value(raw)}" for key, raw in said]


def _text(key: str, text: Any) -> str:
    """A step's text as it is typed, on lines of its own; a reason only where it needs that."""
    if key == "because" and "\n" not in text and "\\" not in text:
        return value(text)
    plain = not _CONTROLS.search(text)
    if plain and "\\" not in text and '"""' not in text:
        return f'"""\n{text}\n"""'
    if plain and "'''" not in text:  # in which nothing is escaped: formulas stay as they are
        return f"'''\n{text}\n'''"
    lines = (value(line)[1:-1] for line in text.split("\n"))
    return '"""\n' + "\n".join(lines) + '\n"""'


def _key(key: Any) -> str:
    return str(key) if _BARE.fullmatch(str(key)) else value(str(key))
