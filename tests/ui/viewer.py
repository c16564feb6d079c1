"""A browser reduced to what it holds: it takes the stage's messages and checks that they fit what came before."""

from __future__ import annotations

import json
import re
from itertools import count
from types import SimpleNamespace

import pytest

from em_core.files.errors import InvalidExperiment
from ui import limits, player
from ui.stage import acts

# what must never stand in a text on screen
_SPILLED = re.compile(r"\b(nan|NaN|inf|Infinity|None|undefined)\b|Traceback|np\.float|array\(")


# how many half-steps the page holds, and how often a slice lets a run look at the clock
LONGEST, LOOKS = 40, 5.5


@pytest.fixture(scope="module")
def hasty():
    """A run soon has as many half-steps as the page holds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "LONGEST", LONGEST)
        yield


def one_line(text):
    assert text and len(text.splitlines()) == 1 and text.isprintable() and len(text) < 1_000, repr(text)


def is_sound(session, known=()):
    """Scene and frames without NaN, chained and as many as the run says; messages of one line; an address.

    known: ids of frames that have been looked at before.
    """
    frames = session.run.frames([session.player.cursor])
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


def in_view(session):
    """The whole frame in view, with all that it shows."""
    at = session.player.cursor
    run = session.run
    return run.draw(at, True) if hasattr(run, "draw") else run.frames()[at]


def same_view(session, other):
    return (
        not other.messages
        and other.settings == session.settings
        and other.run.scene.json == session.run.scene.json
        and [frame["id"] for frame in other.run.frames([0])] == [frame["id"] for frame in session.run.frames([0])]
        and other.player.cursor == session.player.cursor
        and in_view(other) == in_view(session)
    )


class Viewer:
    """One reader with one browser on one page."""

    def __init__(self, session):
        self.number = 0
        self.enter(session)

    def enter(self, session):
        """A page that has just been opened, with slices of a few half-steps."""
        looks = count()
        session.player.clock = lambda: limits.SLICE / LOOKS * next(looks)
        self.session = session
        self.frames, self.scene, self.turn = [], None, None
        self.show()

    @property
    def ids(self):
        return [frame["id"] for frame in self.frames]

    def do(self, deed):
        kind, what = deed
        session = self.session
        if kind == "change":
            session.change(**what)
        elif kind == "file":
            try:
                session.open_file((what if isinstance(what, str) else json.dumps(what)).encode(errors="replace"))
            except InvalidExperiment as error:
                one_line(str(error))
        elif kind == "drop":
            session.drop_file()
        elif kind == "reload":
            session.run.recall(())  # a link does not hold the run before
            self.enter(type(session).opened(session.query()))
            assert same_view(session, self.session), (session.query(), self.session.messages)
        elif kind == "cursor":
            self.listen(None, {"at": what, "turn": self.turn})
        else:
            self.ask(self.numbered(what))
        self.show()

    def ask(self, act):
        self.number += 1
        heard = self.listen({"turn": self.turn, **act, "n": self.number}, None)
        if heard is not None:
            self.session.act(heard)

    def numbered(self, act):
        """Places counted from the end of the run become numbers, a handle's number one of those in view."""
        last = len(self.session.run) - 1
        numbers = {}
        for key, value in act.items():
            if isinstance(value, tuple):
                what, count = value
                if what == "handle":
                    at = min(max(self.session.player.cursor, 0), last)
                    frame = self.session.run.frames([at])[at]
                    handles = [handle["id"] for handle in frame.get("handles") or []] or ["none"]
                    value = handles[count % len(handles)]
                else:
                    value = max(0, last - count) if what == "back" else last + count
            numbers[key] = value
        return numbers

    def listen(self, act, cursor):
        at, turn = acts.read_place(cursor)
        result = SimpleNamespace(cursor=at, act=acts.read(act), turn=turn, look=None)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(player.stage, "asked", lambda key: result)
            return self.session.player.listen("stage", len(self.session.run) - 1)

    def show(self):
        """Take what the page sends; ask for what is missing, and for what the page itself says comes next."""
        for _ in range(4 * LONGEST):
            is_sound(self.session, set(self.ids))
            message = self.sent()
            if not self.take(message):
                self.ask({"act": "resend", "at": 0})
            elif message["more"]:
                self.ask({**message["more"], "at": message["cursor"]})
            elif self.frames[message["cursor"]].get("light"):
                self.ask({"act": "fill", "at": message["cursor"]})
            else:
                break
        else:
            pytest.fail("the page never comes to rest")
        assert self.ids == [frame["id"] for frame in self.session.run.frames([0])]
        assert message["cursor"] == self.session.player.cursor

    def sent(self):
        messages = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(player.stage, "show", lambda message, key: messages.append(message.json()))
            self.session.player.show(self.session.run, "stage")
        (message,) = messages
        json.dumps(message, allow_nan=False)
        return message

    def take(self, message):
        first, after = message["first"], message["after"]
        if first and (len(self.frames) < first or self.frames[first - 1]["id"] != after):
            return False
        if message["scene"]["id"] != self.scene and (first or "figures" not in message["scene"]):
            return False
        self.scene, self.turn = message["scene"]["id"], message["turn"]
        self.frames[first:] = message["frames"]
        for fill in message["fills"]:
            assert self.frames[fill["at"]]["id"] == fill["frame"]["id"] and not fill["frame"].get("light")
            self.frames[fill["at"]] = fill["frame"]
        return True
