"""A run on the page: what each act does to the tape and its frames."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.report import report
from em_core.kinds import MOVES, allowed
from em_core.models import MODELS
from em_core.observe.rates import rates
from em_core.trajectory import converged
from em_core.trajectory import run as core_run
from tests.attack import dealt
from ui import limits
from ui.em.run import EmRun
from ui.em.session import EmSession
from ui.em.settings import MODEL_NAMES, EmSettings, for_model

COINS = for_model(EmSettings(), "binomial_mixture")


@pytest.fixture
def run():
    return EmRun.of(COINS)


def ids(run):
    return [frame["id"] for frame in run.frames()]


def kept_frames(run):
    """The frames by identity: a frame that is the same object was not drawn again."""
    return list(run.frames())


def test_opens_with_a_gap(run):
    (frame,) = run.frames()
    assert len(run) == 1 and frame["value"]["metric.gap"] > 0.01
    assert frame["next"] == {"label": "E-step", "detail": "q becomes the posterior", "act": {"act": "advance"}}


def test_advance_is_idempotent(run):
    run.advance(5)
    moves = run.moves
    run.advance(3)
    run.advance(5)
    assert run.moves == moves == "EMEME" and len(run) == 6


def test_adding_half_steps_draws_no_old_frame_again(run):
    run.advance(3)
    before = kept_frames(run)
    run.advance(7)
    after = run.frames()
    assert all(one is other for one, other in zip(before, after, strict=False)) and len(after) == 8


def test_equal_ids_mean_equal_frames():
    one, other = EmRun.of(COINS, "EMEM"), EmRun.of(COINS)
    other.advance(4)
    assert ids(one) == ids(other) and one.frames() == other.frames()
    longer = EmRun.of(COINS, "EMEMEM")
    # the last frame says what comes next as well; here the same
    assert ids(longer)[:5] == ids(one)
    assert len(set(ids(longer))) == 7


def test_ids_tell_apart_what_differs():
    everywhere = [EmRun.of(COINS, word) for word in ("EMEM", "EMEL", "ELEM")]
    everywhere.append(EmRun.of(replace(COINS, seed=COINS.seed + 1), "EMEM"))
    assert len({ids(run)[-1] for run in everywhere}) == len(everywhere)
    # a different move later shows in the frame before it, which names the next move
    assert ids(everywhere[0])[:3] == ids(everywhere[1])[:3] and ids(everywhere[0])[3] != ids(everywhere[1])[3]


def test_move_goes_where_the_tape_already_leads(run):
    run.advance(4)
    assert run.move("E", 0) == 1 and run.move("M", 3) == 4 and run.moves == "EMEM"


def test_move_elsewhere_cuts_the_tape(run):
    run.advance(6)
    frames = kept_frames(run)
    assert run.move("L", 1) == 2
    assert run.moves == "EL" and len(run.frames()) == 3
    assert run.frames()[0] is frames[0]
    run.advance(4)
    assert run.moves == "ELEM"  # the cycle goes on


def test_move_without_q_is_refused():
    raw = {**EmRun.of(COINS).json(), "schedule": "E"}
    del raw["start"]["q_at"]
    opened, *_ = EmSettings.of_experiment(raw)
    run = EmRun.of(opened)
    with pytest.raises(InvalidExperiment, match="E-step first"):
        run.move("M", 0)
    assert run.moves == ""


def test_several_gradient_steps_are_one_round():
    run = EmRun.of(replace(COINS, plan="E G3"))
    run.advance(9)
    assert run.moves == "EGGGEGGGE"


def test_a_change_of_schedule_goes_on_from_the_tape(run):
    run.advance(2)
    run.follow("EB")
    assert run.frames()[-1]["next"]["detail"] == "q becomes the posterior"
    run.advance(4)
    assert run.moves == "EMEB"


def test_the_end_is_where_the_bound_hardly_rises(run):
    while run.ended is None:
        run.ahead()
    assert converged(run.experiment, run.trajectory, run.plan) and len(run) < 501
    length = len(run)
    run.ahead()
    assert len(run) == length and "Converged" in run.ended
    assert run.frames()[-1]["next"] is not None, "the reader may go on all the same"


def test_ahead_makes_half_steps_until_it_is_late_and_stops_at_the_end(run):
    run.ahead(late=lambda: True)
    assert len(run) == 2  # no time, one half-step
    run.ahead()
    assert converged(run.experiment, run.trajectory, run.plan)


def test_ahead_goes_no_further_than_asked(run):
    run.ahead(5)
    assert len(run) == 6
    run.ahead(5)
    assert len(run) == 6


def test_the_page_holds_so_many_half_steps(run, monkeypatch):
    monkeypatch.setattr(limits, "LONGEST", 10)
    run.advance(50)
    assert len(run) == 11 and "10 half-steps" in run.ended
    assert run.frames()[-1]["next"] is None


# three equal points and one far away: a component of its own for each leaves a covariance of 0
SINGULAR = {
    "model": "gaussian_mixture",
    "settings": {"covariance": "full"},
    "data": {"values": [[0.0, 0.0], [1.0, 0.2], [0.3, 1.0], [50.0, 50.0]]},
    "start": {
        "weights": [0.5, 0.5],
        "means": [[0.4, 0.4], [50.0, 50.0]],
        "covariances": [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]],
    },
    "schedule": "(EM)5",
}


def test_a_run_that_stops_says_why_and_keeps_its_history():
    run = EmRun.of(*EmSettings.of_experiment(SINGULAR))
    assert run.trajectory.last.stopped and run.ended == "The run stopped here."
    *before, last = run.frames()
    assert before and last["next"] is None and last["chip"]["label"].endswith("!")
    assert last["text"]["caption"].startswith("Stopped: ") and "singular" in last["text"]["caption"]
    assert last["value"]["metric.elbo"] == before[-1]["value"]["metric.elbo"]
    length = len(run)
    run.advance(length + 3), run.ahead(), run.ahead(500)
    assert len(run) == length
    with pytest.raises(InvalidExperiment, match="before the one that stopped"):
        run.move("E", length - 1)
    with pytest.raises(InvalidExperiment, match="before the one that stopped"):
        run.preview(length - 1, "0", 0.0, 0.0)
    assert run.move("G", 1) == 2 and run.ended is None  # earlier half-steps are open as ever


@pytest.mark.parametrize("model, x", [("binomial_mixture", 1.2), ("binomial_mixture", 0.0), ("linkage", -0.1)])
def test_drag_to_nowhere_is_refused(model, x):
    run = EmRun.of(for_model(EmSettings(), model))
    with pytest.raises(InvalidExperiment):
        run.place(0, run.dragged(0, run.frames()[0]["handles"][0]["id"], x, 0.0))
    assert len(run) == 1


def test_inner_frames_are_those_of_one_m_step(run):
    run.advance(2)
    start, end = run.inner(2)[0], run.inner(2)[20]
    assert run.frames()[2]["inner_at"] == 1.0 and run.frames()[1]["inner_at"] == 0.0
    assert start["value"]["metric.gap"] == pytest.approx(0, abs=1e-9)
    assert end["value"]["metric.gap"] == pytest.approx(run.frames()[2]["value"]["metric.gap"], abs=1e-9)


@pytest.mark.parametrize("model", dealt(MODEL_NAMES, 1, of=4))
def test_every_move_replays_from_the_file_and_from_the_link(model):
    """Moves that draw at random and moves with a memory among them: the same numbers, to the last bit."""
    letters = allowed(MODELS[model])
    first = [letter for letter in letters if MOVES[letter].kind == "E"]
    second = [letter for letter in letters if MOVES[letter].kind == "M"]
    word = "E" + "".join(f"{a}{b}" for a, b in zip(first * 3, second * 2, strict=False)) + "".join(second)
    small = {"step": 0.01, "stochastic_step": 0.01, "adam_step": 0.01, "batch": 7, "blocks": 3, "cooling": 0.5}
    settings = replace(for_model(EmSettings(), model), plan=word, **small)
    run = EmRun.of(settings, word)
    assert len(run.moves) > 15  # a hard q may end a run early: that replays too
    numbers = report(run.experiment, run.trajectory)["half_steps"]
    from_file = core_run(Experiment.parse(json.loads(json.dumps(run.json()))))
    assert report(run.experiment, from_file)["half_steps"] == numbers
    session = EmSession.opened({**settings.query(), **run.query(0)})
    from_link = session.run
    assert session.messages == [] and from_link.moves == run.moves
    assert report(from_link.experiment, from_link.trajectory)["half_steps"] == numbers


def test_plain_em_runs_beside_from_the_same_start():
    plain = EmRun.of(COINS, "EMEMEM")
    beside = EmRun.of(replace(COINS, plan="EG", compare=True), "EGEGEG")
    drawn = [frame["append"]["timeline/plain/y"][0] for frame in beside.frames()]
    assert drawn == [frame["value"]["metric.evidence"] for frame in plain.frames()]
    assert all(frame["append"]["timeline/plain/y"] == [None] for frame in plain.frames())


@pytest.mark.parametrize("word", dealt(["PM", "MEM", "(PM)", "G", "E(PM)", "(TM)2(EM)", "C", "HGG"], 1, of=2))
def test_every_schedule_reopens_from_its_link(word):
    """Also one that begins with a move that needs a q, and one taken up in mid-run."""
    session = EmSession(COINS, EmRun.of(COINS, "EM"), [])
    session.player.go(2)
    session.change(plan=word)
    assert session.messages == []
    session.run.advance(7)
    session.player.go(4)
    again = EmSession.opened(session.query())
    assert again.messages == [] and again.run.moves == session.run.moves and again.player.cursor == 4
    assert ids(again.run) == ids(session.run)
    for moves in (8, 12):
        again.run.advance(moves)
        session.run.advance(moves)
        assert again.run.moves == session.run.moves


def test_a_schedule_that_needs_a_q_gets_an_e_where_there_is_none():
    raw = {**EmRun.of(COINS).json(), "schedule": "E"}
    del raw["start"]["q_at"]
    opened, *_ = EmSettings.of_experiment(raw)
    run = EmRun.of(replace(opened, plan="PM"))
    assert run.json()["schedule"] == "EPM"
    run.advance(4)
    assert run.moves == "EPMP"


def test_annealing_chosen_in_mid_run_begins_to_anneal():
    session = EmSession(COINS, EmRun.of(COINS, "EM"), [])
    session.change(recipe="annealed")
    session.run.advance(43)
    assert (
        session.run.moves == "EM" + "TM" * 20 + "E" and session.run.plan.after == 2 and session.query()["since"] == "2"
    )


def test_comparing_and_new_kinds_of_move_change_the_scene(run):
    assert EmRun.of(replace(COINS, compare=True)).scene.id != run.scene.id
    run.advance(1)
    before = run.scene.id
    run.move("G", 1)
    assert run.scene.id != before and "slopes" in run.scene.json["figures"]


def test_a_recipe_takes_its_settings_with_it():
    blobs = EmSettings(data="blobs", standardize=True)
    session = EmSession(blobs, EmRun.of(blobs), [])
    session.change(recipe="kmeans")
    held = session.settings
    assert (held.covariance, held.fixed, held.standardize, held.plan) == ("spherical", True, True, "HM")
    session.change(recipe="em")
    assert (session.settings.covariance, session.settings.fixed) == ("full", False)
    session.change(standardize=True)
    session.change(recipe="hard")
    assert session.settings.standardize, "what the reader has switched on stays"


# --- a tape that is being opened again ------------------------------------------------------------------------------


@pytest.fixture
def hurried(monkeypatch):
    """A reader whose link has been opened as far as its first slice, of one half-step."""
    monkeypatch.setattr(limits, "SLICE", 0)
    found = EmSession.opened({"model": "binomial_mixture", "schedule": "(EM)30", "cursor": "40"})
    assert found.run.moves == "E" and found.run.remaining == 59 and found.player.cursor == 0
    return found


def whole(session):
    """Ask for slices until the tape is whole."""
    for n in range(100):
        if not session.run.remaining:
            return session
        session.act({"act": "rest", "n": n, "at": session.player.cursor, "turn": session.player.turn})
    raise AssertionError("no end")


def test_address_and_file_hold_the_whole_tape_meanwhile(hurried):
    assert hurried.query()["schedule"] == "(EM)30" and hurried.query()["cursor"] == "40"
    assert json.loads(hurried.file())["schedule"] == "(EM)30"
    assert hurried.run.ended is None and hurried.run.coming()[0]["name"].startswith("Go on to 2 (M")
    assert len(hurried.run.coming()) == 40 and hurried.run.frames()[-1]["next"]["label"] == "M-step"


def test_slices_lead_to_the_run_that_is_made_at_once(hurried):
    at_once = EmRun.of(COINS, "EM" * 30)
    assert whole(hurried).player.cursor == 40
    assert ids(hurried.run) == ids(at_once)
    assert report(hurried.run.experiment, hurried.run.trajectory) == report(at_once.experiment, at_once.trajectory)


def test_a_change_of_view_opens_the_whole_tape_again(hurried):
    hurried.change(compare=True)
    assert hurried.run.tape == "EM" * 30 and hurried.query()["cursor"] == "40"
    assert whole(hurried).player.cursor == 40
    hurried.change(compare=False)
    assert hurried.run.remaining == 59 and hurried.query()["cursor"] == "40"


def test_another_way_to_go_on_gives_up_the_rest(hurried):
    hurried.player.cursor = 1
    hurried.act({"act": "move", "letter": "L", "n": 1})
    assert hurried.run.tape == "EL" and hurried.query()["schedule"] == "EL"


def test_a_tape_that_stops_has_no_rest(monkeypatch):
    monkeypatch.setattr(limits, "SLICE", 0)
    session = EmSession.opened({})
    session.open_file(json.dumps(SINGULAR).encode())
    whole(session)
    assert session.run.trajectory.last.stopped and session.run.ended == "The run stopped here."
    assert session.player.cursor == len(session.run) - 1


def test_the_slope_that_is_predicted_is_drawn_beside_the_gaps():
    """Through the last gap that an M opened, r² times as high a round; r stands there as predicted and as measured."""
    run = EmRun.of(replace(COINS, rates=True), "EM" * 12)
    found = rates(run.experiment)
    frame = run.frames([24])[24]
    (x0, x1), (y0, y1) = frame["set"]["gap/predicted/x"], frame["set"]["gap/predicted/y"]
    assert (x1, y1) == (24, frame["value"]["metric.gap"]) and frame["set"]["gap/predicted/visible"]
    assert (y1 / y0) ** (2 / (x1 - x0)) == pytest.approx(found.predicted**2)
    # beside the line stands what it falls by, r² and not r
    r, squared = re.findall(r"\d\.\d{4}", frame["set"]["gap/annotations"][0]["text"])
    assert (r, squared) == (f"{found.predicted:.4f}", f"{found.predicted**2:.4f}")
    assert f"gap × r² = {squared} per round (grey band)" in frame["set"]["gap/annotations"][0]["text"]
    note = frame["text"]["note.timeline"]
    assert note.startswith(f"r = {r}, the largest fraction of missing information")
    assert note.endswith(f"measured on the run to the optimum: {found.measured.parameters:.4f}")
    before = run.frames([1])[1]["set"]
    assert "(grey band)" not in before["gap/annotations"][0]["text"] and before["gap/predicted/x"] == []
    plain = EmRun.of(COINS, "EM" * 12)
    assert plain.frames([24])[24]["text"]["note.timeline"] == "" and not set(ids(plain)) & set(ids(run))


def test_why_there_are_no_rates_is_said_where_they_would_stand(monkeypatch):
    monkeypatch.setattr(limits, "RATES", 0.0)
    run = EmRun.of(replace(COINS, rates=True), "EM")
    assert run.frames([2])[2]["text"]["note.timeline"].startswith("No optimum within 0 s")
    assert not run.frames([2])[2]["set"].get("gap/predicted/visible")
    assert not run.pending


def test_rates_are_worked_out_a_little_at_a_time_and_go_on_after_any_act():
    run = EmRun.reopening(replace(COINS, rates=True), "EM")
    run.reopen(lambda: True)
    assert run.pending
    run.advance(4)
    for _ in range(10_000):
        if not run.pending:
            break
        run.reopen(lambda: True)
    assert not run.pending and run.frames([4])[4]["text"]["note.timeline"].startswith("r = 0.40")
