"""Where the MAP page asks for an image or a signal, and the dictionary page for an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from em_core.files.errors import InvalidExperiment
from em_core.records import Array
from figures.map.picker import picker
from ui.notices import in_sight, notice, plain
from ui.own import words
from ui.own.image import grey, patch, pictures, series

if TYPE_CHECKING:
    from ui.dictionary.session import DictionarySession
    from ui.map.session import MapSession

_SIDES = {8: "8 × 8", 16: "16 × 16"}


@st.dialog(words.SIGNAL_TITLE, width="large")
def ask_signal(session: MapSession) -> None:
    """What `signal` asks, over the page."""
    signal(session)


@st.dialog(words.PICTURES_TITLE, width="large")
def ask_pictures(session: DictionarySession) -> None:
    """What `cut` asks, over the page."""
    cut(session)


def signal(session: MapSession) -> None:
    """A patch of an image, or numbers. The run on the page stays until one is used."""
    st.caption(words.STAYS)
    key = f"{session.key}.own"
    kind = st.segmented_control(
        words.SIGNAL_KIND, [*words.SIGNAL_KINDS], default="image", required=True, key=f"{key}.kind",
        format_func=words.SIGNAL_KINDS.__getitem__,
    )  # fmt: skip
    if kind == "numbers":
        _numbers(session, key)
        return
    image = _image(key)
    if image is not None:
        _patch(session, key, image)


def cut(session: DictionarySession) -> None:
    """Patches of an image, at random. The run on the page stays until they are used."""
    st.caption(words.STAYS)
    key = f"{session.key}.own"
    image = _image(key)
    if image is None:
        return
    left, right = st.columns([2, 3])
    with left:
        st.plotly_chart(
            picker(image, -99, -99, 8), config={"displayModeBar": False}, alt=words.IMAGE_ALT, key=f"{key}.all"
        )
    with right:
        side = st.slider(words.SIDE, 4, 12, 8, key=f"{key}.side")
        count = st.slider(words.COUNT, 20, 2000, 500, step=20, key=f"{key}.count")
        kinds = words.PREPARATIONS
        prepared = st.selectbox(words.PREPARATION, [*kinds], format_func=kinds.__getitem__, key=f"{key}.prepared")
    if in_sight().button(words.USE_PATCHES, type="primary", key=f"{key}.use"):
        _use(lambda: session.bring(pictures(image, side, count, prepared)))


def _image(key: str) -> Array | None:
    """The image in the dialog, None where there is none or it cannot be read, which is said."""
    file = st.file_uploader(words.IMAGE, key=f"{key}.image")
    if file is None:
        return None
    try:
        return grey(file.getvalue())
    except InvalidExperiment as error:
        notice("error", f"{file.name}: {error}")
        return None


def _patch(session: MapSession, key: str, image: Array) -> None:
    left, right = st.columns([3, 2])
    with right:
        side = st.selectbox(words.SIDE, [*_SIDES], format_func=_SIDES.__getitem__, key=f"{key}.side")
        offered = session.settings.dictionaries(f"patch{side}")
        dictionary = st.selectbox(
            words.DICTIONARY, [*offered], format_func=offered.__getitem__, key=f"{key}.{side}.atoms"
        )
        places = st.container()
    # the chart stands before the numbers, and a click on it is where these begin
    with left:
        area = st.container()
    clicked = _clicked(session.picked, image, side)
    row, column = (
        places.number_input(name, 0, size - side, place, key=f"{key}.{side}.{clicked}.{size}.{name}")
        for name, size, place in zip((words.ROW, words.COLUMN), image.shape, clicked, strict=True)
    )
    with area:
        event: Any = st.plotly_chart(
            picker(image, int(row), int(column), side), on_select="rerun", selection_mode="points",
            config={"displayModeBar": False}, alt=words.IMAGE_ALT, key=f"{key}.{side}.picker",
        )  # fmt: skip
    plain(words.CLICK)
    points = event.selection.points
    place = (float(points[0]["y"]), float(points[0]["x"])) if points else None
    if place is not None and place != session.picked:
        session.picked = place
        st.rerun(scope="fragment")
    if in_sight().button(words.USE_PATCH, type="primary", key=f"{key}.use"):
        _use(lambda: session.bring(patch(image, int(row), int(column), side), f"patch{side}", dictionary))


def _clicked(picked: tuple[float, float] | None, image: Array, side: int) -> tuple[int, int]:
    """Row and column of the upper left pixel of the patch around the last click; in the middle before one."""
    middle = [size / 2 for size in image.shape] if picked is None else picked
    row, column = (
        int(np.clip(round(place - (side - 1) / 2), 0, size - side))
        for place, size in zip(middle, image.shape, strict=True)
    )
    return row, column


def _numbers(session: MapSession, key: str) -> None:
    left, right = st.columns(2)
    file = left.file_uploader(words.NUMBERS, key=f"{key}.numbers")
    pasted = right.text_area(words.PASTE_NUMBERS, help=words.PASTE_HELP, height=110, key=f"{key}.paste")
    content = pasted.encode(errors="replace") if file is None and pasted and pasted.strip() else None
    content = content if file is None else file.getvalue()
    if content is None:
        return
    try:
        values = series(content)
    except InvalidExperiment as error:
        notice("error", str(error))
        return
    plain(words.numbers(len(values), float(values.min()), float(values.max())))
    offered = session.settings.dictionaries("spikes")
    dictionary = st.selectbox(words.DICTIONARY, [*offered], format_func=offered.__getitem__, key=f"{key}.series.atoms")
    if in_sight().button(words.USE_SIGNAL, type="primary", key=f"{key}.use_signal"):
        _use(lambda: session.bring(values, "spikes", dictionary))


def _use(deed: Any) -> None:
    try:
        with st.spinner(words.READING):
            deed()
    except InvalidExperiment as error:
        notice("error", str(error))
    else:
        st.rerun()
