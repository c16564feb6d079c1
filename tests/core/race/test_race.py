"""Several schedules from one start: each is its own run, and what is told of them follows from those."""

from __future__ import annotations

import math

import numpy as np
import pytest

from em_core import trajectory
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.report import report
from em_core.models import MODELS
from em_core.observe import race
from em_core.observe.rivals import RIVAL_SIZES
from em_core.records import Bound
from tests.attack import dealt
from tests.core.race.shared import BY_NAME, STARTS, run, words_for
from tests.core.test_command_line import COLLAPSE, LINKAGE
from tests.core.test_info import Counter

GAUSSIAN = BY_NAME["gaussian_full_2d_k2"]


@pytest.mark.parametrize("model", dealt(MODELS, 0, of=2))
def test_three_words_race_on_each_model_and_each_is_its_own_run(model):
    """Series are those of `run` with the word written out, passes added up."""
    rounds = 3
    for word in words_for(model):
        experiment = Experiment.parse({**STARTS[model], "schedule": f"({word}){rounds}"})
        steps = report(experiment, trajectory.run(experiment))["half_steps"]
        racer = run(experiment, word, rounds)
        assert len(steps) > rounds
        assert list(racer.log_evidence) == [step["log_evidence"] for step in steps]
        assert list(racer.gap) == [step["gap"] for step in steps]
        assert list(racer.passes) == [0, *np.cumsum([step["info"]["passes"] for step in steps[1:]])]
        assert racer.rounds == tuple(len(word.replace(" ", "").replace("G5", "GGGGG")) * i for i in range(rounds + 1))
    together = race.race(experiment, words_for(model), rounds)
    assert [racer.word for racer in together.racers] == words_for(model)
    assert together.racers[-1].log_evidence == racer.log_evidence


@pytest.mark.parametrize(
    ("word", "moves"),
    [
        ("EM", "EMEMEM"),
        ("(EM)20", "EMEMEM"),
        ("E(PM)", "EPMPMPM"),
        ("E (P M)40", "EPMPMPM"),
        ("E G2", "EGGEGGEGG"),
        ("(TM)2(EM)", "TMTMEMEMEM"),
        ("((EG2)2M)3", "EGGEGGM" * 3),
    ],
)
def test_a_round_is_one_turn_of_the_last_cycle(word, moves):
    settings = {"P": {"blocks": 3}}
    racer = run(GAUSSIAN.experiment(moves=settings), word, 3)
    expected = run(GAUSSIAN.experiment(moves=settings), moves, 1)
    assert racer.log_evidence == expected.log_evidence and racer.passes == expected.passes


@pytest.mark.parametrize("word", ["EM", "EG", "E G5", "MEG", "squarem", "over_relaxed"])
@pytest.mark.parametrize(
    "case", [GAUSSIAN, BY_NAME["binomial_two_coins"], BY_NAME["hidden_markov_poisson_three_states"]]
)
def test_passes_are_as_many_as_the_calls(case, word, monkeypatch):
    """What is computed to be shown is left out of the count, here as there."""
    monkeypatch.setattr(race, "decompose", lambda *rest: Bound(0.0, 0.0, 0.0))
    counter = Counter(case.experiment(moves={"G": {"step": 0.01}}))
    racer = race.begin(counter.experiment, word)
    counter.calls.clear()  # the file's own q
    for _ in range(4):
        racer = race.turn(counter.experiment, racer)
    assert racer.passes[-1] == counter.number("posterior", "maximize", "gradient") == racer.made > 6
    assert racer.made == 4 * RIVAL_SIZES.get(word, len(word.replace(" ", "").replace("G5", "GGGGG")))


def test_a_partial_step_costs_its_share():
    racer = run(GAUSSIAN.experiment(moves={"P": {"blocks": 5}}), "E(PM)", 10)
    assert racer.passes[-1] == pytest.approx(1 + 10 * (1 / 5 + 1))


def test_the_first_within_a_millionth_of_the_best():
    found = race.race(GAUSSIAN.experiment(), ["EM", "EG", "squarem"], 30)
    highest = max(max(racer.log_evidence) for racer in found.racers)
    assert found.best == highest
    rows = race.report(found)["runs"]
    for racer, row in zip(found.racers, rows, strict=True):
        near = [i for i, own in enumerate(racer.log_evidence) if highest - own <= 1e-6 * max(1, abs(highest))]
        expected = {"half_steps": near[0], "passes": racer.passes[near[0]]} if near else None
        assert row["to_best"] == expected
    assert rows[0]["to_best"]["half_steps"] > 10 and rows[1]["to_best"] is None


def test_all_begin_with_the_files_q():
    """M may come first there; without it there is no gap yet."""
    racer = run(GAUSSIAN.experiment(), "ME", 2)
    assert racer.gap[0] > 0.1 and racer.gap[2] == pytest.approx(0, abs=1e-11)
    bare = Experiment.parse(LINKAGE)
    assert run(bare, "EM", 1).gap[0] is None
    with pytest.raises(InvalidExperiment, match="needs a q"):
        race.race(bare, ["ME", "EM"], 2)


def test_what_was_changed_by_hand_belongs_to_the_files_own_schedule():
    by_hand = [{"after": 1, "moves": {"G": {"step": 3.0}}}, {"after": 2, "start": LINKAGE["start"]}]
    changed = Experiment.parse({**LINKAGE, "by_hand": by_hand})
    words = ["EG", "EM"]
    assert race.report(race.race(changed, words, 5)) == race.report(race.race(Experiment.parse(LINKAGE), words, 5))


def test_a_run_that_stops_keeps_what_it_has_and_the_others_go_on():
    found = race.race(Experiment.parse(COLLAPSE), ["EM", "EG"], 5)
    stopped, gone_on = found.racers
    assert stopped.stopped and not gone_on.stopped
    assert len(stopped.log_evidence) == len(stopped.gap) == len(stopped.passes) < len(gone_on.passes) == 11
    rows = race.report(found)["runs"]
    (event,) = rows[0]["events"]
    assert event["kind"] == "singular_covariance" and event["half_step"] == len(stopped.passes)
    assert "events" not in rows[1]
    assert all(map(math.isfinite, stopped.log_evidence))
    again = race.turn(Experiment.parse(COLLAPSE), stopped)
    assert again is stopped and stopped.rounds[-1] <= stopped.made


def test_minibatches_are_those_of_the_run_itself():
    """Random draws come from the seed and the half-step's number."""
    settings = {"S": {"batch": 4}}
    experiment = GAUSSIAN.experiment("(ES)6", moves=settings, seed=5)
    expected = [step["log_evidence"] for step in report(experiment, trajectory.run(experiment))["half_steps"]]
    assert list(run(GAUSSIAN.experiment(moves=settings, seed=5), "ES", 6).log_evidence) == expected
