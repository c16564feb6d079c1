"""Dictionary learning, whose theorems stand in tests/core/dictionary_learning: its random files."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.core.any_data import tables


@st.composite
def files(draw):
    values, atoms = draw(tables(most_columns=4)), draw(st.integers(1, 5))
    settings = {
        "lambda": 10.0 ** draw(st.integers(-4, 4)),
        "beta": 10.0 ** draw(st.integers(-4, 4)),
        "norm_constraint": draw(st.booleans()),
        "dead_atoms": draw(st.sampled_from(["keep", "revive"])),
        "n_atoms": atoms,
    }
    data = {"values": values}
    if draw(st.booleans()):
        data["offset"] = list(values[0])

    def start(rng, edge, spread):
        dictionary = rng.standard_normal((len(values[0]), atoms))
        if edge:
            dictionary[:, -1] = dictionary[:, 0]
        return {"dictionary": (dictionary / np.maximum(np.linalg.norm(dictionary, axis=0), 1e-9) * 0.999).tolist()}

    return settings, data, start
