"""The protocol of rooms: the same theorems of every store."""

from __future__ import annotations

import json

import pytest

from tests.ui.room.asked import ANSWER, COIN, QUESTION, saying, voter
from ui import limits
from ui.room.records import (
    Answer,
    Closed,
    Invalid,
    InvalidVote,
    NoRoom,
    NotNow,
    NotYours,
    Option,
    Part,
    Question,
    Room,
    RoomError,
    Voted,
)
from ui.room.store import LETTERS

YES, NO = {"it": "yes"}, {"it": "no"}


def test_two_rounds_and_the_reveal(store):
    code, key = store.open()
    assert len(code) == 4 and {*code} <= {*LETTERS} and store.read(code).phase == "idle"
    first = store.ask(code, key, QUESTION)
    assert (first.phase, first.round, first.voters) == ("voting", 1, (0,)) and first.question == QUESTION
    store.vote(code, voter(1), first.ballot, saying("rises", "rises", "stays"))
    store.vote(code, voter(2), first.ballot, saying("stays", "rises", "falls"))
    assert store.close(code, key).phase == "closed"
    second = store.again(code, key)
    assert (second.phase, second.round, second.voters) == ("voting", 2, (2, 0)) and second.ballot > first.ballot
    for number in (1, 2, 3):
        store.vote(code, voter(number), second.ballot, saying("rises", "rises", "rises"))
    store.close(code, key)
    room = store.reveal(code, key, ANSWER)
    assert room == store.read(code) and (room.phase, room.answer, room.voters) == ("revealed", ANSWER, (2, 3))
    assert room.counts[0] == {
        "log_evidence": {"rises": 1, "falls": 0, "stays": 1},
        "elbo": {"rises": 2, "falls": 0, "stays": 0},
        "gap": {"rises": 0, "falls": 1, "stays": 1},
    }
    assert all(part == {"rises": 3, "falls": 0, "stays": 0} for part in room.counts[1].values())
    idle = store.rest(code, key)
    assert (idle.phase, idle.question, idle.answer, idle.counts, idle.round) == ("idle", None, None, (), 0)


def test_the_next_question_begins_with_nothing(store):
    code, key = store.open()
    for asked in (COIN, QUESTION, COIN):
        room = store.ask(code, key, asked)
        assert room.voters == (0,) and not any(sum(part.values()) for part in room.counts[0].values())
        choices = {part.id: part.options[0].id for part in asked.parts}
        store.vote(code, voter(1), room.ballot, choices)
        store.again(code, key) if store.close(code, key).voters == (1,) else pytest.fail("not counted")
        store.vote(code, voter(1), room.ballot + 1, choices)
    assert [room["it"]["yes"] for room in store.read(code).counts] == [1, 1]


def test_ballots_turns_and_revisions_rise(store):
    code, key = store.open()
    seen = [store.read(code)]
    for deed in (
        lambda: store.ask(code, key, COIN),
        lambda: store.vote(code, voter(1), 1, YES),
        lambda: store.close(code, key),
        lambda: store.again(code, key),
        lambda: store.vote(code, voter(1), 2, NO),
        lambda: store.count(code, key, {"it": {"yes": 2}}),
        lambda: store.follow(code, key, "?schedule=EM"),
        lambda: store.reveal(code, key, Answer({"it": ("yes",)}, "")),
        lambda: store.rest(code, key),
        lambda: store.ask(code, key, COIN),
    ):
        deed()
        seen.append(store.read(code))
    assert all(after.revision > before.revision for before, after in zip(seen, seen[1:], strict=False))
    assert [room.ballot for room in seen] == [0, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3]
    rises = [after.turn - before.turn for before, after in zip(seen, seen[1:], strict=False)]
    assert rises == [1, 0, 1, 1, 0, 1, 1, 1, 1, 1]


def test_a_voter_votes_once_in_a_ballot_and_the_first_vote_counts(store):
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot
    store.vote(code, voter(1), ballot, YES)
    for choices in (NO, YES):
        with pytest.raises(Voted):
            store.vote(code, voter(1), ballot, choices)
    assert store.read(code).counts == ({"it": {"yes": 1, "no": 0}},)


def test_a_vote_that_is_not_for_the_open_ballot_is_refused(store):
    code, key = store.open()

    def refused(ballot):
        with pytest.raises(Closed):
            store.vote(code, voter(1), ballot, YES)

    refused(0)
    ballot = store.ask(code, key, COIN).ballot
    refused(ballot + 1)
    store.close(code, key)
    refused(ballot)
    again = store.again(code, key).ballot
    refused(ballot)
    store.reveal(code, key, Answer({"it": ()}, ""))
    refused(again)
    store.rest(code, key)
    refused(again)
    assert store.ask(code, key, COIN).voters == (0,)
    refused(again)


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"it": "maybe"},
        {"it": None},
        {"it": ["yes"]},
        {"it": {}},
        {"it": "yes", "that": "no"},
        {"that": "yes"},
        None,
        "yes",
        [],
    ],
)
def test_a_vote_answers_each_part_by_an_option(store, choices):
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot
    with pytest.raises(InvalidVote):
        store.vote(code, voter(1), ballot, choices)
    store.vote(code, voter(1), ballot, YES)  # nothing of it was kept
    assert store.read(code).voters == (1,)


@pytest.mark.parametrize(
    "token", ["", "short", "x" * 65, "with space in it", "<b>markup</b>token", None, 12345678901234567]
)
def test_a_voter_has_a_token(store, token):
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot
    with pytest.raises(InvalidVote):
        store.vote(code, token, ballot, YES)


def test_only_the_key_leads(store):
    code, key = store.open()
    other = store.open().key
    store.ask(code, key, COIN)
    for wrong in (other, "", key[:-1], "ключ"):
        for deed in (
            lambda wrong=wrong: store.hosted(code, wrong),
            lambda wrong=wrong: store.ask(code, wrong, QUESTION),
            lambda wrong=wrong: store.again(code, wrong),
            lambda wrong=wrong: store.close(code, wrong),
            lambda wrong=wrong: store.reveal(code, wrong, Answer({"it": ()}, "")),
            lambda wrong=wrong: store.rest(code, wrong),
            lambda wrong=wrong: store.count(code, wrong, {}),
            lambda wrong=wrong: store.follow(code, wrong, "race"),
            lambda wrong=wrong: store.end(code, wrong),
        ):
            with pytest.raises(NotYours):
                deed()
    room = store.hosted(code.lower(), key)
    assert (room.phase, room.question, room.view) == ("voting", COIN, "")


@pytest.mark.parametrize("code", ["", "BBBB", "ÄÖÜß", "B" * 5000, "../..", "B\nB", "<b>x", "*", "elbo-room:rooms"])
def test_a_wrong_code_is_one_line(store, code):
    for deed in (
        lambda: store.read(code),
        lambda: store.hosted(code, "x"),
        lambda: store.close(code, "x"),
        lambda: store.end(code, "x"),
        lambda: store.vote(code, voter(1), 1, YES),
    ):
        with pytest.raises(NoRoom) as error:
            deed()
        assert len(str(error.value).splitlines()) == 1 and len(str(error.value)) < 120


def test_an_ended_room_is_gone_and_others_stay(store):
    ended, other = store.open(), store.open()
    store.ask(*ended, COIN)
    store.ask(*other, COIN)
    store.end(*ended)
    with pytest.raises(NoRoom):
        store.read(ended.code)
    with pytest.raises(NoRoom):
        store.end(*ended)
    assert store.read(other.code).phase == "voting"


def test_hands_are_added_and_typing_them_again_replaces_them(store):
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot
    store.vote(code, voter(1), ballot, YES)
    assert store.count(code, key, {"it": {"yes": 20, "no": 5}}).counts == ({"it": {"yes": 21, "no": 5}},)
    store.vote(code, voter(2), ballot, NO)
    room = store.count(code, key, {"it": {"no": 7}})
    assert room.counts == ({"it": {"yes": 1, "no": 8}},) and room.voters == (9,)
    store.close(code, key)
    store.again(code, key)
    room = store.count(code, key, {"it": {"yes": 9}})
    assert [counts["it"] for counts in room.counts] == [{"yes": 1, "no": 8}, {"yes": 9, "no": 0}]
    for wrong in ({"it": {"yes": -1}}, {"it": {"yes": 1.5}}, {"it": {"yes": True}}, {"it": {"maybe": 1}}, {"x": {}}, 3):
        with pytest.raises(Invalid):
            store.count(code, key, wrong)
    with pytest.raises(Invalid):
        store.count(code, key, {"it": {"yes": limits.ROOM_VOTERS + 1}})
    assert store.read(code) == room


def test_what_does_not_follow_is_refused_and_changes_nothing(store):
    code, key = store.open()
    answer = Answer({"it": ("yes",)}, "")

    def refused(*deeds):
        before = store.read(code)
        for deed in deeds:
            with pytest.raises(NotNow):
                deed()
        assert store.read(code) == before

    def again():
        store.again(code, key)

    refused(
        again,
        lambda: store.close(code, key),
        lambda: store.reveal(code, key, answer),
        lambda: store.count(code, key, {}),
    )
    store.ask(code, key, COIN)
    refused(again)
    store.close(code, key)
    assert store.close(code, key) == store.read(code)
    again()
    store.close(code, key)
    refused(again)
    store.reveal(code, key, answer)
    refused(again, lambda: store.count(code, key, {}))


@pytest.mark.parametrize("right", [{}, {"it": ("maybe",)}, {"it": ("yes",), "that": ()}, {"that": ("yes",)}])
def test_an_answer_answers_the_question(store, right):
    code, key = store.open()
    store.ask(code, key, COIN)
    with pytest.raises(Invalid):
        store.reveal(code, key, Answer(right, ""))
    assert store.read(code).phase == "voting"


def test_a_view_leads_nowhere_but_into_the_app(store):
    code, key = store.open()
    for view in ("race?steps=3", "?schedule=(EM)20&seed=1", "", "map"):
        assert store.follow(code, key, view).view == view == store.read(code).view
    for view in (
        "//other.example",
        "https://other.example",
        "javascript:alert(1)",
        "../up",
        "?a#b",
        '?"',
        "?<b>",
        None,
    ):
        with pytest.raises(Invalid):
            store.follow(code, key, view)
    with pytest.raises(Invalid):
        store.follow(code, key, "?" + "x" * limits.ROOM_VIEW)


def test_markup_stays_what_was_typed(store):
    text = '<img src=x onerror="alert(1)"> **bold** {{x}} \u202e \x00 😀'
    asked = Question(text, (Part(text, text, (Option(text, text), Option("b", "b"))),))
    code, key = store.open()
    ballot = store.ask(code, key, asked).ballot
    store.vote(code, voter(1), ballot, {text: text})
    room = store.reveal(code, key, Answer({text: (text,)}, text))
    assert room.question == asked and room.answer.because == text and room.counts[0][text][text] == 1


def test_a_room_comes_back_from_its_json(store):
    code, key = store.open()
    ballot = store.ask(code, key, QUESTION).ballot
    store.vote(code, voter(1), ballot, saying("rises", "falls", "stays"))
    for room in (store.read(code), store.reveal(code, key, ANSWER), store.rest(code, key)):
        assert Room.of(json.loads(json.dumps(room.json()))) == room


def test_an_audience_sees_no_answer_and_no_counts_before_the_reveal(store):
    code, key = store.open()
    ballot = store.ask(code, key, QUESTION).ballot
    store.vote(code, voter(1), ballot, saying("rises", "falls", "stays"))
    hidden = {"answer", "counts", "voters", "votes", "voted", "hands", "key"}
    for room in (store.read(code), store.close(code, key), store.again(code, key), store.close(code, key)):
        assert not hidden & room.shown().keys() and key not in json.dumps(room.shown())
    shown = store.reveal(code, key, ANSWER).shown()
    assert shown["answer"] == ANSWER.json() and shown["voters"] == [1, 0] and key not in json.dumps(shown)
    assert "answer" not in store.rest(code, key).shown() and "answer" not in store.ask(code, key, COIN).shown()


def test_every_error_is_a_room_error_of_one_line():
    for error in (NoRoom("x\ny"), NotYours(), Closed(), Voted(), Invalid("what", "a\nb" * 500, "valid")):
        assert isinstance(error, RoomError) and len(str(error).splitlines()) == 1 and len(str(error)) < 200
