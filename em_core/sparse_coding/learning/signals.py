"""Signals to be explained: patches of a photograph, digits, spike trains."""

from __future__ import annotations

import numpy as np

from em_core import datasets
from em_core.datasets import images
from em_core.records import Array
from em_core.sparse_coding.learning.dictionaries import bumps


def patches(side: int, n_patches: int, seed: int) -> Array:
    """(n_patches, side²) patches of the photograph at random places, rows stacked, pixels from 0 to 1.

    Nearly even patches are passed over: there is nothing to see on them.
    """
    image = datasets.photograph()
    return images.windows(image, side)[images.places(image, side, n_patches, seed)]


def digits() -> Array:
    """(200, 64) handwritten digits, 8 × 8 pixels from 0 to 1, rows stacked."""
    return np.array(datasets.load("digits").fields["values"]) / 16


def standardised(signal: Array) -> tuple[Array, Array]:
    """The signal scaled so that it varies by 1 about its mean, and that mean as an offset: both (D,)."""
    scale = signal.std()
    scaled = signal / scale if scale > 0 else signal
    return scaled, np.full_like(scaled, scaled.mean())


def spike_train(n_samples: int, n_spikes: int, noise: float, seed: int, width: float = 2.0) -> tuple[Array, Array]:
    """A blurred, noisy train of spikes of either sign, and the spikes that made it: both (n_samples,)."""
    rng = np.random.default_rng([seed, n_samples, n_spikes])
    spikes = np.zeros(n_samples)
    places = rng.choice(n_samples, n_spikes, replace=False)
    spikes[places] = rng.choice([-1.0, 1.0], n_spikes) * rng.uniform(1.0, 3.0, n_spikes)
    return bumps(n_samples, width) @ spikes + noise * rng.standard_normal(n_samples), spikes
