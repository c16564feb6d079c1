"""The sidebar of the posterior page."""

from __future__ import annotations

import streamlit as st

from ui import controls, sidebar
from ui.posterior import words
from ui.posterior.session import PosteriorSession


def show(session: PosteriorSession) -> None:
    """One unit or two, λ and β, the signal and its atoms, the width of q."""
    controls.show(session, "units", "penalty", "precision")
    if not sidebar.imported(words.OWN_SIGNAL, words.BACK, session=session):
        controls.show(session, *{"one": ("v", "w"), "two": ("v1", "v2", "angle")}[session.settings.units])
    st.divider()
    controls.show(session, "width")
    st.caption(words.RING)
    sidebar.experiment_file(session)
    sidebar.about(words.ABOUT, words.MODEL)
    sidebar.keys()
