"""Controls of the sidebar: each shows a setting as it is declared, and hands changes to the session."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

import streamlit as st

from em_core.files.errors import InvalidExperiment
from ui import words
from ui.notices import notice
from ui.session import Session
from ui.settings import Choice, Number, Switch

# the steps of a decade
_DIGITS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
# before a word that is not on the list: Streamlit takes away of what is typed the part that repeats what stands there
_OWN = "Your own · "
_NOTHING = object()


def show(session: Session, *names: str) -> None:
    """The controls of these settings, as they are declared."""
    for name in names:
        one(session, name)


def one(
    session: Session,
    name: str,
    label: str | None = None,
    options: Mapping[Any, str] | None = None,
    most: float | None = None,
) -> None:
    """A setting's control. Other label and options, and less than the page allows, where they depend on the run."""
    declared = session.settings.declared()[name]
    label = declared.label if label is None else label
    if isinstance(declared, Choice) and options is None:
        options = declared.offered(session.settings)
    if options is not None:
        _select(session, name, label, options)
    elif isinstance(declared, Number):
        {"slider": _slider, "ratios": _ratios, "box": _box}[declared.control](session, name, label, declared, most)
    elif isinstance(declared, Switch):
        st.toggle(label, help=declared.help, **_keyed(session, name))
    else:
        word(session, name, label, {}, None)


def word(session: Session, name: str, label: str, named: Mapping[str, Mapping[str, Any]], present: str | None) -> None:
    """A list of words with names in which any other word can be typed. named: what each of them changes.

    present: which of them stands there now, None for another word. What cannot be stays there, with a message under it,
    and changes nothing.
    """
    key, refused = f"{session.key}.{name}", f"{session.key}.{name}.refused"
    typed, message = st.session_state.get(refused, (None, None))
    settled = getattr(session.settings, name)
    if message is not None and st.session_state.get(f"{refused}.for") != settled:
        typed = message = None
    _set(key, present if message is None and present else f"{_OWN}{typed or settled}")
    st.selectbox(
        label,
        list(dict.fromkeys([*named, st.session_state[key]])),
        key=key,
        help=session.settings.declared()[name].help,
        accept_new_options=True,
        on_change=_worded,
        args=(session, name, named),
    )
    if message is not None:
        notice("error", message)


def own(session: Session, name: str) -> None:
    """The list of a setting in whose place the reader's own data stand; a choice leads back to what is shipped."""
    declared = session.settings.declared()[name]
    options = {"": words.YOUR_OWN, **declared.offered(session.settings)}
    key = f"{session.key}.{name}.own"
    st.session_state[key] = ""
    st.selectbox(
        declared.label, list(options), format_func=options.__getitem__, key=key, on_change=_back, args=(session, name)
    )


def upload(session: Session, name: str, label: str, kinds: list[str], take: Callable[[bytes], None]) -> None:
    """A file to open. `take` gets its content once; what it refuses is said, and the run on the page stays."""
    key = f"{session.key}.{name}"
    chosen = st.file_uploader(label, type=kinds, key=key)
    if chosen is None or st.session_state.get(f"{key}.opened") == chosen.file_id:
        return
    st.session_state[f"{key}.opened"] = chosen.file_id
    try:
        with st.spinner(words.OPENING_FILE):
            take(chosen.getvalue())
    except InvalidExperiment as error:
        notice("error", words.unopened(chosen.name, error))
    else:
        st.rerun()


def _select(session: Session, name: str, label: str, options: Mapping[Any, str]) -> None:
    keyed = _keyed(session, name, options)
    if getattr(session.settings, name) not in options:
        del st.session_state[keyed["key"]]
    help = session.settings.declared()[name].help
    st.selectbox(label, list(options), format_func=options.__getitem__, help=help, **keyed)


def _slider(session: Session, name: str, label: str, number: Number, most: float | None) -> None:
    kind, high = number.kind, number.high
    if most is not None:
        high = max(min(high, most), getattr(session.settings, name))
    if high == number.low:
        return  # nothing to choose
    st.slider(label, kind(number.low), kind(high), step=kind(number.step), help=number.help, **_keyed(session, name))


def _ratios(session: Session, name: str, label: str, number: Number, _: float | None) -> None:
    """Steps of equal ratio; a value between them, from a link, stands among them."""
    decades = range(math.floor(math.log10(number.low)), math.ceil(math.log10(number.high)) + 1)
    steps = {number.kind(float(f"{digits}e{power}")) for power in decades for digits in _DIGITS}
    options = sorted({step for step in steps if number.holds(step)} | {getattr(session.settings, name)})
    shown = "{:,}" if number.whole else "{:.4g}"
    st.select_slider(label, options, format_func=shown.format, help=number.help, **_keyed(session, name))


def _box(session: Session, name: str, label: str, number: Number, _: float | None) -> None:
    kind = number.kind
    low, high, step = kind(number.low), kind(number.high), kind(number.step)
    st.number_input(label, low, high, step=step, format=number.format, help=number.help, **_keyed(session, name))


def _worded(session: Session, name: str, named: Mapping[str, Mapping[str, Any]]) -> None:
    key, refused = f"{session.key}.{name}", f"{session.key}.{name}.refused"
    if _stale(session, key):
        return
    chosen = st.session_state[key].removeprefix(_OWN)
    st.session_state.pop(refused, None)
    session.change(**named.get(chosen, {name: chosen}))
    if chosen not in named and session.messages:
        st.session_state[refused] = (chosen, session.messages.pop())
        st.session_state[f"{refused}.for"] = getattr(session.settings, name)


def _taken(session: Session, name: str, options: Collection[Any] | None = None) -> None:
    """Hand the control's value over. One that is no option (any more) comes from a list that the page has replaced."""
    key = f"{session.key}.{name}"
    value = st.session_state[key]
    if (options is None or value in options) and not _stale(session, key):
        session.change(**{name: value})


def _back(session: Session, name: str) -> None:
    value = st.session_state[f"{session.key}.{name}.own"]
    if value and not session.left():
        if value == getattr(session.settings, name):
            session.drop_file()
        else:
            session.change(**{name: value})


def _keyed(session: Session, name: str, options: Collection[Any] | None = None) -> dict[str, Any]:
    """The control shows the setting, also after a change of page or a link."""
    key = f"{session.key}.{name}"
    _set(key, getattr(session.settings, name))
    return {"key": key, "on_change": _taken, "args": (session, name, options)}


def _set(key: str, value: Any) -> None:
    """Have a control show a value; what it held until now is kept, for `_stale`."""
    held = st.session_state.get(key, value)
    if held != value:
        st.session_state[f"{key}.held"] = held
    st.session_state[key] = value


def _stale(session: Session, key: str) -> bool:
    """Whether a control only tells what it held before the page set it.

    All that the browser says tells what its controls hold, and the stage may have read a message, and speak, before
    Streamlit has drawn the sidebar that came with it. What the reader chooses comes without a word of the stage.
    """
    return session.left(st.session_state[key] == st.session_state.pop(f"{key}.held", _NOTHING))
