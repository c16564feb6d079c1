"""What one reader has in hand on a page: settings, run and place. Only this file writes session state and address."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from threading import RLock
from typing import Any, ClassVar, Self, TypeVar

import streamlit as st

from em_core.files.errors import InvalidExperiment
from ui import limits, stage
from ui.links import LONGEST_LINK, Limit
from ui.notices import notice
from ui.player import AUTOMATIC, Player
from ui.stage import acts

# query parameters
Query = dict[str, str]
# the query that a session was opened with, and what its address was then
Link = tuple[Query, Query]


class Session:
    """One reader's page. Each page has a subclass that says what its settings and its acts mean.

    `messages` are shown above the stage until the reader does something else.
    """

    key: ClassVar[str]
    limits: ClassVar[Mapping[str, Limit]]
    # the settings that say what is looked at: for each of their values, and for each opened file, the browser's history
    # has an entry of its own
    subject: ClassVar[tuple[str, ...]]

    def __init__(self, settings: Any, run: Any, messages: list[str]) -> None:
        self.settings = settings
        self.run = run
        self.player = Player()
        self.messages = messages
        # Streamlit may start a second thread for this reader while the first still computes
        self.lock = RLock()
        self.shown = settings  # in the sidebar
        self._link: Link | None = None
        self._viewed: list[Any] | None = None

    # --- what a page says ---------------------------------------------------------------------------------------
    def wanted(self, changes: dict[str, Any]) -> Any:
        """The settings with a control's new value."""
        raise NotImplementedError

    def begin(self, settings: Any) -> None:
        """Start a run. Raises `InvalidExperiment`, and then everything stays as it was."""
        raise NotImplementedError

    def adopt(self, wanted: Any, changed: set[str]) -> None:
        """Go over to these settings. Raises `InvalidExperiment`, and then everything stays as it was."""
        raise NotImplementedError

    def own(self, act: dict[str, Any], at: int) -> None:
        """Do an act of the page's own at half-step `at`. Raises `InvalidExperiment`."""
        raise NotImplementedError

    def open(self, raw: Any) -> None:
        """Take an experiment file as the run. Raises `InvalidExperiment`."""
        raise NotImplementedError

    def query(self) -> Query:
        """The view as query parameters."""
        raise NotImplementedError

    @classmethod
    def opened(cls, query: Query) -> Self:
        """The session that an address describes; what makes no sense there becomes a message."""
        raise NotImplementedError

    # --- what all pages share -----------------------------------------------------------------------------------
    @classmethod
    def starting(
        cls,
        attempts: Iterable[tuple[Any, Any]],
        run_of: Callable[[Any, Any], Any],
        cursor: int | None,
        messages: list[str],
    ) -> Self:
        """A session with the first settings whose run can be made, at its end or at `cursor`; says what could not.

        attempts: settings, each with what `run_of` needs besides; the last of them are sure to work.
        """
        for settings, rest in attempts:
            try:
                session = cls(settings, run_of(settings, rest), messages)
            except InvalidExperiment as error:
                messages.append(f"Link: {error}. The defaults are shown instead.")
                continue
            session.player.reopen(session.run, cursor)
            return session
        raise AssertionError("the defaults describe a run")

    def change(self, **changes: Any) -> None:
        """Take a control's new value. What cannot be is refused with a message, and everything stays as it was."""
        with self.lock:
            wanted = self.wanted(changes)
            if wanted == self.settings:
                return
            self.messages = []
            try:
                self.check(wanted)
                self.adopt(wanted, set(changes))
            except InvalidExperiment as error:
                self.messages.append(str(error))

    def act(self, act: dict[str, Any]) -> None:
        """What the reader asked for on the stage."""
        with self.lock:
            if act["act"] not in AUTOMATIC:
                self.messages = []
            try:
                fit = acts.fitting(act, self.run, self.player.turn)
                if fit is not None and not self.player.answer(self.run, fit):
                    self.own(fit, min(self.player.cursor, len(self.run) - 1))
            except InvalidExperiment as error:
                self.messages.append(str(error))

    def check(self, settings: Any) -> None:
        """Refuse a number that the page's controls do not reach. Raises `InvalidExperiment`."""
        for name, limit in self.limits.items():
            limit.check(name, getattr(settings, name))

    def attempt(self, deed: Callable[[], None]) -> None:
        """Do what a button asks for. What cannot be is refused with a message, and everything stays as it was."""
        with self.lock:
            self.messages = []
            try:
                deed()
            except InvalidExperiment as error:
                self.messages.append(str(error))

    def drop_file(self) -> None:
        """Give up the data that a file brought along, and go back to what the controls say.

        These may not suit the shipped data: more factors than columns, say.
        """
        self.attempt(lambda: self.begin(replace(self.settings, given=None)))

    def open_file(self, content: bytes) -> None:
        """Take an experiment file's contents as the run. Raises `InvalidExperiment`."""
        limits.check_file(content)
        text = content.decode("utf-8", errors="replace")
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidExperiment("file", text[:40], f"JSON ({error})") from None
        with self.lock:
            self.open(raw)

    def file(self) -> str:
        """The experiment on the page, as a file that replays to the same numbers."""
        with self.lock:
            return json.dumps(self.run.json(), indent=1)

    @property
    def linkable(self) -> bool:
        """Whether the view fits an address."""
        with self.lock:
            return _fits(self.query())

    @property
    def address(self) -> Query:
        """The view as the address holds it; one that is too long to be a link stays bare."""
        with self.lock:
            query = self.query()
        return query if _fits(query) else {}

    def write_address(self) -> None:
        """Make the address that of this view. A link that says the same in other words is left as it is."""
        viewed = [*(getattr(self.settings, name) for name in self.subject), (self.settings.given or {}).get("data")]
        if self._viewed is not None and viewed != self._viewed:
            self.player.entry += 1
        self._viewed = viewed
        present, wanted = dict(st.query_params), self.address
        if present != wanted and self._link != (present, wanted):
            st.query_params.from_dict(wanted)

    @classmethod
    def at(cls, link: Query, before: Self | None) -> Self:
        """The session that a link describes, in place of the one before."""
        session = cls.opened(link)
        if before is not None:
            session.player.turn += before.player.turn  # the browser goes where the link says
            session.player.entry = before.player.entry
        session._link = link, session.address
        return session

    def is_at(self, link: Query) -> bool:
        """Whether this is the view that a link describes."""
        address = self.address
        return link == address or self._link == (link, address)


def _fits(query: Query) -> bool:
    return len(query.get("given", "")) <= LONGEST_LINK


S = TypeVar("S", bound=Session)


def known(kind: type[S]) -> S | None:
    """This reader's session on another page, where they have been there."""
    return st.session_state.get(kind.key)


def current(kind: type[S]) -> S:
    """This reader's session on a page: from the address the first time, and when the browser comes back to one."""
    place = st.empty()  # there in every run, so that what follows keeps its place on the page
    link, session = dict(st.query_params), known(kind)
    if session is None or (stage.returning() and not session.is_at(link)):
        with place, st.spinner("Computing the run of this link …"):
            session = st.session_state[kind.key] = kind.at(link, session)
    session.shown = session.settings
    return session


@st.fragment
def animate(session: Session) -> None:
    """The stage with the run on it. Stepping reruns this part of the page alone."""
    session = known(type(session)) or session  # Back may have put another in its place since the page last ran
    place = f"stage.{session.key}"
    # a run that Streamlit stops in one of its own calls lets go of the lock, and has changed nothing by halves
    with session.lock:
        act = session.player.listen(place, len(session.run) - 1)
        if act is not None:
            session.act(act)
        # the whole page: the sidebar shows the settings too. Besides an act, a control may have changed them: touched
        # in the same moment as the stage asks, it is sent along, and this part of the page runs alone
        if session.settings is not session.shown:
            st.rerun()
        session.write_address()
        for message in session.messages:
            notice("warning", message)
        session.player.show(session.run, place)
