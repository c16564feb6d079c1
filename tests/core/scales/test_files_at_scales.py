"""The command line answers whatever the units."""

from __future__ import annotations

import json

import pytest

from em_core.__main__ import main
from tests.core.scales.shared import IDENTITY, NEXT_TO_SINGULAR, PLAIN

TINY = [
    [-3.078e-52, 9.58e-53, 7e-54],
    [1.318e-52, 3.86e-53, 1.827e-52],
    [3.2e-54, -5.16e-53, 5.8e-53],
    [4.32e-53, -3.57e-53, -2.47e-53],
    [7.19e-53, 7.04e-53, -4.94e-53],
]
FOUR_ROWS = [[None, 8e-05], [3e-05, None], [9e-05, 4e-05], [-5e-05, 6e-05]]
FILES = [
    {"model": "incomplete_gaussian", "data": {"values": FOUR_ROWS}, "schedule": "EG", "seed": 1},
    {"model": "factor_analysis", "data": {"values": TINY}, "schedule": "EGEAES", "seed": 2},
    {"model": "factor_analysis", "data": {"values": TINY}, "schedule": "EGGE", "seed": 2},
    {"model": "student_t", "data": {"values": TINY}, "schedule": "EGGNBLE", "seed": 2},
    {
        "model": "student_t",
        "data": {"values": [[0.0], [1.0], [2.0]]},
        "schedule": "EG3",
        "moves": {"G": {"step": 1e50}},
    },
    {
        "model": "censored_exponential",
        "data": {"times": [1.0, 2.0, 3.0], "observed": [True, False, True]},
        "schedule": "EG2T",
        "moves": {"G": {"step": 900.0}},
    },
    {
        "model": "incomplete_gaussian",
        "data": {"values": FOUR_ROWS},
        "start": {
            "mean": [0.0, 0.0],
            "covariance": PLAIN,
            "q_at": {"mean": [0.0, 0.0], "covariance": NEXT_TO_SINGULAR},
        },
        "schedule": "GE",
    },
]


@pytest.mark.parametrize("raw", FILES, ids=lambda raw: f"{raw['model']}_{raw['schedule']}")
def test_the_command_line_answers(raw, tmp_path, capsys):
    """A report in which the identity holds, or one line; status 0 or 2; warnings are errors here."""
    path = tmp_path / "experiment.json"
    path.write_text(json.dumps(raw), encoding="utf-8")
    status = main(["run", str(path)])
    out, err = capsys.readouterr()
    assert status in (0, 2)
    if status == 2:
        assert out == "" and len(err.splitlines()) == 1
        return
    assert err == ""
    for step in json.loads(out)["half_steps"]:
        if isinstance(step["gap"], float):
            terms = [step[name] for name in ("log_evidence", "expected_log_joint", "entropy", "kl")]
            assert abs(step["gap"] - step["kl"]) <= IDENTITY * max(1.0, *map(abs, terms))
