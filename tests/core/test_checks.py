"""The four lights: on at every half-step of every model, and off where something is deliberately wrong."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest

from em_core import checks as observed
from em_core.__main__ import INVALID, listing, main
from em_core.broken import BREAKS, sound
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.report import as_csv, finite, report
from em_core.kinds import MOVES
from em_core.models import MODELS
from em_core.records import Bound
from em_core.trajectory import run
from tests.attack import thinned
from tests.core.cases import CASES
from tests.core.making import RULED_OUT

LIGHTS = ("identity", "monotone", "touching", "stationary")
SMALL = {"G": {"step": 0.01}, "S": {"step": 0.01}, "A": {"step": 0.01}, "P": {"blocks": 3}}
FAITHFUL = {"model": "gaussian_mixture", "data": {"dataset": "old_faithful"}, "schedule": "(EM)5"}
# a case of each model, in which something is hidden and may vary
ONE_OF_EACH = list({case.raw["model"]: case for case in reversed(CASES) if "at_the_boundary" not in case.name}.values())
# a half-step that cannot be made promises nothing
STOPS = ("lost_component", "singular_covariance", "singular_noise", "boundary", "impossible_data")
NOTHING_HIDDEN = ("_k1", "one_coin", "all_failed", "nothing_missing", "at_the_boundary", "zero_weight")


def reported(raw):
    experiment = raw if isinstance(raw, Experiment) else Experiment.parse(raw)
    return report(experiment, run(experiment))["half_steps"]


def red(steps):
    """The half-steps at which each light is off."""
    return {
        light: places
        for light in LIGHTS
        if (places := [s["index"] for s in steps if s["checks"][light] and not s["checks"][light]["holds"]])
    }


def there(steps, light, moves):
    """Whether a light can be told after every half-step by one of these moves."""
    return all(step["checks"][light] is not None for step in steps if step["move"] in tuple(moves))


def words(case):
    first = "E" if "E" in case.moves else "H"
    yield f"({first}M)5" if "M" in case.moves else first * 2
    for letter in dict.fromkeys(case.moves + case.m_moves):
        if letter not in (first, "M"):
            yield f"{first}{letter}{first}{letter}2" + ("M" if "M" in case.moves else "")


EVERY = [(case, word) for case in CASES for word in words(case)]
# every model, and each of the moves with one of them at least
EVERY_KEPT = thinned(
    EVERY,
    [(case, word) for case, word in EVERY if case in ONE_OF_EACH or case.name == "factor_analysis_isotropic_3d_l3"],
)


@pytest.mark.parametrize(("case", "word"), EVERY_KEPT, ids=str)
def test_all_lights_are_on(case, word):
    steps = reported(case.experiment(word, moves=SMALL))
    assert red(steps) == {}
    assert all(list(step["checks"]) == list(LIGHTS) for step in steps)
    if "E" not in case.moves:  # dictionary learning: no log p
        assert all(step["checks"][light] is None for step in steps for light in ("identity", "touching"))
        assert there(steps, "monotone", "M") and there(steps, "stationary", "M")
        return
    assert there(steps, "identity", "E") and there(steps, "touching", "E")
    steps = [step for step in steps if not any(event["kind"] in STOPS for event in step["events"])]
    # without a coordinate that is free there is no slope
    assert there(steps, "stationary", "M") or "G" not in case.moves
    promising = [letter for letter, move in MOVES.items() if move.monotone and not move.proviso]
    assert there(steps[2:], "monotone", promising)
    for step in steps:
        move, lights = step["move"], step["checks"]
        assert lights["stationary"] is None or move == "M"
        assert lights["monotone"] is None or MOVES[move].monotone
        assert lights["touching"] is None or step["kl"] == 0


HAVING = [
    (name, case)
    for name, wrong in BREAKS.items()
    for case in CASES
    if wrong.suits(case.model) and {"E", "M"} <= set(case.moves) and not any(x in case.name for x in NOTHING_HIDDEN)
]
# each break with each of its models
BROKEN = thinned(HAVING, list({(name, case.raw["model"]): (name, case) for name, case in HAVING}.values()))


@pytest.mark.parametrize(("name", "case"), BROKEN, ids=str)
def test_what_is_wrong_turns_its_lights_off_and_no_other_that_tells_the_truth(name, case):
    wrong, steps = BREAKS[name], reported(case.experiment("(EM)5", **{"break": name}))
    off = red(steps)
    assert set(wrong.lights) <= set(off) <= {*wrong.lights, *wrong.also}
    for before, step in itertools.pairwise(steps):
        light = step["checks"]["monotone"]
        if light is not None:  # "the ELBO went up" stays true where it did
            rise = step["elbo"] - before["elbo"]
            assert light["holds"] or rise < 0, step
            assert not light["holds"] or rise >= -1e-9 * max(1, abs(step["elbo"]))


def test_every_break_is_tried():
    assert {name for name, _ in HAVING} == set(BREAKS)
    tried = {(name, case.raw["model"]) for name, case in HAVING}
    assert tried == {(name, model) for name, wrong in BREAKS.items() for model in wrong.models}


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_said_in_the_result_and_replays(name):
    experiment = Experiment.parse({**FAITHFUL, "break": name})
    result = json.loads(json.dumps(finite(report(experiment, run(experiment)))))
    assert result["experiment"]["break"] == name == experiment.broken
    again = Experiment.parse(result["experiment"])
    assert json.loads(json.dumps(finite(report(again, run(again))))) == result
    assert sound(experiment.model) == Experiment.parse(FAITHFUL).model
    assert experiment.is_drawn and "break" not in Experiment.parse(FAITHFUL).to_json()


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ({**FAITHFUL, "break": "nonsense"}, "frozen_weights"),
        ({**FAITHFUL, "break": None}, "frozen_weights"),
        ({**FAITHFUL, "break": "frozen_weights", "settings": {"fixed": ["weights"]}}, "gaussian_mixture"),
        ({**FAITHFUL, "break": "covariance_n_minus_1", "settings": {"fixed": ["covariances"]}}, "gaussian_mixture"),
        ({"model": "linkage", "data": {"dataset": "linkage"}, "schedule": "EM", "break": "frozen_weights"}, "poisson"),
        (
            {"model": "binomial_mixture", "data": {"dataset": "two_coins"}, "settings": {"trials": 10}}
            | {"schedule": "EM", "break": "covariance_n_minus_1"},
            "gaussian_mixture, hidden_markov",
        ),
        (
            {"model": "hidden_markov", "data": {"sequences": [[0, 1, 1]]}, "settings": {"emission": "categorical"}}
            | {"schedule": "EM", "break": "covariance_n_minus_1"},
            "gaussian_mixture",
        ),
        (
            {"model": "dictionary_learning", "data": {"values": [[1, 2], [2, 1]]}, "schedule": "HM"}
            | {"break": "no_entropy"},
            "gaussian_mixture",
        ),
    ],
)
def test_a_break_that_is_not_there_is_refused_in_one_line(raw, named):
    with pytest.raises(InvalidExperiment) as refused:
        Experiment.parse(raw)
    assert str(refused.value).startswith("break") and named in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("command", [["rates"], ["race", "--schedules", "EM,EG"], ["plane", "--at", "1"]])
def test_what_compares_runs_wants_a_sound_one(command, tmp_path, capsys):
    path = tmp_path / "experiment.json"
    path.write_text(json.dumps({**FAITHFUL, "break": "no_entropy"}), encoding="utf-8")
    assert main([command[0], str(path), *command[1:]]) == INVALID
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("break") and len(said.err.splitlines()) == 1


def test_the_list_names_what_can_be_broken():
    breaks = listing()["breaks"]
    assert list(breaks) == list(BREAKS) and all(set(entry["models"]) <= set(MODELS) for entry in breaks.values())
    assert all(set(entry["lights"]) <= set(LIGHTS) for entry in breaks.values())


def test_a_table_has_a_column_for_every_light_and_number():
    experiment = Experiment.parse(FAITHFUL)
    first, *rows = as_csv(report(experiment, run(experiment))).splitlines()
    columns = first.split(",")
    places = [columns.index(f"{light}_{part}") for light in LIGHTS for part in ("holds", "number")]
    assert [row.split(",")[places[0]] for row in rows] == ["", *["True"] * 10]


# ---- each check by itself -------------------------------------------------------------------------------------------
def test_an_infinite_gap_tells_nothing_of_the_identity():
    assert observed.identity(Bound(-3.0, -2.0, -math.inf, math.inf)) is None
    assert observed.identity(Bound(-3.0)) is None
    assert observed.identity(Bound(-3.0, -5.0, 1.0, 1.0)) == observed.Check(True, 0.0)
    assert observed.identity(Bound(-3.0, -5.0, 1.0, 0.5)) == observed.Check(False, 0.1)
    assert reported({**RULED_OUT, "schedule": "M"})[0]["checks"]["identity"] is None


def test_a_fall_is_told_by_its_size():
    high, low = Bound(-3.0, -4.0, 1.0, 0.0), Bound(-3.0, -6.0, 1.0, 2.0)
    assert observed.monotone(low, high) == observed.Check(False, 2 / 6)
    assert observed.monotone(high, low) == observed.Check(True, 0.0)
    assert observed.monotone(low, Bound(-3.0)) is None
    pointed = Bound(-3.0, -4.0, -math.inf, math.inf), Bound(-3.0, -5.0, -math.inf, math.inf)
    assert observed.monotone(*pointed) == observed.Check(True, 0.0)
    assert observed.monotone(*pointed[::-1]) == observed.Check(False, 1 / 5)
    assert observed.monotone(*pointed[::-1], held=False) is None


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("name", ["frozen_weights", "covariance_n_minus_1"])
def test_units_do_not_matter(unit, name):
    """Nor offsets, up to where coordinates themselves have no more digits."""
    values = Experiment.parse(FAITHFUL).data.values
    lights = {}
    for size in (1.0, unit):
        raw = {**FAITHFUL, "data": {"values": (size * values).tolist()}, "break": name}
        lights[size] = reported(raw)[2]["checks"]["stationary"]
    assert not lights[unit]["holds"] and lights[unit]["number"] == pytest.approx(lights[1.0]["number"], rel=1e-3)
    for offset in (0.0, 1e5, 1e8):
        steps = reported({**FAITHFUL, "data": {"values": (unit * (values + offset)).tolist()}})
        assert red(steps) == {} and there(steps, "touching", "E") and there(steps, "stationary", "M")


def test_a_mean_that_is_a_thousandth_off_is_seen(monkeypatch):
    """Of one deviation: whatever parameter is wrong, not only those that breaks are made of."""
    model = type(Experiment.parse(FAITHFUL).model)
    right = model.maximize

    def off(self, data, q, theta):
        found = right(self, data, q, theta)
        return {**found, "means": found["means"] + 1e-3 * np.sqrt(found["covariances"][0].diagonal())}

    monkeypatch.setattr(model, "maximize", off)
    assert set(red(reported(FAITHFUL))) >= {"stationary"}


def test_many_units_cost_a_few_looks_at_a_thousand(monkeypatch):
    """log p of every θ, and no more than once, is asked for anyway: added is a gradient for every M."""
    raw = {**FAITHFUL, "data": {"generator": "blobs", "n_points": 20_000, "seed": 1}, "schedule": "(EM)2"}
    sizes, model = [], type(Experiment.parse(raw).model)
    for method in ("gradient", "log_evidence"):
        whole = getattr(model, method)

        def counted(self, data, theta, *q, whole=whole):
            sizes.append(len(data.values))
            return whole(self, data, theta, *q)

        monkeypatch.setattr(model, method, counted)
    assert red(reported(raw)) == {}
    assert sizes.count(20_000) <= 6 and max(size for size in sizes if size != 20_000) <= 1000
