"""What a room is asked about the view on a page, and what is true: computed from the half-step, once that is made."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from typing import Any

from em_core.files.errors import InvalidExperiment
from figures.look.wording import number as written
from ui.lessons.observed import data_columns
from ui.lessons.records import CHANGES, Prediction
from ui.lessons.replay import change, holds
from ui.lessons.taught import Taught, run_of
from ui.lessons.words import column
from ui.room import words
from ui.room.records import Answer, NotNow, Option, Part, Question
from ui.withheld import done

# numbers of a run that are asked about, where its page compares runs by them
_ASKED = ("evidence", "elbo", "gap", "objective", "joint")
# pages that show several runs at once: a frame is no half-step of one
_SEVERAL = ("race", "starts")
# kinds of a lesson's questions whose answers can be chosen
_CHOSEN = ("direction", "choice")

_TEX = re.compile(r"\$([^$]*)\$")
_SENTENCE = re.compile(r"(?<=[.?!])\s+")


@dataclass(frozen=True)
class Asked:
    """A question about what comes after half-step `at` of a run. to: the half-step that is asked about; of: the run's
    numbers that it asks for, or predict: the question of a lesson; mark: what names the run, by its address; inner:
    whether the finer frames in view tell nothing of what comes."""

    question: Question
    page: str
    at: int
    to: int
    mark: str
    of: tuple[str, ...] = ()
    inner: bool = True
    predict: Prediction | None = None

    def is_of(self, session: Any) -> bool:
        """Whether it is about the run that a session has on its page."""
        return self.page == session.key and self.at < len(session.run) and self.mark == mark_of(session, self.at)


def mark_of(session: Any, at: int) -> str:
    """The run on a page up to this half-step, and what is on its tape."""
    lesson = session.taught.link if session.taught else {}
    told = [session.key, at, lesson, session.settings.query(), session.run.query(at)]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def question_of(session: Any) -> Asked:
    """The question of the lesson's step where one is open, else which way the numbers of the page go next.

    Raises `NotNow` where nothing can be asked.
    """
    run, taught = session.run, session.taught
    if taught and taught.locked:
        return _of_lesson(session, taught)
    if run.remaining:
        raise NotNow(words.OPENING)
    if session.key in _SEVERAL:
        raise NotNow(words.SEVERAL)
    at = session.player.within(run)
    following = run.frames([at])[at].get("next")
    if not following:
        raise NotNow(words.NOTHING_NEXT)
    told = run.numbers(at)
    offered = [entry for entry in run.scene.compared if entry.name in _ASKED and _finite(told.get(entry.name))]
    if not offered:
        raise NotNow(words.NO_NUMBERS)
    parts = tuple(Part(entry.name, entry.label, _ways()) for entry in offered)
    question = Question(words.what_next(following["label"], following.get("detail", "")), parts)
    inner = run.veiled(at).get("inner_at") is not None
    return Asked(question, session.key, at, at + 1, mark_of(session, at), tuple(entry.name for entry in offered), inner)


def _of_lesson(session: Any, taught: Taught) -> Asked:
    predict = taught.step.predict
    if predict is None or predict.kind not in _CHOSEN:
        raise NotNow(words.ALOUD)
    if predict.kind == "direction":
        experiment = taught.step.experiment
        called = {name: column(name, experiment["model"], data_columns(experiment)) for name in predict.of}
        parts = tuple(Part(name, label, _ways()) for name, label in called.items())
    else:
        options = tuple(Option(str(place), option.text) for place, option in enumerate(predict.options))
        parts = (Part("answer", "", options),)
    at = taught.step.at
    question = Question(asked_in(taught.step.text), parts)
    return Asked(question, session.key, at, predict.half_step, mark_of(session, at), predict=predict)


def _ways() -> tuple[Option, ...]:
    return tuple(Option(change, change) for change in CHANGES)


def asked_in(text: str) -> str:
    """The question with which the Markdown of a step ends, and the sentence before it, as plain text."""
    last = text.strip().split("\n\n")[-1]
    plain = _TEX.sub(lambda found: _said(found[1]), last.replace("$$", "$").replace("**", "").replace("*", ""))
    return " ".join(" ".join(_SENTENCE.split(plain)[-2:]).split())


def _said(tex: str) -> str:
    for name, sign in words.SIGNS.items():
        tex = re.sub(rf"\\{name}(?![a-z])\s*", sign, tex)
    return re.sub(r"[\\{}]|\\[a-z]+", "", tex)


def answer_of(asked: Asked, run: Any) -> Answer:
    """What is true, from the half-step that was asked about, which the run has made: by the rule of lessons."""
    if asked.predict is not None:
        raise ValueError("a lesson's question is answered from its step")
    frame = run.frames([asked.to])[asked.to]
    rows = [run.numbers(asked.at), run.numbers(asked.to)]
    right = {name: (change(rows, name, 1),) if _finite(rows[1].get(name)) else () for name in asked.of}
    labels = {part.id: part.label for part in asked.question.parts}
    ways = [
        words.way(labels[name], "".join(right[name]), written(rows[0][name]), written(rows[1].get(name)))
        for name in asked.of
    ]
    return Answer(right, f"{done(frame['text'].get('caption', ''))} {'; '.join(ways)}.".strip())


def answer_in(taught: Taught) -> Answer:
    """What is true of a lesson's question, from the run of its step. Raises `InvalidExperiment`."""
    predict = taught.step.predict
    if predict is None:
        raise InvalidExperiment("question", "none", "a step with a question")
    run = run_of(taught.step)
    right: dict[str, tuple[str, ...]]
    if predict.kind == "direction":
        right = {name: (change(run, name, predict.half_step),) for name in predict.of}
    else:
        options = enumerate(predict.options)
        right = {"answer": tuple(str(place) for place, option in options if holds(option.condition, run))}
    return Answer(right, predict.because)


def _finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
