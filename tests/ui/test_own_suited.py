"""Columns and the models that can take them: what each gets as data, and that it runs on them."""

from __future__ import annotations

import numpy as np
import pytest

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from ui.em.session import EmSession
from ui.own.suited import Wanted, own, suited, usual
from ui.own.table import read

ROWS = [
    (f"{160 + 7 * i % 31},5", f"{60 + i * i % 23},25", "NA" if i % 9 == 4 else str(11 * i % 13), "abc"[i % 3], i % 2)
    for i in range(40)
]
TABLE = read(("height;weight;age;kind;yes\n" + "\n".join(";".join(map(str, row)) for row in ROWS)).encode())
# chosen columns, and the models that are offered, the best first
OFFERED = {
    ("height", "weight"): [
        "gaussian_mixture", "incomplete_gaussian", "factor_analysis", "regression_mixture", "student_t"
    ],
    ("height", "age"): [
        "incomplete_gaussian", "gaussian_mixture", "factor_analysis", "regression_mixture", "student_t"
    ],
    ("height",): ["hidden_markov", "gaussian_mixture", "student_t"],
    ("height", "yes"): [
        "gaussian_mixture", "incomplete_gaussian", "factor_analysis", "regression_mixture", "student_t",
        "censored_exponential",
    ],
    ("age",): [
        "poisson_mixture", "binomial_mixture", "hidden_markov", "hidden_markov", "hidden_markov", "gaussian_mixture",
        "student_t",
    ],
    ("kind",): ["hidden_markov"],
    ("yes",): ["bernoulli_mixture", "hidden_markov", "hidden_markov", "gaussian_mixture", "student_t"],
    ("kind", "height"): [],
    (): [],
}  # fmt: skip


@pytest.mark.parametrize("names", OFFERED, ids=" ".join)
def test_models_are_offered_that_can_take_the_columns(names):
    assert [found.model for found in suited(TABLE, names)] == OFFERED[names]


@pytest.mark.parametrize("names", [names for names in OFFERED if OFFERED[names]], ids=" ".join)
def test_every_model_that_is_offered_runs_on_them(names):
    for found in suited(TABLE, names):
        made = own(TABLE, found, Wanted(names))
        session = EmSession.opened({})
        session.bring(made)
        assert session.settings.model == found.model and not session.messages
        for letter in "EM":
            session.act({"act": "move", "letter": letter})
        assert len(session.run) == 3 and not session.messages
        assert Experiment.parse(session.run.json()).model.name == found.model


def only(table, model, *names, **wanted):
    found = [entry for entry in suited(table, names) if entry.model == model][-1]
    return own(table, found, Wanted(names, **wanted))


def test_gaps_stay_for_the_model_of_missing_values_and_rows_without_a_number_go():
    table = read(b"a,b\n1.5,NA\nNA,NA\n2.5,3\n,4\n")
    made = only(table, "incomplete_gaussian", "a", "b")
    assert made.data == {"values": [[1.5, None], [2.5, 3.0], [None, 4.0]]}
    assert made.notes == ("2 missing values: EM fills them in.", "1 row without any number is left out.")
    assert only(table, "gaussian_mixture", "a", "b").data == {"values": [[2.5, 3]]}


def test_standardised_columns_have_mean_0_and_variance_1():
    made = only(TABLE, "incomplete_gaussian", "height", "age", standardize=True)
    values = np.array(made.data["values"], dtype=float)
    assert np.allclose(np.nanmean(values, axis=0), 0, atol=1e-12) and np.allclose(np.nanvar(values, axis=0), 1)
    mixture = only(TABLE, "gaussian_mixture", "height", "weight", standardize=True)
    assert mixture.standardize and mixture.data["values"][0] == [160.5, 60.25]
    session = EmSession.opened({})
    session.bring(mixture)
    assert np.allclose(session.run.experiment.data.values.var(axis=0), 1)


def test_sequences_follow_a_column_and_end_at_gaps():
    table = read(b"who,x\na,1\nb,10\na,2\na,NA\nb,11\na,3\na,4\n")
    (chain, *_) = [found for found in suited(table, ["x"]) if found.title.endswith("counts")]
    assert own(table, chain, Wanted(("x",))).data == {"sequences": [[1, 10, 2], [11, 3, 4]]}
    made = own(table, chain, Wanted(("x",), by="who"))
    assert made.data == {"sequences": [[1, 2], [3, 4], [10, 11]]} and made.settings == {"emission": "poisson"}
    assert made.notes[1] == "A sequence ends at each of 1 missing value."


def test_categories_and_faces_of_a_die_become_symbols_from_0():
    assert only(TABLE, "hidden_markov", "kind").data["sequences"] == [[i % 3 for i in range(40)]]
    die = read(b"face\n6\n1\n3\n6\n1\n")
    made = only(die, "hidden_markov", "face")
    assert made.settings == {"emission": "gaussian"} or made.data == {"sequences": [[2, 0, 1, 2, 0]]}
    (symbols,) = [found for found in suited(die, ["face"]) if found.title.endswith("symbols")]
    made = own(die, symbols, Wanted(("face",)))
    assert made.data == {"sequences": [[2, 0, 1, 2, 0]]} and "0 is 1, 1 is 3, 2 is 6" in made.notes[-1]


def test_regression_takes_the_last_column_against_the_others():
    made = only(TABLE, "regression_mixture", "weight", "height")
    assert made.data["inputs"][0] == [1, 60.25] and made.data["targets"][0] == 160.5
    assert made.names == ("intercept", "weight", "height")


def test_four_counts_are_cells_of_the_genetic_models():
    table = read(b"n\n125\n18\n20\n34\n")
    assert only(table, "linkage", "n").data == {"counts": [125, 18, 20, 34]}
    assert only(table, "abo_blood_groups", "n").data == {"counts": {"A": 125, "B": 18, "AB": 20, "O": 34}}


WRONG = {
    "constant": (b"a,b\n1.5,2\n2.5,2\n", "student_t", "column b: '2 in every row'"),
    "odd": (
        b"a,b\n1.5,2\nx,3\ny,4\n2.5,5\n",
        "student_t",
        "row 3, column a: 'x' is not valid; expected a number (1 more",
    ),
    "gaps in every row": (b"a,b\n1.5,NA\nNA,3\n2.5,NA\nNA,4\n", "student_t", "rows: 'a missing value in every row'"),
    "a time below 0": (b"t,seen\n-1.5,1\n2,0\n", "censored_exponential", "column t: -1.5 is not valid"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_a_model_cannot_take_is_named(case):
    content, model, said = WRONG[case]
    table = read(content)
    with pytest.raises(InvalidExperiment) as error:
        only(table, model, *[column.name for column in table.columns])
    assert said in str(error.value) and "\n" not in str(error.value)


def test_odd_cells_count_as_missing_where_the_reader_says_so():
    table = read(b"a,b\n1.5,2\nx,3\n2.5,5\n")
    assert only(table, "student_t", "a", "b", odd=True).data == {"values": [[1.5, 2], [2.5, 5]]}


def test_fewer_tosses_than_heads_are_refused():
    table = read(b"heads\n5\n9\n8\n")
    assert only(table, "binomial_mixture", "heads").settings == {"trials": 9}
    with pytest.raises(InvalidExperiment, match="tosses: 8 is not valid; expected at least 9"):
        only(table, "binomial_mixture", "heads", trials=8)


def test_the_first_choice_leaves_out_what_is_no_measurement():
    table = read(b"id,x,same,when,n\n1,1.5,2,2024-01-01,4\n2,2.5,2,2024-01-02,9\n3,4.5,2,2024-01-03,4\n")
    assert usual(table) == ["x", "n"]
    assert usual(read(b"kind\na\nb\na\n")) == ["kind"]


def test_more_points_than_the_page_takes_are_refused_with_the_size():
    table = read(b"a;b;c\n" + b"".join(b"%d,5;%d,25;%d,5\n" % (i % 7, i % 5, i % 11) for i in range(100_000)))
    session = EmSession.opened({})
    before = session.run
    with pytest.raises(InvalidExperiment, match="data: '600,000 numbers"):
        session.bring(only(table, "incomplete_gaussian", "a", "b", "c"))
    assert session.run is before and not session.settings.imported
