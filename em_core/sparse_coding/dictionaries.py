"""Dictionaries to choose from. Each is (D, K) with atoms of length 1 as columns."""

from __future__ import annotations

import math

import numpy as np
from scipy.fft import idct

from em_core import datasets
from em_core.fields import Array


def cosines(n_dimensions: int, n_atoms: int) -> Array:
    """Cosines of rising frequency, as in the discrete cosine transform; more than D of them are denser in frequency.

    n_atoms = n_dimensions gives the orthonormal DCT basis.
    """
    if n_atoms == n_dimensions:
        return idct(np.eye(n_dimensions), norm="ortho", axis=0)
    places = np.arange(n_dimensions)[:, None] + 0.5
    atoms = np.cos(np.pi * places * np.arange(n_atoms) / n_atoms)
    return unit_length(atoms)


def cosine_patches(side: int, n_atoms: int) -> Array:
    """Products of horizontal and vertical cosines on side × side pixels, rows stacked; n_atoms is a square number."""
    along = math.isqrt(n_atoms)
    if along * along != n_atoms:
        raise ValueError(f"n_atoms must be a square number, not {n_atoms}")
    single = cosines(side, along)
    return unit_length(np.kron(single, single))


def gaussian(n_dimensions: int, n_atoms: int, rng: np.random.Generator) -> Array:
    """Directions drawn uniformly."""
    return unit_length(rng.standard_normal((n_dimensions, n_atoms)))


def with_identity(dictionary: Array) -> Array:
    """The unit vectors, then the given atoms: spikes and waves together."""
    return np.hstack([np.eye(len(dictionary)), dictionary])


def bumps(n_dimensions: int, width: float) -> Array:
    """One smooth bump of this width, in samples, around each sample: the dictionary of a blurred spike train."""
    places = np.arange(n_dimensions)
    return unit_length(np.exp(-0.5 * ((places[:, None] - places) / width) ** 2))


def learned_patches() -> Array:
    """(64, 96): learned from patches of the shipped photograph by `scripts/learn_dictionary.py`."""
    return unit_length(np.array(datasets.load("learned_dictionary").fields["atoms"]))


def unit_length(atoms: np.ndarray) -> Array:
    """Every column scaled to length 1."""
    scaled: Array = atoms / np.linalg.norm(atoms, axis=0)
    return scaled
