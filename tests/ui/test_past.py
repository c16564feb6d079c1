"""Undo and Redo: whatever takes a run's place, the run before can be had back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from em_core.files.report import report
from tests.figures.stage_replay import Shown
from tests.pages import PAGES
from tests.ui.test_by_hand import COINS, drag, ids, letters, opened
from ui import past, words
from ui.em.session import EmSession
from ui.em.settings import EmSettings
from ui.map.session import MapSession

UNDO, REDO = {"act": "undo", "n": 9}, {"act": "redo", "n": 9}


def kept(session):
    """What a run is made from, and the numbers that it came to."""
    return session.settings, session.run.taped, session.player.cursor


def coins():
    session = opened(COINS, "EGEG")
    session.player.go(3)
    return session


# what a reader may do to a run of the EM page in the midst of its tape
DEEDS = {
    "a drag": lambda session: drag(session, 0.9),
    "another move": lambda session: session.act({"act": "move", "letter": "M", "n": 1}),
    "reset": lambda session: session.act({"act": "reset", "n": 1}),
    "new start": lambda session: session.act({"act": "random", "n": 1}),
    "another seed": lambda session: session.change(seed=8),
    "another model": lambda session: session.change(model="linkage"),
    "other data": lambda session: session.change(model="poisson_mixture"),
    "another size": lambda session: session.change(components=1),
    "another step": lambda session: session.change(step=0.7),
    "a file": lambda session: session.open_file(opened(replace(COINS, seed=5), "EM").file().encode()),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
def test_a_run_comes_back_and_goes_again(deed):
    session = coins()
    before = kept(session)
    assert session.past.idle == ["undo", "redo"]
    deed(session)
    after = kept(session)
    assert after != before and session.past.idle == ["redo"]
    assert session.player.aside == words.ASIDE
    session.act(UNDO)
    assert kept(session) == before and session.past.idle == ["undo"] and session.player.aside == ""
    session.act(REDO)
    assert kept(session) == after and session.past.idle == ["redo"]
    session.act(UNDO)
    session.run.recall(())
    assert kept(session) == before and ids(session) == ids(coins())


def test_fewer_runs_are_kept_of_large_data(monkeypatch):
    monkeypatch.setattr(past, "_KEPT_BYTES", 200_000)
    session = EmSession.opened({"data": "blobs", "points": "500"})
    for n in range(8):
        session.act({"act": "put", "n": n, "at": 0, "figure": "data", "x": 0.1 * n, "y": 0.0})
    assert session.messages == [] and len(session.run.experiment.data.values) == 508
    assert 1 <= len(session.past.before) < 8
    session.act(UNDO)
    assert len(session.run.experiment.data.values) == 507


def test_a_drag_at_the_end_puts_nothing_aside():
    session = coins()
    session.player.go(4)
    drag(session, 0.9)
    assert session.player.aside == "" and session.past.idle == ["redo"]
    session.change(step=0.5)
    assert session.player.aside == ""


@pytest.mark.parametrize("deed", ["advance", "end", "plan", "compare", "go"])
def test_what_puts_nothing_aside_leaves_nothing_to_undo(deed):
    session = coins()
    if deed in ("advance", "end"):
        session.act({"act": deed, "to": 7, "at": 3, "n": 1, "turn": session.player.turn})
    elif deed == "go":
        session.act({"act": "move", "letter": "G", "n": 1})  # the tape leads there already
    else:
        session.change(**{deed: {"plan": "EM", "compare": True}[deed]})
    assert session.past.idle == ["undo", "redo"] and "set aside" not in session.player.aside


def test_several_are_undone_one_after_another_and_a_new_one_ends_redo():
    session = coins()
    for place in (0.9, 0.8, 0.7):
        drag(session, place)
    assert letters(session.run) == ["E", "G", "E", "by hand", "by hand", "by hand"]
    session.act(UNDO)
    session.act(UNDO)
    assert letters(session.run) == ["E", "G", "E", "by hand"] and session.player.cursor == 4
    drag(session, 0.2)
    assert session.past.idle == ["redo"]
    for _ in range(5):
        session.act(UNDO)
    assert letters(session.run) == ["E", "G", "E", "G"] and session.past.idle == ["undo"]


def test_what_was_made_meanwhile_is_redone_too():
    session = coins()
    drag(session, 0.9)
    session.run.advance(9)
    made = report(session.run.experiment, session.run.trajectory)["half_steps"]
    session.act(UNDO)
    session.act(REDO)
    assert report(session.run.experiment, session.run.trajectory)["half_steps"] == made


def test_only_so_many_are_kept():
    session = coins()
    for seed in range(past._KEPT + 20):
        session.change(seed=seed)
    assert len(session.past.before) == past._KEPT


def test_what_is_refused_is_nothing_to_undo():
    session = coins()
    session.change(seed=-1)
    session.act({"act": "drag", "handle": "0", "x": 7.0, "y": 0.0, "at": 2, "n": 1})
    assert session.messages and session.past.idle == ["undo", "redo"]


def test_what_is_held_is_nothing_to_undo():
    session = coins()

    def hold(at):
        turn = session.player.turn
        session.act({"act": "drag", "live": True, "handle": "0", "at": at, "x": 0.8, "y": 0.0, "n": 1, "turn": turn})
        assert session.player._held.shown

    before = kept(session)
    hold(3)
    assert kept(session) == before and session.past.idle == ["undo", "redo"]
    drag(session, 0.9)
    after = kept(session)
    hold(4)
    assert kept(session) == after and session.player.aside == words.ASIDE and len(session.past.before) == 1
    session.act(UNDO)
    hold(3)
    assert kept(session) == before and session.past.idle == ["undo"]


def test_a_setting_that_is_dropped_is_undone_once():
    session = MapSession.opened({"steps": "4", "cursor": "4"})
    before = kept(session)
    pull = {"act": "drag", "handle": "setting/penalty", "at": 4, "x": 0.31, "y": 0.0, "n": 1}
    session.act({**pull, "live": True})
    session.act({**pull, "x": session.settings.penalty})  # where it was
    assert kept(session) == before and session.past.idle == ["undo", "redo"]
    session.act(pull)
    after = kept(session)
    assert session.settings.penalty == 0.31 and len(session.past.before) == 1
    session.act(UNDO)
    assert kept(session) == before and session.past.idle == ["undo"]
    session.act(REDO)
    assert kept(session) == after


def test_a_link_of_an_undone_run_is_that_of_the_run():
    session = coins()
    query = session.query()
    drag(session, 0.9)
    session.act(UNDO)
    assert session.query() == query


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_page_has_both_buttons_and_keys(page):
    session = page.session.opened({})
    scene = session.run.scene.json
    assert [tool["label"] for tool in scene["tools"][:2]] == ["Undo", "Redo"]
    assert {"ctrl+z", "ctrl+y", "ctrl+shift+z"} <= scene["keys"].keys()
    before = kept(session)
    session.act(UNDO)  # nothing there
    assert kept(session) == before and session.messages == []
    session.act({"act": "random" if str(page) != "posterior" else "mean", "n": 1})
    assert kept(session)[0] != before[0]
    session.act(UNDO)
    assert kept(session) == before


def before_drawn(session, at):
    there = Shown(session.run.scene.json, session.run.frames(), at)
    return [there.trace(f"timeline.{name}") for name in ("before", "before elbo")]


def test_the_run_before_is_drawn_from_where_it_went_another_way():
    session = coins()
    was = [frame["value"] for frame in session.run.frames()]
    drag(session, 0.9)
    session.run.advance(8)
    for at in (4, 8):
        evidence, elbo = before_drawn(session, at)
        assert evidence["visible"] and evidence["x"] == [3, 4] and evidence["line"]["dash"] == "dash"
        assert evidence["y"] == [value["metric.evidence"] for value in was[3:]]
        assert elbo["y"] == [value["metric.elbo"] for value in was[3:]]
    assert not before_drawn(session, 3)[0]["visible"]


def test_frames_before_stay_the_same_frames():
    session = coins()
    before = session.run.frames()
    drag(session, 0.9)
    assert all(one is other for one, other in zip(before[:3], session.run.frames()[:3], strict=True))


def test_the_run_before_is_drawn_beside_another_start_but_not_beside_other_data():
    session = opened(EmSettings(), "EMEM")
    was = [frame["value"]["metric.evidence"] for frame in session.run.frames()]
    session.change(seed=8)
    evidence, _ = before_drawn(session, 0)
    assert evidence["visible"] and evidence["x"] == [0, 1, 2, 3, 4] and evidence["y"] == was
    session.run.advance(3)
    session.change(covariance="tied")
    assert before_drawn(session, 0)[0]["visible"]
    session.run.advance(3)
    session.change(standardize=True)
    assert not before_drawn(session, 0)[0]["visible"]


def test_the_run_before_stays_beside_the_same_half_steps_drawn_otherwise():
    session = coins()
    drag(session, 0.9)
    before = before_drawn(session, 4)
    assert before[0]["visible"]
    session.change(compare=True)
    session.run.advance(4)
    assert before_drawn(session, 4) == before


def test_going_back_draws_the_run_that_was_left():
    session = coins()
    drag(session, 0.9)
    session.run.advance(8)
    left = [frame["value"]["metric.evidence"] for frame in session.run.frames()]
    session.act(UNDO)
    assert before_drawn(session, 4)[0]["y"] == left


def test_a_saved_file_after_an_undo_is_that_of_the_run(tmp_path):
    session = coins()
    text = session.file()
    drag(session, 0.9)
    session.change(step=0.5)
    session.act(UNDO)
    session.act(UNDO)
    assert json.loads(session.file()) == json.loads(text)
    assert EmSession.opened(session.query()).messages == []


def test_another_schedule_says_from_where_it_goes_on():
    """What is made stays; on an empty tape there is nothing to say."""
    session = coins()
    session.change(plan="EM")
    assert session.player.aside.startswith(
        "The run continues from half-step 4 with the new schedule; Reset starts again."
    )
    session.run.advance(6)
    assert letters(session.run) == ["E", "G", "E", "G", "E", "M"]
    fresh = EmSession.opened({"model": "binomial_mixture"})
    fresh.change(plan="EG")
    assert fresh.player.aside == ""


def test_data_edited_by_hand_keep_their_name():
    session = EmSession.opened({})
    assert session.settings.edited == "old_faithful" and not session.settings.imported
    for n in range(2):
        session.act({"act": "put", "n": n, "at": 0, "figure": "data", "x": 3.0 + n, "y": 60.0})
    assert session.settings.imported and session.settings.edited == "old_faithful"
    again = EmSession.opened(session.query())
    assert again.settings.edited == "old_faithful" and again.settings.column_names == session.settings.column_names
    # a file's own data are nobody else's, and what a link says is looked up
    opened_file = EmSession.opened({})
    raw = json.loads(session.file())
    opened_file.open_file(json.dumps(raw).encode())
    assert opened_file.settings.imported and opened_file.settings.edited is None
    hostile = session.settings.overriding(columns={"names": [], "edited": "<b>"})
    assert hostile.edited is None
