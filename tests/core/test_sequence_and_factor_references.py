"""Hidden Markov models and factor analysis against the high-precision sequences of `tests/reference/`."""

from __future__ import annotations

import numpy as np
import pytest

from em_core import trajectory as run
from em_core.files.experiment import Experiment
from tests.core.making import reference
from tests.core.test_references import close, column, replay

EARTHQUAKES, SYMBOLS, ABILITY, IRIS = (reference(name) for name in ("p07", "p07b", "p08", "p08b"))


def markov(case, emission, sequences, parameter, key, iterations):
    start = case["init"]
    return replay(
        model="hidden_markov",
        settings={"emission": emission},
        data={"sequences": sequences},
        start={
            "start_probabilities": start["start"],
            "transition_matrix": start["trans"],
            parameter: start[key],
        },
        schedule=f"(EM){iterations}",
    )


def full_entries(trace, result):
    """(entry, half-step) for the iterations whose parameters the trace gives."""
    most = max(map(len, trace))
    found = [(entry, result["half_steps"][2 * entry["iter"]]) for entry in trace if len(entry) == most]
    assert len(found) > 3
    return found


def earthquakes(iterations=150):
    return markov(EARTHQUAKES, "poisson", [EARTHQUAKES["data"]["x"]], "rates", "rates", iterations)


# ---- hidden Markov models ----------------------------------------------------------------------------------
def test_earthquakes_iteration_by_iteration():
    """Poisson, two states, 1900 to 2006; a start probability that goes to 1e-91 makes no NaN."""
    trace, result = EARTHQUAKES["expected"]["trace"], earthquakes()
    assert len(trace) == 151 and result["outcome"] == "completed"
    close(column(result, "log_evidence", 2), [entry["loglik"] for entry in trace], 1e-11)
    for entry, step in full_entries(trace[:31], result):
        close(step["parameters"]["start_probabilities"], entry["start"], 1e-9)
        close(step["parameters"]["transition_matrix"], entry["trans"], 1e-9)
        close(step["parameters"]["rates"], entry["emission"]["rates"], 1e-9)


def test_earthquakes_posteriors():
    raw = {**earthquakes(1)["experiment"], "schedule": "(EM)30"}
    trajectory = run.run(Experiment.parse(raw))
    for entry in EARTHQUAKES["expected"]["trace"][:31]:
        if "posterior_first_steps" in entry and entry["iter"] < 30:
            q = trajectory[2 * entry["iter"] + 1].after.q
            close(q.probabilities[:, :3].T, entry["posterior_first_steps"], 1e-9)


def test_earthquakes_as_published():
    half_steps = earthquakes(50)["half_steps"]
    for row in EARTHQUAKES["expected"]["published"]:
        step = half_steps[2 * row["iter"]]
        theta = step["parameters"]
        found = [theta["transition_matrix"][0][1], theta["transition_matrix"][1][0], *theta["rates"]]
        # half a unit of the last printed digit
        close(found[:2], [row["g12"], row["g21"]], 0, 0.5e-5 + 1e-12)
        close(found[2:], row["rates"], 0, 0.5e-3 + 1e-12)
        close(theta["start_probabilities"][0], row["start1"], 0, 0.5e-5 + 1e-12)
        close(-step["log_evidence"], row["minus_loglik"], 0, 0.5e-5 + 1e-9)


def test_a_long_series_does_not_underflow():
    """Twelve times the series: plain forward probabilities would be e^-4953."""
    result = markov(EARTHQUAKES, "poisson", [EARTHQUAKES["data"]["x"] * 12], "rates", "rates", 1)
    expected = EARTHQUAKES["expected"]["loglik_of_12_fold_repeated_series_at_init"]
    close(result["half_steps"][0]["log_evidence"], expected, 1e-11)


@pytest.mark.exhaustive
def test_start_probabilities_that_vanish():
    """Past 1e-300 to 0: every term stays finite, the identity holds, EM goes on."""
    result = earthquakes(600)
    starts = [step["parameters"]["start_probabilities"][1] for step in result["half_steps"]]
    assert result["outcome"] == "completed" and any(0 < start < 1e-300 for start in starts) and starts[-1] == 0
    for step in result["half_steps"][1:]:
        assert abs(step["gap"] - step["kl"]) < 1e-11 * abs(step["log_evidence"]) and step["kl"] >= 0


def test_symbols_iteration_by_iteration():
    """Categorical, four sequences, one of them of length 1."""
    trace = SYMBOLS["expected"]["trace"]
    sequences = SYMBOLS["data"]["sequences"]
    result = markov(SYMBOLS, "categorical", sequences, "probabilities", "probs", len(trace) - 1)
    close(column(result, "log_evidence", 2), [entry["loglik"] for entry in trace], 1e-11)
    for entry, step in full_entries(trace, result):
        close(step["parameters"]["start_probabilities"], entry["start"], 1e-8, 1e-12)
        close(step["parameters"]["transition_matrix"], entry["trans"], 1e-8, 1e-12)
        close(step["parameters"]["probabilities"], entry["emission"]["probs"], 1e-8, 1e-12)


def test_symbols_of_the_first_sequence():
    expected, sequence = SYMBOLS["expected"]["sequence0"], SYMBOLS["data"]["sequences"][0]
    raw = markov(SYMBOLS, "categorical", [sequence], "probabilities", "probs", 1)["experiment"]
    experiment = Experiment.parse({**raw, "schedule": "E"})
    model, data, theta = experiment.model, experiment.data, experiment.start
    close(model.log_evidence(data, theta), expected["loglik"], 1e-13)
    close(model.posterior(data, theta).probabilities.T, expected["posterior"], 1e-13)
    path = model.viterbi(data, theta)
    assert path.tolist() == expected["viterbi"]["path"]
    log_joint = np.log(theta["start_probabilities"][path[0]])
    log_joint += np.log(theta["transition_matrix"][path[:-1], path[1:]]).sum()
    log_joint += np.log(theta["probabilities"][path, data.values.astype(int)]).sum()
    close(log_joint, expected["viterbi"]["log_joint"], 1e-13)


# ---- factor analysis ---------------------------------------------------------------------------------------
def with_covariance(covariance, n_units):
    """A table with sample mean 0 and exactly this covariance, divisor N."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((n_units, len(covariance)))
    values -= values.mean(axis=0)
    whitened = np.linalg.solve(np.linalg.cholesky(values.T @ values / n_units), values.T)
    return (np.linalg.cholesky(np.array(covariance)) @ whitened).T


def ability(name, schedule):
    covariance, start = ABILITY["data"]["S"], ABILITY["init"][name]
    return replay(
        model="factor_analysis",
        data={"values": with_covariance(covariance, ABILITY["data"]["n"]).tolist()},
        start={"mean": [0.0] * len(covariance), "loadings": start["loadings"], "noise_variances": start["psi"]},
        schedule=schedule,
    )


@pytest.mark.parametrize("name", ["q1", "q2"])
def test_ability_tests_iteration_by_iteration(name):
    """Rubin and Thayer's EM, on data made to have the published covariance."""
    trace = ABILITY["expected"][name]["trace"]
    result = ability(name, f"(EM){len(trace) - 1}")
    close(column(result, "log_evidence", 2), [entry["loglik"] for entry in trace], 1e-11)
    for entry, step in full_entries(trace, result):
        close(step["parameters"]["loadings"], entry["loadings"], 1e-11, 1e-13)
        close(step["parameters"]["noise_variances"], entry["psi"], 1e-11)
        close(step["parameters"]["mean"], 0, 0, 1e-14)


@pytest.mark.parametrize("name", ["q1", "q2"])
def test_ability_tests_at_the_maximum(name):
    """R's factanal: EM started from its answer stays there."""
    expected = ABILITY["expected"][name]["double_EM_200k"]
    start = ability(name, "E")["experiment"]
    covariance = np.array(ABILITY["data"]["S"])
    psi = np.array(expected["psi"])
    # given the noise, the best loadings are in closed form (Lawley)
    root = np.sqrt(psi)
    values, vectors = np.linalg.eigh(covariance / np.outer(root, root))
    n_factors = int(name[1])
    loadings = root[:, None] * vectors[:, -n_factors:] * np.sqrt(values[-n_factors:] - 1)
    start["start"] = {"mean": [0.0] * 6, "loadings": loadings.tolist(), "noise_variances": psi.tolist()}
    result = replay(**{**start, "schedule": "(EM)20"})
    mle = ABILITY["expected"][name]["mle"]
    last = result["half_steps"][-1]
    close(last["log_evidence"], mle["loglik"], 1e-9)
    close(last["parameters"]["noise_variances"], mle["uniquenesses"], 0, 2e-6)
    found = np.array(last["parameters"]["loadings"])
    close(found @ found.T, mle["LLt"], 0, 1e-5)
    if name == "q2":
        published = ABILITY["expected"]["published"]["uniquenesses_q2"]
        close(last["parameters"]["noise_variances"], published, 0, 5e-4 + 1e-6)


def iris(n_factors, schedule, **start):
    given = {
        "mean": IRIS["expected"]["mean"],
        "loadings": np.array(IRIS["init"]["W"])[:, :n_factors].tolist(),
        "noise_variances": IRIS["init"]["sigma2"],
    }
    return replay(
        model="factor_analysis",
        settings={"noise": "isotropic"},
        data={"values": IRIS["data"]["X"]},
        start={**given, **start},
        schedule=schedule,
    )


@pytest.mark.parametrize("n_factors", [1, 2, 3])
def test_ppca_of_iris_iteration_by_iteration(n_factors):
    trace = IRIS["expected"][f"q{n_factors}"]["em_trace"]
    result = iris(n_factors, f"(EM){len(trace) - 1}")
    close(column(result, "log_evidence", 2), [entry["loglik"] for entry in trace], 1e-10)
    for entry, step in full_entries(trace, result):
        close(step["parameters"]["loadings"], entry["W"], 1e-10, 1e-12)
        close(step["parameters"]["noise_variances"], entry["sigma2"], 1e-10)


@pytest.mark.parametrize("n_factors", [1, 2, 3])
def test_ppca_has_a_closed_form_and_em_stays_there(n_factors):
    """Tipping and Bishop: the leading eigenvectors, and the mean of the eigenvalues left out as noise."""
    expected = IRIS["expected"][f"q{n_factors}"]
    values = np.array(IRIS["data"]["X"])
    eigenvalues, vectors = np.linalg.eigh(np.cov(values.T, bias=True))
    close(eigenvalues[::-1], IRIS["expected"]["eigenvalues"], 1e-11)
    noise = eigenvalues[: 4 - n_factors].mean()
    loadings = vectors[:, 4 - n_factors :] * np.sqrt(eigenvalues[4 - n_factors :] - noise)
    last = iris(n_factors, "(EM)3", loadings=loadings.tolist(), noise_variances=float(noise))["half_steps"][-1]
    close(last["log_evidence"], expected["loglik"], 1e-11)
    close(last["parameters"]["noise_variances"], expected["sigma2"], 1e-11)
    found = np.array(last["parameters"]["loadings"])
    close(found @ found.T, expected["WWt"], 1e-11, 1e-13)


@pytest.mark.exhaustive
def test_ppca_from_a_wrong_mean_finds_the_closed_form():
    """The mean is a parameter like the others: EM finds the sample mean from elsewhere."""
    expected = IRIS["expected"]["q1"]
    last = iris(1, "(EM)2000", mean=[5.0, 3.0, 3.0, 1.0])["half_steps"][-1]
    close(last["log_evidence"], expected["loglik"], 1e-11)
    close(last["parameters"]["mean"], IRIS["expected"]["mean"], 1e-8)
    found = np.array(last["parameters"]["loadings"])
    close(found @ found.T, expected["WWt"], 1e-7)
    close(last["parameters"]["noise_variances"], expected["sigma2"], 1e-8)
