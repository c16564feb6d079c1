"""The page with faults, served as app.py serves the app's."""

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).parents[2]))

from ui import notices

app = st.App(Path(__file__).with_name("faulty_page.py"), on_script_error=notices.fault)
