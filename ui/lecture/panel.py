"""The lecture in the sidebar of every page: a view is added, the lecture edited, saved, opened and presented."""

from __future__ import annotations

import streamlit as st

from em_core.files.errors import InvalidExperiment
from ui.lecture import collect, dialog, words
from ui.lecture.desk import Desk, mine
from ui.notices import notice, plain
from ui.session import Session


def show(session: Session) -> None:
    """In an expander of its own."""
    with st.expander(words.TITLE):
        desk = mine()
        st.caption(words.ABOUT)
        st.button(words.ADD, key="lecture.add", on_click=add, args=(desk, session), width="stretch")
        if desk.said and desk.refused:
            notice("error", desk.said)
        elif desk.said:
            plain(desk.said)
        if desk.before is not None:
            st.button(words.UNDO, key="lecture.undo", on_click=desk.undo, width="stretch")
        if desk.draft.steps:
            plain(words.held(len(desk.draft.steps), desk.draft.minutes))
            present = {"key": "lecture.present", "help": words.PRESENT_HELP, "type": "primary", "width": "stretch"}
            st.button(words.PRESENT, on_click=session.present, args=(desk.draft.name,), **present)
            _held(desk)
        _open(desk)


def _held(desk: Desk) -> None:
    """Where a lecture that has a step is edited and saved."""
    if st.button(words.EDIT, key="lecture.edit", width="stretch"):
        dialog.edit(desk)
    st.download_button(
        words.SAVE,
        lambda: desk.draft.text.encode(errors="replace"),
        f"{desk.draft.name}.toml",
        "application/toml",
        key="lecture.save",
        on_click="ignore",
        width="stretch",
    )


def _open(desk: Desk) -> None:
    chosen = st.file_uploader(words.OPEN, type=["toml"], key="lecture.file")
    if chosen is None:
        return
    if desk.take(chosen.name, chosen.file_id, chosen.getvalue()):
        st.rerun()
    if desk.opened[1]:
        notice("error", desk.opened[1])


def add(desk: Desk, session: Session) -> None:
    """Make the view on the page a step, after all others."""
    if session.left():
        return
    try:
        step = collect.view(session)
    except InvalidExperiment as error:
        desk.said, desk.refused = str(error), True
        return
    count = len(desk.draft.steps) + 1
    said = words.added(count, step.page, step.at) + (f" {words.NO_KEPT}" if session.kept else "")
    if desk.attempt(lambda draft: draft.adding(step), said):
        desk.chosen = desk.draft.steps[-1].id
        desk.edition += 1
