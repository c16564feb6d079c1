"""MAP inference in sparse coding."""

import streamlit as st

from ui import session
from ui.map import sidebar
from ui.map.session import MapSession

reader = session.current(MapSession)
with st.sidebar:
    sidebar.show(reader)
session.animate(reader)
