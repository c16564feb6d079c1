"""Rooms are bounded in number, size and time, and take many who come at once: the same theorems of every store."""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.ui.room.asked import COIN, QUESTION, saying, voter
from ui import limits
from ui.room.memory import Memory
from ui.room.records import Closed, Invalid, NoRoom, Option, Part, Question, TooMany, Voted

YES = {"it": "yes"}


def test_a_room_is_forgotten_when_its_time_is_over(make):
    store = make(lasting=0.4)
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot
    store.vote(code, voter(1), ballot, YES)
    time.sleep(0.45)
    for deed in (
        lambda: store.read(code),
        lambda: store.vote(code, voter(2), ballot, YES),
        lambda: store.ask(code, key, COIN),
    ):
        with pytest.raises(NoRoom):
            deed()
    kept = store._redis.keys("*") if hasattr(store, "_redis") else store._rooms
    assert not kept


def test_there_are_so_many_rooms_and_no_more(make):
    store = make()
    rooms = [store.open() for _ in range(limits.ROOMS)]
    assert len({room.code for room in rooms}) == len({room.key for room in rooms}) == limits.ROOMS
    with pytest.raises(TooMany):
        store.open()
    store.end(*rooms[0])
    store.open()


def test_those_whose_time_is_over_make_room(make):
    store = make(lasting=1.0)
    for _ in range(limits.ROOMS):
        store.open()
    time.sleep(1.05)
    assert store.read(store.open().code).phase == "idle"


def test_there_are_so_many_voters_and_no_more(store, monkeypatch):
    monkeypatch.setattr(limits, "ROOM_VOTERS", 3)
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot
    for number in range(3):
        store.vote(code, voter(number), ballot, YES)
    with pytest.raises(TooMany):
        store.vote(code, voter(3), ballot, YES)
    with pytest.raises(Voted):
        store.vote(code, voter(0), ballot, YES)
    assert store.close(code, key).voters == (3,)
    store.vote(code, voter(3), store.again(code, key).ballot, YES)


def option(number, label="x"):
    return Option(str(number), label)


@pytest.mark.parametrize(
    "question",
    [
        Question("", COIN.parts),
        Question("x" * (limits.ROOM_TEXT + 1), COIN.parts),
        Question("?", ()),
        Question("?", COIN.parts * 2),
        Question("?", tuple(replace(COIN.parts[0], id=str(n)) for n in range(limits.ROOM_PARTS + 1))),
        Question("?", (Part("it", "", (option(1),)),)),
        Question("?", (Part("it", "", (option(1), option(1))),)),
        Question("?", (Part("it", "", tuple(map(option, range(limits.ROOM_OPTIONS + 1)))),)),
        Question("?", (Part("it", "", (option(1), option(2, ""))),)),
        Question("?", (Part("", "", (option(1), option(2))),)),
        Question("?", (Part("x" * (limits.ROOM_ID + 1), "", (option(1), option(2))),)),
    ],
    ids=lambda question: f"{len(question.text)}-{len(question.parts)}",
)
def test_a_question_that_no_phone_could_show_is_refused(store, question):
    code, key = store.open()
    with pytest.raises(Invalid):
        store.ask(code, key, question)
    assert store.read(code).phase == "idle"


def test_votes_at_once_count_once_each(make):
    """Whatever is sent twice, on whichever connection: of each voter one vote, whole, the one that was confirmed."""
    stores = [make()] * 4 if make is Memory else [make() for _ in range(4)]
    code, key = stores[0].open()
    ballot = stores[0].ask(code, key, QUESTION).ballot
    dice = random.Random(1)
    sent = [(number, saying(*dice.choices(("rises", "falls", "stays"), k=3))) for number in range(60)] * 3
    dice.shuffle(sent)

    def vote(each):
        place, (number, choices) = each
        try:
            stores[place % 4].vote(code, voter(number), ballot, choices)
        except Voted:
            return None
        return number, choices

    with ThreadPoolExecutor(12) as pool:
        confirmed = [each for each in pool.map(vote, enumerate(sent)) if each]
    assert sorted(number for number, _ in confirmed) == list(range(60))
    room = stores[0].read(code)
    for part in QUESTION.parts:
        said = Counter(choices[part.id] for _, choices in confirmed)
        assert room.counts[0][part.id] == {option.id: said[option.id] for option in part.options}
    assert room.voters == (60,)


def test_closing_while_votes_come_loses_none_that_was_confirmed(store):
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot

    def vote(number):
        try:
            store.vote(code, voter(number), ballot, YES)
        except Closed:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        votes = [pool.submit(vote, number) for number in range(200)]
        at_closing = store.close(code, key)
        confirmed = sum(each.result() for each in votes)
    assert store.read(code).counts == at_closing.counts == ({"it": {"yes": confirmed, "no": 0}},)


def test_a_lecturer_in_two_windows_loses_no_turn(store):
    code, key = store.open()
    views = [f"?seed={number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        turns = [room.turn for room in pool.map(lambda view: store.follow(code, key, view), views)]
    assert store.read(code).turn == 41 and max(turns) == 41
