# ruff: noqa: B905, F811, F821
"""Lifetimes, some of them censored: q is the mean of what is left to those."""

import numpy as np
from scipy.special import xlogy

c = np.sum(~observed)  # censored


def log_p(m):
    return -np.sum(observed) * np.log(m) - x.sum() / m


def posterior(m):
    return m


def hard(m):  # the end comes at once
    return 0.0


def elbo(q, m):  # E_q[log p(h, v)] + H(q)
    return -len(x) * np.log(m) - (x.sum() + c * q) / m + c + xlogy(c, q)


def kl(q, p):  # KL(q || p(h | v))
    return c * (q / p - 1) - xlogy(c, q / p)


def maximum(q, m):
    return ((x.sum() + c * q) / len(x),)


def climb(q, m):  # a gradient step, along log m
    return (m * np.exp(step * ((x.sum() + c * q) / m - len(x))),)
