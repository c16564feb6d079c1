"""Tables over scales and offsets, and what their tests share.

Tolerances are relative to the largest in size of the terms log p, E_q[log p(h, v)], H(q) and KL, or to 1 nat where all
are smaller.
"""

from __future__ import annotations

import math

import numpy as np

from em_core.bound import decompose
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES, allowed

IDENTITY, FALL, WORST_CONDITION = 1e-11, 1e-12, 1e8
WORDS = ["(EM)6", "(EC)9", "EG4(EG)3A2", "(EB)3N2L", "EBCPTMNEHMSLA"]
SCALES, OFFSETS = (1e-8, 1e-3, 1.0, 1e8), (0.0, 1e8)
# shares of a column's variance that the other columns leave: far from singular, and next to the limit
SHARES = (0.3, 1e-7)

NEXT_TO_SINGULAR = [[1.0, 1 - 1e-9], [1 - 1e-9, 1.0]]
TABLE = [[0.0, 0.1], [1.0, 0.8], [2.0, 2.3], [-1.0, -1.2], [0.5, 0.4]]
PLAIN = [[1.0, 0.3], [0.3, 1.0]]


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


LETTERS = {
    model: allowed(
        type(Experiment.parse({"model": model, "settings": settings, "data": data(1.0, 0.0), "schedule": "E"}).model)
    )
    for model, settings, data in tables(0.3).values()
}


def condition(matrix):
    """Of a covariance in units of its own deviations."""
    deviations = np.sqrt(np.diag(matrix))
    return np.linalg.cond(matrix / deviations[:, None] / deviations)
