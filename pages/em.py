"""EM, step by step."""

import streamlit as st

from ui import em_sidebar, session
from ui.em_session import EmSession

reader = session.current(EmSession)
with st.sidebar:
    em_sidebar.show(reader)
session.animate(reader)
