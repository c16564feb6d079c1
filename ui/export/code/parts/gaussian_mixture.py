# ruff: noqa: B905, F811, F821
"""Gaussian mixture."""

import numpy as np
from scipy.special import softmax


def log_joint(pi, mu, Sigma):  # log p(v_n, h_n = k): a row for each component k
    d = x - mu[:, None]
    squares = np.einsum("kni,kij,knj->kn", d, np.linalg.inv(Sigma), d)  #: full
    squares = np.einsum("kni,ij,knj->kn", d, np.linalg.inv(Sigma), d)  #: tied
    squares = np.sum(d**2 / Sigma[:, None], axis=2)  #: diag
    squares = np.sum(d**2, axis=2) / Sigma[:, None]  #: spherical
    return np.log(pi)[:, None] - (squares + np.linalg.slogdet(2 * np.pi * Sigma)[1][..., None]) / 2  #: full|tied
    return np.log(pi)[:, None] - (squares + np.sum(np.log(2 * np.pi * Sigma), axis=1)[:, None]) / 2  #: diag
    return np.log(pi)[:, None] - (squares + len(x[0]) * np.log(2 * np.pi * Sigma)[:, None]) / 2  #: spherical


def maximum(r, pi, mu, Sigma):
    N = r.sum(axis=1)
    mu = r @ x / N[:, None]  #: !fixed_means
    d = x - mu[:, None]  #: !fixed_covariances
    Sigma = np.einsum("kn,kni,knj->kij", r, d, d) / N[:, None, None]  #: full !fixed_covariances
    Sigma = np.einsum("kn,kni,knj->ij", r, d, d) / N.sum()  #: tied !fixed_covariances
    Sigma = np.einsum("kn,kni->ki", r, d**2) / N[:, None]  #: diag !fixed_covariances
    Sigma = np.einsum("kn,kni->k", r, d**2) / (N * len(x[0]))  #: spherical !fixed_covariances
    return N / N.sum(), mu, Sigma  #: !fixed_weights
    return pi, mu, Sigma  #: fixed_weights


def climb(r, pi, mu, Sigma):  # a gradient step, pi along log(pi_k / pi_K)
    N, d = r.sum(axis=1), x - mu[:, None]
    S = np.einsum("kn,kni->ki", r, d**2) / Sigma  #: diag !fixed_covariances
    S = np.einsum("kn,kni->k", r, d**2) / Sigma  #: spherical !fixed_covariances
    pi = softmax(np.log(pi) + step * np.append((N - N.sum() * pi)[:-1], 0))  #: !fixed_weights
    mu = mu + step * np.einsum("kij,kn,knj->ki", np.linalg.inv(Sigma), r, d)  #: full !fixed_means
    mu = mu + step * np.einsum("ij,kn,knj->ki", np.linalg.inv(Sigma), r, d)  #: tied !fixed_means
    mu = mu + step * np.einsum("kn,kni->ki", r, d) / Sigma  #: diag !fixed_means
    mu = mu + step * np.einsum("kn,kni->ki", r, d) / Sigma[:, None]  #: spherical !fixed_means
    return pi, mu, Sigma  #: fixed_covariances
    return pi, mu, covariance_step(Sigma, np.einsum("kn,kni,knj->kij", r, d, d), N)  #: full !fixed_covariances
    return pi, mu, covariance_step(Sigma, np.einsum("kn,kni,knj->ij", r, d, d), N.sum())  #: tied !fixed_covariances
    return pi, mu, Sigma * np.exp(step / 2 * (S - N[:, None]))  #: diag !fixed_covariances
    return pi, mu, Sigma * np.exp(step / 2 * (S - len(x[0]) * N))  #: spherical !fixed_covariances
