"""Whatever an experiment asks for, the answer is a result, an event or one clear line, and its numbers are right."""

from __future__ import annotations

import contextlib
import io
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from em_core.__main__ import main
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.report import finite, report
from em_core.kinds import MOVES
from em_core.models import MODELS
from em_core.records import BY_HAND
from em_core.sparse_coding import SOLVERS
from em_core.sparse_coding import experiment as coding
from em_core.sparse_coding.posterior import ladder
from em_core.trajectory import run
from tests.attack import ATTACKS, SOAK, exhaustive, in_time, ordinary
from tests.core.any_code import codings, ladders
from tests.core.any_experiment import FILES, experiments
from tests.core.test_fuzz import damaged, numbers

# log p − ELBO − KL against the largest of the terms that were added
IDENTITY = 1e-11
# what a move that never lowers the ELBO may lower it by, against the same
FALL = 1e-12


def read(parse, raw):
    """The experiment, or None after a refusal of one printable line that begins with the field's name."""
    try:
        return parse(json.loads(json.dumps(raw)))
    except InvalidExperiment as error:
        one_line(str(error))
        assert error.field and str(error).startswith(error.field.splitlines()[0][:500]), error
        return None


def one_line(text):
    assert text and len(text.splitlines()) == 1 and text.isprintable() and len(text) < 2_000, repr(text)


def strict(result):
    """The report as the command line prints it: JSON without NaN."""
    assert not any(math.isnan(number) for number in numbers(result)), result
    return json.dumps(finite(result), allow_nan=False)


def largest(*rows):
    """The largest term of these rows' bounds; of dictionary learning also the objective."""
    names = ("log_evidence", "expected_log_joint", "entropy", "kl", "objective")
    terms = [row.get(name) for row in rows for name in names]
    return max(1.0, *(abs(term) for term in terms if term is not None and math.isfinite(term)))


def adds_up(row):
    """log p = ELBO + KL, each from its own definition."""
    terms = [row[name] for name in ("log_evidence", "expected_log_joint", "entropy", "kl")]
    if row["kl"] is not None:
        assert row["kl"] >= 0, row
    if None not in terms and all(map(math.isfinite, terms)):
        log_evidence, joint, entropy, kl = terms
        residual = abs(log_evidence - (joint + entropy) - kl)
        assert residual <= IDENTITY * largest(row), f"{residual / largest(row):.1e} of the largest term: {row}"


def holds(before, row, factorised):
    """A move that promises it has not lowered the bound."""
    letter = row["move"]
    if not MOVES[letter].monotone or before["elbo"] is None or (letter == "V" and not factorised):
        return
    heights = [entry["elbo"] for entry in (before, row)]
    if not all(map(math.isfinite, heights)):  # q is a point in a continuous space
        if MOVES[letter].kind == "E":
            return
        heights = [entry["expected_log_joint"] for entry in (before, row)]
    # θ may rule out what q holds possible, before and after: −∞ both times is no fall
    fall = 0.0 if heights[0] == heights[1] else heights[0] - heights[1]
    assert fall <= FALL * largest(before, row), f"{letter} fell by {fall / largest(before, row):.1e}: {before} {row}"


def keeps_its_promises(raw):
    experiment = read(Experiment.parse, raw)
    if experiment is None:
        return None
    with in_time(raw):
        result = report(experiment, run(experiment))
    strict(result)
    steps, factorised = result["half_steps"], False
    for place, row in enumerate(steps):
        assert all(math.isfinite(number) for number in numbers(row["parameters"])), row
        assert row["log_evidence"] is None or math.isfinite(row["log_evidence"]), row
        adds_up(row)
        assert all(check is None or check["holds"] for check in row["checks"].values()), row
        for event in row["events"]:
            one_line(event["message"])
        if row["move"] == BY_HAND:
            factorised = False  # q may be another
        elif place:
            holds(steps[place - 1], row, factorised)
            if MOVES[row["move"]].kind == "E":
                factorised = row["move"] == "V"
    stopped = result["outcome"] == "stopped"
    assert stopped == bool(result["message"]) and result["outcome"] in ("stopped", "completed")
    if stopped:
        one_line(result["message"])
        assert steps[-1]["parameters"] == steps[-2]["parameters"]
    again = Experiment.parse(json.loads(json.dumps(result["experiment"])))
    assert report(again, run(again)) == result
    return result


def is_certified(raw):
    """A solver's run: no objective lies lower than another's certificate says, and descents do not rise."""
    experiment = read(coding.SparseCodingExperiment.parse, raw)
    if experiment is None:
        return None
    with in_time(raw):
        result = coding.run(experiment)
    strict(result)
    steps, problem = result["steps"], experiment.problem
    assert all(math.isfinite(number) for number in numbers(steps)), raw
    # the terms whose difference the residual is
    size = problem.precision * sum(float((part**2).sum()) for part in (problem.signal, problem.offset))
    slack = 1e-11 * (size + max(step["objective"] for step in steps))
    lowest = min(step["objective"] for step in steps)
    for step in steps:
        assert step["duality_gap"] >= 0, step
        assert step["objective"] - step["duality_gap"] <= lowest + slack, step
    if SOLVERS[experiment.solver].descends and "step" not in raw["settings"]:
        assert all(
            after["objective"] <= before["objective"] + slack for before, after in zip(steps, steps[1:], strict=False)
        )
    if result["message"]:
        one_line(result["message"])
    again = coding.SparseCodingExperiment.parse(json.loads(json.dumps(result["experiment"])))
    assert coding.run(again) == result
    return result


def descends(raw):
    """The ladder of q: gap 0 at the top, every gap a KL, the Dirac's infinite."""
    experiment = read(ladder.LadderExperiment.parse, raw)
    if experiment is None:
        return None
    try:
        with in_time(raw):
            result = ladder.run(experiment)
    except InvalidExperiment as error:
        return one_line(str(error))
    strict(result)
    for row in result["rungs"]:
        assert math.isfinite(row["log_evidence"]) and row["kl"] >= 0, row
        if math.isfinite(row["kl"]):
            residual = abs(row["gap"] - row["kl"])
            assert residual <= IDENTITY * largest(row) + result["posterior"]["error"], (residual, row)
    assert result["rungs"][0]["kl"] == 0 and result["rungs"][-1]["kl"] == math.inf
    again = ladder.LadderExperiment.parse(json.loads(json.dumps(result["experiment"])))
    assert ladder.run(again) == result
    return result


def on_the_command_line(text, form):
    """Status 0 and one document, or status 2 and one line on standard error."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr("sys.stdin", io.StringIO(text))
        status = main(["run", "-", "--format", form])
    if status == 2:
        one_line(err.getvalue().rstrip("\n"))
        assert not out.getvalue()
        return
    assert status == 0 and not err.getvalue()
    printed = out.getvalue()
    assert "NaN" not in printed and "nan" not in printed
    if form == "json":
        json.loads(printed, parse_constant=pytest.fail)
    else:
        assert len({row.count(",") for row in printed.splitlines()}) >= 1 and len(printed.splitlines()) > 1


# the integrals of three hidden units take seconds
FLAT = ladders(most_atoms=2)
ANYTHING = st.one_of(experiments(), experiments(), codings(), FLAT, damaged())
TEXTS = st.one_of(
    ANYTHING.map(json.dumps),
    st.text(max_size=40),
    st.sampled_from(["", "[]", "null", "{", "1e999", '{"model": "linkage", "model": 1}', "[" * 100_000, "1" * 5000]),
)


def test_every_model_is_tried():
    assert set(FILES) == set(MODELS)


@ordinary(80)
@given(experiments())
def test_any_experiment_gives_right_numbers_an_event_or_one_clear_line(raw):
    keeps_its_promises(raw)


@ordinary(40)
@given(codings())
def test_any_solver_on_any_problem_is_certified(raw):
    is_certified(raw)


@ordinary(3)
@given(st.one_of(FLAT, FLAT, FLAT, ladders()))
def test_any_ladder_descends_from_the_exact_posterior_to_the_dirac(raw):
    descends(raw)


@ordinary(30)
@given(TEXTS, st.sampled_from(["json", "csv"]))
def test_anything_on_the_command_line_ends_in_a_document_or_one_line(text, form):
    on_the_command_line(text, form)


@exhaustive(250)
@given(experiments())
def test_more_experiments(raw):
    keeps_its_promises(raw)


@exhaustive(100)
@given(codings())
def test_more_solvers(raw):
    is_certified(raw)


@exhaustive(30)
@given(st.one_of(FLAT, FLAT, FLAT, ladders()))
def test_more_ladders(raw):
    descends(raw)


@exhaustive(50)
@given(TEXTS, st.sampled_from(["json", "csv"]))
def test_more_command_lines(text, form):
    on_the_command_line(text, form)


@pytest.mark.soak
@SOAK
@given(st.one_of(experiments(), damaged()))
def test_many_experiments(raw):
    keeps_its_promises(raw)


@pytest.mark.soak
@SOAK
@given(codings())
def test_many_solvers(raw):
    is_certified(raw)


@pytest.mark.soak
@SOAK
@given(FLAT)
def test_many_ladders(raw):
    descends(raw)


@pytest.mark.soak
@settings(SOAK, max_examples=max(1, ATTACKS // 100))
@given(ladders())
def test_many_ladders_of_up_to_three_units(raw):
    descends(raw)


@pytest.mark.soak
@SOAK
@given(TEXTS, st.sampled_from(["json", "csv"]))
def test_many_command_lines(text, form):
    on_the_command_line(text, form)
