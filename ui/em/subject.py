"""What is looked at, in the sidebars of pages that share the EM page's settings: model, data, start."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui import controls, sidebar
from ui.em.settings import SIZES
from ui.session import Session


def show(session: Session, words: Any) -> None:
    """words: what the page calls data of one's own, the way back from them, and the points of generated data."""
    settings: Any = session.settings
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
    if "start" in settings.declared() and dataset is not None and dataset.start is not None and not imported:
        controls.show(session, "start")
    controls.show(session, "seed")
