"""What one reader has in hand on a page: settings, run and place. Only this file writes the address.

Session state holds, besides the sessions themselves, what widgets show (`ui/controls.py`) and what the browser said
(`ui/stage/`): nobody else touches it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import RLock
from typing import Any, ClassVar, Self, TypeVar
from urllib.parse import urlencode

import streamlit as st

from em_core.files.errors import InvalidExperiment
from ui import frame, limits, stage, words
from ui.comparing import Comparing
from ui.filed import Filed
from ui.foresight import Foreseeing, Foresight
from ui.lessons.learning import Learning, at_link, lesson_session
from ui.look import Look
from ui.notices import notice
from ui.otherwise import SETTING, Pulling
from ui.past import Past, View
from ui.player import AUTOMATIC, Player
from ui.room.chosen import store
from ui.room.desk import Hosting
from ui.room.leading import Leading
from ui.settings import SEEDS, Settings, fits
from ui.stage import acts
from ui.taking import Taking

# query parameters
Query = dict[str, str]
# the query that a session was opened with, and what its address was then
Link = tuple[Query, Query]


class Session(Comparing, Filed, Foreseeing, Leading, Learning, Pulling):
    """One reader's page. Each page has a subclass that names its settings and its run, and says what is its own.

    The road of an act: `act` reads it, the player has the run do it (`Player.answer`), or else another run begins
    (`own`). That of a control: `change` finds what its settings declare (`Settings.change`), and does it: `goes_on`,
    `redraws`, `forks`, `restarts`.

    `messages` are shown above the stage until the reader does something else.
    """

    key: ClassVar[str]
    kind: ClassVar[type[Settings]]
    # with `reopening(settings, *tape)`, `read(query)` and `cut_short(*tape)` as in `ui/tape.py`
    runs: ClassVar[Any]
    # the settings that say what is looked at: for each of their values, and for each opened file, the browser's history
    # has an entry of its own
    subject: ClassVar[tuple[str, ...]]
    # the overrides that a new random start gives up
    starts: ClassVar[tuple[str, ...]] = ("start",)
    # the kinds of files, by name, that its run can be saved as besides the experiment; None: all
    takes: ClassVar[tuple[str, ...] | None] = None
    # its address where nothing else is to be said
    plain: ClassVar[Query] = {}

    def __init__(self, settings: Any, run: Any, messages: list[str]) -> None:
        self.settings = settings
        self.run = run
        self.player = Player()
        self.messages = messages
        self.taking = Taking()
        self.hosting = Hosting(store)
        self._before = -1  # the last turn of the session that this one stands in the place of
        # Streamlit may start a second thread for this reader while the first still computes
        self.lock = RLock()
        self.shown = settings  # in the sidebar
        self.past = Past()
        self.foresight = Foresight()
        self._same = False  # whether what was done last left the run as it was
        self._link: Link | None = None
        self._viewed: list[Any] | None = None

    # --- what a page says ---------------------------------------------------------------------------------------
    def another(self, act: dict[str, Any], at: int) -> Any:
        """The settings of the run that begins with an act of the page's own, done at half-step `at`.

        Reset begins again; a new random start gives up the starts that were dragged, opened or taken along, and draws
        with the next seed. Raises `InvalidExperiment`.
        """
        if act["act"] == "random":
            return replace(self.settings.without(*self.starts), seed=(self.settings.seed + 1) % SEEDS)
        return self.settings

    def wanted(self, changes: dict[str, Any]) -> Any:
        """The settings with a control's new value."""
        return self.settings.taking(changes)

    # --- a run in place of the one before: each raises `InvalidExperiment`, and then everything stays as it was ---
    def begin(self, settings: Any, *tape: Any) -> None:
        """Start a run."""
        self.run = self.runs.reopening(settings, *tape)
        self.settings = settings
        self.player.reopen(self.run)

    def own(self, act: dict[str, Any], at: int) -> None:
        """Do an act of the page's own at half-step `at`."""
        self.begin(self.another(act, at))

    def goes_on(self, wanted: Any, changed: set[str]) -> None:
        """Another way to go on: what has been made stays."""
        self.run.follow(wanted.plan)
        self.settings = wanted
        if made := len(self.run) - 1:
            self.player.aside = words.FOLLOWS.format(made)
        if self.player.due is not None:  # a tape that was being opened again ends where it is
            self.player.go(len(self.run) - 1)

    def redraws(self, wanted: Any, changed: set[str]) -> None:
        """The same half-steps, shown otherwise."""
        self._same = True
        before, self.run = self.run, self.runs.reopening(wanted, *self.run.taped)
        self.run.remember(before)
        self.settings = wanted
        self.player.reopen(self.run, self.player.place)

    def forks(self, wanted: Any, changed: set[str]) -> None:
        """Go on from the half-step in view."""
        raise NotImplementedError

    def restarts(self, wanted: Any, changed: set[str]) -> None:
        """Begin anew."""
        self.begin(wanted)

    def open(self, raw: Any) -> None:
        """Take an experiment file as the run."""
        settings, *tape = self.kind.of_experiment(raw)
        self.begin(settings, *tape)
        self.messages = self.runs.cut_short(*tape)

    # --- what all pages share -----------------------------------------------------------------------------------
    def query(self) -> Query:
        """The view as query parameters."""
        return self._with_kept(self.query_at(self.run, self.player.place))

    @classmethod
    def opened(cls, query: Query) -> Self:
        """The session that an address describes, at its end or at its cursor.

        What makes no sense there becomes a message; a run that cannot be made is one without overrides, or the default.
        """
        settings, messages = cls.kind.of_query(query)
        tape, cursor = cls.runs.read(query, messages)
        messages += cls.runs.cut_short(*tape)
        look = Look.of_query(query, messages)
        for attempt, made in ((settings, tape), (settings.bare(), ()), (cls.kind(), ())):
            try:
                session = cls(attempt, cls.runs.reopening(attempt, *made), messages)
            except InvalidExperiment as error:
                if (said := words.link(error, words.DEFAULTS)) not in messages:
                    messages.append(said)
                continue
            session.player.reopen(session.run, cursor)
            session.player.look = look
            session._take_kept(query)
            return session
        raise AssertionError("the defaults describe a run")

    def change(self, **changes: Any) -> None:
        """Take a control's new value. What cannot be is refused with a message, and everything stays as it was."""
        with self.lock:
            if self.wanted(changes) != self.settings and self.open_to({"act": "change"}):
                self.attempt(lambda: self._adopt(changes))

    def _adopt(self, changes: dict[str, Any]) -> None:
        """Do what is declared of these settings, where they are others. Raises `InvalidExperiment`."""
        wanted = self.wanted(changes)
        if wanted == self.settings:
            return
        wanted.check()
        changed = wanted.changed(self.settings) | (wanted.declared().keys() & changes)
        change = wanted.change(changed)
        getattr(self, change.does)(wanted.without(*change.ends), changed)

    def act(self, act: dict[str, Any]) -> None:
        """What the reader asked for on the stage."""
        if self.lead(act) or self.learn(act):
            return
        looked = act["act"] in {*AUTOMATIC, "inside"} or act.get("live")  # a link leads inside by itself
        self.attempt(lambda: self._do(act), fresh=not looked)

    def _do(self, act: dict[str, Any]) -> None:
        fit = acts.fitting(act, self.run, self.player.turn)
        if fit is None:
            return
        if fit["act"] == "drag" and fit["handle"].startswith(SETTING):
            self._pull(fit["handle"].removeprefix(SETTING), fit)
        elif self.player.answer(self.run, fit):
            self.foresee(fit)
        elif fit["act"] in ("undo", "redo"):
            self._turn(fit["act"])
        elif fit["act"] == "compare":
            self._compare()
        else:
            # a hand is where the reader saw it; what a button says, where they stand
            self.own(fit, fit["at"] if "handle" in fit or "figure" in fit else self.player.within(self.run))

    @property
    def view(self) -> View:
        """What the run on the page is made from."""
        return View(self.settings, self.run.taped, self.player.place)

    def keeping(self, deed: Callable[[], None]) -> None:
        """Do something. A run that has another in its place afterwards, or was changed by hand, can be had back."""
        before, run, seen, self._same = self.view, self.run, self.run.seen(), False
        deed()
        self._stand_beside()
        replaced = self.run is not run
        if self._same or not (replaced or self.run.changed(before.tape)):
            return
        self.past.leave(before)
        if len(seen) > 1 if replaced else self.run.lacks(before.tape):
            self.player.aside = words.ASIDE
        self.run.recall(seen)

    def _turn(self, act: str) -> None:
        """Undo, or redo: go to a run that was left."""
        view = self.past.turn(act, self.view)
        if view is None:
            return
        seen, self._same = self.run.seen(), True
        self.run = self.runs.reopening(view.settings, *view.tape)
        self.settings = view.settings
        self.run.recall(seen)
        self.player.reopen(self.run, view.cursor)

    def attempt(self, deed: Callable[[], None], fresh: bool = True) -> None:
        """Do something. What cannot be is refused with a message, and everything stays as it was.

        fresh: whether the messages of before go.
        """
        with self.lock:
            if fresh:
                self.messages, self.player.aside = [], ""
            try:
                self.keeping(deed) if fresh else deed()
                if not fresh:
                    self._stand_beside()  # a kept run may have been made to its end
            except InvalidExperiment as error:
                self.messages.append(str(error))

    def left(self, stale: bool = False) -> bool:
        """Whether the browser speaks from the view before this one, which it has left.

        With all that it says it tells what its controls hold: those of that view are no change of this one's settings.
        stale: whether the control that speaks holds what it held there.
        """
        turn = stage.speaking(f"stage.{self.key}")
        self.catch_up(stage.telling(f"stage.{self.key}"))
        return turn is not None and (stale or turn <= self._before)

    @property
    def linkable(self) -> bool:
        """Whether the view fits an address."""
        with self.lock:
            return fits(self.query())

    @property
    def address(self) -> Query:
        """The view as the address holds it; one that is too long to be a link stays bare."""
        with self.lock:
            query = self.query()
        return self.explicit(query if fits(query) else {})

    def write_address(self) -> None:
        """Make the address that of this view. A link that says the same in other words is left as it is."""
        viewed = [*(getattr(self.settings, name) for name in self.subject), self.settings.overrides.data]
        if self._viewed is not None and viewed != self._viewed:
            self.player.entry += 1
        self._viewed = viewed
        query = self.query()
        self.player.linked = fits(query)
        present, wanted = dict(st.query_params), self.explicit(query if self.player.linked else {})
        kept = self._link == (present, wanted)
        self.player.bare = urlencode(wanted) if kept and not present else ""
        # a run that was on its way when the browser came back may have written the address of the view before
        if stage.returning() or (present != wanted and not kept):
            st.query_params.from_dict(present if kept else wanted)

    @classmethod
    def at(cls, link: Query, before: Self | None, fresh: bool = False) -> Self:
        """The session that a link describes, in place of the one before; that of another page, where a lesson is there.

        fresh: whether the bare address means the first lesson.
        """
        session = at_link(cls, link, fresh) or cls.opened(link)
        if type(session) is not cls:  # a lesson that leads to another page
            return session
        session.replaces(before)
        session._link = link, session.address
        return session

    def replaces(self, before: Self | None) -> None:
        """Take the place of the session before: the browser goes where this one says."""
        if before is not None:
            self.player.follow(before.player)
            self._before = before.player.turn

    def is_at(self, link: Query) -> bool:
        """Whether this is the view that a link describes."""
        address = self.address
        return link == address or self._link == (link, address)


S = TypeVar("S", bound=Session)


def known(kind: type[S]) -> S | None:
    """This reader's session on another page, where they have been there."""
    return st.session_state.get(kind.key)


def current(kind: type[S]) -> S:
    """This reader's session on a page: from the address the first time, and when the browser comes back to one."""
    link, session = dict(st.query_params), known(kind)
    if session is None or (stage.returning() and not session.is_at(link)):
        fresh = stage.returning() or not any(name in st.session_state for name, _ in frame.PAGES)
        fresh = fresh and not st.context.is_embedded
        with frame.waiting(), st.spinner(words.OPENING_LINK):
            session = kind.at(link, session, fresh)
        if type(session) is not kind:
            visit(session)
        st.session_state[kind.key] = session
    session.shown = session.settings
    # one for all pages: who looks at another one meanwhile can see and stop what is made, and gets it there
    session.taking = st.session_state.setdefault("taking", session.taking)
    session.hosting = st.session_state.setdefault("hosting", session.hosting)
    return session


def visit(session: Session, entry: bool = False) -> None:
    """Go to another page, with this session in place of the reader's own there.

    entry: whether the browser's Back is to lead back.
    """
    session.replaces(known(type(session)))
    session.player.entry += entry
    st.session_state[session.key] = session
    # with its address at once: written later, it would be one more entry of the browser's history
    st.switch_page(frame.script(session.key), query_params=session.address)


@st.fragment
def animate(session: Session) -> None:
    """The stage with the run on it. Stepping reruns this part of the page alone."""
    session = known(type(session)) or session  # Back may have put another in its place since the page last ran
    place = f"stage.{session.key}"
    # a run that Streamlit stops in one of its own calls lets go of the lock, and has changed nothing by halves
    with session.lock:
        session.catch_up(stage.asked(place).act)
        act = session.player.listen(place, len(session.run) - 1)
        if act is not None:
            session.act(act)
            if act["act"] == "controls":
                st.rerun()  # the whole page
        if session.leading:
            visit(lesson_session(session), entry=True)
        # a browser that has no stage yet loads one while the tape is opened again, and then asks for what was made
        loading, reopening = not session.player.sent, session.player.reopening
        if loading or not reopening:
            _show(session, place)
    if not reopening:
        return
    # a message costs as much as a slice: a tape that is opened again goes on for a few, others in between
    for _ in range(limits.SLICES - 1):
        with session.lock:
            if not session.player.go_on(session.run):
                break
    if not loading:
        with session.lock:
            _show(session, place)


def _show(session: Session, place: str) -> None:
    """Send what the browser lacks; under the lock that its act was answered under."""
    # the whole page: the sidebar shows the settings too. Besides an act, a control may have changed them: touched in
    # the same moment as the stage asks, it is sent along, and this part of the page runs alone
    if session.settings is not session.shown:
        st.rerun()
    session.settle()
    session.write_address()
    session.player.idle = session.past.idle
    for message in session.messages:
        notice("warning", message)
    session.tell_ahead()
    session.player.lesson, session.player.room = session.lesson(), session.room()
    session.player.show(session.run, place)
