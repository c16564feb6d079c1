"""Experiment files: complete, replayable to the last bit, and strict."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

from em_core.bound import decompose
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.report import report
from em_core.kinds import MOVES
from em_core.schedule import plan
from em_core.trajectory import extend, run, run_to_end, start
from tests.core.cases import CASES

GAUSSIAN = {
    "model": "gaussian_mixture",
    "settings": {"covariance": "full"},
    "data": {"values": [[0.1, 1.0], [1.3, 0.2], [2.0, 2.5], [3.1, 2.2], [0.4, 0.6]]},
    "start": {
        "weights": [0.5, 0.5],
        "means": [[0.0, 0.0], [3.0, 3.0]],
        "covariances": [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.2], [0.2, 1.0]]],
    },
    "schedule": "(EM)3",
    "moves": {"G": {"step": 0.1}},
    "seed": 0,
}
COINS = {
    "model": "binomial_mixture",
    "settings": {"trials": 10},
    "data": {"successes": [5, 9, 8]},
    "start": {"weights": [0.5, 0.5], "probabilities": [0.6, 0.5]},
    "schedule": "EM",
}
LINKAGE = {"model": "linkage", "data": {"counts": [125, 18, 20, 34]}, "start": {"theta": 0.5}, "schedule": "EM"}
BLOBS = {"model": "gaussian_mixture", "data": {"generator": "blobs", "n_points": 40}, "schedule": "(EM)2"}
FAITHFUL = {"model": "gaussian_mixture", "data": {"dataset": "old_faithful"}, "schedule": "(EM)2", "seed": 5}
DRAWN = [
    BLOBS,
    FAITHFUL,
    {**FAITHFUL, "settings": {"covariance": "tied", "n_components": 4}},
    {**FAITHFUL, "data": {"dataset": "old_faithful", "standardize": True}},
    {"model": "binomial_mixture", "settings": {"trials": 10}, "data": {"dataset": "two_coins"}, "schedule": "EGB"},
    {"model": "linkage", "data": {"dataset": "linkage"}, "schedule": "EGB", "seed": 9},
]


# steps that are not the default ones: they must be in the export
STEPS = {**GAUSSIAN, "schedule": "EGEB", "moves": {"G": {"step": 0.037}, "B": {"step": 3.3}}, "seed": 4}


def through_text(value):
    return json.loads(json.dumps(value, allow_nan=False))


def results(raw):
    experiment = Experiment.parse(raw)
    return report(experiment, run(experiment))


ALL = [*(({**case.raw, "schedule": f"(E{case.moves[-1]})2E"}) for case in CASES if "M" in case.moves), *DRAWN, STEPS]


@pytest.mark.parametrize("raw", ALL)
def test_what_is_exported_replays_to_the_last_bit(raw):
    first = through_text(results(copy.deepcopy(raw)))
    again = through_text(results(first["experiment"]))
    assert again == first
    once, twice = (Experiment.parse(entry).to_json() for entry in (raw, first["experiment"]))
    assert through_text(once) == twice


@pytest.mark.parametrize("raw", DRAWN)
def test_a_drawn_start_depends_on_the_seed_alone(raw):
    starts = [Experiment.parse({**raw, "seed": seed}).to_json()["start"] for seed in (1, 1, 2)]
    assert starts[0] == starts[1] != starts[2]


def test_weights_are_used_as_given():
    raw = copy.deepcopy(COINS)
    raw["start"]["weights"] = [0.5, 0.5 + 5e-10]
    assert Experiment.parse(raw).start["weights"].tolist() == [0.5, 0.5 + 5e-10]


def test_flat_values_are_one_column():
    raw = {**GAUSSIAN, "data": {"values": [0.0, 1.0, 5.0]}}
    raw["start"] = {"weights": [0.5, 0.5], "means": [[0.0], [4.0]], "covariances": [[[1.0]], [[1.0]]]}
    column = {**raw, "data": {"values": [[0.0], [1.0], [5.0]]}}
    assert results(raw)["half_steps"] == results(column)["half_steps"]


def test_standardised_data_have_mean_0_and_variance_1():
    values = Experiment.parse(DRAWN[3]).data.values
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-13)
    np.testing.assert_allclose(values.var(axis=0), 1, rtol=1e-13)


def test_q_at_gives_the_start_a_q():
    raw = copy.deepcopy(COINS)
    raw["start"]["q_at"] = {"weights": [0.5, 0.5], "probabilities": [0.9, 0.1]}
    raw["schedule"] = "MEM"
    result = results(raw)
    opening, after_m, after_e, _ = result["half_steps"]
    assert opening["kl"] > 0.1 and opening["move"] is None
    assert after_m["move"] == "M" and after_e["kl"] == 0
    assert start(Experiment.parse(raw)).last.after.q_at["probabilities"].tolist() == [0.9, 0.1]


def test_running_to_the_end_reaches_the_reference_optimum():
    experiment = Experiment.parse({**LINKAGE, "schedule": "E"})
    trajectory = run_to_end(experiment, start(experiment), plan("EM", MOVES))
    assert float(trajectory.last.after.theta["theta"]) == pytest.approx(0.6268214978709824, rel=1e-6)
    assert trajectory.moves == "EM" * (len(trajectory) // 2) and len(trajectory) < 40
    short = run_to_end(experiment, start(experiment), plan("EM", MOVES), most=5)
    assert len(short) <= 7


# ---- what is refused ---------------------------------------------------------------------------------------
def changed(raw, path, value):
    raw = copy.deepcopy(raw)
    *outer, last = path.split(".")
    holder = raw
    for key in outer:
        holder = holder.setdefault(key, {})
    if value is REMOVED:
        del holder[last]
    else:
        holder[last] = value
    return raw


REMOVED = object()
EYE = [[1.0, 0.0], [0.0, 1.0]]
# base, what changes, its new value, the field that must be named
BAD = [
    (GAUSSIAN, "extra", 1, "extra"),
    (GAUSSIAN, "settings.extra", 1, "settings.extra"),
    (GAUSSIAN, "data.extra", 1, "data.extra"),
    (GAUSSIAN, "start.extra", 1, "start.extra"),
    (GAUSSIAN, "start.q_at", {**GAUSSIAN["start"], "extra": 1}, "start.q_at.extra"),
    (GAUSSIAN, "start.q_at", {**GAUSSIAN["start"], "q_at": {}}, "start.q_at.q_at"),
    (GAUSSIAN, "moves.Z", {}, "moves.Z"),
    (GAUSSIAN, "moves.E", {}, "moves.E"),
    (GAUSSIAN, "moves.G.size", 1, "moves.G.size"),
    (BLOBS, "data.extra", 1, "data.extra"),
    (BLOBS, "data.dataset", "old_faithful", "data.generator"),
    (BLOBS, "data.values", [[1.0, 2.0]], "data.values"),
    (FAITHFUL, "data.values", [[1.0, 2.0]], "data.values"),
    (GAUSSIAN, "line\nbreak", 1, r"line\nbreak"),
    (GAUSSIAN, "", 1, '""'),
    *((GAUSSIAN, key, REMOVED, key) for key in ("model", "data", "schedule")),
    *((GAUSSIAN, f"start.{key}", REMOVED, f"start.{key}") for key in ("weights", "means", "covariances")),
    *((GAUSSIAN, "model", value, "model") for value in ("gmm", None, 3, ["gaussian_mixture"], {}, "")),
    *((GAUSSIAN, "settings", value, "settings") for value in (None, [], "full", 3)),
    *((GAUSSIAN, "settings.covariance", value, "settings.covariance") for value in ("FULL", None, 1, ["full"])),
    *((GAUSSIAN, "settings.fixed", value, "settings.fixed") for value in ("means", ["mean"], [["means"]], None, [1])),
    *(
        (GAUSSIAN, "settings.n_components", value, "settings.n_components")
        for value in (0, -1, 2.5, "2", True, None, 51, 10**400, float("nan"), float("inf"))
    ),
    *((GAUSSIAN, "data", value, "data") for value in (None, [], "old_faithful", 3)),
    *(
        (GAUSSIAN, "data.values", value, "data.values")
        for value in ([], [[]], 3, "x", None, {}, [[1, 2], [3]], [[[1]]])
    ),
    (GAUSSIAN, "data.values", [[1.0, 2.0]] * 4 + [[1.0, True]], "data.values[4][1]"),
    (GAUSSIAN, "data.values", [[1.0, 2.0]] * 4 + [["1", 2.0]], "data.values[4][0]"),
    (GAUSSIAN, "data.values", [[1.0, float("nan")]] * 4, "data.values[0][1]"),
    (GAUSSIAN, "data.values", [[1.0, 1e308]] * 4, "data.values[0][1]"),
    (GAUSSIAN, "data.values", [[1.0, 10**400]] * 4, "data.values"),
    (GAUSSIAN, "data.values", [[1.0, 2.0]], "data.values"),
    (GAUSSIAN, "data.standardize", 1, "data.standardize"),
    (GAUSSIAN, "data", {"values": [[1.0, 2.0]] * 4, "standardize": True}, "data.values"),
    (GAUSSIAN, "data.dataset", "iris", "data.dataset"),
    (GAUSSIAN, "data.dataset", "two_coins", "data.dataset"),
    (GAUSSIAN, "data.dataset", ["old_faithful"], "data.dataset"),
    (GAUSSIAN, "data.dataset", "../old_faithful", "data.dataset"),
    (GAUSSIAN, "data.generator", "rings", "data.generator"),
    (COINS, "data.generator", "blobs", "data.generator"),
    (BLOBS, "data.n_points", 0, "data.n_points"),
    (BLOBS, "data.n_points", 10**9, "data.n_points"),
    (BLOBS, "data.separation", -1, "data.separation"),
    (BLOBS, "data.separation", "far", "data.separation"),
    (BLOBS, "data.seed", -1, "data.seed"),
    (BLOBS, "data.seed", 0.5, "data.seed"),
    (BLOBS, "data.n_clusters", 0, "data.n_clusters"),
    (BLOBS, "data.n_dimensions", 10**6, "data.n_dimensions"),
    (BLOBS, "data.n_points", 1, "data.values"),
    (GAUSSIAN, "start", [], "start"),
    (GAUSSIAN, "start", {}, "start.weights"),
    (GAUSSIAN, "start.weights", [0.5, 0.6], "start.weights"),
    (GAUSSIAN, "start.weights", [0.5, 0.5 + 2e-9], "start.weights"),
    (GAUSSIAN, "start.weights", [1.5, -0.5], "start.weights[0]"),
    (GAUSSIAN, "start.weights", [[0.5, 0.5]], "start.weights"),
    (GAUSSIAN, "start.weights", [], "start.weights"),
    (GAUSSIAN, "start.weights", [1.0], "start.means"),
    (GAUSSIAN, "start.means", [[0.0], [1.0]], "start.means"),
    (GAUSSIAN, "start.means", [0.0, 1.0], "start.means"),
    (GAUSSIAN, "start.means", [[0.0, None], [1.0, 1.0]], "start.means[0][1]"),
    (GAUSSIAN, "start.covariances", EYE, "start.covariances"),
    (GAUSSIAN, "start.covariances", [EYE, [[1.0, 2.0], [2.0, 1.0]]], "start.covariances[1]"),
    (GAUSSIAN, "start.covariances", [[[1.0, 0.5], [0.0, 1.0]], EYE], "start.covariances[0]"),
    (GAUSSIAN, "start.covariances", [EYE, [[0.0, 0.0], [0.0, 0.0]]], "start.covariances[1]"),
    (GAUSSIAN, "start.covariances", [EYE, [[1.0, 1.0], [1.0, 1.0]]], "start.covariances[1]"),
    (GAUSSIAN, "start.q_at", [], "start.q_at"),
    (GAUSSIAN, "start.q_at", {}, "start.q_at.weights"),
    (COINS, "start.q_at", {"weights": [1.0], "probabilities": [0.5]}, "start.q_at.weights"),
    (COINS, "start.q", 0.5, "start.q"),
    *((LINKAGE, "start.q", value, "start.q") for value in (-0.1, 1.1, None, True, "0.5", [0.5], float("nan"), 10**400)),
    (LINKAGE, "start", {"theta": 0.5, "q": 0.5, "q_at": {"theta": 0.5}}, "start.q"),
    (LINKAGE, "start", {"theta": 0.5, "q_at": {"theta": 0.5, "q": 0.5}}, "start.q_at.q"),
    (COINS, "settings.trials", 0, "settings.trials"),
    (COINS, "settings.trials", REMOVED, "settings.trials"),
    (COINS, "settings.trials", 8, "data.successes[1]"),
    (COINS, "settings.fixed_weights", 1, "settings.fixed_weights"),
    (COINS, "data.successes", [5, 11], "data.successes[1]"),
    (COINS, "data.successes", [5, 2.5], "data.successes[1]"),
    (COINS, "data.successes", [[5]], "data.successes"),
    (COINS, "start.probabilities", [0.6, 1.1], "start.probabilities[1]"),
    (COINS, "start.probabilities", [0.6], "start.probabilities"),
    (COINS, "start.probabilities", [0.0, 1.0], "start"),
    (LINKAGE, "data.counts", [1, 2, 3], "data.counts"),
    (LINKAGE, "data.counts", [1, 2, 3, -4], "data.counts[3]"),
    (LINKAGE, "data.counts", [1, 2, 3, 4.5], "data.counts[3]"),
    (LINKAGE, "data.counts", [0, 0, 0, 0], "data.counts"),
    (LINKAGE, "data.counts", [10**9, 0, 0, 0], "data.counts[0]"),
    (LINKAGE, "start.theta", [0.5], "start.theta"),
    (LINKAGE, "start.theta", 1.5, "start.theta"),
    (LINKAGE, "start.theta", 1.0, "start"),
    (LINKAGE, "settings", {"trials": 1}, "settings.trials"),
    *((GAUSSIAN, "schedule", value, "schedule") for value in ("", "M", "GE", "EX", None, 3, ["E"], "(EM)9999")),
    *((GAUSSIAN, "seed", value, "seed") for value in (-1, 0.5, "0", None, True, 2**63, 10**400)),
    *((GAUSSIAN, "moves", value, "moves") for value in (None, [], 3)),
    (GAUSSIAN, "moves.G", 0.1, "moves.G"),
    *(
        (GAUSSIAN, "moves.G.step", value, "moves.G.step")
        for value in (0, -1, None, "1", True, float("nan"), float("inf"), 1e308, 10**400)
    ),
]


@pytest.mark.parametrize(("base", "path", "value", "field"), BAD)
def test_bad_input_names_the_field_and_the_value(base, path, value, field):
    with pytest.raises(InvalidExperiment) as caught:
        Experiment.parse(changed(base, path, value))
    text = str(caught.value)
    assert text.startswith(f"{field}: "), text
    assert " is not valid; expected " in text and text.isprintable()
    if isinstance(value, (str, int, float)) and field == path:
        shown = repr(value)
        assert (" ".join(shown.split()) if len(shown) <= 70 else shown[:60]) in text


@pytest.mark.parametrize("raw", [None, [], 3, "x", [GAUSSIAN], True])
def test_an_experiment_is_an_object(raw):
    with pytest.raises(InvalidExperiment, match="^experiment: "):
        Experiment.parse(raw)


def test_lists_thousands_deep_are_refused():
    deep = []
    for _ in range(5_000):
        deep = [deep]
    for base, path in (
        (GAUSSIAN, "data.values"),
        (COINS, "start.weights"),
        (GAUSSIAN, "settings"),
        (GAUSSIAN, "model"),
    ):
        raw = {key: copy.deepcopy(entry) for key, entry in base.items()}
        if "." in path:
            raw[path.split(".")[0]][path.split(".")[1]] = deep
        else:
            raw[path] = deep
        with pytest.raises(InvalidExperiment) as caught:
            Experiment.parse(raw)
        assert str(caught.value).startswith(path)


def test_numbers_of_thousands_of_digits_are_refused():
    for path in ("seed", "moves.G.step", "schedule", "settings.n_components"):
        with pytest.raises(InvalidExperiment, match=f"^{path}: "):
            Experiment.parse(changed(GAUSSIAN, path, 10**10_000))


@pytest.mark.parametrize("weights", [[1.0, 0.0], [1 - 1e-16, 1e-16], [1.0, 1e-320]])
def test_weights_at_the_edge_end_in_numbers_or_an_event(weights):
    raw = changed(GAUSSIAN, "start.weights", weights)
    for word in ("EM", "EG", "EB", "EMEGEB"):
        result = results({**raw, "schedule": word})
        through_text(result)
        # where L cannot show what a slope promises, θ stays: an event, too, but none that stops
        stopping = [e for s in result["half_steps"] for e in s["events"] if e["kind"] != "rejected_step"]
        assert result["outcome"] == ("stopped" if stopping else "completed")


def test_stepping_back_and_forward_repeats():
    experiment = Experiment.parse({**GAUSSIAN, "schedule": "(EMEGEB)2"})
    whole = run(experiment)
    for cut in range(len(whole)):
        again = whole.upto(cut)
        for letter in whole.moves[cut:]:
            again = extend(experiment, again, letter)
        assert again.moves == whole.moves
        for name, entry in again.last.after.theta.items():
            np.testing.assert_array_equal(entry, whole.last.after.theta[name])


def test_a_round_of_single_blocks_has_converged_when_every_block_has_had_its_turn():
    """One quiet block says nothing of the others: the points of the second are far from where EM has them."""
    raw = {
        "model": "gaussian_mixture",
        "data": {"values": [0.0, 0.1, -0.1, 0.05, 7.0, 7.1, 6.9, 7.05]},
        "start": {"weights": [0.5, 0.5], "means": [[0.0], [1.0]], "covariances": [[[1.0]], [[1.0]]]},
        "schedule": "E(PM)",
        "moves": {"P": {"blocks": 2}},
    }
    experiment = Experiment.parse(raw)
    followed = plan("E(PM)", MOVES)
    ended = run_to_end(experiment, start(experiment), followed)
    elbos = [decompose(experiment.model, experiment.data, step.after).elbo for step in ended.half_steps]
    assert abs(elbos[-1] - elbos[-5]) < 1e-9 * abs(elbos[-1])
    whole = run_to_end(experiment, start(experiment), plan("EM", MOVES))
    assert elbos[-1] == pytest.approx(decompose(experiment.model, experiment.data, whole.last.after).elbo, rel=1e-8)


@pytest.mark.parametrize(
    "raw, field, valid",
    [
        ({}, "model", "gaussian_mixture"),
        ({"model": "linkage"}, "data", "values, or dataset"),
        ({"model": "linkage", "data": {"dataset": "linkage"}}, "schedule", "(EM)20"),
        ({"model": "linkage", "data": {"dataset": "linkage"}, "start": {}, "schedule": "E"}, "start.theta", "number"),
        ({"model": "gaussian_mixture", "data": {"values": [1]}, "start": {}, "schedule": "E"}, "start.", "shape"),
    ],
)
def test_a_missing_key_is_told_with_what_belongs_there(raw, field, valid):
    with pytest.raises(InvalidExperiment) as error:
        Experiment.parse(raw)
    assert str(error.value).startswith(field) and "a missing value" in str(error.value) and valid in str(error.value)


def test_a_model_without_a_posterior_is_not_offered_q_at():
    raw = {"model": "dictionary_learning", "settings": {"n_atoms": 1}, "data": {"values": [[1.0, 2.0]]}}
    with pytest.raises(InvalidExperiment, match="an E-type move before M: it needs a q$"):
        Experiment.parse({**raw, "schedule": "M"})
    with pytest.raises(InvalidExperiment, match=r"^start.q_at.*known here: dictionary\)$"):
        Experiment.parse({**raw, "schedule": "H", "start": {"dictionary": [[1.0], [0.0]], "q_at": {}}})
    with pytest.raises(InvalidExperiment, match="P .* is not one: its posterior has no closed form"):
        Experiment.parse({**raw, "schedule": "HP"})


def test_a_random_start_that_no_file_could_hold_is_refused():
    """The complete experiment holds its start: a variance of 10¹⁶⁰ could not be read back."""
    sequences = {"sequences": [[1, 3e80, 2], [2]]}
    raw = {"model": "hidden_markov", "settings": {"emission": "gaussian", "n_states": 2}, "data": sequences}
    with pytest.raises(InvalidExperiment, match="variances exceed 1e\\+100"):
        Experiment.parse({**raw, "schedule": "E"})
