"""The sidebar of the race."""

from __future__ import annotations

import streamlit as st

from em_core import schedule
from em_core.kinds import MOVES
from em_core.observe.rivals import RIVAL_TURNS
from ui import controls, sidebar
from ui.em.settings import SIZES
from ui.notices import plain
from ui.race.session import RaceSession
from ui.race.settings import presets

_ABOUT = r"""
All runs begin at one $\theta$, and at one $q$. **Half-steps** count moves; **passes** count what they cost: how often
they went over all the data.

**A larger M-step opens a larger gap**: from the same $q$, the further $\theta$ moves, the further $q$ falls behind.

**EG is gradient ascent on $\log p$.** At $q=p(h\mid v;\theta)$ the bound touches $\log p$, so both have one gradient:
$\nabla_\theta\mathcal L(q,\theta)=\nabla_\theta\log p(v;\theta)$. The rings (○) are gradient ascent on $\log p$ itself,
made from differences of $\log p$, without any $q$.

**SQUAREM** takes two steps of EM, leaps further along them, and makes one step of EM from there; a leap that would
lower $\log p$ is taken back. **Over-relaxed EM** goes $\omega$ times as far as M, and nothing keeps $\log p$ from
falling.
"""


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
    st.divider()
    _model(session)
    sidebar.experiment_file(session)
    plain(f'python -m em_core race experiment.json --schedules "{",".join(settings.racing)}"')
    sidebar.about("What races, and what it costs", _ABOUT, expanded=False)
    sidebar.keys()


def _model(session: RaceSession) -> None:
    settings = session.settings
    controls.show(session, "model")
    imported = sidebar.imported("Your own data, from a file.", "Back to the built-in data", session=session)
    if not imported:
        controls.show(session, "data")
        if settings.data == "blobs":
            with st.expander("Points and clusters"):
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
