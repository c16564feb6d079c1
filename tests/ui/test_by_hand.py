"""By hand on the EM page: a drag is a half-step, a changed step size holds from its place on; in link and file."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import replace

import pytest

from em_core.__main__ import main
from em_core.files.errors import InvalidExperiment
from em_core.files.report import finite, report
from ui import limits
from ui.dictionary.session import DictionarySession
from ui.em.run import EmRun
from ui.em.session import EmSession
from ui.em.settings import EmSettings, for_model
from ui.settings import pack

COINS = replace(for_model(EmSettings(), "binomial_mixture"), plan="EG")


def opened(settings=COINS, moves=""):
    session = EmSession(settings, EmRun.of(settings, moves), [])
    session.player.go(len(session.run) - 1)
    return session


def drag(session, x, at=None, handle="0"):
    at = session.player.cursor if at is None else at
    session.act({"act": "drag", "handle": handle, "x": x, "y": 0.0, "at": at, "n": 1, "turn": session.player.turn})
    assert session.messages == [], session.messages


def letters(run):
    return [step.move for step in run.trajectory.half_steps[1:]]


def frame(session, at=None):
    at = session.player.cursor if at is None else at
    return session.run.frames([at])[at]


def command_line(text, tmp_path):
    """The half-steps that `python -m em_core run` prints for a saved file."""
    (tmp_path / "experiment.json").write_text(text, encoding="utf-8")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main(["run", str(tmp_path / "experiment.json")]) == 0
    return json.loads(printed.getvalue())["half_steps"]


def rows(session):
    return json.loads(json.dumps(finite(report(session.run.experiment, session.run.trajectory)["half_steps"])))


def ids(session):
    """Of the frames without the run before, of which no link knows."""
    session.run.recall(())
    return [frame["id"] for frame in session.run.frames([0])]


def test_a_drag_is_a_half_step_that_takes_q_along():
    session = opened(moves="EGEG")
    session.player.go(2)
    before = session.run.trajectory[2].after
    drag(session, 0.9)
    step = session.run.trajectory[3]
    assert letters(session.run) == ["E", "G", "by hand"] and session.player.cursor == 3
    assert step.after.theta["probabilities"].tolist() == [0.9, before.theta["probabilities"][1]]
    assert step.after.q is before.q and step.after.q_at is before.q_at
    shown = frame(session)
    assert (
        shown["chip"]["label"] == "☞ by hand"
        and "you changed the probability of heads of coin A." in shown["text"]["caption"]
    )
    assert shown["value"]["metric.gap"] > 0.1 and shown["next"]["label"] == "E-step"


def test_a_drag_stands_for_the_move_of_theta_that_came_next():
    session = opened(replace(COINS, plan="EM"), "E")
    drag(session, 0.9)
    drag(session, 0.7)
    session.run.advance(6)
    assert letters(session.run) == ["E", "by hand", "by hand", "E", "M", "E"]


def test_a_drag_where_the_bound_does_not_exist_changes_nothing():
    session = opened(moves="EG")
    before = ids(session)
    session.act({"act": "drag", "handle": "0", "x": 1.5, "y": 0.0, "at": 2, "n": 1})
    assert len(session.messages) == 1 and letters(session.run) == ["E", "G"] and ids(session) == before


def test_a_changed_step_size_holds_from_here_on():
    session = opened(moves="EGEG")
    session.change(step=0.5)
    assert session.messages == [] and session.run.moves == "EGEG" and session.settings.step == 0.5
    assert "⚙" in frame(session, 4)["chip"]["label"] and "step of G = 0.5" in frame(session, 4)["text"]["caption"]
    session.run.advance(6)
    taken = [step.info.step for step in session.run.trajectory.half_steps if step.move == "G"]
    assert taken == [0.1, 0.1, 0.5]
    assert "size 0.1" in frame(session, 4)["text"]["caption"] and "size 0.5" in frame(session, 6)["text"]["caption"]


def test_a_setting_changed_back_leaves_no_trace():
    session = opened(moves="EGEG")
    before = ids(session), session.query()
    session.change(step=0.5)
    assert ids(session) != before[0]
    session.change(step=0.1)
    assert (ids(session), session.query()) == before and session.run.experiment.by_hand == ()


def test_a_setting_of_moves_not_made_yet_holds_for_the_whole_run():
    session = opened(moves="EG")
    session.change(first_step=0.25)
    assert session.run.experiment.by_hand == () and session.run.experiment.moves["B"]["step"] == 0.25


def test_a_setting_changed_in_the_middle_cuts_the_tape_there():
    session = opened(moves="EGEG")
    session.player.go(2)
    session.change(step=0.5)
    assert session.run.moves == "EG" and session.player.cursor == 2


def test_a_cut_keeps_the_settings_that_the_controls_show():
    session = opened(moves="EGEG")
    session.change(step=0.5)
    session.run.advance(6)
    session.player.go(3)
    session.act({"act": "move", "letter": "M", "n": 3})
    session.run.advance(6)
    assert letters(session.run) == ["E", "G", "E", "M", "E", "G"]
    assert session.run.trajectory[6].info.step == 0.5 == session.settings.step
    assert [change.after for change in session.run.experiment.by_hand] == [3]


def handled():
    """A run with two drags, changed settings and a move made anew in the middle."""
    session = opened(moves="EGEG")
    session.player.go(2)
    drag(session, 0.9)
    session.run.advance(6)
    session.player.go(6)
    session.change(step=0.5)
    session.run.advance(9)
    session.player.go(9)
    drag(session, 0.2)
    drag(session, 0.3, handle="1")
    session.change(step=0.25)
    session.run.advance(14)
    session.player.go(12)
    return session


def test_a_link_opens_to_the_same_half_steps():
    session = handled()
    again = EmSession.opened(session.query())
    assert again.messages == [] and again.settings == session.settings and again.player.cursor == 12
    assert rows(again) == rows(session) and ids(again) == ids(session)
    assert again.query() == session.query()
    for one in (session, again):
        one.run.advance(18)
    assert rows(again) == rows(session)


def test_a_saved_file_gives_the_same_half_steps_on_the_command_line(tmp_path):
    session = handled()
    assert command_line(session.file(), tmp_path) == rows(session)
    other = EmSession.opened({})
    other.open_file(session.file().encode())
    assert other.messages == [] and rows(other) == rows(session) and other.settings.step == 0.25
    assert json.loads(other.file())["by_hand"] == json.loads(session.file())["by_hand"]
    assert command_line(other.file(), tmp_path) == rows(session)
    link = EmSession.opened(other.query())
    assert link.messages == [] and rows(link) == rows(session)


@pytest.mark.parametrize("model, data", [("gaussian_mixture", "old_faithful"), ("gaussian_mixture", "blobs")])
def test_random_moves_and_those_with_a_memory_replay(model, data, tmp_path):
    settings = replace(for_model(EmSettings(), model), data=data, plan="ESAP", batch=20)
    session = opened(settings, "ESAPSA")
    mean = frame(session)["handles"][0]
    drag(session, mean["x"] * 1.05, handle=mean["id"])
    session.run.advance(8)
    session.player.go(8)
    session.change(batch=10)
    session.run.advance(14)
    assert command_line(session.file(), tmp_path) == rows(session)
    assert rows(EmSession.opened(session.query())) == rows(session)


def test_a_slow_reopening_ends_in_the_same_run(monkeypatch):
    session = handled()
    monkeypatch.setattr(limits, "SLICE", 0)
    again = EmSession.opened(session.query())
    assert again.run.remaining == 13 and len(again.run) == 2
    assert again.query() == session.query() and json.loads(again.file()) == json.loads(session.file())
    coming = [chip["label"] for chip in again.run.coming()]
    assert coming[:13] == [step if len(step) == 1 else "☞ by hand" for step in letters(session.run)[1:]]
    for n in range(40):
        again.act({"act": "rest", "n": n, "at": again.player.cursor, "turn": again.player.turn})
    assert ids(again) == ids(session) and again.player.cursor == 12


def test_plain_em_beside_goes_on_from_where_theta_was_set():
    session = opened(replace(COINS, compare=True), "EGEG")
    drag(session, 0.9)
    drawn = session.run.frames()[5]
    assert drawn["append"]["timeline/plain/y"] == [drawn["value"]["metric.evidence"]]
    session.run.advance(7)
    assert session.run.frames()[7]["append"]["timeline/plain/y"][0] is not None


def test_a_long_file_is_cut_with_what_lies_beyond(monkeypatch):
    session = handled()
    text, kept = session.file(), rows(session)
    monkeypatch.setattr(limits, "LONGEST", 5)
    other = EmSession.opened({})
    other.open_file(text.encode())
    assert other.messages and rows(other) == kept[:6]
    assert EmSession.opened(other.query()).messages == []


DAMAGED = ["abc", pack({"after": 1}), pack([3]), "", pack([{"after": 99, "moves": {}}]), pack([{"after": 0}])]
DAMAGED += [pack([{"after": 1, "moves": {"G": {"step": 99.0}}}]), pack([{"after": 1, "start": {"weights": "x"}}])]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_link_says_so_in_one_line(text):
    session = EmSession.opened({**COINS.query(), "schedule": "EG", "hand": text})
    assert len(session.messages) == 1
    assert "hand" in session.messages[0] or "moves.G.step" in session.messages[0]
    assert "\n" not in session.messages[0]


def test_controls_that_say_something_else_hold_from_the_end_on():
    session = handled()
    again = EmSession.opened({**session.query(), "step": "0.125"})
    assert again.messages == [] and rows(again) == rows(session)
    again.run.advance(15)
    assert again.run.trajectory[15].info.step == 0.125


def test_too_much_by_hand_for_a_link_says_so(monkeypatch):
    session = handled()
    monkeypatch.setattr("ui.settings.LONGEST_LINK", len(session.query()["hand"]) - 1)
    assert not session.linkable and session.address == session.plain
    assert rows(opened_file(session)) == rows(session)


def opened_file(session):
    other = EmSession.opened({})
    other.open_file(session.file().encode())
    return other


def test_a_dictionary_file_with_atoms_set_by_hand(tmp_path):
    query = {"points": "60", "side": "4", "atoms": "4", "schedule": "HMHM", "second": "yes"}
    session = DictionarySession.opened(query)
    raw = json.loads(session.file())
    atoms = session.run.trajectory[0].after.theta["dictionary"].tolist()
    raw["by_hand"] = [{"after": 2, "start": {"dictionary": atoms}}]
    session.open_file(json.dumps(raw).encode())
    assert letters(session.run) == ["H", "M", "by hand", "H", "M"] and session.messages == []
    assert session.run.frames()[3]["chip"]["label"] == "☞ by hand"
    assert command_line(session.file(), tmp_path) == rows(session)
    assert rows(DictionarySession.opened(session.query())) == rows(session)
    second = session.run.beside[0].trajectory
    assert second[3].after.theta["dictionary"].tolist() == second[2].after.theta["dictionary"].tolist()


def test_a_file_with_settings_that_no_control_reaches_is_refused():
    raw = {**EmRun.of(COINS, "EGEG").json(), "by_hand": [{"after": 2, "moves": {"G": {"step": 50.0}}}]}
    session = EmSession.opened({})
    with pytest.raises(InvalidExperiment, match="step: 50.0 is not valid; expected a number from 0.001 to 10"):
        session.open_file(json.dumps(raw).encode())


@pytest.mark.parametrize("plan", ["G", "M", "GGE", "(GM)2E"])
def test_a_drag_before_there_is_a_q_stands_for_no_move(plan):
    session = EmSession.opened({"plan": plan})
    session.act({"act": "put", "n": 1, "at": 0, "figure": "data", "x": 3.0, "y": 60.0})
    assert session.run.trajectory[0].after.q is None and session.messages == []
    session.act({"act": "drag", "n": 2, "at": 0, "handle": "0", "x": 3.0, "y": 60.0})
    assert session.run.coming()[0]["label"] == "E"
    session.run.advance(4)
    assert letters(session.run)[:2] == ["by hand", "E"]


def test_another_schedule_ends_what_a_tape_still_has_to_be_made(monkeypatch):
    session = opened(COINS, "EG" * 10)
    drag(session, 0.9)
    query = session.query()
    monkeypatch.setattr(limits, "SLICE", 0)
    again = EmSession.opened(query)
    assert again.run.remaining > 10
    again.change(plan="E G2")
    assert again.messages == [] and again.run.remaining == 0 and again.run.coming()
    monkeypatch.undo()
    assert json.loads(again.file())["schedule"] == "EG"[: len(again.run) - 1] and rows(opened_file(again)) == rows(
        again
    )
    assert EmSession.opened(again.query()).messages == []


def test_theta_is_set_by_hand_so_often_and_no_oftener(monkeypatch):
    monkeypatch.setattr(limits, "_HANDS", 2)
    session = opened(COINS, "EG")
    for x in (0.9, 0.8):
        drag(session, x)
    query, file = session.query(), session.file()
    session.act({"act": "drag", "handle": "0", "x": 0.7, "y": 0.0, "at": 4, "n": 1, "turn": session.player.turn})
    assert "θ set by hand 3 times" in session.messages[0] and len(session.run) == 5
    monkeypatch.setattr(limits, "_HANDS", 1)
    assert "by_hand" in EmSession.opened(query).messages[0]
    with pytest.raises(InvalidExperiment, match="θ set by hand 2 times"):
        EmSession.opened({}).open_file(file.encode())


def test_frames_tell_apart_where_q_was_set_by_hand():
    def last(q_at):
        start = {"theta": 0.3, **({"q_at": {"theta": q_at}} if q_at else {})}
        file = {"model": "linkage", "data": {"counts": [125, 18, 20, 34]}, "schedule": "EM", "start": {"theta": 0.5}}
        session = EmSession.opened({})
        session.open_file(json.dumps({**file, "by_hand": [{"after": 2, "start": start}]}).encode())
        session.run.recall(())
        return frame(session, 3)["id"]

    assert len({last(None), last(0.2), last(0.9)}) == 3
