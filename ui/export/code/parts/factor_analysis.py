# ruff: noqa: B905, F811, F821
"""Factor analysis: q holds the means m of the factors, a row for each point, and their covariance C."""

import numpy as np


def log_p(mu, W, psi):
    S = W @ W.T + psi * np.eye(len(mu))
    return -np.sum((x - mu) * np.linalg.solve(S, (x - mu).T).T + np.linalg.slogdet(2 * np.pi * S)[1] / len(mu)) / 2


def posterior(mu, W, psi):
    C = np.linalg.inv(np.eye(len(W[0])) + (W.T / psi) @ W)
    return ((x - mu) / psi) @ W @ C, C


def hard(mu, W, psi):  # the most probable factors
    return posterior(mu, W, psi)[0], np.zeros((len(W[0]), len(W[0])))


def errors(q, mu, W):  # expected squares of v - mu - W h, summed over the points
    return np.sum((x - mu - q[0] @ W.T) ** 2, axis=0) + len(x) * np.sum(W @ q[1] * W, axis=1)


def elbo(q, mu, W, psi):  # E_q[log p(v | h)] + E_q[log p(h)] + H(q)
    m, C = q
    given = -np.sum(errors(q, mu, W) / psi + len(x) * np.log(2 * np.pi * psi)) / 2
    prior = -(np.sum(m**2) + len(x) * np.trace(C) + m.size * np.log(2 * np.pi)) / 2
    return given + prior + len(x) / 2 * np.linalg.slogdet(2 * np.pi * np.e * C)[1]


def kl(q, p):  # KL(q || p(h | v)), of Gaussians
    (m, C), (m_p, C_p) = q, p
    far, spread = np.sum((m - m_p) @ np.linalg.inv(C_p) * (m - m_p)), np.trace(np.linalg.solve(C_p, C))
    return (far + len(x) * (spread - len(C) + np.linalg.slogdet(C_p)[1] - np.linalg.slogdet(C)[1])) / 2


def maximum(q, mu, W, psi):  # regression of v on h
    m, C = q
    d = m - m.mean(axis=0)
    W = np.linalg.solve(d.T @ d + len(x) * C, d.T @ (x - x.mean(axis=0))).T
    mu = x.mean(axis=0) - W @ m.mean(axis=0)
    return mu, W, errors(q, mu, W) / len(x)  #: !isotropic
    return mu, W, np.mean(errors(q, mu, W)) / len(x)  #: isotropic


def climb(q, mu, W, psi):  # a gradient step, along means, loadings and log-variances
    d = (x - mu - q[0] @ W.T) / psi
    pull = d.T @ q[0] - len(x) * W @ q[1] / np.reshape(psi, (-1, 1))
    log_psi = step / 2 * (errors(q, mu, W) / psi - len(x))
    return mu + step * d.sum(axis=0), W + step * pull, psi * np.exp(log_psi)  #: !isotropic
    return mu + step * d.sum(axis=0), W + step * pull, psi * np.exp(log_psi.sum())  #: isotropic
