"""Hidden Markov models: cases, random files, and what is drawn."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.core.any_data import moments, shares, tables, whole_numbers
from tests.core.making import markov

CASES = [
    markov(
        "two_states",
        "gaussian",
        [[0.3, -0.7, 2.9, 3.4, 2.2, 0.1], [3.1, 2.5, 0.4], [1.2]],
        ([0.6, 0.4], [[0.7, 0.3], [0.2, 0.8]], {"means": [0.0, 2.0], "variances": [1.0, 1.5]}),
        ([0.3, 0.7], [[0.5, 0.5], [0.4, 0.6]], {"means": [0.5, 3.0], "variances": [0.5, 2.0]}),
    ),
    markov(
        "left_right",
        "gaussian",
        [[0.3, -0.7, 2.9, 3.4, 2.2, 6.1, 5.5], [0.2, 3.1, 2.5, 6.4, 4.9]],
        (
            [1.0, 0.0, 0.0],
            [[0.6, 0.4, 0.0], [0.0, 0.7, 0.3], [0.0, 0.0, 1.0]],
            {"means": [0.0, 2.0, 5.0], "variances": [1.0, 1.5, 1.0]},
        ),
        (
            [1.0, 0.0, 0.0],
            [[0.5, 0.5, 0.0], [0.0, 0.4, 0.6], [0.0, 0.0, 1.0]],
            {"means": [0.5, 2.5, 6.0], "variances": [1.5, 0.7, 2.0]},
        ),
    ),
    markov(
        "three_states",
        "poisson",
        [[1, 0, 4, 9, 12], [3, 3, 0, 1, 7, 8], [5]],
        (
            [0.2, 0.5, 0.3],
            [[0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]],
            {"rates": [1.0, 4.0, 9.0]},
        ),
        (
            [0.4, 0.4, 0.2],
            [[0.2, 0.4, 0.4], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7]],
            {"rates": [2.0, 3.0, 7.0]},
        ),
    ),
    markov(
        "structural",
        "categorical",
        [[0, 1, 2, 1, 0], [2, 2, 0], [1]],
        ([0.5, 0.5], [[0.7, 0.3], [0.4, 0.6]], {"probabilities": [[0.5, 0.5, 0.0], [0.1, 0.3, 0.6]]}),
        ([0.2, 0.8], [[0.3, 0.7], [0.5, 0.5]], {"probabilities": [[0.3, 0.7, 0.0], [0.3, 0.3, 0.4]]}),
    ),
]
POINTS = ["series"]
SAID = "γ of state 1"


@st.composite
def files(draw):
    emission, size = draw(st.sampled_from(["gaussian", "poisson", "categorical"])), draw(st.integers(1, 3))
    if emission == "gaussian":
        values = [row[0] for row in draw(tables(most_columns=1))]
    else:
        values = draw(whole_numbers(10**5 if emission == "poisson" else 4))
    cuts = sorted(set(draw(st.lists(st.integers(1, len(values)), max_size=3))) - {len(values)})
    sequences = [values[a:b] for a, b in zip([0, *cuts], [*cuts, len(values)], strict=True)]
    centre, scale = (part[0] for part in moments([[value] for value in values]))

    def start(rng, edge, spread):
        emissions = {
            "gaussian": lambda: {
                "means": (centre + scale * rng.standard_normal(size)).tolist(),
                "variances": (scale**2 * 10.0 ** rng.uniform(-spread, 0, size)).tolist(),
            },
            "poisson": lambda: {"rates": (max(centre, 0.5) * rng.uniform(0.2, 2, size)).tolist()},
            "categorical": lambda: {
                "probabilities": [shares(rng, int(max(values)) + 1, edge and max(values) > 3) for _ in range(size)]
            },
        }[emission]()
        return {
            "start_probabilities": shares(rng, size, edge),
            "transition_matrix": [shares(rng, size, edge) for _ in range(size)],
            **emissions,
        }

    return {"emission": emission, "n_states": size}, {"sequences": sequences}, start


def test_ribbons_are_the_state_posteriors_and_the_path_is_viterbis(made, dataset):
    run, found, q, theta, sequences = made(dataset)
    view = run.scene.view
    ribbons = np.array([found.trace(f"data.ribbon {k + 1}")["y"] for k in range(view.k)], dtype=float)
    np.testing.assert_allclose(ribbons, q.probabilities, atol=1e-6)
    np.testing.assert_allclose(ribbons.sum(axis=0), 1, rtol=1e-5)
    path = np.array(found.trace("data.path")["y"])
    assert np.array_equal(path, run.experiment.model.viterbi(sequences, theta))
    np.testing.assert_allclose(found.matrix("transitions", view.k), theta["transition_matrix"], atol=1e-6)
