"""The view on a page as a step of a lecture."""

from __future__ import annotations

import json
from typing import Any

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.sparse_coding import experiment as sparse_coding
from em_core.sparse_coding.experiment import SparseCodingExperiment
from em_core.sparse_coding.posterior import ladder
from figures.look.wording import without_coming
from ui.lecture import words
from ui.lessons.read import LONGEST_TEXT, spoken
from ui.lessons.records import Step
from ui.lessons.shown import shown_of
from ui.session import Session

# what stays in sight of a step's controls
_CONTROLS = ("step", "play", "tape")


def view(session: Session) -> Step:
    """The experiment on the page, the half-step in view, what is in sight and what is lit; its id is still to be given.

    Its text is what the page says of the half-step, until the lecturer writes another. Raises `InvalidExperiment` for
    an experiment that a lesson file cannot hold.
    """
    with session.lock:
        session.player.see(f"stage.{session.key}", len(session.run) - 1)
        # as the file has it: lists for arrays
        raw = lean(json.loads(session.file()))
        at, look = session.player.place, session.player.look
        seen = min(at, len(session.run) - 1)
        caption = session.run.frames([seen])[seen]["text"].get("caption", "")
        ends = at >= len(session.run) - 1 + session.run.remaining
        shown = shown_of(session.key, session.settings, look, raw, ends)
    # in presenter mode they are all there is; else they are only in front of the others
    views = look.views if look.present else ()
    lit = (look.spot.removeprefix("equation."),) if look.spot else ()
    return Step("step", _said(caption), raw, session.key, at, views, _CONTROLS, lit, None, None, (), shown)


def lean(raw: dict[str, Any]) -> dict[str, Any]:
    """The experiment without what it has in any case: a start that its seed draws, the usual settings of moves."""
    parse = SparseCodingExperiment.parse if raw["model"] == sparse_coding.NAME else Experiment.parse
    if raw["model"] == ladder.NAME:
        return raw
    whole = _json(parse(raw))
    for part in ("moves", "start"):
        if part in raw:
            less = {name: entry for name, entry in raw.items() if name != part}
            try:
                raw = less if _json(parse(less)) == whole else raw
            except InvalidExperiment:
                continue  # its seed draws no start
    return raw


def _json(experiment: Any) -> str:
    return json.dumps(experiment.to_json())


def _said(caption: str) -> str:
    """A page's caption as the text of a step, without what it says of the half-step to come."""
    try:
        return spoken("text", without_coming(caption)[:LONGEST_TEXT])
    except InvalidExperiment:
        return words.SILENT
