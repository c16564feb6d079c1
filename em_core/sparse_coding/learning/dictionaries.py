"""Dictionaries to choose from. Each is (D, K) with atoms of length 1 as columns."""

from __future__ import annotations

import math

import numpy as np
from scipy.fft import idct

from em_core import datasets
from em_core.records import Array


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


def fan(n_atoms: int, angle: float) -> Array:
    """Atoms in the plane, (2, n_atoms): the first at 15°, the second `angle` degrees on, each further one 70° more."""
    turns = np.deg2rad([15.0, *(15 + angle + 70 * k for k in range(n_atoms - 1))])
    return unit_length(np.array([np.cos(turns), np.sin(turns)]))


def for_series(name: str, n_samples: int) -> Array:
    """The dictionary of that name for a series: cosine, identity_cosine, random (twice as many) or bumps."""
    makers = {
        "cosine": lambda: cosines(n_samples, n_samples),
        "identity_cosine": lambda: with_identity(cosines(n_samples, n_samples)),
        "random": lambda: gaussian(n_samples, 2 * n_samples, np.random.default_rng(0)),
        "bumps": lambda: bumps(n_samples, 2.0),
    }
    return makers[name]()


def for_patches(name: str, side: int) -> Array:
    """The dictionary of that name for side × side pixels: cosine, identity_cosine, random, or learned (8 × 8 only).

    The cosines alone have a quarter more frequencies each way than pixels; beside the identity they are a basis.
    """
    pixels = side * side
    makers = {
        "cosine": lambda: cosine_patches(side, (side + side // 4) ** 2),
        "identity_cosine": lambda: with_identity(cosine_patches(side, pixels)),
        "random": lambda: gaussian(pixels, 2 * pixels, np.random.default_rng(0)),
        "learned": learned_patches,
    }
    return makers[name]()


def learned_patches() -> Array:
    """(64, 96): learned from patches of the shipped photograph by `scripts/learn_dictionary.py`."""
    return unit_length(np.array(datasets.load("learned_dictionary").fields["atoms"]))


def unit_length(atoms: np.ndarray) -> Array:
    """Every column scaled to length 1."""
    scaled: Array = atoms / np.linalg.norm(atoms, axis=0)
    return scaled
