"""The player sends what the browser lacks, and nothing else."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ui import player as player_module
from ui.player import Player


class FakeRun:
    """Frames that are only ids; `scene` can be exchanged."""

    def __init__(self, frames="abc", scene="scene"):
        self.ids = list(frames)
        self.scene = SimpleNamespace(id=scene, json={"id": scene})
        self.ended = None
        self.length = 1000

    def __len__(self):
        return len(self.ids)

    def frames(self):
        return [{"id": name} for name in self.ids]

    def coming(self):
        return []

    def inner(self, index):
        return [{"set": {"at": index}}]

    def advance(self, to):
        self.ids += [f"+{n}" for n in range(len(self.ids), to + 1)]

    def ahead(self, most=None):
        self.advance(min(len(self.ids) + 4, most or 1000))
        if len(self.ids) > self.length:
            self.ended = "There is no more."


@pytest.fixture
def sent(monkeypatch):
    """The messages that went to the browser."""
    messages = []
    monkeypatch.setattr(player_module.stage, "show", lambda message, key: messages.append(message))
    return messages


def listen(player, monkeypatch, act=None, cursor=None, turn=0):
    result = SimpleNamespace(act=act, cursor=cursor, turn=turn)
    monkeypatch.setattr(player_module.stage, "asked", lambda key: result)
    return player.listen("stage")


def names(message):
    return [frame["id"] for frame in message["frames"]]


def test_first_message_holds_everything(sent):
    Player().show(FakeRun(), "stage")
    (message,) = sent
    assert message["first"] == 0 and message["after"] is None and names(message) == ["a", "b", "c"]


def test_later_messages_hold_what_is_new(sent):
    player, run = Player(), FakeRun()
    player.show(run, "stage")
    player.answer(run, {"act": "advance", "to": 4, "at": 2, "turn": 0})
    player.show(run, "stage")
    player.show(run, "stage")
    assert [message["first"] for message in sent] == [0, 3, 5]
    assert names(sent[1]) == ["+3", "+4"] and sent[1]["after"] == "c" and sent[2]["frames"] == []
    # first + frames is always the length of the run
    assert all(message["first"] + len(message["frames"]) in (3, 5) for message in sent)


def test_a_fork_sends_from_where_it_parts(sent):
    player = Player()
    player.show(FakeRun("abcde"), "stage")
    player.show(FakeRun("abX"), "stage")
    assert sent[1]["first"] == 2 and sent[1]["after"] == "b" and names(sent[1]) == ["X"]


def test_a_shorter_tape_sends_only_its_length(sent):
    player = Player()
    player.show(FakeRun("abcde"), "stage")
    player.show(FakeRun("abc"), "stage")
    assert sent[1]["first"] == 3 and sent[1]["frames"] == [] and sent[1]["after"] == "c"


def test_another_scene_and_resend_send_all(sent):
    player, run = Player(), FakeRun()
    player.show(run, "stage")
    assert player.answer(run, {"act": "resend"})
    player.show(run, "stage")
    player.show(FakeRun(scene="other"), "stage")
    assert [message["first"] for message in sent] == [0, 0, 0]


def test_turn_rises_only_when_python_moves_the_cursor(sent):
    player, run = Player(), FakeRun()
    player.show(run, "stage")
    player.answer(run, {"act": "advance", "to": 5, "at": 2, "turn": 0})
    player.answer(run, {"act": "ahead"})
    player.show(run, "stage")
    assert sent[0]["turn"] == sent[1]["turn"]
    player.answer(run, {"act": "end"})
    player.show(run, "stage")
    assert sent[2]["turn"] > sent[1]["turn"] and sent[2]["cursor"] == len(run) - 1


def test_end_is_answered_batch_by_batch_until_the_run_has_ended(sent):
    player, run = Player(), FakeRun()
    run.length = 14
    for _ in range(3):
        player.answer(run, {"act": "end", "since": 2})
        player.show(run, "stage")
    assert [message["more"] for message in sent] == [True, True, False]
    assert [message["cursor"] for message in sent] == [7, 12, 17] and sent[2]["ended"]
    player.answer(run, {"act": "resend"})
    player.show(run, "stage")
    assert sent[3]["more"] is False


def test_end_goes_on_for_so_many_frames_at_most(sent, monkeypatch):
    monkeypatch.setattr(player_module, "END_FRAMES", 7)
    player, run = Player(), FakeRun()
    for _ in range(2):
        player.answer(run, {"act": "end", "since": 2})
        player.show(run, "stage")
    assert [message["cursor"] for message in sent] == [7, 9] and [message["more"] for message in sent] == [True, False]
    assert not sent[0]["paused"] and sent[1]["paused"].startswith("7 more")
    player.answer(run, {"act": "advance", "to": 10})
    player.show(run, "stage")
    assert not sent[2]["paused"]


def test_an_act_is_answered_once(sent, monkeypatch):
    player = Player()
    act = {"act": "move", "letter": "E", "n": 7, "at": 2, "turn": 0}
    assert listen(player, monkeypatch, act) == act and player.cursor == 2
    assert listen(player, monkeypatch, act) is None
    player.show(FakeRun(), "stage")
    assert sent[0]["answer"] == 7
    assert not player.answer(FakeRun(), act)  # the page's own


def test_the_cursor_follows_the_browser(sent, monkeypatch):
    player = Player()
    assert listen(player, monkeypatch, cursor=2) is None
    player.show(FakeRun(), "stage")
    assert sent[0]["cursor"] == 2
    player.show(FakeRun("a"), "stage")  # the tape became shorter
    assert sent[1]["cursor"] == 0


def test_a_place_from_before_an_order_does_not_count(sent, monkeypatch):
    """E and M pressed quickly: M was pressed at 0, but Python has sent the reader to 1 meanwhile."""
    player = Player()
    player.go(1)
    listen(player, monkeypatch, {"act": "move", "letter": "M", "n": 8, "at": 0, "turn": 0}, cursor=0, turn=0)
    assert player.cursor == 1
    listen(player, monkeypatch, {"act": "move", "letter": "M", "n": 9, "at": 0, "turn": 1})
    assert player.cursor == 0


@pytest.mark.parametrize("cursor, to, at, arrives", [(0, 13, 12, 1), (2, 13, 12, 3), (1, 15, 12, 4), (4, 2, 1, 5)])
def test_steps_asked_for_before_an_order_count_from_where_it_led(sent, cursor, to, at, arrives):
    """Next pressed on a picture that Python has replaced meanwhile: as many steps, on the run that is there now."""
    player, run = Player(), FakeRun("abcde"[: cursor + 1])
    player.go(cursor)
    player.answer(run, {"act": "advance", "to": to, "at": at, "turn": 0})
    player.show(run, "stage")
    assert len(run) == arrives + 1
    assert (sent[0]["cursor"], sent[0]["turn"]) == (arrives, 2)  # an order of its own: the browser cannot know


def test_inner_frames_carry_the_id_of_their_frame(sent):
    player, run = Player(), FakeRun()
    player.answer(run, {"act": "inner", "at": 1})
    player.show(run, "stage")
    assert sent[0]["inner"] == {"frame": "b", "frames": [{"set": {"at": 1}}]}
