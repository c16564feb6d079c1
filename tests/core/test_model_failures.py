"""Where a half-step of these models cannot be made there is an event; what a file must not hold is named."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from em_core import trajectory as run
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from tests.core.cases import CASES

RAW = {case.name: {**case.raw, "schedule": "E"} for case in CASES}
POISSON, FREQUENCIES = RAW["poisson_mixture_counts"], RAW["poisson_mixture_frequencies"]
PICTURES, LINES = RAW["bernoulli_mixture_pictures"], RAW["regression_mixture_lines"]
ABO, LIFETIMES = RAW["abo_blood_groups_521_people"], RAW["censored_exponential_lifetimes"]
STUDENT, MURRAY = RAW["student_t_outliers"], RAW["incomplete_gaussian_murray"]
FACTORS, PPCA = RAW["factor_analysis_diagonal_4d_l2"], RAW["factor_analysis_isotropic_3d_l1"]
CHAIN, COUNTS = RAW["hidden_markov_gaussian_two_states"], RAW["hidden_markov_poisson_three_states"]
SYMBOLS, NET = RAW["hidden_markov_categorical_structural"], RAW["sigmoid_belief_net_three_causes"]
REMOVED = object()


def changed(raw, path, value):
    raw = copy.deepcopy(raw)
    *outer, final = path.split(".")
    holder = raw
    for key in outer:
        holder = holder[key]
    if value is REMOVED:
        del holder[final]
    else:
        holder[final] = value
    return raw


# base, what changes, its new value, the field that must be named
BAD = [
    (FACTORS, "settings.noise", "spherical", "settings.noise"),
    (FACTORS, "settings.n_factors", 0, "settings.n_factors"),
    (FACTORS, "settings.n_factors", 3, "start.loadings"),
    (FACTORS, "data.values", [[1.0, 2.0], [3.0]], "data.values"),
    (FACTORS, "data.values", [[1.0, 2.0, 3.0, 4.0], [1.0, 0.0, None, 1.0]], "data.values[1][2]"),
    (FACTORS, "start.mean", [0.0], "start.mean"),
    (FACTORS, "start.loadings", [[1.0] * 5] * 4, "start.loadings"),
    (FACTORS, "start.noise_variances", [1.0, 1.0, 0.0, 1.0], "start.noise_variances[2]"),
    (FACTORS, "start.noise_variances", 1.0, "start.noise_variances"),
    (FACTORS, "start.noise_variances", [1.0, 1.0, 5e-324, 1.0], "start"),
    (PPCA, "start.noise_variances", -1.0, "start.noise_variances"),
    (PPCA, "start.noise_variances", [1.0] * 3, "start.noise_variances"),
    ({**FACTORS, "start": None}, "settings.n_factors", 5, "settings.n_factors"),
    ({**FACTORS, "start": None}, "data.values", [[1.0, 2.0], [1.0, 3.0]], "data.values"),
    (CHAIN, "settings.emission", "student", "settings.emission"),
    (CHAIN, "settings.n_states", 3, "start.start_probabilities"),
    (CHAIN, "data.sequences", [], "data.sequences"),
    (CHAIN, "data.sequences", [[]], "data.sequences[0]"),
    (CHAIN, "data.sequences", [1.0, 2.0], "data.sequences[0]"),
    (CHAIN, "data.sequences", [[1.0], [2.0, None]], "data.sequences[1][1]"),
    (CHAIN, "start.start_probabilities", [0.6, 0.6], "start.start_probabilities"),
    (CHAIN, "start.start_probabilities", [1.2, -0.2], "start.start_probabilities[0]"),
    (CHAIN, "start.transition_matrix", [[0.5, 0.5], [0.5, 0.6]], "start.transition_matrix[1]"),
    (CHAIN, "start.transition_matrix", [[0.5, 0.5]], "start.transition_matrix"),
    (CHAIN, "start.variances", [1.0, 0.0], "start.variances[1]"),
    (CHAIN, "start.rates", [1.0, 2.0], "start.rates"),
    (COUNTS, "data.sequences", [[1, 2.5]], "data.sequences[0][1]"),
    (COUNTS, "data.sequences", [[1], [-1]], "data.sequences[1][0]"),
    (COUNTS, "start.rates", [1.0, -1.0, 2.0], "start.rates[1]"),
    ({**COUNTS, "start": None}, "data.sequences", [[0, 0]], "data.sequences"),
    (SYMBOLS, "data.sequences", [[0, 3]], "start.probabilities"),
    (SYMBOLS, "data.sequences", [[0, 1000]], "data.sequences[0][1]"),
    (SYMBOLS, "start.probabilities", [[0.5, 0.5, 0.0], [0.5, 0.6, 0.0]], "start.probabilities[1]"),
    (SYMBOLS, "start.probabilities", [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]], "start"),
    (NET, "settings.n_hidden", 13, "settings.n_hidden"),
    (NET, "settings.n_hidden", 2, "start.hidden_biases"),
    (NET, "data.values", [[0, 1, 1, 0, 2]], "data.values[0][4]"),
    (NET, "start.hidden_biases", [0.0] * 13, "start.hidden_biases"),
    (NET, "start.weights", [[0.0] * 3], "start.weights"),
    (NET, "start.visible_biases", [0.0], "start.visible_biases"),
    ({**NET, "settings": {"n_hidden": 12}, "start": None}, "data.values", [0] * 5000, "data.values"),
    (POISSON, "data.counts", [1, 2.5], "data.counts[1]"),
    (POISSON, "data.counts", [1, -2], "data.counts[1]"),
    (POISSON, "data.counts", [], "data.counts"),
    (POISSON, "data.counts", [[1], [2]], "data.counts"),
    (POISSON, "data.frequencies", [1, 2], "data.frequencies"),
    (POISSON, "start.rates", [1.0, -1.0], "start.rates[1]"),
    (POISSON, "start.rates", [1.0], "start.rates"),
    (POISSON, "start.rates", [0.0, 0.0], "start"),
    (POISSON, "settings.trials", 3, "settings.trials"),
    (FREQUENCIES, "data.frequencies", [0] * 6, "data.frequencies"),
    (FREQUENCIES, "data.frequencies", [1, 1, 1, 1, 1, -1], "data.frequencies[5]"),
    (FREQUENCIES, "data.frequencies", [1, 1, 0.5, 1, 1, 1], "data.frequencies[2]"),
    (PICTURES, "data.values", [[0, 1], [2, 0]], "data.values[1][0]"),
    (PICTURES, "data.values", [[0, 1], [1]], "data.values"),
    (PICTURES, "data.values", [[0, True]], "data.values[0][1]"),
    (PICTURES, "data.values", [[0, None]], "data.values[0][1]"),
    (PICTURES, "start.probabilities", [[0.5] * 5, [0.5, 0.5, 1.5, 0.5, 0.5]], "start.probabilities[1][2]"),
    (PICTURES, "start.probabilities", [0.5, 0.5], "start.probabilities"),
    (PICTURES, "start.probabilities", [[0.0] * 5] * 2, "start"),
    (LINES, "data.targets", [1.0], "data.targets"),
    (LINES, "data.targets", REMOVED, "data.targets"),
    (LINES, "data.inputs", [[1.0, 2.0], [3.0]], "data.inputs"),
    (LINES, "data", {"inputs": [1.0, 2.0], "targets": [0.0, None]}, "data.targets[1]"),
    (LINES, "data", {"inputs": [[1.0, 2.0]], "targets": [0.0]}, "data.inputs"),
    (LINES, "start.coefficients", [[0.0], [1.0]], "start.coefficients"),
    (LINES, "start.variances", [1.0, 0.0], "start.variances[1]"),
    (ABO, "data.counts", [186, 38, 13, 284], "data.counts"),
    (ABO, "data.counts", {"A": 1, "B": 2, "AB": 3}, "data.counts.O"),
    (ABO, "data.counts", {"A": 1, "B": 2, "AB": 3, "O": -1}, "data.counts.O"),
    (ABO, "data.counts", {"A": 1.5, "B": 2, "AB": 3, "O": 1}, "data.counts.A"),
    (ABO, "data.counts", {"A": 1, "B": 2, "AB": 3, "O": 1, "C": 1}, "data.counts.C"),
    (ABO, "data.counts", {"A": 0, "B": 0, "AB": 0, "O": 0}, "data.counts"),
    (ABO, "start.A", 1.5, "start.A"),
    (ABO, "start.A", [0.3], "start.A"),
    (ABO, "start.O", 0.4, "start.O"),
    (ABO, "start", {"A": 0.0, "B": 0.5, "O": 0.5}, "start"),
    (LIFETIMES, "data.times", [6, -6], "data.times[1]"),
    (LIFETIMES, "data.observed", [True], "data.observed"),
    (LIFETIMES, "data.observed", [1] * 7, "data.observed[0]"),
    (LIFETIMES, "data.observed", "true", "data.observed"),
    (LIFETIMES, "data.observed", REMOVED, "data.observed"),
    (LIFETIMES, "start.mean", 0, "start.mean"),
    (LIFETIMES, "start.mean", [10.0], "start.mean"),
    (STUDENT, "settings.degrees_of_freedom", 0, "settings.degrees_of_freedom"),
    (STUDENT, "settings.degrees_of_freedom", 1e10, "settings.degrees_of_freedom"),
    (STUDENT, "settings.degrees_of_freedom", "many", "settings.degrees_of_freedom"),
    (STUDENT, "data.values", [[1.0, None]], "data.values[0][1]"),
    (STUDENT, "start.scale_matrix", [[1.0, 2.0], [2.0, 1.0]], "start.scale_matrix"),
    (STUDENT, "start.scale_matrix", [[1.0, 0.5], [0.0, 1.0]], "start.scale_matrix"),
    (STUDENT, "start.location", [1.0], "start.location"),
    (MURRAY, "data.values", [[1, 2], [None, None]], "data.values[1]"),
    (MURRAY, "data.values", [[1, None], [2, None]], "data.values"),
    (MURRAY, "data.values", [[1, "NA"], [2, 3]], "data.values[0][1]"),
    (MURRAY, "data.values", [[1, float("nan")], [2, 3]], "data.values[0][1]"),
    (MURRAY, "data.values", [[1, None], None], "data.values"),
    (MURRAY, "data.values", [[1, None], [2]], "data.values"),
    (MURRAY, "data.values", [None, None], "data.values[0]"),
    (MURRAY, "data.values", None, "data.values"),
    (MURRAY, "start.covariance", [[1.0, 1.0], [1.0, 1.0]], "start.covariance"),
    (MURRAY, "start.mean", [None, 0.0], "start.mean[0]"),
]


@pytest.mark.parametrize(("base", "path", "value", "field"), BAD)
def test_bad_input_names_the_field(base, path, value, field):
    with pytest.raises(InvalidExperiment) as caught:
        Experiment.parse(changed(base, path, value))
    text = str(caught.value)
    assert text.startswith(f"{field}: ") and " is not valid; expected " in text and text.isprintable(), text


# ---- half-steps that cannot be made ------------------------------------------------------------------------
def stops(raw, schedule):
    trajectory = run.run(Experiment.parse({**raw, "schedule": schedule}))
    assert trajectory.last.stopped and trajectory.last.after is trajectory.last.before
    (event,) = trajectory.last.events
    assert all(np.isfinite(list(event.numbers.values())))
    return trajectory.moves, event.kind


def start(raw, data=None, **parameters):
    return {**raw, "data": data or raw["data"], "start": parameters}


@pytest.mark.parametrize("name", ["poisson_mixture_counts", "bernoulli_mixture_pictures", "regression_mixture_lines"])
def test_a_weight_of_zero_has_no_m_step_and_no_gradient(name):
    raw = RAW[name]
    parameters = {**raw["start"], "weights": [1.0, 0.0]}
    del parameters["q_at"]
    assert stops({**raw, "start": parameters}, "EM") == ("EM", "lost_component")
    assert stops({**raw, "start": parameters}, "EG") == ("EG", "boundary")


def test_a_line_through_its_points_is_singular():
    data = {"inputs": [1.0, 2.0, 3.0, 4.0], "targets": [2.0, 4.0, 6.0, 8.0]}
    raw = start(LINES, data, weights=[1.0], coefficients=[[1.0]], variances=[1.0])
    assert stops(raw, "EM") == ("EM", "singular_covariance")


def test_dependent_inputs_do_not_determine_a_line():
    data = {"inputs": [[1.0, 2.0], [2.0, 4.0], [3.0, 6.0], [4.0, 8.0]], "targets": [1.0, 0.0, 2.0, 1.0]}
    raw = start(LINES, data, weights=[1.0], coefficients=[[1.0, 1.0]], variances=[1.0])
    assert stops(raw, "EM") == ("EM", "singular_inputs")
    raw["data"]["inputs"] = [[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [4.0, 0.0]]
    assert stops(raw, "EM") == ("EM", "singular_inputs")


def test_points_on_a_line_have_a_singular_scale_matrix():
    data = {"values": [[0.0, 0.0], [1.0, 1.0], [3.0, 3.0]]}
    eye = [[1.0, 0.0], [0.0, 1.0]]
    assert stops(start(STUDENT, data, location=[0.0, 0.0], scale_matrix=eye), "EM") == ("EM", "singular_covariance")
    assert stops(start(MURRAY, data, mean=[0.0, 0.0], covariance=eye), "EM") == ("EM", "singular_covariance")


def test_lifetimes_of_zero_have_no_mean():
    raw = start(LIFETIMES, {"times": [0.0, 0.0], "observed": [True, True]}, mean=1.0)
    assert stops(raw, "EM") == ("EM", "zero_mean")


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (start(POISSON, {"counts": [0, 0]}), "data.counts"),
        (start(LINES, {"inputs": [1.0, 2.0, 3.0], "targets": [2.0, 4.0, 6.0]}), "data"),
        (start(STUDENT, {"values": [[0.0, 0.0], [1.0, 1.0], [3.0, 3.0]]}), "data.values"),
        (start(LIFETIMES, {"times": [0.0], "observed": [False]}), "data.times"),
        (start(MURRAY, {"values": [[1.0, 2.0], [1.0, None]]}), "data.values"),
    ],
)
def test_data_without_a_random_start_are_refused(raw, field):
    del raw["start"]
    with pytest.raises(InvalidExperiment, match=rf"^{field}: .*start"):
        Experiment.parse(raw)


# ---- what rounding alone must not do -----------------------------------------------------------------------
@pytest.mark.parametrize("tiny", [1e-17, 1e-200, 1e-310, 1e-323])
def test_probabilities_and_rates_reach_no_bound_by_rounding(tiny):
    """A component that all but excludes a value keeps it possible: 0 and 1 would be structural."""
    raw = start(PICTURES, {"values": [0] * 30 + [1]}, weights=[0.5, 0.5], probabilities=[[tiny], [0.9]])
    fitted = run.run(Experiment.parse({**raw, "schedule": "EM"})).last.after.theta["probabilities"]
    assert 0 < fitted[0, 0] < 1e-15
    raw = start(PICTURES, {"values": [0, 1]}, weights=[0.01, 0.99], probabilities=[[1 - 1e-16], [0.1]])
    fitted = run.run(Experiment.parse({**raw, "schedule": "EM"})).last.after.theta["probabilities"]
    assert 1 - 1e-15 < fitted[0, 0] < 1
    raw = start(POISSON, {"counts": [0] * 30 + [1, 2]}, weights=[0.5, 0.5], rates=[tiny, 1.0])
    assert 0 < run.run(Experiment.parse({**raw, "schedule": "EM"})).last.after.theta["rates"][0] < 1e-15


def test_values_that_are_never_seen_become_structural():
    raw = start(PICTURES, {"values": [[0, 1], [0, 0], [0, 1]]}, weights=[1.0], probabilities=[[0.5, 0.5]])
    trajectory = run.run(Experiment.parse({**raw, "schedule": "EMEG"}))
    assert trajectory.moves == "EMEG" and not trajectory.last.stopped
    assert trajectory.last.after.theta["probabilities"][0, 0] == 0


def test_all_censored_has_no_maximum_but_every_half_step():
    """The mean grows by the mean time at each round: a likelihood that rises for ever."""
    raw = start(LIFETIMES, {"times": [2.0, 4.0], "observed": [False, False]}, mean=1.0)
    means = [float(step.after.theta["mean"]) for step in run.run(Experiment.parse({**raw, "schedule": "(EM)4"}))]
    np.testing.assert_allclose(means[::2], [1, 4, 7, 10, 13], rtol=1e-14)
