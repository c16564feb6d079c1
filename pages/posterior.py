"""A point or a distribution: the posterior of sparse coding, and what a q that is not it costs."""

import streamlit as st

from ui import session
from ui.posterior import sidebar
from ui.posterior.session import PosteriorSession

reader = session.current(PosteriorSession)
with st.sidebar:
    sidebar.show(reader)
session.animate(reader)
