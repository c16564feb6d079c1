"""The sidebar of the MAP page."""

from __future__ import annotations

import numpy as np
import streamlit as st

from em_core.files.errors import InvalidExperiment
from ui import controls, limits, sidebar
from ui.map import words
from ui.map.session import MapSession
from ui.map.settings import JUST_LEARNED
from ui.notices import plain

# the settings of each solver
_SHOWN = {"ista": ("stride",), "fista": ("stride", "restart"), "lca": ("dt",), "omp": ("atoms",)}


def show(session: MapSession) -> None:
    """Signal, dictionary, λ and β, solver."""
    settings = session.settings
    imported = sidebar.imported(words.OWN_SIGNAL, words.BACK, session=session)
    if imported:
        controls.own(session, "signal")
    else:
        controls.show(session, "signal")
    if st.button(words.BRING, width="stretch"):
        from ui.own import picture  # with it come pandas and Pillow, which few readers need

        picture.ask_signal(session)
    if not imported:
        if settings.signal in ("toy2", "toy3"):
            controls.show(session, "v1", "v2", "angle")
        else:
            controls.show(session, "number")
            _dictionary(session)
    st.divider()
    controls.show(session, "penalty", "precision", "solver", *_SHOWN.get(settings.solver, ()))
    if session.run.scene.can_widen:
        controls.show(session, "gaussian")
    sidebar.experiment_file(session)
    _own_dictionary(session)
    sidebar.about(words.ABOUT, words.MODEL)
    sidebar.keys()


def _dictionary(session: MapSession) -> None:
    settings, learned = session.settings, session.just_learned
    options = settings.fitting()
    if learned is not None or settings.learned is not None:
        options[JUST_LEARNED] = words.JUST_LEARNED
    controls.one(session, "dictionary", options=options)
    if settings.learned is None:
        return
    st.caption(words.LEARNED)
    if learned is not None and learned.tolist() != settings.learned:
        st.button(words.UPDATE, on_click=session.take_learned)


def _own_dictionary(session: MapSession) -> None:
    with st.expander(words.DICTIONARY):
        rows = session.run.experiment.problem.n_dimensions
        plain(words.table(rows))
        controls.upload(
            session,
            "dictionary_file",
            words.OPEN,
            ["csv", "txt"],
            lambda content: session.use_dictionary(_matrix(content)),
        )


def _matrix(content: bytes) -> np.ndarray:
    limits.check_file(content)
    text = content.decode("utf-8", errors="replace")
    try:
        return np.loadtxt(text.splitlines(), delimiter=",", ndmin=2)
    except ValueError as error:
        raise InvalidExperiment("file", text[:40], f"a table of numbers separated by commas ({error})") from None
