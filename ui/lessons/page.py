"""What of a lesson stands around the stage: the text of its step, and the few controls in sight."""

from __future__ import annotations

import streamlit as st

from ui import controls, frame
from ui.lessons import words
from ui.session import Session

# controls of a lesson that have their place in the sidebar, each with the settings that it shows where a page has them
_OF_THE_SIDEBAR = {
    "schedule": ("plan",),
    "start": ("start", "seed"),
    "data": ("data", "signal", "dictionary", "number", "units"),
    "settings": ("components", "penalty", "precision", "solver", "width", "atoms"),
}


def text(session: Session) -> None:
    """The step in words."""
    if session.taught:
        lesson, step = session.taught.lesson, session.taught.step
        st.markdown(f"**{lesson.title}**\n\n{step.text}")


def button(session: Session) -> None:
    """The way to the lessons from a free page."""
    st.button(words.LESSONS, on_click=session.act, args=({"act": "lessons"},), width="stretch")


def sidebar(session: Session) -> bool:
    """The controls that a step leaves in sight; whether the page's own are to stay away."""
    taught = session.taught
    if taught is None or taught.everything:
        return False
    wanted = [] if taught.locked else [name for name in _OF_THE_SIDEBAR if name in taught.step.controls]
    if not wanted:
        frame.alone()
        return True
    known = session.settings.declared()
    for control in wanted:
        controls.show(session, *(name for name in _OF_THE_SIDEBAR[control] if name in known))
    return True
