"""The sidebar of the EM page."""

from __future__ import annotations

import streamlit as st

from em_core.families.gaussian import COVARIANCES
from ui import controls
from ui.em_session import EmSession
from ui.settings import M_STEPS, MODEL_NAMES, NOISES, SIZES, STARTS, data_options


def show(session: EmSession) -> None:
    """Model, data, start and moves of the EM page."""
    settings = session.settings
    st.title("ELBO Room", anchor=False)
    controls.select(session, "model", "Model", MODEL_NAMES)
    imported = settings.imported
    if imported:
        st.caption("Data: from the experiment file that you opened.")
        st.button("Back to the shipped data", on_click=session.drop_file)
    else:
        controls.select(session, "data", "Data", data_options(settings.model))
    if settings.data == "blobs" and not imported:
        controls.slider(session, "points", "Points N", step=10)
        controls.slider(session, "separation", "Separation (standard deviations)", step=0.1)
        controls.slider(session, "clusters", "Clusters")
        controls.slider(session, "dimensions", "Dimensions D")
        controls.slider(session, "imbalance", "Imbalance", step=0.05)
        controls.slider(session, "outliers", "Outliers, share", step=0.01)
        controls.number(session, "data_seed", "Data seed")
    names = session.run.scene.view.axis_names
    if settings.model in SIZES:
        most = len(names) if settings.model == "factor_analysis" else None
        controls.slider(session, "components", SIZES[settings.model].label, most=most)
    if settings.model == "gaussian_mixture":
        controls.select(session, "covariance", "Covariance", {name: name for name in COVARIANCES})
    if settings.model == "factor_analysis":
        controls.select(session, "noise", "Noise", NOISES)
    if settings.model == "student_t":
        controls.number(session, "degrees", "Degrees of freedom ν", step=1, format="%g")
    if len(names) > 2:
        left, right = st.columns(2)
        with left:
            controls.select(session, "x_axis", "Horizontal", dict(enumerate(names)))
        with right:
            controls.select(session, "y_axis", "Vertical", dict(enumerate(names)))
    if settings.can_standardize:
        controls.toggle(
            session,
            "standardize",
            "Standardise the data",
            "Mean 0 and variance 1 in every dimension: one step size then suits all.",
        )
    dataset = settings.dataset()
    if dataset is not None and dataset.start is not None and not imported:
        controls.select(session, "start", "Start", STARTS)
    controls.number(session, "seed", "Seed")
    st.divider()
    controls.select(session, "m_step", "M-step", M_STEPS)
    if settings.m_step in ("gradient", "several"):
        controls.number(session, "step", "Step size", step=0.05, format="%.3f")
    if settings.m_step == "several":
        controls.slider(session, "count", "Gradient steps per round")
    st.divider()
    controls.experiment_file(session)
    controls.keys(", E, M and G make that move")
    if dataset is not None and not imported:
        st.caption(f"**{dataset.title}.** {dataset.source}. Licence: {dataset.licence}.")
