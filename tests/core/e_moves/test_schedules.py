"""Algorithms that are schedules of E- and M-type moves, and how a run tells of q."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from em_core import trajectory as run
from em_core.__main__ import main
from em_core.bound import decompose
from em_core.distributions import normals
from em_core.kinds import MOVES
from em_core.schedule import plan
from tests.core.cases import CASES
from tests.core.e_moves.shared import end, made
from tests.core.making import Case

BLOBS = np.repeat([[0.0, 0.0], [6.0, 0.0], [3.0, 5.0]], 20, axis=0)
BLOBS = (BLOBS + 0.8 * np.random.default_rng(0).standard_normal(BLOBS.shape)).round(2)


CLOUD = np.random.default_rng(1).standard_normal((90, 2))


def spherical(values, means, variance=1.0, fixed=()):
    """Three spherical components of equal weight."""
    start = {"weights": [1 / 3] * 3, "means": means, "covariances": [variance] * 3}
    settings = {"covariance": "spherical", "fixed": list(fixed)}
    raw = {"model": "gaussian_mixture", "settings": settings, "data": {"values": values.tolist()}, "start": start}
    return Case("three_spheres", raw)


def test_hm_with_equal_fixed_weights_and_covariances_is_lloyds_k_means():
    """Step by step beside scikit-learn: centres after M, and the assignments that follow from them."""
    cluster = pytest.importorskip("sklearn.cluster")
    centres = CLOUD[:3]
    case = spherical(CLOUD, centres.tolist(), 0.7, ("weights", "covariances"))
    _, trajectory, bounds = made(case, "(HM)8H")
    distinct = set()
    for iteration in range(1, 9):
        peer = cluster.KMeans(3, init=centres, n_init=1, max_iter=iteration, algorithm="lloyd", tol=0).fit(CLOUD)
        after, following = trajectory[2 * iteration].after, trajectory[2 * iteration + 1].after
        np.testing.assert_allclose(after.theta["means"], peer.cluster_centers_, rtol=1e-12, atol=1e-13)
        np.testing.assert_array_equal(following.q.probabilities.argmax(axis=0), peer.labels_)
        constant = len(CLOUD) * (np.log(1 / 3) - np.log(2 * np.pi * 0.7))
        assert bounds[2 * iteration + 1].elbo == pytest.approx(constant - peer.inertia_ / 1.4, rel=1e-12)
        distinct.add(peer.labels_.tobytes())
    assert len(distinct) >= 3  # it took some steps


def test_annealing_finds_what_em_from_the_same_start_does_not():
    """Two of the three centres in one blob: EM stays there, a tempered q lets one of them out."""
    case = spherical(BLOBS, [[-1.0, 0.0], [1.0, 0.0], [4.5, 2.5]])
    plain_em, annealed = (end(case, word)[1].log_evidence for word in ("(EM)60", "(TM)30(EM)30"))
    assert plain_em == pytest.approx(-249.58, abs=0.01)
    assert annealed == pytest.approx(-198.11, abs=0.01)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_q_at_is_known_after_e_alone(case):
    for letter in set("HPTV") & set(case.moves):
        _, trajectory, _ = made(case, f"E{letter}")
        assert trajectory[1].after.q_at is trajectory[1].after.theta and trajectory[2].after.q_at is None


def test_an_infinite_bound_converges_by_its_expected_log_joint():
    case = next(case for case in CASES if case.name == "incomplete_gaussian_three_columns")
    experiment = case.experiment()
    ended = run.run_to_end(experiment, run.start(experiment), plan("HM", MOVES))
    assert 6 < len(ended) < 501 and run.converged(experiment, ended, plan("HM", MOVES))
    last, earlier = (decompose(case.model, case.data, ended[i].after) for i in (-1, -3))
    assert last.elbo == -math.inf
    assert abs(last.expected_log_joint - earlier.expected_log_joint) < 1e-9 * abs(last.expected_log_joint)


@pytest.mark.parametrize("name", ["gaussian_full_3d_k1", "binomial_two_coins", "factor_analysis_diagonal_4d_l2"])
def test_a_bound_that_fell_has_not_converged(name):
    case = next(case for case in CASES if case.name == name)
    experiment, trajectory, bounds = made(case, "(EM)200T")
    assert run.converged(experiment, trajectory.upto(400), plan("EM", MOVES))
    fell = bounds[401].elbo < bounds[400].elbo - 1e-6
    assert run.converged(experiment, trajectory, plan("T", MOVES)) != fell and fell == (name != "gaussian_full_3d_k1")
    if "H" in case.moves and name.startswith("factor"):
        experiment, trajectory, bounds = made(case, "EH")
        assert not run.converged(experiment, trajectory, plan("H", MOVES))  # from a finite bound to −∞


@pytest.mark.parametrize("letters", ["HT", "P", "V"])
@pytest.mark.parametrize("name", ["factor_analysis_diagonal_4d_l2", "linkage_197_animals"])
def test_the_command_line_tells_infinities_and_refuses_what_a_model_lacks(name, letters, tmp_path, capsys):
    case = next(case for case in CASES if case.name == name)
    path = tmp_path / "experiment.json"
    path.write_text(json.dumps({**case.raw, "schedule": f"E{letters}M"}), encoding="utf-8")
    status = main(["run", str(path)])
    out, err = capsys.readouterr()
    if not set(letters) <= set(case.moves):
        assert status == 2 and out == "" and err.startswith("schedule: ") and MOVES[letters[0]].lacking in err
        return
    assert (status, err) == (0, "")
    steps = json.loads(out, parse_constant=pytest.fail)["half_steps"]
    for step in steps:
        if step["move"] == "H" and name.startswith("factor"):
            assert (step["elbo"], step["entropy"], step["gap"], step["kl"]) == (
                "-Infinity",
                "-Infinity",
                "Infinity",
                "Infinity",
            )
            assert isinstance(step["expected_log_joint"], float) and isinstance(step["log_evidence"], float)
        else:
            assert isinstance(step["elbo"], float) and isinstance(step["kl"], float)


def test_points_have_no_blend_between_them():
    """Two points apart leave no covariance to invert: an event's error, not NumPy's."""
    case = next(case for case in CASES if case.name == "factor_analysis_diagonal_4d_l2")
    one = case.model.mode(case.data, case.theta)
    other = normals.mode(case.q)
    with pytest.raises(ArithmeticError, match="positive definite"):
        case.model.blend(one, other, 0.5)
    spread = case.model.blend(one, case.q, 0.5)
    assert math.isfinite(case.model.entropy(spread))


def test_the_first_sweep_after_an_exact_e_step_can_lower_the_elbo():
    """What V's promise leaves out: a posterior that does not factorise becomes so first."""
    case = next(case for case in CASES if case.name.startswith("sigmoid_belief_net"))
    _, _, bounds = made(case, "EVV")
    assert bounds[2].elbo < bounds[1].elbo - 1e-6 and bounds[3].elbo >= bounds[2].elbo - 1e-12 * abs(bounds[2].elbo)
    assert "once q factorises" in MOVES["V"].promise
