"""The lecturer's side of a room, on every page: what is asked, what stays on the server meanwhile, and what is true."""

from __future__ import annotations

import pytest

from tests.ui.room.lecturer import Lecturer, lecturing, on_page
from tests.ui.test_lesson_page import QUESTIONS, answer
from ui import limits
from ui.em.session import EmSession
from ui.lessons.learning import at_link
from ui.lessons.replay import change
from ui.lessons.taught import run_of
from ui.room import words
from ui.room.asking import asked_in

PAGES = ["em", "ascent", "dictionary", "map", "posterior"]
NUMBERS = {
    **dict.fromkeys(("em", "ascent", "posterior"), ["evidence", "elbo", "gap"]),
    "dictionary": ["joint"],
    "map": ["objective", "gap"],
}
CHOSEN = [(name, step) for name, step in QUESTIONS if step.predict.kind in ("direction", "choice")]
OTHERS = [(name, step) for name, step in QUESTIONS if step.predict.kind not in ("direction", "choice")]


@pytest.mark.parametrize("page", PAGES)
def test_a_class_votes_twice_on_what_comes_next_and_then_it_comes(page):
    lecturer = lecturing(page)
    lecturer.on()
    room, session = lecturer.room, lecturer.session
    assert (room["phase"], room["round"], room["said"]) == ("voting", 1, "")
    assert [part["id"] for part in room["question"]["parts"]] == NUMBERS[page]
    lecturer.vote(7, 0)
    lecturer.on().on()
    assert (lecturer.room["phase"], lecturer.room["round"]) == ("voting", 2)
    lecturer.vote(5, 1)
    lecturer.on()
    assert lecturer.room["phase"] == "closed" and lecturer.room["voters"] == [7, 5]
    assert [sum(counts[NUMBERS[page][0]].values()) for counts in lecturer.room["counts"]] == [7, 5]
    lecturer.on()
    rows = [session.run.numbers(1), session.run.numbers(2)]
    right = {name: [change(rows, name, 1)] for name in NUMBERS[page]}
    assert lecturer.room["phase"] == "revealed" and lecturer.room["answer"]["right"] == right
    assert session.player.cursor == 2 and lecturer.message["withheld"] is None and lecturer.frames > 2
    assert lecturer.store.read(lecturer.room["code"]).shown()["answer"]["right"] == right
    lecturer.on()
    assert lecturer.room["phase"] == "idle" and lecturer.room["question"] is None


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("further", [0, 2])
def test_nothing_after_the_half_step_in_view_leaves_the_server_while_a_question_is_open(page, further):
    lecturer = lecturing(page)
    session = lecturer.session
    lecturer.do("advance", to=1 + further, at=1)
    session.player.go(1)
    lecturer.show()
    lecturer.do("foresee", at=1, has=0)
    lecturer.on()
    locked = {"at": 1, "says": words.FIRST}
    for deed in (
        {"act": "nothing"},
        {"act": "resend"},
        {"act": "advance", "to": 2, "at": 1},
        {"act": "end"},
        {"act": "ahead"},
        {"act": "inside", "at": 1},
        {"act": "foresee", "at": 1, "has": 0},
        {"act": "reset"},
        {"act": "random"},
        {"act": "compare"},
        {"act": "undo"},
    ):
        lecturer.do(deed.pop("act"), **deed)
        assert lecturer.message["withheld"] == locked and lecturer.frames == 2
        last = session.player._veil
        assert not last["handles"] or not lecturer.message["frames"] or lecturer.message["frames"][-1]["handles"] == []
        assert not lecturer.message["foreseen"] and not lecturer.message["foresees"]
        assert lecturer.message["ended"] is None and not lecturer.message["coming"] and not lecturer.message["inside"]
    lecturer.do("room.rest")
    assert lecturer.room["phase"] == "idle" and lecturer.message["withheld"] is None
    assert lecturer.frames == len(session.run) and session.player.cursor == 1


def test_the_picture_of_the_bound_does_not_tell_where_the_move_leads():
    lecturer = lecturing()
    lecturer.do("resend")
    before = lecturer.message["frames"][-1]
    lecturer.on()
    frame = lecturer.message["frames"][-1]
    assert lecturer.message["first"] == 1 and frame["id"] != before["id"]
    assert before["inner_at"] == 0.0 and frame["inner_at"] is None
    curve = frame["set"]["course/bound/y"]
    assert before["set"]["course/bound/y"] and not curve
    assert frame["text"]["heading.course"].endswith("comes with the answer")
    assert "Next" in before["text"]["caption"] and "Next" not in frame["text"]["caption"]
    lecturer.do("inner", at=1)
    assert lecturer.message["inner"] is None
    lecturer.on().on().on().on()
    assert lecturer.message["frames"][0]["id"] == before["id"]


def test_a_way_that_was_gone_stays_in_the_picture():
    lecturer = lecturing(steps=2).on()
    assert lecturer.session.player._veil["set"]["course/bound/y"]


def test_a_kept_run_and_the_run_before_are_away_meanwhile():
    lecturer = lecturing(steps=4)
    session = lecturer.session
    lecturer.do("compare")
    assert session.run.versus is not None
    lecturer.on()
    assert session.run.versus is None and session.kept is not None
    lecturer.do("room.rest")
    assert session.run.versus is not None
    lecturer = lecturing(steps=4)
    lecturer.do("reset").do("advance", to=1, at=0)
    assert lecturer.session.run.recalled
    lecturer.on()
    assert lecturer.room["phase"] == "voting" and not lecturer.session.run.recalled


@pytest.mark.parametrize(("name", "step"), CHOSEN, ids=lambda value: value if isinstance(value, str) else value.id)
def test_a_question_of_a_lesson_is_the_rooms(name, step):
    session = at_link(EmSession, {"lesson": name, "step": step.id})
    lecturer = Lecturer(session).opened().on()
    asked = lecturer.room["question"]
    assert lecturer.room["phase"] == "voting" and asked["text"].endswith("?")
    lecturer.do("reveal").do("answer", value="0").do("explore").do("again")
    assert session.taught.locked and session.leading is None and lecturer.message["lesson"]["told"] is None
    lecturer.vote(3, 0)
    lecturer.on()
    lecturer.do("room.reveal", of=lecturer.room["turn"])
    right, true = lecturer.room["answer"]["right"], answer(step)
    if step.predict.kind == "direction":
        assert right == {of: [way] for of, way in true.items()}
    else:
        assert str(true) in right["answer"]
        assert [option["label"] for option in asked["parts"][0]["options"]] == [o.text for o in step.predict.options]
    assert lecturer.room["answer"]["because"] == step.predict.because
    assert lecturer.message["lesson"]["told"] and lecturer.message["withheld"] is None
    last = min(step.predict.half_step, len(run_of(step)) - 1)
    assert session.player.place == last and not session.messages


def test_a_question_that_no_vote_can_answer_is_left_to_the_lecturer():
    for name, step in OTHERS:
        lecturer = Lecturer(at_link(EmSession, {"lesson": name, "step": step.id})).opened().on()
        assert (lecturer.room["phase"], lecturer.room["said"]) == ("idle", words.ALOUD)


@pytest.mark.parametrize(("name", "step"), CHOSEN, ids=lambda value: value if isinstance(value, str) else value.id)
def test_the_question_of_a_lesson_is_plain_text(name, step):
    text = asked_in(step.text)
    assert not set("$\\*{}_`") & set(text.replace("2^{100}", "")) and "?" in text and len(text) < limits.ROOM_TEXT


@pytest.mark.parametrize("page", ["race", "starts"])
def test_a_page_of_several_runs_has_nothing_to_ask(page):
    lecturer = lecturing(page, steps=0).on()
    assert (lecturer.room["phase"], lecturer.room["said"]) == ("idle", words.SEVERAL)


def test_where_nothing_follows_nothing_is_asked():
    session = on_page("posterior", 0)
    session.player.go(len(session.run) - 1)
    lecturer = Lecturer(session).opened().on()
    assert lecturer.room["said"] == words.NOTHING_NEXT


def test_a_key_that_is_pressed_twice_counts_once():
    lecturer = lecturing()
    turn = lecturer.room["turn"]
    lecturer.on()
    lecturer.do("room.on", of=turn)
    assert lecturer.room["phase"] == "voting"
    lecturer.do("room.reveal", of=turn)
    assert lecturer.room["phase"] == "voting" and lecturer.message["withheld"]
