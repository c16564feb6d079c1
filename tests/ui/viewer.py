"""A browser reduced to what it holds: it takes the stage's messages and checks that they fit what came before."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import pytest

from em_core.errors import InvalidExperiment
from ui import dictionary_run, dictionary_session, em_run, em_session, map_run, map_session, player

# what must never stand in a text on screen
_SPILLED = re.compile(r"\b(nan|NaN|inf|Infinity|None|undefined)\b|Traceback|np\.float|array\(")


# what Play asks for ahead: as much as this many seconds make; and how many half-steps the page holds
PATIENCE, LONGEST = 0.02, 40


@pytest.fixture(scope="module")
def hasty():
    """Play and End make few steps at a time, and a run soon has as many as the page holds."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (em_run, map_run, dictionary_run, em_session, map_session, dictionary_session):
            for name, value in (("_PATIENCE", PATIENCE), ("LONGEST", LONGEST)):
                if hasattr(module, name):
                    patch.setattr(module, name, value)
        yield


def one_line(text):
    assert text and len(text.splitlines()) == 1 and text.isprintable() and len(text) < 1_000, repr(text)


def is_sound(session, known=()):
    """Scene and frames without NaN, chained and as many as the run says; messages of one line; an address.

    known: ids of frames that have been looked at before.
    """
    frames = session.run.frames()
    ids = [frame["id"] for frame in frames]
    new = [frame for frame in frames if frame["id"] not in known]
    json.dumps([session.run.scene.json, new, session.run.coming(), session.run.ended], allow_nan=False)
    assert len(frames) == len(session.run) > 0
    assert 0 <= session.player.cursor < len(frames)
    assert len(set(ids)) == len(ids)
    for frame in new:
        for slot, text in frame.get("text", {}).items():
            assert not _SPILLED.search(text), (slot, text)
    for message in session.messages:
        one_line(message)
    query = session.query()
    assert all(isinstance(name, str) and isinstance(text, str) for name, text in query.items())
    assert isinstance(session.linkable, bool)
    json.loads(session.file(), parse_constant=pytest.fail)


def same_view(session, other):
    return (
        not other.messages
        and other.settings == session.settings
        and other.run.scene.json == session.run.scene.json
        and other.run.frames() == session.run.frames()
        and other.player.cursor == session.player.cursor
    )


class Viewer:
    """One reader with one browser on one page."""

    def __init__(self, session):
        self.session = session
        self.number = 0
        self.ids, self.scene, self.turn, self.cursor = [], None, None, 0
        self.show()

    def do(self, deed):
        kind, what = deed
        session = self.session
        if kind == "change":
            session.change(**what)
        elif kind == "file":
            try:
                session.open_file(what if isinstance(what, str) else json.dumps(what))
            except InvalidExperiment as error:
                one_line(str(error))
        elif kind == "drop":
            session.drop_file()
        elif kind == "reload":
            self.session = type(session).opened(session.query())
            assert same_view(session, self.session), (session.query(), self.session.messages)
            self.ids, self.scene = [], None
        elif kind == "cursor":
            self.listen(None, {"at": what, "turn": self.turn})
        else:
            self.number += 1
            act = self.listen({"turn": self.turn, **self.numbered(what), "n": self.number}, None)
            if act is not None:
                session.act(act)
        self.show()

    def numbered(self, act):
        """Places counted from the end of the run become numbers, a handle's number one of those in view."""
        last = len(self.session.run) - 1
        numbers = {}
        for key, value in act.items():
            if isinstance(value, tuple):
                what, count = value
                if what == "handle":
                    frame = self.session.run.frames()[min(max(self.session.player.cursor, 0), last)]
                    handles = [handle["id"] for handle in frame.get("handles") or []] or ["none"]
                    value = handles[count % len(handles)]
                else:
                    value = max(0, last - count) if what == "back" else last + count
            numbers[key] = value
        return numbers

    def listen(self, act, cursor):
        place = cursor or {}
        result = SimpleNamespace(cursor=place.get("at"), act=act, turn=place.get("turn"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(player.stage, "asked", lambda key: result)
            return self.session.player.listen("stage")

    def show(self):
        """Take what the page sends; a browser that lacks history asks for all."""
        is_sound(self.session, set(self.ids))
        for _ in range(2):
            sent = []
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(player.stage, "show", lambda message, key, sent=sent: sent.append(message))
                self.session.player.show(self.session.run, "stage")
            (message,) = sent
            json.dumps(message, allow_nan=False)
            if self.take(message):
                break
            self.session.act({"act": "resend", "n": self.number, "at": 0})
        else:
            pytest.fail("the browser lacks history after all was sent again")
        assert self.ids == [frame["id"] for frame in self.session.run.frames()]
        assert 0 <= message["cursor"] < len(self.ids)

    def take(self, message):
        first, after = message["first"], message["after"]
        if first and (len(self.ids) < first or self.ids[first - 1] != after):
            return False
        if message["scene"]["id"] != self.scene and first:
            return False
        self.scene, self.turn = message["scene"]["id"], message["turn"]
        self.ids[first:] = [frame["id"] for frame in message["frames"]]
        return True
