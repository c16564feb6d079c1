"""The frame around every page: navigation, and Streamlit's own padding and chrome out of the way of the views."""

from __future__ import annotations

import base64
import re
from contextvars import ContextVar
from pathlib import Path
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage

from ui import words

_ROOT = Path(__file__).parent.parent

NAME = "ELBO Room"

# what Streamlit runs for every reader
SCRIPT = _ROOT / "ui" / "main.py"

# a page is a row here, pages/NAME.py and ui/NAME/ with its settings, session and sidebar: name and address, title; the
# first is the home page
PAGES = (
    ("em", "EM, step by step"),
    ("ascent", "Coordinate ascent"),
    ("race", "The M-step race"),
    ("starts", "Many starts"),
    ("map", "MAP inference"),
    ("posterior", "A point or a distribution?"),
    ("dictionary", "Dictionary learning"),
)

# what browsers of phones call themselves; those of tablets do not
_PHONE = re.compile(r"iPhone|Android.*Mobile|Mobile.*Firefox")

# of the page that is being run: see `waiting`
_PLACE: ContextVar[DeltaGenerator] = ContextVar("waiting")

# all that is changed of Streamlit's own page
STYLE = _ROOT / "ui" / "streamlit.css"
# and inside another page
EMBEDDED = _ROOT / "ui" / "embedded.css"


def script(name: str) -> str:
    """The file that Streamlit runs for a page."""
    return str(_ROOT / "pages" / f"{name}.py")


def show() -> StreamlitPage:
    """Set up the window and the navigation; returns the page to run. Only ui/main.py calls this."""
    # whole in the address: Streamlit drops the file of an icon with its last reader, and who asks late gets a 404
    icon = "data:image/png;base64," + base64.b64encode((_ROOT / "ui" / "icon.png").read_bytes()).decode()
    # Streamlit goes by the width alone, and a phone on its side is wide enough for a sidebar over everything
    phone = _PHONE.search(st.context.headers.get("User-Agent", "")) is not None
    sidebar: Literal["auto", "collapsed"] = "collapsed" if phone else "auto"
    st.set_page_config(page_title=NAME, page_icon=icon, layout="wide", initial_sidebar_state=sidebar)
    pages = [st.Page(script(name), title=title, default=number == 0) for number, (name, title) in enumerate(PAGES)]
    embedded = bool(st.context.is_embedded)
    page = st.navigation(pages, position="hidden" if embedded else "sidebar")
    st.html(STYLE)
    if embedded:
        alone()
    else:
        _sign(words.PURPOSES[next(name for name, title in PAGES if title == page.title)])
    _PLACE.set(st.empty())
    return page


def alone() -> None:
    """The page without its sidebar."""
    st.html(EMBEDDED)


def waiting() -> DeltaGenerator:
    """The place on the page, before all that is its own, that says what takes long.

    It is the frame's, so that it is there also when the browser has just left a page. Streamlit then has taken the
    page's own parts away, and a message for one of them that was still on its way fails, and everything with it, if
    there is nothing in the places before.
    """
    return _PLACE.get()


def _sign(purpose: str) -> None:
    """What the page is for, twice: above the navigation, and on a phone, where that is away, above the stage."""
    sign = f'<div class="app-sign"><h1>{NAME}</h1><p>{purpose}</p></div>'
    st.html(sign)
    with st.sidebar:
        st.html(sign)
