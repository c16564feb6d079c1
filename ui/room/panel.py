"""The way to a room from a page's sidebar."""

from __future__ import annotations

import streamlit as st

from ui.room import words
from ui.session import Session


def button(session: Session) -> None:
    """Open a room, or show the one that is open."""
    st.button(words.ROOM, help=words.ROOM_HELP, on_click=session.act, args=({"act": "room"},), width="stretch")
