"""Settings of M-type moves on the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest

from em_core import m_steps
from em_core.__main__ import main
from em_core.files.errors import HalfStepFailed
from tests.core.m_moves.shared import BY_NAME, COINS, state

BASE = {**COINS.raw, "schedule": "ESANLC"}


@pytest.fixture
def call(tmp_path, capsys):
    def calling(raw):
        path = tmp_path / "experiment.json"
        path.write_text(json.dumps(raw), encoding="utf-8")
        status = main(["run", str(path)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return calling


def test_settings_of_moves_are_read(call):
    moves = {"S": {"step": 0.03, "batch": 2.0}, "A": {"beta1": 0.5}, "L": {"iterations": 7}}
    status, out, err = call({**BASE, "moves": moves})
    found = json.loads(out)["experiment"]["moves"]
    assert (status, err) == (0, "")
    assert found["S"] == {"step": 0.03, "batch": 2} and found["L"] == {"iterations": 7}
    assert found["A"] == {"step": 0.05, "beta1": 0.5, "beta2": 0.999} and found["B"] == {"step": 1.0}
    assert [step["move"] for step in json.loads(out)["half_steps"]] == [None, *"ESANLC"]
    assert status == 0 and json.loads(out)["outcome"] == "completed"


@pytest.mark.parametrize(
    ("letter", "key", "value", "valid"),
    [
        ("S", "batch", 0, "a whole number of at least 1 and at most 1000000"),
        ("S", "batch", 1.5, "a whole number of at least 1"),
        ("S", "batch", 10**7, "at most 1000000"),
        ("S", "step", -1, "above 0"),
        ("S", "size", 3, "no such key (known here: batch, step)"),
        ("A", "step", 0, "above 0"),
        ("A", "beta1", 1, "at most 0.999999"),
        ("A", "beta2", -0.5, "above 0"),
        ("A", "beta1", "0.9", "a finite number"),
        ("L", "iterations", 1.5, "a whole number of at least 1 and at most 1000"),
        ("L", "iterations", 0, "a whole number"),
        ("L", "iterations", True, "a whole number"),
        ("L", "steps", 5, "no such key (known here: iterations)"),
        ("N", "step", 0.5, "no such key"),
        ("C", "blocks", 2, "no such key"),
    ],
)
def test_bad_settings_of_moves_end_in_one_line(call, letter, key, value, valid):
    status, out, err = call({**BASE, "moves": {letter: {key: value}}})
    assert status == 2 and out == "" and len(err.splitlines()) == 1
    field = f"moves.{letter}" if letter in "NC" else f"moves.{letter}.{key}"
    assert err.startswith(f"{field}: ") and valid in err
    assert repr(value) in err


@pytest.mark.parametrize(
    "name", ["linkage_197_animals", "abo_blood_groups_few_people", "censored_exponential_lifetimes"]
)
def test_a_move_that_a_model_cannot_make_is_refused_with_its_reason(call, name):
    raw = {**BY_NAME[name].raw, "schedule": "(EC)3"}
    status, out, err = call(raw)
    assert status == 2 and out == "" and len(err.splitlines()) == 1
    assert err.startswith("schedule: '(EC)3'") and raw["model"] in err
    assert "C (conditional: the next block of parameters)" in err and "a single block" in err


def test_a_numerical_move_before_any_q_is_refused(call):
    raw = json.loads(json.dumps(BASE))
    del raw["start"]["q_at"]
    for letter in "SANLC":
        status, _, err = call({**raw, "schedule": f"{letter}E"})
        assert status == 2 and err.startswith("schedule: ") and "needs a q" in err


def test_half_step_failures_carry_finite_numbers():
    with pytest.raises(HalfStepFailed) as caught:
        m_steps.gradient_step(COINS.model, COINS.data, state(COINS), 1e300)
    assert np.isfinite(list(caught.value.numbers.values())).all()
