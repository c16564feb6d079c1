"""What Python really sends is what the JavaScript takes: the forms of docs/stage.md are the same on both sides."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import fields
from types import SimpleNamespace

import pytest

import ui.stage
from tests.tools import ROOT, passes
from tests.ui.any_view import PAGES
from ui.player import Player
from ui.stage.message import Message

TYPES = ROOT / "ui" / "stage" / "frontend" / "types.js"
# what the stage adds to every message
ADDED = {"key", "session", "returns"}
# as in tsconfig.json
OPTIONS = "--ignoreConfig --allowJs --checkJs --noEmit --strict --target ES2022 --moduleResolution bundler"


def said(name):
    """The names of a form in types.js, from its braces, without those of the forms within."""
    text = re.sub(r"\n \*", "", TYPES.read_text(encoding="utf-8"))
    (form,) = re.findall(rf"@typedef (\{{\{{.*?\}}\}}) {name}\b", text)
    inside = form[2:-2]
    while "{" in inside:
        inside = re.sub(r"\{[^{}]*\}", "", inside)
    return set(re.findall(r"(\w+)\??:", inside))


def test_a_message_has_the_same_names_on_both_sides():
    assert {field.name for field in fields(Message)} | ADDED == said("Message")


@pytest.fixture
def sent(monkeypatch):
    """All that is mounted."""
    made = []
    monkeypatch.setattr(ui.stage, "st", SimpleNamespace(session_state={}))
    monkeypatch.setattr(ui.stage, "_mount", lambda key, data, **callbacks: made.append(data))
    return made


def messages(page, sent):
    """What a page sends as it opens, when it has made steps, goes on to the end, and shows finer frames."""
    session = page.session.opened({})
    deeds = ({"act": "advance", "to": 3, "at": 0}, {"act": "inner", "at": 2}, {"act": "inside", "at": 1})
    deeds += ({"act": "fill", "at": 1}, {"act": "end"})
    for number, act in enumerate(({}, *deeds), start=1):
        if act:
            session.player._answered = number
            session.player.answer(session.run, act)
        session.player.show(session.run, "stage")
    Player().show(session.run, "stage")
    told = json.loads(json.dumps([json.loads(zlib.decompress(message)) for message in sent], allow_nan=False))
    sent.clear()
    return told


def test_what_pages_send_is_what_the_types_say(sent, tool, tmp_path):
    """All pages in one file: the checker reads the types once."""
    told = []
    for page in PAGES:
        made = messages(page, sent)
        assert any(message["inner"] for message in made) and any(message["frames"] for message in made), page
        told += made
    path = tmp_path / "messages.js"
    lines = [f'/** @type {{import("{TYPES}").Told[]}} */', f"export const messages = {json.dumps(told)};"]
    path.write_text("\n".join(lines), encoding="utf-8")
    passes(tool("tsc"), *OPTIONS.split(), str(path))
