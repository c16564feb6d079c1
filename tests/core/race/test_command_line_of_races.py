"""python -m em_core race: the form of its output, and one clear line for whatever cannot race."""

from __future__ import annotations

import json

import pytest

from em_core.__main__ import INVALID, main
from em_core.files.experiment import Experiment
from em_core.observe import race
from em_core.observe.climb import StochasticClimber
from tests.core.test_command_line import COLLAPSE, LINKAGE, assert_one_line, strictly
from tests.core.test_info import DICTIONARY

WORDS = "EM,EG,E G5,EN,squarem"


@pytest.fixture
def call(tmp_path, capsys):
    """Race an experiment: (exit status, standard output, standard error)."""

    def calling(raw, *options):
        path = tmp_path / "experiment.json"
        path.write_text(json.dumps(raw), encoding="utf-8")
        status = main(["race", str(path), *options])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return calling


def test_the_form_of_a_race(call):
    status, out, err = call(LINKAGE, "--schedules", WORDS, "--rounds", "4")
    result = strictly(out)
    assert (status, err) == (0, "") and out.count("\n") == 1
    assert list(result) == ["runs", "gradient_ascent", "why"] and result["why"] == ""
    assert [row["schedule"] for row in result["runs"]] == WORDS.split(",")
    for row, size in zip(result["runs"], (2, 2, 6, 2, 6), strict=True):
        assert list(row) == ["schedule", "log_evidence", "gap", "passes", "to_best"]
        assert len(row["log_evidence"]) == len(row["gap"]) == len(row["passes"]) == 4 * size + 1
        assert row["gap"][0] is None and row["passes"][0] == 0
        assert row["to_best"] is None or set(row["to_best"]) == {"half_steps", "passes"}
    ascent = result["gradient_ascent"]
    assert list(ascent) == ["log_evidence", "largest_difference_from_EG"] and len(ascent["log_evidence"]) == 5
    assert ascent["largest_difference_from_EG"] < 1e-9
    expected = race.report(race.race(Experiment.parse(LINKAGE), WORDS.split(","), 4))
    assert result == expected


def test_fifty_rounds_unless_it_says_otherwise(call):
    result = strictly(call(LINKAGE, "--schedules", " E M ,EB")[1])
    assert [len(row["passes"]) for row in result["runs"]] == [101, 101]
    assert [row["schedule"] for row in result["runs"]] == ["E M", "EB"]


def test_omega_stands_in_the_file_and_is_kept(call):
    raw = {**LINKAGE, "moves": {"over_relaxed": {"omega": 1.2}}}
    series = [strictly(call(each, "--schedules", "over_relaxed,EM")[1]) for each in (raw, LINKAGE)]
    assert series[0]["runs"][0] != series[1]["runs"][0] and series[0]["runs"][1] == series[1]["runs"][1]
    exported = Experiment.parse(raw).to_json()
    assert exported["moves"]["over_relaxed"] == {"omega": 1.2}
    assert "over_relaxed" not in Experiment.parse(LINKAGE).to_json()["moves"]
    assert Experiment.parse(exported).moves == Experiment.parse(raw).moves


def test_a_run_that_stopped_is_no_error(call):
    status, out, err = call(COLLAPSE, "--schedules", "EM,EG")
    rows = strictly(out)["runs"]
    assert (status, err) == (0, "") and len(rows[0]["passes"]) < len(rows[1]["passes"])
    (event,) = rows[0]["events"]
    assert set(event) == {"half_step", "kind", "message", "numbers"} and event["kind"] == "singular_covariance"


@pytest.mark.parametrize(
    ("raw", "words", "options", "named"),
    [
        (LINKAGE, "EM,EX", (), "schedules: 'EX' is not valid"),
        (LINKAGE, "EM", (), "schedules: 'EM' is not valid; expected 2 to 8"),
        (LINKAGE, ",".join(["EM"] * 9), (), "2 to 8 schedules"),
        (LINKAGE, "", (), "2 to 8 schedules"),
        (LINKAGE, None, (), "2 to 8 schedules"),
        (LINKAGE, "EM,", (), "schedules: '' is not valid"),
        (LINKAGE, "EM,Squarem", (), "schedules: 'Squarem'"),
        (LINKAGE, "EM,(EM", (), "parenthesis open"),
        (LINKAGE, "EM,E(GM)0", (), "a count of 0"),
        (LINKAGE, "EM,E\nX", (), "schedules: "),
        (LINKAGE, "EM,MG", (), "schedules: 'MG' is not valid; expected an E-type move before M"),
        (LINKAGE, "EM,E(PM)", (), "P (partial: the next block) is not one"),
        (LINKAGE, "EM,EG", ("--rounds", "0"), "rounds: '0'"),
        (LINKAGE, "EM,EG", ("--rounds", "-3"), "rounds: '-3'"),
        (LINKAGE, "EM,EG", ("--rounds", "2.5"), "rounds: '2.5'"),
        (LINKAGE, "EM,EG", ("--rounds", "many"), "rounds: 'many'"),
        (LINKAGE, "EM,EG", ("--rounds", "9" * 5000), "rounds: "),
        (LINKAGE, "EM,E G5", ("--rounds", "834"), "rounds: 834 is not valid; expected at most 833 with E G5"),
        (LINKAGE, "EM,squarem", ("--rounds", "834"), "at most 833 with squarem"),
        (LINKAGE, "EM,E(GG)", ("--rounds", "2500"), "at most 2,499 with E(GG)"),
        ({**LINKAGE, "moves": {"over_relaxed": {"omega": 0}}}, "EM,over_relaxed", (), "moves.over_relaxed.omega"),
        ({**LINKAGE, "moves": {"over_relaxed": {"step": 1}}}, "EM,over_relaxed", (), "moves.over_relaxed.step"),
        ({**LINKAGE, "start": {"theta": 2}}, "EM,EG", (), "start"),
        ({**DICTIONARY, "schedule": "HM"}, "HM,squarem", (), "schedules: 'squarem' is not valid"),
        ({**DICTIONARY, "schedule": "HM"}, "HM,EM", (), "schedules: 'EM' is not valid"),
        ({"model": "sparse_coding"}, "EM,EG", (), "model: 'sparse_coding'"),
    ],
    ids=lambda entry: entry if isinstance(entry, str) and len(entry) < 40 else "",
)
def test_bad_input_ends_in_one_line(call, raw, words, options, named):
    status, out, err = call(raw, *(() if words is None else ("--schedules", words)), *options)
    assert_one_line(status, out, err)
    assert status == INVALID and named in err


def test_stochastic_ascent_stands_beside_es_alone_and_disturbs_nothing(call):
    plain = strictly(call(LINKAGE, "--schedules", "EM,EG", "--rounds", "5")[1])
    result = strictly(call(LINKAGE, "--schedules", "EM,EG,ES", "--rounds", "5")[1])
    assert list(result) == [*plain, "stochastic_gradient_ascent"]
    assert all(result[key] == plain[key] for key in ("gradient_ascent", "why"))
    found, es = result["stochastic_gradient_ascent"], result["runs"][2]["log_evidence"]
    assert list(found) == ["log_evidence", "largest_difference_from_ES", "why"] and found["why"] == ""
    assert found["log_evidence"] == pytest.approx(es[::2], rel=1e-9) and found["largest_difference_from_ES"] < 1e-9
    assert result["gradient_ascent"]["log_evidence"] != found["log_evidence"]


def test_why_there_is_no_stochastic_ascent(call, monkeypatch):
    monkeypatch.setattr(StochasticClimber, "seconds", lambda self, steps: 100.0)
    found = strictly(call(LINKAGE, "--schedules", "EM,ES", "--rounds", "5")[1])["stochastic_gradient_ascent"]
    assert found["log_evidence"] == [] and found["largest_difference_from_ES"] is None
    assert "would take longer than 10 s" in found["why"]
