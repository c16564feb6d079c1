# ruff: noqa: B905, F811, F821
"""Blood groups by gene counting."""

import numpy as np
from scipy.special import gammaln, xlogy

n = x[:2]  # people of groups A and B, which hide a genotype


def log_joint(a, b, o):  # log p of the genotypes: AA, BB over AO, BO
    return np.where(n > 0, np.log([[a**2, b**2], [2 * a * o, 2 * b * o]]), 0)


def rest(a, b, o):  # log p of groups AB and O, and of the ways to fall into four
    return gammaln(x.sum() + 1) - np.sum(gammaln(x + 1)) + xlogy(x[2], 2 * a * b) + xlogy(x[3], o**2)


def alleles(r):  # expected numbers of A, B, O
    (aa, bb), (ao, bo) = n * r
    return np.array([2 * aa + ao + x[2], 2 * bb + bo + x[2], ao + bo + 2 * x[3]])


def maximum(r, *theta):  # gene counting
    return alleles(r) / (2 * x.sum())


def climb(r, *theta):  # a gradient step
    return rows_step(np.array(theta), alleles(r))
