"""EM, step by step."""

import streamlit as st

from ui import controls, session

reader = session.current()
with st.sidebar:
    controls.em(reader)
session.animate(reader)
