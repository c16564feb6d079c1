"""The sidebar of the EM page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from em_core import schedule
from em_core.families.gaussian import COVARIANCES
from em_core.moves import MOVES, Move, lacking
from ui import controls
from ui.em import recipes
from ui.em.session import EmSession
from ui.em.settings import MODEL_NAMES, MOVE_SETTINGS, NOISES, SIZES, STARTS, data_options
from ui.notices import plain


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
        with st.expander("Points and clusters"):
            _blobs(session)
    names = session.run.scene.view.axis_names
    if settings.model in SIZES:
        most = len(names) if settings.model == "factor_analysis" else None
        controls.slider(session, "components", SIZES[settings.model].label, most=most)
    if settings.model == "gaussian_mixture":
        controls.select(session, "covariance", "Covariance", {name: name for name in COVARIANCES})
        if settings.covariance == "spherical":
            controls.toggle(
                session,
                "fixed",
                "Hold weights and variances",
                "Equal weights and one variance for all, as they start: only the means move. With H this is k-means.",
            )
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
    _schedule(session)
    st.divider()
    controls.experiment_file(session)
    controls.keys("; a move's letter makes that move")
    if dataset is not None and not imported:
        plain(f"{dataset.title}. {dataset.source}. Licence: {dataset.licence}.")


def _blobs(session: EmSession) -> None:
    controls.slider(session, "points", "Points N", step=10)
    controls.slider(session, "separation", "Separation (standard deviations)", step=0.1)
    controls.slider(session, "clusters", "Clusters")
    controls.slider(session, "dimensions", "Dimensions D")
    controls.slider(session, "imbalance", "Imbalance", step=0.05)
    controls.slider(session, "outliers", "Outliers, share", step=0.01)
    controls.number(session, "data_seed", "Data seed")


def _schedule(session: EmSession) -> None:
    """The schedule: by name, as a word, and the settings of the moves in it."""
    model, settings = session.run.experiment.model, session.settings
    present = session.recipe
    controls.choice(session, "recipe", "Recipe", recipes.offered(model), present)
    if present in recipes.RECIPES:
        plain(f"{recipes.RECIPES[present].title}: {recipes.RECIPES[present].sentence}")
    controls.text(
        session,
        "plan",
        "Schedule",
        "A word over moves, with counts and parentheses: EM, E G5, (E G5)20, E(PM), (TM)20(EM). "
        "Without a count at its end, its last round goes on and on.",
    )
    controls.toggle(
        session,
        "compare",
        "Beside plain EM",
        "Draws log p of plain EM from the same start, after as many half-steps, into the timeline.",
    )
    for letter in dict.fromkeys(schedule.expand(settings.plan, MOVES) + session.run.moves):
        _move_settings(session, letter)
    if model.help["m_step"] != "closed form":
        plain(f"M here: {model.help['m_step']}.")
    for kind, label in (("E", "Make one E-type move"), ("M", "Make one M-type move")):
        plain(label)
        with st.container(horizontal=True, gap="small"):
            for letter, move in MOVES.items():
                if move.kind == kind:
                    _move(session, letter, move)
    if st.button("About the moves", width="stretch"):
        _about_moves(model)


def _move(session: EmSession, letter: str, move: Move) -> None:
    """A button that makes the move; pointed at, it says what there is to know about it."""
    model = session.run.experiment.model
    st.button(
        letter,
        key=f"em.move.{letter}",
        disabled=not move.allowed(model),
        help=f"**{move.name}**. {_described(move, model)}",
        on_click=session.act,
        args=({"act": "move", "letter": letter},),
    )


@st.dialog("The moves", width="large")
def _about_moves(model: Any) -> None:
    st.markdown(
        "A schedule is a word over these letters. E-type moves change q and leave θ, M-type moves change θ and leave "
        "q. A count repeats a letter or a parenthesis."
    )
    rows = [f"| **{letter}** | {move.name} | {_described(move, model)} |" for letter, move in MOVES.items()]
    st.markdown("\n".join(["| | move | what it does, promises and leaves |", "|---|---|---|", *rows]))


def _described(move: Move, model: Any) -> str:
    if not move.allowed(model):
        return f"Not for this model: {lacking(model, move.letter)}."
    return f"{move.sentence} {move.promise} The gap: {move.gap}.".replace("|", "\\|")


def _move_settings(session: EmSession, letter: str) -> None:
    if letter in "GSAB":
        name = MOVE_SETTINGS[letter, "step"]
        controls.number(session, name, f"Step size of {letter}", step=0.05, format="%.3f")
    if letter == "S":
        controls.number(session, "batch", "Units in a minibatch")
    elif letter == "L":
        controls.number(session, "iterations", "Iterations of L")
    elif letter == "P":
        controls.number(session, "blocks", "Blocks of P")
    elif letter == "T":
        controls.number(session, "temperature", "Temperature of the first T", step=0.5, format="%.2f")
        controls.slider(session, "cooling", "Kept of its distance to 1, at every T", step=0.05)
