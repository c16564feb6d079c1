"""One E-step and one M-step beside scikit-learn's, for the four covariance types, without its variance floor."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from em_core import trajectory
from tests.core.cases import CASES

mixture = pytest.importorskip("sklearn.mixture")
ROWS = [
    case
    for case in CASES
    if case.raw["model"] == "gaussian_mixture" and not case.raw["settings"]["fixed"] and "G" in case.moves
]


def peer(case, iterations):
    theta, covariance = case.theta, case.raw["settings"]["covariance"]
    covariances = theta["covariances"]
    precisions = 1 / covariances if covariance in ("diag", "spherical") else np.linalg.inv(covariances)
    model = mixture.GaussianMixture(
        len(theta["weights"]),
        covariance_type=covariance,
        reg_covar=0,
        tol=0,
        max_iter=iterations,
        weights_init=theta["weights"],
        means_init=theta["means"],
        precisions_init=precisions,
        init_params="random",
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that one iteration does not converge is what we ask for
        return model.fit(case.data.values)


@pytest.mark.parametrize("case", ROWS, ids=str)
@pytest.mark.parametrize("iterations", [1, 5])
def test_e_and_m_beside_scikit_learn(case, iterations):
    theirs = peer(case, iterations)
    last = trajectory.run(case.experiment(f"(EM){iterations}E")).last.after
    np.testing.assert_allclose(last.theta["weights"], theirs.weights_, rtol=1e-9)
    np.testing.assert_allclose(last.theta["means"], theirs.means_, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(last.theta["covariances"], theirs.covariances_, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(last.q.probabilities.T, theirs.predict_proba(case.data.values), rtol=1e-7, atol=1e-12)
    evidence = case.model.log_evidence(case.data, last.theta)
    assert evidence == pytest.approx(theirs.score_samples(case.data.values).sum(), rel=1e-10)
