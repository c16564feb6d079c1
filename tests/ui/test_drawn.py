"""What one reader's run has drawn, another's is given: the same frames, and each reader's own."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.attack import exhaustive, ordinary
from tests.pages import PAGES
from tests.ui.any_view import OFTEN, addresses, changes, deeds
from tests.ui.viewer import Viewer, hasty  # noqa: F401
from ui import drawn, tape
from ui.em.session import EmSession

HALF_STEPS = 5


def stepped(page, query=None):
    """A run of a page as far as a reader may step at first."""
    run = page.session.opened(query or {}).run
    run.advance(HALF_STEPS)
    return run


def each_in_view(run):
    """Every frame as a reader is sent it who goes from one to the next, and then back."""
    found = []
    for at in [*range(len(run)), *reversed(range(len(run)))]:
        found += copy.deepcopy([frame for frame in run.frames([at]) if not frame.get("light")])
        run.lighten(at)
    return found


@pytest.fixture
def found(monkeypatch):
    """The ids of frames that were not drawn, each of which has been drawn after all and compared."""
    ids = []

    def checked(scene, light, key, draw):
        fresh = []

        def drawing():
            fresh.append(draw())
            return fresh[0]

        frame = drawn.once(scene, light, key, drawing)
        if not fresh:
            assert json.dumps(frame, sort_keys=True) == json.dumps(draw(), sort_keys=True)
            ids.append(frame["id"])
        return frame

    monkeypatch.setattr(tape, "once", checked)
    return ids


# a ladder has no other frames than whole ones, which are drawn with it
@pytest.mark.parametrize("page", [page for page in PAGES if str(page) != "posterior"], ids=str)
def test_a_second_reader_draws_nothing_and_sees_the_same(page, monkeypatch):
    first = each_in_view(stepped(page))
    second = stepped(page)
    monkeypatch.setattr(type(second), "draw", lambda *_: pytest.fail("drawn again"))
    assert each_in_view(second) == first


def test_what_is_found_is_the_readers_own():
    first, second, third = (EmSession.opened({}).run.frames([0])[0] for _ in range(3))
    first["set"].clear()
    assert second["set"] and third["set"] == second["set"]
    second["text"].clear()
    assert third["text"] and third == EmSession.opened({}).run.frames([0])[0]


def test_runs_that_differ_in_one_place_are_given_their_own(found):
    others = [{"seed": "4"}, {"components": "3"}, {"plan": "EG"}, {"x_axis": "1"}, {"direction": "random"}]
    for query in [{}, *others] * 2:
        each_in_view(stepped(PAGES[0], query))
    assert len(set(found)) >= len(others) * HALF_STEPS


def test_however_a_reader_comes_to_a_frame(found):
    """At the end of a tape that grows it may lean on the one before; whoever opens it alone has none before."""
    growing = EmSession.opened({}).run
    for at in range(HALF_STEPS):
        growing.advance(at)
        growing.frames([at])
    for _ in range(2):
        for at in range(HALF_STEPS):
            stepped(PAGES[0]).frames([at])
    assert len(set(found)) == HALF_STEPS


def test_what_is_drawn_beside_another_run_is_drawn_alone():
    """Neither the run that was left nor the one that is kept is part of an id."""
    session = EmSession.opened({"schedule": "EMEM", "cursor": "2"})
    session.run.frames([0, 1, 2, 3, 4])
    before = drawn.DRAWN.bytes
    session.act({"act": "move", "letter": "H", "at": 2, "turn": session.player.turn})
    assert session.run.recalled and before
    session.run.frames(range(len(session.run)))
    session.act({"act": "compare", "at": 3, "turn": session.player.turn})
    assert session.run.versus is not None
    session.run.frames(range(len(session.run)))
    assert drawn.DRAWN.bytes == before


def visits():
    """A page, an address, what a reader does there, and a change with which another begins."""
    return st.sampled_from(OFTEN).flatmap(
        lambda page: st.tuples(st.just(page), addresses(page, hostile=False), deeds(page), changes(page))
    )


def visit(page, query, *ways):
    """So many readers come by the same address, and each does something."""
    for whole in ways:
        viewer = Viewer(page.session.opened(query))
        for deed in whole:
            viewer.do(deed)


@pytest.mark.usefixtures("hasty")
@ordinary(2)
@given(visits())
def test_whatever_readers_do_they_are_given_what_would_be_drawn(found, visited):
    page, query, todo, _ = visited
    visit(page, query, todo, todo)


@pytest.mark.usefixtures("hasty")
@exhaustive(40)
@given(visits())
def test_whatever_more_readers_do(found, visited):
    page, query, todo, change = visited
    visit(page, query, todo, todo, [change, *todo])
