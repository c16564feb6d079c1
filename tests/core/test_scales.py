"""Whatever the units and wherever the data lie: the digits that are claimed, or an event, or a refusal.

Tolerances are relative to the largest in size of the terms log p, E_q[log p(h, v)], H(q) and KL, or to 1 nat where all
are smaller.
"""

from __future__ import annotations

import decimal
import json
import math
from fractions import Fraction

import numpy as np
import pytest

from em_core import trajectory as run
from em_core.__main__ import main
from em_core.bound import decompose
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.models import missing
from em_core.moves import MOVES, allowed

IDENTITY, FALL, WORST_CONDITION = 1e-11, 1e-12, 1e8
WORDS = ["(EM)6", "(EC)9", "EG4(EG)3A2", "(EB)3N2L", "EBCPTMNEHMSLA"]
SCALES, OFFSETS = (1e-8, 1e-3, 1.0, 1e8), (0.0, 1e8)
# shares of a column's variance that the other columns leave: far from singular, and next to the limit
SHARES = (0.3, 1e-7)


def columns(n_rows, n_columns, share, seed):
    rng = np.random.default_rng([seed, n_rows, n_columns])
    common = rng.standard_normal((n_rows, 1))
    return np.sqrt(1 - share) * common + np.sqrt(share) * rng.standard_normal((n_rows, n_columns))


def with_gaps(values, seed=0):
    rng = np.random.default_rng(seed)
    gaps = rng.random(values.shape) < 0.3
    gaps[:2] = False
    gaps[np.arange(len(values)), rng.integers(values.shape[1], size=len(values))] = False
    return [
        [None if gap else x for x, gap in zip(*row, strict=True)] for row in zip(values.tolist(), gaps, strict=True)
    ]


def line(share):
    x = np.linspace(-2, 2, 18)
    noise = np.sqrt(share) * np.random.default_rng(1).standard_normal(18)
    return x, np.where(np.arange(18) % 2, 1 + 2 * x, -0.5 * x) + noise


def tables(share):
    """name -> (model, settings, scale, offset -> data)."""
    three = columns(18, 3, share, 0)
    two = np.vstack([columns(10, 2, share, 1), columns(10, 2, share, 2) + 3])
    x, y = line(share)
    observed = [n % 3 > 0 for n in range(18)]
    placed = {
        f"mixture_{shape}": ("gaussian_mixture", {"covariance": shape}, lambda s, o: {"values": (two * s + o).tolist()})
        for shape in ("full", "tied", "diag", "spherical")
    }
    rows = {"values": three}
    return placed | {
        "student_t": ("student_t", {}, lambda s, o: {"values": (three * s + o).tolist()}),
        "heavy_tails": ("student_t", {"degrees_of_freedom": 1.5}, lambda s, o: {"values": (three * s + o).tolist()}),
        "incomplete": ("incomplete_gaussian", {}, lambda s, o: {"values": with_gaps(rows["values"] * s + o)}),
        "factors": ("factor_analysis", {}, lambda s, o: {"values": (three * s + o).tolist()}),
        "ppca": (
            "factor_analysis",
            {"n_factors": 2, "noise": "isotropic"},
            lambda s, o: {"values": (three * s + o).tolist()},
        ),
        "lines": (
            "regression_mixture",
            {},
            lambda s, o: {
                "inputs": np.column_stack([np.ones(18), x * s + o]).tolist(),
                "targets": (y * s + o).tolist(),
            },
        ),
        "chain": (
            "hidden_markov",
            {},
            lambda s, o: {"sequences": [(two[::2, 0] * s + o).tolist(), (two[1::2, 1] * s + o).tolist()]},
        ),
        "lifetimes": (
            "censored_exponential",
            {},
            lambda s, o: {"times": (np.abs(x) * s + o).tolist(), "observed": observed},
        ),
    }


def size(*bounds):
    terms = [getattr(b, name) for b in bounds for name in ("log_evidence", "expected_log_joint", "entropy", "kl")]
    return max(1.0, *(abs(term) for term in terms if term is not None and math.isfinite(term)))


def assert_digits(experiment, trajectory):
    """The identity at every half-step, and no fall in a move that promises none."""
    bounds = [decompose(experiment.model, experiment.data, step.after) for step in trajectory.half_steps]
    for step, before, bound in zip(trajectory.half_steps, [bounds[0], *bounds], bounds, strict=False):
        where = f"{trajectory.moves}, half-step {step.index}: {bound}"
        assert math.isfinite(bound.log_evidence), where
        if bound.elbo is None:
            continue
        assert bound.kl >= 0, where
        if bound.residual is None:
            assert bound.elbo == -math.inf, where
            continue
        assert abs(bound.residual) <= IDENTITY * size(bound), where
        if step.move and MOVES[step.move].monotone and step.move != "V" and before.elbo is not None:
            assert bound.elbo >= before.elbo - FALL * size(before, bound), where


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", tables(1.0))
def test_the_identity_and_what_moves_promise_hold_or_there_is_an_event(name, scale, offset, share):
    model, settings, data = tables(share)[name]
    for word in WORDS:
        kept = "".join(letter for letter in word if not letter.isalpha() or letter in "EM" or letter in LETTERS[model])
        raw = {"model": model, "settings": settings, "data": data(scale, offset), "schedule": kept.replace("()", "")}
        try:
            experiment = Experiment.parse(raw)
        except InvalidExperiment:
            # the offset has left too little of the data, or the columns too little of each other
            assert offset >= 1e7 * scale or share < 0.1
            continue
        trajectory = run.run(experiment)
        assert_digits(experiment, trajectory)
        if share == 0.3 and offset <= scale and word == "(EM)6":
            assert not trajectory.last.stopped and not any(step.events for step in trajectory.half_steps)


LETTERS = {
    model: allowed(
        type(Experiment.parse({"model": model, "settings": settings, "data": data(1.0, 0.0), "schedule": "E"}).model)
    )
    for model, settings, data in tables(0.3).values()
}


# ---- a move, a start and a q_at accept the same θ ------------------------------------------------------------
def condition(matrix):
    """Of a covariance in units of its own deviations."""
    deviations = np.sqrt(np.diag(matrix))
    return np.linalg.cond(matrix / deviations[:, None] / deviations)


def random_table(seed, smallest=-8):
    rng = np.random.default_rng(seed)
    values = np.round(10 * rng.standard_normal((int(rng.integers(4, 12)), 3)), int(rng.integers(0, 3)))
    word = "E" + "".join(rng.choice(list("EEGGSABNLMC"), size=rng.integers(1, 8)))
    return values * 10.0 ** rng.integers(smallest, 9), rng.random(values.shape) < 0.35, word


@pytest.mark.parametrize("model", ["incomplete_gaussian", "student_t", "factor_analysis", "gaussian_mixture"])
def test_whatever_a_move_accepts_has_all_its_terms(model):
    """Small tables, step sizes that do not suit their units, any order of moves: 50 trajectories a model."""
    ended = set()
    for seed in range(50):
        values, gaps, word = random_table(seed, -8 if model == "incomplete_gaussian" else -60)
        rows = values.tolist()
        if model == "incomplete_gaussian":
            rows = [[None if gap else x for x, gap in zip(*row, strict=True)] for row in zip(rows, gaps, strict=True)]
        try:
            experiment = Experiment.parse({"model": model, "data": {"values": rows}, "schedule": word, "seed": seed})
        except InvalidExperiment:
            continue
        trajectory = run.run(experiment)
        assert_digits(experiment, trajectory)
        ended.add(trajectory.last.stopped)
        for step in trajectory.half_steps:
            for matrices in (step.after.theta.get(name) for name in ("covariance", "scale_matrix", "covariances")):
                for matrix in () if matrices is None else matrices.reshape(-1, 3, 3):
                    assert condition(matrix) <= 1.01 * WORST_CONDITION
    assert ended == {False, True}


NEXT_TO_SINGULAR = [[1.0, 1 - 1e-9], [1 - 1e-9, 1.0]]
TABLE = [[0.0, 0.1], [1.0, 0.8], [2.0, 2.3], [-1.0, -1.2], [0.5, 0.4]]
PLAIN = [[1.0, 0.3], [0.3, 1.0]]
MATRICES = [
    (
        "gaussian_mixture",
        "covariances",
        lambda matrix: {"weights": [1.0], "means": [[0.0, 0.0]], "covariances": [matrix]},
    ),
    ("student_t", "scale_matrix", lambda matrix: {"location": [0.0, 0.0], "scale_matrix": matrix}),
    ("incomplete_gaussian", "covariance", lambda matrix: {"mean": [0.0, 0.0], "covariance": matrix}),
]


@pytest.mark.parametrize(("model", "name", "theta"), MATRICES)
def test_starts_and_q_at_are_held_to_what_moves_are_held_to(model, name, theta):
    good, bad = theta(PLAIN), theta(NEXT_TO_SINGULAR)
    raw = {"model": model, "data": {"values": TABLE}, "schedule": "E"}
    Experiment.parse({**raw, "start": {**good, "q_at": good}})
    for start, field in ((bad, "start"), ({**bad, "q_at": good}, "start"), ({**good, "q_at": bad}, "start.q_at")):
        with pytest.raises(InvalidExperiment, match=f"^{field}: .*singular"):
            Experiment.parse({**raw, "start": start})


@pytest.mark.parametrize(("model", "name", "theta"), MATRICES)
def test_a_step_that_leads_to_a_singular_matrix_is_an_event_or_is_halved(model, name, theta):
    raw = {"model": model, "data": {"values": TABLE}, "start": theta(PLAIN)}
    far = {"step": 1e3}
    for letter in "GSA":
        made = run.run(Experiment.parse({**raw, "schedule": f"E{letter}", "moves": {letter: far}}))
        (event,) = made.last.events
        assert event.stops and made.last.after is made.last.before, letter
        assert event.kind in ("singular_covariance", "diverged") and "step of size 1000" in event.message
        assert all(math.isfinite(number) for number in event.numbers.values())
    for letter in "BNL":
        experiment = Experiment.parse({**raw, "schedule": f"E({letter})8", "moves": {"B": far}})
        made = run.run(experiment)
        assert not made.last.stopped
        assert condition(np.reshape(made.last.after.theta[name], (2, 2))) <= 1.01 * WORST_CONDITION
        assert_digits(experiment, made)


def test_a_noise_variance_next_to_zero_is_no_start():
    theta = {"mean": [0.0, 0.0], "loadings": [[1.0], [1.0]], "noise_variances": [1e-3, 1e-3]}
    raw = {"model": "factor_analysis", "data": {"values": TABLE}, "schedule": "E"}
    Experiment.parse({**raw, "start": {**theta, "q_at": theta}})
    thin = {**theta, "noise_variances": [1e-3, 1e-13]}
    with pytest.raises(InvalidExperiment, match="^start: .*Heywood"):
        Experiment.parse({**raw, "start": thin})
    with pytest.raises(InvalidExperiment, match="^start.q_at: .*Heywood"):
        Experiment.parse({**raw, "start": {**theta, "q_at": thin}})


# ---- against exact arithmetic --------------------------------------------------------------------------------
def number(fraction):
    return decimal.Decimal(fraction.numerator) / decimal.Decimal(fraction.denominator)


def distance_and_determinant(matrix, deviation):
    """xᵀA⁻¹x and |A| in rational numbers."""
    rows = [[*map(Fraction, row), Fraction(x)] for row, x in zip(matrix, deviation, strict=True)]
    square, determinant = Fraction(0), Fraction(1)
    for i, pivot in enumerate(rows):
        determinant *= pivot[i]
        square += pivot[-1] ** 2 / pivot[i]
        for other in rows[i + 1 :]:
            share = other[i] / pivot[i]
            other[:] = [a - share * b for a, b in zip(other, pivot, strict=True)]
    return square, determinant


def exact_density(matrix, deviations):
    """Σ log N(deviation; 0, matrix) to 50 digits."""
    with decimal.localcontext(decimal.Context(prec=50)):
        total = decimal.Decimal(0)
        for deviation in deviations:
            square, determinant = distance_and_determinant(matrix, deviation)
            total -= (number(square) + number(determinant).ln()) / 2
        return float(total) - len(deviations) * len(matrix) * math.log(2 * math.pi) / 2


def next_to_the_limit(rng, dimensions):
    """A covariance of any units whose condition number is as large as may be, and rows that suit it."""
    turned = np.linalg.qr(rng.standard_normal((dimensions, dimensions)))[0]
    sizes = np.concatenate([[1.0], 10 ** rng.uniform(-7, 0, dimensions - 2), 10 ** rng.uniform(-8, -7, 1)])
    units = 10 ** rng.uniform(-8, 8, dimensions)
    matrix = (turned * sizes) @ turned.T * units[:, None] * units
    matrix = (matrix + matrix.T) / 2
    return matrix, rng.standard_normal((6, dimensions)) @ np.linalg.cholesky(matrix).T


@pytest.mark.parametrize("dimensions", [2, 3, 5])
def test_log_p_keeps_the_digits_that_the_condition_number_leaves(dimensions):
    """Off by at most 1e-16 · condition · (half of Σ distance² + N D): eight digits at the limit."""
    seen = 0.0
    for seed in range(40):
        matrix, values = next_to_the_limit(np.random.default_rng([dimensions, seed]), dimensions)
        if condition(matrix) > WORST_CONDITION:
            continue
        seen = max(seen, condition(matrix))
        zero = [0.0] * dimensions
        theta = {"weights": [1.0], "means": [zero], "covariances": [matrix.tolist()]}
        table = {"model": "gaussian_mixture", "data": {"values": values.tolist()}, "schedule": "E"}
        mixture = Experiment.parse({**table, "start": theta})
        squares = sum(float(distance_and_determinant(matrix.tolist(), row)[0]) for row in values.tolist())
        slack = 1.2e-16 * condition(matrix) * (squares + values.size) / 2
        exact = exact_density(matrix.tolist(), values.tolist())
        found = mixture.model.log_evidence(mixture.data, mixture.start)
        assert abs(found - exact) <= slack + 1e-14 * abs(exact)
        gaussian = {**table, "model": "incomplete_gaussian", "start": {"mean": zero, "covariance": matrix.tolist()}}
        whole = Experiment.parse(gaussian)
        assert abs(whole.model.log_evidence(whole.data, whole.start) - exact) <= slack + 1e-14 * abs(exact)
    assert seen > WORST_CONDITION / 10


def test_both_ways_to_the_factors_of_a_table_with_gaps_give_the_same_terms(monkeypatch):
    """From the covariance itself, and from one factor of it: all terms at their own q and at another, to 1e-12."""
    rows = with_gaps(columns(18, 3, 0.3, 0))
    experiment = Experiment.parse({"model": "incomplete_gaussian", "data": {"values": rows}, "schedule": "EMEG"})
    states = [step.after for step in run.run(experiment).half_steps[1:]]
    found = []
    for most in (math.inf, 0.0):
        monkeypatch.setattr(missing, "_WELL_CONDITIONED", most)
        found.append([decompose(experiment.model, experiment.data, state) for state in states])
    for direct, triangulated in zip(*found, strict=True):
        for name in ("log_evidence", "expected_log_joint", "entropy", "kl"):
            assert getattr(direct, name) == pytest.approx(getattr(triangulated, name), abs=1e-12 * size(direct))


@pytest.mark.parametrize("thinnest", [-4, -8, -11.5])
def test_log_p_of_factors_next_to_heywood(thinnest):
    """Noise variances down to the smallest that may be: 1e-11 of the largest term."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        loadings, noise = rng.standard_normal((4, 2)), 10 ** rng.uniform(thinnest, 0, 4)
        values = rng.standard_normal((6, 2)) @ loadings.T + np.sqrt(noise) * rng.standard_normal((6, 4))
        theta = {"mean": [0.0] * 4, "loadings": loadings.tolist(), "noise_variances": noise.tolist()}
        try:
            raw = {"model": "factor_analysis", "data": {"values": values.tolist()}, "start": theta, "schedule": "E"}
            experiment = Experiment.parse(raw)
        except InvalidExperiment:
            assert thinnest < -10
            continue
        rows = [[Fraction(x) for x in row] for row in loadings.tolist()]
        matrix = [[sum(a * b for a, b in zip(one, two, strict=True)) for two in rows] for one in rows]
        for d, variance in enumerate(noise.tolist()):
            matrix[d][d] += Fraction(variance)
        exact = exact_density(matrix, values.tolist())
        assert abs(experiment.model.log_evidence(experiment.data, experiment.start) - exact) <= 1e-11 * max(
            1, abs(exact)
        )


@pytest.mark.parametrize("offset", [0.0, 1e4, 1e8])
def test_residuals_of_lines_far_from_zero(offset):
    """Targets and products that agree in half their digits: log p is that of the parameters as they are stored."""
    x, y = line(0.09)
    inputs, targets = np.column_stack([np.ones(18), x + offset]).tolist(), (y + offset).tolist()
    raw = {"model": "regression_mixture", "data": {"inputs": inputs, "targets": targets}, "schedule": "(EM)3"}
    experiment = Experiment.parse(raw)
    theta = run.run(experiment).last.after.theta
    total = 0.0
    for row, target in zip(inputs, targets, strict=True):
        density = 0.0
        for weight, line_, variance in zip(*(theta[name].tolist() for name in theta), strict=True):
            fitted = sum(Fraction(a) * Fraction(b) for a, b in zip(line_, row, strict=True))
            square = float((Fraction(target) - fitted) ** 2)
            density += weight * math.exp(-0.5 * square / variance) / math.sqrt(2 * math.pi * variance)
        total += math.log(density)
    found = experiment.model.log_evidence(experiment.data, theta)
    assert abs(found - total) <= 1e-12 * abs(total)


# ---- the command line ----------------------------------------------------------------------------------------
TINY = [
    [-3.078e-52, 9.58e-53, 7e-54],
    [1.318e-52, 3.86e-53, 1.827e-52],
    [3.2e-54, -5.16e-53, 5.8e-53],
    [4.32e-53, -3.57e-53, -2.47e-53],
    [7.19e-53, 7.04e-53, -4.94e-53],
]
FOUR_ROWS = [[None, 8e-05], [3e-05, None], [9e-05, 4e-05], [-5e-05, 6e-05]]
FILES = [
    {"model": "incomplete_gaussian", "data": {"values": FOUR_ROWS}, "schedule": "EG", "seed": 1},
    {"model": "factor_analysis", "data": {"values": TINY}, "schedule": "EGEAES", "seed": 2},
    {"model": "factor_analysis", "data": {"values": TINY}, "schedule": "EGGE", "seed": 2},
    {"model": "student_t", "data": {"values": TINY}, "schedule": "EGGNBLE", "seed": 2},
    {
        "model": "student_t",
        "data": {"values": [[0.0], [1.0], [2.0]]},
        "schedule": "EG3",
        "moves": {"G": {"step": 1e50}},
    },
    {
        "model": "censored_exponential",
        "data": {"times": [1.0, 2.0, 3.0], "observed": [True, False, True]},
        "schedule": "EG2T",
        "moves": {"G": {"step": 900.0}},
    },
    {
        "model": "incomplete_gaussian",
        "data": {"values": FOUR_ROWS},
        "start": {
            "mean": [0.0, 0.0],
            "covariance": PLAIN,
            "q_at": {"mean": [0.0, 0.0], "covariance": NEXT_TO_SINGULAR},
        },
        "schedule": "GE",
    },
]


@pytest.mark.parametrize("raw", FILES, ids=lambda raw: f"{raw['model']}_{raw['schedule']}")
def test_the_command_line_answers(raw, tmp_path, capsys):
    """A report in which the identity holds, or one line; status 0 or 2; warnings are errors here."""
    path = tmp_path / "experiment.json"
    path.write_text(json.dumps(raw), encoding="utf-8")
    status = main(["run", str(path)])
    out, err = capsys.readouterr()
    assert status in (0, 2)
    if status == 2:
        assert out == "" and len(err.splitlines()) == 1
        return
    assert err == ""
    for step in json.loads(out)["half_steps"]:
        if isinstance(step["gap"], float):
            terms = [step[name] for name in ("log_evidence", "expected_log_joint", "entropy", "kl")]
            assert abs(step["gap"] - step["kl"]) <= IDENTITY * max(1.0, *map(abs, terms))
