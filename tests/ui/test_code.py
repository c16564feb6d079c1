"""A run as a script in NumPy: short, plain, equal to the run, and true of other data too."""

from __future__ import annotations

import ast
import copy
import io
import json
import re
import subprocess
import sys
from contextlib import redirect_stdout

import numpy as np
import pytest

from em_core.files.source import run
from em_core.kinds import MOVES
from em_core.models import MODELS
from em_core.sparse_coding.solvers import SOLVERS
from tests.core.cases import SELDOM
from tests.core.making import RULED_OUT
from tests.models import CASES
from ui.export.__main__ import INVALID, main
from ui.export.code import literals, script, tried
from ui.export.code import told as models

LONGEST = 40
WORDS = ("(EM)3", "EGEGM", "HMEMGHGE", "(EM)2(HM)2E", "E")
# their formulas take the difference of numbers a billion times as large, or a weight that rounds to 1
BEYOND = {"student_t_almost_gaussian", "coin_of_unknown_origin_other_coin_alone"}
WRITTEN = [case for case in CASES if case.raw["model"] in models.MODELS and str(case) not in BEYOND]
MAP = {
    "model": "sparse_coding",
    "settings": {"solver": "ista", "lambda": 0.3, "beta": 2},
    "data": {
        "signal": [1.2, -0.4, 0.7, 2],
        "dictionary": [[1, 0.5, 0], [0.3, -1, 0.2], [0, 0.4, 1.1], [0.9, 0.1, 0.6]],
    },
    "steps": 12,
}


def of(case, word, given=True):
    """An experiment of a case with those of a word's moves that it allows."""
    letters = "".join(letter for letter in word if not letter.isalpha() or letter in case.moves)
    start = {name: entry for name, entry in case.raw["start"].items() if given or name != "q_at"}
    return {**case.raw, "start": start, "schedule": letters.lstrip("MG"), "moves": {"G": {"step": 0.05}}}


def printed(text):
    out = io.StringIO()
    with redirect_stdout(out), np.errstate(all="ignore"):
        exec(compile(text, "<script>", "exec"), {})
    return [line.split(",") for line in out.getvalue().splitlines()]


def rows(raw):
    """What the script of an experiment should print: the numbers of the run up to a move that fails."""
    made = run(raw)
    if "steps" in made:
        return [(str(step["index"]), step["objective"], step["duality_gap"]) for step in made["steps"]]
    steps = made["half_steps"][: -1 if made["outcome"] == "stopped" else None]
    names = ("log_evidence", "elbo", "gap")
    return [(str(step["index"]), step["move"] or "", *(step[name] for name in names)) for step in steps]


def same(lines, expected):
    assert len(lines) == len(expected)
    for line, numbers in zip(lines, expected, strict=True):
        for found, number in zip(line, numbers, strict=True):
            if isinstance(number, str) or number is None:
                assert found == (number or "")
            else:
                assert float(found) == number or float(found) == pytest.approx(number, rel=1e-9, abs=1e-9), line


def literal_lines(text):
    """The lines of data and start."""
    for node in ast.parse(text).body:
        arrays = isinstance(node, ast.Assign) and re.search(
            r"np\.array\(\[+-?(\d|True|False|np\.nan)", ast.unparse(node)
        )
        if arrays or ast.unparse(node).startswith(("first = ", "theta = ", "share = ", "other = ")):
            yield from range(node.lineno, node.end_lineno + 1)


def check_form(text):
    lines, data = text.splitlines(), set(literal_lines(text))
    assert max(map(len, lines)) <= 120
    own = [line for number, line in enumerate(lines, 1) if line.strip() and number not in data]
    assert len(own) <= LONGEST, len(own)
    imported = {node.module for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}
    names = {alias.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for alias in node.names}
    assert imported <= {"scipy.special"} and names == {"numpy"}
    assert "#:" not in text and text.startswith('"""')


def check(raw):
    text, said = script.script(raw)
    assert not [message for message in said if "cannot be made" not in message]
    check_form(text)
    same(printed(text), rows(raw))
    return text


@pytest.mark.parametrize("case", [case for case in WRITTEN if str(case) not in SELDOM], ids=str)
def test_it_prints_the_numbers_of_the_run(case):
    check(of(case, "EMGHGEM"))


@pytest.mark.exhaustive
@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("given", [True, False], ids=["q", "no_q"])
@pytest.mark.parametrize("case", WRITTEN, ids=str)
def test_it_prints_the_numbers_of_every_run(case, given, word):
    check(of(case, word, given))


def test_every_model_with_a_closed_maximum_has_a_script():
    closed = {name for name, model in MODELS.items() if model.help["m_step"] == "closed form"}
    assert set(models.MODELS) == closed == {case.raw["model"] for case in WRITTEN}


def first_number(entry):
    """Where the first number of some data stands, as keys."""
    for key in range(len(entry)) if isinstance(entry, list) else entry:
        if isinstance(entry[key], list | dict):
            return [key, *first_number(entry[key])]
        if entry[key] is not None:
            return [key]
    raise AssertionError(entry)


def other(number):
    if isinstance(number, int):
        return number - 1 if number else 1
    return number + 0.25


@pytest.mark.parametrize("model", models.MODELS)
def test_with_one_datum_changed_it_prints_what_the_run_gives_for_that_datum(model):
    case = next(case for case in WRITTEN if case.raw["model"] == model and len(case.moves) > 4)
    raw = of(case, "EMEGM")
    changed = copy.deepcopy(raw)
    if model == "coin_of_unknown_origin":
        changed["data"]["other"] = 0.375
        pattern, new = r"(?<=other = )[\d.]+", "0.375"
    else:
        *path, last = first_number(changed["data"])
        entry = changed["data"]
        for key in path:
            entry = entry[key]
        entry[last] = other(entry[last])
        pattern, new = r"(?<=x = )([^\d-]*)-?[\d.e+-]+", rf"\g<1>{entry[last]!r}"
    text = re.sub(pattern, new, check(raw), count=1)
    same(printed(text), rows(changed))
    with pytest.raises(AssertionError):
        same(printed(text), rows(raw))


@pytest.mark.parametrize(
    ("model", "data"), [("bernoulli_mixture", "digits_binary"), ("hidden_markov", "nile"), ("abo_blood_groups", "abo")]
)
def test_probabilities_that_underflow_are_not_impossible(model, data):
    check({"model": model, "data": {"dataset": data}, "schedule": "(EM)8", "seed": 1})


def test_what_is_impossible_is_infinitely_far():
    lines = printed(check({**RULED_OUT, "schedule": "ME"}))
    assert lines[0][3:] == ["-inf", "inf"] and lines[2][4] == "0.0"


def test_standardised_data_are_told_as_they_are_and_standardised_by_the_script():
    case = next(case for case in CASES if str(case) == "gaussian_full_2d_k2")
    raw = of(case, "EMEM")
    raw["data"] = {**raw["data"], "standardize": True}
    text = check(raw)
    changed = copy.deepcopy(raw)
    changed["data"]["values"][0][0] = 3.5
    same(printed(re.sub(r"\[-?\d[\d.]+, ", "[3.5, ", text, count=1)), rows(changed))


@pytest.mark.parametrize("case", WRITTEN[::7], ids=str)
def test_it_holds_no_number_of_the_run(case):
    raw = of(case, "EMGEM")
    text, made = script.script(raw)[0], run(raw)["half_steps"]
    start = {repr(number) for name in ("data", "start") for number in numbers(raw[name])}
    for step in made:
        told = [step[name] for name in ("log_evidence", "elbo", "gap", "kl", "entropy", "expected_log_joint")]
        for number in [*told, *numbers(step["parameters"])]:
            written = repr(number)
            assert len(written) < 8 or written in start or written not in text


def numbers(entry):
    if isinstance(entry, dict | list):
        for part in entry.values() if isinstance(entry, dict) else entry:
            yield from numbers(part)
    elif isinstance(entry, float):
        yield entry


@pytest.mark.parametrize("name", ["hidden_markov_categorical_structural", "student_t_outliers", "linkage_few_animals"])
def test_it_runs_by_itself(tmp_path, name):
    case = next(case for case in CASES if str(case) == name)
    raw = of(case, "EMHG")
    experiment, output = tmp_path / "experiment.json", tmp_path / "run.py"
    experiment.write_text(json.dumps(raw), encoding="utf-8")
    assert main(["code", str(experiment), "-o", str(output)]) == 0
    done = subprocess.run([sys.executable, "-I", "-W", "error", output], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    same([line.split(",") for line in done.stdout.splitlines()], rows(raw))


MAPS = {
    "ista": {},
    "fista": {},
    "coordinate_descent": {},
    "fista restart": {"restart": True},
    "ista step": {"step": 0.1},
}


@pytest.mark.parametrize("more", [{}, {"until_gap": 0.01}, {"start": {"code": [1.0, -2.0, 3.0]}}], ids=str)
@pytest.mark.parametrize("name", MAPS)
def test_map_inference_prints_objective_and_duality_gap(name, more):
    raw = {**MAP, "settings": {**MAP["settings"], "solver": name.split()[0], **MAPS[name]}, **more}
    text = check(raw)
    changed = copy.deepcopy(raw)
    changed["data"]["dictionary"][0][0] = 1.5
    same(printed(text.replace("W = np.array([[1, ", "W = np.array([[1.5, ")), rows(changed))
    raw["data"] = {**raw["data"], "offset": [0.5, 0, 0, -1]}
    check(raw)


def test_a_map_run_that_diverges_has_a_script_of_its_steps():
    raw = {**MAP, "settings": {**MAP["settings"], "step": 3}, "steps": 200}
    text, (said,) = script.script(raw)
    assert said.startswith("the script ends with the run: ") and len(rows(raw)) < 100
    same(printed(text), rows(raw))


COINS = RULED_OUT | {"schedule": "EM"}
PLACED = [{"after": 1, "start": {"weights": [0.5, 0.5], "probabilities": [0.5, 0.25]}}]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ([], "experiment: [] is not valid; expected an object of named values"),
        (
            {**COINS, "model": "nonsense"},
            "'nonsense' is not valid; expected a model that a script can be written of: gauss",
        ),
        ({"model": "sigmoid_belief_net"}, "'sigmoid_belief_net' is not valid"),
        ({**COINS, "schedule": "ETM"}, "'T (tempered posterior)' is not valid; expected moves that a script can be"),
        ({**COINS, "by_hand": PLACED}, "'1 changes' is not valid; expected a run with nothing changed by hand"),
        ({**COINS, "break": "no_entropy"}, "'no_entropy' is not valid; expected no break"),
        ({**COINS, "data": {"successes": [3]}}, "data.successes[0]: 3.0 is not valid"),
        (
            {**MAP, "settings": {**MAP["settings"], "solver": "lca"}},
            "'lca' is not valid; expected a solver that a script",
        ),
    ],
)
def test_what_has_no_script_is_said_in_one_line(tmp_path, capsys, raw, said):
    experiment, output = tmp_path / "experiment.json", tmp_path / "run.py"
    experiment.write_text(json.dumps(raw), encoding="utf-8")
    assert main(["code", str(experiment), "-o", str(output)]) == INVALID and not output.exists()
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_every_move_and_solver_is_written_or_refused():
    case = next(case for case in CASES if str(case) == "gaussian_full_2d_k2")
    for letter in MOVES:
        raw = {**of(case, "E"), "schedule": f"E{letter}"}
        if letter in script.WRITTEN:
            check(raw)
        else:
            with pytest.raises(ValueError, match="not valid; expected"):
                script.script(raw)
    for solver in SOLVERS.keys() - script.SOLVERS.keys():
        with pytest.raises(ValueError, match=f"{solver}.*: ista, fista, coordinate_descent"):
            script.script({**MAP, "settings": {**MAP["settings"], "solver": solver}})


def test_too_many_numbers_are_refused(monkeypatch):
    monkeypatch.setattr(script, "MOST", 5)
    with pytest.raises(ValueError, match=r"data: '6 numbers' is not valid; expected at most 5 for a script"):
        script.script({**COINS, "data": {"successes": [0, 1, 2, 0, 1, 2]}})


def test_a_run_that_stops_has_a_script_of_what_was_made():
    case = next(case for case in CASES if str(case) == "gaussian_full_2d_k2")
    raw = {**of(case, "EHMG"), "schedule": "EHMG"}
    text, (said,) = script.script(raw)
    assert said.startswith("half-step 3 cannot be made, and the script ends before it: ") and 'schedule = "EH"' in text
    same(printed(text), rows(raw))


@pytest.mark.parametrize("name", sorted(BEYOND))
def test_it_says_so_where_plain_formulas_lose_digits(name):
    case = next(case for case in CASES if str(case) == name)
    _, (said,) = script.script(of(case, "(EM)4"))
    assert said.endswith("plain formulas lose digits on these numbers")


def test_a_script_that_breaks_off_is_told():
    assert tried.differing('print(0, 1.0, sep=",")\nfloat("x")', [(1.0,), (2.0,)]) == (
        "the script breaks off at half-step 1: could not convert string to float: 'x'",
    )


@pytest.mark.parametrize(
    ("moves", "text"),
    [
        ("", '""'),
        ("EMG", '"EMG"'),
        ("EM" * 20, '"EM" * 20'),
        ("EGGGGG", '"E" + "G" * 5'),
        (("EGGGGG" * 2 + "M") * 3, '(("E" + "G" * 5) * 2 + "M") * 3'),
    ],
)
def test_schedules_repeat_what_repeats(moves, text):
    assert literals.rounds(moves) == text and eval(text) == moves


def test_every_schedule_is_its_string():
    rng = np.random.default_rng(3)
    for size in rng.integers(1, 400, size=40):
        moves = "".join(rng.choice(list("EHMG"), p=[0.5, 0.1, 0.3, 0.1], size=size))
        text = literals.statement("schedule", literals.rounds(moves))
        assert max(map(len, text.splitlines())) <= 120
        assert eval(text.removeprefix("schedule = ")) == moves


def test_literals_keep_every_digit():
    rng = np.random.default_rng(5)
    for shape in [(), (3,), (40,), (7, 1), (9, 3), (4, 3, 3), (2, 200)]:
        values = rng.standard_normal(shape) * 10.0 ** rng.integers(-300, 300, size=shape)
        text = literals.statement("x", literals.literal(values))
        assert max(map(len, text.splitlines())) <= 120
        assert np.array_equal(eval(text.removeprefix("x = "), {"np": np}), values)
    assert literals.literal([1.0, -0.0, 1e20, np.nan], whole=True) == "np.array([1, 0, 1e+20, np.nan])"
