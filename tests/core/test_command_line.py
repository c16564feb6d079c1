"""python -m em_core: one JSON object or one line, never a traceback."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from em_core.__main__ import INVALID, listing, main
from em_core.datasets import catalogue
from em_core.kinds import MOVES
from em_core.models import MODELS
from tests.core.making import RULED_OUT

ROOT = Path(__file__).parents[2]
LINKAGE = {"model": "linkage", "data": {"counts": [125, 18, 20, 34]}, "start": {"theta": 0.5}, "schedule": "(EM)3"}
COLLAPSE = {
    "model": "gaussian_mixture",
    "data": {"values": [0.0, 0.1, 0.2, 9.0]},
    "start": {"weights": [0.5, 0.5], "means": [[0.1], [9.0]], "covariances": [[[0.01]], [[0.01]]]},
    "schedule": "(EM)5",
}
INFINITE = {**RULED_OUT, "schedule": "M"}
KEYS = ["index", "move", "log_evidence", "elbo", "gap", "kl", "expected_log_joint", "entropy"]
KEYS += ["parameters", "info", "events", "checks"]


def strictly(text):
    """JSON without the literals NaN and Infinity, which the standard does not have."""

    def refuse(literal):
        raise AssertionError(f"{literal} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture
def call(tmp_path, capsys):
    """Run the command line on an experiment: (exit status, standard output, standard error)."""

    def calling(raw, *options):
        path = tmp_path / "experiment.json"
        path.write_text(raw if isinstance(raw, str) else json.dumps(raw), encoding="utf-8")
        status = main(["run", str(path), *options])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return calling


def assert_one_line(status, out, err):
    assert status == 2 and out == ""
    assert err.endswith("\n") and len(err.splitlines()) == 1 and err.strip()


def test_a_run_prints_every_half_step(call):
    status, out, err = call(LINKAGE)
    result = strictly(out)
    assert (status, err) == (0, "") and out.count("\n") == 1
    assert list(result) == ["experiment", "half_steps", "outcome", "message"]
    assert (result["outcome"], result["message"]) == ("completed", "")
    assert [step["move"] for step in result["half_steps"]] == [None, *"EMEMEM"]
    assert [step["index"] for step in result["half_steps"]] == list(range(7))
    assert all(list(step) == KEYS for step in result["half_steps"])
    first = result["half_steps"][0]
    assert all(first[key] is None for key in ("elbo", "gap", "kl", "expected_log_joint", "entropy", "info"))
    assert [step["info"] for step in result["half_steps"][1:3]] == [{"passes": 1}, {"passes": 1, "accepted": True}]
    for step in result["half_steps"][1:]:
        assert step["elbo"] == step["expected_log_joint"] + step["entropy"]
        assert step["gap"] == step["log_evidence"] - step["elbo"]


def test_what_it_prints_can_be_run_again(call):
    first = strictly(call({**LINKAGE, "start": {"theta": 0.3, "q_at": {"theta": 0.7}}})[1])
    assert strictly(call(first["experiment"])[1]) == first


def test_csv_has_one_row_per_half_step_and_one_column_per_number(call):
    raw = {"model": "gaussian_mixture", "data": {"dataset": "old_faithful"}, "schedule": "EM"}
    status, out, err = call(raw, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    result = strictly(call(raw)[1])
    assert (status, err, len(rows)) == (0, "", 3)
    for row, step in zip(rows, result["half_steps"], strict=True):
        assert row["move"] == (step["move"] or "") and row["kl"] == ("" if step["kl"] is None else str(step["kl"]))
        assert float(row["log_evidence"]) == step["log_evidence"]
        assert float(row["covariances[1][0][1]"]) == step["parameters"]["covariances"][1][0][1]
        assert row["events"] == "" and row["passes"] == (str(step["info"]["passes"]) if step["info"] else "")


def test_a_stopped_run_exits_0_with_the_failed_half_step_last(call):
    status, out, err = call(COLLAPSE)
    result = strictly(out)
    assert (status, err, result["outcome"]) == (0, "", "stopped")
    before, failed = result["half_steps"][-2:]
    assert failed["parameters"] == before["parameters"] and failed["move"] == "M"
    assert [event["kind"] for event in failed["events"]] == ["singular_covariance"]
    assert result["message"] == failed["events"][0]["message"]
    assert all(math.isfinite(failed[key]) for key in KEYS[2:8])
    assert all(step["events"] == [] for step in result["half_steps"][:-1])
    rows = list(csv.DictReader(io.StringIO(call(COLLAPSE, "--format", "csv")[1])))
    assert rows[-1]["events"] == "singular_covariance"


def test_infinities_are_strings(call):
    opening, after = strictly(call(INFINITE)[1])["half_steps"]
    assert (opening["elbo"], opening["expected_log_joint"]) == ("-Infinity", "-Infinity")
    assert (opening["gap"], opening["kl"]) == ("Infinity", "Infinity")
    assert all(math.isfinite(after[key]) for key in KEYS[2:8])
    row = next(csv.DictReader(io.StringIO(call(INFINITE, "--format", "csv")[1])))
    assert (row["elbo"], row["kl"]) == ("-Infinity", "Infinity")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "JSON"),
        ("not json", "JSON"),
        ("{", "JSON"),
        ("[]", "experiment"),
        ("null", "experiment"),
        ('{"model": "linkage"}', "data"),
        ("[" * 100_000, "JSON"),
        ('{"seed": ' + "9" * 5_000 + "}", "JSON"),
        ('{"model": "linkage", "model": "linkage"}', "model"),
        ('{"a\\nb": 1, "model": "linkage"}', "data"),
        ("\ufeff{}", "model"),
        (json.dumps({**LINKAGE, "start": {"theta": float("nan")}}), "start.theta"),
        (json.dumps({**LINKAGE, "schedule": "(EM)99999999999999"}), "schedule"),
        (json.dumps({**LINKAGE, "a\nb": 1}), r"a\nb"),
        (json.dumps({**LINKAGE, "\ud800": 1}), r"\ud800"),
        (json.dumps({**LINKAGE, "model": "linkäge\u2028"}), r"linkäge\u2028"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--format", "csv")])
def test_bad_files_end_in_one_line(call, text, named, options):
    status, out, err = call(text, *options)
    assert_one_line(status, out, err)
    assert named in err


def test_files_that_cannot_be_read(tmp_path, capsys):
    binary = tmp_path / "binary"
    binary.write_bytes(bytes(range(256)))
    for name in (tmp_path / "missing.json", tmp_path, binary, "nul\0byte", "a\nb", ""):
        status = main(["run", str(name)])
        captured = capsys.readouterr()
        assert_one_line(status, captured.out, captured.err)
        assert captured.err.startswith("file: ")


def test_standard_input(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(LINKAGE)))
    assert main(["run", "-"]) == 0
    assert len(strictly(capsys.readouterr().out)["half_steps"]) == 7


@pytest.mark.parametrize(
    "arguments",
    [[], ["walk"], ["run"], ["run", "x", "--format", "xml"], ["plane", "-"], ["rates", "-", "--rounds", "3"]],
)
def test_wrong_usage_exits_2_with_one_line(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    captured = capsys.readouterr()
    assert_one_line(caught.value.code, captured.out, captured.err)


def test_list_names_everything(capsys):
    assert main(["list"]) == 0
    listing = strictly(capsys.readouterr().out)
    assert set(MODELS) <= set(listing["models"]) and set(listing["moves"]) == set(MOVES)
    assert listing["rivals"]["over_relaxed"]["settings"] == {"omega": 1.5} and listing["rivals"]["squarem"]["what"]
    for name in MODELS:
        assert {"settings", "data", "parameters"} <= set(listing["models"][name])
    for letter, move in MOVES.items():
        shown = listing["moves"][letter]
        assert shown["monotone"] == move.monotone and shown["changes"] == ("q" if move.kind == "E" else "theta")
        assert set(shown["models"]) | set(shown["not"]) == set(MODELS) and not set(shown["models"]) & set(shown["not"])
    usable = {dataset.name for dataset in catalogue() if set(dataset.models) & set(MODELS)}
    assert set(listing["datasets"]) == usable


# numpy 2.0 reads so itself when it is imported
NUMPY = {"PYTHONWARNINGS": "ignore::EncodingWarning:numpy.testing._private.utils"}


def as_module(*arguments, text=""):
    """On a machine that speaks code page 1252, as Windows does in western Europe; a file read so would be warned of."""
    return subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", "-m", "em_core", *arguments],
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": "cp1252", **NUMPY},
        check=False,
    )


def test_what_is_printed_is_utf8_whatever_the_code_page():
    """θ, which code page 1252 lacks, in the list; é and half a surrogate pair in a refusal; é in what is read."""
    listed = as_module("list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "θ" in listed.stdout and json.loads(listed.stdout) == listing()
    for odd, shown in (("Gauß θ", "Gauß θ"), ("\ud800", "ud800")):
        refused = as_module("run", "-", text=json.dumps({**LINKAGE, "model": odd}, ensure_ascii=odd == "\ud800"))
        assert refused.returncode == INVALID and refused.stdout == ""
        assert shown in refused.stderr and "Traceback" not in refused.stderr


def test_as_a_real_process():
    """Run, and refuse, without a warning on standard error: here warnings are no errors, they would be printed."""
    done = as_module("run", "-", text=json.dumps({**LINKAGE, "schedule": "(EM)5EGB"}))
    assert (done.returncode, done.stderr) == (0, "")
    assert len(strictly(done.stdout)["half_steps"]) == 14
    refused = as_module("run", "-", text=json.dumps({**LINKAGE, "start": {"theta": 2}}))
    assert_one_line(refused.returncode, refused.stdout, refused.stderr)
    assert "start.theta" in refused.stderr and "2" in refused.stderr
