"""Gradient ascent on log p, without any q, is E and then G; its slopes come from values of log p alone.

With minibatches it is E and then S.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from em_core import datasets
from em_core.files.experiment import Experiment
from em_core.kinds import allowed
from em_core.models import MODELS
from em_core.observe import climb as climbing
from em_core.observe import race
from em_core.observe.climb import Climber, StochasticClimber, climb
from em_core.observe.differences import Slopes
from tests.attack import thinned
from tests.core.cases import INTERIOR
from tests.core.making import fields_of
from tests.core.race.shared import BY_NAME, STARTS, WITHOUT_COORDINATES, run
from tests.core.test_info import DICTIONARY

ORDINARY = ["linkage_197_animals", "abo_blood_groups_521_people", "binomial_free_weights", "gaussian_full_1d_k2"]
ORDINARY += ["student_t_one_column", "sigmoid_belief_net_one_cause", "censored_exponential_lifetimes"]
ORDINARY += ["poisson_mixture_counts", "factor_analysis_isotropic_3d_l3", "regression_mixture_lines"]
ORDINARY += ["bernoulli_mixture_structural", "hidden_markov_gaussian_left_right", "incomplete_gaussian_murray"]
ORDINARY += ["coin_of_unknown_origin_two_hills"]


@pytest.mark.parametrize("case", thinned(INTERIOR, ORDINARY[::2]), ids=str)
def test_it_coincides_with_eg(case):
    """Fifty steps from the start, each from where the one before led: errors had time to grow."""
    found = climb(case.experiment(), 50, longest=60)
    beside = run(case.experiment(), "EG", 50)
    assert len(found.log_evidence) == 51 and found.why == ""
    heights = [beside.log_evidence[index] for index in beside.rounds]
    differences = np.abs(np.array(found.log_evidence) - heights) / np.maximum(1, np.abs(heights))
    assert race.difference(found, beside) == differences.max() < 1e-10
    assert max(heights) - heights[0] > 1e-4


def test_steps_that_overshoot_coincide_too():
    """log p falls from 58 to −286,013, and climbs again: the widths of differences change by powers of ten."""
    known = datasets.load("nitric_oxide")
    raw = {"model": "regression_mixture", "settings": dict(known.settings), "data": {"dataset": known.name}}
    experiment = Experiment.parse({**raw, "start": dict(known.start), "schedule": "EM"})
    found, beside = climb(experiment, 30), run(experiment, "EG", 30)
    assert min(found.log_evidence) < -1e5 < 50 < found.log_evidence[0]
    assert race.difference(found, beside) < 1e-9


# a few units each, so that minibatches differ; small steps, for they are those of a small part of the data
FEW = {"S": {"batch": 3, "step": 0.02}}


@pytest.mark.parametrize("case", thinned([case for case in INTERIOR if "S" in case.moves], ORDINARY[1::2]), ids=str)
def test_with_the_same_minibatches_it_coincides_with_es(case):
    experiment = case.experiment(moves=FEW)
    found = climb(experiment, 12, longest=60, climbing=StochasticClimber)
    beside = run(experiment, "ES", 12)
    assert len(found.log_evidence) == 13 and found.why == ""
    assert race.difference(found, beside) < 1e-9
    assert len(set(found.log_evidence)) > 10


def test_every_model_that_draws_units_has_a_case_of_it():
    """So the property holds for each; the others say why they make no S."""
    kept = {BY_NAME[name].raw["model"] for name in ORDINARY}
    assert kept == {name for name, model in MODELS.items() if {"E", "S"} <= set(allowed(model))}


@pytest.mark.parametrize(
    ("name", "climbing"),
    [("gaussian_full_2d_k2", Climber), *((name, StochasticClimber) for name in ORDINARY)],
)
def test_it_asks_for_no_posterior_and_no_gradient(name, climbing):
    experiment = BY_NAME[name].experiment(moves=FEW)
    kind = type(experiment.model)

    def refuse(*rest):
        raise AssertionError("asked for")

    asked = {name: refuse for name in ("posterior", "gradient", "expected_log_joint", "maximize", "kl", "entropy")}
    blind = replace(experiment, model=type("Blind", (kind,), asked)(**fields_of(experiment.model)))
    assert len(climb(blind, 1, climbing=climbing).log_evidence) == 2
    with pytest.raises(AssertionError, match="asked for"):
        run(blind, f"E{climbing.letter}", 1)


def test_it_draws_the_units_that_es_draws_and_others_in_every_round(monkeypatch):
    experiment = BY_NAME["gaussian_full_2d_k2"].experiment(moves=FEW)
    kind, drawn = type(experiment.model), []
    draw = kind.minibatch

    def noting(*arguments):
        part, q, found = draw(*arguments)
        drawn.append(tuple(found.rows))
        return part, q, found

    monkeypatch.setattr(kind, "minibatch", noting)
    climb(experiment, 4, climbing=StochasticClimber)
    run(experiment, "ES", 4)
    assert drawn[:4] == drawn[4:] and len(set(drawn)) == 4


def test_its_step_size_is_that_of_g_and_by_unit():
    case = BY_NAME["binomial_two_coins"]
    start, model = case.model.to_vector(case.theta), case.model
    for step in (0.3, 0.02):
        first = climb(case.experiment(moves={"G": {"step": step}}), 1).log_evidence[1]
        slope = model.gradient(case.data, case.theta, model.posterior(case.data, case.theta)) / case.n_units
        theta = model.from_vector(start + step * slope, case.theta)
        assert first == pytest.approx(model.log_evidence(case.data, theta), rel=1e-12)


def test_it_is_there_whether_or_not_eg_races():
    experiment = BY_NAME["linkage_197_animals"].experiment()
    with_eg, without = race.race(experiment, ["EG", "EM"], 9), race.race(experiment, ["EM", "EN"], 9)
    assert with_eg.ascent == without.ascent and len(without.ascent.log_evidence) == 10
    assert with_eg.from_eg == without.from_eg < 1e-9


def test_what_takes_too_long_is_left_out_before_it_begins():
    experiment = BY_NAME["gaussian_full_2d_k3"].experiment()
    begun = time.perf_counter()
    found = climb(experiment, 5000, longest=0.5)
    assert found.log_evidence == () and "17 coordinates would take longer than 0.5 s (about" in found.why
    assert time.perf_counter() - begun < 5


def test_and_cut_off_where_that_was_not_foreseen(monkeypatch):
    monkeypatch.setattr(climbing.Climber, "seconds", lambda self, steps: 0.0)
    found = climb(BY_NAME["gaussian_full_2d_k3"].experiment(), 5000, longest=0.3)
    assert found.log_evidence == () and found.why.endswith("would take longer than 0.3 s")


@pytest.mark.parametrize(
    ("experiment", "words", "why"),
    [
        (lambda: WITHOUT_COORDINATES.experiment(), ["EM", "HM"], "from the start: the weight of component 3 is 0"),
        (lambda: Experiment.parse({**DICTIONARY, "schedule": "HM"}), ["HM", "HC"], "no log p in closed form"),
    ],
    ids=["boundary", "dictionary"],
)
def test_where_there_is_none_it_says_why(experiment, words, why):
    found = race.race(experiment(), words, 2)
    told = race.report(found)
    assert told["gradient_ascent"] is None and why in told["why"] and found.from_eg is None


def test_a_step_out_of_the_numbers_ends_it_there():
    raw = {**STARTS["gaussian_mixture"], "schedule": "E", "moves": {"G": {"step": 1e4}}}
    found = climb(Experiment.parse(raw), 20)
    assert 1 <= len(found.log_evidence) < 21 and "log p is not finite" in found.why


def test_slopes_of_what_is_known():
    """Of sizes from 1e-6 to 1e6, beside a wall, and flat far out on both sides."""
    scales = np.array([1e-6, 1.0, 1e6])

    def function(x):
        return float(np.sum(np.sin(x / scales)) + 1e-3 * np.exp(-((x[0] / 1e-6) ** 2)))

    place = np.array([0.3e-6, 0.7, 2e6])
    slopes = Slopes(function)
    for _ in range(3):
        bump = np.array([-2 * 1e-3 * 0.3 / 1e-6 * np.exp(-0.09), 0, 0])
        np.testing.assert_allclose(slopes.at(place), np.cos(place / scales) / scales + bump, rtol=1e-8)
    assert Slopes(lambda x: np.sqrt(x[0]) if x[0] > 0 else np.nan).at(np.array([1e-3])) == pytest.approx(
        0.5 / np.sqrt(1e-3), rel=1e-9
    )
    bell = Slopes(lambda x: float(np.exp(-((x[0] / 1e-4) ** 2) / 2)))
    assert bell.at(np.array([1e-4])) == pytest.approx(-np.exp(-0.5) / 1e-4, rel=1e-8)
    parabola = Slopes(lambda x: float(3 * x[0] ** 2))
    for place in (1.0, 2.0, 5.0):
        assert [parabola.at(np.array([place]))[0] for _ in range(12)] == pytest.approx([6 * place] * 12, rel=1e-9)


def test_eg_and_ascent_are_compared_after_equally_many_steps():
    experiment = BY_NAME["linkage_197_animals"].experiment()
    found = climb(experiment, 6)
    late = run(experiment, "EG", 6)
    moved = replace(late, log_evidence=tuple(height + 1e-3 * (i == 6) for i, height in enumerate(late.log_evidence)))
    assert race.difference(found, moved) == pytest.approx(1e-3 / abs(late.log_evidence[6]), rel=1e-3)
