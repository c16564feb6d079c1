"""Inside a half-step: every number shown is the core's own, and what direct arithmetic says it is."""

from __future__ import annotations

import numpy as np
import pytest

from em_core.files.experiment import Experiment
from em_core.kinds import MOVES
from em_core.models.mixture import Mixture
from em_core.observe.ahead import Ahead
from em_core.observe.beats import beats_of, working_of
from em_core.observe.beats.shares import ShareWorking
from em_core.observe.moment import moment
from em_core.trajectory import bound_after, run
from tests.core.cases import CASES
from tests.core.making import RULED_OUT
from tests.models import DENSITIES

SHOWN = [case for case in CASES if working_of(case.model)]
MIXTURES = [case for case in SHOWN if isinstance(case.model, Mixture)]
SHARES = [case for case in SHOWN if isinstance(working_of(case.model), ShareWorking)]
# of each model one, and what is particular about it
WITH_M = [case for case in MIXTURES if "M" in case.moves]


def moments(experiment):
    """Everything that is known of each half-step."""
    trajectory, ahead, made = run(experiment), Ahead(experiment), []
    for index in range(len(trajectory)):
        following = trajectory[index + 1].move if index + 1 < len(trajectory) else None
        made.append(moment(experiment, trajectory, index, following, made[-1] if made else None, ahead))
    return made


def made(case, word, seed=None, **changes):
    """The moment of the last half-step of a word, from a θ at random where a seed is given."""
    if seed is not None:
        theta = case.random_theta(np.random.default_rng(seed))
        start = {name: entry.tolist() for name, entry in theta.items()}
        changes = {"start": {**start, "q_at": case.raw["start"]["q_at"]}, **changes}
    return moments(case.experiment(word, **changes))[-1]


def named(now, unit=None):
    """The beats of a half-step by what they find, and the unit."""
    unit, beats = beats_of(now, unit)
    assert beats
    return unit, {beat.what: beat for beat in beats}


def exactly(found, value):
    np.testing.assert_array_equal(found, value)


def closely(found, value):
    np.testing.assert_allclose(found, value, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("case", MIXTURES, ids=str)
def test_an_e_step_of_one_row(case):
    now = made(case, "E")
    model, data, theta, q = case.model, case.data, now.step.before.theta, now.step.after.q
    for unit in (0, len(data.counts) - 1):
        found, beats = named(now, unit)
        assert found == unit and list(beats) == ["data", "densities", "joints", "responsibilities", "bound"]
        exactly(beats["data"].found, data.values[unit])
        exactly(beats["densities"].values["log_densities"], model.family.log_density(data.values, theta)[:, unit])
        exactly(beats["joints"].values["log_joints"], model.log_joint(data, theta)[:, unit])
        exactly(beats["responsibilities"].found, q.probabilities[:, unit])
        # by hand, component by component
        logs = DENSITIES[model.name](model, data.values, theta)[:, unit]
        products = [weight * np.exp(log) for weight, log in zip(theta["weights"], logs, strict=True)]
        closely(beats["densities"].found, np.exp(logs))
        closely(beats["joints"].found, products)
        closely(beats["responsibilities"].found, products / np.sum(products))
        assert np.sum(beats["responsibilities"].found) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("case", [case for case in MIXTURES if "G" in case.moves], ids=str)
def test_responsibilities_add_up_to_1_wherever_theta_is(case, seed):
    unit, beats = named(made(case, "E", seed))
    shares = beats["responsibilities"]
    assert np.sum(shares.found) == pytest.approx(1, abs=1e-12)
    closely(shares.found, shares.values["joints"] / np.sum(shares.values["joints"]))
    assert shares.at == beats["joints"].at and shares.at["component"] == int(np.argmax(shares.found))


def by_hand(name, data, q, theta):
    """A parameter of the mixture that q and the data determine, by loops over components and rows."""
    counts, values = q.expected_counts, data.values
    if name == "weights":
        return counts.sum(axis=1) / counts.sum()
    if name in ("means", "rates"):
        return np.array([sum(c * v for c, v in zip(row, values, strict=True)) / row.sum() for row in counts])
    if name == "probabilities":
        return np.array([np.average(values, axis=0, weights=row) for row in counts])
    if name == "coefficients":
        inputs, targets = values[:, :-1], values[:, -1]
        return np.array([np.linalg.solve((inputs.T * row) @ inputs, (inputs.T * row) @ targets) for row in counts])
    lines = theta["coefficients"] @ values[:, :-1].T
    return np.sum(counts * (values[:, -1] - lines) ** 2, axis=1) / counts.sum(axis=1)


@pytest.mark.parametrize("case", WITH_M, ids=str)
def test_an_m_step(case):
    now = made(case, "EM")
    model, data, q, after = case.model, case.data, now.step.after.q, now.step.after.theta
    unit, beats = named(now)
    free = [*([] if model.weights_fixed else ["weights"]), *model.family.parameters]
    sums = ["statistics"] if hasattr(model.family, "statistics") else []
    assert list(beats) == ["shares", "counts", *sums, *free, "bound"]
    exactly(beats["shares"].found, q.expected_counts[:, unit])
    exactly(beats["counts"].found, q.totals)
    closely(beats["counts"].found, [sum(row) for row in q.expected_counts.tolist()])
    for name in free:
        assert beats[name].found is after[name], name
        assert beats[name].state.theta[name] is after[name]
        if name == "covariances":
            apart = data.values - after["means"][0]
            first = np.einsum("n,ni,nj->ij", q.expected_counts[0], apart, apart) / q.expected_counts[0].sum()
            if model.family.covariance == "full":
                closely(after[name][0], first)
            elif model.family.covariance == "diag":
                closely(after[name][0], np.diag(first))
            elif model.family.covariance == "spherical":
                closely(after[name][0], np.trace(first) / len(first))
        else:
            scale = model.trials if hasattr(model, "trials") and name == "probabilities" else 1
            closely(beats[name].found, by_hand(name, data, q, after) / scale)


@pytest.mark.parametrize("case", [case for case in WITH_M if hasattr(case.model.family, "statistics")], ids=str)
def test_what_m_adds_up_over_all_rows(case):
    now = made(case, "EM")
    _, beats = named(now)
    q, values = now.step.after.q, case.data.values
    for name, found in beats["statistics"].found.items():
        rows = {"tails": getattr(case.model, "trials", 0) - values, "zeros": 1 - values}.get(name, values)
        for k, row in enumerate(q.expected_counts):
            closely(found[k], sum(count * value for count, value in zip(row, rows, strict=True)))


@pytest.mark.parametrize("word", ["E", "EM"])
@pytest.mark.parametrize("case", SHOWN, ids=str)
def test_the_last_beat_is_the_half_step(case, word):
    if set(word) - set(case.moves):
        return
    now = made(case, word)
    _, beats = beats_of(now, None)
    step, last = now.step, beats[-1]
    assert last.what == "bound" and last.state is step.after
    bound = bound_after(now.experiment, step)
    assert last.found == bound.elbo
    assert last.values["expected_log_joint"] + last.values["entropy"] == last.found
    # what came before it is θ and q of before, or parts of those of after
    for beat in beats:
        for name, entry in beat.state.theta.items():
            assert entry is step.before.theta[name] or entry is step.after.theta[name]
    ended = beats[-2].state
    for name, entry in step.after.theta.items():
        exactly(ended.theta[name], entry)
    if word == "E" and ended.q is not None and ended.q is not step.after.q:
        unit = beats[-2].at["unit"]
        exactly(ended.q.log_probabilities[:, unit], step.after.q.log_probabilities[:, unit])


@pytest.mark.parametrize("case", SHARES, ids=str)
def test_linkage_and_the_coin_of_unknown_origin(case):
    data, q_at = case.data, case.theta
    now = made(case, "E")
    _, beats = named(now)
    theta, share = float(q_at["theta"]), now.step.after.q.probabilities[1, 0]
    if case.model.name == "linkage":
        closely(beats["joints"].found, [0.5, theta / 4])
        closely(beats["responsibilities"].found[1], (theta / 4) / (0.5 + theta / 4))
    else:
        chances = (data.other, theta)
        likely = [p ** data.unknown[0] * (1 - p) ** data.unknown[1] for p in chances]
        closely(beats["densities"].found, likely)
        closely(beats["joints"].found, np.array(likely) / 2)
        closely(beats["responsibilities"].found[1], likely[1] / sum(likely))
    assert beats["responsibilities"].found[1] == share
    if "M" not in case.moves:
        return
    now = made(case, "EM")
    _, beats = named(now)
    first, second = beats["statistics"].found.values()
    if case.model.name == "linkage":
        closely([first, second], [data.counts[0] * share + data.counts[3], data.counts[1] + data.counts[2]])
        closely(beats["counts"].found, [data.counts[0] * (1 - share), data.counts[0] * share])
    else:
        closely([first, second], [data.known[side] + share * data.unknown[side] for side in (0, 1)])
    closely(beats["theta"].found, first / (first + second))
    assert beats["theta"].found is now.step.after.theta["theta"]


def one_of_each(letter):
    return list({case.model.name: case for case in reversed(MIXTURES) if letter in case.moves}.values())


@pytest.mark.parametrize("case", one_of_each("H"), ids=str)
def test_a_hard_step_gives_the_row_to_its_most_probable_component(case):
    now = made(case, "H")
    unit, beats = named(now)
    best = int(np.argmax(beats["joints"].values["log_joints"]))
    exactly(beats["mode"].found, np.eye(len(beats["mode"].found))[best])
    assert beats["mode"].at["component"] == best and "responsibilities" not in beats


@pytest.mark.parametrize("case", one_of_each("T"), ids=str)
def test_a_tempered_step(case):
    now = made(case, "T", moves={"T": {"temperature": 2.5}})
    unit, beats = named(now)
    powers = beats["joints"].found ** (1 / 2.5)
    closely(beats["responsibilities"].found, powers / powers.sum())
    assert beats["responsibilities"].values["temperature"] == 2.5


@pytest.mark.parametrize("case", one_of_each("P"), ids=str)
def test_a_partial_step_keeps_the_rows_of_other_blocks(case):
    now = made(case, "EP", moves={"P": {"blocks": 3}})
    n = len(case.data.counts)
    block = np.array_split(np.arange(n), 3)[now.step.info.block - 1]
    chosen, beats = named(now)
    assert chosen in block and "responsibilities" in beats
    for unit in (block[0], block[-1]):
        assert "responsibilities" in named(now, int(unit))[1]
    other = next(unit for unit in range(n) if unit not in block)
    _, beats = named(now, other)
    assert list(beats) == ["data", "kept", "bound"]
    exactly(beats["kept"].found, now.step.before.q.probabilities[:, other])


@pytest.mark.parametrize("case", one_of_each("C"), ids=str)
def test_a_conditional_step_finds_its_block_alone(case):
    word = "E"
    for block in case.model.blocks():
        word += "C"
        now = made(case, word)
        _, beats = named(now)
        moved = [what for what in beats if what in now.step.after.theta]
        assert moved == list(block) == list(now.step.info.block)
        assert beats[block[0]].found is now.step.after.theta[block[0]]


@pytest.mark.parametrize("letter", sorted(set("GBNSAL") & set(MOVES)))
def test_a_move_without_a_closed_working_has_no_beats(letter):
    case = next(case for case in MIXTURES if letter in case.moves)
    assert beats_of(made(case, f"E{letter}"), None) == (0, [])


def test_the_start_and_a_half_step_that_failed_have_no_beats():
    failed = moments(Experiment.parse({**RULED_OUT, "schedule": "M"}))
    lost = next(case for case in MIXTURES if case.name.endswith("zero_weight"))
    stopped = moments(lost.experiment("EM"))
    assert beats_of(failed[0], None) == (0, [])
    assert stopped[-1].step.stopped and beats_of(stopped[-1], None) == (0, [])


def test_a_run_that_is_wrong_on_purpose_has_no_beats():
    case = next(case for case in MIXTURES if case.model.name == "gaussian_mixture")
    assert beats_of(made(case, "E", **{"break": "unnormalised"}), None) == (0, [])


@pytest.mark.parametrize("case", MIXTURES, ids=str)
def test_the_row_whose_responsibilities_are_most_divided_is_followed(case):
    now = made(case, "E")
    unit, _ = beats_of(now, None)
    most = now.step.after.q.probabilities.max(axis=0)
    assert most[unit] == most.min()
    assert beats_of(now, 10**9)[0] == len(case.data.counts) - 1  # one beyond the last is the last
