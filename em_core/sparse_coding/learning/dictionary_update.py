"""The dictionary that fits given codes best: W minimises (β/2)‖V − HWᵀ‖², with atoms of length at most 1 or without.

All functions take the sums that the codes and targets enter through: gram = βHᵀH, (K, K), pulls = βVᵀH, (D, K). The
objective is then ½ tr(W gram Wᵀ) − tr(Wᵀ pulls) + constant, convex in W. Atoms that no code uses stay as they are.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from em_core.records import Array

MOST_SWEEPS = 4_000
# sweeps between two looks at the projected gradient; where they are slow, Newton's method has a try
_LOOK, _PATIENT = 5, 15
# an atom this close to length 1 lies on the boundary
_EDGE = 1e-12
# weight of the proximal term, as a share of the largest curvature
_PROXIMAL = 1e-6


def sweep(dictionary: Array, gram: Array, pulls: Array, constrained: bool) -> Array:
    """Each atom in turn goes to its best place, the others held. The objective never rises.

    For one atom the objective is a parabola with the same curvature in every direction, so its best place within
    length 1 is the nearest point to its best place anywhere.
    """
    result: Array = dictionary.copy()
    for k in np.flatnonzero(np.diagonal(gram) > 0):
        atom = result[:, k] + (pulls[:, k] - result @ gram[:, k]) / gram[k, k]
        length = np.sqrt(atom @ atom)
        result[:, k] = atom / length if constrained and length > 1 else atom
    return result


def within_unit_length(dictionary: Array, gram: Array, pulls: Array, tolerance: float) -> tuple[Array, int, int]:
    """The best dictionary with ‖w_k‖ ≤ 1: sweeps until the projected gradient is at most `tolerance`, or rounding.

    dictionary: (D, K), within the constraint; where the sweeps begin. Where they are slow, Newton's method on the
    multipliers finds which atoms end at length 1 and where (Lee et al. 2007, section 4.2); what it finds is taken only
    if it lies lower. Also returns the number of sweeps, and how many evaluations it took: sweeps, projected gradients,
    tries of Newton's method and the heights they are compared by.
    """
    tolerance = max(tolerance, _rounding(dictionary, gram, pulls))
    best, number, evaluations = dictionary, 0, 0

    def flat() -> bool:
        nonlocal evaluations
        evaluations += 1
        return bool(np.linalg.norm(projected_gradient(best, gram, pulls)) <= tolerance)

    while number < MOST_SWEEPS:
        best = sweep(best, gram, pulls, constrained=True)
        number, evaluations = number + 1, evaluations + 1
        if number % _LOOK:
            continue
        if flat():
            break
        if number % _PATIENT == 0:
            tried = _newton(best, gram, pulls)
            evaluations += 1 if tried is None else 3
            if tried is not None and height(tried, gram, pulls) <= height(best, gram, pulls):
                best = tried
                if flat():
                    break
    return best, number, evaluations


def least_squares(dictionary: Array, codes: Array, targets: Array) -> Array:
    """The dictionary that fits best without a constraint; of several the shortest. codes: (N, K), targets: (N, D)."""
    used = codes.any(axis=0)
    result: Array = dictionary.copy()
    if used.any():
        result[:, used] = np.linalg.lstsq(codes[:, used], targets, rcond=None)[0].T
    return result


def projected_gradient(dictionary: Array, gram: Array, pulls: Array) -> Array:
    """How the objective would still fall, (D, K): minus its gradient, without what points out of the unit ball.

    0 exactly where the Karush-Kuhn-Tucker conditions hold.
    """
    downhill: Array = pulls - dictionary @ gram
    lengths = np.sqrt((dictionary**2).sum(axis=0))
    outward = np.where(lengths >= 1 - _EDGE, np.maximum((downhill * dictionary).sum(axis=0), 0), 0)
    return downhill - dictionary * (outward / np.maximum(lengths, _EDGE) ** 2)


def height(dictionary: Array, gram: Array, pulls: Array) -> float:
    """The objective without its constant."""
    return float((dictionary * (0.5 * dictionary @ gram - pulls)).sum())


def _newton(dictionary: Array, gram: Array, pulls: Array) -> Array | None:
    """The dictionary where the atoms that press outwards now have length 1 exactly; None where that leads nowhere.

    With a multiplier μ_k ≥ 0 for each of them, W(μ) = pulls (gram + diag μ)⁻¹; Newton's method on 1/‖w_k(μ)‖ = 1.
    Fewer codes than atoms leave gram singular: a proximal term, so small that it hardly holds W back, makes it regular.
    """
    used = np.flatnonzero(np.diagonal(gram) > 0)
    inner, wanted, atoms = gram[np.ix_(used, used)], pulls[:, used], dictionary[:, used]
    near = _PROXIMAL * float(np.diagonal(inner).max(initial=0))
    inner, wanted = inner + near * np.eye(len(used)), wanted + near * atoms
    outward = ((wanted - atoms @ inner) * atoms).sum(axis=0)
    multipliers = np.where(np.sqrt((atoms**2).sum(axis=0)) >= 1 - _EDGE, np.maximum(outward, 0), 0)
    try:
        for _ in range(50):
            factor = cho_factor(inner + np.diag(multipliers))
            atoms = cho_solve(factor, wanted.T).T
            lengths = np.sqrt((atoms**2).sum(axis=0))
            # an atom joins where it would be longer than 1, and leaves where its multiplier came to 0
            edge = np.flatnonzero((multipliers > 0) | (lengths > 1))
            if not np.isfinite(lengths).all() or (lengths[edge] < _EDGE).any():
                return None
            if np.abs(lengths[edge] - 1).max(initial=0) < 1e-13:
                break
            inverse = cho_solve(factor, np.eye(len(used)))[np.ix_(edge, edge)]
            slope = (atoms[:, edge].T @ atoms[:, edge]) * inverse / lengths[edge, None] ** 3
            multipliers[edge] = np.maximum(multipliers[edge] - np.linalg.solve(slope, 1 / lengths[edge] - 1), 0)
    except (LinAlgError, ValueError):  # not positive definite, or not finite
        return None
    result = dictionary.copy()
    result[:, used] = atoms / np.maximum(np.sqrt((atoms**2).sum(axis=0)), 1)
    return result


def _rounding(dictionary: Array, gram: Array, pulls: Array) -> float:
    """What the projected gradient is known to, in double precision."""
    scale = np.linalg.norm(pulls) + np.sqrt(dictionary.shape[1]) * np.linalg.norm(gram)
    return float(1e-14 * scale)
