"""The lecturer's side of a room, on every page: what is asked, what stays on the server meanwhile, and what is true."""

from __future__ import annotations

import asyncio
import json
from importlib import import_module

import pytest
from starlette.applications import Starlette

from tests.ui.room.asked import voter
from tests.ui.test_lesson_page import QUESTIONS, act, answer, told
from tests.ui.viewer import one_line
from ui import limits
from ui.em.session import EmSession
from ui.lessons.learning import at_link
from ui.lessons.replay import change
from ui.lessons.taught import run_of
from ui.room import desk_routes
from ui.room import desk_words as words
from ui.room.asking import asked_in
from ui.room.desk import Hosting
from ui.room.memory import Memory
from ui.room.records import Away

PAGES = ["em", "ascent", "dictionary", "map", "posterior"]
NUMBERS = {
    **dict.fromkeys(("em", "ascent", "posterior"), ["evidence", "elbo", "gap"]),
    "dictionary": ["joint"],
    "map": ["objective", "gap"],
}
CHOSEN = [(name, step) for name, step in QUESTIONS if step.predict.kind in ("direction", "choice")]
OTHERS = [(name, step) for name, step in QUESTIONS if step.predict.kind not in ("direction", "choice")]


class Lecturer:
    """A lecturer with a page and a room."""

    def __init__(self, session, store=None):
        self.store = Memory() if store is None else store
        self.session = session
        session.hosting = Hosting(lambda: self.store)
        self.show()

    def show(self):
        self.session.settle()
        self.session.player.room = self.session.room()
        self.message = told(self.session)
        return self

    @property
    def room(self):
        return self.message["room"]

    def do(self, deed, **said):
        act(self.session, act=deed, **said)
        return self.show()

    def opened(self, hands=False):
        return self.do("room.open", hands=hands)

    def on(self, **said):
        return self.do("room.on", of=self.room["turn"], **said)

    def vote(self, count, option):
        """So many phones say the same in every part."""
        room = self.store.read(self.room["code"])
        choices = {part.id: part.options[option % len(part.options)].id for part in room.question.parts}
        for number in range(count):
            self.store.vote(room.code, voter(number), room.ballot, choices)

    @property
    def frames(self):
        """How many the browser holds."""
        return self.message["first"] + len(self.message["frames"])


def on_page(page, steps=1):
    """A page whose reader has made so many steps."""
    session = getattr(import_module(f"ui.{page}.session"), f"{page.capitalize()}Session").opened({})
    session.run.reopen()
    session.run.advance(steps)
    session.player.go(steps)
    return session


def lecturing(page="em", steps=1, hands=False):
    return Lecturer(on_page(page, steps)).opened(hands)


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
    assert "climbs" in before["text"]["heading.course"] and "climbs" not in frame["text"]["heading.course"]
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


def test_hands_are_counted_without_a_network():
    lecturer = lecturing(hands=True)
    assert lecturer.room["hands"] and lecturer.room["code"] == "" and lecturer.room["join"] == []
    lecturer.on()
    first = {"evidence": {"rises": 30, "stays": 7}, "elbo": {"rises": 37}, "gap": {"rises": 1}}
    lecturer.on(numbers=json.dumps(first))
    assert lecturer.room["phase"] == "closed" and lecturer.room["voters"] == [37]
    assert lecturer.room["counts"][0]["evidence"] == {"rises": 30, "falls": 0, "stays": 7}
    lecturer.on().on(numbers="{}").on()
    assert lecturer.room["phase"] == "revealed" and lecturer.room["answer"]["right"]["gap"] == ["rises"]


@pytest.mark.parametrize(
    "numbers",
    [
        "[",
        "3",
        "null",
        '{"evidence": 3}',
        '{"evidence": {"rises": -1}}',
        '{"evidence": {"rises": 1.5}}',
        '{"evidence": {"rises": 100000}}',
        '{"evidence": {"sinks": 1}}',
        '{"nothing": {}}',
        "[" * 9_000,
        '{"evidence": {"rises": true}}',
    ],
)
def test_hands_that_cannot_be_are_refused_and_the_vote_stays_open(numbers):
    lecturer = lecturing(hands=True).on().on(numbers=numbers)
    assert lecturer.room["phase"] == "voting" and lecturer.message["withheld"]
    one_line(lecturer.room["said"])


def test_hands_are_counted_beside_the_phones():
    lecturer = lecturing().on()
    lecturer.vote(4, 0)
    lecturer.on(numbers='{"evidence": {"falls": 2}, "elbo": {}, "gap": {}}')
    assert lecturer.room["counts"][0]["evidence"] == {"rises": 4, "falls": 2, "stays": 0}


class Lost:
    """A store that can be lost."""

    def __init__(self):
        self.memory, self.lost = Memory(), False

    def __getattr__(self, name):
        if self.lost:
            raise Away
        return getattr(self.memory, name)


@pytest.mark.parametrize("presses", [0, 1, 2, 3, 4])
def test_a_lecture_goes_on_where_the_rooms_are_lost_and_they_are_found_again(presses):
    lecturer = Lecturer(on_page("em"), Lost()).opened()
    for _ in range(presses):
        lecturer.on()
        if lecturer.room["phase"] == "voting":
            lecturer.vote(3, lecturer.room["round"])
    counted = [counts for counts in lecturer.room["counts"] if sum(counts["gap"].values())]
    code, lecturer.store.lost = lecturer.room["code"], True
    lecturer.on()
    assert lecturer.room["hands"] and "cannot be reached" in lecturer.room["said"]
    assert lecturer.room["counts"][: len(counted)] == counted
    if presses in (1, 3):  # a vote was open: now hands are counted
        assert lecturer.room["phase"] == "voting" and lecturer.room["round"] == len(counted) + 1
    while lecturer.room["phase"] != "idle":
        assert (lecturer.message["withheld"] is None) == (lecturer.room["phase"] == "revealed")
        lecturer.on()
    assert lecturer.session.player.cursor == 2
    lecturer.store.lost = False
    lecturer.on()
    assert not lecturer.room["hands"] and lecturer.room["said"] == words.BACK_BY_PHONE
    assert lecturer.store.read(code).phase == "voting"


def test_without_any_store_hands_are_counted_from_the_beginning():
    store = Lost()
    store.lost = True
    lecturer = Lecturer(on_page("em"), store).opened()
    assert lecturer.room["hands"] and lecturer.room["said"]
    assert lecturer.on().room["phase"] == "voting"


def test_a_lecturer_who_loads_the_page_again_has_the_room_and_the_question():
    lecturer = lecturing().on()
    code, key, mark = (lecturer.room[name] for name in ("code", "key", "mark"))
    again = Lecturer(EmSession.opened(lecturer.session.query()), lecturer.store)
    assert again.room is None and again.message["withheld"] is None
    again.session.run.reopen()
    again.do("room.back", code=code, key=key, mark=mark)
    assert again.room["code"] == code and again.message["withheld"] and again.room["here"]
    again.on().on().on().on()
    assert again.room["phase"] == "revealed"
    other = Lecturer(EmSession.opened({"model": "gaussian_mixture", "seed": "5"}), lecturer.store)
    other.do("room.back", code=code, key=key, mark=mark)
    assert other.room["phase"] == "revealed"


def test_a_question_about_another_view_is_not_revealed_there():
    lecturer = lecturing().on()
    lecturer.on()
    other = Lecturer(on_page("map"), lecturer.store)
    other.session.hosting = lecturer.session.hosting
    other.show()
    assert other.message["withheld"] is None and other.room["said"] == words.ELSEWHERE
    other.do("room.reveal", of=other.room["turn"])
    assert other.room["phase"] == "closed" and len(other.session.run) == 2
    other.do("room.rest")
    assert other.room["phase"] == "idle" and lecturer.show().message["withheld"] is None


@pytest.mark.parametrize("key", ["", "wrong", "\ud800", "x" * 5_000, "<b>", "a\nb"])
def test_who_has_no_key_leads_no_room(key):
    lecturer = lecturing()
    other = Lecturer(on_page("em"), lecturer.store)
    other.do("room.back", code=lecturer.room["code"], key=key, mark="")
    assert other.session.hosting.room is None
    one_line(other.session.hosting.said)
    other.on_of = other.do("room.on", of=lecturer.room["turn"])
    assert lecturer.store.read(lecturer.room["code"]).phase == "idle"


def test_a_room_that_is_over_says_so_and_locks_nothing():
    lecturer = lecturing().on()
    lecturer.store.end(*lecturer.session.hosting.opened)
    lecturer.on()
    assert "phase" not in lecturer.room and lecturer.message["withheld"] is None
    one_line(lecturer.room["said"])


def test_the_audience_can_follow_but_not_ahead_of_a_question():
    lecturer = lecturing()
    read = lambda: lecturer.store.read(lecturer.room["code"]).view  # noqa: E731
    assert read() == ""
    lecturer.do("room.follow", on=True)
    view = read()
    assert view.startswith("?") and "cursor=1" in view and "present" not in view
    lecturer.do("advance", to=2, at=1)
    assert read() != view
    view = read()
    lecturer.on()
    assert read() == view
    lecturer.on().on().on().on()
    assert read() != view
    lecturer.do("room.follow", on=False)
    assert read() == ""
    assert lecturing("map").session.followed.startswith("map?")


def test_the_room_that_is_closed_is_forgotten():
    lecturer = lecturing()
    code = lecturer.room["code"]
    lecturer.do("room.end")
    assert "phase" not in lecturer.room
    with pytest.raises(ValueError, match=code):
        lecturer.store.read(code)


def test_what_is_said_beforehand_tells_how_long_a_room_lives():
    lecturer = Lecturer(on_page("em"))
    assert lecturer.room is None
    assert "as long as the server runs" in lecturer.do("room").room["about"]


def asked(path, **headers):
    """What the desk's route answers: status, headers and JSON."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "root_path": ""}
    scope["headers"] = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(Starlette(routes=desk_routes.ROUTES)(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), json.loads(b"".join(part["body"] for part in sent[1:]))


def test_the_desk_asks_how_many_have_voted_by_a_route(monkeypatch):
    lecturer, lost = lecturing().on(), Lost()
    lost.lost = True
    monkeypatch.setattr(desk_routes, "store", lambda: lecturer.store)
    code, key = lecturer.room["code"], lecturer.room["key"]
    lecturer.vote(3, 0)
    for below in ("", "/some/base"):
        status, headers, news = asked(f"{below}/join/{code}/desk", x_room_key=key)
        assert status == 200 and headers[b"cache-control"] == b"no-store"
        assert news["voters"] == [3] and news["turn"] == lecturer.room["turn"]
        assert news["counts"][0]["elbo"] == {"rises": 3, "falls": 0, "stays": 0}
    for wrong in ({}, {"x_room_key": "wrong"}):
        status, _, news = asked(f"/join/{code}/desk", **wrong)
        assert status == 403 and "counts" not in news
    assert asked("/join/ZZZZ/desk", x_room_key=key)[0] == 404
    monkeypatch.setattr(desk_routes, "store", lambda: lost)
    assert asked(f"/join/{code}/desk")[0] == 503
