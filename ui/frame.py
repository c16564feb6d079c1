"""The frame around every page: navigation, and Streamlit's own padding and chrome out of the way of the views."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

_ROOT = Path(__file__).parent.parent

# what Streamlit runs for every reader
SCRIPT = _ROOT / "ui" / "main.py"

# a page is a row here, pages/NAME.py and ui/NAME/ with its settings, session and sidebar: name and address, title; the
# first is the home page
PAGES = (
    ("em", "EM, step by step"),
    ("map", "MAP inference"),
    ("posterior", "A point or a distribution?"),
    ("dictionary", "Dictionary learning"),
)

_STYLE = """
<style>
[data-testid="stHeader"] { height: 2.6rem; min-height: 2.6rem; background: none; pointer-events: none; }
[data-testid="stHeader"] button { pointer-events: auto; }
[data-testid="stSidebarUserContent"] { padding-top: 0; padding-bottom: 1rem; }
[data-testid="stSidebar"] [data-testid="stVerticalBlock"] { gap: 0.55rem; }
[data-testid="stSidebar"] h1 { font-size: 1.3rem; padding: 0 0 1rem; }
[data-testid="stSidebar"] hr { margin: 0.25rem 0; }
[data-testid="stMain"]:focus, [data-testid="stMain"]:focus-visible { outline: none; box-shadow: none; }
/* a run that takes long must not grey out what stands on the stage */
[data-stale="true"] { opacity: 1 !important; }
</style>
"""


def show() -> StreamlitPage:
    """Set up the window and the navigation; returns the page to run. Only ui/main.py calls this."""
    icon = str(_ROOT / "ui" / "icon.png")
    st.set_page_config(page_title="ELBO Room", page_icon=icon, layout="wide", initial_sidebar_state="auto")
    pages = [
        st.Page(str(_ROOT / "pages" / f"{name}.py"), title=title, default=number == 0)
        for number, (name, title) in enumerate(PAGES)
    ]
    page = st.navigation(pages, position="sidebar")
    st.html(_STYLE)
    return page
