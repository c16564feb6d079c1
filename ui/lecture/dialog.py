"""Where a lecture's steps are put in order, given their words and turned into questions."""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from em_core.files.errors import InvalidExperiment
from ui.lecture import ask, words
from ui.lecture.desk import Desk
from ui.lecture.draft import LONGEST_TITLE
from ui.lessons.read import MOST_MINUTES
from ui.lessons.records import Step
from ui.lessons.words import column
from ui.notices import notice, plain

_KINDS = {"": words.NONE, ask.DIRECTION: words.DIRECTION, ask.NUMBER: words.NUMBER}
# what Markdown, and Streamlit's own, may read as more than itself
_MARKS = re.compile(r"([!-/:-@\[-`{-~])")
# so many steps stand below each other without a bar to scroll them, which makes them so many pixels high
_MANY, _HIGH = 6, 440


@st.dialog(words.TITLE, width="large", on_dismiss="rerun")
def edit(desk: Desk) -> None:
    """What `steps` shows, over the page."""
    steps(desk)


def steps(desk: Desk) -> None:
    """Title and length, the list of steps, and the one that is chosen there."""
    left, right = st.columns([4, 1])
    with left:
        _title(desk)
    with right:
        key = f"lecture.{desk.whole}.minutes"
        st.number_input(
            words.MINUTES,
            1,
            MOST_MINUTES,
            desk.draft.minutes,
            key=key,
            on_change=desk.typed,
            args=(key, lambda draft, minutes: draft.lasting(minutes)),
        )
    if not desk.draft.steps:
        plain(words.EMPTY)
        _done(desk)
        return
    listed, chosen = st.columns([2, 3])
    with listed:
        _list(desk)
    with chosen:
        _chosen(desk, desk.draft.steps[desk.draft.place(desk.chosen)])
    _done(desk)


def _list(desk: Desk) -> None:
    """All steps in their order, and what moves the one that is chosen."""
    ids = [step.id for step in desk.draft.steps]
    at = ids.index(desk.chosen)
    with st.container(horizontal=True, gap="small"):
        st.button(words.EARLIER, key="lecture.earlier", on_click=desk.move, args=(-1,), disabled=at == 0)
        st.button(words.LATER, key="lecture.later", on_click=desk.move, args=(1,), disabled=at == len(ids) - 1)
        st.button(words.REMOVE, key="lecture.remove", on_click=desk.remove)
        if desk.before is not None:
            st.button(words.UNDO, key="lecture.back", on_click=desk.undo)
    labels = {step.id: words.listed(place, step.page, step.at) for place, step in enumerate(desk.draft.steps, 1)}
    with st.container(height=_HIGH if len(ids) > _MANY else "content", border=False):
        chosen = st.radio(
            words.STEPS,
            ids,
            index=at,
            format_func=labels.__getitem__,
            captions=[_literal(words.begins(step.text, step.predict is not None)) for step in desk.draft.steps],
            key=f"lecture.{desk.edition}.steps",
        )
    if chosen != desk.chosen:
        desk.chosen = chosen
        st.rerun(scope="fragment")


def _chosen(desk: Desk, step: Step) -> None:
    """The words of a step, and its question."""
    plain(words.place(step.page, step.at) + words.seen(step.views, step.lit))
    key = f"lecture.text.{desk.whole}.{step.id}"
    st.text_area(
        words.TEXT,
        step.text,
        height=130,
        key=key,
        help=words.TEXT_HELP,
        on_change=desk.typed,
        args=(key, lambda draft, text: draft.saying(step.id, text)),
    )
    if key in desk.wrong:
        notice("error", desk.wrong[key])
    if why := ask.refused(step):
        plain(why)
        return
    _question(desk, step)


def _question(desk: Desk, step: Step) -> None:
    """What is asked about the half-step after the one in view."""
    present = step.predict.kind if step.predict else ""
    key = f"lecture.{desk.whole}.{step.id}"
    kinds = [*_KINDS]
    kind = st.selectbox(
        words.QUESTION, kinds, kinds.index(present), format_func=_KINDS.__getitem__, key=f"{key}.kind.{present}"
    )
    if not kind:
        if step.predict is not None:
            desk.attempt(lambda draft: draft.having(ask.plain(step)))
            st.rerun(scope="fragment")
        return
    asked = step.predict if step.predict and step.predict.kind == kind else None
    try:
        with st.spinner(words.COMPUTING):
            names = desk.offered(step)
    except InvalidExperiment as error:
        notice("error", str(error))
        return
    if not names:
        plain(words.NO_MORE)
        return
    with st.form(f"{key}.{kind}", border=False):
        plain(words.next_move(ask.move(step)))
        of = _about(kind, names, [name for name in (asked.of if asked else names[:3]) if name in names], key)
        within = 0.0
        if kind == ask.NUMBER:
            within = st.number_input(
                words.WITHIN, value=asked.within[0] if asked else 0.05, format="%g", key=f"{key}.within"
            )
        because = st.text_area(
            words.BECAUSE, asked.because if asked else "", height=80, help=words.BECAUSE_HELP, key=f"{key}.because"
        )
        if st.form_submit_button(words.ASK):
            _ask(desk, step, (kind, of, within, because))
    if desk.wrong.get(key):
        notice("error", desk.wrong[key])
    elif asked is not None:
        plain(words.answered(answers(step)))


def _about(kind: str, names: list[str], present: list[str], key: str) -> list[str]:
    if kind == ask.DIRECTION:
        return st.multiselect(
            words.OF, names, present, format_func=column, max_selections=ask.MOST, key=f"{key}.directions"
        )
    at = names.index(present[0]) if present else 0
    return [st.selectbox(words.OF_ONE, names, at, format_func=column, key=f"{key}.number")]


def _ask(desk: Desk, step: Step, asked: tuple[Any, ...]) -> None:
    """Turn the step into a question; what cannot be asked is said below."""
    key = f"lecture.{desk.whole}.{step.id}"
    try:
        with st.spinner(words.COMPUTING):
            made = ask.asking(step, *asked)
            desk.draft = desk.draft.having(made)
    except InvalidExperiment as error:
        desk.wrong[key] = str(error)
    else:
        desk.wrong.pop(key, None)
        st.rerun(scope="fragment")


def answers(step: Step) -> list[tuple[str, str]]:
    """What the run says to each part of a step's question, by its claims."""
    asked = step.predict
    if asked is None:
        return []
    about = [claim for claim in step.claims if claim.of in asked.of and claim.half_step == asked.half_step]
    return [(one.of, one.change or f"{one.center:g}") for one in about if one.change or one.center is not None]


def _title(desk: Desk) -> None:
    key = f"lecture.{desk.whole}.title"
    st.text_input(
        words.NAME,
        desk.draft.title,
        max_chars=LONGEST_TITLE,
        key=key,
        on_change=desk.typed,
        args=(key, lambda draft, title: draft.titled(title)),
    )
    if key in desk.wrong:
        notice("error", desk.wrong[key])


def _done(desk: Desk) -> None:
    if st.button(words.DONE, key="lecture.done", type="primary"):
        st.rerun()


def _literal(text: str) -> str:
    """Text whose marks are themselves where Streamlit reads Markdown."""
    return _MARKS.sub(r"\\\1", text)
