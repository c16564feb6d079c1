"""Sparse-coding experiments: every solver, and the ladder of q."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from em_core.sparse_coding import SOLVERS
from tests.core.any_data import SEEDS, rounded

DECADES = st.integers(-8, 8).map(lambda power: 10.0**power)
MILD = st.sampled_from([1.0, 1.0, 0.3, 0.1, 3.0])


@st.composite
def problems(draw, most_dimensions=6, most_atoms=8):
    """`settings` with λ and β, and `data`."""
    rng = np.random.default_rng(draw(SEEDS))
    dimensions, atoms = draw(st.integers(1, most_dimensions)), draw(st.integers(1, most_atoms))
    dictionary = rng.standard_normal((dimensions, atoms))
    signal = dictionary @ (rng.standard_normal(atoms) * (rng.random(atoms) < 0.4))
    signal += 0.1 * rng.standard_normal(dimensions)
    match draw(st.sampled_from(["plain", "plain", "unit", "copies", "opposite", "small atom", "whole", "zeros"])):
        case "unit":
            dictionary /= np.linalg.norm(dictionary, axis=0)
        case "copies":
            dictionary = dictionary[:, rng.integers(max(1, atoms // 2), size=atoms)]
        case "opposite":
            dictionary[:, -1] = -dictionary[:, 0]
        case "small atom":
            dictionary[:, -1] *= 1e-8
        case "whole":
            dictionary, signal = np.round(2 * dictionary), np.round(2 * signal)
        case "zeros":
            dictionary[rng.random(dictionary.shape) < 0.5] = 0.0
            signal[rng.random(dimensions) < 0.5] = 0.0
    scale = MILD if draw(st.booleans()) else DECADES
    data = {"signal": rounded(signal * draw(scale)), "dictionary": rounded(dictionary * draw(scale))}
    if draw(st.booleans()):
        data["offset"] = rounded(np.full(dimensions, draw(st.sampled_from([0.0, 1.0, 1e8]))) * draw(scale))
    return {"lambda": draw(scale), "beta": draw(scale)}, data


@st.composite
def codings(draw):
    """An experiment of one solver with some of its settings."""
    settings, data = draw(problems())
    solver = settings["solver"] = draw(st.sampled_from(list(SOLVERS)))
    for name in SOLVERS[solver].settings:
        if draw(st.booleans()):
            settings[name] = {
                "restart": st.booleans(),
                "atoms": st.integers(0, 6),
                "step": DECADES,
                "rho": DECADES,
                "dt": st.sampled_from([0.1, 0.5, 1.0, 2.5, 1e-3]),
                "tau": st.sampled_from([1.0, 0.1, 10.0]),
            }[name]
            settings[name] = draw(settings[name])
    raw = {"model": "sparse_coding", "settings": settings, "data": data, "steps": draw(st.integers(0, 60))}
    if draw(st.booleans()):
        raw["until_gap"] = 10.0 ** draw(st.integers(-14, 0))
    if draw(st.integers(0, 3)) == 3:
        rng = np.random.default_rng(draw(SEEDS))
        atoms = len(data["dictionary"][0])
        raw["start"] = {"code": rounded(draw(DECADES) * rng.standard_normal(atoms) * (rng.random(atoms) < 0.5))}
    return raw


@st.composite
def ladders(draw, most_atoms=3):
    settings, data = draw(problems(most_dimensions=3, most_atoms=most_atoms))
    raw = {"model": "sparse_coding_posterior", "settings": settings, "data": data}
    ladder = {}
    if draw(st.booleans()):
        rng = np.random.default_rng(draw(SEEDS))
        scale = 10.0 ** draw(st.integers(-3, 3))
        ladder["mean"] = rounded(scale * rng.standard_normal(len(data["dictionary"][0])))
    if draw(st.booleans()):
        ladder["widths"] = draw(st.lists(DECADES, max_size=4))
    return {**raw, "ladder": ladder} if ladder else raw
