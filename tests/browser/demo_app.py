"""The demo page, served as app.py serves the app's."""

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

sys.path.insert(0, str(Path(__file__).parents[2]))

from ui.assets import Assets

app = st.App(Path(__file__).with_name("stage_demo.py"), middleware=[Middleware(Assets)])
