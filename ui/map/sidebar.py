"""The sidebar of the MAP page."""

from __future__ import annotations

import numpy as np
import streamlit as st

from em_core.files.errors import InvalidExperiment
from em_core.sparse_coding import SOLVERS
from ui import controls, limits
from ui.map.session import MapSession
from ui.map.settings import JUST_LEARNED, SIGNALS
from ui.notices import notice, plain

_ABOUT = r"""
The model says how a signal came about: $p(v\mid h)=\mathcal N(Wh+b,\;I/\beta)$ with a prior that likes zeros,
$p(h)=\prod_i \tfrac{\lambda}{2}e^{-\lambda|h_i|}$.

The most likely $h$ minimises $\tfrac{\beta}{2}\lVert v-Wh-b\rVert^2+\lambda\lVert h\rVert_1$. The prior has a kink
at 0: a coefficient leaves 0 only where the fit pulls harder than $\lambda$. So most stay *exactly* 0.

Solving an L1 problem does not mean that one believes in a Laplace prior. It is one reading of it.
"""


def show(session: MapSession) -> None:
    """Signal, dictionary, λ and β, solver."""
    settings = session.settings
    st.title("ELBO Room", anchor=False)
    if settings.imported:
        st.caption("Signal and dictionary: from the file that you opened.")
        st.button("Back to the shipped signals", on_click=session.drop_file)
    controls.select(session, "signal", "Signal", SIGNALS)
    if not settings.imported:
        if settings.signal in ("toy2", "toy3"):
            controls.slider(session, "v1", "v₁", step=0.05)
            controls.slider(session, "v2", "v₂", step=0.05)
            controls.slider(session, "angle", "Angle between the atoms (°)", step=5)
        else:
            controls.number(session, "number", "Number of the signal")
            _dictionary(session)
    st.divider()
    controls.log_slider(session, "penalty", "λ: sparsity")
    controls.log_slider(session, "precision", "β: precision of the noise")
    controls.select(session, "solver", "Solver", {name: solver.title for name, solver in SOLVERS.items()})
    if settings.solver in ("ista", "fista"):
        controls.slider(session, "stride", "Step, in units of 1/‖βWᵀW‖₂", step=0.05)
    if settings.solver == "fista":
        controls.toggle(session, "restart", "Restart", "Throw the momentum away whenever it points uphill.")
    if settings.solver == "lca":
        controls.slider(session, "dt", "Time step dt/τ", step=0.01)
    if settings.solver == "omp":
        controls.slider(session, "atoms", "Atoms to choose")
    st.divider()
    controls.experiment_file(session)
    _own_dictionary(session)
    with st.expander("What is minimised, and why it is sparse", expanded=True):
        st.markdown(_ABOUT)
    controls.keys()


def _dictionary(session: MapSession) -> None:
    settings, learned = session.settings, session.just_learned
    options = settings.fitting()
    if learned is not None or settings.learned is not None:
        options[JUST_LEARNED] = "the one just learned"
    controls.select(session, "dictionary", "Dictionary", options)
    if settings.learned is None:
        return
    st.caption("From the page Dictionary learning, to four decimals.")
    if learned is not None and learned.tolist() != settings.learned:
        st.button("Take it as it is there now", on_click=session.take_learned)


def _own_dictionary(session: MapSession) -> None:
    with st.expander("Your own dictionary"):
        rows = session.run.experiment.problem.n_dimensions
        plain(f"A CSV file of {rows} rows, one column an atom, numbers only.")
        upload = st.file_uploader("Open a dictionary", type=["csv", "txt"], key="map.dictionary_file")
        if upload is None or st.session_state.get("map.dictionary_opened") == upload.file_id:
            return
        st.session_state["map.dictionary_opened"] = upload.file_id
        try:
            session.use_dictionary(_matrix(upload.getvalue()))
        except InvalidExperiment as error:
            notice("error", f"{upload.name}: {error}. The run on the page stays.")
        else:
            st.rerun()


def _matrix(content: bytes) -> np.ndarray:
    limits.check_file(content)
    text = content.decode("utf-8", errors="replace")
    try:
        return np.loadtxt(text.splitlines(), delimiter=",", ndmin=2)
    except ValueError as error:
        raise InvalidExperiment("file", text[:40], f"a table of numbers with commas ({error})") from None
