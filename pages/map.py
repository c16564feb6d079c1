"""MAP inference in sparse coding."""

import streamlit as st

from ui import map_sidebar, session
from ui.map_session import MapSession

reader = session.current(MapSession)
with st.sidebar:
    map_sidebar.show(reader)
session.animate(reader)
