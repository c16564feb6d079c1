"""What the reader takes away from a page: its run as files, each made when its button is pressed."""

from __future__ import annotations

from functools import partial
from threading import BoundedSemaphore

import streamlit as st

from em_core.files.errors import InvalidExperiment
from ui import limits, words
from ui.export.kinds import KINDS, Asked, Kind
from ui.export.runs import Shown
from ui.notices import notice, plain
from ui.session import Session

# however many readers press at once, so many files are made at a time: who steps has the rest of the processor
_WRITERS = BoundedSemaphore(limits.WRITERS)
# seconds between two looks at whether a file is there
_LOOK = 0.5


@st.fragment
def buttons(session: Session) -> None:
    """One for each kind of file; what is to be said of one stands below them."""
    st.download_button(
        words.SAVE, session.file, "experiment.json", "application/json", on_click="ignore", width="stretch"
    )
    for kind in KINDS:
        if not kind.label or (session.takes is not None and kind.name not in session.takes):
            continue
        with session.lock:
            why = kind.refused(session.run)
        st.download_button(
            kind.label,
            partial(taken, session, kind),
            kind.file,
            kind.mime,
            key=f"{session.key}.take.{kind.name}",
            disabled=bool(why),
            on_click=session.taking.ask,
            width="stretch",
        )
        if why:
            plain(why)
    if session.taking.busy:
        _watch(session)
    for line in session.taking.said:
        notice("warning", line)
    session.taking.settle()


@st.fragment(run_every=_LOOK)
def _watch(session: Session) -> None:
    """What is said while a file is being made; then the buttons are shown anew, with what came of it."""
    busy = session.taking.busy
    if busy:
        plain(words.WRITING)
    session.taking.settle()
    if not busy:
        st.rerun()


def taken(session: Session, kind: Kind) -> str | bytes:
    """The run on the page as a file that opens at the half-step in view, made on a run of its own.

    The session is held no longer than it takes to say what is on its tape. Raises `InvalidExperiment`, and the page
    then says why.
    """
    with session.lock:
        settings, tape, raw = session.settings, session.run.taped, session.run.json()
        at = session.player.within(session.run)
        session.taking.begin()
    try:
        with _WRITERS:
            asked = Asked(at=at)
            if kind.show is None:
                written = kind.make(raw, asked)
            else:
                written = kind.show(Shown(session.runs.of(settings, *tape), [], settings), asked)
        session.taking.said = [words.beside_file(kind.label, message) for message in written.messages]
        return written.content
    except InvalidExperiment as error:
        session.taking.said = [words.untaken(kind.label, error)]
        raise
    finally:
        with session.lock:
            session.taking.end()
