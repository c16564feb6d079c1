"""The sidebar of the race."""

from __future__ import annotations

import streamlit as st

from em_core import schedule
from em_core.kinds import MOVES
from em_core.observe.rivals import RIVAL_TURNS
from ui import controls, sidebar
from ui.em.settings import SIZES
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
    _model(session)
    sidebar.experiment_file(session)
    plain(words.command(settings.racing))
    sidebar.about(words.ABOUT, words.MODEL, expanded=False)
    sidebar.keys()


def _model(session: RaceSession) -> None:
    settings = session.settings
    controls.show(session, "model")
    imported = sidebar.imported(words.OWN_DATA, words.BACK, session=session)
    if not imported:
        controls.show(session, "data")
        if settings.data == "blobs":
            with st.expander(words.POINTS):
                controls.show(session, *settings.named("blobs").values())
    if settings.model in SIZES:
        controls.one(session, "components", SIZES[settings.model].label)
    controls.show(session, *settings.named(settings.model).values())
    if settings.can_standardize:
        controls.show(session, "standardize")
    dataset = settings.dataset()
    if dataset is not None and dataset.start is not None and not imported:
        controls.show(session, "start")
    controls.show(session, "seed")
