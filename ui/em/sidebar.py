"""The sidebar of the EM page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from em_core import schedule
from em_core.kinds import MOVES, Move, lacking
from em_core.observe.direction import COORDINATE, RANDOM
from figures.pace import CARD
from ui import controls, sidebar
from ui.em import recipes, words
from ui.em.run import coordinate_names
from ui.em.session import EmSession
from ui.em.settings import SIZES, data_options
from ui.notices import plain
from ui.pace import TWO_CLUSTERS, is_two_clusters


def show(session: EmSession) -> None:
    """Model, data, start and moves of the EM page."""
    settings = session.settings
    controls.show(session, "model")
    known = data_options(settings.model).get(settings.edited or "")
    own = words.edited(known) if known else words.OWN_DATA
    imported = sidebar.imported(own, words.BACK, session=session)
    if imported and not known and session.linkable:
        st.caption(words.IN_LINK)
    if not imported:
        controls.show(session, "data")
        if settings.data == "blobs":
            with st.expander(words.POINTS):
                controls.show(session, *settings.named("blobs").values())
    if st.button(words.BRING, width="stretch"):
        from ui.own import dialog  # with it comes pandas, which few readers need

        dialog.ask(session)
    names = session.run.scene.view.axis_names
    if settings.model in SIZES:
        most = len(names) if settings.model == "factor_analysis" else None
        controls.one(session, "components", SIZES[settings.model].label, most=most)
    controls.show(session, *settings.named(settings.model).values())
    if settings.model == "gaussian_mixture" and settings.covariance == "spherical":
        controls.show(session, "fixed")
    if len(names) > 2:
        for column, axis in zip(st.columns(2), ("x_axis", "y_axis"), strict=True):
            with column:
                controls.one(session, axis, options=dict(enumerate(names)))
    if settings.can_standardize:
        controls.show(session, "standardize")
    dataset = settings.dataset()
    if dataset is not None and dataset.start is not None and not imported:
        controls.show(session, "start")
    controls.show(session, "seed")
    st.divider()
    _schedule(session)
    sidebar.experiment_file(session)
    sidebar.keys(words.KEYS)
    if dataset is not None and (known or not imported):
        plain(words.data(dataset.title, dataset.source, dataset.licence))


def _schedule(session: EmSession) -> None:
    """The schedule: a recipe by name or any word, and the settings of the moves in it."""
    model, settings = session.run.experiment.model, session.settings
    offered, present = recipes.offered(session.recipes, model), session.recipe
    named = {label: {"recipe": name} for name, label in offered.items()}
    controls.word(session, "plan", "Schedule", named, offered[present] if present else None)
    if present:
        plain(f"{session.recipes[present].title}: {session.recipes[present].sentence}")
    controls.show(session, *session.beside)
    rates(session)
    _direction(session)
    if "broken" in settings.declared():
        controls.one(session, "broken")
    if model.help["m_step"] != "closed form":
        plain(words.m_step(model.help["m_step"]))
    for kind, label in words.KINDS.items():
        plain(label)
        with st.container(horizontal=True, gap="small"):
            for letter, move in MOVES.items():
                if move.kind == kind:
                    _move(session, letter, move)
    if st.button(words.MOVES, width="stretch"):
        _about_moves(model)
    # below what is pressed: a move that is made brings its settings along
    for letter in dict.fromkeys(schedule.expand(settings.plan, MOVES) + session.run.moves):
        controls.show(session, *settings.named(f"moves.{letter}").values())


def rates(session: Any) -> None:
    """How fast EM comes to rest, and one click to where that changes under a slider."""
    controls.show(session, "rates")
    shown = any(view["id"] == CARD.id for view in session.run.scene.json["views"])
    if shown and not is_two_clusters(session.settings):
        st.button(words.OVERLAP, help=words.TOWARDS_1, on_click=session.change, kwargs=TWO_CLUSTERS, width="stretch")


def _direction(session: EmSession) -> None:
    """Along which line the bound is seen, where the page shows that."""
    settings = session.settings
    if "direction" not in settings.declared():
        return
    controls.show(session, "direction")
    if settings.direction == COORDINATE and (names := coordinate_names(session.run.experiment)):
        controls.one(session, "coordinate", options=dict(enumerate(names)))
    elif settings.direction == RANDOM:
        controls.show(session, "direction_seed")


def _move(session: EmSession, letter: str, move: Move) -> None:
    """A button that makes the move, with its key; pointed at, it says what there is to know about it."""
    model = session.run.experiment.model
    st.button(
        f"`{letter}` {move.word}",
        key=f"em.move.{letter}",
        disabled=not move.allowed(model),
        help=f"**{move.name}**. {_described(move, model)}",
        on_click=session.act,
        args=({"act": "move", "letter": letter},),
    )


@st.dialog("The moves", width="large")
def _about_moves(model: Any) -> None:
    st.markdown(words.SCHEDULES)
    rows = [f"| **{letter}** | {move.name} | {_described(move, model)} |" for letter, move in MOVES.items()]
    st.markdown("\n".join([words.COLUMNS, "|---|---|---|", *rows]))


def _described(move: Move, model: Any) -> str:
    if not move.allowed(model):
        return words.not_here(lacking(model, move.letter))
    return words.move(move.sentence, move.promise, move.effect).replace("|", "\\|")
