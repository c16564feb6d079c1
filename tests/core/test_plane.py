"""The plane of the bound: every height against direct evaluation, every state where it belongs."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from em_core.__main__ import main
from em_core.bound import decompose, line
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.observe.plane import MOST, plane
from em_core.records import State, frozen
from em_core.trajectory import run
from tests.attack import dealt
from tests.core.cases import CASES
from tests.core.test_command_line import assert_one_line, strictly

COIN = {
    "model": "coin_of_unknown_origin",
    "data": {"other": 0.5, "known": [1, 4], "unknown": [9, 10]},
    "start": {"theta": 0.42, "q": 0.9},
    "schedule": "(EM)3",
}
LINKAGE = {"model": "linkage", "data": {"counts": [125, 18, 20, 34]}, "start": {"theta": 0.3}, "schedule": "(EM)3"}
FAITHFUL = {"model": "gaussian_mixture", "data": {"dataset": "old_faithful"}, "seed": 3, "schedule": "(EM)3"}
SLICED = [case for case in CASES if {"E", "M"} <= set(case.moves) and not hasattr(case.model, "q_of_share")]

# with several causes, so that the posterior does not factorise
FACTORISED = [case for case in SLICED if case.model.name == "sigmoid_belief_net" and "one_cause" not in case.name]


def found(raw, at, size=9):
    experiment = Experiment.parse(raw)
    trajectory = run(experiment)
    return experiment, trajectory, plane(experiment, trajectory, at, size)


def of_coin(q, theta):
    """L from SciPy's binomials."""
    prior = np.log(0.5)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = prior + stats.binom.logpmf(9, 10, [0.5, theta]) - np.log([1 - q, q])
        return stats.binom.logpmf(1, 4, theta) + sum(w * part for w, part in zip((1 - q, q), parts, strict=True) if w)


def of_linkage(q, theta):
    """L from SciPy's multinomial over the five cells: the first one's animals are split by q, whichever way."""
    first, *others = LINKAGE["data"]["counts"]
    with np.errstate(divide="ignore", invalid="ignore"):
        cells = np.log([0.5, theta / 4, (1 - theta) / 4, (1 - theta) / 4, theta / 4])
        expected = [first * (1 - q), first * q, *others]
        ways = stats.multinomial.logpmf([first, *others], sum([first, *others]), [0.25] * 4) + 197 * np.log(4)
        entropy = -first * sum(w * np.log(w) for w in (q, 1 - q) if w)
        return ways + sum(n * p for n, p in zip(expected, cells, strict=True) if n) + entropy


@pytest.mark.parametrize(("raw", "height"), [(COIN, of_coin), (LINKAGE, of_linkage)], ids=["coin", "linkage"])
def test_an_exact_plane_is_the_bound_everywhere_ends_included(raw, height):
    _, _, seen = found(raw, 5)
    assert (
        seen.exact
        and seen.heights.q[0] == seen.heights.theta[0] == 0
        and seen.heights.q[-1] == seen.heights.theta[-1] == 1
    )
    expected = np.array([[height(q, theta) for theta in seen.heights.theta] for q in seen.heights.q])
    assert np.isneginf(seen.heights.elbo).sum() == np.isneginf(expected).sum() > 0
    np.testing.assert_allclose(seen.heights.elbo, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("raw", [COIN, LINKAGE], ids=["coin", "linkage"])
def test_the_ridge_is_the_best_q_and_log_p_its_height(raw):
    experiment, _, seen = found(raw, 5, 41)
    model, data = experiment.model, experiment.data
    inner = seen.heights.elbo[:, 1:-1]
    assert (inner <= seen.heights.log_evidence[1:-1] * (1 - 1e-12)).all() and np.isneginf(
        seen.heights.log_evidence[[0, -1]]
    ).all()
    for theta, height, q in list(zip(seen.heights.theta, seen.heights.log_evidence, seen.ridge, strict=True))[1:-1]:
        there = State({"theta": frozen(theta)}, model.q_of_share(data, q))
        assert decompose(model, data, there).elbo == pytest.approx(height, rel=1e-12)


@pytest.mark.parametrize("word", ["(EM)3", "(E G5)2", "(HM)2", "(TM)3", "EBNL"])
@pytest.mark.parametrize("raw", [COIN, LINKAGE], ids=["coin", "linkage"])
def test_the_staircase_holds_every_half_step_from_the_first_q_on(raw, word):
    experiment, trajectory, _ = found({**raw, "schedule": word}, 1)
    at = len(trajectory) - 2
    treads = plane(experiment, trajectory, at).staircase
    first = 0 if experiment.gives_q else 1
    assert [tread.index for tread in treads] == list(range(first, at + 1))
    for tread, step in zip(treads, trajectory.half_steps[first:], strict=False):
        assert tread.move == step.move and tread.theta == float(step.after.theta["theta"])
        assert tread.elbo == decompose(experiment.model, experiment.data, step.after).elbo
        # along q or along θ, never both
        if step.move:
            assert (step.before.q is step.after.q) or step.before.theta is step.after.theta
    e_steps = [(tread, trajectory[tread.index].after.theta) for tread in treads if tread.move == "E"]
    for tread, theta in e_steps:  # E lands on the ridge
        ridge = experiment.model.share(experiment.model.posterior(experiment.data, theta))
        assert tread.q == pytest.approx(ridge, rel=1e-14)


@pytest.mark.parametrize("raw", [COIN, LINKAGE], ids=["coin", "linkage"])
def test_every_move_leaves_its_own_mark_in_an_exact_plane(raw):
    """Where each move stops, beside where E and M would."""

    def last(word):
        experiment, _, seen = found({**raw, "schedule": word}, len(word))
        tread = seen.staircase[-1]
        there = experiment.model.posterior(experiment.data, {"theta": frozen(tread.theta)})
        return tread, float(experiment.model.share(there))

    exact, ridge = last("E")
    assert exact.q == ridge
    best, step = last("EM")[0], last("EG")[0]
    assert min(exact.theta, best.theta) < step.theta < max(exact.theta, best.theta)  # G stops short
    assert exact.elbo < step.elbo < best.elbo and step.q == best.q == exact.q
    # E G5 lies between one G and M
    between = last("EGGGGG")[0]
    assert abs(step.theta - best.theta) > abs(between.theta - best.theta) > 0
    hard, ridge = last("H")
    assert hard.q in (0, 1) and 0 < ridge < 1
    # T beside the ridge, on the side of equal shares; as it cools it comes to it
    apart = []
    for word in ("T", "TMT", f"{'TM' * 40}T"):
        tread, ridge = last(word)
        assert abs(tread.q - 0.5) < abs(ridge - 0.5)
        apart.append(evidence(raw, tread.theta) - tread.elbo)
    assert min(apart[:2]) > 0.05 and apart[2] < 1e-5


def evidence(raw, theta):
    experiment = Experiment.parse(raw)
    return experiment.model.log_evidence(experiment.data, {"theta": frozen(theta)})


def test_in_a_slice_p_goes_part_of_the_way():
    """Up from the bound before, and not to log p, the height of the ridge."""
    _, trajectory, seen = found(FAITHFUL | {"schedule": "EMP", "moves": {"P": {"blocks": 4}}}, 3)
    before, tread = decompose(*case_of(FAITHFUL), trajectory[2].after), seen.staircase[-1]
    assert (tread.move, tread.q, tread.theta) == ("P", 1, 0)
    assert before.elbo < tread.elbo < seen.heights.log_evidence[0]
    assert found(FAITHFUL | {"schedule": "EME"}, 3)[2].staircase[-1].elbo == pytest.approx(before.log_evidence)


@pytest.mark.parametrize("case", FACTORISED, ids=str)
def test_in_a_slice_v_stays_off_the_ridge(case):
    """However many sweeps: the posterior does not factorise."""
    _, _, seen = found({**case.raw, "schedule": f"VM{'V' * 40}"}, 42)
    tread, ridge = seen.staircase[-1], seen.heights.log_evidence[0]
    assert (tread.move, tread.q, tread.theta) == ("V", 1, 0)
    assert tread.elbo < ridge - 1e-6 * abs(ridge)


def case_of(raw):
    experiment = Experiment.parse(raw)
    return experiment.model, experiment.data


@pytest.mark.parametrize("case", dealt(SLICED, 1, of=2), ids=str)
def test_a_slice_is_the_bound_at_blends_and_along_the_way(case):
    raw = {**case.raw, "schedule": "EMEM"}
    for at, (q_from, q_to, theta_to) in {3: (2, 3, 4), 4: (2, 3, 4), 2: (0, 1, 2), 0: (0, 1, 2)}.items():
        experiment, trajectory, seen = found(raw, at, 5)
        model, data = experiment.model, experiment.data
        before, after = trajectory[q_from].after.q, trajectory[q_to].after.q
        origin, target = trajectory[q_to].after.theta, trajectory[theta_to].after.theta
        assert not seen.exact and seen.ridge is None
        assert seen.heights.q.tolist() == seen.heights.theta.tolist() == [0, 0.25, 0.5, 0.75, 1]
        try:
            thetas = line(model, origin, target, seen.heights.theta)
        except HalfStepFailed:  # on a boundary, straight in θ itself
            thetas = [
                {name: origin[name] + t * (target[name] - origin[name]) for name in origin} for t in seen.heights.theta
            ]
        for row, weight in enumerate(seen.heights.q):
            q = model.blend(before, after, float(weight))
            for column, theta in enumerate(thetas):
                expected = model.expected_log_joint(data, theta, q) + model.entropy(q)
                assert seen.heights.elbo[row, column] == pytest.approx(expected, rel=1e-9, abs=1e-9)
        heights = [model.log_evidence(data, theta) for theta in thetas]
        np.testing.assert_allclose(seen.heights.log_evidence, heights, rtol=1e-9)
        corners = [(tread.index, tread.q, tread.theta) for tread in seen.staircase]
        assert corners == [(q_from, 0, 0), (q_to, 1, 0), (theta_to, 1, 1)]
        for tread in seen.staircase:  # the states themselves
            assert seen.heights.elbo[int(-tread.q), int(-tread.theta)] == pytest.approx(
                tread.elbo, rel=1e-11, abs=1e-11
            )
        # E is exact: there the bound touches log p
        assert seen.heights.elbo[-1, 0] == pytest.approx(seen.heights.log_evidence[0], rel=1e-11)


def test_a_slice_with_scipy():
    experiment, trajectory, seen = found(FAITHFUL, 3, 3)
    values, theta = experiment.data.values, trajectory[3].after.theta
    parts = [
        np.log(weight) + stats.multivariate_normal.logpdf(values, mean, covariance)
        for weight, mean, covariance in zip(theta["weights"], theta["means"], theta["covariances"], strict=True)
    ]
    shares = (trajectory[2].after.q.probabilities + trajectory[3].after.q.probabilities) / 2
    expected = np.sum(shares * (np.array(parts) - np.log(shares)))
    assert seen.heights.elbo[1, 0] == pytest.approx(expected, rel=1e-12)
    assert seen.heights.log_evidence[0] == pytest.approx(np.logaddexp.reduce(parts).sum(), rel=1e-12)


def test_several_gradient_steps_span_the_way_up_to_the_one_in_view():
    experiment, trajectory, _ = found({**FAITHFUL, "schedule": "(E G3)2"}, 5)
    for at, last in ((5, 6), (6, 6), (7, 7), (8, 8)):
        seen = plane(experiment, trajectory, at, 3)
        assert [tread.index for tread in seen.staircase] == list(range(4, last + 1))
        shares = [tread.theta for tread in seen.staircase[1:]]
        assert shares == sorted(shares) and (shares[0], shares[-1]) == (0, 1)
        start, *way = (experiment.model.to_vector(trajectory[index].after.theta) for index in range(5, last + 1))
        feet = [(way[-1] - start) @ (place - start) / np.sum((way[-1] - start) ** 2) for place in way]
        assert shares[1:] == pytest.approx(feet, rel=1e-12)
        for tread in seen.staircase:
            state = trajectory[tread.index].after
            assert tread.elbo == decompose(experiment.model, experiment.data, state).elbo


def test_where_no_m_type_move_followed_a_full_one_is_looked_at():
    experiment, trajectory, seen = found({**FAITHFUL, "schedule": "EME"}, 3, 3)
    longer, _, other = found({**FAITHFUL, "schedule": "EMEM"}, 3, 3)
    np.testing.assert_array_equal(seen.heights.elbo, other.heights.elbo)
    assert [tread.index for tread in seen.staircase] == [2, 3]  # what was not made is not in it
    assert longer.model == experiment.model and len(trajectory) == 4


def test_what_was_set_by_hand_begins_a_round():
    elsewhere = Experiment.parse({**FAITHFUL, "seed": 4}).start
    change = {"after": 3, "start": {name: entry.tolist() for name, entry in elsewhere.items()}}
    _, trajectory, seen = found({**FAITHFUL, "by_hand": [change]}, 4, 3)
    assert [step.move for step in trajectory.half_steps[3:6]] == ["E", "by hand", "M"]
    assert [tread.index for tread in seen.staircase] == [5, 6, 7]
    _, _, exact = found({**COIN, "by_hand": [{"after": 2, "start": {"theta": 0.7, "q": 0.25}}]}, 4)
    assert [(tread.index, tread.move) for tread in exact.staircase][2:4] == [(2, "M"), (3, "by hand")]
    assert (exact.staircase[3].q, exact.staircase[3].theta) == (0.25, 0.7)


# ---- the command line ----------------------------------------------------------------------------------------------
@pytest.fixture
def call(tmp_path, capsys):
    def calling(raw, *options):
        path = tmp_path / "experiment.json"
        path.write_text(json.dumps(raw), encoding="utf-8")
        status = main(["plane", str(path), *options])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return calling


def test_it_prints_one_object_with_infinities_as_strings(call):
    status, out, err = call(COIN, "--at", "3")
    result = strictly(out)
    assert (status, err) == (0, "") and out.count("\n") == 1
    assert list(result) == ["exact", "q", "theta", "elbo", "log_evidence", "staircase"]
    assert result["exact"] is True and len(result["q"]) == len(result["theta"]) == len(result["elbo"]) == 41
    assert all(len(row) == 41 for row in result["elbo"]) and len(result["log_evidence"]) == 41
    assert result["elbo"][0][0] == result["log_evidence"][-1] == "-Infinity"
    assert list(result["staircase"][0]) == ["index", "move", "q", "theta", "elbo"]
    assert [(tread["index"], tread["move"]) for tread in result["staircase"]] == [
        (0, None),
        (1, "E"),
        (2, "M"),
        (3, "E"),
    ]
    assert result["staircase"][0]["q"] == pytest.approx(0.9, rel=1e-15)
    assert result["elbo"][20][10] == pytest.approx(of_coin(0.5, 0.25), rel=1e-12)
    assert len(strictly(call(FAITHFUL, "--at", "3", "--size", "5")[1])["elbo"]) == 5


FACTORS = {"model": "factor_analysis", "data": {"dataset": "iris"}, "settings": {"n_factors": 1}, "seed": 3}
BARS = {"model": "dictionary_learning", "data": {"generator": "bars", "n_points": 20}, "schedule": "(HM)3"}
REFUSED = {
    "before there is a q": (LINKAGE, ["--at", "0"], "--at: 0 .* at least 1: before there is no q"),
    "without a q at all": ({**FAITHFUL, "schedule": "E"}, ["--at", "0"], "--at: 0 .* at least 1"),
    "no q to blend with": (FAITHFUL, ["--at", "2"], "--at: 2 .* before E at 1 there is no q"),
    "two points": ({**FACTORS, "schedule": "EMHMHM"}, ["--at", "5"], "--at: 5 .* points in continuous h"),
    "no blend": (BARS, ["--at", "3"], "--at: 3 .* no blend"),
    "beyond the end": (COIN, ["--at", "7"], "--at: '7' .* from 0 to 6"),
    "below 0": (COIN, ["--at=-1"], "--at: '-1'"),
    "no whole number": (COIN, ["--at", "1.5"], "--at: '1.5'"),
    "no number": (COIN, ["--at", "²"], "--at: '²'"),
    "a flood": (COIN, ["--at", "9" * 5000], "--at: .* from 0 to 6"),
    "too many": (COIN, ["--at", "1", "--size", str(MOST + 1)], f"--size: .* from 2 to {MOST}"),
    "too few": (COIN, ["--at", "1", "--size", "1"], "--size: '1'"),
    "no half-steps": ({"model": "sparse_coding"}, ["--at", "1"], "model: 'sparse_coding' .* linkage"),
    "no experiment": ([], ["--at", "1"], "experiment: "),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_plane_is_one_line(call, name):
    raw, options, message = REFUSED[name]
    status, out, err = call(raw, *options)
    assert_one_line(status, out, err)
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(err)


def test_a_run_without_any_q_says_so():
    experiment = Experiment.parse(FAITHFUL)
    with pytest.raises(InvalidExperiment, match="a run with an E-type move"):
        plane(experiment, run(experiment).upto(0), 0)
