"""Dictionary learning."""

import streamlit as st

from ui import session
from ui.dictionary import sidebar
from ui.dictionary.session import DictionarySession

reader = session.current(DictionarySession)
with st.sidebar:
    sidebar.show(reader)
session.animate(reader)
