# ruff: noqa: B905, F811, F821
"""Student t: q says of each point's scale u that it is Gamma with the mean u and the shape a."""

import numpy as np
from scipy.special import betaln, digamma, gammaln


def squares(mu, Sigma):  # squared distances from mu in the metric of Sigma
    return np.sum((x - mu) * np.linalg.solve(Sigma, (x - mu).T).T, axis=1)


def log_p(mu, Sigma):
    constant = gammaln(D / 2) - betaln(nu / 2, D / 2) - np.linalg.slogdet(nu * np.pi * Sigma)[1] / 2
    return np.sum(constant - (nu + D) / 2 * np.log1p(squares(mu, Sigma) / nu))


def posterior(mu, Sigma):
    return (nu + D) / (nu + squares(mu, Sigma)), (nu + D) / 2


def hard(mu, Sigma):  # the most probable u
    return (nu + D - 2) / (nu + squares(mu, Sigma)), np.inf


def elbo(q, mu, Sigma):  # E_q[log p(v | u)] + E_q[log p(u)] + H(q)
    u, a = q
    if np.isinf(a):  # of a point, H(q) = -inf  #: H
        return -np.inf  #: H
    log_u = np.log(u) + digamma(a) - np.log(a)
    given = (D * log_u - u * squares(mu, Sigma) - np.linalg.slogdet(2 * np.pi * Sigma)[1]) / 2
    prior = nu / 2 * np.log(nu / 2) - gammaln(nu / 2) + (nu / 2 - 1) * log_u - nu / 2 * u
    return np.sum(given + prior + a + np.log(u) - np.log(a) + gammaln(a) + (1 - a) * digamma(a))


def kl(q, p):  # KL(q || p(u | v)), two Gammas of the same shape
    return np.sum(q[1] * (q[0] / p[0] - 1 - np.log(q[0] / p[0])))


def maximum(q, mu, Sigma):
    mu = q[0] @ x / q[0].sum()
    return mu, (q[0] * (x - mu).T) @ (x - mu) / len(x)


def climb(q, mu, Sigma):  # a gradient step
    d = q[0][:, None] * (x - mu)
    return mu + step * np.linalg.solve(Sigma, d.sum(axis=0)), covariance_step(Sigma, d.T @ (x - mu), len(x))
