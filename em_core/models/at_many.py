"""Mixtures at many θ: the components of all are put to their family at once, as if they were of one mixture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from em_core.distributions import categorical
from em_core.files.errors import HalfStepFailed
from em_core.model import check
from em_core.records import Array, Parameters

# entries of log p(v, h; θ) that are held at a time, of as many θ as these are enough for
_AT_ONCE = 400_000


class AtMany:
    """What a look along a line asks of a mixture."""

    def heights(self, data: Any, qs: Sequence[Any], thetas: Sequence[Parameters]) -> tuple[Array, Array]:
        """(T,) log p at every θ and (Q, T) E_q[log p(h, v)] at every pair; NaN where a θ is not usable.

        The sums are those of `log_evidence` and `expected_log_joint`, over the same table. Where data are many, all θ
        have their turn at some of them before the next are taken.
        """
        model: Any = self
        evidence, joint = np.full(len(thetas), np.nan), np.full((len(qs), len(thetas)), np.nan)
        if hasattr(model.family, "log_joints"):
            usable = _usable(model, data, thetas)
            if usable:
                found = _in_turn(model, data, qs, [thetas[place] for place in usable])
                evidence[usable], joint[:, usable] = found
            return evidence, joint
        entries = len(data.counts) * len(thetas[0]["weights"]) if thetas else 0
        width = _AT_ONCE // max(1, entries) if 2 * entries <= _AT_ONCE else 1
        for begin in range(0, len(thetas), max(1, width)):
            some = slice(begin, begin + width)
            try:
                evidence[some], joint[:, some] = _together(model, data, qs, thetas[some])
            except HalfStepFailed:
                for place, theta in enumerate(thetas[some], begin):
                    try:
                        evidence[place : place + 1], joint[:, place : place + 1] = _together(model, data, qs, [theta])
                    except HalfStepFailed:
                        continue
        return evidence, joint


def _together(model: Any, data: Any, qs: Sequence[Any], thetas: Sequence[Parameters]) -> tuple[Array, Array]:
    """Raises `HalfStepFailed` where one of these θ is not usable."""
    theta = _as_one(thetas)
    check(model, data, theta)
    tables = model.log_joint(data, theta).reshape(len(thetas), -1, len(data.counts))
    joint = [[categorical.expectation(q, table) for table in tables] for q in qs]
    return _counted(data, categorical.log_sums(tables)), np.array(joint)


def _in_turn(model: Any, data: Any, qs: Sequence[Any], thetas: Sequence[Parameters]) -> tuple[Array, Array]:
    """As `_together`, some of the data at a time, at θ that are all usable."""
    with np.errstate(divide="ignore"):  # a weight of 0 is a component that explains nothing
        log_weights = np.log(np.stack([theta["weights"] for theta in thetas], axis=1))
    evidence, joint = np.zeros(len(thetas)), np.zeros((len(qs), len(thetas)))
    for columns, tables in model.family.log_joints(model.rows(data), thetas, log_weights):
        evidence += categorical.log_evidences(tables, data.counts[columns])
        joint += categorical.weighted_sums([q.weights(columns) for q in qs], tables)
    return evidence, joint


def _as_one(thetas: Sequence[Parameters]) -> Parameters:
    """The components of all θ, as if they were of one mixture."""
    if len(thetas) == 1:
        return thetas[0]
    return {name: np.concatenate([own[name] for own in thetas]) for name in thetas[0]}


def _usable(model: Any, data: Any, thetas: Sequence[Parameters]) -> list[int]:
    """Which of these θ stand up to the model's own check."""
    tied = getattr(model.family, "covariance", "") == "tied"
    if thetas and not tied and _stands(model, data, _as_one(thetas)):
        return list(range(len(thetas)))
    return [place for place, theta in enumerate(thetas) if _stands(model, data, theta)]


def _stands(model: Any, data: Any, theta: Parameters) -> bool:
    try:
        check(model, data, theta)
    except HalfStepFailed:
        return False
    return True


def _counted(data: Any, evidence: Array) -> Array:
    """(T,) sums over all units of (T, N)."""
    seen = data.counts > 0
    result: Array = (evidence[:, seen] * data.counts[seen]).sum(axis=1)
    return result
