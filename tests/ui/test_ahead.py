"""What is there before anybody asks: the server without the core, a browser's first picture without the controls."""

from __future__ import annotations

import subprocess
import sys

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.tools import ROOT

STARTED = """
import asyncio, sys
import app
from ui import ahead
assert not {"em_core.models", "em_core.trajectory", "ui.session"} & set(sys.modules), "the server answers first"
async def live():
    async with ahead.begun(app.app):
        ahead.wait()
        assert {"em_core.models", "ui.page", "ui.em.session", "ui.em.sidebar"} <= set(sys.modules)
asyncio.run(live())
"""


def test_the_server_answers_before_the_core_is_loaded():
    done = subprocess.run([sys.executable, "-c", STARTED], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("agent", "query", "alone"), [
    ("Mozilla/5.0 (X11; Linux x86_64)", {"model": "gaussian_mixture"}, True),
    ("", {"model": "gaussian_mixture"}, False),  # it would not ask for the controls
    ("Mozilla/5.0 (X11; Linux x86_64)", {}, False),  # a lesson's are few
], ids=["browser", "none", "lesson"])  # fmt: skip
def test_who_arrives_gets_the_picture_first(monkeypatch, agent, query, alone):
    monkeypatch.setattr(type(st.context), "headers", property(lambda _: {"User-Agent": agent}))
    app = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=60)
    app.query_params.update(query)
    app.run()
    assert not app.exception and app.session_state["em"].player.alone == alone
    assert bool(app.sidebar.button) == (not alone and bool(query))
    app.run()
    assert not app.exception and not app.session_state["em"].player.alone
    assert bool(app.sidebar.button) == bool(query), "once"
