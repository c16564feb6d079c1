"""python -m em_core starts: every end is that of a single run, End's rule, and which ends are one optimum."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest

from em_core import schedule
from em_core.__main__ import main
from em_core.bound import decompose
from em_core.datasets import catalogue, load
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES
from em_core.models import MODELS
from em_core.observe.starts import MOST, End, many, optima, repeated
from em_core.records import Bound
from em_core.trajectory import END_HALF_STEPS, END_RISE, half_step, height_of, run, run_to_end, start
from tests.attack import thinned
from tests.core.test_command_line import assert_one_line, strictly

BLOBS = {"generator": "blobs", "n_points": 40, "n_clusters": 3, "seed": 1}
MIXTURE = {"model": "gaussian_mixture", "settings": {"n_components": 3}, "data": BLOBS, "schedule": "(EM)20", "seed": 5}
LINKAGE = {"model": "linkage", "data": {"counts": [125, 18, 20, 34]}, "schedule": "EM"}
DICTIONARY = {
    "model": "dictionary_learning",
    "settings": {"n_atoms": 2, "lambda": 0.3},
    "data": {"values": [[1, 0.5], [0.2, 1], [-1, 0.3], [0.4, -0.8], [0.9, 0.8]]},
    "schedule": "(HM)3",
    "seed": 2,
}
# a component on one point: its variance goes to 0
COLLAPSING = {
    "model": "gaussian_mixture",
    "settings": {"n_components": 3},
    "data": {"values": [[0], [0.1], [0.2], [5]]},
    "schedule": "EM",
}


def _following(word: str) -> dict[str, Any]:
    """A small experiment: a mixture, and one number where there are many gradient steps."""
    return {**(LINKAGE if "G" in word else {**MIXTURE, "data": {**BLOBS, "n_points": 25}}), "schedule": word}


@pytest.fixture
def call(tmp_path, capsys):
    def calling(raw, *options):
        path = tmp_path / "experiment.json"
        path.write_text(json.dumps(raw), encoding="utf-8")
        status = main(["starts", str(path), *options])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return calling


def test_the_form(call):
    status, out, err = call(MIXTURE, "--number", "4")
    result = strictly(out)
    assert (status, err) == (0, "") and list(result) == ["ends", "optima", "stopped"]
    assert [end["seed"] for end in result["ends"]] == [5, 6, 7, 8]
    for end in result["ends"]:
        assert list(end) == ["seed", "log_evidence", "half_steps", "outcome"]
    for optimum in result["optima"]:
        assert list(optimum) == ["log_evidence", "count"]
    assert sum(optimum["count"] for optimum in result["optima"]) == 4 - result["stopped"]
    assert result == strictly(call(MIXTURE, "--number", "4")[1])  # the same every time


@pytest.mark.parametrize("word", ["(EM)20", "E G2", "(TM)3(EM)2", "E(PM)", "EMS"])
def test_every_end_is_that_of_the_single_run_with_its_seed(call, word):
    """To the last digit, also where moves draw: the schedule of the single run is as long as the end says."""
    raw = _following(word)
    plan = schedule.plan(word, MOVES)
    for end in strictly(call(raw, "--number", "2")[1])["ends"]:
        moves = (plan.lead + plan.cycle * END_HALF_STEPS)[: end["half_steps"]]
        single = run(Experiment.parse({**raw, "seed": end["seed"], "schedule": schedule.compress(moves)}))
        bound = decompose(Experiment.parse(raw).model, Experiment.parse(raw).data, single.last.after)
        assert (end["log_evidence"], end["half_steps"]) == (bound.log_evidence, len(single) - 1)


@pytest.mark.parametrize("word", ["EM", "(EM)20", "E G2", "E(PM)2"])
def test_a_run_ends_by_ends_rule(word):
    """Each round before raised the ELBO by more than 1e-9 of it, the last one by less; or it is 500 half-steps long."""
    experiment = Experiment.parse({**_following(word), "moves": {"P": {"blocks": 2}}})
    (end,) = many(experiment, 1)
    plan = repeated(word)
    size = len(plan.cycle) * (2 if "P" in word else 1)
    trajectory = start(experiment)
    assert end.moves == run_to_end(experiment, trajectory, plan).moves
    heights = []
    for index, letter in enumerate(end.moves):
        step = half_step(experiment, trajectory.last.after, index + 1, letter)
        trajectory = replace(trajectory, half_steps=(*trajectory.half_steps, step))
        heights.append(height_of(decompose(experiment.model, experiment.data, step.after)))
    ended = [
        abs(heights[last] - heights[last - size]) < END_RISE * abs(heights[last])
        for last in range(len(plan.lead) + size, len(heights))
        if (last + 1 - len(plan.lead)) % len(plan.cycle) == 0
    ]
    assert not any(ended[:-1]) and end.settled == ended[-1]
    assert (end.outcome == "at rest") == end.settled and (end.settled or end.half_steps == END_HALF_STEPS)


def test_a_run_that_never_settles_ends_after_500_half_steps(call):
    (end,) = strictly(call({**LINKAGE, "schedule": "E G", "moves": {"G": {"step": 0.001}}}, "--number", "1")[1])["ends"]
    assert (end["half_steps"], end["outcome"]) == (500, "500 half-steps")


def test_where_one_optimum_is_all_there_is_all_starts_find_it(call):
    result = strictly(call(LINKAGE, "--number", "20")[1])
    assert [row["count"] for row in result["optima"]] == [20] and result["stopped"] == 0
    best = max(end["log_evidence"] for end in result["ends"])
    assert result["optima"][0]["log_evidence"] == best


def test_runs_that_stop_are_counted_apart(call):
    result = strictly(call(COLLAPSING, "--number", "12")[1])
    stopped = [end for end in result["ends"] if end["outcome"].startswith("stopped: ")]
    assert result["stopped"] == len(stopped) > 0
    assert sum(optimum["count"] for optimum in result["optima"]) == 12 - len(stopped)


def test_without_log_p_ends_are_told_by_what_rounds_raise(call):
    result = strictly(call(DICTIONARY, "--number", "3")[1])
    assert all(end["log_evidence"] is None and end["height"] < 0 for end in result["ends"])
    assert all(optimum["log_evidence"] is None for optimum in result["optima"])
    assert sum(optimum["count"] for optimum in result["optima"]) == 3


def _ended(level: float, seed: int = 0, stopped: str | None = None) -> End:
    return End(seed, bound=Bound(level), stopped=stopped)


def _counts(*levels: float) -> list[int]:
    return [optimum.count for optimum in optima([_ended(level, seed) for seed, level in enumerate(levels)])]


def test_ends_within_a_thousandth_of_a_nat_are_one_optimum():
    assert _counts(-10.0, -10.0009) == [2] and _counts(-10.0, -10.0011) == [1, 1]
    assert _counts(-5000.0, -5000.0049) == [2] and _counts(-5000.0, -5000.0051) == [1, 1]
    assert _counts(-10.0, -10.0008, -10.0016) == [3]  # any two so near are one
    assert _counts() == [] and optima([_ended(-1.0, stopped="why")]) == ()


def test_the_order_of_the_starts_makes_no_difference():
    rng = random.Random(1)
    levels = [-10 - rng.randrange(30) * 0.0004 for _ in range(40)]
    ends = [_ended(level, seed) for seed, level in enumerate(levels)]
    told = [(optimum.best.log_evidence, [end.seed for end in optimum.ends]) for optimum in optima(ends)]
    for _ in range(5):
        rng.shuffle(ends)
        assert told == [(one.best.log_evidence, [end.seed for end in one.ends]) for one in optima(ends)]
    assert [best for best, _ in told] == sorted((best for best, _ in told), reverse=True)


@pytest.mark.parametrize(
    ("changes", "options", "says"),
    [
        ({}, ["--number", "0"], "number"),
        ({}, ["--number", str(MOST + 1)], "from 1 to 200"),
        ({}, ["--number", "3.5"], "number"),
        ({}, ["--number", "-1"], "number"),
        ({"start": {"theta": 0.5}}, [], "start: {'theta': 0.5} is not valid; expected no start"),
        ({"start": {"theta": 0.5, "q_at": {"theta": 0.1}}}, [], "take it out of the file"),
        ({"by_hand": [{"after": 0, "start": {"theta": 0.5}}]}, [], "by_hand"),
        ({"seed": 2**63 - 2}, ["--number", "5"], "seed"),
        ({"schedule": "ME"}, [], "schedule"),
        ({"model": "sparse_coding"}, [], "model"),
    ],
)
def test_what_has_no_starts_is_one_line(call, changes, options, says):
    status, out, err = call({**LINKAGE, **changes}, *options)
    assert_one_line(status, out, err)
    assert says in err


def test_a_file_with_the_start_that_its_seed_draws_is_taken(call):
    """Such as the command line's own exports."""
    raw = Experiment.parse(MIXTURE).to_json()
    assert call(raw, "--number", "2") == call(MIXTURE, "--number", "2")


def test_a_seed_that_draws_no_start_counts_as_stopped(monkeypatch):
    experiment = Experiment.parse(LINKAGE)
    drawn = {"theta": experiment.start["theta"] * 1e101}
    monkeypatch.setattr(MODELS["linkage"], "random_start", lambda self, data, rng: drawn)
    (end,) = many(experiment, 1)
    assert end.outcome == "stopped: data for which theta exceed 1e+100" and (end.half_steps, end.level) == (0, None)


SHIPPED = [
    (name, dataset.name)
    for name in MODELS
    for dataset in catalogue()
    if name in dataset.models and dataset.name != "photograph"
]


@pytest.mark.parametrize(("model", "data"), thinned(SHIPPED, [("linkage", "linkage"), ("abo_blood_groups", "abo")]))
def test_every_model_and_its_data_have_many_starts(model, data):
    word = "EM" if "E" in "".join(move.letter for move in MOVES.values() if move.allowed(MODELS[model])) else "HM"
    own = {key: value for key, value in load(data).settings.items() if key in MODELS[model].help["settings"]}
    raw = {"model": model, "settings": own, "data": {"dataset": data}, "schedule": word}
    ends = many(Experiment.parse(raw), 2)
    assert all(end.stopped or end.level is not None for end in ends)
    assert sum(optimum.count for optimum in optima(ends)) == sum(end.stopped is None for end in ends)
