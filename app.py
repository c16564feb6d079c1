"""ELBO Room: navigation and the frame that all pages share."""

from pathlib import Path

import streamlit as st

from ui import frame

st.set_page_config(page_title="ELBO Room", page_icon=str(Path(__file__).parent / "ui" / "icon.png"), layout="wide")
page = st.navigation([st.Page("pages/em.py", title="EM, step by step", default=True)], position="sidebar")
frame.show()
page.run()
