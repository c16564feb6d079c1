"""A page: its controls in the sidebar, its run on the stage."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui import session, stage
from ui.lessons import page as lessons
from ui.room import panel as rooms
from ui.session import S


def show(kind: type[S], sidebar: Callable[[S], None]) -> None:
    """Run a page for this reader. kind: its session; sidebar: shows the controls of one.

    Whoever arrives gets the picture first: the controls, which cost a browser as much as all else, come when the stage
    has drawn it and asks for them.
    """
    reader = session.current(kind)
    reader.player.alone = stage.arriving() and reader.taught is None
    with st.sidebar:
        if not reader.player.alone and not lessons.sidebar(reader):
            beside, other = st.columns(2)
            with beside:
                lessons.button(reader)
            with other:
                rooms.button(reader)
            sidebar(reader)
    lessons.text(reader)
    session.animate(reader)
