"""The sidebar of many starts."""

from __future__ import annotations

import streamlit as st

from em_core import schedule
from em_core.kinds import MOVES
from ui import controls, sidebar
from ui.em import subject
from ui.notices import plain
from ui.starts import words
from ui.starts.session import StartsSession


def show(session: StartsSession) -> None:
    """How many, by which schedule, then model, data and the first seed."""
    settings = session.settings
    controls.show(session, "number")
    named = {title: {"plan": plan} for title, plan in session.schedules.items()}
    controls.word(session, "plan", "Schedule", named, session.preset)
    for letter in dict.fromkeys(schedule.expand(settings.plan, MOVES)):
        controls.show(session, *settings.named(f"moves.{letter}").values())
    st.divider()
    subject.show(session, words)
    sidebar.experiment_file(session)
    plain(words.command(settings.number))
    sidebar.about(words.ABOUT, words.MODEL, expanded=False)
    sidebar.keys()
