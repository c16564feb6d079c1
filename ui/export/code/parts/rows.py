# ruff: noqa: B905, F811, F821
"""Hidden values that are finitely many: q is a table r of responsibilities, with a row for each value of h."""

import numpy as np
from scipy.special import entr, kl_div, logsumexp, softmax


def log_p(*theta):
    return np.sum(logsumexp(log_joint(*theta), axis=0))  #: !counts
    return n @ logsumexp(log_joint(*theta), axis=0)  #: counts !rest
    return n @ logsumexp(log_joint(*theta), axis=0) + rest(*theta)  #: rest


def posterior(*theta):  # what underflows is not impossible
    table = log_joint(*theta)
    return np.maximum(softmax(table, axis=0), 1e-300 * (table > -np.inf))


def hard(*theta):  # only the most probable h
    return np.eye(len(log_joint(*theta)))[:, log_joint(*theta).argmax(axis=0)]


def elbo(r, *theta):  # E_q[log p(h, v)] + H(q)
    return np.sum(r[r > 0] * log_joint(*theta)[r > 0]) + np.sum(entr(r))  #: !counts
    return np.sum((n * r)[r > 0] * log_joint(*theta)[r > 0]) + np.sum(n * entr(r))  #: counts !rest
    return np.sum((n * r)[r > 0] * log_joint(*theta)[r > 0]) + np.sum(n * entr(r)) + rest(*theta)  #: rest


def kl(r, p):  # KL(q || p(h | v)); what kl_div adds, p - r, sums to 0
    return np.sum(kl_div(r, p))  #: !counts
    return np.sum(n * kl_div(r, p))  #: counts
