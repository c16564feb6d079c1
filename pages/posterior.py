"""A point or a distribution: the posterior of sparse coding, and what a q that is not it costs."""

import streamlit as st

from ui import posterior_sidebar, session
from ui.posterior_session import PosteriorSession

reader = session.current(PosteriorSession)
with st.sidebar:
    posterior_sidebar.show(reader)
session.animate(reader)
