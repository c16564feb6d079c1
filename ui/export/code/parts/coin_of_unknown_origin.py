# ruff: noqa: B905, F811, F821
"""Tosses of a free coin, and a set of tosses of this coin or of another."""

import numpy as np
from scipy.special import expit, gammaln, logit, xlog1py, xlogy

n = np.ones(1)  # one set of unknown origin


def log_joint(theta):  # log p of the set: made with the other coin, with the free one
    p = np.array([[other], [theta]])
    return np.log(1 / 2) + xlogy(unknown[0], p) + xlog1py(unknown[1], -p)


def rest(theta):  # log p of the free coin's own tosses, and of the orders in which all can fall
    ways = sum(gammaln(tosses.sum() + 1) - np.sum(gammaln(tosses + 1)) for tosses in (known, unknown))
    return ways + xlogy(known[0], theta) + xlog1py(known[1], -theta)


def maximum(r, theta):
    heads, tails = known + r[1, 0] * unknown
    return (heads / (heads + tails),)


def climb(r, theta):  # a gradient step, along the logit
    heads, tails = known + r[1, 0] * unknown
    return (expit(logit(theta) + step * (heads - (heads + tails) * theta)),)
