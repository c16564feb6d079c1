"""The sidebar of the dictionary page."""

from __future__ import annotations

import streamlit as st

from ui import controls
from ui.dictionary.session import DictionarySession
from ui.dictionary.settings import DATA, DEAD_ATOMS, M_STEPS, PREPARATIONS

_ABOUT = r"""
Each picture is a sum of a few atoms, the columns of $W$: $p(v\mid h)=\mathcal N(Wh+b,\;I/\beta)$, with a prior that
likes zeros, $p(h)=\prod_k \tfrac{\lambda}{2}e^{-\lambda|h_k|}$.

The exact posterior of $h$ has no closed form. **H** puts $q$ on the most likely code of each picture, **M** fits $W$ to
these codes. Each raises $\log p(v,h;W)$ over its own side: the staircase of EM, with $q$ a point. The ELBO itself is
$-\infty$ all along, because a point has entropy $-\infty$.

Textbooks write the same without a model: $J(H,W)=\lambda'\lVert H\rVert_1+\lVert V-HW^\top-b\rVert^2$ with
$\lambda'=2\lambda/\beta$, so that $-\log p(v,h;W)=\tfrac{\beta}{2}J+c$. For $\beta=2\lambda$ and $b=0$ it has no
weights at all.

$J$ is convex in $H$ alone and in $W$ alone, but not in both: another start can end elsewhere.
"""


def show(session: DictionarySession) -> None:
    """Data, atoms, λ and β, what holds the atoms, the two starts."""
    settings = session.settings
    st.title("ELBO Room", anchor=False)
    if settings.imported:
        st.caption("Pictures: from the experiment file that you opened.")
        st.button("Back to the shipped pictures", on_click=session.drop_file)
    else:
        controls.select(session, "data", "Pictures", DATA)
        if settings.data != "digits":
            controls.slider(session, "points", "Number of pictures", step=20)
        if settings.data == "bars":
            controls.slider(session, "bars", "Bars in a picture, on average", step=0.5)
        if settings.data == "patches":
            controls.select(session, "preparation", "Preparation", PREPARATIONS)
    st.divider()
    controls.slider(session, "atoms", "Atoms K")
    controls.log_slider(session, "penalty", "λ: sparsity")
    controls.log_slider(session, "precision", "β: precision of the noise")
    controls.toggle(
        session,
        "norm_constraint",
        "Atoms no longer than 1",
        "Without this the objective falls for ever: longer atoms with smaller codes say the same and cost less.",
    )
    controls.select(session, "dead_atoms", "Unused atoms", DEAD_ATOMS)
    controls.select(session, "m_step", "After H", M_STEPS)
    st.divider()
    controls.number(session, "seed", "Seed of the start")
    controls.toggle(session, "second", "A second start beside it", "Same pictures, other first atoms.")
    if settings.second:
        controls.number(session, "second_seed", "Seed of the second start")
    st.divider()
    controls.experiment_file(session)
    with st.expander("The model, and what textbooks minimise"):
        st.markdown(_ABOUT)
    controls.keys("; H, M and C make that half-step")
