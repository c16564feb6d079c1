"""EM, step by step."""

import streamlit as st

from ui import session
from ui.em import sidebar
from ui.em.session import EmSession

reader = session.current(EmSession)
with st.sidebar:
    sidebar.show(reader)
session.animate(reader)
