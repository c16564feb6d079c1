"""A step of a lesson as one reader has it before them: what of the run is in sight, and what they have answered.

No picture leaves the server that the step does not show; what comes after an open question is withheld
(`ui/withheld.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from em_core.caching import bounded
from em_core.files.errors import InvalidExperiment
from figures.look.wording import number as written
from figures.look.wording import without_coming
from ui.lessons import hidden, words
from ui.lessons.grade import Graded, grade
from ui.lessons.observed import Row, data_columns, rows
from ui.lessons.records import CHANGES, Lesson, Prediction, Step
from ui.withheld import Withheld

Json = dict[str, Any]

# bytes of runs that answers are graded from
_KEPT = 3_000_000
# tools and keys of a stage that a control of a lesson brings along; undo and redo come with any that changes the run
_TOOLS = {"compare": ("compare",), "start": ("reset", "random", "mean")}
_UNDO = ("undo", "redo")
_CHANGING = {"drag", "moves", "start", "settings", "data", "schedule"}
# words around a view, whose names begin so
_AROUND = ("heading", "note")
# terms of lessons, as equations call them
_TERMS = {"log_evidence": "evidence", "gap": "kl"}


class Seen(NamedTuple):
    """A scene as it is sent."""

    id: str
    json: Json


@dataclass
class Taught:
    """One step. everything: whether all views and controls of the page are there, as the reader asked.

    graded: the parts of the answer, once the reader has committed to one, or had it shown. tip: the id of the frame
    with which the step opened. opened: rises each time that a step is begun. done: whether the task was done.
    """

    lesson: Lesson
    step: Step
    everything: bool = False
    graded: Sequence[Graded] | None = None
    shown: bool = False
    tip: str = ""
    opened: int = 0
    done: bool = False
    _seen: dict[str, Seen] = field(default_factory=dict)

    @property
    def locked(self) -> bool:
        """Whether the question is still open."""
        return self.step.predict is not None and self.graded is None

    @property
    def withheld(self) -> Withheld | None:
        """What stays on the server; None once the question is answered."""
        return Withheld(self.step.at, words.FIRST, words.LOCKED) if self.locked else None

    @property
    def link(self) -> dict[str, str]:
        """The step as query parameters."""
        return {"lesson": self.lesson.name, "step": self.step.id}

    def offers(self, control: str) -> bool:
        """Whether a control is in sight."""
        return self.everything or control in self.step.controls

    # --- what is sent -------------------------------------------------------------------------------------------
    def scene(self, scene: Any) -> Any:
        """The scene with what of it is in sight."""
        if self.everything:
            return scene
        if scene.id not in self._seen:
            narrowed = json.dumps([scene.id, self.step.views, self.step.controls, self.step.hidden])
            name = hashlib.sha256(narrowed.encode()).hexdigest()[:16]
            self._seen = {scene.id: Seen(name, hidden.scene(self._narrowed(scene.json), self.step.hidden))}
        return self._seen[scene.id]

    def frames(self, frames: Sequence[Json], scene: Any) -> list[Json]:
        """The frames, each with what of it is in sight."""
        return [self.frame(frame, scene, index) for index, frame in enumerate(frames)]

    def frame(self, frame: Json, scene: Any, index: int | None = None) -> Json:
        """What of a frame is in sight."""
        if self.everything:
            return frame
        sight = self.scene(scene).json
        figures = sight["figures"]
        result = dict(frame)
        if "text" in frame:
            result["text"] = self._said(frame["text"], sight["views"])
        if self.step.hidden:
            open_ = index is not None and index <= self.step.at
            if result.get("set"):
                result["set"] = hidden.changes(result["set"], scene.json, self.step.hidden, open_)
            if open_ and result.get("append"):
                result["append"] = hidden.without(result["append"], self.step.hidden)
        for part in ("set", "append"):
            if result.get(part):
                result[part] = {name: value for name, value in result[part].items() if name.split("/")[0] in figures}
        if result.get("handles"):
            result["handles"] = [handle for handle in result["handles"] if self.offers("drag")]
        if index == self.step.at and self.step.lit and "lit" in result:
            result["lit"] = [_TERMS.get(term, term) for term in self.step.lit]
        if "caption" in result.get("text", {}):
            result["text"] = result["text"] | {"caption": without_coming(result["text"]["caption"])}
        return result

    def _said(self, text: Mapping[str, str], views: Sequence[Json]) -> dict[str, str]:
        """The words of a frame without those around views that are out of sight, and without what no hand can do."""
        slots = tuple(f"{view[part]}." for view in views for part in _AROUND if view.get(part))
        drags = self.offers("drag") and not self.locked
        return {
            name: said if drags else words.still(said)
            for name, said in text.items()
            if name.partition(".")[0] not in _AROUND or f"{name}.".startswith(slots)
        }

    def _narrowed(self, full: Json) -> Json:
        offered = {name for control, names in _TOOLS.items() if self.offers(control) for name in names}
        if _CHANGING & set(self.step.controls):
            offered |= set(_UNDO)
        moves = self.offers("moves")

        def stays(act: Mapping[str, Any]) -> bool:
            return act["act"] in offered or (moves and act["act"] == "move")

        named = {view["id"]: view for view in full["views"]}
        wanted = dict.fromkeys(name.partition(".")[0] for name in self.step.views)
        views = [named[name] for name in wanted if name in named] or full["views"]
        if not self.offers("data"):
            views = [{**view, "hands": None} for view in views]
        figures = {figure["id"] for view in views for figure in view["figures"]}
        ids = {view["id"] for view in views}
        keys = {key: act for key, act in full.get("keys", {}).items() if stays(act)}
        return {
            **{name: part for name, part in full.items() if name not in ("areas", "columns", "rows")},
            "views": views,
            "figures": {name: figure for name, figure in full["figures"].items() if name in figures},
            "inner": full["inner"] if full.get("inner") and full["inner"]["view"] in ids else None,
            "inside": full["inside"] if full.get("inside") and full["inside"]["view"] in ids else None,
            "keys": keys,
            "help": [entry for entry in full.get("help", ()) if entry["key"].lower() in keys],
            "tools": [tool for tool in full.get("tools", ()) if stays(tool["act"])],
            "equation": [
                {**term, "act": term["act"] if stays(term["act"]) else None} if term.get("act") else term
                for term in full.get("equation", ())
            ],
        }

    # --- the question -------------------------------------------------------------------------------------------
    def commit(self, text: str) -> None:
        """Take the reader's answer, as JSON. Raises `InvalidExperiment` for one that cannot be read."""
        asked = self.step.predict
        if asked is None or self.graded is not None:
            raise InvalidExperiment("answer", text, "an answer to a question that is open")
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            raise InvalidExperiment("answer", text, words.UNREADABLE) from None
        self.graded = grade(asked, answer, run_of(self.step))

    def reveal(self) -> None:
        """Show the answer without one of the reader's own."""
        asked = self.step.predict
        if asked is not None and self.graded is None:
            self.graded, self.shown = grade(asked, _any(asked), run_of(self.step)), True

    def asked(self, run: Any) -> Json | None:
        """The question as the stage shows it; run: on the page, where a handle stands."""
        predict = self.step.predict
        if predict is None:
            return None
        views = self.scene(run.scene).json["views"]
        handles = run.frames([self.step.at])[min(self.step.at, len(run) - 1)].get("handles") or ()
        handle = next((one for one in handles if one["id"] == predict.handle and one.get("kind") != "slider"), None)
        view = next((one for one in views if one["id"] == predict.view), views[0])
        mark = {"figure": view["figures"][0]["id"]} if predict.kind in ("point", "drag") else None
        return {
            "kind": predict.kind,
            "of": [{"id": name, "label": self._called(name)} for name in predict.of],
            "options": [option.text for option in predict.options],
            "within": list(predict.within),
            "at": predict.half_step,
            "mark": dict(handle) if handle and predict.kind == "drag" else mark,
        }

    def _called(self, column: str) -> str:
        experiment = self.step.experiment
        return words.column(column, experiment["model"], data_columns(experiment))

    def told(self) -> Json | None:
        """The answer, part by part, with what is true; None while the question is open."""
        if self.graded is None or self.step.predict is None:
            return None
        parts = [
            {
                "id": part.of,
                "label": self._called(part.of) if part.of else "",
                "given": None if self.shown else _said(part.given),
                "true": _said(part.true),
                "place": part.true if isinstance(part.true, (int, float)) else None,
                "right": None if self.shown else part.right,
            }
            for part in self.graded
        ]
        return {"parts": parts, "because": self.step.predict.because}


def _said(value: Any) -> str:
    if isinstance(value, list):
        return " / ".join(map(str, value))
    return written(value) if isinstance(value, (int, float)) else str(value)


def _any(asked: Prediction) -> Any:
    """Some answer, for what is true to be found beside it."""
    if asked.kind == "direction":
        return dict.fromkeys(asked.of, CHANGES[0])
    if asked.kind == "choice":
        return 0
    return 0.0 if asked.kind == "number" else [0.0] * len(asked.of)


def run_of(step: Step) -> Sequence[Row]:
    """The run of a step's experiment, a row for each half-step. Raises `InvalidExperiment`."""
    return _run(json.dumps(step.experiment, sort_keys=True))


@bounded(_KEPT)
def _run(text: str) -> Sequence[Row]:
    return rows(json.loads(text))
