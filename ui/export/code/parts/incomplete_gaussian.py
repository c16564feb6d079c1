# ruff: noqa: B905, F811, F821
"""A Gaussian with gaps: q holds the completed table m, and C: row by row, the covariance of what is missing."""

import numpy as np

seen, eye = ~np.isnan(x), np.eye(len(x[0]))
both, gaps = seen[:, :, None] & seen[:, None], ~seen[:, :, None] & ~seen[:, None]


def log_p(mu, Sigma):
    d, S = np.where(seen, x - mu, 0), np.where(both, Sigma, eye)
    logs = np.linalg.slogdet(S)[1] + np.log(2 * np.pi) * seen.sum(axis=1)
    return -np.sum(np.einsum("ni,nij,nj->n", d, np.linalg.inv(S), d) + logs) / 2


def posterior(mu, Sigma):  # regression on what is seen
    B = np.linalg.inv(np.where(both, Sigma, eye)) * both @ Sigma
    m = np.where(seen, x, mu + np.einsum("ni,nij->nj", np.where(seen, x - mu, 0), B))
    return m, np.where(gaps, Sigma - Sigma @ B, eye)


def hard(mu, Sigma):  # the most probable values
    return posterior(mu, Sigma)[0], np.where(gaps, 0, eye)


def scatter(q, mu):  # expected, about mu
    return (q[0] - mu).T @ (q[0] - mu) + np.sum(q[1] * gaps, axis=0)


def elbo(q, mu, Sigma):  # E_q[log p(h, v)] + H(q)
    joint = -np.trace(np.linalg.solve(Sigma, scatter(q, mu))) - len(x) * np.linalg.slogdet(2 * np.pi * Sigma)[1]
    return (joint + np.sum(np.linalg.slogdet(q[1])[1]) + np.sum(~seen) * np.log(2 * np.pi * np.e)) / 2


def kl(q, p):  # KL(q || p(h | v)), of Gaussians
    (m, C), (m_p, C_p) = q, p
    far = np.einsum("ni,nij,nj->n", m - m_p, np.linalg.inv(C_p), m - m_p) - np.linalg.slogdet(C)[1]
    return np.sum(far + np.trace(np.linalg.solve(C_p, C) - eye, axis1=1, axis2=2) + np.linalg.slogdet(C_p)[1]) / 2


def maximum(q, mu, Sigma):
    mu = q[0].mean(axis=0)
    return mu, scatter(q, mu) / len(x)


def climb(q, mu, Sigma):  # a gradient step
    return mu + step * np.linalg.solve(Sigma, np.sum(q[0] - mu, axis=0)), covariance_step(Sigma, scatter(q, mu), len(x))
