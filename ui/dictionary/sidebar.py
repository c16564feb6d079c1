"""The sidebar of the dictionary page."""

from __future__ import annotations

import streamlit as st

from ui import controls, sidebar
from ui.dictionary.session import DictionarySession

_ABOUT = r"""
Each picture is a sum of a few atoms, the columns of $W$: $p(v\mid h)=\mathcal N(Wh+b,\;I/\beta)$, with a prior that
favours zeros, $p(h)=\prod_k \tfrac{\lambda}{2}e^{-\lambda|h_k|}$.

The exact posterior of $h$ has no closed form. **H** puts $q$ on the most probable code of each picture, **M** fits $W$
to these codes. H maximises $\log p(v,h;W)$ over the codes, M over the atoms: EM's coordinate ascent, with a point for
$q$. The ELBO itself is $-\infty$ throughout, because the entropy of a point is $-\infty$.

Textbooks write the same objective without a model: $J(H,W)=\lambda'\lVert H\rVert_1+\lVert V-HW^\top-b\rVert^2$ with
$\lambda'=2\lambda/\beta$, so that $\log p(v,h;W)=c-\tfrac{\beta}{2}J$. With $\beta=2\lambda$, $\lambda'$ is 1.

$J$ is convex in $H$ and convex in $W$, but not in both together: another start can end elsewhere.
"""


# the settings of each kind of pictures
_SHOWN = {"bars": ("points", "bars"), "patches": ("points", "preparation"), "digits": ()}


def show(session: DictionarySession) -> None:
    """Data, atoms, λ and β, what holds the atoms, the two starts."""
    if not sidebar.imported(
        "Pictures: from the experiment file that you opened.", "Back to the built-in pictures", session=session
    ):
        controls.show(session, "data", *_SHOWN[session.settings.data])
    st.divider()
    controls.show(session, "atoms", "penalty", "precision", "norm_constraint", "dead_atoms", "m_step")
    st.divider()
    controls.show(session, "seed", "second")
    if session.settings.second:
        controls.show(session, "second_seed")
    sidebar.experiment_file(session)
    sidebar.about("The model, and what textbooks minimise", _ABOUT, expanded=False)
    sidebar.keys("; H, M and C make that half-step")
