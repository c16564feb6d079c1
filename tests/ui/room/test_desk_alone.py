"""The lecturer's side of a room where something is missing: the network, the store, the key, the view asked about."""

from __future__ import annotations

import asyncio
import json

import pytest
from starlette.applications import Starlette

from tests.ui.room.lecturer import Lecturer, lecturing, on_page
from tests.ui.viewer import one_line
from ui.em.session import EmSession
from ui.room import desk_routes, words
from ui.room.memory import Memory
from ui.room.records import Away


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


def test_a_room_that_was_lost_with_its_store_says_so():
    lecturer = Lecturer(on_page("em"), Lost()).opened().on()
    lecturer.store.lost = True
    lecturer.on()
    lecturer.store.lost, lecturer.store.memory = False, Memory()
    lecturer.do("room.rest").on()
    assert lecturer.room["hands"] and lecturer.room["said"] == words.LOST
    assert not lecturer.do("room.end").opened().room["hands"]


def test_who_loads_the_page_again_while_rooms_are_away_has_theirs_once_they_are_found():
    store = Lost()
    lecturer = Lecturer(on_page("em"), store).opened()
    code, key = lecturer.room["code"], lecturer.room["key"]
    store.lost = True
    again = Lecturer(on_page("em"), store).do("room.back", code=code, key=key, mark="")
    assert again.room["hands"] and "cannot be reached" in again.room["said"]
    store.lost = False
    assert not again.on().room["hands"] and store.read(code).phase == "voting"


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
    assert "phase" not in other.room
    one_line(other.room["said"])
    other.do("room.on", of=lecturer.room["turn"])
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
