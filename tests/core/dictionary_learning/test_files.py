"""Files, reports and bad input of dictionary learning."""

from __future__ import annotations

import copy
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from em_core import trajectory as run
from em_core.bound import decompose
from em_core.datasets import images, photograph
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.report import as_csv, finite, report
from em_core.kinds import MOVES, allowed
from em_core.models.dictionary_learning import DictionaryLearning
from em_core.schedule import plan
from tests.attack import exhaustive, ordinary, thinned
from tests.core.dictionary_learning.shared import (
    BARS,
    CASES,
    DIGITS,
    PATCHES,
    SMALL_BARS,
    TINY,
    free,
    heights,
    made,
    revived,
)
from tests.core.test_fuzz import ODD, numbers, places, rescaled


def through_text(value):
    return json.loads(json.dumps(finite(value), allow_nan=False))


@pytest.mark.parametrize("name", thinned(CASES, {"tiny, free", "digits, revived", "patches, sweeps"}))
def test_what_is_exported_replays_to_the_last_bit(name):
    experiment, trajectory = made(CASES[name])
    first = through_text(report(experiment, trajectory))
    again = Experiment.parse(first["experiment"])
    assert through_text(report(again, run.run(again))) == first


def test_the_report():
    rows = through_text(report(*made(TINY, schedule="HMHC")))["half_steps"]
    assert [row["move"] for row in rows] == [None, "H", "M", "H", "C"]
    nothing = ("log_evidence", "gap", "kl")
    assert all(row[key] is None for row in rows for key in nothing)
    assert all(rows[0][key] is None for key in ("elbo", "entropy", "objective", "codes", "expected_log_joint"))
    for row in rows[1:]:
        assert row["elbo"] == row["entropy"] == "-Infinity" and row["objective"] == -row["expected_log_joint"]
        assert np.shape(row["codes"]) == (30, 5) and np.shape(row["parameters"]["dictionary"]) == (3, 5)
    head, *lines = as_csv(report(*made(TINY, schedule="HM"))).splitlines()
    assert "codes[29][4]" in head and "codes," not in head and len(lines) == 3
    assert len({line.count(",") for line in (head, *lines)}) == 1


def test_its_moves():
    assert allowed(DictionaryLearning) == "HVMC"
    experiment, trajectory = made(TINY)
    bound = decompose(experiment.model, experiment.data, trajectory.last.after)
    assert (bound.log_evidence, bound.gap, bound.kl, bound.residual) == (None, None, None, None)
    assert bound.elbo == bound.entropy == -math.inf
    bound = decompose(experiment.model, experiment.data, trajectory[0].after)
    assert (bound.log_evidence, bound.elbo, bound.gap) == (None, None, None)


def test_to_the_end():
    experiment = Experiment.parse({**SMALL_BARS, "schedule": "H"})
    trajectory = run.run_to_end(experiment, run.start(experiment), plan("HM", MOVES))
    values = heights(experiment, trajectory)
    assert 20 < len(trajectory) < 500 and trajectory.moves == "HM" * (len(values) // 2)
    assert values[-1] - values[-3] < 1e-9 * abs(values[-1]) <= values[-3] - values[-5]


@pytest.mark.parametrize("raw", [PATCHES, DIGITS, BARS], ids=["patches", "digits", "bars"])
def test_the_start_depends_on_the_seed_and_stepping_back_repeats(raw):
    starts = [Experiment.parse({**raw, "seed": seed}).start["dictionary"] for seed in (1, 1, 2)]
    assert np.array_equal(starts[0], starts[1]) and not np.array_equal(starts[0], starts[2])
    np.testing.assert_allclose(np.linalg.norm(starts[0], axis=0), 1, rtol=1e-14)
    experiment, trajectory = made(revived(raw), schedule="(HM)3")
    again = trajectory.upto(3)
    for letter in "MHM":
        again = run.extend(experiment, again, letter)
    assert np.array_equal(again.last.after.theta["dictionary"], trajectory.last.after.theta["dictionary"])


BAD = [
    (TINY, "settings", {"lambda": 0}, "settings.lambda"),
    (TINY, "settings", {"beta": -1}, "settings.beta"),
    (TINY, "settings", {"norm_constraint": "yes"}, "settings.norm_constraint"),
    (TINY, "settings", {"n_atoms": 0}, "settings.n_atoms"),
    (TINY, "settings", {"dead_atoms": "bury"}, "settings.dead_atoms"),
    (TINY, "settings", {"sparsity": 1}, "settings.sparsity"),
    (TINY, "data", {"values": [[1.0, 2.0]], "offset": [1.0]}, "data.offset"),
    (TINY, "data", {"values": [[1.0, 1e90]]}, "data.values"),
    (TINY, "data", {"values": []}, "data.values"),
    (TINY, "data", {"dataset": "photograph"}, "data.dataset"),
    (TINY, "data", {"generator": "blobs"}, "data.generator"),
    (TINY, "data", {"generator": "bars", "probability": 1.5}, "data.probability"),
    (TINY, "data", {"generator": "bars", "side": 40}, "data.side"),
    (TINY, "data", {"generator": "patches", "n_points": 100_000}, "data.n_points"),
    (TINY, "data", {"generator": "patches", "preparation": "raw"}, "data.preparation"),
    (TINY, "start", {"dictionary": [[1.0], [0.0]]}, "start.dictionary"),
    (TINY, "start", {"dictionary": np.eye(3).tolist()}, "start.dictionary"),  # n_atoms says 5
    (TINY, "start", {"dictionary": [[1.0, 0, 0, 0, 1]] * 3}, "start.dictionary, column 0"),
    (free(TINY), "start", {"dictionary": [[1.0, 0, 1, 1, 1]] * 3}, "start.dictionary, column 1"),
    (TINY, "start", {"dictionary": [[0.1] * 5] * 3, "codes": [[0]]}, "start.codes"),
    (TINY, "start", {"dictionary": [[0.1] * 5] * 3, "q_at": {"dictionary": [[0.1] * 5] * 3}}, "start.q_at"),
    *((TINY, "schedule", word, "schedule") for word in ("EM", "HG", "HB", "M", "HT", "HN")),
]


@pytest.mark.parametrize(("base", "key", "value", "field"), BAD)
def test_bad_input_names_the_field(base, key, value, field):
    with pytest.raises(InvalidExperiment) as caught:
        Experiment.parse({**copy.deepcopy(base), key: value})
    assert str(caught.value).startswith(f"{field}: ") and str(caught.value).isprintable()


def test_bars_and_patches():
    pictures = images.bars(4000, 8, 0.125, 0.0, 3).reshape(-1, 8, 8)
    assert set(pictures.ravel()) == {0.0, 1.0}
    rows = pictures.all(axis=2)
    assert rows.mean() == pytest.approx(0.125, abs=0.01)
    assert np.array_equal(pictures > 0, rows[:, :, None] | pictures.all(axis=1)[:, None, :])
    plain, white = (
        Experiment.parse({**PATCHES, "data": {**PATCHES["data"], "preparation": name}}).data.values
        for name in ("centred", "whitened")
    )
    for values in (plain, white):
        np.testing.assert_allclose(values.mean(axis=1), 0, atol=1e-12)
        assert values.std() == pytest.approx(1) and values.shape == (500, 64)
    # whitened: neighbours are less alike, and low frequencies no longer outweigh the middle ones
    squares = [values.reshape(-1, 8, 8) for values in (plain, white)]
    alike = [np.corrcoef(each[:, :, :-1].ravel(), each[:, :, 1:].ravel())[0, 1] for each in squares]
    assert alike[0] > 0.65 > 0.5 > alike[1]
    image = photograph()
    power = [np.abs(np.fft.fft2(each)) ** 2 for each in (image, images.whitened(image))]
    raw, evened = (each[1:5, 1:5].mean() / each[12:20, 12:20].mean() for each in power)
    assert raw > 100 > 10 > evened


def survives(data):
    raw = copy.deepcopy(data.draw(st.sampled_from([TINY, free(TINY), revived({**TINY, "schedule": "(HC)4"})])))
    raw["data"]["values"] = raw["data"]["values"][:4]
    raw["start"] = {"dictionary": np.random.default_rng(1).uniform(-0.5, 0.5, (3, 5)).round(2).tolist()}
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from([path for path in places(raw) if path]))
        holder = raw
        for key in path[:-1]:
            holder = holder[key]
        factor = data.draw(st.sampled_from([None, 1e-300, 1e-90, 1e-20, 1e-9, 0.0, -1.0, 1e9, 1e20, 1e24, 1e60]))
        holder[path[-1]] = copy.deepcopy(data.draw(ODD)) if factor is None else rescaled(holder[path[-1]], factor)
    try:
        experiment = Experiment.parse(raw)
    except InvalidExperiment as error:
        assert str(error).isprintable()
        return
    result = report(experiment, run.run(experiment))
    assert all(math.isfinite(number) for step in result["half_steps"] for number in numbers(step["parameters"]))
    assert not any(math.isnan(number) for number in numbers(result))
    json.loads(json.dumps(finite(result), allow_nan=False))


@ordinary(40)
@given(st.data())
def test_a_damaged_experiment_gives_numbers_an_event_or_one_line(data):
    survives(data)


@exhaustive(150)
@given(st.data())
def test_more_damaged_experiments(data):
    survives(data)
