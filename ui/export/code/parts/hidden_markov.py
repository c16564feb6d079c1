# ruff: noqa: B905, F811, F821
"""Hidden Markov model: q is xi[t, i, j] = q(h_(t-1) = i, h_t = j); before a sequence any state will do."""

import numpy as np
from scipy.special import gammaln, kl_div, logsumexp, rel_entr, softmax, xlogy


def log_joint(pi, A, mu, s2):  # log p(h_t = j, v_t | h_(t-1) = i), indexed [t, i, j]  #: gaussian
    log_b = -((x[:, None] - mu) ** 2 / s2 + np.log(2 * np.pi * s2)) / 2
    return xlogy(1, np.where(first[:, None, None], pi, A)) + log_b[:, None]


def log_joint(pi, A, rate):  # log p(h_t = j, v_t | h_(t-1) = i), indexed [t, i, j]  #: poisson
    log_b = xlogy(x[:, None], rate) - rate - gammaln(x + 1)[:, None]
    return xlogy(1, np.where(first[:, None, None], pi, A)) + log_b[:, None]


def log_joint(pi, A, B):  # log p(h_t = j, v_t | h_(t-1) = i), indexed [t, i, j]  #: categorical
    return xlogy(1, np.where(first[:, None, None], pi, A)) + xlogy(1, B[:, x].T)[:, None]


def paths(W, total):  # log of the total weight of all paths through h_(t-1) = i, h_t = j
    before, after = [np.full(len(W[0]), -np.log(len(W[0])))], [np.zeros(len(W[0]))]
    for w, w_back in zip(W, W[::-1]):  # forward and backward
        before.append(total(before[-1][:, None] + w, axis=0))
        after.append(total(w_back + after[-1], axis=1))
    return np.array(before[:-1])[:, :, None] + W + np.array(after[-2::-1])[:, None]


def log_p(*theta):
    return logsumexp(paths(log_joint(*theta), np.logaddexp.reduce)[-1])


def posterior(*theta):
    return softmax(paths(log_joint(*theta), np.logaddexp.reduce), axis=(1, 2))


def hard(*theta):  # the Viterbi path
    return softmax(1e12 * paths(log_joint(*theta), np.max), axis=(1, 2))


def elbo(xi, *theta):  # E_q[log p(h, v)] + H(q)
    return np.sum(xi[xi > 0] * log_joint(*theta)[xi > 0]) - np.sum(rel_entr(xi, xi.sum(axis=2, keepdims=True)))


def kl(xi, p):  # KL(q || p(h | v)); what underflows is not impossible
    return np.sum(kl_div(xi, p + 1e-300)) - np.sum(kl_div(xi.sum(axis=2), p.sum(axis=2) + 1e-300))


def maximum(xi, pi, A, mu, s2):  #: gaussian
    g = xi.sum(axis=1)
    A = np.array([C / C.sum() if C.sum() > 0 else old for C, old in zip(xi[~first].sum(axis=0), A)])
    mu = x @ g / g.sum(axis=0)
    return g[first].mean(axis=0), A, mu, np.sum(g * (x[:, None] - mu) ** 2, axis=0) / g.sum(axis=0)


def maximum(xi, pi, A, rate):  #: poisson
    g = xi.sum(axis=1)
    A = np.array([C / C.sum() if C.sum() > 0 else old for C, old in zip(xi[~first].sum(axis=0), A)])
    return g[first].mean(axis=0), A, x @ g / g.sum(axis=0)


def maximum(xi, pi, A, B):  #: categorical
    g = xi.sum(axis=1)
    A = np.array([C / C.sum() if C.sum() > 0 else old for C, old in zip(xi[~first].sum(axis=0), A)])
    B = np.array([g[x == s].sum(axis=0) for s in range(len(B[0]))]).T
    return g[first].mean(axis=0), A, B / B.sum(axis=1, keepdims=True)


def climb(xi, pi, A, mu, s2):  # a gradient step  #: gaussian
    g, d = xi.sum(axis=1), x[:, None] - mu
    mu, s2 = mu + step * np.sum(g * d, axis=0) / s2, s2 * np.exp(step / 2 * np.sum(g * (d**2 / s2 - 1), axis=0))
    return rows_step(pi, g[first].sum(axis=0)), rows_step(A, xi[~first].sum(axis=0)), mu, s2


def climb(xi, pi, A, rate):  # a gradient step  #: poisson
    g = xi.sum(axis=1)
    rate = rate * np.exp(step * (x @ g - rate * g.sum(axis=0)))
    return rows_step(pi, g[first].sum(axis=0)), rows_step(A, xi[~first].sum(axis=0)), rate


def climb(xi, pi, A, B):  # a gradient step  #: categorical
    g = xi.sum(axis=1)
    B = rows_step(B, np.array([g[x == s].sum(axis=0) for s in range(len(B[0]))]).T)
    return rows_step(pi, g[first].sum(axis=0)), rows_step(A, xi[~first].sum(axis=0)), B
