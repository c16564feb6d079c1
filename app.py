"""ELBO Room: what `streamlit run app.py` serves."""

import streamlit as st
from starlette.middleware import Middleware

from ui import ahead, frame, notices
from ui.assets import Assets
from ui.handing import Handing
from ui.room import desk_routes, routes

# a reader's run of the script is ui/main.py; routes and middleware of the app's own belong here
app = st.App(
    frame.SCRIPT,
    routes=[*desk_routes.ROUTES, *routes.ROUTES],
    middleware=[Middleware(Assets), Middleware(Handing)],
    lifespan=ahead.begun,
    on_script_error=notices.fault,
)
