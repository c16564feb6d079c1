"""Small images to learn from: pictures of bars, and patches of a photograph."""

from __future__ import annotations

import numpy as np

# patches that vary less than this, pixels from 0 to 1, are nearly even: there is nothing to see on them
LIVELY = 0.08


def bars(n_points: int, side: int, probability: float, noise: float, seed: int) -> np.ndarray:
    """(n_points, side²) pictures: every row and every column of pixels lights up with this probability (Földiák 1990).

    Where two bars cross, the pixel is 1 as elsewhere; Gaussian noise of this standard deviation is added to all.
    """
    rng = np.random.default_rng([seed, side])
    rows, columns = rng.random((2, n_points, side)) < probability
    pictures = (rows[:, :, None] | columns[:, None, :]).reshape(n_points, -1).astype(float)
    result: np.ndarray = pictures + noise * rng.standard_normal(pictures.shape)
    return result


def windows(image: np.ndarray, side: int) -> np.ndarray:
    """Every side × side window of an image, rows stacked: (n, side²)."""
    result: np.ndarray = np.lib.stride_tricks.sliding_window_view(image, (side, side)).reshape(-1, side * side)
    return result


def lively(image: np.ndarray, side: int) -> np.ndarray:
    """Which windows have something to see on them. Pixels from 0 to 1."""
    return np.flatnonzero(windows(image, side).std(axis=1) > LIVELY)


def places(image: np.ndarray, side: int, n_points: int, seed: int) -> np.ndarray:
    """(n_points,) lively windows at random, none twice."""
    found = lively(image, side)
    return found[np.random.default_rng([seed, side]).choice(len(found), n_points, replace=False)]


def centred(values: np.ndarray) -> np.ndarray:
    """Every picture without its mean; then all on one scale, with variance 1."""
    without = values - values.mean(axis=1, keepdims=True)
    result: np.ndarray = without / without.std()
    return result


def whitened(image: np.ndarray) -> np.ndarray:
    """The image with even power at low and middle frequencies, and little at the highest (Olshausen and Field 1997)."""
    # mirrored at its edges, for the Fourier transform takes them to meet
    height, width = image.shape
    mirrored = np.pad(image, ((0, height), (0, width)), mode="symmetric")
    rows, columns = (np.fft.fftfreq(size) for size in mirrored.shape)
    frequency = np.hypot(rows[:, None], columns)
    # the filter |f| exp(−(|f|/f₀)⁴), f₀ at 0.4 cycles a pixel
    spectrum = np.fft.fft2(mirrored) * frequency * np.exp(-((frequency / 0.4) ** 4))
    result: np.ndarray = np.fft.ifft2(spectrum).real[:height, :width]
    return result
