# ruff: noqa: B905, F811, F821
"""Coins: sets of tosses, each made with one of them."""

import numpy as np
from scipy.special import expit, gammaln, logit, softmax, xlog1py, xlogy


def log_joint(pi, p):  # log p(v_n, h_n = k): a row for each coin k
    ways = gammaln(trials + 1) - gammaln(x + 1) - gammaln(trials - x + 1)
    return np.log(pi)[:, None] + ways + xlogy(x, p[:, None]) + xlog1py(trials - x, -p[:, None])


def maximum(r, pi, p):
    N = r.sum(axis=1)
    return N / N.sum(), r @ x / (N * trials)  #: !fixed_weights
    return pi, r @ x / (N * trials)  #: fixed_weights


def climb(r, pi, p):  # a gradient step, along log(pi_k / pi_K) and logits
    N = r.sum(axis=1)
    pi = softmax(np.log(pi) + step * np.append((N - N.sum() * pi)[:-1], 0))  #: !fixed_weights
    p = expit(logit(p) + step * (r @ x - trials * p * N))
    return pi, p
