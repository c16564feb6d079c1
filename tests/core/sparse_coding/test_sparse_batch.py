"""Many signals with one dictionary: the same optima, each with its certificate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from em_core.files.errors import InvalidExperiment
from em_core.sparse_coding import duality_gap, objective
from em_core.sparse_coding.learning.batch import encode
from tests.attack import dealt
from tests.core.sparse_coding.sparse_cases import CASES, drive


@pytest.mark.parametrize("case", dealt(CASES, 1, of=2), ids=str)
@pytest.mark.parametrize("until_gap", [1e-6, 1e-11])
def test_every_code_is_certified_and_optimal(case, until_gap):
    problem = case.problem
    rng = np.random.default_rng(6)
    noise = rng.normal(size=(30, problem.n_dimensions))
    signals = np.vstack([problem.signal, problem.signal + 0.5 * noise, np.zeros(problem.n_dimensions)])
    found = encode(
        signals, problem.dictionary, problem.penalty, problem.precision, problem.offset,
        until_gap=until_gap * case.scale,
    )  # fmt: skip
    assert found.codes.shape == (32, problem.n_atoms)
    assert found.duality_gaps.max() <= until_gap * case.scale
    for signal, code, cost, gap in zip(signals, found.codes, found.objectives, found.duality_gaps, strict=True):
        alone = replace(problem, signal=signal)
        assert cost == pytest.approx(objective(alone, code), rel=1e-12, abs=1e-12)
        assert duality_gap(alone, code) == pytest.approx(gap, rel=1e-3, abs=1e-13 * case.scale)
        best = objective(alone, drive(alone, "homotopy", 1000)[-1].code)
        assert cost - best <= gap + 1e-13 * case.scale


def test_a_warm_start_at_the_solution_needs_no_iteration():
    problem = CASES[0].problem
    first = encode(problem.signal[None], problem.dictionary, problem.penalty, until_gap=1e-9)
    again = encode(problem.signal[None], problem.dictionary, problem.penalty, start=first.codes, until_gap=1e-9)
    assert first.iterations > 0 and again.iterations == 0
    assert np.array_equal(first.codes, again.codes)


@pytest.mark.parametrize("many, iterations", [(1, 1), (20, 3)])
def test_out_of_iterations_tells_the_true_gap(many, iterations):
    problem = CASES[0].problem
    signals = np.tile(problem.signal, (many, 1))
    found = encode(signals, problem.dictionary, problem.penalty, until_gap=1e-12, most_iterations=iterations)
    assert found.iterations == iterations
    for code, gap in zip(found.codes, found.duality_gaps, strict=True):
        assert gap == pytest.approx(duality_gap(problem, code))
    assert found.duality_gaps[0] > 1e-12


@pytest.mark.parametrize(
    "signals, changes, field",
    [
        ([[1.0, np.nan]], {}, "data.values[0][1]"),
        ([1.0, 2.0], {}, "data.values"),
        ([[1.0]], {}, "data.dictionary"),
        ([[1.0, 2.0]], {"penalty": 0.0}, "settings.lambda"),
        ([[1.0, 2.0]], {"start": [[1.0]]}, "start.codes"),
    ],
)
def test_bad_input_names_the_field(signals, changes, field):
    with pytest.raises(InvalidExperiment) as caught:
        encode(signals, **{"dictionary": np.eye(2), "penalty": 1.0, **changes})
    assert caught.value.field == field
