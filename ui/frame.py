"""The frame around every page: Streamlit's own padding and chrome give way to the views."""

from __future__ import annotations

import streamlit as st

_STYLE = """
<style>
/* a run that takes long must not grey out what stands on the stage */
[data-stale="true"] { opacity: 1 !important; }
[data-testid="stHeader"] { height: 2.6rem; min-height: 2.6rem; }
[data-testid="stSidebarUserContent"] { padding-top: 0; padding-bottom: 1rem; }
[data-testid="stSidebar"] [data-testid="stVerticalBlock"] { gap: 0.55rem; }
[data-testid="stSidebar"] hr { margin: 0.25rem 0; }
</style>
"""


def show() -> None:
    """Call once on every page, first."""
    st.html(_STYLE)
