# ruff: noqa: B905, F811, F821
"""Points near one of several lines."""

import numpy as np
from scipy.special import softmax


def log_joint(pi, w, s2):  # log p(v_n, h_n = k): a row for each line k
    return np.log(pi)[:, None] - ((y - w @ x.T) ** 2 / s2[:, None] + np.log(2 * np.pi * s2)[:, None]) / 2


def maximum(r, pi, w, s2):  # weighted least squares
    N = r.sum(axis=1)
    w = np.array([np.linalg.lstsq(s[:, None] * x, s * y, rcond=None)[0] for s in np.sqrt(r)])
    return N / N.sum(), w, np.sum(r * (y - w @ x.T) ** 2, axis=1) / N


def climb(r, pi, w, s2):  # a gradient step, along log(pi_k / pi_K), coefficients, log-variances
    N, d = r.sum(axis=1), y - w @ x.T
    pi = softmax(np.log(pi) + step * np.append((N - N.sum() * pi)[:-1], 0))
    w = w + step * (r * d) @ x / s2[:, None]
    return pi, w, s2 * np.exp(step / 2 * (np.sum(r * d**2, axis=1) / s2 - N))
