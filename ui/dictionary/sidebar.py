"""The sidebar of the dictionary page."""

from __future__ import annotations

import streamlit as st

from ui import controls, sidebar
from ui.dictionary import words
from ui.dictionary.session import DictionarySession

# the settings of each kind of pictures
_SHOWN = {"bars": ("points", "bars"), "patches": ("points", "preparation"), "digits": ()}


def show(session: DictionarySession) -> None:
    """Data, atoms, λ and β, what holds the atoms, the two starts."""
    if not sidebar.imported(words.OWN_PICTURES, words.BACK, session=session):
        controls.show(session, "data", *_SHOWN[session.settings.data])
    if st.button(words.BRING, width="stretch"):
        from ui.own import picture  # with it come pandas and Pillow, which few readers need

        picture.ask_pictures(session)
    st.divider()
    controls.show(session, "atoms", "penalty", "precision", "norm_constraint", "dead_atoms", "e_step", "m_step")
    st.divider()
    controls.show(session, "seed", "second")
    if session.settings.second:
        controls.show(session, "beside", *(["second_seed"] if session.settings.beside == "start" else []))
    sidebar.experiment_file(session)
    sidebar.about(words.ABOUT, words.MODEL, expanded=False)
    sidebar.keys(words.KEYS)
