"""Controls of the sidebar: each shows one of the session's settings and hands changes to the session."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import streamlit as st

from em_core.files.errors import InvalidExperiment
from ui.notices import notice, plain
from ui.session import Session


def experiment_file(session: Session) -> None:
    """Save and open the run; says where the address cannot hold it."""
    if not session.linkable:
        st.caption("This run is too long for a link. Save it as a file to share it.")
    with st.expander("Experiment file"):
        st.caption("The run as JSON: the command line replays it to the same numbers.")
        st.download_button("Save this run", session.file, "experiment.json", "application/json", on_click="ignore")
        upload = st.file_uploader("Open a run", type="json", key=f"{session.key}.upload")
        if upload is not None and st.session_state.get(f"{session.key}.opened") != upload.file_id:
            st.session_state[f"{session.key}.opened"] = upload.file_id
            try:
                with st.spinner("Computing the run of this file …"):
                    session.open_file(upload.getvalue())
            except InvalidExperiment as error:
                notice("error", f"{upload.name}: {error}. The run on the page stays.")
            else:
                st.rerun()


def keys(moves: str = "") -> None:
    """What the keyboard does on the stage."""
    plain(f"Keys: → ← step, Space plays, Home and End go to the ends{moves}.")


def choice(session: Session, name: str, label: str, options: Mapping[Any, str], present: Any) -> None:
    """A list for what follows from several settings: `present` is what they amount to now."""
    key = f"{session.key}.{name}"
    st.session_state[key] = present
    st.selectbox(
        label,
        list(options),
        format_func=lambda option: options[option],
        key=key,
        on_change=_taken,
        args=(session, name, options),
    )


def text(session: Session, name: str, label: str, help: str) -> None:
    """A line of text. What cannot be is kept in the field, with a message under it, and changes nothing."""
    key, refused = f"{session.key}.{name}", f"{session.key}.{name}.refused"
    typed, message = st.session_state.get(refused, (None, None))
    present = getattr(session.settings, name)
    if message is not None and st.session_state.get(f"{refused}.for") != present:
        typed = message = None
    st.session_state[key] = present if message is None else typed
    st.text_input(label, key=key, help=help, on_change=_typed, args=(session, name))
    if message is not None:
        notice("error", message)


def _typed(session: Session, name: str) -> None:
    key, refused = f"{session.key}.{name}", f"{session.key}.{name}.refused"
    typed = st.session_state[key]
    st.session_state.pop(refused, None)
    session.change(**{name: typed})
    if session.messages:
        st.session_state[refused] = (typed, session.messages.pop())
        st.session_state[f"{refused}.for"] = getattr(session.settings, name)


def _taken(session: Session, name: str, options: Collection[Any] | None = None) -> None:
    """Hand the control's value over. One that is no option (any more) comes from a list that the page has replaced."""
    value = st.session_state[f"{session.key}.{name}"]
    if options is None or value in options:
        session.change(**{name: value})


def _keyed(session: Session, name: str) -> dict[str, Any]:
    """The control shows the setting, also after a change of page or a link."""
    key = f"{session.key}.{name}"
    st.session_state[key] = getattr(session.settings, name)
    return {"key": key, "on_change": _taken, "args": (session, name)}


def select(session: Session, name: str, label: str, options: Mapping[Any, str]) -> None:
    keyed = _keyed(session, name)
    if getattr(session.settings, name) not in options:
        del st.session_state[keyed["key"]]
    keyed["args"] = session, name, options
    st.selectbox(label, list(options), format_func=lambda option: options[option], **keyed)


def slider(session: Session, name: str, label: str, step: float | None = None, most: float | None = None) -> None:
    """`most` where the data allow less than the page."""
    whole = isinstance(getattr(session.settings, name), int)
    kind = int if whole else float
    limit = session.limits[name]
    high = limit.high if most is None else max(min(limit.high, most), getattr(session.settings, name))
    if high == limit.low:
        return  # nothing to choose
    st.slider(label, kind(limit.low), kind(high), step=kind(step or 1), **_keyed(session, name))


def log_slider(session: Session, name: str, label: str) -> None:
    """Steps of equal ratio; a value between them, from a link, stands among them."""
    limit, present = session.limits[name], getattr(session.settings, name)
    decades = range(math.floor(math.log10(limit.low)), math.ceil(math.log10(limit.high)) + 1)
    steps = {float(f"{digits}e{power}") for power in decades for digits in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)}
    options = sorted({step for step in steps if limit.low <= step <= limit.high} | {present})
    st.select_slider(label, options, format_func=lambda value: f"{value:.4g}", **_keyed(session, name))


def number(session: Session, name: str, label: str, step: float = 1, format: str | None = None) -> None:
    whole = isinstance(getattr(session.settings, name), int)
    kind = int if whole else float
    limit = session.limits[name]
    st.number_input(label, kind(limit.low), kind(limit.high), step=kind(step), format=format, **_keyed(session, name))


def toggle(session: Session, name: str, label: str, help: str) -> None:
    st.toggle(label, help=help, **_keyed(session, name))
