"""Whatever a browser sends, a session answers: it does as asked, or stays as it was and says at most one thing."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ui.player
import ui.stage
from em_core.kinds import MOVES
from tests.attack import exhaustive, ordinary, thinned
from tests.figures.stage_replay import Shown
from tests.pages import PAGES as TRIED
from ui import limits
from ui.dictionary.session import DictionarySession
from ui.em.session import EmSession
from ui.look import Look
from ui.map.session import MapSession
from ui.posterior.run import PosteriorRun
from ui.posterior.session import PosteriorSession
from ui.stage import acts

PAGES = {
    "mixture": (EmSession, {"data": "blobs", "points": "30", "schedule": "EMEM", "cursor": "3"}),
    "coins": (EmSession, {"model": "binomial_mixture", "schedule": "EMEM", "cursor": "4"}),
    "counts": (EmSession, {"model": "poisson_mixture", "schedule": "EM"}),
    "linkage": (EmSession, {"model": "linkage", "schedule": "EM"}),
    "lifetimes": (EmSession, {"model": "censored_exponential", "schedule": "EM"}),
    "robust": (EmSession, {"model": "student_t", "schedule": "EM"}),
    "gaps": (EmSession, {"model": "incomplete_gaussian", "schedule": "EM"}),
    "toy": (MapSession, {"steps": "3", "cursor": "2"}),
    "patch": (MapSession, {"signal": "patch8", "steps": "2"}),
    "one": (PosteriorSession, {"cursor": "3"}),
    "two": (PosteriorSession, {"units": "two"}),
    "bars": (DictionarySession, {"points": "20", "atoms": "4", "schedule": "HM"}),
}
# a page without a row of its own begins at its defaults
PAGES |= {str(page): (page.session, {}) for page in TRIED if page.session not in {kind for kind, _ in PAGES.values()}}
# of each page one in every run, and a model that has its parameter on a slider
FEW = [*{kind: name for name, (kind, _) in reversed(PAGES.items())}.values(), "linkage"]
SOME = pytest.mark.parametrize("page", thinned(PAGES, FEW))

odd = st.one_of(
    st.none(), st.booleans(), st.integers(-20, 20), st.integers(), st.floats(), st.text(max_size=5),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)  # fmt: skip
frames = st.one_of(st.integers(0, 6), odd, st.sampled_from([-5, 10**9, 10**6, float("nan")]))
places = st.one_of(st.floats(-3, 3), st.floats(), st.integers(), odd)
names = st.sampled_from([
    "advance", "ahead", "end", "inner", "inside", "resend", "drag", "put", "take",
    "move", "reset", "random", "mean", "nothing", "no such act",
])  # fmt: skip
letters = st.one_of(st.sampled_from([*MOVES, "X", "e", ""]), odd)
handles = st.one_of(
    st.sampled_from(["mean", "location", "code", "theta", "value", "setting/penalty", "setting/no such", *"0123"]), odd
)
messages = st.one_of(
    odd,
    st.fixed_dictionaries(
        {"act": st.one_of(names, names, names, odd)},
        optional={"at": frames, "to": frames, "since": frames, "turn": frames, "letter": letters, "handle": handles,
                  "x": places, "y": places, "more": odd},
    ),
    st.fixed_dictionaries(
        {"act": st.just("drag"), "at": st.integers(0, 6), "handle": handles, "x": places, "y": places},
        optional={"live": st.one_of(st.just(True), odd)},
    ),
    st.fixed_dictionaries(
        {"act": st.sampled_from(["put", "take"]), "at": st.integers(0, 6), "x": places, "y": places,
         "figure": st.sampled_from(["data", "whole", 3])}
    ),
    st.fixed_dictionaries({"act": st.just("move"), "at": st.integers(0, 6), "letter": letters}),
)  # fmt: skip
reports = st.one_of(st.none(), odd, st.fixed_dictionaries({}, optional={"at": frames, "turn": frames, "n": odd}))


@pytest.fixture(autouse=True)
def brief(monkeypatch):
    """Long asks are the business of other tests."""
    monkeypatch.setattr(acts, "FARTHEST", 4)
    monkeypatch.setattr(limits, "END", 4)


class Desk:
    """A session with a browser that sends what it likes."""

    def __init__(self, page, state, sent):
        kind, query = PAGES[page]
        self.session = kind.opened(dict(query))
        assert not self.session.messages
        self.key, self.state, self.sent, self.number = "stage", state, sent, 0
        self.show()

    def send(self, raw, report):
        """As `session.animate` does; what the session is afterwards."""
        self.number += 1
        if isinstance(raw, dict):
            raw = {"n": self.number, **raw}
        self.state[f"{self.key}.news"] = {"act": raw, "cursor": report}
        act = self.session.player.listen(self.key, len(self.session.run) - 1)
        if act is not None:
            self.session.act(act)
        self.show()

    def show(self):
        self.session.player.show(self.session.run, self.key)
        message = self.sent[-1]
        json.dumps(message, allow_nan=False)
        assert 0 <= message["cursor"] < len(self.session.run)
        assert all(isinstance(text, str) for text in self.session.query().values())

    @property
    def made(self):
        return json.dumps(self.session.run.json()), len(self.session.run)


@pytest.fixture
def desk(monkeypatch):
    """`desk(page)` opens one."""
    state, sent = {}, []
    monkeypatch.setattr(ui.stage, "st", SimpleNamespace(session_state=state))
    monkeypatch.setattr(ui.stage, "_mount", lambda key, data, **callbacks: sent.append(data))
    monkeypatch.setattr(ui.stage, "_packed", lambda told, act: told)
    return lambda page: Desk(page, state, sent)


def answers(desk, page, data):
    here = desk(page)
    for raw, report in data.draw(st.lists(st.tuples(messages, reports), min_size=1, max_size=8)):
        before = here.made
        here.send(raw, report)
        if isinstance(raw, dict) and raw.get("act") == "drag" and raw.get("live") is True:
            assert here.made == before  # held is not dropped
        assert len(here.session.messages) <= 1
        for message in here.session.messages:
            assert "\n" not in message and (here.made == before or "is not valid" not in message)


@SOME
@ordinary(2)
@given(st.data())
def test_anything_is_answered(desk, page, data):
    answers(desk, page, data)


@pytest.mark.parametrize("page", PAGES)
@exhaustive(12)
@given(st.data())
def test_more_is_answered(desk, page, data):
    answers(desk, page, data)


STALE = {
    "no object": [None, 3, "advance", ["advance"], True],
    "no act": [{}, {"act": None}, {"act": {"act": "end"}}, {"act": 7}],
    "no such frame": [
        {"act": "inside"}, {"act": "inside", "at": 0, "unit": -1}, {"act": "inside", "at": 0, "unit": "3"},
        {"act": "inner", "at": -5}, {"act": "inner", "at": "2"}, {"act": "inner"}, {"act": "inner", "at": True},
        {"act": "advance", "to": float("nan"), "at": 0}, {"act": "advance", "at": 0},
        {"act": "advance", "to": -1, "at": 0}, {"act": "advance", "to": 10**9, "at": 10**9},
        {"act": "end", "since": -3},
    ],
    "no such letter": [{"act": "move"}, *({"act": "move", "letter": it, "at": 1} for it in ("X", "", None, 3, "EM"))],
    "no place": [{"act": "drag", "handle": handle, "at": 1, "x": x, "y": y} for handle in ("mean", "0", "code")
                 for x, y in ((float("nan"), 0), (float("inf"), 0), ("1", 0), (10**400, 0), (0, None))],
    "no such figure": [{"act": act, "figure": figure, "at": 1, "x": 0.5, "y": 0.5} for act in ("put", "take")
                       for figure in ("timeline", "", 3, None)],
    "not on offer": [{"act": "shutdown"}, {"act": "own"}, {"act": "reset", "letter": "E"}],
}  # fmt: skip


# every reason and every page in every run, and every pair of them with -m exhaustive
PAIRS = [(why, page) for number, why in enumerate(STALE) for page in [*PAGES][number :: len(STALE)]]


@pytest.mark.parametrize(("why", "page"), thinned([(why, page) for why in STALE for page in PAGES], PAIRS))
def test_what_makes_no_sense_changes_nothing_and_is_answered(desk, page, why):
    here = desk(page)
    before = here.made
    for raw in STALE[why]:
        here.send(raw, None)
        assert here.made == before and not here.session.messages
        if isinstance(raw, dict):
            assert here.sent[-1]["answer"] == here.number


@pytest.mark.parametrize("page", thinned([page for page in PAGES if page not in ("patch", "bars")], FEW))
def test_a_handle_that_has_gone_is_said(desk, page):
    here = desk(page)
    before = here.made
    here.send({"act": "drag", "handle": "7", "at": 1, "x": 0.5, "y": 0.5}, None)
    (message,) = here.session.messages
    assert here.made == before and message.startswith("drag: '7' is not valid")


@SOME
def test_what_is_held_is_shown_and_leaves_everything_as_it_was(desk, page):
    """For every handle of the page, here and far away: a preview or one line of why not."""
    here = desk(page)
    frame = here.session.run.frames([0])[0]
    before, query = here.made, here.session.query()
    for handle in frame["handles"] or []:
        for x, y in ((handle.get("x", handle.get("value")), handle.get("y", 0.0)), (1e50, -1e50)):
            here.send({"act": "drag", "live": True, "handle": handle["id"], "at": 0, "x": x, "y": y}, None)
            held = here.sent[-1]["held"]
            assert (
                held is not None and held["frame"] == frame["id"] and (held["shown"] is None) == bool(held["refused"])
            )
            assert "\n" not in held["refused"] and not here.session.messages
            assert here.made == before and here.session.query() == query
        assert held["refused"]
    here.send({"act": "drag", "live": True, "handle": "no such", "at": 0, "x": 1.0, "y": 1.0}, None)
    assert here.sent[-1]["held"] is None and not here.session.messages


@pytest.mark.parametrize(
    ("page", "query", "name", "x"),
    [
        (MapSession, {"steps": "4", "cursor": "4"}, "penalty", 0.31),
        (MapSession, {"steps": "4", "cursor": "4", "solver": "homotopy"}, "penalty", 1.2),
        (MapSession, {"signal": "patch8", "steps": "3", "cursor": "3"}, "penalty", 0.5),
        (PosteriorSession, {"cursor": "3"}, "penalty", 0.7),
        pytest.param(PosteriorSession, {"units": "two", "cursor": "4"}, "penalty", 0.4, marks=pytest.mark.exhaustive),
    ],
)
def test_a_setting_that_is_held_shows_what_it_comes_to(page, query, name, x):
    """The figures with the preview over them are those of the run with the new value; then that is the setting."""
    session = page.opened(query)
    at = session.player.within(session.run)
    pull = {"act": "drag", "handle": f"setting/{name}", "at": at, "x": x, "y": 0.0, "n": 1}
    session.act({**pull, "live": True})
    held = Shown(session.run.scene.json, session.run.frames(), at).over(session.player._held.shown)
    session.act(pull)
    assert getattr(session.settings, name) == x and session.player.place == at
    session.run.reopen()
    after = Shown(session.run.scene.json, session.run.frames(), at)
    assert held.value == after.value and held.text == after.text
    for figure, drawn in after.figures.items():
        for one, other in zip(held.figures[figure]["data"], drawn["data"], strict=True):
            assert repr(one) == repr(other), (figure, one["meta"])  # NaN equals NaN


@pytest.mark.parametrize("stop", thinned([3, 40, None], [40]))
def test_a_setting_is_held_at_the_width_that_was_scrubbed(stop):
    session = PosteriorSession.opened({"cursor": "2"})
    session.player.look = Look(inner=stop)
    session.act({"act": "drag", "handle": "setting/penalty", "at": 2, "x": 0.7, "y": 0.0, "n": 1, "live": True})
    shown = session.player._held.shown
    other = PosteriorRun.of(replace(session.settings, penalty=0.7))
    expected = other.frames([2])[2] | ({} if stop is None else other.inner(2)[stop])
    assert shown["value"] == expected["value"] and shown["text"]["caption"] == expected["text"]["caption"]
    assert shown["inner_at"] == (expected["inner_at"] if stop is None else other.scene.json["inner"]["stops"][stop])


def test_mu_that_is_held_shows_what_it_comes_to():
    session = PosteriorSession.opened({"units": "two", "cursor": "3"})
    pull = {"act": "drag", "handle": "mean", "at": 3, "x": 0.4, "y": -1.0, "n": 1}
    session.act({**pull, "live": True})
    shown = session.player._held.shown
    session.act(pull)
    assert {**session.run.frames([3])[3], **shown} == session.run.frames([3])[3]


def test_a_drag_of_a_component_that_is_no_longer_there(desk):
    here = desk("mixture")
    (x, y), *_ = here.session.run.experiment.data.values.tolist()
    here.session.change(components=1)
    here.send({"act": "drag", "handle": "1", "at": 0, "x": x, "y": y}, None)
    assert len(here.session.messages) == 1 and here.session.settings.components == 1
    here.send({"act": "drag", "handle": "0", "at": 0, "x": x, "y": y}, None)
    assert not here.session.messages
    assert here.session.run.trajectory[1].after.theta["means"].tolist() == [pytest.approx([x, y])]


def test_points_are_put_in_and_taken_out(desk):
    """The data are the reader's, θ stays, q goes; a place far away, or where no point is, is refused."""
    here = desk("mixture")
    values = here.session.run.experiment.data.values.tolist()
    theta = here.session.run.trajectory[3].after.theta
    point = {"act": "put", "figure": "data", "at": 3, "x": 0.5, "y": 0.25}
    here.send(point, None)
    run = here.session.run
    assert run.experiment.data.values.tolist() == [*values, [0.5, 0.25]] and len(run) == 1 and not here.session.messages
    state = run.trajectory[0].after
    assert state.q is None and all((state.theta[name] == theta[name]).all() for name in theta)
    there = EmSession.opened(here.session.query())
    assert there.run.experiment.to_json() == run.experiment.to_json()
    here.send({**point, "act": "take", "at": 0}, None)
    assert here.session.run.experiment.data.values.tolist() == values
    before = here.session.run
    for act in ({**point, "x": 1e9}, {**point, "act": "take", "x": 0.513}):
        here.send(act, None)
        assert here.session.run is before and len(here.session.messages) == 1


@pytest.mark.parametrize("names", [["eruption (min)", "waiting (min)"], "xy", [3, 4], ["<b>x</b>", "y" * 70]])
def test_columns_keep_their_names_when_points_are_added(names):
    """Those that a link makes up are shown as text, or not at all."""
    session = EmSession.opened({"schedule": "EM", "cursor": "2"})
    session.act({"act": "put", "figure": "data", "at": 2, "x": 3.0, "y": 60.0})
    assert not session.messages and session.run.scene.view.axis_names == ("eruption (min)", "waiting (min)")
    given = session.settings.overriding(columns={"names": names})
    there = EmSession.opened({**session.query(), **given.query()})
    sound = isinstance(names, list) and names[0] == "eruption (min)"
    assert there.run.scene.view.axis_names == (tuple(names) if sound else ("x1", "x2"))
    back = EmSession.opened(session.query())
    back.change(data="blobs")
    assert back.settings.overrides.columns is None and back.run.scene.view.axis_names == ("x1", "x2")


def test_points_are_bounded_as_the_page_is(desk, monkeypatch):
    here = desk("mixture")
    monkeypatch.setattr(limits, "AT_ONCE", 30 * 6 * 2 * 100 // 5)
    here.send({"act": "put", "figure": "data", "at": 3, "x": 0.5, "y": 0.25}, None)
    (message,) = here.session.messages
    assert "on this page" in message and len(here.session.run.experiment.data.values) == 30


@pytest.mark.parametrize("page", ["coins", "counts", "linkage", "gaps", "toy"])
def test_points_are_offered_where_the_picture_shows_all_of_each(desk, page):
    here = desk(page)
    before = here.made
    here.send({"act": "put", "figure": "data", "at": 1, "x": 0.5, "y": 0.5}, None)
    assert here.made == before and not here.session.messages


def test_an_ask_goes_no_farther_than_one_ask_may(desk):
    here = desk("toy")
    here.send({"act": "advance", "to": 10**6, "at": 3, "turn": here.session.player.turn}, None)
    assert len(here.session.run) - 1 == 3 + acts.FARTHEST


@pytest.mark.parametrize("place", ["x", 3, [], {"at": -1, "turn": 1}, {"at": 2.5, "turn": 1}, {"at": 1}, {"at": 10**9}])
def test_a_report_that_makes_no_sense_moves_nothing(desk, place):
    here = desk("toy")
    here.send(None, place)
    assert here.session.player.cursor == 2


def test_only_a_drag_is_live():
    assert (
        acts.read({"act": "put", "n": 1, "at": 0, "figure": "data", "x": 0.0, "y": 0.0, "live": True})["act"]
        == acts.NOTHING
    )
