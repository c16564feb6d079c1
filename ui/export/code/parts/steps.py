# ruff: noqa: B905, F811, F821
"""Gradient steps along coordinates that may take any value."""

import numpy as np
from scipy.special import softmax, xlogy


def rows_step(p, counts):  # along log(p_j / p_last), last the last of its row that is above 0
    free = np.cumsum(p[..., ::-1] > 0, axis=-1)[..., ::-1] > 1
    return softmax(xlogy(1, p) + step * free * (counts - counts.sum(axis=-1, keepdims=True) * p), axis=-1)


def covariance_step(Sigma, S, N):  # along its Cholesky factor L, the diagonal in logarithms
    L = np.linalg.cholesky(Sigma)
    slope = step * np.tril(np.linalg.solve(Sigma, S) @ np.linalg.inv(L).swapaxes(-1, -2))
    L = np.where(np.eye(len(x[0])), L * np.exp(slope * L - step * np.asarray(N)[..., None, None]), L + slope)
    return L @ L.swapaxes(-1, -2)
