"""Rows of probabilities, such as a transition matrix, and their unconstrained coordinates.

A probability of exactly 0 is structural: it leaves the coordinates, and no numerical move changes it.
"""

from __future__ import annotations

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields
from em_core.records import Array, frozen


def read_rows(fields: Fields, key: str, shape: tuple[int | str, ...]) -> Array:
    """Probabilities whose last axis sums to 1 within 1e-9, used as given. Raises `InvalidExperiment`."""
    rows = fields.array(key, shape)
    outside = np.argwhere((rows < 0) | (rows > 1))
    if len(outside):
        label = fields.name(key) + "".join(f"[{i}]" for i in outside[0])
        raise InvalidExperiment(label, float(rows[tuple(outside[0])]), "a probability between 0 and 1")
    for place in np.ndindex(rows.shape[:-1]):
        row = np.asarray(rows[place])
        if abs(row.sum() - 1) > 1e-9:
            name = fields.name(key) + "".join(f"[{i}]" for i in place)
            raise InvalidExperiment(name, row.tolist(), f"probabilities that sum to 1, found {row.sum():.12g}")
    return rows


def to_vector(rows: Array) -> Array:
    """log(p / p_last) for every positive entry but each row's last one. rows: (R, K)."""
    positive, last = _positive_and_last(rows)
    free = positive & ~last
    logs = np.log(rows, out=np.zeros_like(rows), where=positive)
    references = logs[last]
    return (logs - references[:, None])[free]


def from_vector(vector: Array, rows: Array) -> Array:
    """Rows from their coordinates; zeros are those of `rows`."""
    positive, last = _positive_and_last(rows)
    ratios = np.full(rows.shape, -np.inf)
    ratios[positive] = 0.0
    ratios[positive & ~last] = vector
    unnormalised = np.exp(ratios - ratios.max(axis=1, keepdims=True))
    return frozen(unnormalised / unnormalised.sum(axis=1, keepdims=True))


def gradient(counts: Array, rows: Array) -> Array:
    """Gradient of Σ counts · log rows in the coordinates of `to_vector`."""
    positive, last = _positive_and_last(rows)
    # coordinates say nothing of a row's scale: the slope is that of the row normalised
    shares = rows / rows.sum(axis=1, keepdims=True)
    slope = counts - counts.sum(axis=1, keepdims=True) * shares
    return slope[positive & ~last]


def size(rows: Array) -> int:
    """How many coordinates the rows have."""
    return int(np.count_nonzero(rows > 0)) - len(rows)


def _positive_and_last(rows: Array) -> tuple[np.ndarray, np.ndarray]:
    """Masks of the positive entries, and of the last positive one in each row."""
    positive = rows > 0
    last = np.zeros_like(positive)
    columns = rows.shape[1] - 1 - np.argmax(positive[:, ::-1], axis=1)
    last[np.arange(len(rows)), columns] = True
    return positive, last
