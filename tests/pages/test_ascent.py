"""The page of coordinate ascent: the EM page's settings and run, and the point that is dragged in its plane."""

from __future__ import annotations

import json

import numpy as np
import pytest

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.report import report
from em_core.kinds import MOVES, allowed
from em_core.trajectory import run
from tests.core.any_experiment import experiments
from tests.pages import Page
from tests.pages.test_em import PAGE as EM
from ui.ascent.run import AscentRun
from ui.ascent.session import AscentSession
from ui.ascent.settings import AscentSettings
from ui.em.recipes import offered
from ui.em.settings import MODEL_NAMES, OF_THE_BOUND, EmSettings, for_model

PAGE = Page(
    AscentSession,
    experiments(),
    EM.acts,
    ({}, {"start": {"theta": 0.25, "q": 1 / 3}}),
    "".join(MOVES),
    EM.tape,
    EM.choices,
    often=2,
)
POINT = {"act": "drag", "handle": "point", "n": 1}


def test_it_opens_with_the_coin_and_a_q_that_no_theta_made():
    session = AscentSession.opened({})
    start = session.run.trajectory[0].after
    assert session.settings.model == "coin_of_unknown_origin" and session.settings.plan == "EM"
    assert session.settings.query() == {} and not session.messages
    assert (float(start.theta["theta"]), start.q_at) == (0.42, None)
    assert float(start.q.probabilities[1, 0]) == pytest.approx(0.9)


def test_its_settings_are_those_of_the_em_page_and_a_second_start():
    own, others = AscentSettings.declared(), EmSettings.declared()
    # a picture of the bound that is not there, and what is wrong on purpose
    shared = [name for name in others if name not in (*OF_THE_BOUND, "broken")]
    assert list(own) == [*shared, "second"] and all(own[name] is others[name] for name in shared)


def test_a_second_start_is_one_switch_that_keeps_the_run_and_is_in_the_link():
    session = AscentSession.opened({"schedule": "EMEM", "cursor": "3"})
    before = session.run.frames()
    assert session.beside == ["second", "compare"]
    session.change(second=True)
    assert (session.messages, session.run.tape, session.player.place) == ([], "EMEM", 3)
    assert session.query()["second"] == "yes"
    # equal ids, equal frames
    assert not {frame["id"] for frame in before} & {frame["id"] for frame in session.run.frames()}
    session.change(model="gaussian_mixture")
    assert session.beside == ["compare"] and not session.messages


def test_the_point_is_dragged_anywhere_and_the_run_goes_on_from_there():
    session = AscentSession.opened({"schedule": "EMEM", "cursor": "2"})
    session.act({**POINT, "at": 2, "x": 0.8, "y": 0.1})
    tape = session.run
    assert (session.messages, len(tape)) == ([], 4) and tape.trajectory[3].move == "by hand"
    state = tape.trajectory[3].after
    assert (float(state.theta["theta"]), session.run.experiment.model.share(state.q)) == (0.8, pytest.approx(0.1))
    tape.advance(5)
    assert [step.move for step in tape.trajectory.half_steps[3:]] == ["by hand", "E", "M"]
    saved = json.loads(json.dumps(tape.json()))
    assert saved["by_hand"] == [{"after": 2, "start": {"theta": 0.8, "q": 0.1}}]
    experiment = Experiment.parse(saved)
    again = report(experiment, run(experiment))["half_steps"]
    assert again == report(tape.experiment, tape.trajectory)["half_steps"]
    # by link, and by file
    link = {name: str(value) for name, value in session.query().items()}
    linked, opened = AscentSession.opened(link), AscentRun.of(*AscentSettings.of_experiment(saved))
    linked.run.reopen()
    for other in (linked.run, opened):
        assert report(other.experiment, other.trajectory)["half_steps"] == again
    session.act({"act": "undo", "n": 2})
    assert session.run.taped == ("EMEM", 0, [])


def test_m_from_a_wrong_q_goes_where_that_q_leads():
    session = AscentSession.opened({})
    session.act({**POINT, "at": 0, "x": 0.2, "y": 1.0})
    session.act({"act": "move", "letter": "M", "n": 2})
    assert float(session.run.trajectory.last.after.theta["theta"]) == pytest.approx(10 / 14)


def test_another_q_is_another_frame():
    """Equal ids, equal frames: the browser would keep what it has."""
    ids = set()
    for q in (0.25, 0.75):
        tape = AscentRun.of(AscentSettings(), "EM")
        tape.place(2, {"theta": np.array(0.8)}, q)
        ids.add(tape.frames()[3]["id"])
    assert len(ids) == 2


def test_a_recipe_is_a_preset_here_too():
    session = AscentSession.opened({})
    for name, word in (("gradient", "EG"), ("generalised", "E G5"), ("hard", "HM"), ("annealed", "TM")):
        session.change(recipe=name)
        assert (session.settings.plan, session.recipe, session.messages) == (word, name, [])


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_every_mark_has_a_recipe_where_the_model_has_the_move(model):
    known = AscentRun.of(for_model(AscentSettings(), model)).experiment.model
    words = [AscentSession.recipes[name].word(known) for name in offered(AscentSession.recipes, known)]
    assert set("EMGHTPV") & set(allowed(known)) <= set("".join(words))
    assert ("TM" in words) == ("T" in allowed(known))


@pytest.mark.parametrize(("x", "y", "q"), [(0.5, -0.2, 0.0), (0.5, 1.4, 1.0), (0.001, 0.5, 0.5)])
def test_q_stops_at_the_edge_of_the_plane(x, y, q):
    session = AscentSession.opened({})
    session.act({**POINT, "at": 0, "x": x, "y": y})
    assert session.run.experiment.model.share(session.run.trajectory.last.after.q) == pytest.approx(q)


@pytest.mark.parametrize("x", [0.0, 1.0, -0.1, 1.2, 1e300])
def test_theta_stays_inside(x):
    session = AscentSession.opened({})
    session.act({**POINT, "at": 0, "x": x, "y": 0.5})
    assert len(session.run) == 1 and "expected a value between 0 and 1" in session.messages[0]
    with pytest.raises(InvalidExperiment):
        session.run.preview(0, "point", x, 0.5)


def test_while_it_is_held_everything_is_that_of_the_place():
    run_ = AscentRun.of(AscentSettings(), "EM")
    run_.frames()
    shown = run_.preview(2, "point", 0.8, 0.1)
    there = AscentRun.of(AscentSettings(), "EM")
    there.place(2, {"theta": np.array(0.8)}, 0.1)
    dropped = there.frames()[3]
    for name in ("metric.evidence", "metric.elbo", "metric.gap"):
        assert shown["value"][name] == dropped["value"][name]
    assert "q and θ moved by hand" in shown["text"]["caption"]
    assert "you set q and θ" in dropped["text"]["caption"]
    assert shown["handles"][0]["x"] == 0.8 and shown["handles"][0]["y"] == pytest.approx(0.1)


def test_what_a_drag_leaves_is_no_handle_of_a_slice():
    """Only in an exact plane is every place a pair of q and θ."""
    chosen = for_model(AscentSettings(), "gaussian_mixture")
    handles = [handle["id"] for frame in AscentRun.of(chosen, "EM").frames() for handle in frame["handles"]]
    assert handles and "point" not in handles
