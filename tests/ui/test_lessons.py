"""Lessons: all they say is true, what is wrong in a file is named by line, and answers are graded from the run."""

from __future__ import annotations

import math
import os
import sys
from dataclasses import replace

import pytest

from em_core.files.errors import InvalidExperiment
from ui.lessons.__main__ import main
from ui.lessons.check import problems
from ui.lessons.grade import grade
from ui.lessons.library import FOLDER, VARIABLE, library
from ui.lessons.observed import rows
from ui.lessons.read import InvalidLesson, lesson
from ui.lessons.records import Condition
from ui.lessons.replay import holds

LESSONS = library([]).lessons
TEXT = """title = "E closes, M opens"
minutes = 4
assumes = ["the bound"]

[[step]]
id = "first-m"
text = "q is the posterior now. **M** will move θ."
experiment = { model = "linkage", data = { dataset = "linkage" }, start = { theta = 0.2 }, schedule = "EM" }
at = 1
views = ["data", "timeline"]
controls = ["step"]
lit = ["gap"]
[step.predict]
kind = "direction"
of = ["log_evidence", "elbo", "gap"]
because = "θ left the place where q was exact."
[[step.claim]]
half_step = 2
of = "gap"
change = "rises"
[[step.claim]]
half_step = 2
of = "gap"
value = { above = 6.0, below = 7.0 }
"""


def test_there_are_at_least_eighteen_each_under_five_minutes_and_all_can_be_read():
    assert library([]).broken == ()
    assert len(LESSONS) >= 18 and all(one.minutes <= 5 for one in LESSONS.values())
    assert list(LESSONS) == sorted(LESSONS)
    for one in LESSONS.values():
        assert any(step.predict or step.do for step in one.steps)
        assert all(step.claims for step in one.steps if step.predict)
        assert all(step.do.solved_by for step in one.steps if step.do)


@pytest.mark.parametrize("name", LESSONS)
def test_all_that_a_lesson_says_holds_and_every_claim_turned_round_does_not(name):
    told = LESSONS[name]
    assert problems(told) == []
    for step in told.steps:
        run = rows(step.experiment) if step.claims else []
        assert [claim for claim in step.claims if holds(claim.turned(), run)] == []


CONDITIONS = [
    Condition("gap", 2, change="rises"),
    Condition("elbo", 2, change="rises"),
    Condition("log_evidence", 3, change="stays"),
    Condition("gap", 2, above=6.0),
    Condition("gap", 2, below=7.0),
    Condition("gap", 2, above=6.0, below=7.0),
    Condition("gap", 2, center=6.7939, within=1e-3),
    Condition("gap", 1, center=0.0, within=1e-9),
    Condition("theta", converges_within=30),
    Condition(half_step=2, event="lost_component", holds=False),
]


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_each_sort_of_claim_holds_and_turned_round_does_not(condition):
    run = rows({"model": "linkage", "data": {"dataset": "linkage"}, "start": {"theta": 0.2}, "schedule": "(EM)40"})
    assert holds(condition, run) and not holds(condition.turned(), run)


def test_a_number_that_is_not_defined_there_is_named():
    run = rows({"model": "linkage", "data": {"dataset": "linkage"}, "start": {"theta": 0.2}, "schedule": "EM"})
    with pytest.raises(InvalidExperiment, match="gap"):
        holds(Condition("gap", 0, above=0.0), run)
    assert not holds(Condition("gap", 7, above=0.0), run)


WRONG = {
    "a key": ("minutes = 4", "minute = 4", 1, "minutes"),
    "no TOML": ("minutes = 4", "minutes = ", 2, "not TOML"),
    "minutes": ("minutes = 4", "minutes = 0", 2, "0 is not valid"),
    "an unknown key": ("at = 1", "at = 1\nwhen = 3", 10, "when"),
    "an id": ('"first-m"', '"First M"', 6, "First M"),
    "HTML": ("**M** will", "<b>M</b> will", 7, "Markdown without HTML"),
    "a link": ("**M** will", "[M](http://x.org) will", 7, "without HTML, links or pictures"),
    "a picture": ("**M** will", "![M](x.png) will", 7, "without HTML, links or pictures"),
    "an address of mail": ("**M** will", "me@x.org will", 7, "without HTML, links or pictures"),
    "a link in a formula": ("**M** will", "$\\\\href{x}{M}$ will", 7, "without HTML, links or pictures"),
    "a model": ('"linkage", data', '"linkages", data', 8, "step[0].experiment.model"),
    "a schedule": ('schedule = "EM"', 'schedule = "EX"', 8, "schedule"),
    "a half-step beyond the end": ("at = 1", "at = 9", 9, "at most 2"),
    "controls": ('["step"]', '["step", "play", "tape", "drag"]', 11, "at most 3"),
    "a control": ('["step"]', '["steps"]', 11, "steps"),
    "a kind": ('"direction"', '"way"', 14, "step[0].predict.kind"),
    "a number of the run": ('of = ["log_evidence", "elbo", "gap"]', 'of = ["logp"]', 15, "'logp' is not valid"),
    "a change": ('change = "rises"', 'change = "grows"', 20, "grows"),
    "limits": ("above = 6.0, below = 7.0", "above = 7.0, below = 6.0", 24, "below"),
    "a claim's half-step": ('half_step = 2\nof = "gap"\nchange', 'half_step = 3\nof = "gap"\nchange', 18, "at most 2"),
    "two forms": ('change = "rises"', 'change = "rises"\nabove = 1.0', 17, "2 of them"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named_with_file_line_key_and_value(what):
    old, new, line, named = WRONG[what]
    assert old in TEXT
    with pytest.raises(InvalidLesson) as caught:
        lesson(TEXT.replace(old, new, 1), "opens.toml")
    assert str(caught.value).startswith(f"opens.toml, line {line}: ") and named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_question_without_a_claim_about_it_is_refused():
    with pytest.raises(InvalidLesson, match=r"a question without a claim.*log_evidence, elbo, gap"):
        lesson(TEXT[: TEXT.index("[[step.claim]]")], "opens.toml")


def test_two_steps_need_two_names():
    again = TEXT + TEXT[TEXT.index("[[step]]") :]
    with pytest.raises(InvalidLesson, match=r"line 26: step\[1\].id: 'first-m'"):
        lesson(again, "opens.toml")


def test_a_lecturers_folder_is_read_too_and_a_broken_file_left_out(tmp_path, monkeypatch, capsys):
    (tmp_path / "mine.toml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "broken.toml").write_text(TEXT.replace("minutes = 4", ""), encoding="utf-8")
    (tmp_path / "latin.toml").write_bytes(TEXT.encode("latin-1", errors="replace") + b"\xe9")
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    found = library([])
    assert set(found.lessons) == {*LESSONS, "mine"}
    assert len(found.broken) == 2 and found.broken[0].startswith("broken.toml, line 1: minutes")
    monkeypatch.delenv(VARIABLE)
    assert "mine" in library([str(tmp_path)]).lessons
    assert library([str(tmp_path / "none")]).broken == (f"{tmp_path / 'none'}: no folder of lessons",)
    (tmp_path / "mine.toml").write_text(TEXT.replace('change = "rises"', 'change = "falls"'), encoding="utf-8")
    monkeypatch.setattr("ui.lessons.library.FOLDER", tmp_path)
    assert main([]) == 1
    assert "mine, first-m: claim 1 does not hold: gap falls at half-step 2" in capsys.readouterr().err


def test_an_answer_is_graded_from_the_run_and_another_run_grades_it_otherwise():
    asked = lesson(TEXT, "opens.toml").steps[0].predict
    experiment = lesson(TEXT, "opens.toml").steps[0].experiment
    answer = {"log_evidence": "rises", "elbo": "rises", "gap": "falls"}
    assert [part.right for part in grade(asked, answer, rows(experiment))] == [True, True, False]
    # at its maximum nothing moves
    settled = rows({**experiment, "start": {"theta": 0.6268214978709824}})
    assert [part.true for part in grade(asked, answer, settled)] == ["stays", "stays", "stays"]
    number = replace(asked, kind="number", of=("gap",), within=(0.5,))
    assert [grade(number, value, rows(experiment))[0].right for value in (6.3, 7.2, 6.0)] == [True, True, False]
    for wrong in ({"gap": "falls"}, "rises", None, {**answer, "gap": "explodes"}):
        with pytest.raises(InvalidExperiment):
            grade(asked, wrong, rows(experiment))
    for wrong in (math.nan, "6", None, True, math.inf):
        with pytest.raises(InvalidExperiment):
            grade(number, wrong, rows(experiment))


def test_the_files_are_where_they_are_said_to_be():
    assert {file.stem for file in FOLDER.glob("*.toml")} == set(LESSONS)


@pytest.mark.parametrize("number", ["9" * 5_000, "[" * 5_000], ids=["digits", "brackets"])
def test_what_the_reader_of_toml_cannot_take_is_one_line(number):
    with pytest.raises(InvalidLesson, match=r"^odd.toml, line 1: not TOML: "):
        lesson(TEXT.replace("minutes = 4", f"minutes = {number}"), "odd.toml")


@pytest.mark.skipif(sys.platform == "win32", reason="no such files there")
def test_a_file_that_never_ends_is_not_read(tmp_path):
    (tmp_path / "endless.toml").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "waiting.toml")
    assert library([str(tmp_path)]).broken == ("endless.toml: not a file", "waiting.toml: not a file")
