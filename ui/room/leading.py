"""What a session does with the room that its reader leads."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any, ClassVar
from urllib.parse import urlencode

import streamlit as st

from ui.lessons.taught import Taught
from ui.player import Player
from ui.room import words
from ui.room.address import listens_on
from ui.room.asking import Asked, answer_in, answer_of, question_of
from ui.room.desk import Hosting
from ui.room.memory import Memory
from ui.room.records import Answer, NotNow
from ui.settings import fits
from ui.withheld import Withheld

Json = dict[str, Any]

# of a view, what the audience has no use for
_OURS = ("present",)
# the page that stands at the address of the app itself
_HOME = "em"


class Leading:
    """The part of a session that leads a room: its question is about the half-step after the one in view."""

    key: ClassVar[str]
    run: Any
    player: Player
    messages: list[str]
    foresight: Any
    lock: RLock
    taught: Taught | None
    hosting: Hosting

    def attempt(self, deed: Callable[[], None], fresh: bool = True) -> None:
        raise NotImplementedError

    def _stand_beside(self) -> None:
        raise NotImplementedError

    def query(self) -> dict[str, str]:
        raise NotImplementedError

    def lead(self, act: Json) -> bool:
        """Do what an act asks of the room; whether it asks that."""
        deed = _DEEDS.get(act["act"])
        if deed is None:
            return False
        with self.lock:
            self.attempt(lambda: deed(self, act))
        return True

    # --- what a lecturer does -----------------------------------------------------------------------------------
    def _offer(self, act: Json) -> None:
        self.hosting.said = ""
        self.hosting.offered += 1

    def _begin(self, act: Json) -> None:
        self.hosting.begin(act.get("hands") is True)

    def _back(self, act: Json) -> None:
        """The room that this browser kept the key of; its question, where the view is still the one asked about."""
        hosting = self.hosting
        if hosting.room is not None or not hosting.back(str(act.get("code")), str(act.get("key"))):
            return
        if not hosting.open:
            return
        try:
            asked = question_of(self)
        except NotNow:
            return
        if asked.mark == act.get("mark") and hosting.room and asked.question == hosting.room.question:
            hosting.asked = asked

    def _end(self, act: Json) -> None:
        self.hosting.end()

    def _follow(self, act: Json) -> None:
        self.hosting.following = act.get("on") is True
        if not self.hosting.following:
            self.hosting.follow("")

    def _on(self, act: Json) -> None:
        """Whatever comes next: one key is enough. of: the room's turn that the lecturer saw: nothing is done twice."""
        hosting = self.hosting
        room = hosting.room
        if room is None or act.get("of") != room.turn:
            return
        if room.phase == "idle":
            self._ask()
        elif room.phase == "voting":
            hosting.close(str(act.get("numbers", "")))
        elif room.phase == "closed" and room.round == 1:
            hosting.again()
        elif room.phase == "closed":
            self._reveal()
        else:
            hosting.rest()

    def _show(self, act: Json) -> None:
        """Reveal the answer now, after one round."""
        hosting = self.hosting
        if hosting.room is None or act.get("of") != hosting.room.turn:
            return
        if hosting.room.phase == "voting" and not hosting.close(str(act.get("numbers", ""))):
            return
        self._reveal()

    def _rest(self, act: Json) -> None:
        self.hosting.rest()
        self.settle()

    def _ask(self) -> None:
        if self.run.recalled:
            self.run.recall(())  # the run before may have gone the same way, and further
        try:
            asked = question_of(self)
        except NotNow as refused:
            self.hosting.said = str(refused)
            return
        if self.hosting.ask(asked):
            self.settle()

    def _reveal(self) -> None:
        """Make the half-step that was asked about, and show it with what is true."""
        asked, hosting = self.hosting.asked, self.hosting
        if asked is None or not asked.is_of(self):
            hosting.said = words.ELSEWHERE
            return
        self.player.ask(None)
        answer = self._answer(asked)
        if answer is None:
            hosting.rest()
            hosting.said = words.NOT_MADE
        else:
            hosting.reveal(answer)
        self.settle()

    def _answer(self, asked: Asked) -> Answer | None:
        answer = None
        if self.taught and asked.predict:
            answer = answer_in(self.taught)
            self.taught.reveal()
        self.foresight.on = self.player.withheld is None
        self.player.answer(self.run, {"act": "advance", "to": asked.to, "at": asked.at})
        self.player.go(self.player.cursor)
        if not asked.predict and len(self.run) > asked.to:
            answer = answer_of(asked, self.run)
        return answer

    # --- what the stage is told ---------------------------------------------------------------------------------
    def settle(self) -> None:
        """Withhold what comes after the open question, as long as that is about the run on the page."""
        here = self.asked_here
        wanted = None
        if here and self.hosting.open:
            wanted = Withheld(here.at, words.FIRST, words.VOTING, here.predict is None, here.inner)
        if wanted == self.player.asked:
            return
        self.player.ask(wanted)
        self.foresight.on = self.player.withheld is None
        self._stand_beside()

    @property
    def asked_here(self) -> Asked | None:
        """The question, where it is about the run on the page."""
        asked = self.hosting.asked
        return asked if asked and asked.is_of(self) else None

    def room(self) -> Json | None:
        """The room as the stage shows it, once the audience knows where its lecturer is."""
        if self.hosting.following and not self.hosting.open:
            self.hosting.follow(self.followed)
        told = self.hosting.json(self.asked_here is not None, not isinstance(self.hosting.chosen(), Memory))
        if told and self.hosting.room:
            listens = listens_on(str(st.get_option("server.address") or ""))
            told |= self.hosting.joined(st.context.url or "", listens)
        return told

    @property
    def followed(self) -> str:
        """The view as an address relative to the app; empty where it is too long for one."""
        query = {name: value for name, value in self.query().items() if name not in _OURS}
        path = "" if self.key == _HOME else self.key
        return f"{path}?{urlencode(query)}" if fits(query) else ""


_DEEDS: dict[str, Callable[[Leading, Json], None]] = {
    "room": Leading._offer,
    "room.open": Leading._begin,
    "room.back": Leading._back,
    "room.end": Leading._end,
    "room.follow": Leading._follow,
    "room.on": Leading._on,
    "room.reveal": Leading._show,
    "room.rest": Leading._rest,
}
