"""Data of every model's kind, sane and insane, and parameters to start from: drawn by hypothesis, made by NumPy.

hypothesis draws a few decisions and a seed, so that a failure shrinks to few points on a plain scale.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

MOST_POINTS = 14

SEEDS = st.integers(0, 2**32 - 1)
FACTORS = st.sampled_from([1.0] * 6 + [10.0**k for k in range(-8, 9)])
OFFSETS = st.sampled_from([0.0] * 6 + [sign * 10.0**k for k in range(0, 9, 2) for sign in (1, -1)])
TABLES = [
    *("plain", "plain", "clusters", "whole", "heavy", "correlated"),
    *("constant column", "all constant", "collinear", "copies", "two values", "near copies", "zeros", "own scales"),
]


def rounded(values, digits=6):
    """Few digits, so that what fails can be read; a list."""
    values = np.asarray(values, dtype=float)
    with np.errstate(all="ignore"):
        place = 10.0 ** (digits - 1 - np.floor(np.log10(np.where(values == 0, 1, np.abs(values)))))
        return np.where(np.isfinite(place), np.round(values * place) / place, values).tolist()


@st.composite
def tables(draw, most_columns=3, least_points=1):
    """(N, D) as nested lists."""
    rng = np.random.default_rng(draw(SEEDS))
    n_points, columns = draw(st.integers(least_points, MOST_POINTS)), draw(st.integers(1, most_columns))
    values = rng.standard_normal((n_points, columns))
    match draw(st.sampled_from(TABLES)):
        case "clusters":
            values += 5.0 * rng.integers(-1, 2, (n_points, 1))
        case "whole":
            values = np.round(values)
        case "heavy":
            values = values / rng.uniform(1e-3, 1, (n_points, 1)) ** 2
        case "correlated":
            values = values @ rng.standard_normal((columns, columns)) + 1e-3 * values
        case "constant column":
            values[:, -1] = 0.7
        case "all constant":
            values[:] = values[0]
        case "collinear":
            values = values[:, :1] * rng.uniform(0.5, 2, columns)
        case "copies":
            values = values[rng.integers(max(1, n_points // 3), size=n_points)]
        case "two values":
            values = values[rng.integers(min(2, n_points), size=n_points)]
        case "near copies":
            values = values[:1] + 10.0 ** rng.integers(-14, -2) * values
        case "zeros":
            values[rng.random(values.shape) < 0.6] = 0.0
        case "own scales":
            values *= 10.0 ** rng.integers(-8, 9, columns)
    offset, factor = draw(OFFSETS), draw(FACTORS)
    # an offset that the values' digits survive on their own scale, or one that may swallow them
    shift = offset * (factor if draw(st.booleans()) else 1.0)
    return rounded(values * factor + shift, 6 if shift == 0 else 16)


@st.composite
def whole_numbers(draw, most, least_points=1):
    """(N,) counts up to `most`."""
    rng = np.random.default_rng(draw(SEEDS))
    n_points = draw(st.integers(least_points, MOST_POINTS))
    high = min(most, draw(st.sampled_from([0, 1, 3, 10, 10, 30, 1000, 10**5, most])))
    counts = rng.integers(0, high + 1, n_points)
    match draw(st.sampled_from(["plain", "plain", "same", "ends", "one far"])):
        case "same":
            counts[:] = counts[0]
        case "ends":
            counts = high * rng.integers(0, 2, n_points)
        case "one far":
            counts[0] = high
            counts[1:] = np.minimum(counts[1:], 3)
    return counts.tolist()


@st.composite
def bits(draw, most_columns=5):
    rng = np.random.default_rng(draw(SEEDS))
    shape = draw(st.integers(1, MOST_POINTS)), draw(st.integers(1, most_columns))
    share = draw(st.sampled_from([0.5, 0.5, 0.1, 0.0, 1.0]))
    values = (rng.random(shape) < share).astype(int)
    if draw(st.booleans()):
        values[:, 0] = values[0, 0]
    return values.tolist()


@st.composite
def with_gaps(draw):
    """A table with nulls; sometimes a row or a column has nothing left, which is refused."""
    values = draw(tables())
    rng = np.random.default_rng(draw(SEEDS))
    share = draw(st.sampled_from([0.3, 0.0, 0.1, 0.6]))
    keeps_one = draw(st.sampled_from([True, True, True, False]))
    for row in values:
        gaps = rng.random(len(row)) < share
        if keeps_one:
            gaps[rng.integers(len(row))] = False
        row[:] = [None if gap else entry for entry, gap in zip(row, gaps, strict=True)]
    return values


# --- parameters ---------------------------------------------------------------------------------------------------


def spd(rng, dimensions, spread):
    """A covariance; `spread` powers of ten between its longest and its shortest axis."""
    turn, _ = np.linalg.qr(rng.standard_normal((dimensions, dimensions)))
    axes = 10.0 ** rng.uniform(-spread, 0, dimensions)
    matrix = (turn * axes) @ turn.T
    return (matrix + matrix.T) / 2


def shares(rng, size, edge):
    """Probabilities that sum to 1; `edge`: some of them 0."""
    weights = rng.dirichlet(np.full(size, 2.0))
    if edge and size > 1:
        weights[rng.integers(size)] = 0.0
        weights /= weights.sum()
    return weights.tolist()


def probabilities(rng, shape, edge):
    values = rng.uniform(0.05, 0.95, shape)
    if edge:
        where = rng.random(shape) < 0.4
        values = np.where(where, rng.integers(0, 2, shape), values)
    return np.asarray(values).tolist()


def moments(values):
    """Centre and scale (D,) of a table, for parameters that suit it."""
    table = np.array([[np.nan if entry is None else entry for entry in row] for row in values], dtype=float)
    seen = ~np.isnan(table)
    count = np.maximum(seen.sum(axis=0), 1)
    centre = np.where(seen, table, 0).sum(axis=0) / count
    scale = np.sqrt((np.where(seen, table - centre, 0) ** 2).sum(axis=0) / count)
    return centre, np.where(scale > 0, scale, np.maximum(np.abs(centre), 1.0))


@st.composite
def placed(draw, values):
    """The data that hold this table, standardised or as it is, and the centre and scale that it then has."""
    centre, scale = moments(values)
    if draw(st.sampled_from([False, False, True])):
        return {"values": values, "standardize": True}, np.zeros_like(centre), np.ones_like(scale)
    return {"values": values}, centre, scale


def location_and_matrix(values, location, matrix):
    centre, scale = moments(values)

    def start(rng, edge, spread):
        place = centre + scale * rng.standard_normal(len(scale))
        return {
            location: place.tolist(),
            matrix: (spd(rng, len(scale), spread) * np.outer(scale, scale)).tolist(),
        }

    return start
