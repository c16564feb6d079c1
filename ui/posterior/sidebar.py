"""The sidebar of the posterior page."""

from __future__ import annotations

import streamlit as st

from ui import controls
from ui.posterior.session import PosteriorSession
from ui.posterior.settings import UNITS

_ABOUT = r"""
**The bound** holds for every $q$: $\log p(v)=\mathbb E_q[\log p(h,v)]+H(q)+\mathrm{KL}(q\,\|\,p(h\mid v))$.
EM's E-step takes $q=p(h\mid v)$.

**A Gaussian** of width $s$ has entropy $\tfrac K2\log 2\pi e+K\log s$ for $K$ hidden units. $\mu$ is not in it.
As $s\to0$, $\mathbb E_q[\log p(h,v)]\to\log p(h{=}\mu,v)$, and the entropy goes to $-\infty$.

**MAP is EM with a Dirac $q$** in this sense: drop the entropy, which does not move with $\mu$, and maximise what is
left, $\log p(h{=}\mu,v)$. As a statement about $\log p(v)$ it is empty: the bound is $-\infty$, the gap infinite.

Learning with `H` in place of `E` goes up $\log p(h,v;\theta)$, once in $h$, once in $\theta$: coordinate ascent, not a
bound on $\log p(v;\theta)$ that has a value.
"""


def show(session: PosteriorSession) -> None:
    """One unit or two, λ and β, the signal and its atoms, the width of q."""
    settings = session.settings
    st.title("ELBO Room", anchor=False)
    controls.select(session, "units", "Hidden units", UNITS)
    controls.log_slider(session, "penalty", "λ: sparsity")
    controls.log_slider(session, "precision", "β: precision of the noise")
    if settings.imported:
        st.caption("Signal and dictionary: from the file that you opened.")
        st.button("Back to the sliders", on_click=session.drop_file)
    elif settings.units == "one":
        controls.slider(session, "v", "v: the signal", step=0.05)
        controls.slider(session, "w", "w: the atom", step=0.05)
    else:
        controls.slider(session, "v1", "v₁", step=0.05)
        controls.slider(session, "v2", "v₂", step=0.05)
        controls.slider(session, "angle", "Angle between the atoms (°)", step=5)
    st.divider()
    controls.log_slider(session, "width", "First width s of the ladder")
    st.caption("Drag the ring on the picture to move μ. Narrower q's follow down the ladder.")
    st.divider()
    controls.experiment_file(session)
    with st.expander("What “MAP is EM with a Dirac q” means", expanded=True):
        st.markdown(_ABOUT)
    controls.keys()
