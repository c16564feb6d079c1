"""A run that is kept stays while all else changes, also through Undo and in links; what is forged changes nothing."""

from __future__ import annotations

import json

import pytest

from figures.compared import words as told
from tests.attack import dealt
from tests.figures.runs import shown
from tests.figures.test_compared import pinned, whole
from tests.pages import PAGES
from tests.ui.test_by_hand import drag
from tests.ui.test_past import DEEDS, UNDO, coins
from ui import limits, words
from ui.em.session import EmSession
from ui.em.settings import EmSettings
from ui.kept import KEPT, unpacked
from ui.settings import LONGEST_LINK, fits, pack

COMPARED = [str(page) for page in PAGES if page.session.opened({}).run.scene.compared]
COMPARE = {"act": "compare", "n": 1}
SMALL = {"dictionary": {"points": "60"}, "race": {"words": "EM, EG"}}
SESSIONS = {str(page): page.session for page in PAGES}


def numbers(session):
    """Those of the kept run."""
    return [session.kept.run.numbers(place) for place in range(session.kept.made)]


def ids(session):
    session.run.recall(())
    return [frame["id"] for frame in session.run.frames()]


def test_all_pages_but_that_of_many_starts_compare():
    assert [str(page) for page in PAGES if str(page) not in COMPARED] == ["starts"]


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
def test_whatever_is_done_the_kept_run_stays(deed):
    session = coins()
    session.act(COMPARE)
    before, tape, kept = numbers(session), session.run.taped, session.kept
    assert session.player.cursor == 3 and len(before) == 5
    deed(session)
    assert session.kept is kept and session.run.versus.kept is kept and numbers(session) == before
    assert session.run.taped != tape or session.settings != kept.settings
    assert (session.run.versus.told == words.SAME) is (deed is DEEDS["reset"])
    # it survives Undo, which brings back the same run as A
    session.act(UNDO)
    assert session.kept is kept and numbers(session) == before and session.run.taped == tape
    assert session.run.versus.told == words.SAME
    session.act({**COMPARE, "n": 10})
    assert session.kept is None and session.run.versus is None and session.run.taped == tape


@pytest.mark.parametrize("page", dealt(COMPARED, 1, of=2))
def test_comparing_begins_and_ends_without_a_trace(page):
    session = SESSIONS[page].opened(SMALL.get(page, {}))
    whole(session.run).advance(3)
    session.player.go(2)
    before, query, scene = ids(session), session.query(), session.run.scene.json
    session.act(COMPARE)
    whole(session.run)
    assert session.run.scene.id != scene["id"] and session.player.place == 2 and len(session.run) == len(before)
    assert not set(ids(session)) & set(before)
    assert session.run.scene.json["tools"][-1]["label"] == told.STOP[1]
    assert session.past.idle == ["undo", "redo"]
    assert {name: value for name, value in session.query().items() if name != KEPT} == query
    session.act({**COMPARE, "n": 2})
    assert ids(session) == before and session.query() == query and session.run.scene.json == scene


@pytest.mark.parametrize("page", dealt(COMPARED, 0, of=4))
def test_a_link_holds_both_runs(page):
    session = pinned(page, SMALL.get(page, {}), steps=4)
    session.change(
        **{"map": {"solver": "fista"}, "posterior": {"penalty": 1.0}, "dictionary": {"atoms": 12}}.get(
            page, {"seed": 8}
        )
    )
    session.run.advance(6)
    session.player.go(min(5, len(session.run) - 1))
    query = session.query()
    again = SESSIONS[page].opened(query)
    whole(again.run)
    assert again.messages == [] and again.query() == query
    assert again.kept.settings == session.kept.settings and numbers(again) == numbers(session)
    assert ids(again) == ids(session) and again.run.scene.json == session.run.scene.json
    at = again.player.cursor
    assert again.run.frames([at])[at] == session.run.frames([at])[at]
    # A is told by what is other than in B alone
    assert len(query[KEPT]) < 80 and unpacked(query) == session.kept.query


def test_by_hand_and_moves_of_the_kept_run_are_in_the_link():
    session = coins()
    drag(session, 0.9)
    session.act(COMPARE)
    session.act({"act": "random", "n": 3})
    again = EmSession.opened(session.query())
    whole(again.run)
    assert [step.move for step in again.kept.run.trajectory.half_steps] == [None, "E", "G", "E", "by hand"]
    assert numbers(again) == numbers(session)


def test_a_tape_is_opened_again_in_slices():
    """The page goes on with A's once its own is there, and all frames know it then."""
    session = pinned("em", {"schedule": "(EM)20"}, steps=40)
    session.act({"act": "random", "n": 2})
    session.run.advance(3)
    again = EmSession.opened(session.query())
    again.run.frames([0])
    assert again.run.remaining == 0 and again.kept.run.remaining > 30 and again.run.pending
    looks = 0

    def late():
        nonlocal looks
        looks += 1
        return looks % 10 == 0

    slices = 0
    while again.run.pending:
        again.run.reopen(late)
        slices += 1
    assert slices > 2 and len(again.kept.run) == 41
    assert shown(again.run).trace("timeline.before")["x"] == list(range(41))
    assert ids(again) == ids(session)


def test_a_run_too_long_for_a_link_is_said_once():
    session = EmSession.opened({})
    values = [[0.1234567 * (place % 37) + place / 7, 3.3 * place % 11] for place in range(260)]
    session.open_file(
        json.dumps(
            {"model": "gaussian_mixture", "settings": {"n_components": 2}, "data": {"values": values}, "schedule": "EM"}
        ).encode()
    )
    whole(session.run)
    assert fits(session.query())
    session.act(COMPARE)
    assert fits(session.query()) and KEPT in session.query()  # the same data are told once
    session.act({"act": "put", "n": 3, "at": 0, "figure": "data", "x": 0.5, "y": 0.5})
    while fits({**session.query(), "given": session.query()["given"] + session.kept.query["given"]}):
        pytest.fail("the data are too small for this test")
    query = session.query()
    assert KEPT not in query and query["given"] and session.messages == [words.KEPT_TOO_LONG]
    session.query()
    assert session.messages == [words.KEPT_TOO_LONG]
    assert session.kept is not None and session.linkable


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        pack([1]),
        pack("seed"),
        pack({"seed": 3}),
        pack({"seed": "x"}),
        pack({"schedule": "EQ"}),
        pack({"model": "none"}),
        pack({"given": "!!"}),
        pack({"hand": "!!"}),
        "x" * (LONGEST_LINK + 1),
    ],
)
def test_a_forged_link_is_one_without_a_kept_run(text):
    session = EmSession.opened({"schedule": "EM", KEPT: text})
    (message,) = session.messages
    assert message.endswith(words.NOT_KEPT) and session.kept is None and session.run.versus is None
    assert session.run.taped[0] == "EM"


def test_no_link_asks_for_more_than_the_page_holds(monkeypatch):
    session = EmSession.opened({KEPT: pack({"schedule": "(EM)2500"})})
    whole(session.run)
    assert session.kept is None or len(session.kept.run) <= limits.LONGEST + 1
    monkeypatch.setattr(limits, "AT_ONCE", 1_000_000)
    session = EmSession.opened({KEPT: pack({"data": "blobs", "points": "2000", "components": "8"})})
    assert session.kept is None and len(session.messages) == 1


def test_an_act_that_is_not_on_offer_keeps_nothing():
    session = SESSIONS["starts"].opened({})
    session.act(COMPARE)
    assert session.kept is None and session.messages == []
    session = SESSIONS["starts"].opened({KEPT: pack({"seed": "3"})})
    assert session.kept is None and session.messages[0].endswith(words.NOT_KEPT)
    session = EmSession.opened({})
    session.act({"act": "compare", "n": 1, "x": 3})
    assert session.kept is None


def test_the_run_on_the_page_is_not_touched_by_the_one_that_is_kept():
    """And the other way round: A is not what B was made from."""
    session = pinned("em", steps=6)
    kept = session.kept.run
    moves = kept.moves
    assert kept is not session.run and session.run.moves == moves
    session.player.go(2)
    session.act({"act": "move", "letter": "G", "n": 4})
    assert kept.moves == moves and session.run.moves == "EMG"
    session.run.advance(9)
    assert len(kept) == len(session.run) and kept.moves.startswith(moves)
    # A goes on by its own schedule, B by another
    session.change(plan="EG")
    session.run.advance(14)
    assert set(kept.moves[6:]) == {"E", "M"} and set(session.run.moves[10:]) == {"E", "G"}


def test_the_file_is_that_of_the_run_on_the_page():
    session = pinned("em", steps=4)
    session.change(components=3)
    plain = EmSession.opened({"components": "3"})
    assert session.file() == plain.file() and EmSettings().components == 2
