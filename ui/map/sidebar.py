"""The sidebar of the MAP page."""

from __future__ import annotations

import numpy as np
import streamlit as st

from em_core.files.errors import InvalidExperiment
from ui import controls, limits, sidebar
from ui.map.session import MapSession
from ui.map.settings import JUST_LEARNED
from ui.notices import plain

_ABOUT = r"""
The model describes how the signal arises: $p(v\mid h)=\mathcal N(Wh+b,\;I/\beta)$ with a prior that favours zeros,
$p(h)=\prod_i \tfrac{\lambda}{2}e^{-\lambda|h_i|}$.

The most probable $h$ minimises $\tfrac{\beta}{2}\lVert v-Wh-b\rVert^2+\lambda\lVert h\rVert_1$. The prior has a kink
at 0: a coefficient leaves 0 only where the fit pulls harder than $\lambda$. So with a large
$\lambda$ most stay *exactly* 0.

Solving an L1 problem does not commit you to a Laplace prior: that is only one way to read it.
"""


# the settings of each solver
_SHOWN = {"ista": ("stride",), "fista": ("stride", "restart"), "lca": ("dt",), "omp": ("atoms",)}


def show(session: MapSession) -> None:
    """Signal, dictionary, λ and β, solver."""
    settings = session.settings
    imported = sidebar.imported(
        "Signal and dictionary: from the file that you opened.", "Back to the built-in signals", session=session
    )
    controls.show(session, "signal")
    if not imported:
        if settings.signal in ("toy2", "toy3"):
            controls.show(session, "v1", "v2", "angle")
        else:
            controls.show(session, "number")
            _dictionary(session)
    st.divider()
    controls.show(session, "penalty", "precision", "solver", *_SHOWN.get(settings.solver, ()))
    sidebar.experiment_file(session)
    _own_dictionary(session)
    sidebar.about("What is minimised, and why the code is sparse", _ABOUT)
    sidebar.keys()


def _dictionary(session: MapSession) -> None:
    settings, learned = session.settings, session.just_learned
    options = settings.fitting()
    if learned is not None or settings.learned is not None:
        options[JUST_LEARNED] = "the one just learned"
    controls.one(session, "dictionary", options=options)
    if settings.learned is None:
        return
    st.caption("From the page Dictionary learning, rounded to four decimals.")
    if learned is not None and learned.tolist() != settings.learned:
        st.button("Update to the latest dictionary", on_click=session.take_learned)


def _own_dictionary(session: MapSession) -> None:
    with st.expander("Your own dictionary"):
        rows = session.run.experiment.problem.n_dimensions
        plain(f"A CSV file with {rows} rows and one column per atom, numbers only.")
        controls.upload(
            session,
            "dictionary_file",
            "Open a dictionary",
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
