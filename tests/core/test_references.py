"""Published and high-precision results (tests/reference), through the experiment file, half-step by half-step."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from em_core import trajectory as run
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.report import report
from tests.core.making import reference


def replay(**raw):
    """The report of an experiment file that went through text."""
    experiment = Experiment.parse(json.loads(json.dumps(raw)))
    return report(experiment, run.run(experiment))


def close(found, expected, rtol, atol=0.0):
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


def column(result, key, every=1):
    return [step[key] for step in result["half_steps"][::every]]


# ---- linkage (Dempster, Laird and Rubin 1977) --------------------------------------------------------------
LINKAGE = reference("p01")


def linkage_run():
    sequence = LINKAGE["expected"]["sequences"][0]
    return sequence, replay(
        model="linkage",
        data={"counts": LINKAGE["data"]["counts"]},
        start={"theta": sequence["theta0"]},
        schedule=f"(EM){len(sequence['theta']) - 1}",
    )


def test_linkage_sequence():
    sequence, result = linkage_run()
    thetas = [step["parameters"]["theta"] for step in result["half_steps"][::2]]
    close(thetas, sequence["theta"], 1e-14)
    close(column(result, "log_evidence", 2), sequence["loglik_full"], 1e-14)
    for before, after in zip(result["half_steps"][::2], result["half_steps"][1::2], strict=False):
        close([after["log_evidence"], after["elbo"]], before["log_evidence"], 1e-14)  # E leaves θ, closes the gap


def test_linkage_as_published():
    published, (_, result) = LINKAGE["expected"]["published"], linkage_run()
    thetas = np.array([step["parameters"]["theta"] for step in result["half_steps"][::2]])
    close(thetas[: len(published["theta"])], published["theta"], 0, 1e-9)
    close(thetas[-1], LINKAGE["expected"]["mle"], 1e-14)
    errors = thetas[:6] - LINKAGE["expected"]["mle"]
    close(errors[1:] / errors[:-1], LINKAGE["expected"]["sequences"][0]["error_ratio"][:5], 1e-9)


# ---- two coins (Do and Batzoglou 2008) ---------------------------------------------------------------------
COINS = reference("p02")


def coins_run():
    sequence = COINS["expected"]["sequences"][0]
    return sequence, replay(
        model="binomial_mixture",
        settings={"trials": COINS["data"]["tosses"], "fixed_weights": True},
        data={"successes": COINS["data"]["heads"]},
        start={"weights": [0.5, 0.5], "probabilities": sequence["theta0"]},
        schedule=f"(EM){len(sequence['theta']) - 1}",
    )


def test_two_coins_sequence():
    sequence, result = coins_run()
    close([step["parameters"]["probabilities"] for step in result["half_steps"][::2]], sequence["theta"], 1e-13)
    expected = sequence["loglik_before_iter"]
    close(column(result, "log_evidence", 2)[: len(expected)], expected, 1e-13)
    assert all(step["parameters"]["weights"] == [0.5, 0.5] for step in result["half_steps"])


def test_two_coins_responsibilities_and_completed_data():
    sequence, _ = coins_run()
    experiment = Experiment.parse(
        {
            "model": "binomial_mixture",
            "settings": {"trials": 10, "fixed_weights": True},
            "data": {"dataset": "two_coins"},
            "start": {"weights": [0.5, 0.5], "probabilities": [0.6, 0.5]},
            "schedule": "E",
        }
    )
    q = run.run(experiment).last.after.q
    close(q.probabilities[0], sequence["resp_A_iter0"], 1e-13)
    heads = q.expected_counts @ experiment.data.values
    tails = q.expected_counts @ (10 - experiment.data.values)
    expected = sequence["expected_counts_iter0"]
    close([heads, tails], [[expected[f"{c}_{side}"] for c in "AB"] for side in ("heads", "tails")], 1e-13)


def test_two_coins_as_published():
    published, (_, result) = COINS["expected"]["published"], coins_run()
    for iteration in (1, 10):
        found = result["half_steps"][2 * iteration]["parameters"]["probabilities"]
        close(found, published[f"theta_after_{iteration}"], 0, 0.005)


# ---- Old Faithful, four covariance types -------------------------------------------------------------------
FAITHFUL = reference("p04")
SHAPES = ("full", "tied", "diag", "spherical")


def narrow(shape, matrices):
    """The file's covariance matrices in the form that the setting takes."""
    matrices = np.array(matrices)
    if shape == "tied":
        matrices = matrices.reshape(-1, *matrices.shape[-2:])[0]
    elif shape == "diag":
        matrices = matrices.diagonal(axis1=1, axis2=2)
    elif shape == "spherical":
        matrices = matrices[:, 0, 0]
    return matrices.tolist()


def faithful(shape, data=None):
    expected, start = FAITHFUL["expected"][shape], FAITHFUL["init"][shape]
    raw = {
        "model": "gaussian_mixture",
        "settings": {"covariance": shape},
        "data": data or {"dataset": "old_faithful"},
        "start": {"weights": start["weights"], "means": start["means"], "covariances": narrow(shape, start["covs"])},
        "schedule": f"(EM){expected['iterations']}E",
    }
    return expected, raw


@pytest.mark.parametrize("shape", SHAPES)
def test_old_faithful_log_evidence_at_every_half_step(shape):
    expected, raw = faithful(shape)
    result = replay(**raw)
    assert result["outcome"] == "completed" and len(result["half_steps"]) == 2 * expected["iterations"] + 2
    close(column(result, "log_evidence", 2), expected["loglik"], 1e-11)
    after_e = result["half_steps"][1::2]
    close([step["elbo"] for step in after_e], expected["loglik"], 1e-11)
    close([step["log_evidence"] for step in after_e], expected["loglik"], 1e-11)


@pytest.mark.parametrize("shape", SHAPES)
def test_old_faithful_parameters_and_responsibilities(shape):
    expected, raw = faithful(shape)
    trajectory = run.run(Experiment.parse(raw))
    for snapshot in expected["snapshots"]:
        theta = trajectory[2 * snapshot["iter"]].after.theta
        close(theta["weights"], snapshot["weights"], 1e-9)
        close(theta["means"], snapshot["means"], 1e-9)
        close(theta["covariances"], narrow(shape, snapshot["covs"]), 1e-9)
        q = trajectory[2 * snapshot["iter"] + 1].after.q.probabilities
        close(q[:, 0], snapshot["resp_row0"], 1e-9)
        close(q[:, q.shape[1] // 2], snapshot["resp_row_mid"], 1e-9)


def test_the_shipped_old_faithful_is_the_reference_data():
    _, raw = faithful("full")
    np.testing.assert_array_equal(Experiment.parse(raw).data.values, FAITHFUL["data"]["X"])


@pytest.mark.parametrize("shape", ["full", "tied", "diag"])
def test_old_faithful_as_published(shape):
    expected, raw = faithful(shape)
    assert replay(**raw)["half_steps"][-1]["log_evidence"] == pytest.approx(
        FAITHFUL["expected"]["published_max_loglik"][shape], abs=5e-4
    )


# ---- hard cases --------------------------------------------------------------------------------------------
HARD = reference("p13")


def hard(name, schedule="(EM)40"):
    start = HARD["init"][name]
    return {
        "model": "gaussian_mixture",
        "data": {"values": HARD["data"][name]["X"]},
        "start": {"weights": start["weights"], "means": start["means"], "covariances": start["covs"]},
        "schedule": schedule,
    }


def all_numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for entry in value for number in all_numbers(entry)]
    return [value] if isinstance(value, float) else []


@pytest.mark.parametrize("name", ["collapse_outlier", "identical_points"])
@pytest.mark.parametrize("covariance", ["full", "diag", "spherical"])
def test_a_collapse_is_an_event_with_everything_before_it_intact(name, covariance):
    raw = hard(name)
    n_components, flat = len(raw["start"]["weights"]), {"diag": [1.0, 1.0], "spherical": 1.0}
    if covariance != "full":
        raw |= {"settings": {"covariance": covariance}}
        raw["start"] |= {"covariances": [flat[covariance]] * n_components}
    result = replay(**raw)
    assert result["outcome"] == "stopped"
    *before, failed = result["half_steps"]
    assert (failed["move"], [event["kind"] for event in failed["events"]]) == ("M", ["singular_covariance"])
    assert failed["parameters"] == before[-1]["parameters"]
    assert result["message"] == failed["events"][0]["message"] and "\n" not in result["message"]
    assert all(math.isfinite(number) for number in all_numbers(result["half_steps"]))
    if name == "collapse_outlier":
        close(result["half_steps"][0]["log_evidence"], HARD["expected"][name]["exact"]["loglik"][0], 1e-10)


@pytest.mark.parametrize("name", ["far_offset", "symmetric_start"])
def test_hard_cases_with_an_exact_sequence(name):
    exact = HARD["expected"][name]["exact"]
    result = replay(**hard(name))
    close(column(result, "log_evidence", 2), exact["loglik"], 1e-7 if name == "far_offset" else 1e-10)
    final = result["half_steps"][-1]["parameters"]
    for key, theirs in (("weights", "weights"), ("means", "means"), ("covariances", "covs")):
        close(final[key], exact["final"][theirs], 1e-7 if name == "far_offset" else 1e-9)


def test_a_far_offset_changes_no_log_evidence():
    """The same points around the origin give the same numbers (both as written: their decimals differ by rounding)."""
    far, near = hard("far_offset"), hard("far_offset")
    near["data"] = {"values": HARD["data"]["symmetric_start"]["X"]}
    near["start"] = {**near["start"], "means": (np.array(near["start"]["means"]) - 1e6).tolist()}
    far_result, near_result = replay(**far), replay(**near)
    for key in ("log_evidence", "elbo"):
        close(column(far_result, key)[1:], column(near_result, key)[1:], 1e-7)
    for name, shift in (("weights", 0), ("means", 1e6), ("covariances", 0)):
        far_last, near_last = (result["half_steps"][-1]["parameters"][name] for result in (far_result, near_result))
        close(np.array(far_last) - shift, near_last, 1e-7, 1e-9)


def test_a_symmetric_start_stays_symmetric():
    for step in replay(**hard("symmetric_start"))["half_steps"]:
        first, second = step["parameters"]["means"]
        assert first == second


@pytest.mark.parametrize("word", ["NaN", math.nan, None])
def test_a_missing_value_is_refused_by_its_place(word):
    raw = hard("nan_value")
    raw["data"]["values"][3][0] = word
    with pytest.raises(InvalidExperiment, match=r"data\.values\[3\]\[0\]"):
        Experiment.parse(raw)


def test_fewer_points_than_components_are_refused():
    with pytest.raises(InvalidExperiment, match="at least 3 points for 3 components"):
        Experiment.parse(hard("n_less_than_k"))
