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

        The sums are those of `log_evidence` and `expected_log_joint`, over the same table.
        """
        model: Any = self
        evidence, joint = np.full(len(thetas), np.nan), np.full((len(qs), len(thetas)), np.nan)
        alike = getattr(model.family, "covariance", "") != "tied"
        width = max(1, _AT_ONCE // max(1, len(data.counts) * len(thetas[0]["weights"]))) if alike and thetas else 1
        for begin in range(0, len(thetas), width):
            some = slice(begin, begin + width)
            try:
                evidence[some], joint[:, some] = _looked(model, data, qs, thetas[some])
            except HalfStepFailed:
                for place, theta in enumerate(thetas[some], begin):
                    try:
                        evidence[place : place + 1], joint[:, place : place + 1] = _looked(model, data, qs, [theta])
                    except HalfStepFailed:
                        continue
        return evidence, joint


def _looked(model: Any, data: Any, qs: Sequence[Any], thetas: Sequence[Parameters]) -> tuple[Array, Array]:
    """Raises `HalfStepFailed` where one of these θ is not usable."""
    if len(thetas) == 1:
        check(model, data, thetas[0])
        tables = model.log_joint(data, thetas[0])[None]
    else:
        together = {name: np.concatenate([theta[name] for theta in thetas]) for name in thetas[0]}
        check(model, data, together)
        tables = model.log_joint(data, together).reshape(len(thetas), -1, len(data.counts))
    evidence = categorical.log_sums(tables)
    seen = data.counts > 0
    heights = evidence[:, seen] @ data.counts[seen]
    return heights, np.array([[categorical.expectation(q, table) for table in tables] for q in qs])
