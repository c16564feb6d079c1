"""ELBO Room: navigation and the frame that all pages share."""

import streamlit as st

from ui import frame

st.set_page_config(page_title="ELBO Room", page_icon=":material/stacked_line_chart:", layout="wide")
page = st.navigation([st.Page("pages/em.py", title="EM, step by step", default=True)], position="top")
frame.show()
page.run()
