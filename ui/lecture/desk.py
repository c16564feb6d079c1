"""The lecture of one reader, in their session alone: what the sidebar and the dialog change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from em_core.files.errors import InvalidExperiment
from ui.lecture import words
from ui.lecture.ask import offered
from ui.lecture.draft import Draft, opened
from ui.lessons.read import InvalidLesson
from ui.lessons.records import Step

_KEY = "lecture"


@dataclass
class Desk:
    """draft: the lecture. chosen: the id of the step that is being edited.

    said: what came of the last deed, and whether it was refused. wrong: what was typed and cannot be, by widget: why.
    before: the lecture before what took steps away, until something else is changed. opened: the file that was opened
    last, and what was wrong with it. edition, whole: rise when steps stand in another order, and when other steps
    stand there: widgets then show that, not what was chosen or typed in them. offers: what can be asked of each step.
    """

    draft: Draft = Draft(words.UNTITLED)
    chosen: str = ""
    said: str = ""
    refused: bool = False
    wrong: dict[str, str] = field(default_factory=dict)
    before: Draft | None = None
    opened: tuple[str, str] = ("", "")
    edition: int = 0
    whole: int = 0
    offers: dict[str, list[str]] = field(default_factory=dict)

    def attempt(self, deed: Callable[[Draft], Draft], said: str = "", undone: bool = False) -> bool:
        """Change the lecture; whether that was possible. What cannot be is said, and it stays as it was.

        undone: whether the lecture before can be had back.
        """
        try:
            changed = deed(self.draft)
        except InvalidExperiment as error:
            self.said, self.refused = str(error), True
            return False
        self.before = self.draft if undone else None
        self.draft, self.said, self.refused = changed, said, False
        if not any(step.id == self.chosen for step in changed.steps):
            self.chosen = changed.steps[-1].id if changed.steps else ""
        return True

    def move(self, by: int) -> None:
        """The step that is being edited, so many places later."""
        self.attempt(lambda draft: draft.moving(self.chosen, by))
        self.edition += 1

    def remove(self) -> None:
        """Take the step away that is being edited; the one after it comes in its place."""
        at = self.draft.place(self.chosen)
        gone = self.chosen
        after = [step.id for step in self.draft.steps if step.id != gone]
        self.chosen = after[min(at, len(after) - 1)] if after else ""
        self.attempt(lambda draft: draft.without(gone), words.removed(at + 1), undone=True)
        self._renew()

    def undo(self) -> None:
        """Have the lecture back that there was before."""
        if self.before is not None:
            before = self.before
            self.attempt(lambda _: before)
            self._renew()

    def take(self, name: str, file: str, content: bytes) -> bool:
        """Open a file, once; whether the panel is to be drawn anew. A broken one leaves the lecture as it was.

        name: as the reader calls it; file: what Streamlit does.
        """
        if self.opened[0] == file:
            return False
        try:
            draft = opened(content)
        except InvalidLesson as error:
            self.opened, self.said = (file, words.unopened(name, error.line, error.problem)), ""
            return True
        self.opened = file, ""
        self._renew()
        self.chosen = draft.steps[0].id
        return self.attempt(lambda _: draft, words.opened(name, len(draft.steps)), undone=bool(self.draft.steps))

    def _renew(self) -> None:
        """Forget what was typed and found: a step's id may come to be another one's."""
        self.edition, self.whole = self.edition + 1, self.whole + 1
        self.wrong.clear()
        self.offers.clear()

    def offered(self, step: Step) -> list[str]:
        """The numbers of a step's run that can be asked about; found once. Raises `InvalidExperiment`."""
        key = f"{self.whole}.{step.id}"
        if key not in self.offers:
            self.offers[key] = offered(step)
        return self.offers[key]

    def typed(self, key: str, deed: Callable[[Draft, Any], Draft]) -> None:
        """Take what was typed into a widget; what cannot be stays there, and is said below it."""
        try:
            self.draft = deed(self.draft, st.session_state[key])
            self.before = None
            self.wrong.pop(key, None)
        except InvalidExperiment as error:
            self.wrong[key] = str(error)


def mine() -> Desk:
    """This reader's."""
    desk: Desk = st.session_state.setdefault(_KEY, Desk())
    return desk


def own() -> Draft | None:
    """This reader's lecture, where it has a step."""
    draft = mine().draft
    return draft if draft.steps else None
