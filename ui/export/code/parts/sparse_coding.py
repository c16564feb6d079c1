# ruff: noqa: B905, F811, F821
"""MAP inference in sparse coding: the code h that makes beta/2 |v - W h|^2 + lam |h|_1 smallest."""

import numpy as np


def shrink(h, threshold):  # towards 0, and stop there
    return h - np.clip(h, -threshold, threshold)


def residual(h):
    return v - W @ h  #: !offset
    return v - b - W @ h  #: offset


def objective(h):  # -log p(h, v) up to a constant
    return beta / 2 * np.sum(residual(h) ** 2) + lam * np.sum(np.abs(h))


def duality_gap(h):  # the residual, scaled to be feasible, is a dual point
    r, c = residual(h), beta * residual(h) @ W
    most = lam / np.max(np.abs(c)) if np.any(c) else np.inf
    s = np.clip((beta * r @ r + h @ c) / (beta * r @ r) if np.any(r) else 0, -most, most)
    return beta / 2 * (1 - s) ** 2 * r @ r + np.sum(np.maximum(lam * np.abs(h) - s * h * c, 0))


def slide(h):  # down the gradient of the fit, then shrink
    return shrink(h + step * beta * residual(h) @ W, step * lam)


def sweep(h):  # each coefficient in turn goes to its best value
    h = h.copy()
    for k, w in enumerate(W.T):
        h[k] = shrink(beta * w @ (residual(h) + w * h[k]), lam) / (beta * w @ w)
    return h
