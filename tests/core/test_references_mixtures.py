"""Published and high-precision results for mixtures of every kind, through the experiment file, half-step by half-step.

Poisson counts, regressions, genotypes, scales (Student t) and censored lifetimes; and Murray's twelve points.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from em_core import trajectory as run
from em_core.files.experiment import Experiment
from em_core.files.report import report
from tests.attack import thinned
from tests.core.making import reference
from tests.core.test_references import close, column, replay


def parameter(result, name, every=2):
    return [step["parameters"][name] for step in result["half_steps"][::every]]


# ---- London Times deaths (Hasselblad 1969) -----------------------------------------------------------------
TIMES = reference("p05")


def times(iterations, start):
    return {
        "model": "poisson_mixture",
        "data": {"dataset": "times_deaths"},
        "start": start,
        "schedule": f"(EM){iterations}",
    }


@cache
def long_run(iterations):
    """EM from the published start towards a flat optimum: the experiment, and θ after each iteration."""
    experiment = Experiment.parse(times(iterations, TIMES["init"]))
    return experiment, [step.after.theta for step in run.run(experiment).half_steps[::2]]


@pytest.mark.parametrize("iterations", thinned([100, 2340], [100]))
def test_times_deaths_at_every_iteration_listed(iterations):
    experiment, thetas = long_run(iterations)
    for entry in TIMES["expected"]["trace"]:
        if entry["iter"] > iterations:
            break
        theta, rtol = thetas[entry["iter"]], 1e-12 if entry["iter"] <= 20 else 1e-9
        close(theta["weights"], entry["weights"], rtol)
        close(theta["rates"], entry["rates"], rtol)
        close(experiment.model.log_evidence(experiment.data, theta), entry["loglik"], rtol)


def test_times_deaths_maximum():
    mle, published = TIMES["expected"]["mle"], TIMES["expected"]["published"]
    result = replay(**times(1, {key: mle[key] for key in ("weights", "rates")}))
    last = result["half_steps"][-1]
    for key in ("weights", "rates"):
        close(last["parameters"][key], mle[key], 1e-12)
        close(last["parameters"][key], published[key], 0, 5e-4)
    close(last["log_evidence"], mle["loglik"], 1e-12)
    close(last["log_evidence"], published["loglik"], 0, 5e-4)


@pytest.mark.exhaustive
def test_times_deaths_takes_as_many_iterations_as_published():
    """To ‖θ′ − θ‖ < 1e-8 ‖θ‖ in (p, rate 1, rate 2): a flat optimum, 2,335 iterations."""
    _, thetas = long_run(2340)
    theta = np.array([[theta["weights"][0], *theta["rates"]] for theta in thetas])
    moved = np.linalg.norm(np.diff(theta, axis=0), axis=1) < 1e-8 * np.linalg.norm(theta[:-1], axis=1)
    expected = TIMES["expected"]["plain_em_iteration_counts"]["from (0.3;1,2.5)"]
    assert abs(int(np.argmax(moved)) + 1 - expected) <= 2


# ---- ABO blood groups (Clarke et al. 1959) -----------------------------------------------------------------
ABO = reference("p03")


@pytest.mark.parametrize("sequence", ABO["expected"]["sequences"], ids=lambda entry: str(entry["p0"]))
def test_abo_sequence(sequence):
    result = replay(
        model="abo_blood_groups",
        data={"dataset": "abo"},
        start=dict(zip("ABO", sequence["p0"], strict=True)),
        schedule=f"(EM){len(sequence['p']) - 1}",
    )
    close(np.transpose([parameter(result, allele) for allele in "ABO"]), sequence["p"], 1e-13)
    close(column(result, "log_evidence", 2)[: len(sequence["loglik"])], sequence["loglik"], 1e-12)
    close([parameter(result, allele)[-1] for allele in "ABO"], ABO["expected"]["mle_A_B_O"], 0, 1e-13)
    close(result["half_steps"][-1]["log_evidence"], ABO["expected"]["max_loglik"], 1e-13)


def test_abo_as_published():
    """The public worked example prints three decimals, the maximum four."""
    result = replay(
        model="abo_blood_groups",
        data={"counts": {"A": 186, "B": 38, "AB": 13, "O": 284}},
        start=dict.fromkeys("ABO", 1 / 3),
        schedule="(EM)30",
    )
    found = np.transpose([parameter(result, allele) for allele in "ABO"])
    published = ABO["expected"]["published"]
    close(found[:4], published["iterations_from_uniform"], 0, 1e-3)
    close(found[-1], published["mle"], 0, 1e-4)


# ---- engine exhaust: mixture of two regressions (Brinkman 1981) --------------------------------------------
ENGINE = reference("p09")


def test_regressions_at_every_iteration():
    start, trace = ENGINE["init"], ENGINE["expected"]["trace"]
    result = replay(
        model="regression_mixture",
        data={"dataset": "nitric_oxide"},
        start={
            "weights": start["weights"],
            "coefficients": start["beta"],
            "variances": [deviation**2 for deviation in start["sigma"]],
        },
        schedule=f"(EM){trace[-1]['iter']}",
    )
    for entry in trace:
        step = result["half_steps"][2 * entry["iter"]]
        close(step["log_evidence"], entry["loglik"], 1e-10)
        if "beta" in entry:
            close(step["parameters"]["weights"], entry["weights"], 1e-8)
            close(step["parameters"]["coefficients"], entry["beta"], 1e-8)
            close(np.sqrt(step["parameters"]["variances"]), entry["sigma"], 1e-8)


# ---- stack loss: multivariate t ----------------------------------------------------------------------------
STACKLOSS = reference("p09b")


def test_student_t_at_every_iteration():
    trace = STACKLOSS["expected"]["trace"]
    experiment = Experiment.parse(
        {
            "model": "student_t",
            "settings": {"degrees_of_freedom": STACKLOSS["data"]["nu"]},
            "data": {"dataset": "stackloss"},
            "start": {"location": trace[0]["location"], "scale_matrix": trace[0]["scatter"]},
            "schedule": f"(EM){trace[-1]['iter']}E",
        }
    )
    trajectory = run.run(experiment)
    result = report(experiment, trajectory)
    for entry in trace:
        step = result["half_steps"][2 * entry["iter"]]
        close(step["log_evidence"], entry["loglik"], 1e-11)
        if "scatter" in entry:
            close(step["parameters"]["location"], entry["location"], 1e-8)
            close(step["parameters"]["scale_matrix"], entry["scatter"], 1e-8)
            weights = trajectory[2 * entry["iter"] + 1].after.q.weights
            close(weights[: len(entry["weights"])], entry["weights"], 1e-8)
    last, mle = result["half_steps"][-1], STACKLOSS["expected"]["mle"]
    close(last["parameters"]["location"], mle["location"], 1e-8)
    close(last["parameters"]["scale_matrix"], mle["scatter"], 1e-8)
    close(last["parameters"]["scale_matrix"], STACKLOSS["expected"]["cov_trob"]["cov"], 1e-8)


# ---- 6-MP remission times (Freireich et al. 1963) ----------------------------------------------------------
PATIENTS = reference("p09c")


@pytest.mark.parametrize("start", [0, 1])
def test_censored_lifetimes_sequence(start):
    means, expected = PATIENTS["expected"]["sequences"][start], PATIENTS["expected"]
    result = replay(
        model="censored_exponential",
        data={"dataset": "remission"},
        start={"mean": PATIENTS["init"]["mean"][start]},
        schedule=f"(EM){len(means) - 1}",
    )
    close(parameter(result, "mean"), means, 1e-13)
    errors = np.array(parameter(result, "mean")[:12]) - expected["mle"]
    close(errors[1:] / errors[:-1], 12 / 21, 1e-9)  # the fraction of censored patients


def test_censored_lifetimes_maximum():
    """359 weeks and 9 ends: the mean lifetime is 359 / 9."""
    expected = PATIENTS["expected"]
    raw = {"model": "censored_exponential", "data": {"dataset": "remission"}, "start": {"mean": 359 / 9}}
    last = replay(**raw, schedule="EM")["half_steps"][-1]
    close([last["parameters"]["mean"], last["log_evidence"]], [expected["mle"], expected["loglik"]], 1e-13)


# ---- twelve points, eight of them half missing (Murray 1977) -----------------------------------------------
@pytest.mark.parametrize("sign", thinned([1, -1], [-1]))
def test_murrays_points_have_two_maxima(sign):
    """Variances 8/3 and correlation ± 1/2: which one depends on the start (Tanner and Wong, 1987)."""
    start = {"mean": [0.0, 0.0], "covariance": [[1.0, sign * 0.1], [sign * 0.1, 1.0]]}
    raw = {"model": "incomplete_gaussian", "data": {"dataset": "murray"}, "start": start, "schedule": "(EM)400"}
    last = run.run(Experiment.parse(raw)).last.after.theta
    close(last["mean"], [0, 0], 0, 1e-12)
    close(last["covariance"], np.array([[8, 4 * sign], [4 * sign, 8]]) / 3, 1e-9)


def test_murrays_points_have_a_saddle_between_them():
    """Without correlation EM stays without: variances 5/2, and the log evidence lies below that of the maxima."""
    start = {"mean": [0.0, 0.0], "covariance": [[1.0, 0.0], [0.0, 1.0]]}
    murray = {"model": "incomplete_gaussian", "data": {"dataset": "murray"}}
    experiment = Experiment.parse({**murray, "start": start, "schedule": "(EM)100"})
    last = run.run(experiment).last.after.theta
    close(last["covariance"], [[2.5, 0], [0, 2.5]], 1e-12, 1e-15)
    best = {"mean": [0.0, 0.0], "covariance": [[8 / 3, 4 / 3], [4 / 3, 8 / 3]]}
    top = replay(**murray, start=best, schedule="EM")["half_steps"][0]
    assert experiment.model.log_evidence(experiment.data, last) < top["log_evidence"] - 0.05
