"""Whatever an experiment file holds, the answer is a result without NaN or one clear line."""

from __future__ import annotations

import copy
import json
import math

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.report import finite, report
from em_core.trajectory import run
from tests.core.cases import CASES, belief_net, binomial, factors, gaussian, linkage

SMALL = {"weights": [0.5, 0.5], "probabilities": [0.6, 0.5]}
DRAWN = [
    ("poisson_mixture", "times_deaths"),
    ("regression_mixture", "nitric_oxide"),
    ("abo_blood_groups", "abo"),
    ("student_t", "stackloss"),
    ("censored_exponential", "remission"),
    ("incomplete_gaussian", "murray"),
]
BASES = [
    *(gaussian(shape, d, 2, 6).raw for shape in ("full", "tied", "diag", "spherical") for d in (1, 2)),
    gaussian("full", 2, 3, 7, fixed=("covariances",)).raw,
    binomial("", 10, [5, 9, 8, 4, 7], SMALL, SMALL).raw,
    linkage("", [125, 18, 20, 34], 0.5, 0.3).raw,
    *(
        case.raw
        for case in CASES
        if case.raw["model"] not in ("gaussian_mixture", "binomial_mixture", "linkage") and len(str(case.raw)) < 1000
    ),
    *({"model": name, "data": {"dataset": dataset}, "seed": 5} for name, dataset in DRAWN),
    *(factors(noise, 3, 2, 5).raw for noise in ("diagonal", "isotropic")),
    belief_net("", 2, [[0, 1, 1], [1, 0, 0], [1, 1, 0]]).raw,
    {"model": "factor_analysis", "settings": {"n_factors": 2}, "data": {"values": [[1, 2], [2, 5], [4, 3], [0, 1]]}},
    *(
        {
            "model": "hidden_markov",
            "settings": {"emission": emission, "n_states": 2},
            "data": {"sequences": [[1, 0, 3, 2], [2]]},
        }
        for emission in ("gaussian", "poisson", "categorical")
    ),
    {"model": "sigmoid_belief_net", "settings": {"n_hidden": 2}, "data": {"values": [[0, 1], [1, 1], [0, 0]]}},
    {"model": "gaussian_mixture", "data": {"dataset": "old_faithful", "standardize": True}, "seed": 3},
    {
        "model": "gaussian_mixture",
        "settings": {"n_components": 3},
        "data": {
            "generator": "blobs",
            "n_points": 12,
            "separation": 2.0,
            "seed": 1,
            "n_clusters": 2,
            "n_dimensions": 2,
        },
    },
    {"model": "binomial_mixture", "settings": {"trials": 10, "fixed_weights": True}, "data": {"dataset": "two_coins"}},
]
WORDS = st.sampled_from(
    ["E", "EM", "EMEM", "EG", "EGB", "EBM", "(EM)3", "E(GB)2M", "MEG", "E(NLS)2AA", "(EC)3EN"]
    + ["HMHM", "HBE", "E(PM)3", "T(PM)2", "(TM)3", "HPEM", "HTGP2", "VMV", "(HVPT)2M"]
)
ODD = st.sampled_from(
    [
        *(0, 1, -1, 2, 3, 1.5, 60, 1e-8, 1e-30, 1e-160, 1e-200, 1e-320, 5e-324, 1e8, 1e16, 1e100, 1e154, 1e160),
        *(1e300, 1e308, -1e308, 10**400, -(10**400), 2**63, 2**64, math.nan, math.inf, -math.inf, True, False, None),
        *("", "full", "1", "NaN", "E", "a\nb", "\ud800", [], [[]], [0], [1.0], {}, {"a": 1}, [[[]]], [None], ["x"]),
        *([0.5, 0.5], [1.0, 0.0], [[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]], [1e308, 1e308]),
    ]
)


def places(value, path=()):
    """Every place in a nested value, as a path of keys."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield from places(entry, (*path, key))


@st.composite
def damaged(draw):
    """A valid experiment with one to three entries replaced, removed, doubled, rescaled or added."""
    raw = copy.deepcopy(draw(st.sampled_from(BASES)))
    raw["schedule"] = draw(WORDS)
    raw["moves"] = {"G": {"step": 0.1}, "B": {"step": 1.0}}
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(raw))))
        if not path:
            continue
        holder = raw
        for key in path[:-1]:
            holder = holder[key]
        key = path[-1]
        change = draw(st.sampled_from(["replace", "replace", "replace", "remove", "double", "rescale", "add"]))
        if change == "replace":
            holder[key] = copy.deepcopy(draw(ODD))
        elif change == "remove":
            del holder[key]
        elif change == "double" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        elif change == "rescale":
            factor = draw(st.sampled_from([1e-300, 1e-160, 1e-80, 1e-9, -1.0, 1e9, 1e80, 1e155, 1e300]))
            holder[key] = rescaled(holder[key], factor)
        elif change == "add" and isinstance(holder, dict):
            holder[draw(st.sampled_from(["extra", "a\nb", "q_at", "values", "", "start"]))] = copy.deepcopy(draw(ODD))
    return raw


def rescaled(value, factor):
    if isinstance(value, list):
        return [rescaled(entry, factor) for entry in value]
    if isinstance(value, dict):
        return {key: rescaled(entry, factor) for key, entry in value.items()}
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300:
        return value * factor
    return value


def numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from numbers(entry)
    elif isinstance(value, float):
        yield value


def survives(raw):
    """Run it: a report in strict JSON without NaN, or an `InvalidExperiment` of one line."""
    try:
        experiment = Experiment.parse(raw)
    except InvalidExperiment as error:
        text = str(error)
        assert len(text.splitlines()) == 1 and text.isprintable(), text
        return None
    result = report(experiment, run(experiment))
    assert not any(math.isnan(number) for number in numbers(result))
    for step in result["half_steps"]:
        assert all(math.isfinite(number) for number in numbers(step["parameters"])), step
        assert math.isfinite(step["log_evidence"]), step
        assert step["kl"] is None or step["kl"] >= 0, step
    json.loads(json.dumps(finite(result), allow_nan=False))
    return result


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(damaged())
def test_a_damaged_experiment_gives_a_result_without_nan_or_one_clear_line(raw):
    survives(raw)
