"""`python -m ui.export gift`: every variant of every question has the key that a run of its experiment gives."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import subprocess
import sys
import tomllib

import pytest

from em_core.files.report import as_csv
from em_core.files.source import run
from tests.ui.gift import read
from ui.export.__main__ import INVALID, main
from ui.export.questions import gift
from ui.export.questions.asked import questions
from ui.export.questions.take import MOST_VARIANTS, taken
from ui.lessons.library import FOLDER, library
from ui.lessons.observed import rows
from ui.lessons.read import lesson

LESSONS = library([]).lessons
# of these all kinds of questions and of runs are asked, and they take little time
SOME = ("01-the-hidden-variable", "02-completing-the-data", "03-the-bound", "06-one-q-for-many-theta")
SOME += ("11-collapse-and-symmetry", "16-ista-and-fista", "17-the-dirac", "19-bugs-in-real-libraries")
FILES = [pytest.param(one, marks=() if one in SOME else pytest.mark.exhaustive) for one in LESSONS]
DIRECTIONS = {"rises": "rises", "falls": "falls", "stays": "stays the same"}

OWN = r"""title = "Signs: {a} = b ~ c # d"
minutes = 4

[[step]]
id = "by-hand"
text = "In $\\nabla f_{1} = 0$ a {sign}: 50 % ~ #1 \\n -> **bold** & <5."
at = 3
views = ["data"]
[step.experiment]
model = "gaussian_mixture"
settings = { n_components = 2 }
data = { dataset = "old_faithful" }
schedule = "EMEM"
seed = 0
[step.predict]
kind = "drag"
handle = "mean0"
of = ["means[0][0]", "means[0][1]"]
within = [0.25, 3.0]
because = "A mean = the centre: {of its points}."
[[step.claim]]
half_step = 4
of = "means[0][0]"
value = { above = 0.0 }
"""


def table(experiment):
    """Its run as the command line prints it."""
    return list(csv.DictReader(io.StringIO(as_csv(run(experiment)))))


def value(row, of):
    return {"True": 1.0, "False": 0.0}.get(row[of]) if row[of] in ("True", "False") else float(row[of])


def direction(rows, of, at):
    before, now = value(rows[at - 1], of), value(rows[at], of)
    if before == now or abs(now - before) <= 1e-9 * max(1.0, abs(before)):
        return "stays the same"
    return "rises" if now > before else "falls"


def is_true(said, rows, half_step):
    """Whether an answer of a lesson's file holds of a run, from the file's own words."""
    at = said.get("half_step", half_step)
    if at >= len(rows):
        return False
    if "event" in said:
        return (said["event"] in rows[at]["events"].split()) == said.get("holds", True)
    told = said.get("value", said)
    if "change" in told:
        return direction(rows, said["of"], at) == DIRECTIONS[told["change"]]
    now = value(rows[at], said["of"])
    if "is" in told:
        return abs(now - told["is"]) <= told["within"]
    return ("above" not in told or told["above"] < now) and ("below" not in told or now < told["below"])


def numbers(entry):
    if isinstance(entry, dict):
        return [one for part in entry.values() for one in numbers(part)]
    if isinstance(entry, list):
        return [one for part in entry for one in numbers(part)]
    return [entry] if isinstance(entry, float) else []


def raw_steps(name):
    told = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return {step["id"]: step for step in told["step"] if "predict" in step}


def check_key(question, asked, at):
    """The key of one question, from a run of the experiment that stands in front of it."""
    made, half_step = table(question.experiment), asked.get("half_step", at + 1)
    of = [asked["of"]] if isinstance(asked.get("of"), str) else asked.get("of", [])
    if asked["kind"] == "direction":
        true = [direction(made, one, half_step) for one in of]
        if question.kind == "choice":
            assert [text for text, right in question.key if right] == true and len(question.key) == 3
        else:
            assert [does for name, does in question.key if name] == true
            assert {does for _, does in question.key} == {*DIRECTIONS.values()}
    elif asked["kind"] == "choice":
        true = [is_true(option, made, half_step) for option in asked["options"]]
        assert [right for _, right in question.key] == true and sum(true) == 1
        assert len({text for text, _ in question.key}) == len(true)
    else:
        part = next((one for one in of if question.title.endswith(one)), of[0])
        allowed = asked["within"] if isinstance(asked["within"], list) else [asked["within"]] * len(of)
        true, tolerance = question.key
        assert true == pytest.approx(value(made[half_step], part), rel=1e-9, abs=1e-9)
        assert 0 < tolerance <= allowed[of.index(part)]
        if made[at][part]:  # what nothing changes is no right answer
            assert abs(value(made[at], part) - true) > tolerance


@pytest.mark.parametrize("name", FILES)
def test_every_key_is_that_of_a_run_of_the_variants_own_experiment(name):
    text, messages = taken(LESSONS[name], 3, 5)
    steps = raw_steps(name)
    found = {step: [one for one in read(text) if one.category.endswith(f"/{step}")] for step in steps}
    for id_, step in steps.items():
        asked = step["predict"]
        parts = 2 if asked["kind"] in ("point", "drag") else 1
        said = [line for line in messages if line.startswith(f"{id_}: ")]
        assert len(found[id_]) == 3 * parts or len(said) == 1
        variants = {json.dumps(one.experiment) for one in found[id_]}
        assert len(variants) * parts == len(found[id_]) and len({one.title for one in found[id_]}) == len(found[id_])
        for question in found[id_]:
            check_key(question, asked, step.get("at", 0))


@pytest.mark.parametrize("name", FILES)
def test_the_numbers_that_an_answer_needs_stand_in_the_question(name):
    text, _ = taken(LESSONS[name], 2, 1)
    for question in read(text):
        told = html.unescape(re.sub("<[^>]+>", " ", question.text)).replace("−", "-")
        experiment = question.experiment
        given = numbers(experiment.get("start", {})) + numbers(experiment.get("moves", {}))
        if not {"dataset", "generator"} & set(experiment["data"]):
            given += numbers(experiment["data"])
        for number in given:
            assert re.search(rf"(?<![\d.]){re.escape(f'{number:.10g}')}(?![\d]|\.\d)", told), (number, told)


def test_the_command_line_gives_the_key_of_what_stands_in_front_of_a_question(tmp_path):
    out = tmp_path / "questions.gift"
    assert main(["gift", str(FOLDER / "04-e-closes-m-opens.toml"), "--variants", "1", "-o", str(out)]) == 0
    question = next(one for one in read(out.read_text(encoding="utf-8")) if "then-e" in one.title)
    experiment = tmp_path / "experiment.json"
    experiment.write_text(json.dumps(question.experiment), encoding="utf-8")
    command = [sys.executable, "-m", "em_core", "run", str(experiment), "--format", "csv"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8").stdout
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert float(rows[3]["elbo"]) == pytest.approx(question.key[0], rel=1e-9)
    assert question.key[1] <= 0.05


def test_a_seed_gives_the_same_file_and_another_one_another():
    one = LESSONS["03-the-bound"]
    assert taken(one, 4, 0) == taken(one, 4, 0) and taken(one, 4, 0)[0] != taken(one, 4, 1)[0]
    experiments = [json.dumps(question.experiment) for question in read(taken(one, 20, 0)[0])]
    assert len(set(experiments)) == 20
    # the first ones stay the first ones, however many there are
    assert [json.dumps(question.experiment) for question in read(taken(one, 4, 0)[0])] == experiments[:4]


def test_where_a_random_draw_decides_the_question_is_the_lessons_own():
    text, messages = taken(LESSONS["08-stochastic-gradient"], 1, 0)
    step = LESSONS["08-stochastic-gradient"].steps[0]
    (question,) = (one for one in read(text) if "a-few-points" in one.title)
    assert question.experiment == step.experiment and "eight of 272" in question.text
    assert step.predict.because in html.unescape(question.feedback)
    assert [line for line in messages if line.startswith("a-few-points: no other numbers make sense")]


def lessons_own(step):
    """A step's question as the lesson has it, written and read again."""
    return read("\n\n".join(gift.block(f"{step.id}: 1", one) for one in questions(step, rows(step.experiment))))


def test_no_sign_in_a_lesson_is_read_as_one_of_the_format():
    told = lesson(OWN, "own.toml")
    first, second = lessons_own(told.steps[0])
    assert first.title == second.title == "by-hand: 1" and first.key != second.key
    assert r"In \(\nabla f_{1} = 0\) a {sign}: 50 % ~ #1 \n -&gt; <strong>bold</strong> &amp; &lt;5." in first.text
    assert "A mean = the centre: {of its points}." in first.feedback
    assert [one.title for one in read(taken(told, 1, 0)[0])] == [
        f"Signs: {{a}} = b ~ c # d: by-hand 1 means[0][{place}]" for place in (0, 1)
    ]


def test_a_choice_with_several_right_answers_shares_the_mark():
    name = "06-one-q-for-many-theta.toml"
    text = (FOLDER / name).read_text(encoding="utf-8")
    more = text.replace("half_step = 2, value = { below = 0.001 }", "half_step = 2, value = { above = 0.001 }", 1)
    (found,) = lessons_own(lesson(more, name).steps[0])
    assert found.shares == [50.0, 50.0, -100.0]


def test_a_question_without_a_right_answer_is_left_out_and_named():
    name = "06-one-q-for-many-theta.toml"
    text = (FOLDER / name).read_text(encoding="utf-8")
    none = re.sub(r"half_step = 1, value = .*? \} \}", "half_step = 1, value = { above = 1e9 } }", text, count=1)
    content, messages = taken(lesson(none, name), 2, 0)
    assert messages == ["exact-at-one-place: left out, because 0 answers are right"]
    assert {one.category.rpartition("/")[2] for one in read(content)} == {"in-this-sense-approximate"}


WRONG = {
    "an experiment": (["gift", "{experiment}"], "expected a lesson, NAME.toml"),
    "no file": (["gift", "{folder}/none.toml"], "none.toml: No such file"),
    "a broken lesson": (["gift", "{folder}/broken.toml"], "broken.toml, line 1"),
    "no question": (["gift", "{folder}/quiet.toml"], "this one asks none"),
    "no variants": (["gift", "{lesson}", "--variants", "0"], f"from 1 to {MOST_VARIANTS}"),
    "too many": (["gift", "{lesson}", "--variants", "1000000000"], f"from 1 to {MOST_VARIANTS}"),
    "not a number": (["gift", "{lesson}", "--variants", "many"], "invalid int value"),
    "a seed": (["gift", "{lesson}", "--seed", "-1"], "--seed: '-1'"),
    "a lesson as a run": (["csv", "{lesson}"], "expected an experiment in JSON"),
    "a folder": (["gift", "{lesson}", "-o", "{folder}"], "a file in a folder that is there"),
    "no folder": (["gift", "{lesson}", "-o", "{folder}/none/q.gift"], "a file in a folder that is there"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_written_is_said_in_one_line(what, tmp_path, capsys):
    (tmp_path / "experiment.json").write_text('{"model": "linkage"}', encoding="utf-8")
    (tmp_path / "broken.toml").write_text("[[", encoding="utf-8")
    quiet = OWN[: OWN.index("[step.predict]")].replace("= b ~", "")
    (tmp_path / "quiet.toml").write_text(quiet, encoding="utf-8")
    places = {"experiment": tmp_path / "experiment.json", "folder": tmp_path, "lesson": FOLDER / "03-the-bound.toml"}
    arguments, told = WRONG[what]
    given = [one.format(**places) for one in arguments]
    given += [] if "-o" in given else ["-o", str(tmp_path / "q.gift")]
    try:
        status = main(given)
    except SystemExit as ended:
        status = ended.code
    error = capsys.readouterr().err
    assert status == INVALID and told in error and error.count("\n") == 1
    assert not (tmp_path / "q.gift").exists()
