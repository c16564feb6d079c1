"""docs/teaching.md: which lessons fit a plan, and the questions after the first seven, with what the core computes."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from ui.lessons.library import library
from ui.lessons.observed import rows

TEXT = (Path(__file__).parents[2] / "docs" / "teaching.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*)\n((?:(?!## ).*\n?)*)", TEXT, re.MULTILINE))
FITTING, STAYED = SECTIONS["Which lessons fit"], SECTIONS["Three questions to see what stayed"]
LESSONS = library([]).lessons

COINS = {
    "model": "binomial_mixture",
    "settings": {"trials": 3, "fixed_weights": True},
    "data": {"successes": [2, 3, 0]},
    "start": {"weights": [0.5, 0.5], "probabilities": [0.8, 0.4]},
    "schedule": "EM",
}
DICE = {
    "model": "hidden_markov",
    "settings": {"emission": "categorical", "n_states": 2},
    "data": {"dataset": "casino"},
    "schedule": "EME",
    "seed": 0,
}
ANIMALS = {"model": "linkage", "data": {"dataset": "linkage"}, "start": {"theta": 0.2}}
MAXIMA = {**ANIMALS, "schedule": "EMMM"}
SLOPES = {**ANIMALS, "schedule": "EGGG", "moves": {"G": {"step": 0.1}}}


@cache
def share(heads):
    """Of coin A in a set of three tosses, by Bayes' rule."""
    a, b = (p**heads * (1 - p) ** (3 - heads) for p in (0.8, 0.4))
    return a / (a + b)


# each number that the answers compute
COMPUTED = {
    "0.571": lambda: share(2),
    "0.889": lambda: share(3),
    "0.036": lambda: share(0),
    "1.496": lambda: share(2) + share(3) + share(0),
    "0.849": lambda: rows(COINS)[2]["probabilities[0]"],
    "−4.525": lambda: rows(COINS)[1]["log_evidence"],
    "−4.185": lambda: rows(COINS)[2]["log_evidence"],
    "−573.809": lambda: rows(DICE)[1]["log_evidence"],
    "−529.353": lambda: rows(DICE)[3]["elbo"],
    "−531.461": lambda: rows(DICE)[2]["elbo"],
    "2.108": lambda: rows(DICE)[2]["gap"],
    "0.544": lambda: rows(MAXIMA)[4]["theta"],
    "0.0007": lambda: rows(SLOPES)[2]["gap"],
    "0.0028": lambda: rows(SLOPES)[3]["gap"],
    "0.0062": lambda: rows(SLOPES)[4]["gap"],
}
# and those that are given
GIVEN = {"0.8", "0.4", "0.2", "0.6", "0.1"}


def test_every_lesson_is_named_with_its_title_beside_steps_of_the_plans():
    named = re.findall(r"([^|(]+?) \(`([\w-]+)`\)", FITTING)
    assert sorted(name for _, name in named) == sorted(LESSONS)
    for title, name in named:
        assert title.removeprefix(",").strip() == LESSONS[name].title
    steps = re.findall(r"^\| ([^|]+) \| [^|]+\(`", FITTING, re.MULTILINE)
    headings = re.findall(r"^### (.*) \(\d+ minutes\)$", TEXT, re.MULTILINE)
    for step in steps[1:]:
        assert set(step.split("; ")) <= set(headings), step


def test_there_are_three_questions_each_with_its_answer():
    assert len(re.findall(r"^\d\. \*\*", STAYED, re.MULTILINE)) == STAYED.count("*Answer.*") == 3


def test_every_number_of_an_answer_is_computed():
    assert set(re.findall(r"−?\d+\.\d+", STAYED)) == {*COMPUTED, *GIVEN}


@pytest.mark.parametrize("text", COMPUTED)
def test_a_number_of_an_answer_is_what_the_core_computes(text):
    places = len(text.partition(".")[2])
    assert f"{COMPUTED[text]():.{places}f}".replace("-", "−") == text


def test_the_facts_behind_the_answers_hold():
    coins, dice, maxima, slopes = map(rows, (COINS, DICE, MAXIMA, SLOPES))
    assert coins[0]["log_evidence"] == coins[1]["log_evidence"] < coins[2]["log_evidence"]
    assert dice[2]["log_evidence"] == dice[3]["log_evidence"] and abs(dice[3]["gap"]) < 1e-9
    assert maxima[2]["theta"] == pytest.approx(maxima[4]["theta"], rel=1e-12)
    assert all(row["log_evidence"] >= row["elbo"] > slopes[1]["log_evidence"] for row in slopes[2:])
