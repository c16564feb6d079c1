"""`python -m ui.export sheet lessons/NAME.toml`: steps with their pictures, and a key from their runs apart."""

from __future__ import annotations

import html
import re

import pytest

from em_core.files.source import run
from tests.ui.test_export import saved
from ui.export.__main__ import main
from ui.export.lesson_sheet import page
from ui.lessons.library import FOLDER, library
from ui.lessons.read import lesson

LESSONS = library([]).lessons
SOME = ("04-e-closes-m-opens", "05-coordinate-ascent", "17-the-dirac")
FILES = [pytest.param(one, marks=() if one in SOME else pytest.mark.exhaustive) for one in LESSONS]


def parts(text):
    """The steps, and the key behind them."""
    found = re.findall(r'<section class="(step|key)"[^>]*>(.*?)</section>', text, re.DOTALL)
    return [told for name, told in found if name == "step"], [told for name, told in found if name == "key"]


def plain(told):
    return html.unescape(re.sub("<[^>]+>", " ", told))


@pytest.mark.parametrize("name", FILES)
def test_each_step_has_its_pictures_and_its_question_and_none_has_the_answer(name):
    told = LESSONS[name]
    text, messages = page(told)
    steps, (key,) = parts(text)
    assert messages == [] and len(steps) == len(told.steps) == len(saved(text))
    for step, printed, kept in zip(told.steps, steps, saved(text), strict=True):
        assert set(re.findall(r'data-frame="(\d+)"', printed)) == {str(step.at)} and len(kept["frames"]) == step.at + 1
        assert 1 <= len(re.findall("data-figure=", printed)) == len(kept["figures"]) <= 2
        assert ('class="question"' in printed) == bool(step.predict or step.do)
        if step.predict:
            assert html.escape(step.predict.because)[:30] not in printed
            assert plain(step.predict.because.split("$")[0]).strip()[:30] in plain(key)
    assert text.count("<script") == text.count("</script>")


def test_the_key_is_that_of_the_run():
    steps, (key,) = parts(page(LESSONS["04-e-closes-m-opens"])[0])
    rows = run(LESSONS["04-e-closes-m-opens"].steps[0].experiment)["half_steps"]
    before, after = (f"{row['log_evidence']:.3f}".replace("-", "−") for row in rows[1:3])
    assert f"log p(v) rises, from {before} to {after}." in plain(key)
    assert "One way: schedule (EM)" in plain(key) and after not in plain(steps[0])
    assert "rises" in plain(steps[0]) and "stays the same" in plain(steps[0])


def test_a_sheet_of_another_run_has_another_key():
    name = "03-the-bound.toml"
    text = (FOLDER / name).read_text(encoding="utf-8").replace("q = 0.9", "q = 0.8")
    keys = [parts(page(one)[0])[1] for one in (LESSONS["03-the-bound"], lesson(text, name))]
    assert keys[0] != keys[1] and "The gap falls, from" in plain(keys[1][0])


def test_the_command_line_writes_a_lesson_or_an_experiment_by_the_files_ending(tmp_path):
    out = tmp_path / "sheet.html"
    assert main(["sheet", str(FOLDER / "03-the-bound.toml"), "-o", str(out)]) == 0
    assert "A bound below log p: answers" in out.read_text(encoding="utf-8")
