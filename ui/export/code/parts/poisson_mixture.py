# ruff: noqa: B905, F811, F821
"""Counts from components of different rates."""

import numpy as np
from scipy.special import gammaln, softmax, xlogy


def log_joint(pi, rate):  # log p(v_n, h_n = k): a row for each component k
    return np.log(pi)[:, None] + xlogy(x, rate[:, None]) - rate[:, None] - gammaln(x + 1)


def maximum(r, pi, rate):
    N = r.sum(axis=1)  #: !counts
    N = r @ n  #: counts
    return N / N.sum(), r @ x / N  #: !counts
    return N / N.sum(), r @ (n * x) / N  #: counts


def climb(r, pi, rate):  # a gradient step, along log(pi_k / pi_K) and log-rates
    N = r.sum(axis=1)  #: !counts
    N = r @ n  #: counts
    pi = softmax(np.log(pi) + step * np.append((N - N.sum() * pi)[:-1], 0))
    return pi, rate * np.exp(step * (r @ x - rate * N))  #: !counts
    return pi, rate * np.exp(step * (r @ (n * x) - rate * N))  #: counts
