"""Dictionaries and signals that ship: what each promises, checked from its own definition."""

from __future__ import annotations

import numpy as np
import pytest

from em_core import datasets
from em_core.sparse_coding import Problem, objective
from em_core.sparse_coding.learning import dictionaries, signals
from tests.core.sparse_coding.sparse_cases import settle

EPS = np.finfo(float).eps
DICTIONARIES = {
    "cosines": (dictionaries.cosines(64, 64), (64, 64)),
    "denser cosines": (dictionaries.cosines(8, 12), (8, 12)),
    "fewer cosines": (dictionaries.cosines(8, 5), (8, 5)),
    "cosine patches": (dictionaries.cosine_patches(8, 64), (64, 64)),
    "denser cosine patches": (dictionaries.cosine_patches(8, 100), (64, 100)),
    "random": (dictionaries.gaussian(8, 16, np.random.default_rng(0)), (8, 16)),
    "identity + cosines": (dictionaries.with_identity(dictionaries.cosines(8, 8)), (8, 16)),
    "bumps": (dictionaries.bumps(64, 2.0), (64, 64)),
    "learned": (dictionaries.learned_patches(), (64, 96)),
}


@pytest.mark.parametrize("dictionary, shape", DICTIONARIES.values(), ids=DICTIONARIES)
def test_atoms_have_length_1(dictionary, shape):
    assert dictionary.shape == shape and dictionary.dtype == float
    np.testing.assert_allclose(np.linalg.norm(dictionary, axis=0), 1, rtol=4 * EPS)
    Problem(np.ones(shape[0]), dictionary, 1.0)  # and every solver accepts them


@pytest.mark.parametrize("dictionary, shape", DICTIONARIES.values(), ids=DICTIONARIES)
def test_no_atom_occurs_twice(dictionary, shape):
    alike = np.abs(dictionary.T @ dictionary)[~np.eye(shape[1], dtype=bool)]
    assert alike.max() < 1 - 1e-3


@pytest.mark.parametrize("size", [2, 5, 64])
def test_as_many_cosines_as_samples_are_orthonormal(size):
    atoms = dictionaries.cosines(size, size)
    np.testing.assert_allclose(atoms.T @ atoms, np.eye(size), atol=1e-13)
    np.testing.assert_allclose(atoms @ atoms.T, np.eye(size), atol=1e-13)


@pytest.mark.parametrize("size, n_atoms", [(8, 8), (8, 12), (16, 20), (6, 3)])
def test_cosines_are_cosines_of_rising_frequency(size, n_atoms):
    """Atom k is cos(πk(n + ½)/K) up to its length: the DCT-II where K = D."""
    atoms = dictionaries.cosines(size, n_atoms)
    for k in range(n_atoms):
        wave = np.array([np.cos(np.pi * k * (n + 0.5) / n_atoms) for n in range(size)])
        np.testing.assert_allclose(atoms[:, k], wave / np.sqrt(wave @ wave), atol=1e-12)


def test_cosine_patches_are_products_and_orthonormal_where_square():
    atoms = dictionaries.cosine_patches(4, 16)
    np.testing.assert_allclose(atoms.T @ atoms, np.eye(16), atol=1e-13)
    single = dictionaries.cosines(4, 4)
    for k in range(16):
        down, across = divmod(k, 4)
        np.testing.assert_allclose(atoms[:, k].reshape(4, 4), np.outer(single[:, down], single[:, across]), atol=1e-14)


@pytest.mark.parametrize("n_atoms", [2, 15, 99])
def test_cosine_patches_need_a_square_number(n_atoms):
    with pytest.raises(ValueError, match=f"square number, not {n_atoms}"):
        dictionaries.cosine_patches(4, n_atoms)


def test_with_identity_starts_with_the_unit_vectors():
    atoms = dictionaries.with_identity(dictionaries.cosines(5, 5))
    np.testing.assert_array_equal(atoms[:, :5], np.eye(5))
    np.testing.assert_array_equal(atoms[:, 5:], dictionaries.cosines(5, 5))


def test_bumps_are_bumps_around_each_sample():
    atoms = dictionaries.bumps(64, 2.0)
    assert (atoms.argmax(axis=0) == np.arange(64)).all() and (atoms >= 0).all()
    middle = atoms[:, 32] / atoms[32, 32]
    assert middle[34] == pytest.approx(np.exp(-0.5)) == middle[30]  # one width away


def test_random_atoms_come_from_the_generator_alone():
    one, again, other = (dictionaries.gaussian(8, 16, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.1


def test_the_learned_dictionary_explains_patches_better_than_cosines():
    """What learning is for: a lower objective on the photograph's patches, with no more atoms than the cosines have."""
    learned, cosines = dictionaries.learned_patches(), dictionaries.cosine_patches(8, 100)
    costs = []
    for raw in signals.patches(8, 25, 0):
        signal, offset = signals.standardised(raw)
        problems = [Problem(signal, dictionary, 1.0, 1.0, offset) for dictionary in (learned, cosines)]
        costs.append([objective(problem, settle(problem, "feature_sign").code) for problem in problems])
    mean = np.mean(costs, axis=0)
    assert mean[0] < mean[1]


# --- signals ----------------------------------------------------------------------------------------------------


def test_the_photograph_is_pixels():
    image = datasets.photograph()
    assert image.shape == (128, 128) and 0 <= image.min() < 0.2 and 0.8 < image.max() <= 1


@pytest.mark.parametrize("side", [8, 16])
def test_patches_are_pieces_of_the_photograph_with_something_on_them(side):
    patches = signals.patches(side, 30, 7)
    assert patches.shape == (30, side * side) and patches.std(axis=1).min() > 0.08
    windows = np.lib.stride_tricks.sliding_window_view(datasets.photograph(), (side, side)).reshape(-1, side * side)
    for patch in patches[:3]:
        assert (windows == patch).all(axis=1).any()
    assert len(np.unique(patches, axis=0)) == 30


def test_patches_come_from_their_seed_alone():
    np.testing.assert_array_equal(signals.patches(8, 20, 3), signals.patches(8, 20, 3))
    assert (signals.patches(8, 20, 3) != signals.patches(8, 20, 4)).any()


def test_digits():
    digits = signals.digits()
    assert digits.shape == (200, 64) and digits.min() == 0 and digits.max() == 1
    np.testing.assert_array_equal(digits * 16, np.rint(digits * 16))  # whole numbers from 0 to 16 in the source


@pytest.mark.parametrize("raw", [signals.digits()[4], signals.patches(16, 1, 0)[0], np.array([-1e3, 5.0, 2.0])])
def test_a_standardised_signal_varies_by_1_about_its_offset(raw):
    scaled, offset = signals.standardised(raw)
    assert scaled.std() == pytest.approx(1, rel=1e-12) and scaled.shape == offset.shape == raw.shape
    assert np.ptp(offset) == 0 and offset[0] == pytest.approx(scaled.mean(), rel=1e-12)
    np.testing.assert_allclose(scaled * raw.std(), raw, rtol=1e-14)  # a change of unit: undone by the same factor


def test_an_even_signal_stays_as_it_is():
    scaled, offset = signals.standardised(np.full(9, 0.4))
    np.testing.assert_array_equal(scaled, np.full(9, 0.4))
    np.testing.assert_allclose(scaled, offset, rtol=1e-15)


@pytest.mark.parametrize("seed", range(5))
def test_a_spike_train_is_explained_by_its_spikes(seed):
    values, spikes = signals.spike_train(64, 6, 0.0, seed)
    np.testing.assert_allclose(dictionaries.bumps(64, 2.0) @ spikes, values, atol=1e-14)
    assert np.count_nonzero(spikes) == 6
    heights = np.abs(spikes[spikes != 0])
    assert ((heights >= 1) & (heights < 3)).all()


def test_spikes_have_either_sign():
    signs = np.sign([signals.spike_train(64, 6, 0.0, seed)[1] for seed in range(20)])
    assert 40 < (signs > 0).sum() < 80 and 40 < (signs < 0).sum() < 80


def test_noise_is_added_to_the_same_spikes():
    quiet, spikes = signals.spike_train(64, 6, 0.0, 2)
    noisy, same = signals.spike_train(64, 6, 0.05, 2)
    np.testing.assert_array_equal(spikes, same)
    assert 0.03 < (noisy - quiet).std() < 0.07
    np.testing.assert_array_equal(noisy, signals.spike_train(64, 6, 0.05, 2)[0])
    assert (signals.spike_train(64, 6, 0.05, 3)[0] != noisy).all()


def test_the_most_likely_code_finds_the_spikes():
    """Every spike that stands apart from the others has a coefficient of its sign on it or beside it."""
    values, spikes = signals.spike_train(64, 3, 0.01, 1)
    problem = Problem(values, dictionaries.bumps(64, 2.0), 0.05)
    found = settle(problem, "feature_sign").code
    for place in np.flatnonzero(spikes):
        near = found[max(0, place - 1) : place + 2]
        assert np.sign(spikes[place]) * near.sum() > 0.5 * abs(spikes[place])
