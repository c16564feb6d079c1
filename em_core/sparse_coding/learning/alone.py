"""The code of one signal: feature-sign search (`solvers/feature_sign.py`) that lets several atoms enter at once.

From a code that is exact for its signs, the atoms whose correlation is most above λ enter, each with the sign of its
correlation. Those that would then move against that sign leave again, where the atoms are dependent all but the
steepest. The others go towards the solution for these signs, as far as the objective falls: it is a parabola between
two places where a coefficient changes sign.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg.lapack import dposv

from em_core.records import Array
from em_core.sparse_coding.learning.atoms import Atoms
from em_core.sparse_coding.solvers.active_set import Indices

AT_ONCE = 8  # atoms that enter together, or half as many as there are
POLISHED = 3  # solutions for the same signs, each of which takes rounding out of the one before


def search(
    atoms: Atoms, target: Array, penalty: float, code: Array, until: float, most: int
) -> tuple[Array, float, int]:
    """A code (K,) from `code` on, its duality gap, and how many systems were solved, about `most` at most.

    target: √β(v − b), (D,). Ends at a gap of `until`, at rounding, or where the atoms in use are dependent.
    """
    scaled, gram = atoms.scaled, atoms.gram
    active = np.flatnonzero(code)
    values, signs = code[active], np.sign(code[active])
    residual = target - values @ atoms.rows.take(active, axis=0)
    correlation = residual @ scaled
    best, least, solved, polished = (active, values), np.inf, 0, 0
    stationary = not len(active)
    if stationary:
        least = _gap(residual, correlation, penalty, values, active)
    while solved < most and least > until:
        if stationary:
            entering = _entering(correlation, penalty, active, len(target))
            polished = polished + 1 if not len(entering) else 0
            if polished > POLISHED or not len(entering) and not len(active):
                break
            active = np.concatenate([active, entering])
            signs = np.concatenate([signs, np.sign(correlation[entering])])
            values = np.concatenate([values, np.zeros(len(entering))])
        while True:
            slope = correlation[active] - penalty * signs
            _, way, singular = dposv(gram.take(active, axis=0).take(active, axis=1), slope)
            solved += 1
            agrees = (values != 0) | (way * signs > 0)
            if singular and np.count_nonzero(values == 0) > 1:
                agrees = values != 0
                agrees[np.argmax(np.where(agrees, -np.inf, np.abs(slope)))] = True
            elif singular or solved >= most or agrees.all():
                break
            active, values, signs = active[agrees], values[agrees], signs[agrees]
        if singular or not agrees.all():
            break
        values, stationary = _along(values, way, slope, signs, penalty)
        used = values != 0
        active, values = active[used], values[used]
        signs = np.sign(values)
        residual = target - values @ atoms.rows.take(active, axis=0)
        correlation = residual @ scaled
        if stationary:
            gap = _gap(residual, correlation, penalty, values, active)
            if gap < least:
                best, least = (active, values), gap
    found = np.zeros(atoms.n_atoms)
    found[best[0]] = best[1]
    return found, least, solved


def _entering(correlation: Array, penalty: float, active: Indices, n_dimensions: int) -> Indices:
    """The unused atoms whose correlation is above λ by more than rounding; the steepest few, for more than D depend."""
    excess = np.abs(correlation)
    excess[active] = 0.0
    most = max(min(max(AT_ONCE, len(active) // 2), n_dimensions - len(active)), 1)
    if most < len(excess):
        first = np.argpartition(excess, len(excess) - most)[-most:]
        return first[excess[first] > penalty * (1 + 1e-13)]
    return np.flatnonzero(excess > penalty * (1 + 1e-13))


def _along(values: Array, way: Array, slope: Array, signs: Array, penalty: float) -> tuple[Array, bool]:
    """The lowest place between `values` and values + way, and whether it is the end, with the signs as they were.

    At the beginning the objective falls by `way`·`slope`, further on less steeply: in proportion to what is left of the
    way, and by 2λ|way| less from each change of sign of a coefficient on.
    """
    end = values + way
    crossing = np.flatnonzero(end * signs <= 0)
    if not len(crossing):
        return end, True
    places = -values[crossing] / way[crossing]
    order = np.argsort(places, kind="stable")
    crossing, places = crossing[order], places[order]
    fall = float(way @ slope)
    after = np.cumsum(2 * penalty * np.abs(way[crossing])) - fall * (1 - places)
    before = after - 2 * penalty * np.abs(way[crossing])
    uphill = np.flatnonzero(after >= 0)
    first = int(uphill[0]) if len(uphill) else len(crossing)
    if first < len(crossing) and before[first] <= 0:
        result = values + places[first] * way
        result[crossing[first]] = 0.0
        return result, False
    passed = 2 * penalty * float(np.abs(way[crossing[:first]]).sum())
    return values + max(1 - passed / fall, 0.0) * way, False


def _gap(residual: Array, correlation: Array, penalty: float, values: Array, active: Indices) -> float:
    """`problem.certificates` of one code, whose values stand at `active`."""
    energy, steepest = float(residual @ residual), float(np.abs(correlation).max())
    on = values * correlation[active]
    limit = penalty / steepest if steepest > 0 else np.inf
    scale = min(max((energy + float(on.sum())) / energy, -limit), limit) if energy > 0 else 0.0
    slack = penalty * np.abs(values) - scale * on
    return (1 - scale) ** 2 * energy / 2 + float(np.maximum(slack, 0).sum())
