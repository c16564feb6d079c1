"""What was done by hand in mid-run: θ set and moves set otherwise, replayed from the file to the last bit."""

from __future__ import annotations

import contextlib
import copy
import io
import json

import numpy as np
import pytest

from em_core.__main__ import main
from em_core.bound import decompose
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.report import report
from em_core.files.starts import given
from em_core.schedule import plan
from em_core.trajectory import converged, extend, run, start
from tests.core.cases import CASES
from tests.core.test_experiment import COINS, GAUSSIAN, through_text
from tests.core.test_identity import assert_identity

EXACT = [case for case in CASES if {"E", "M"} <= set(case.moves)]
ELSEWHERE = {"weights": [0.3, 0.7], "probabilities": [0.55, 0.45]}
PLACED = {"after": 2, "start": ELSEWHERE}


def placed(case, after=2):
    """The case's own start set by hand after so many half-steps: θ goes back, q stays."""
    return {"after": after, "start": given(case.theta, None)}


def steps_of(raw):
    experiment = Experiment.parse(through_text(raw))
    return experiment, run(experiment)


@pytest.mark.parametrize("case", EXACT, ids=str)
def test_theta_set_by_hand_is_a_half_step_that_takes_q_along(case):
    experiment = case.experiment("EMEM", by_hand=[placed(case)])
    trajectory = run(experiment)
    step = trajectory[3]
    assert [other.move for other in trajectory.half_steps] == [None, "E", "M", "by hand", "E", "M"]
    assert trajectory.moves == "EMEM"
    assert step.after.q is step.before.q and step.after.q_at is step.before.q_at
    assert all(np.array_equal(step.after.theta[name], entry) for name, entry in case.theta.items())
    assert_identity(decompose(case.model, case.data, step.after))


def held(row):
    return {name: check and check["holds"] for name, check in row["checks"].items()}


@pytest.mark.parametrize("case", EXACT, ids=str)
def test_what_follows_is_what_follows_from_a_start_there(case):
    by_hand = run(case.experiment("EMEM", by_hand=[placed(case)]))
    # the same pair (θ, q) as the start of an experiment of its own
    begin = given(case.theta, by_hand[2].after.q_at)
    forked = report(*(lambda e: (e, run(e)))(case.experiment("EM", start=begin)))
    rows = report(case.experiment("EMEM", by_hand=[placed(case)]), by_hand)["half_steps"][4:]
    for row, other in zip(rows, forked["half_steps"][1:], strict=True):
        # the line on which slopes are compared is another for each half-step
        assert {**row, "index": 0, "checks": held(row)} == {**other, "index": 0, "checks": held(other)}


@pytest.mark.parametrize("case", EXACT, ids=str)
def test_the_file_replays_to_the_last_bit(case):
    raw = {**case.raw, "schedule": "EMEM", "by_hand": [placed(case), {"after": 4, "moves": {"G": {"step": 0.02}}}]}
    experiment, trajectory = steps_of(raw)
    first = report(experiment, trajectory)
    assert first["experiment"]["by_hand"] == raw["by_hand"]
    assert report(*steps_of(first["experiment"])) == first


def test_a_setting_holds_from_its_place_on():
    changes = [{"after": 2, "moves": {"G": {"step": 0.02}}}, {"after": 4, "moves": {"G": {"step": 0.3}}}]
    _, trajectory = steps_of({**GAUSSIAN, "schedule": "EGGGGG", "by_hand": changes})
    assert [step.info.step for step in trajectory.half_steps[2:]] == [0.1, 0.02, 0.02, 0.3, 0.3]


def test_a_setting_leaves_the_others_as_they_were():
    raw = {**GAUSSIAN, "schedule": "ES", "moves": {"S": {"step": 0.3, "batch": 2}}}
    experiment, _ = steps_of({**raw, "by_hand": [{"after": 1, "moves": {"S": {"batch": 3}}}]})
    assert experiment.moves_for(1)["S"] == {"step": 0.3, "batch": 2}
    assert experiment.moves_for(2)["S"] == {"step": 0.3, "batch": 3}
    assert experiment.moves_for(2)["A"] == experiment.moves["A"]


def test_draws_go_by_the_half_step_and_the_carry_comes_along():
    raw = {**GAUSSIAN, "schedule": "ESAPA", "moves": {"S": {"batch": 2}, "P": {"blocks": 2}}}
    raw["by_hand"] = [{"after": 3, "start": GAUSSIAN["start"]}]
    experiment, trajectory = steps_of(raw)
    # minibatches are drawn from the seed and the number of the half-step, which counts what was done by hand
    alone = extend(experiment, trajectory.upto(1), "S")
    assert np.array_equal(alone.last.after.theta["means"], trajectory[2].after.theta["means"])
    mean, square, made = trajectory.last.after.carry["A"]
    assert made == 2
    assert trajectory[4].after.carry is trajectory[4].before.carry


def test_a_given_q_comes_first():
    start_here = {**ELSEWHERE, "q_at": COINS["start"]}
    experiment, trajectory = steps_of({**COINS, "schedule": "ME", "by_hand": [{"after": 0, "start": start_here}]})
    assert experiment.q_at is None and trajectory.moves == "ME"
    bound = decompose(experiment.model, experiment.data, trajectory[1].after)
    assert bound.kl > 0.01
    assert_identity(bound)


def test_info_and_the_row_of_the_report():
    row = report(*steps_of({**COINS, "schedule": "EME", "by_hand": [PLACED]}))["half_steps"][3]
    assert row["index"] == 3 and row["move"] == "by hand" and row["parameters"] == ELSEWHERE
    assert row["info"] == {"passes": 0} and row["events"] == []


def test_as_a_table(tmp_path):
    file = tmp_path / "experiment.json"
    file.write_text(json.dumps({**COINS, "schedule": "EME", "by_hand": [PLACED]}), encoding="utf-8")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main(["run", str(file), "--format", "csv"]) == 0
    assert printed.getvalue().splitlines()[4].startswith("3,by hand,")


def test_a_run_that_stopped_goes_no_further_by_hand():
    raw = {**copy.deepcopy(GAUSSIAN), "schedule": "EGE", "moves": {"G": {"step": 1e90}}}
    raw["by_hand"] = [{"after": 2, "start": GAUSSIAN["start"]}]
    assert steps_of(raw)[1].last.index == 2


def test_a_theta_without_a_bound_stops_the_run():
    change = {"after": 1, "start": GAUSSIAN["start"]}
    experiment, trajectory = steps_of({**GAUSSIAN, "schedule": "E", "by_hand": [change]})
    assert not trajectory.last.stopped
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("em_core.trajectory.is_number", lambda *_: False)
        last = run(experiment).last
    assert last.stopped and last.move == "by hand" and last.info.items() == {"passes": None}
    assert last.after is last.before


def test_rounds_count_from_the_last_change_on():
    quick = plan("EM", "EM")
    raw = {**COINS, "schedule": "(EM)400"}
    experiment, trajectory = steps_of(raw)
    assert converged(experiment, trajectory, quick)
    last = trajectory.last.index
    same = given(trajectory.last.after.theta, None)
    for change in ({"after": last, "moves": {"G": {"step": 1}}}, {"after": last, "start": same}):
        experiment, trajectory = steps_of({**raw, "by_hand": [change]})
        assert not converged(experiment, trajectory, quick)
        for letter in "EM":
            trajectory = extend(experiment, trajectory, letter)
        assert converged(experiment, trajectory, quick)


def test_settings_and_places_at_one_half_step_keep_their_order():
    changes = [
        {"after": 0, "start": ELSEWHERE},
        {"after": 1, "start": ELSEWHERE},
        {"after": 2, "moves": {"G": {"step": 0.5}}},
        {"after": 2, "start": ELSEWHERE},
        {"after": 5, "moves": {"G": {"step": 0.25}}},
    ]
    experiment, trajectory = steps_of({**COINS, "schedule": "EG", "by_hand": changes})
    assert [step.move for step in trajectory.half_steps] == [None, *["by hand"] * 3, "E", "G"]
    assert trajectory.last.info.step == 0.5
    assert experiment.to_json()["by_hand"] == changes
    # `start` and `extend` go by hand too
    again = start(experiment)
    for move in experiment.tape:
        again = extend(experiment, again, move)
    assert report(experiment, again) == report(experiment, trajectory)


REFUSED = {
    "by_hand": ["x", {}, 3, None],
    "by_hand[0]": [[3], [{"after": 1}], [{"after": 1, "start": ELSEWHERE, "moves": {}}]],
    "by_hand[0].after": [
        [{"start": ELSEWHERE}],
        [{"after": -1, "start": ELSEWHERE}],
        [{"after": 5, "start": ELSEWHERE}],
        [{"after": 5, "moves": {}}],
        [{"after": 1.5, "moves": {}}],
        [{"after": True, "moves": {}}],
    ],
    "by_hand[1].after": [[PLACED, PLACED], [{"after": 2, "moves": {}}, {"after": 1, "moves": {}}], [PLACED, PLACED]],
    "by_hand[2].after": [[{"after": 4, "start": ELSEWHERE}, {"after": 5, "moves": {}}, {"after": 6, "moves": {}}]],
    "by_hand[0].what": [[{"after": 1, "moves": {}, "what": 1}], [{**PLACED, "what": 1}]],
    "by_hand[0].moves": [[{"after": 1, "moves": 3}]],
    "by_hand[0].moves.Q": [[{"after": 1, "moves": {"Q": {}}}]],
    "by_hand[0].moves.E": [[{"after": 1, "moves": {"E": {"step": 1}}}]],
    "by_hand[0].moves.G.step": [[{"after": 1, "moves": {"G": {"step": step}}}] for step in (0, -1, "1", None, 1e300)],
    "by_hand[0].moves.G.size": [[{"after": 1, "moves": {"G": {"size": 1}}}]],
    "by_hand[0].start": [
        [{"after": 1, "start": start}] for start in (3, {"weights": [1.0, 0.0], "probabilities": [0, 0]})
    ],
    "by_hand[0].start.weights": [[{"after": 1, "start": {**ELSEWHERE, "weights": [0.4, 0.7]}}]],
    "by_hand[0].start.what": [[{"after": 1, "start": {**ELSEWHERE, "what": 1}}]],
    "by_hand[0].start.probabilities": [[{"after": 1, "start": {"weights": [0.4, 0.6]}}]],
    "by_hand[0].start.q": [[{"after": 1, "start": {**ELSEWHERE, "q": 0.5}}]],
    "by_hand[0].start.q_at.weights": [[{"after": 1, "start": {**ELSEWHERE, "q_at": {"weights": 3}}}]],
}
CASES_REFUSED = [(field, value) for field, values in REFUSED.items() for value in values]


@pytest.mark.parametrize(("field", "value"), CASES_REFUSED, ids=[f"{a}-{n}" for n, (a, _) in enumerate(CASES_REFUSED)])
def test_what_cannot_be_is_refused_by_name(field, value):
    with pytest.raises(InvalidExperiment) as refused:
        Experiment.parse({**COINS, "schedule": "EMEM", "by_hand": value})
    assert refused.value.field == field, str(refused.value)


def test_another_number_of_components_is_refused():
    three = {"weights": [0.2, 0.3, 0.5], "probabilities": [0.1, 0.2, 0.3]}
    with pytest.raises(InvalidExperiment, match=r"by_hand\[0\].start.weights: 'shape \(3,\)'"):
        Experiment.parse({**COINS, "by_hand": [{"after": 1, "start": three}]})
