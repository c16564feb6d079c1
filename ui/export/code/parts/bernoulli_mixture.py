# ruff: noqa: B905, F811, F821
"""Rows of zeros and ones."""

import numpy as np
from scipy.special import expit, logit, softmax, xlog1py, xlogy


def log_joint(pi, p):  # log p(v_n, h_n = k): a row for each component k
    return np.log(pi)[:, None] + np.sum(xlogy(x, p[:, None]) + xlog1py(1 - x, -p[:, None]), axis=2)


def maximum(r, pi, p):
    N = r.sum(axis=1)
    return N / N.sum(), r @ x / N[:, None]


def climb(r, pi, p):  # a gradient step, along log(pi_k / pi_K) and logits
    N = r.sum(axis=1)
    pi = softmax(np.log(pi) + step * np.append((N - N.sum() * pi)[:-1], 0))
    return pi, expit(logit(p) + step * (r @ x - p * N[:, None]))
