"""What the stage sends can be read with no more than what the browser says it has read."""

from __future__ import annotations

import json
import random
import zlib
from types import SimpleNamespace

import pytest

import ui.stage

WINDOW = 32_768


def end(text):
    return text[-WINDOW:]


class Browser:
    """Takes some of the messages, and names the last one that it took with what it asks."""

    def __init__(self):
        self.read: list[bytes] = []

    def ask(self):
        return {"act": "advance", "n": 1, **({"read": zlib.adler32(self.read[-1])} if self.read else {})}

    def take(self, packed):
        presumed = int.from_bytes(packed[2:6], "big") if packed[1] & 0x20 else None
        known = {zlib.adler32(text): text for text in self.read}
        text = zlib.decompressobj(zdict=known[presumed] if presumed is not None else b"").decompress(packed)
        self.read.append(end(text))
        return json.loads(text), presumed is not None


@pytest.fixture
def state(monkeypatch):
    held: dict = {}
    monkeypatch.setattr(ui.stage, "st", SimpleNamespace(session_state=held))
    return held


def told(number, size=300):
    rng = random.Random(number)
    return {"number": number, "same": list(range(size)), "other": [rng.random() for _ in range(20)]}


@pytest.mark.parametrize("size", [3, 300, 20_000])
def test_what_was_read_is_not_sent_again(state, size):
    browser, sizes = Browser(), []
    for number in range(6):
        packed = ui.stage._packed(told(number, size), browser.ask())
        assert browser.take(packed) == (told(number, size), number > 0)
        sizes.append(len(packed))
    assert size != 300 or max(sizes[1:]) < 0.7 * sizes[0]


def test_messages_that_never_came_are_not_referred_to(state):
    browser, rng = Browser(), random.Random(1)
    asked = browser.ask()
    for number in range(200):
        if rng.random() < 0.3:
            asked = browser.ask()
        packed = ui.stage._packed(told(number), asked if rng.random() < 0.7 else None)
        if rng.random() < 0.6:
            assert browser.take(packed)[0] == told(number)
    assert len(state["stage.sent"]) == 3


@pytest.mark.parametrize("act", [None, {}, {"read": 5}, {"read": 0}])
def test_an_unknown_message_is_not_referred_to(state, act):
    ui.stage._packed(told(1), None)
    assert json.loads(zlib.decompress(ui.stage._packed(told(2), act))) == told(2)


@pytest.mark.parametrize("read", ["1", -1, 2**32, True, 1.5, None])
def test_what_cannot_be_a_checksum_is_no_act(read):
    assert ui.stage.acts.read({"act": "end", "n": 1, "read": read}) == {"act": "nothing", "n": 1}
    assert ui.stage.acts.read({"act": "end", "n": 1, "read": 2**32 - 1})["act"] == "end"
