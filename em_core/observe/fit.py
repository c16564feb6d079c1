"""What data views show of θ and q beyond their own entries: densities, probabilities, expected values, spreads."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import expit

from em_core.models.abo_blood_groups import ALLELES
from em_core.models.incomplete_gaussian import completed
from em_core.models.missing import IncompleteTable, MissingEntries
from em_core.models.sigmoid_belief_net import configurations
from em_core.records import Array, Parameters


def mixed(model: Any, theta: Parameters, values: Array) -> Array:
    """(K, n) the density of each component of a mixture at these values, times its weight."""
    result: Array = theta["weights"][:, None] * np.exp(model.family.log_density(values, theta))
    return result


def evidence_by_point(model: Any, data: Any, theta: Parameters) -> Array:
    """(N,) log p(v_n; θ) of each point of a model with so many hidden values; they sum to log p."""
    result: Array = np.logaddexp.reduce(model.log_joint(data, theta), axis=0)
    return result


def bell(places: Array, mean: float, variance: float) -> Array:
    """Density of a Gaussian at these places."""
    result: Array = np.exp(-0.5 * (places - mean) ** 2 / variance) / math.sqrt(2 * math.pi * variance)
    return result


def plain_gaussian(values: Array) -> tuple[Array, Array]:
    """(D,) and (D, D): mean and covariance of the Gaussian that fits (N, D) values best."""
    mean = values.mean(axis=0)
    return mean, (values - mean).T @ (values - mean) / len(values)


def linkage_cells(theta: Parameters) -> Array:
    """(4,) the probabilities of the cells."""
    value = float(theta["theta"])
    return np.array([0.5 + value / 4, (1 - value) / 4, (1 - value) / 4, value / 4])


def blood_groups(theta: Parameters) -> Array:
    """(4,) the probabilities of A, B, AB and O."""
    a, b, o = (float(theta[allele]) for allele in ALLELES)
    return np.array([a * (a + 2 * o), b * (b + 2 * o), 2 * a * b, o * o])


def factor_covariance(theta: Parameters) -> Array:
    """(D, D) the covariance of the data under factor analysis: loadings · loadingsᵀ + noise."""
    loadings = theta["loadings"]
    result: Array = loadings @ loadings.T + np.diag(np.broadcast_to(theta["noise_variances"], len(loadings)))
    return result


def factor_places(theta: Parameters, q: Any) -> Array:
    """(N, D) mean + loadings · E[h]."""
    result: Array = theta["mean"] + q.means @ theta["loadings"].T
    return result


def filled(data: IncompleteTable, q: MissingEntries) -> tuple[Array, Array]:
    """(N, D) the table with its gaps at their expected values, and their standard deviations; 0 where observed."""
    deviations = np.zeros(data.values.shape)
    for part in q.conditionals:
        variances = np.einsum("nii->ni", part.covariances)
        deviations[np.ix_(part.pattern.rows, part.pattern.missing)] = np.sqrt(variances)
    return completed(data, q), deviations


def on_before(theta: Parameters) -> Array:
    """(H,) p(h = 1) of each hidden unit of a belief net."""
    result: Array = expit(theta["hidden_biases"])
    return result


def on_after(probabilities: Array) -> Array:
    """(H, n) q(h = 1) of each hidden unit of a belief net, from those of all 2^H configurations, (2^H, n)."""
    n_hidden = len(probabilities).bit_length() - 1
    result: Array = configurations(n_hidden).T @ probabilities
    return result


def likely_path(model: Any, data: Any, theta: Parameters) -> np.ndarray:
    """The most likely states of a Markov chain, over all sequences."""
    result: np.ndarray = model.viterbi(data, theta)
    return result
