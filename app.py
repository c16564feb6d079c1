"""ELBO Room: what `streamlit run app.py` serves."""

import streamlit as st

from ui import frame, notices

# a reader's run of the script is ui/main.py; routes and middleware of the app's own belong here
app = st.App(frame.SCRIPT, routes=[], middleware=[], on_script_error=notices.fault)
