"""Dictionary learning."""

import streamlit as st

from ui import dictionary_sidebar, session
from ui.dictionary_session import DictionarySession

reader = session.current(DictionarySession)
with st.sidebar:
    dictionary_sidebar.show(reader)
session.animate(reader)
