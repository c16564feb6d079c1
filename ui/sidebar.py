"""What the sidebars of all pages share: the experiment file and the way back from one, the mathematics, the keys."""

from __future__ import annotations

import streamlit as st

from figures.look import glossary
from ui import controls, words
from ui.lecture import panel
from ui.notices import explained, plain
from ui.session import Session
from ui.taken import buttons


def imported(source: str, back: str, session: Session) -> bool:
    """Whether the data are those of a file; then says so, with the way back to what is shipped."""
    if session.settings.imported:
        plain(source)
        st.button(back, on_click=session.drop_file)
    return session.settings.imported


def experiment_file(session: Session) -> None:
    """Save the run, in any form, and open one; says where the address cannot hold it. Then the reader's lecture."""
    st.divider()
    if not session.linkable:
        st.caption(words.NO_LINK)
    with st.expander(words.TAKE):
        st.caption(words.TAKE_HELD)
        buttons(session)
        controls.upload(session, "upload", words.OPEN, ["json"], session.open_file)
    panel.show(session)


def about(title: str, text: str, expanded: bool = True) -> None:
    """The mathematics of the page."""
    with st.expander(title, expanded=expanded):
        st.markdown(text)


def glossed() -> None:
    """The glossary, for whoever has no mouse to point with, or looks for a word that is not in view."""
    with st.expander(words.GLOSSARY):
        explained(glossary.listed())


def keys(moves: str = "") -> None:
    """The glossary, and what the keyboard does on the stage."""
    glossed()
    plain(words.keys(moves))
    plain(words.MORE_KEYS)
