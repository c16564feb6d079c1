"""Batches that are hard for ADMM, Newton's method or both, against scikit-learn and the plain solvers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso

from em_core.sparse_coding import Problem, objective
from em_core.sparse_coding.learning import alone, certified, together
from em_core.sparse_coding.learning.atoms import Atoms
from em_core.sparse_coding.learning.batch import encode
from em_core.sparse_coding.learning.supports import refined
from em_core.sparse_coding.problem import duality_gaps, objectives
from em_core.sparse_coding.solvers import homotopy


def _unit(atoms):
    return atoms / np.linalg.norm(atoms, axis=0)


def _dictionaries():
    rng = np.random.default_rng(11)
    plain = _unit(rng.normal(size=(12, 30)))
    return {
        "overcomplete": plain,
        "undercomplete": _unit(rng.normal(size=(20, 6))),
        "duplicates": np.hstack([plain, plain[:, :7], -plain[:, 3:5]]),
        "correlated": _unit(plain[:, :1] + 0.03 * rng.normal(size=(12, 30))),
        "one atom": plain[:, :1],
        "one dimension": np.array([[1.0, -0.5, 2.0]]),
        "orthonormal": np.linalg.qr(rng.normal(size=(10, 10)))[0],
        "lengths": plain * np.exp(2 * rng.normal(size=30)),
    }


DICTIONARIES = _dictionaries()


def _signals(dictionary, many):
    """Sparse sums of atoms with noise, two of them 0, and one that is an atom."""
    rng = np.random.default_rng(5)
    codes = rng.laplace(size=(many, dictionary.shape[1])) * (rng.random((many, dictionary.shape[1])) < 0.4)
    signals = codes @ dictionary.T + 0.05 * rng.normal(size=(many, len(dictionary)))
    signals[:2] = 0.0
    signals[-1] = dictionary[:, 0]
    return signals


@pytest.mark.parametrize("name", DICTIONARIES)
@pytest.mark.parametrize("many", [3, 20])
@pytest.mark.parametrize("share", [1e-4, 0.05, 0.2, 1.0, 3.0])
def test_every_code_is_certified_and_no_worse_than_scikit_learns(name, many, share):
    dictionary = DICTIONARIES[name]
    signals = _signals(dictionary, many)
    penalty = share * float(np.abs(signals @ dictionary).max())
    energy = 0.5 * float((signals**2).sum(axis=1).mean())
    codes, gaps = certified.codes(signals, dictionary, penalty, 1.0, np.zeros((many, dictionary.shape[1])))
    assert gaps.max() <= 1.01e-10 * energy
    assert not codes[:2].any()
    if share >= 1:
        assert not codes.any()
    np.testing.assert_allclose(
        gaps, duality_gaps(signals, dictionary, penalty, 1.0, codes), rtol=1e-3, atol=1e-12 * energy
    )
    own = objectives(signals, dictionary, penalty, 1.0, codes)
    peer = Lasso(alpha=penalty / len(dictionary), fit_intercept=False, tol=1e-14, max_iter=2_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = np.atleast_2d(peer.fit(dictionary, signals.T).coef_).reshape(codes.shape)
    costs = objectives(signals, dictionary, penalty, 1.0, theirs)
    left = duality_gaps(signals, dictionary, penalty, 1.0, theirs)
    assert np.all(own <= costs + gaps + 1e-12 * energy)
    assert np.all(costs <= own + left + 1e-12 * energy)


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1e6, 1e20])
@pytest.mark.parametrize("precision", [1e-6, 4.0])
def test_codes_follow_the_units(scale, precision):
    """v and λ in other units: the same signs, the same code up to that unit, for few signals and for many."""
    dictionary = DICTIONARIES["overcomplete"]
    signals = _signals(dictionary, 20)
    for rows in (slice(2, 4), slice(None)):
        plain = encode(signals[rows], dictionary, 0.3, until_gap=1e-10).codes
        found = encode(
            scale * signals[rows], dictionary, 0.3 * scale * precision, precision,
            until_gap=1e-10 * scale**2 * precision,
        )  # fmt: skip
        np.testing.assert_allclose(found.codes / scale, plain, atol=1e-5 * np.abs(plain).max())


def test_each_way_to_a_code_gives_the_exact_one():
    """ADMM in single and in double precision with Newton's method, Newton's method alone, and feature-sign search."""
    atoms = Atoms(DICTIONARIES["overcomplete"], 2.0)
    targets, penalty = np.sqrt(2.0) * _signals(atoms.dictionary, 12)[2:], 0.4
    exact = np.array(
        [
            homotopy.path(Problem(target / np.sqrt(2.0), atoms.dictionary, penalty, 2.0), penalty).at(penalty)
            for target in targets
        ]
    )
    until = np.full(len(targets), 1e-12)
    for kind in (np.float32, np.float64):
        codes, gaps = np.zeros_like(exact), np.full(len(targets), np.inf)
        together.solve(atoms, targets, penalty, codes, gaps, until, 800, kind)
        np.testing.assert_allclose(codes, exact, atol=1e-9)
        assert gaps.max() <= 1e-12
    near, gaps = refined(atoms, targets, penalty, exact * 1.3, until)
    np.testing.assert_allclose(near, exact, atol=1e-9)
    for target, code in zip(targets, exact, strict=True):
        found, gap, _ = alone.search(atoms, target, penalty, np.zeros(atoms.n_atoms), 1e-12, 500)
        np.testing.assert_allclose(found, code, atol=1e-9)
        assert gap <= 1e-12


def test_newton_repairs_the_signs():
    """Without one atom of the support, and with one that does not belong to it, the next round finds both."""
    atoms = Atoms(np.eye(4) + 0.05)
    targets, until = np.array([[3.0, -2.0, 0.1, 1.5]]), np.array([1e-12])
    exact = encode(targets, atoms, 0.4, until_gap=1e-12).codes
    assert np.array_equal(exact[0] != 0, [True, True, False, True])
    for start in ([1.0, 0, 0, 1], [1.0, -1, 1, 1], [1.0, 0, 1, 0]):
        near, gaps = refined(atoms, targets, 0.4, np.array([start]), until)
        np.testing.assert_allclose(near, exact, atol=1e-9)
        assert gaps.max() <= 1e-12


def test_a_search_from_any_code_ends_at_the_optimum():
    """From far away signs change on the way, several at a time: no stop on the way lies higher than the one before."""
    atoms, rng = Atoms(DICTIONARIES["undercomplete"]), np.random.default_rng(8)
    for target in _signals(atoms.dictionary, 12)[2:]:
        problem = Problem(target, atoms.dictionary, 0.3)
        best = objective(problem, homotopy.path(problem, 0.3).at(0.3))
        for size in (0.1, 1.0, 30.0):
            start = size * rng.normal(size=atoms.n_atoms)
            found, gap, _ = alone.search(atoms, target, 0.3, start, 1e-12, 500)
            assert gap <= 1e-12 and objective(problem, found) <= best + 1e-11


@pytest.mark.parametrize("name", ["overcomplete", "undercomplete", "lengths"])
def test_one_move_of_the_search_goes_to_the_lowest_place(name):
    """Against a fine grid between the code and the solution for its signs."""
    atoms, rng = Atoms(DICTIONARIES[name]), np.random.default_rng(9)
    n = min(6, atoms.n_atoms)
    for _ in range(50):
        target, values = rng.normal(size=len(atoms.dictionary)), 0.3 * rng.normal(size=n)
        signs, inside = np.sign(values), atoms.scaled[:, :n]
        slope = (target - inside @ values) @ inside - 0.2 * signs
        way = np.linalg.solve(inside.T @ inside, slope)
        chosen, _ = alone._along(values, way, slope, signs, 0.2)
        grid = values + np.linspace(0, 1, 2001)[:, None] * way
        heights = objectives(target, inside, 0.2, 1.0, np.vstack([grid, chosen]))
        assert heights[-1] <= heights[:-1].min() + 1e-12


def test_atoms_of_length_0_stay_unused():
    dictionary = np.hstack([DICTIONARIES["overcomplete"], np.zeros((12, 2))])
    signals = _signals(dictionary, 20)
    found, gaps = certified.codes(signals, dictionary, 0.3, 1.0, np.ones((20, 32)))
    assert not found[:, 30:].any() and gaps.max() <= 1e-10 * 0.5 * (signals**2).sum(axis=1).mean()
