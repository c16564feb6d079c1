"""C: maxima block by block."""

from __future__ import annotations

import numpy as np
import pytest

from em_core import trajectory as run
from em_core.files.experiment import Experiment
from tests.attack import thinned
from tests.core.cases import WITH_M, central_difference
from tests.core.m_moves.shared import BY_NAME, COINS, WITH_C, same, slope
from tests.core.making import gaussian


def coordinates(case, theta, block):
    """The places in the vector of unconstrained coordinates that move these parameters, and these alone."""
    vector = case.model.to_vector(theta)
    found = []
    for place in range(len(vector)):
        moved = vector.copy()
        moved[place] += 0.1
        other, back = (case.model.from_vector(x, theta) for x in (moved, vector))
        changed = {name for name in theta if not np.array_equal(other[name], back[name])}
        assert len(changed) == 1
        if changed <= set(block):
            found.append(place)
    return found


@pytest.mark.parametrize("case", WITH_M, ids=str)
def test_blocks_are_the_parameters_that_moves_change(case):
    if "C" not in case.m_moves:
        # one number, or shares of one whole
        assert len(case.theta) == 1 or sum(map(float, case.theta.values())) == pytest.approx(1)
        return
    settings = case.raw.get("settings", {})
    fixed = {*settings.get("fixed", ()), *(["weights"] if settings.get("fixed_weights") else [])}
    names = [name for block in case.model.blocks() for name in block]
    assert names == [name for name in case.theta if name not in fixed]


@pytest.mark.parametrize("case", WITH_C, ids=str)
def test_a_block_goes_to_its_maximum_and_the_others_stay(case):
    """Stationary and best in the block's own coordinates, at any θ; the other parameters keep every bit."""
    model, rng = case.model, np.random.default_rng(8)
    flat = 1e-11 if model.help["m_step"] == "closed form" else 1e-8
    for block in model.blocks():
        start = case.random_theta(rng)
        theta = model.maximize_block(case.data, case.q, start, block)
        assert list(theta) == list(start)
        assert all(np.array_equal(theta[name], start[name]) for name in theta if name not in block)
        places = coordinates(case, theta, block)
        vector = model.to_vector(theta)
        assert np.abs(slope(case, theta)[places]).max(initial=0) <= flat * case.n_units * max(1, np.abs(vector).max())

        def joint(x, vector=vector, places=places, theta=theta):
            moved = vector.copy()
            moved[places] = x
            return model.expected_log_joint(case.data, model.from_vector(moved, theta), case.q)

        best = joint(vector[places])
        assert np.linalg.norm(central_difference(joint, vector[places])) <= 1e-7 * case.n_units
        for scale in (1e-2, 1.0):
            for _ in range(5):
                other = joint(vector[places] + scale * rng.standard_normal(len(places)))
                assert other < best or not places
        assert model.expected_log_joint(case.data, start, case.q) <= best + 1e-12 * abs(best)


@pytest.mark.parametrize("case", WITH_C, ids=str)
def test_one_round_of_c_is_m_where_earlier_blocks_need_not_know_later_ones(case):
    """True of all but factor analysis (mean, loadings) and the belief net (biases, weights): there M is higher."""
    rounds = run.run(case.experiment(f"E(C){max(1, len(case.model.blocks()))}")).last.after
    full = run.run(case.experiment("EM")).last.after
    if case.raw["model"] in ("factor_analysis", "sigmoid_belief_net"):
        assert case.elbo(rounds.theta, full.q) < case.elbo(full.theta, full.q) - 1e-4
    else:
        for name, entry in full.theta.items():
            np.testing.assert_allclose(rounds.theta[name], entry, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", ["factor_analysis_diagonal_4d_l2", "sigmoid_belief_net_three_causes"])
def test_rounds_of_c_at_fixed_q_end_where_m_goes(name):
    case = BY_NAME[name]
    best = case.elbo(case.model.maximize(case.data, case.q, case.theta), case.q)
    trajectory = run.run(case.experiment("C1500"))
    assert case.elbo(trajectory.last.after.theta, case.q) == pytest.approx(best, rel=1e-9)


SETTLED = [
    "gaussian_full_2d_k2",
    "poisson_mixture_frequencies",
    "regression_mixture_lines",
    "student_t_outliers",
    "incomplete_gaussian_three_columns",
    "hidden_markov_poisson_three_states",
    "factor_analysis_isotropic_3d_l1",
    "bernoulli_mixture_pictures",
]


@pytest.mark.parametrize("name", thinned(SETTLED, SETTLED[:1]))
def test_ecm_and_em_have_the_same_fixed_points(name):
    """Where (EM) stands still, (EC) does; where (EC) stands still, log p is flat."""
    case = BY_NAME[name]
    model = case.model
    still = run.run(case.experiment("(EM)500")).last.after.theta
    start = {key: entry.tolist() for key, entry in still.items()}
    after = run.run(case.experiment("(EC)8", start=start)).last.after.theta
    for key, entry in still.items():
        np.testing.assert_allclose(after[key], entry, rtol=1e-6, atol=1e-9)
    ecm = run.run(case.experiment("(EC)1000")).last.after
    flat = model.gradient(case.data, ecm.theta, model.posterior(case.data, ecm.theta))
    assert np.linalg.norm(flat) < 1e-5 * case.n_units


def test_the_blocks_come_in_turn():
    case = BY_NAME["hidden_markov_gaussian_two_states"]
    blocks = case.model.blocks()
    trajectory = run.run(case.experiment("ECECCMCEC"))
    made = 0
    for step in trajectory.half_steps[1:]:
        if step.move != "C":
            assert step.after.carry.get("C", 0) == step.before.carry.get("C", 0)
            continue
        before, after = step.before.theta, step.after.theta
        changed = {name for name in after if not np.allclose(after[name], before[name], rtol=1e-12, atol=0)}
        assert changed <= set(blocks[made % len(blocks)])
        made += 1
    assert made == 5


def test_c_with_few_blocks():
    """Everything fixed: nothing changes. One block free: C is M."""
    names = ("weights", "means", "covariances")
    none = gaussian("full", 2, 2, fixed=names)
    assert same(run.run(none.experiment("ECC")).last.after.theta, none.theta) and none.model.blocks() == ()
    for free in names:
        case = gaussian("tied", 2, 2, fixed=tuple(name for name in names if name != free))
        assert case.model.blocks() == ((free,),)
        assert same(run.run(case.experiment("EC")).last.after.theta, run.run(case.experiment("EM")).last.after.theta)
    assert same(run.run(COINS.experiment("EC")).last.after.theta, run.run(COINS.experiment("EM")).last.after.theta)


def test_a_lost_component_may_have_weight_0_but_no_mean():
    case = BY_NAME["gaussian_full_2d_k3_zero_weight"]
    trajectory = run.run(case.experiment("ECC"))
    assert trajectory[2].after.theta["weights"][2] == 0
    (event,) = trajectory.last.events
    assert (event.kind, event.stops, event.numbers["component"]) == ("lost_component", True, 2)


def test_c_notices_what_m_notices():
    """A component that closes in on one point: M's event, with M's numbers, from the block that meets it."""
    raw = {
        "model": "gaussian_mixture",
        "data": {"values": [0.0, 0.1, 0.2, 9.0]},
        "start": {"weights": [0.5, 0.5], "means": [[0.1], [9.0]], "covariances": [[[0.01]], [[0.01]]]},
    }
    full, blocks = (run.run(Experiment.parse({**raw, "schedule": word})) for word in ("EMEM", "E(C3E)2"))
    assert full.last.events == blocks.last.events and blocks.last.stopped and blocks.last.move == "C"
    lines = {
        "model": "regression_mixture",
        "data": {"inputs": [[1, 0], [1, 1], [1, 2]], "targets": [1, 3, 5]},
        "start": {"weights": [1.0], "coefficients": [[0, 1]], "variances": [1.0]},
    }
    full, blocks = (run.run(Experiment.parse({**lines, "schedule": word})) for word in ("EM", "ECCC"))
    assert [event.kind for event in blocks.last.events] == ["singular_covariance"]
    assert full.last.events == blocks.last.events
