# ruff: noqa: B905, F811, F821
"""Animals in four cells, the first of which is really two."""

import numpy as np
from scipy.special import expit, gammaln, logit, xlogy

n = x[:1]  # animals of the first cell, really two: 1/2 and theta/4


def log_joint(theta):  # log p of the two hidden cells
    return np.log([[1 / 2], [theta / 4]])


def rest(theta):  # log p of the other cells, and of the ways to fall into four
    ways = gammaln(x.sum() + 1) - np.sum(gammaln(x + 1))
    return ways + xlogy(x[1] + x[2], (1 - theta) / 4) + xlogy(x[3], theta / 4)


def maximum(r, theta):
    a, b = n[0] * r[1, 0] + x[3], x[1] + x[2]  # animals of cells with theta, with 1 - theta
    return (a / (a + b),)


def climb(r, theta):  # a gradient step, along the logit
    a, b = n[0] * r[1, 0] + x[3], x[1] + x[2]  # animals of cells with theta, with 1 - theta
    return (expit(logit(theta) + step * (a - (a + b) * theta)),)
