"""Hidden Markov models: cases, random files, and what is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from em_core import Experiment
from figures.em.data_views.chains import ChainsView
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


def outlines(trace):
    """The areas of an outline, edge by edge: (edges, 2) below and above."""
    y = np.array(trace["y"], dtype=float)
    parts = np.split(y, np.flatnonzero(np.isnan(y)))
    runs = [part[np.isfinite(part)] for part in parts]
    return np.concatenate([np.column_stack([run[: len(run) // 2], run[len(run) // 2 :][::-1]]) for run in runs])


def test_ribbons_are_the_state_posteriors_and_the_path_is_viterbis(made, dataset):
    run, found, q, theta, sequences = made(dataset)
    view = run.scene.view
    edges = [outlines(found.trace(f"data.ribbon {k + 1}")) for k in range(view.k)]
    # a step of time has two edges, and a strip is 2.4 rows high
    heights = np.array([np.diff(edge, axis=1)[::2, 0] for edge in edges]) / 2.4
    np.testing.assert_allclose(heights, q.probabilities, atol=1e-5)
    np.testing.assert_allclose(edges[0][:, 1], edges[1][:, 0], atol=1e-6)
    path = run.experiment.model.viterbi(sequences, theta)
    drawn = found.trace("data.path")
    assert np.array_equal(drawn["text"], [str(state + 1) for state in path])
    rows = np.array(drawn["y"]) - view.staves.feet
    assert len(np.unique(np.round(rows[path == 0], 5))) == 1 and rows[path == 0].max() < rows[path == 1].min()
    np.testing.assert_allclose(found.matrix("transitions", view.k), theta["transition_matrix"], atol=1e-6)


def test_emissions_are_shown_beside_the_chain(made, dataset):
    run, found, _, theta, _ = made(dataset)
    view = run.scene.view
    for k in range(view.k):
        drawn = found.trace(f"data.emission {k + 1}")
        if view.levelled:
            density = np.exp(run.experiment.model.family.log_density(np.array(drawn["y"], dtype=float), theta))
            np.testing.assert_allclose(drawn["x"], density[k] / density.max(), atol=1e-5)
        else:
            row = theta["probabilities"][k]
            np.testing.assert_allclose(drawn["customdata"], row, atol=1e-6)
            np.testing.assert_allclose(np.array(drawn["y"]) / np.sum(drawn["y"]), row, atol=1e-6)
            assert drawn["text"] == [f"{100 * p:.0f}" for p in row]


def test_dice_have_faces_from_one_to_six(made):
    """In every word and mark of the picture; symbols that are no faces are called as in the file."""
    run, found, *_ = made("casino")
    values = run.experiment.data.values
    drawn = found.trace("data.series")
    told = [text for text in drawn["text"] if text]
    assert [int(text.split()[0]) for text in told] == [int(value) + 1 for value in values]
    assert told[0] == "4 at roll 1 of sequence 1" and told[-1].endswith("roll 100 of sequence 3")
    # one row a sequence, a face above the next
    heights = np.array([y for y in drawn["y"] if y is not None and np.isfinite(y)], dtype=float).reshape(3, 100)
    for row, faces in zip(heights, values.reshape(3, 100), strict=True):
        assert np.ptp(row - faces) < 1e-5
    assert heights[0].min() > heights[1].max() > heights[2].max()
    assert found.trace("data.emission 1")["x"] == list("123456")
    assert drawn["mode"] == "markers"
    raw = {"model": "hidden_markov", "settings": {"emission": "categorical"}, "schedule": "EM"}
    plain = ChainsView(Experiment.parse({**raw, "data": {"sequences": [[0, 5, 2] * 30]}}), (), (0, 1))
    assert plain.names == list("012345") and not plain.staves.begin
    assert plain._texts(plain.data.values)[:2] == ["0 at step 1", "5 at step 2"]
    assert plain.figure["staves"].json["text"] == ["", "from 31 on", "from 61 on"]


@pytest.mark.parametrize("case", [case for case in CASES if case.raw["settings"]["emission"] != "poisson"], ids=str)
def test_a_rise_is_told_from_moments(case, monkeypatch):
    """What moments say of L is what the sum over all time steps says, and M is seen to raise it."""
    monkeypatch.setattr("em_core.models.hidden_markov._SMALL_TABLE", 0)
    experiment = Experiment.parse({**case.raw, "schedule": "EM"})
    model, data, theta = experiment.model, experiment.data, experiment.start
    q = model.posterior(data, theta)
    fitted = model.maximize(data, q, theta)
    for place in (theta, fitted):
        value, doubt = model._from_moments(data, place, q)
        assert value == pytest.approx(model.expected_log_joint(data, place, q), rel=1e-12) and doubt >= 0
    assert model.surely_higher(data, q, fitted, theta) and not model.surely_higher(data, q, theta, fitted)
    assert not model.surely_higher(data, q, theta, theta)
