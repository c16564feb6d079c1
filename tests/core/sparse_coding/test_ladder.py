"""The ladder's experiment form: what it accepts, what it refuses, and that it replays."""

from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from em_core.__main__ import listing
from em_core.files.errors import InvalidExperiment
from em_core.sparse_coding import exact_posterior, log_joint
from em_core.sparse_coding.posterior.ladder import NAME, WIDTHS, LadderExperiment, run

ROOT = Path(__file__).parents[3]
FORM = {
    "model": NAME,
    "settings": {"lambda": 2.0, "beta": 1.0},
    "data": {"signal": [1.2, 0.4], "dictionary": [[1.0, 0.6], [0.0, 0.8]]},
    "ladder": {"mean": [0.3, 0.0], "widths": [0.5, 0.01]},
}


def form(**changes):
    """The file above; a dotted name reaches into it, None takes a key away."""
    raw = copy.deepcopy(FORM)
    for name, value in changes.items():
        *groups, key = name.split("__")
        place = raw
        for group in groups:
            place = place[group]
        if value is None:
            place.pop(key)
        else:
            place[key] = value
    return raw


def result(raw):
    return run(LadderExperiment.parse(raw))


def test_the_rungs_and_their_terms():
    rows = result(FORM)["rungs"]
    assert [row["q"] for row in rows] == ["exact", "best_gaussian", "gaussian", "gaussian", "dirac"]
    assert [row["index"] for row in rows] == list(range(5))
    exact, best, *_, dirac = rows
    assert exact["kl"] == 0 and exact["elbo"] == pytest.approx(exact["log_evidence"], abs=1e-12)
    assert 0 < best["kl"] < min(row["kl"] for row in rows[2:])
    for row in rows[:-1]:
        assert row["gap"] == pytest.approx(row["kl"], abs=1e-12)
        assert row["elbo"] == pytest.approx(row["expected_log_joint"] + row["entropy"])
    assert rows[2]["parameters"] == {"mean": [0.3, 0.0], "width": [0.5, 0.5]}
    problem = LadderExperiment.parse(FORM).problem
    assert (dirac["elbo"], dirac["gap"], dirac["entropy"]) == (-math.inf, math.inf, -math.inf)
    assert dirac["expected_log_joint"] == log_joint(problem, np.array([0.3, 0.0]))


def test_the_posterior_is_reported():
    found, told = exact_posterior(LadderExperiment.parse(FORM).problem), result(FORM)["posterior"]
    for name in ("mode", "mean", "median", "second_moment", "mean_absolute"):
        assert told[name] == getattr(found, name).tolist()
    assert told["error"] < 1e-12


def test_defaults_are_the_mode_and_nine_widths():
    experiment = LadderExperiment.parse(form(ladder=None))
    assert experiment.widths == WIDTHS and len(WIDTHS) == 9
    np.testing.assert_array_equal(experiment.mean, exact_posterior(experiment.problem).mode)
    assert [row["q"] for row in result(form(ladder__widths=[]))["rungs"]] == ["exact", "best_gaussian", "dirac"]


@pytest.mark.parametrize(
    "raw", [FORM, form(ladder=None), form(data__offset=[0.1, 1 / 3])], ids=["full", "short", "offset"]
)
def test_what_is_exported_replays_to_the_last_bit(raw):
    first = result(raw)
    again = result(json.loads(json.dumps(first["experiment"])))
    assert again == first


BAD = [
    ("model", "sparse_codings", "model"),
    ("settings__lambda", 0, "settings.lambda"),
    ("settings__beta", None, "settings.beta"),
    ("settings__solver", "ista", "settings.solver"),
    ("data__signal", [1.0], "data.dictionary"),
    ("data__dictionary", [[1.0] * 4] * 2, "data.dictionary"),
    ("data__dictionary", [[0.0, 1.0], [0.0, 1.0]], "data.dictionary, column 0"),
    ("ladder__mean", [0.3], "ladder.mean"),
    ("ladder__mean", [0.3, "x"], "ladder.mean[1]"),
    ("ladder__mean", [1e100, 1e101], "ladder.mean[1]"),
    ("ladder__widths", 0.5, "ladder.widths"),
    ("ladder__widths", [0.5, 0.0], "ladder.widths[1]"),
    ("ladder__widths", [0.5, -1.0], "ladder.widths[1]"),
    ("ladder__widths", [math.nan], "ladder.widths[0]"),
    ("ladder__widths", [1.0] * 1001, "ladder.widths"),
    ("ladder__heights", [1.0], "ladder.heights"),
    ("steps", 5, "steps"),
    ("ladder", 3, "ladder"),
]


@pytest.mark.parametrize("name, value, field", BAD, ids=lambda entry: str(entry)[:24])
def test_bad_input_names_the_field(name, value, field):
    with pytest.raises(InvalidExperiment) as caught:
        result(form(**{name: value}))
    assert caught.value.field == field and "\n" not in str(caught.value)


@pytest.mark.parametrize("change", [{"settings__lambda": 1e100}, {"settings__beta": 1e-90}, {"settings__lambda": 1e-90},
                                    {"ladder__mean": [1e99, -1e99]}, {"ladder__widths": [1e100, 1e-100]},
                                    {"data__signal": [1e45, -1e40]}, {"settings__beta": 1e90}],
                         ids=str)  # fmt: skip
def test_extremes_end_in_numbers_or_one_line(change):
    try:
        rows = result(form(**change))["rungs"]
    except InvalidExperiment as error:
        assert "\n" not in str(error)
        return
    assert not any(math.isnan(row[name]) for row in rows for name in ("elbo", "kl", "expected_log_joint", "entropy"))


def test_the_command_line_runs_and_lists_it(tmp_path):
    file = tmp_path / "ladder.json"
    file.write_text(json.dumps(FORM))
    command = [sys.executable, "-m", "em_core", "run", str(file)]
    told = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout)
    assert told["rungs"][-1]["elbo"] == "-Infinity" and told["rungs"][-1]["gap"] == "Infinity"
    assert told["rungs"][:-1] == result(FORM)["rungs"][:-1]
    table = subprocess.run([*command, "--format", "csv"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    first, *rows = table.splitlines()
    assert first.split(",")[:4] == ["index", "q", "log_evidence", "elbo"] and len(rows) == 5
    file.write_text(json.dumps(form(ladder__widths=[0])))
    failed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (
        failed.returncode == 2 and failed.stderr.startswith("ladder.widths[0]: 0.0 is not valid") and not failed.stdout
    )
    assert set(listing()["models"][NAME]) == {"settings", "data", "parameters"}


@pytest.mark.parametrize("offset", [1e8, 1e11, 1e14])
def test_a_signal_far_from_zero_keeps_the_identity(offset):
    """There the residual of μ is below the rounding of Wμ: log p(μ, v) is computed in rational numbers."""
    raw = {
        "model": "sparse_coding_posterior",
        "settings": {"lambda": 1.0, "beta": 1e7},
        "data": {"signal": [-0.00611956], "dictionary": [[1.2573]], "offset": [offset]},
    }
    for row in run(LadderExperiment.parse(raw))["rungs"]:
        if math.isfinite(row["kl"]):
            assert abs(row["gap"] - row["kl"]) <= 1e-11 * max(1.0, abs(row["expected_log_joint"]))
