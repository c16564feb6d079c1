"""The player sends what the browser lacks, and nothing else."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ui import limits
from ui import player as player_module
from ui.player import NEAR, Player
from ui.tape import GROUP, KEPT, Tape


class FakeRun(Tape):
    """Frames that are only ids; `scene` can be exchanged. A step takes a second of `seconds`, a whole frame two."""

    def __init__(self, frames="abc", scene="scene", tape=0):
        super().__init__()
        self.ids = list(frames)
        self.scene = SimpleNamespace(id=scene, json={"id": scene, "figures": {}})
        self.length, self.tape, self.seconds, self.drawn = 1000, tape, 0, []

    def __len__(self):
        return len(self.ids)

    @property
    def ended(self):
        return "There is no more." if len(self.ids) > self.length else None

    @property
    def remaining(self):
        return max(0, self.tape - len(self.ids) + 1)

    def step(self):
        if self.ended:
            return False
        self.seconds += 1
        self.ids.append(f"+{len(self.ids)}")
        return True

    def gather(self):
        known = [frame["id"] for frame in self._light]
        self.cut(next((i for i, (a, b) in enumerate(zip(known, self.ids, strict=False)) if a != b), len(self.ids)))
        self._light = [{"id": name, "light": True} for name in self.ids]

    def draw(self, index, key):
        self.seconds += 2
        self.drawn.append(index)
        return {"id": self.ids[index], "set": {"key": key}}

    def coming(self):
        return []

    def inner(self, index):
        return [{"set": {"at": index}}]

    def beats(self, index, unit):
        return (4, 9, [{"set": {"to": index}}], "") if index < len(self) else (0, 0, [], "none")


def timed(monkeypatch, run, seconds):
    """A player whose slices last so many seconds of the run's clock."""
    monkeypatch.setattr(limits, "SLICE", seconds)
    return Player(clock=lambda: run.seconds)


def whole(message):
    """Numbers of the whole frames in a message."""
    new = [message["first"] + i for i, frame in enumerate(message["frames"]) if "light" not in frame]
    return sorted(new + [fill["at"] for fill in message["fills"]])


@pytest.fixture
def sent(monkeypatch):
    """The messages that went to the browser."""
    messages = []
    monkeypatch.setattr(player_module.stage, "show", lambda message, key: messages.append(message.json()))
    return messages


def listen(player, monkeypatch, act=None, cursor=None, turn=0):
    result = SimpleNamespace(act=act, cursor=cursor, turn=turn, look=None)
    monkeypatch.setattr(player_module.stage, "asked", lambda key: result)
    return player.listen("stage", 999)


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


def test_a_scene_is_sent_where_the_browser_lacks_it(sent):
    player, run = Player(), FakeRun()
    player.show(run, "stage")
    player.show(run, "stage")
    run.scene = FakeRun(scene="other").scene
    player.show(run, "stage")
    player.answer(run, {"act": "resend"})
    player.show(run, "stage")
    player.show(run, "stage")
    told = [message["scene"] for message in sent]
    assert [scene["id"] for scene in told] == ["scene", "scene", "other", "other", "other"]
    assert ["figures" in scene for scene in told] == [True, False, True, True, False]


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


def test_end_is_answered_slice_by_slice_until_the_run_has_ended(sent, monkeypatch):
    run = FakeRun()
    player = timed(monkeypatch, run, 5)
    run.length = 14
    player.show(run, "stage")
    act = {"act": "end", "since": 2}
    while act:
        player.answer(run, act)
        player.show(run, "stage")
        act = sent[-1]["more"]
        assert act in (None, {"act": "end", "since": 2})
    assert [message["cursor"] for message in sent] == [0, 7, 12, 14] and sent[-1]["ended"]
    assert [whole(message)[-1:] for message in sent[1:3]] == [[7], [12]], "only what is in view on the way"
    player.answer(run, {"act": "resend"})
    player.show(run, "stage")
    assert sent[-1]["more"] is None


def test_end_goes_on_for_so_many_frames_at_most(sent, monkeypatch):
    monkeypatch.setattr(limits, "END", 7)
    run = FakeRun()
    player = timed(monkeypatch, run, 5)
    for _ in range(2):
        player.answer(run, {"act": "end", "since": 2})
        player.show(run, "stage")
    assert [message["cursor"] for message in sent] == [7, 9] and [bool(message["more"]) for message in sent] == [1, 0]
    assert not sent[0]["paused"] and sent[1]["paused"].startswith("7 more")
    player.answer(run, {"act": "advance", "to": 10})
    player.show(run, "stage")
    assert not sent[2]["paused"]


def test_a_tape_is_made_again_slice_by_slice_and_then_the_reader_stands_where_the_link_says(sent, monkeypatch):
    run = FakeRun("a", tape=20)
    player = timed(monkeypatch, run, 5)
    player.reopen(run, 12)
    player.show(run, "stage")
    while sent[-1]["more"]:
        assert sent[-1]["more"] == {"act": "rest"} and sent[-1]["goal"] == 20
        assert player.place == 12, "the address says where the reader will be"
        player.answer(run, sent[-1]["more"])
        player.show(run, "stage")
    assert [len(message["frames"]) for message in sent] == [6, 5, 5, 5], "five steps a slice, and no frame twice"
    assert [message["cursor"] for message in sent] == [0, 0, 12, 12]
    assert sent[0]["turn"] == sent[1]["turn"] < sent[2]["turn"] == sent[3]["turn"]
    assert sent[3]["goal"] is None and len(run) == 21


def test_a_step_that_outlasts_the_slice_is_made_all_the_same(sent, monkeypatch):
    run = FakeRun("a", tape=3)
    player = timed(monkeypatch, run, 0)
    player.reopen(run)
    player.show(run, "stage")
    assert len(run) == 2 and whole(sent[0]) == [0], "and the frame in view is whole, the others are not"


def test_what_the_reader_does_ends_the_wait_for_the_links_place(sent, monkeypatch):
    run = FakeRun("a", tape=20)
    player = timed(monkeypatch, run, 5)
    player.reopen(run, 12)
    listen(player, monkeypatch, cursor=3, turn=player.turn)
    assert player.place == 3
    player.reopen(run, 12)
    player.answer(run, {"act": "advance", "to": 5})
    player.show(run, "stage")
    assert player.place == 5 and sent[0]["more"] is None and run.remaining, "the rest of the tape is planned"


def test_far_ahead_is_reached_slice_by_slice(sent, monkeypatch):
    run = FakeRun()
    player = timed(monkeypatch, run, 5)
    for to in (11, 11):
        player.answer(run, {"act": "advance", "to": to, "at": 2, "turn": 0})
        player.show(run, "stage")
    assert [message["more"] for message in sent] == [{"act": "advance", "to": 11}, None]
    assert [message["cursor"] for message in sent] == [7, 11] and sent[0]["goal"] == 11


# --- whole frames ---------------------------------------------------------------------------------------------------


def test_only_what_is_in_view_is_whole(sent):
    run = FakeRun("a", tape=700)
    player = Player()
    player.reopen(run, 400)
    player.show(run, "stage")
    assert len(sent[0]["frames"]) == 701
    assert whole(sent[0]) == [400 - NEAR, 399, 400, 401, 400 + NEAR] == sorted(run.drawn)


def test_frames_are_filled_where_the_reader_comes_and_sent_once(sent, monkeypatch):
    run, player = FakeRun("a", tape=100), Player()
    player.reopen(run, 50)
    player.show(run, "stage")
    listen(player, monkeypatch, {"act": "fill", "n": 1, "at": 53, "turn": player.turn})
    player.answer(run, {"act": "fill", "at": 53})
    player.show(run, "stage")
    assert sent[1]["first"] == 101 and sent[1]["frames"] == []
    assert whole(sent[1]) == [51, 52, 53, 54, 55], "all that it asked for, though some were sent before"
    listen(player, monkeypatch, cursor=54, turn=player.turn)
    player.show(run, "stage")
    assert whole(sent[2]) == [56] and run.drawn.count(54) == 1


def test_play_is_given_frames_ahead_as_far_as_a_slice_goes(sent, monkeypatch):
    run = FakeRun("a", tape=100)
    player = Player()
    player.reopen(run, 30)
    player.show(run, "stage")
    player.clock = lambda: run.seconds
    monkeypatch.setattr(limits, "SLICE", 7)
    player.answer(run, {"act": "fill", "at": 30, "ahead": 24})
    player.show(run, "stage")
    assert whole(sent[1]) == [30, 31, 32, 33, 34, 35, 36]  # the first three were there, and four fit
    player.answer(run, {"act": "ahead"})
    player.show(run, "stage")
    assert whole(sent[2]) == [101, 102, 103], "what Play asks to be made is whole too"


def test_frames_one_by_one_are_whole_and_hold_what_changed():
    """As before there were light ones: a frame without all keys follows a whole one, in a group of its own."""
    run = FakeRun("a")
    run.frames([0])
    for at in range(1, 60):
        run.advance(at)
        run.frames([at, at - 1])
    frames = run.frames([59])
    assert all("light" not in frame for frame in frames)
    assert [index for index, frame in enumerate(frames) if frame["set"]["key"]] == list(range(0, 60, GROUP))


def test_whole_frames_are_bounded_and_never_lack_what_they_build_on():
    run = FakeRun("a", tape=1000)
    run.reopen()
    for at in [*range(0, 1000), *range(990, 300, -7), 3, 500, 501, 502]:
        frames = run.frames([at, at + 1, at - 1])
        there = {index for index, frame in enumerate(frames) if "light" not in frame}
        assert at in there and len(there) <= KEPT + 3
        assert all(frames[index]["set"]["key"] or index - 1 in there for index in there)


def test_an_act_is_answered_once(sent, monkeypatch):
    player = Player()
    act = {"act": "reset", "n": 7, "at": 2, "turn": 0}
    assert listen(player, monkeypatch, act) == act and player.cursor == 2
    assert listen(player, monkeypatch, act) is None
    player.show(FakeRun(), "stage")
    assert sent[0]["answer"] == 7
    assert not player.answer(FakeRun(), act)  # wants another run


def test_a_move_has_the_same_road_as_a_step():
    """The run makes it after the place in view, and the browser is ordered to where it leads."""
    player, run = Player(cursor=1), FakeRun("abcd")
    asked = []
    run.move = lambda letter, at: asked.append((letter, at)) or at + 1
    assert player.answer(run, {"act": "move", "letter": "E"}) and asked == [("E", 1)]
    assert player.cursor == 2 and player.turn == 1


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


@pytest.mark.parametrize(
    "cursor, to, at, arrives", [(0, 13, 12, 1), (2, 13, 12, 3), (1, 15, 12, 4), (4, 2, 1, 5), (2, 0, 9, 0)]
)
def test_steps_asked_for_before_an_order_count_from_where_it_led(sent, cursor, to, at, arrives):
    """Next pressed on a picture that Python has replaced meanwhile: as many steps, on the run that is there now."""
    player, run = Player(), FakeRun("abcde"[: cursor + 1])
    player.go(cursor)
    player.answer(run, {"act": "advance", "to": to, "at": at, "turn": 0})
    player.show(run, "stage")
    assert len(run) == max(arrives, cursor) + 1
    assert (sent[0]["cursor"], sent[0]["turn"]) == (arrives, 2)  # an order of its own: the browser cannot know


def test_inner_frames_carry_the_id_of_their_frame(sent):
    player, run = Player(), FakeRun()
    player.answer(run, {"act": "inner", "at": 1})
    player.show(run, "stage")
    assert sent[0]["inner"] == {"frame": "b", "frames": [{"set": {"at": 1}}]}
    player.answer(run, {"act": "advance", "to": 1, "at": 0})  # they are sent once
    player.show(run, "stage")
    assert sent[1]["inner"] is None


def test_beats_carry_the_ids_of_both_frames_and_make_the_next_one(sent):
    player, run = Player(), FakeRun("ab")
    player.answer(run, {"act": "inside", "at": 0})
    player.show(run, "stage")
    inside = {"unit": 4, "units": 9, "why": ""}
    assert sent[0]["inside"] == {"frame": "a", "next": "b", "beats": [{"set": {"to": 1}}], **inside}
    player.go(1)
    player.answer(run, {"act": "inside", "at": 1})
    player.show(run, "stage")
    assert len(run) == 3 and (sent[1]["cursor"], player.cursor) == (1, 1)  # the reader stays
    assert sent[1]["inside"] == {"frame": "b", "next": "+2", "beats": [{"set": {"to": 2}}], **inside}
    player.answer(run, {"act": "fill", "at": 0})  # they are sent once
    player.show(run, "stage")
    assert sent[2]["inside"] is None


def test_where_the_run_has_ended_there_is_nothing_to_step_into(sent):
    player, run = Player(), FakeRun("ab")
    run.length = 1
    player.go(1)
    player.answer(run, {"act": "inside", "at": 1})
    player.show(run, "stage")
    found = sent[0]["inside"]
    assert len(run) == 2 and (found["next"], found["beats"], found["why"]) == (None, [], "none")


def test_what_is_worked_out_beside_the_tape_goes_on_whatever_the_reader_does(sent, monkeypatch):
    run = FakeRun()
    player = timed(monkeypatch, run, 1)
    monkeypatch.setattr(FakeRun, "pending", True)
    player.show(run, "stage")
    player.answer(run, {"act": "advance", "to": 3, "at": 2, "turn": 0})
    player.show(run, "stage")
    assert [message["more"] for message in sent] == [{"act": "rest"}] * 2 and player.reopening
    monkeypatch.setattr(FakeRun, "pending", False)
    assert player.go_on(run)
    player.show(run, "stage")
    assert sent[2]["more"] is None
