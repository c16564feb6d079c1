"""Where the EM page asks for a table: brought, checked, its columns and a model chosen."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from em_core.files.errors import InvalidExperiment
from ui.notices import in_sight, notice, plain, table
from ui.own import words
from ui.own.suited import Suited, Wanted, own, owners, suited, usual
from ui.own.table import Brought, Table
from ui.own.text import DECIMALS, DELIMITERS, Form

if TYPE_CHECKING:  # the session knows what was brought
    from ui.em.session import EmSession

# columns and characters of a cell in the preview
_COLUMNS, _CHARACTERS = 30, 40


@st.dialog(words.TITLE, width="large")
def ask(session: EmSession) -> None:
    """What `steps` asks, over the page."""
    steps(session)


def steps(session: EmSession) -> None:
    """Bring a table, check how it was read, choose columns and a model. The run on the page stays until it is used."""
    st.caption(words.STAYS)
    st.markdown(words.BRING)
    brought = _brought(session)
    if brought is None:
        return
    session.brought = brought
    st.markdown(words.CHECK)
    found = _checked(session, brought)
    if found is None:
        return
    st.markdown(words.CHOOSE)
    _chosen(session, brought, found)


def _brought(session: EmSession) -> Brought | None:
    """What came into the dialog last, else what was brought before."""
    key = f"{session.key}.own"
    left, right = st.columns(2)
    file = left.file_uploader(words.UPLOAD, key=f"{key}.file")
    pasted = right.text_area(words.PASTE, help=words.PASTE_HELP, height=110, key=f"{key}.paste")
    offered: list[Brought] = []
    if file is not None:
        offered.append(Brought(file.file_id, file.name, file.getvalue()))
    if pasted and pasted.strip():
        content = pasted.encode(errors="replace")
        offered.append(Brought(hashlib.sha256(content).hexdigest(), words.PASTED, content))
    return latest(session.brought, offered)


def latest(known: Brought | None, offered: Sequence[Brought]) -> Brought | None:
    """Of a file and pasted cells the one that came last.

    known: what was taken last, with what was read of it: it stays where it is that one, or nothing is offered.
    """
    if not offered:
        return known
    before = () if known is None else (known.id, *known.beside)
    ids = tuple(other.id for other in offered)
    come = [other for other in offered if other.id not in before]
    chosen = known if not come and known is not None and known.id in ids else (come or offered)[0]
    chosen.beside = ids
    return chosen


def _checked(session: EmSession, brought: Brought) -> Table | None:
    """How the table was read, which the reader can correct; None where it cannot be read so."""
    key = f"{session.key}.own.{brought.id}"
    columns = st.columns([3, 2, 3, 3], vertical_alignment="bottom")
    try:
        with st.spinner(words.READING):
            first = brought.between(None).delimiter
    except InvalidExperiment as error:
        first = ""
        failed = str(error)
    else:
        failed = ""
    names = [*DELIMITERS]
    delimiter = columns[0].selectbox(
        words.DELIMITER, names, names.index(first), format_func=DELIMITERS.__getitem__, key=f"{key}.delimiter"
    )
    try:
        if failed and delimiter == first:
            raise ValueError(failed)
        with st.spinner(words.READING):
            form = _form(brought.between(delimiter), f"{key}.{delimiter!r}", columns[1:])
            found = brought.in_form(form)
    except ValueError as error:  # what cannot be read is one
        notice("error", str(error))
        return None
    plain(words.read(brought.name, found.n_rows, len(found.columns), found.encoding))
    titles = [f"{column.name}\n{words.KINDS[column.kind]}" for column in found.columns[:_COLUMNS]]
    table(titles, [[cell[:_CHARACTERS] for cell in row[:_COLUMNS]] for row in found.head])
    if len(found.columns) > _COLUMNS:
        plain(words.more_columns(len(found.columns) - _COLUMNS))
    if found.n_odd:
        notice("warning", words.odd([(cell.row, cell.column, cell.text) for cell in found.odd[:3]], found.n_odd))
    return found


def _form(found: Form, key: str, columns: list) -> Form:
    names = [*DECIMALS]
    decimal = columns[0].selectbox(
        words.DECIMAL, names, names.index(found.decimal), format_func=DECIMALS.__getitem__, key=f"{key}.decimal"
    )
    marks = columns[1].text_input(words.MARKS, " ".join(found.marks), help=words.MARKS_HELP, key=f"{key}.marks")
    header = columns[2].toggle(words.HEADER, found.header, key=f"{key}.header")
    return Form(found.delimiter, decimal, header, tuple((marks or "").split()))


def _chosen(session: EmSession, brought: Brought, found: Table) -> None:
    key = f"{session.key}.own.{brought.id}.{hash(found.form)}"
    usable = [column.name for column in found.columns if column.kind not in ("date", "text", "empty")]
    first = brought.once("usual", found.form, lambda: usual(found))
    names = st.multiselect(words.COLUMNS, usable, first, key=f"{key}.columns")
    offered = brought.once("suited", (found.form, names), lambda: suited(found, names))
    if not offered:
        plain(words.NO_MODEL if names else words.NO_COLUMNS)
        return
    key = f"{key}.{hash(tuple(names))}"
    titles = [model.title for model in offered]
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    chosen = offered[titles.index(left.selectbox(words.MODEL, titles, key=f"{key}.model"))]
    with right:
        wanted = _wanted(found, tuple(names), chosen, f"{key}.{chosen.title}")
    try:
        made = brought.once("own", (found.form, chosen.title, wanted), lambda: own(found, chosen, wanted))
    except InvalidExperiment as error:
        notice("error", str(error))
        return
    for note in made.notes:
        plain(note)
    if in_sight().button(words.USE, type="primary", key=f"{key}.use"):
        try:
            with st.spinner(words.READING):
                session.bring(made)
        except InvalidExperiment as error:
            notice("error", str(error))
        else:
            st.rerun()


def _wanted(found: Table, names: tuple[str, ...], chosen: Suited, key: str) -> Wanted:
    """What else this model can be told."""
    standardize = odd = False
    trials = by = None
    if chosen.measured:
        standardize = st.toggle(words.STANDARDISE, help=words.STANDARDISE_HELP, key=f"{key}.standardize")
    if any(found.column(name).n_odd for name in names):
        odd = st.toggle(words.ODD, key=f"{key}.odd")
    if chosen.model == "binomial_mixture":
        most = found.column(names[0]).largest
        trials = st.number_input(words.TRIALS, most, 1_000_000, most, key=f"{key}.trials")
    if chosen.model == "hidden_markov":
        by = st.selectbox(
            words.BY,
            [None, *owners(found, names)],
            format_func=lambda name: words.ONE_SEQUENCE if name is None else name,
            key=f"{key}.by",
        )
    return Wanted(names, standardize, odd, trials, by)
