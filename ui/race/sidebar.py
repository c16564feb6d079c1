"""The sidebar of the race."""

from __future__ import annotations

import streamlit as st

from em_core import schedule
from em_core.kinds import MOVES
from em_core.observe.rivals import RIVAL_TURNS
from ui import controls, sidebar
from ui.em import subject
from ui.em.sidebar import rates
from ui.notices import plain
from ui.race import words
from ui.race.session import RaceSession
from ui.race.settings import presets


def show(session: RaceSession) -> None:
    """Schedules, then model, data and start."""
    settings = session.settings
    named = presets(settings.model)
    controls.word(
        session, "words", "Schedules", {title: {"words": words} for title, words in named.items()}, session.preset
    )
    plain(settings.words)
    letters = "".join(schedule.expand(word, MOVES) for word in settings.racing if word not in RIVAL_TURNS)
    for letter in dict.fromkeys(letters):
        controls.show(session, *settings.named(f"moves.{letter}").values())
    if "over_relaxed" in settings.racing:
        controls.show(session, "omega")
    rates(session)
    st.divider()
    subject.show(session, words)
    sidebar.experiment_file(session)
    plain(words.command(settings.racing))
    sidebar.about(words.ABOUT, words.MODEL, expanded=False)
    sidebar.keys()
