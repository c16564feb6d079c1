"""Posterior and ladder where numbers lie many powers of ten apart, and where atoms depend on each other."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from em_core.sparse_coding import Problem, exact_posterior, laplace_posterior
from em_core.sparse_coding.posterior.ladder import LadderExperiment, rungs
from tests.attack import thinned

POWERS = [1e-8, 1e-4, 1.0, 1e4, 1e8]
SIGNALS = [1e-8, 1.0, 1e8]
# λ, β, v, W: noise is negligible beside w/λ, and so is what it adds to log p(v)
NOISELESS = [
    (1e-6, 1e4, 1e8, [1.0, 0.5]),
    (1e-4, 1e8, 1e4, [1.0, 0.5]),
    (1e-8, 1e4, 1e8, [1.0, 0.5]),
    (1e-8, 1e8, 1.0, [3.0, 1.0]),
    (1e-8, 1e8, 1.0, [1.0, -0.7]),
    (1e-6, 1e4, 1e8, [1.0, 1.0]),
    (1.3252132472545352e-08, 388164.10040453065, 0.0002509998766429611, [-3087851.954905939, -11725706.327177478]),
]


def sum_of_two_laplaces(value, one, other):
    """log density of one·X + other·Y, X and Y with density e^{−|x|}/2."""
    one, other, value = abs(one), abs(other), abs(value)
    if one == other:
        return math.log((1 + value / one) / (4 * one)) - value / one
    large, small = max(one, other), min(one, other)
    rest = -math.expm1(math.log(small / large) - value / small + value / large)
    return math.log(large * rest / (2 * (large**2 - small**2))) - value / large


def mixture_of_two(problem):
    """log p(v) of one number and two atoms: 1/((1 + a²t²)(1 + b²t²)) in partial fractions, each part one unit."""
    parts = [laplace_posterior(problem.signal[0], w, problem.penalty, problem.precision) for w in problem.dictionary[0]]
    squares = problem.dictionary[0] ** 2
    logs = np.array([part.log_evidence for part in parts]) + np.log(squares)
    first = int(np.argmax(squares))
    return logs[first] + math.log(-math.expm1(logs[1 - first] - logs[first])) - math.log(abs(squares[0] - squares[1]))


@pytest.mark.parametrize("penalty, precision, v, atoms", NOISELESS, ids=str)
def test_without_noise_the_signal_is_a_sum_of_two_laplace_variables(penalty, precision, v, atoms):
    found = exact_posterior(Problem([v], [atoms], penalty, precision))
    truth = sum_of_two_laplaces(v, *(w / penalty for w in atoms))
    assert abs(found.log_evidence - truth) < found.error + 1e-10
    assert found.error < 1e-12 + 1e-15 * abs(truth)


@pytest.mark.parametrize("atoms", thinned([[1.0, 0.5], [1.0, -0.7], [3.0, 1.0]], [[1.0, -0.7]]), ids=str)
def test_the_error_holds_against_the_closed_form_of_one_number(atoms):
    for penalty, precision, v in itertools.product(POWERS, POWERS, SIGNALS):
        problem = Problem([v], [atoms], penalty, precision)
        found, truth = exact_posterior(problem), mixture_of_two(problem)
        assert abs(found.log_evidence - truth) <= 2 * found.error + 1e-12, (penalty, precision, v)


def test_a_bend_shorter_than_any_panel_is_seen():
    problem = Problem([0.9956911485582592], [[-0.12669033898564236, 27.7052]], 0.08448678515393131, 152275097.6)
    found = exact_posterior(problem)
    assert abs(found.log_evidence - mixture_of_two(problem)) <= 2 * found.error + 1e-13


@pytest.mark.parametrize("size", [2, 3])
def test_the_mode_meets_the_conditions_of_optimality_in_rational_numbers(size):
    rng = np.random.default_rng(size)
    for _ in range(30):
        penalty, precision, far = (float(10**power) for power in rng.uniform(-8, 8, 3))
        dictionary = rng.normal(size=(2, size)) * 10 ** rng.uniform(-3, 3, size)
        signal = far * rng.normal(size=2)
        nearly_all = 0.999 * Problem(signal, dictionary, penalty, precision).lambda_max
        for problem in (Problem(signal, dictionary, weight, precision) for weight in (penalty, nearly_all)):
            exact, found = problem.exact, problem.exact.optimum()
            code = [Fraction(near) + Fraction(rest) for near, rest in zip(found.code, found.rest, strict=True)]
            for i in range(size):
                slope = exact.pull[i] - sum(g * h for g, h in zip(exact.gram[i], code, strict=True))
                # the code is rounded to twice the digits
                blur = (
                    1e-31 * sum(abs(g * h) for g, h in zip(exact.gram[i], code, strict=True)) + 1e-15 * problem.penalty
                )
                assert abs(slope + Fraction(problem.penalty) - Fraction(found.below[i])) <= blur
                assert abs(Fraction(problem.penalty) - slope - Fraction(found.above[i])) <= blur
                assert found.below[i] >= 0 and found.above[i] >= 0
                if found.code[i]:
                    assert (found.above if found.code[i] > 0 else found.below)[i] == 0


def test_the_slope_off_the_support_is_known_to_the_last_digit():
    found = exact_posterior(Problem([1e6, 0.0], [[1.0, 0.5], [0.0, 0.3]], 1e-6, 1e4)).optimum
    np.testing.assert_allclose(found.above, [0.0, 0.5e-6], rtol=1e-15)
    np.testing.assert_allclose(found.below, [2e-6, 1.5e-6], rtol=1e-15)


DICTIONARIES = [[[1.0, 0.5]], [[1.0, -0.7]], [[3.0, 1.0]], [[1.0, 1.0]], [[1.0, 0.5], [0.0, 0.3]]]
WIDTHS = (1e8, 1.0, 0.3, 1e-3, 1e-6)


@pytest.mark.parametrize("dictionary", DICTIONARIES, ids=str)
@pytest.mark.parametrize("penalty", thinned(POWERS, [1e-8]))
def test_log_p_is_elbo_plus_kl_and_no_gaussian_is_above_the_best(dictionary, penalty):
    for precision, v in itertools.product(POWERS, SIGNALS):
        problem = Problem([v, 0.0][: len(dictionary)], dictionary, penalty, precision)
        posterior = exact_posterior(problem)
        steps = rungs(LadderExperiment(problem, posterior.mode, WIDTHS), posterior)
        best = steps[1].bound.elbo
        for step in steps[:-1]:
            terms = step.bound
            largest = max(1.0, *map(abs, (terms.log_evidence, terms.expected_log_joint, terms.entropy, terms.kl)))
            assert abs(terms.residual) < 1e-9 * largest, (precision, v, step)
            assert step.kind == "exact" or terms.elbo <= best + 1e-12 * largest, (precision, v, step)


@pytest.mark.parametrize("penalty, precision, v, atoms, floor", [(1e-4, 1e4, 1e8, [1.0, -0.7], -10023.24),
                                                                 (1.0, 1e8, 1e8, [1.0, -0.7], -100000009.4),
                                                                 (1e-8, 1e8, 1.0, [1.0, 0.5], -45.8261)])  # fmt: skip
def test_along_a_flat_valley_the_best_gaussian_stands_where_the_prior_wants_it(penalty, precision, v, atoms, floor):
    """As good at least as the best widths at the mode: floor."""
    problem = Problem([v], [atoms], penalty, precision)
    posterior = exact_posterior(problem)
    assert rungs(LadderExperiment(problem, posterior.mode, ()), posterior)[1].bound.elbo >= floor
