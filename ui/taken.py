"""What the reader takes away from a page: its run as files, each made when its button is pressed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from em_core.work import Progress, part
from ui import handing, words
from ui.export.kinds import KINDS, MADE, Asked, Kind, making
from ui.export.runs import made
from ui.export.written import Written
from ui.notices import notice, plain
from ui.session import Session
from ui.taking import Order

# seconds between two looks at how far a file is, and in which a small one is there at once
_LOOK, _AT_ONCE = 0.5, 0.2


@st.fragment
def buttons(session: Session) -> None:
    """One for each kind of file; how far the one is that is being made, and what is to be said of it, below them."""
    st.button(words.SAVE, key=f"{session.key}.take.experiment", on_click=partial(save, session), width="stretch")
    for kind in KINDS:
        if not kind.label or (session.takes is not None and kind.name not in session.takes):
            continue
        with session.lock:
            why = kind.refused(session.run)
        st.button(
            kind.label,
            key=f"{session.key}.take.{kind.name}",
            disabled=bool(why),
            on_click=partial(take, session, kind),
            width="stretch",
        )
        if why:
            plain(why)
    if session.taking.busy:
        _watch(session)
    for line in session.taking.said:
        notice("warning", line)


@st.fragment(run_every=_LOOK)
def _watch(session: Session) -> None:
    """How far the file is that is being made, and the way to stop it; one that is there goes to the browser."""
    taking = session.taking
    label, ready = taking.label, taking.ready
    if label is not None:
        st.progress(min(max(taking.share, 0.0), 1.0), words.writing(label, taking.share))
        st.button(words.STOP, key=f"{session.key}.take.stop", on_click=taking.stop, help=words.STOP_HELP)
    if ready is not None:
        handing.hand(ready)
    if label is None and ready is None:
        st.rerun()


def take(session: Session, kind: Kind) -> None:
    """Have the run on the page made once more, as a file that opens at the half-step in view.

    The session is held no longer than it takes to say what is on its tape.
    """
    with session.lock:
        settings, tape, raw = session.settings, session.run.taped, session.run.json()
        asked = Asked(at=session.player.within(session.run), **session.run.exported)
    work = partial(_made, session, kind, settings, tape, raw, asked)
    _ask(session, Order(kind.label, kind.file, kind.mime, work, (session.key, settings, tape, asked)))


def save(session: Session) -> None:
    """Have the experiment on the page as a file."""
    content = session.file()

    def work() -> Progress[Written]:
        yield 1
        return Written(content)

    _ask(session, Order(words.SAVE, "experiment.json", "application/json", work, content))


def _ask(session: Session, order: Order) -> None:
    session.taking.ask(order, _here())
    session.taking.wait(_AT_ONCE)


def _made(session: Session, kind: Kind, settings: object, tape: tuple, raw: object, asked: Asked) -> Progress[Written]:
    if kind.show is None:
        return (yield from making(kind.make(raw, asked)))
    shown = yield from part(made(session.runs, settings, tape), 0, MADE)
    return (yield from part(making(kind.show(shown, asked)), MADE, 1))


def _here() -> Callable[[], bool]:
    """Whether the browser that the page now runs for is still connected."""
    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return lambda: True
    return partial(runtime.get_instance().is_active_session, context.session_id)
