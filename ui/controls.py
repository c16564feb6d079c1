"""The sidebar: every control shows the session's settings and hands changes to the session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from em_core.errors import InvalidExperiment
from em_core.families.gaussian import COVARIANCES
from ui.session import Session
from ui.settings import LIMITS, M_STEPS, MODEL_NAMES, STARTS, data_options


def em(session: Session) -> None:
    """Model, data, start and moves of the EM page."""
    settings = session.settings
    st.markdown("### ELBO Room")
    _select(session, "model", "Model", MODEL_NAMES)
    imported = settings.imported
    if imported:
        st.caption("Data: from the experiment file that you opened.")
    else:
        _select(session, "data", "Data", data_options(settings.model))
    if settings.data == "blobs" and not imported:
        _slider(session, "points", "Points N", step=10)
        _slider(session, "separation", "Separation (standard deviations)", step=0.1)
        _slider(session, "clusters", "Clusters")
        _slider(session, "dimensions", "Dimensions D")
        _number(session, "data_seed", "Data seed")
    if settings.model != "linkage":
        _slider(session, "components", "Components K")
    if settings.model == "gaussian_mixture":
        _select(session, "covariance", "Covariance", {name: name for name in COVARIANCES})
        dimensions = session.run.experiment.data.values.shape[1]
        if dimensions > 2:
            names = {axis: f"x{axis + 1}" for axis in range(dimensions)}
            left, right = st.columns(2)
            with left:
                _select(session, "x_axis", "Horizontal", names)
            with right:
                _select(session, "y_axis", "Vertical", names)
        _toggle(
            session,
            "standardize",
            "Standardise the data",
            "Mean 0 and variance 1 in every dimension: one step size then suits all.",
        )
    dataset = settings.dataset()
    if dataset is not None and dataset.start is not None and not imported:
        _select(session, "start", "Start", STARTS)
    _number(session, "seed", "Seed")
    st.divider()
    _select(session, "m_step", "M-step", M_STEPS)
    if settings.m_step in ("gradient", "several"):
        _number(session, "step", "Step size", step=0.05, format="%.3f")
    if settings.m_step == "several":
        _slider(session, "count", "Gradient steps per round")
    st.divider()
    _experiment_file(session)
    if dataset is not None and not imported:
        st.caption(f"**{dataset.title}.** {dataset.source}. Licence: {dataset.licence}.")


def _experiment_file(session: Session) -> None:
    with st.expander("Experiment file"):
        st.caption("The run as JSON: the command line replays it to the same numbers.")
        st.download_button("Save this run", session.file, "experiment.json", "application/json", on_click="ignore")
        upload = st.file_uploader("Open a run", type="json", key="upload")
        if upload is not None and st.session_state.get("opened") != upload.file_id:
            st.session_state["opened"] = upload.file_id
            try:
                session.open_file(upload.getvalue().decode("utf-8", errors="replace"))
            except InvalidExperiment as error:
                st.error(f"{upload.name}: {error}. The run on the page stays.")
            else:
                st.rerun()


def _taken(session: Session, name: str) -> None:
    session.change(**{name: st.session_state[f"control.{name}"]})


def _keyed(session: Session, name: str) -> dict[str, Any]:
    """The control shows the setting, also after a change of page or a link."""
    key = f"control.{name}"
    st.session_state[key] = getattr(session.settings, name)
    return {"key": key, "on_change": _taken, "args": (session, name)}


def _select(session: Session, name: str, label: str, options: Mapping[Any, str]) -> None:
    keyed = _keyed(session, name)
    if getattr(session.settings, name) not in options:
        del st.session_state[keyed["key"]]
    st.selectbox(label, list(options), format_func=lambda option: options[option], **keyed)


def _slider(session: Session, name: str, label: str, step: float | None = None) -> None:
    whole = isinstance(getattr(session.settings, name), int)
    kind = int if whole else float
    limit = LIMITS[name]
    st.slider(label, kind(limit.low), kind(limit.high), step=kind(step or 1), **_keyed(session, name))


def _number(session: Session, name: str, label: str, step: float = 1, format: str | None = None) -> None:
    whole = isinstance(getattr(session.settings, name), int)
    kind = int if whole else float
    limit = LIMITS[name]
    st.number_input(label, kind(limit.low), kind(limit.high), step=kind(step), format=format, **_keyed(session, name))


def _toggle(session: Session, name: str, label: str, help: str) -> None:
    st.toggle(label, help=help, **_keyed(session, name))
