"""What the page says to the reader in between: warnings, errors, faults of the program. All of it is plain text.

Streamlit's own boxes render Markdown, and what they say may hold a link, a file's name or a value from a file: it would
become pictures and links to anywhere.
"""

from __future__ import annotations

import html
import logging
import secrets
from collections.abc import Mapping, Sequence
from traceback import extract_tb
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui import words

_LOG = logging.getLogger("elbo_room")


def notice(kind: Literal["warning", "error"], text: str) -> None:
    """A box that says `text`, letter by letter; screen readers say it at once. ui/streamlit.css has its look."""
    st.html(f'<div class="notice {kind}" role="alert">{html.escape(text)}</div>')


def plain(text: str) -> None:
    """A small line of text that may come from outside."""
    st.html(f'<div class="small-print">{html.escape(text)}</div>')


def explained(words: Mapping[str, str]) -> None:
    """Words, each with what it means."""
    rows = (f"<dt>{html.escape(word)}</dt><dd>{html.escape(text)}</dd>" for word, text in words.items())
    st.html(f'<dl class="glossary">{"".join(rows)}</dl>')


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Cells as they are, letter by letter; a keyboard can scroll it."""
    head = "".join(f"<th>{html.escape(title)}</th>" for title in titles)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    said = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    st.html(f'<div class="cells" tabindex="0" role="region" aria-label="{html.escape(words.FIRST_ROWS)}">{said}</div>')


def fault(error: Exception) -> bool:
    """One line for the reader in place of what nothing else has caught, with the number that the log has for it.

    For `st.App`'s `on_script_error`: Streamlit has logged the traceback just before. The reader's session stays.
    """
    number = secrets.token_hex(2)
    places = [f"{frame.filename}:{frame.lineno}" for frame in extract_tb(error.__traceback__)[-1:]]
    _LOG.error("error %s: %s at %s, traceback above", number, " ".join(repr(error).split())[:300], *places or ["?"])
    notice("error", words.fault(number))
    return True


def in_sight() -> DeltaGenerator:
    """The last row of a dialog, which stays in sight however far its reader has scrolled."""
    return st.container(key="in_sight")
