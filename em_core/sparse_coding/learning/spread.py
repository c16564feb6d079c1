"""Codes with a spread: q(h) = Π N(μ_k, s_k²) for every signal, and sweeps that raise its bound code by code.

For one signal, up to a constant, L = −(β/2)‖t − Wμ‖² − Σ_k [(β/2)‖w_k‖² s_k² + λ E|h_k| − log s_k]: analytic, for E|h|
is the mean of a folded Gaussian (Velychko et al., AISTATS 2024). It is concave in all μ and s together.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erf, erfc

from em_core.distributions.folded import excess, normal
from em_core.records import Array

# guarded Newton steps: a handful do, but where rounding hides the root the bracket has to close
_MOST_STEPS = 80
# of a root, a step of Newton's method that short is the last one: the error left is its square
_CLOSE = 1e-9
# below it an atom is as good as none: the best Gaussian is that of the prior to the last digit
_NO_ATOM = 1e-280
# a fall that is not worth undoing: to undo it would keep the last digits of μ from settling
_ROUNDING = 1e-14
_PEAK = 1 / math.sqrt(2 * math.pi)


def sweep(
    targets: Array, dictionary: Array, penalty: float, precision: float, means: Array, widths: Array | None
) -> tuple[Array, Array]:
    """Each code's μ and s in turn become the best pair, the other codes held; (N, K) both.

    targets: v − b, (N, D). means, widths: where it begins; without widths only the means matter. No signal's bound
    falls: one that rounding would lower keeps its q.
    """
    found, spread = np.array(means), np.empty_like(means)
    left = targets - found @ dictionary.T
    for k, atom in enumerate(dictionary.T):
        sharpness = precision * float(atom @ atom)
        pull = precision * (left @ atom) + sharpness * found[:, k]
        mean, spread[:, k] = best(sharpness, pull, penalty)
        left -= np.outer(mean - found[:, k], atom)
        found[:, k] = mean
    if widths is not None:
        before, after = (
            heights(targets, dictionary, penalty, precision, *pair) for pair in ((means, widths), (found, spread))
        )
        keep = after < before - _ROUNDING * (1 + np.abs(before))
        found[keep], spread[keep] = means[keep], widths[keep]
    return found, spread


def best(sharpness: float, pull: Array, penalty: float) -> tuple[Array, Array]:
    """μ and s of the N(μ, s²) that maximises E[pull·h − sharpness·h²/2 − penalty·|h|] + log s, (N,) each.

    With z = μ/s and s in units of 1/penalty, the slope in s is 0 for s(z) = 1/(φ + √(φ² + a)), φ = φ(z) and
    a = sharpness/penalty². That leaves one equation, a z s(z) + erf(z/√2) = |pull|/penalty, whose left side rises with
    z: it has one root, which Newton's method finds inside a bracket that closes.
    """
    curve, wanted = sharpness / penalty**2, np.abs(pull) / penalty
    z = np.zeros_like(wanted)
    todo = np.flatnonzero(wanted) if curve > _NO_ATOM else np.empty(0, dtype=int)
    root, pulled = math.sqrt(curve), wanted[todo]
    # s(z) lies between s(0) and 1/√a, and erf(z/√2) below 1 and 2 φ(0) z
    low = np.maximum((pulled - 1) / max(root, _NO_ATOM), pulled / (root + 2 * _PEAK))
    high = pulled * ((_PEAK + math.sqrt(_PEAK**2 + curve)) / max(curve, _NO_ATOM))
    z[todo] = low
    for _ in range(_MOST_STEPS):
        if not len(todo):
            break
        here = z[todo]
        width, bend = _width(here, curve)
        value = curve * here * width + _rest(here, wanted[todo])
        density = normal(here)
        slope = curve * width * (1 + here * here * density / bend) + 2 * density
        low, high = np.where(value < 0, here, low), np.where(value < 0, high, here)
        tried = here - value / slope
        inside = (tried >= low) & (tried <= high)
        z[todo] = np.where(inside, tried, np.sqrt(low) * np.sqrt(high))
        going = np.abs(z[todo] - here) > _CLOSE * here
        todo, low, high = todo[going], low[going], high[going]
    width, _ = _width(z, curve)
    return np.copysign(z * width, pull) / penalty, width / penalty


def heights(targets: Array, dictionary: Array, penalty: float, precision: float, means: Array, widths: Array) -> Array:
    """(N,) the bound of every signal, up to a constant."""
    left = targets - means @ dictionary.T
    misfit = (left**2).sum(axis=1) + widths**2 @ (dictionary**2).sum(axis=0)
    cost = np.abs(means).sum(axis=1) + excess(means, widths).sum(axis=1)
    result: Array = np.log(widths).sum(axis=1) - 0.5 * precision * misfit - penalty * cost
    return result


def _rest(z: Array, wanted: Array) -> Array:
    """erf(z/√2) − wanted; where both are near 1, 1 is taken off them first, for erfc has the digits then."""
    z = z / math.sqrt(2)
    return np.where(wanted > 0.5, (1 - wanted) - erfc(z), erf(z) - wanted)


def _width(z: Array, curve: float) -> tuple[Array, Array]:
    """s(z), in units of 1/penalty, and √(φ² + a)."""
    density = normal(z)
    bend = np.sqrt(density**2 + curve)
    return 1 / (density + bend), bend
