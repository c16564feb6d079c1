"""What one reader has in hand: settings, run and place. Only this file writes session state and the address."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from em_core.errors import InvalidExperiment
from ui.em_run import EmRun
from ui.player import Player
from ui.settings import LONGEST_LINK, Settings, for_model, from_query, to_query

_KEY = "em"


@dataclass
class Session:
    """One reader's EM page. `messages` are shown once, above the stage."""

    settings: Settings
    run: EmRun
    player: Player = field(default_factory=Player)
    messages: list[str] = field(default_factory=list)

    def change(self, **changes: Any) -> None:
        """Take a control's new value. What cannot be is refused with a message, and everything stays as it was."""
        switched = for_model(self.settings, changes["model"]) if "model" in changes else self.settings
        wanted = replace(switched, **changes)
        if wanted == self.settings:
            return
        self.messages = []
        self._adopt(wanted, changes.keys())

    def _adopt(self, wanted: Settings, changed: Any) -> None:
        at = self.player.cursor
        try:
            if changed <= {"m_step", "count"}:
                # another way to go on: what has been made stays
                self.run.cycle = wanted.cycle
            elif changed == {"step"}:
                self._change_step(wanted, at)
                return
            elif changed <= {"x_axis", "y_axis"}:
                self.run = EmRun.of(wanted, self.run.moves)
            else:
                wanted = (
                    replace(wanted, given=None) if "data" in changed or "model" in changed else wanted.without_start()
                )
                self._begin(wanted)
        except InvalidExperiment as error:
            self.messages.append(str(error))
            return
        self.settings = wanted

    def _change_step(self, wanted: Settings, at: int) -> None:
        """Another step size: gradient steps already made keep theirs, so the run goes on from here as a fork."""
        if "G" in self.run.moves:
            wanted = replace(wanted, given={**(wanted.given or {}), "start": self.run.fork(at)})
            self._begin(wanted)
        else:
            self.run = EmRun.of(wanted, self.run.moves)
        self.settings = wanted

    def act(self, act: dict[str, Any]) -> None:
        """What the reader asked for on the stage."""
        self.messages = []
        try:
            if self.player.answer(self.run, act):
                return
            at = min(self.player.cursor, len(self.run) - 1)
            what = act["act"]
            if what == "move":
                self.player.go(self.run.move(act["letter"], at))
            elif what == "reset":
                self._begin(self.settings.without_start())
            elif what == "random":
                seed = self.settings.seed + 1
                self._begin(replace(self.settings.without_start(), start="random", seed=seed))
            elif what == "drag":
                start = self.run.dragged(at, act["handle"], act["x"], act["y"])
                self._begin(replace(self.settings, given={**(self.settings.given or {}), "start": start}))
        except InvalidExperiment as error:
            self.messages.append(str(error))

    def open_file(self, text: str) -> None:
        """Take an experiment file's contents as the run. Raises `InvalidExperiment`."""
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidExperiment("file", text[:40], f"JSON ({error})") from None
        settings, moves = Settings.of_experiment(raw)
        self._begin(settings, moves)

    def file(self) -> str:
        """The experiment on the page, as a file that replays to the same numbers."""
        return json.dumps(self.run.json(), indent=1)

    def write_address(self) -> None:
        """Make the address that of this view."""
        query = to_query(self.settings, self.run.moves, self.player.cursor)
        too_long = len(query.get("given", "")) > LONGEST_LINK
        if too_long:
            query = {}
        if dict(st.query_params) != query:
            st.query_params.from_dict(query)

    def _begin(self, settings: Settings, moves: str = "") -> None:
        self.run = EmRun.of(settings, moves)
        self.settings = settings
        self.player.go(0 if not moves else len(self.run) - 1)


def current() -> Session:
    """This reader's session, opened from the address the first time."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = _opened(dict(st.query_params))
    return st.session_state[_KEY]


def _opened(query: dict[str, str]) -> Session:
    settings, moves, cursor, messages = from_query(query)
    for attempt, word in ((settings, moves), (replace(settings, given=None), ""), (Settings(), "")):
        try:
            session = Session(attempt, EmRun.of(attempt, word), messages=messages)
            break
        except InvalidExperiment as error:
            messages.append(f"Link: {error}. The defaults are shown instead.")
    else:
        raise AssertionError("the defaults describe a run")
    last = len(session.run) - 1
    session.player.go(last if cursor is None else min(cursor, last))
    return session


@st.fragment
def animate(session: Session) -> None:
    """The stage with the run on it. Stepping reruns this part of the page alone."""
    act = session.player.listen("stage")
    if act is not None:
        session.act(act)
    session.write_address()
    for message in session.messages:
        st.warning(message)
    session.player.show(session.run, "stage")
