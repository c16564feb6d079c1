"""ABO blood groups: cases, random files, and what is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.any_data import SEEDS, shares
from tests.core.making import plain

CASES = [
    plain(
        "521_people",
        "abo_blood_groups",
        {"counts": {"A": 186, "B": 38, "AB": 13, "O": 284}},
        {"A": 0.3, "B": 0.2, "O": 0.5},
        {"A": 0.5, "B": 0.3, "O": 0.2},
    ),
    plain(
        "few_people",
        "abo_blood_groups",
        {"counts": {"A": 3, "B": 2, "AB": 1, "O": 4}},
        {"A": 0.6, "B": 0.2, "O": 0.2},
        {"A": 0.2, "B": 0.5, "O": 0.3},
    ),
    plain(
        "without_b",
        "abo_blood_groups",
        {"counts": {"A": 4, "B": 0, "AB": 0, "O": 3}},
        {"A": 0.6, "B": 0.0, "O": 0.4},
        {"A": 0.2, "B": 0.0, "O": 0.8},
    ),
]
POINTS = ["pure", "known"]
SAID = "q(AA)"
TIED = True  # shares of one whole


@st.composite
def files(draw):
    rng = np.random.default_rng(draw(SEEDS))
    counts = rng.integers(0, draw(st.sampled_from([3, 300, 100_000])) + 1, 4)
    counts[rng.random(4) < draw(st.sampled_from([0.0, 0.5]))] = 0

    def start(rng, edge, spread):
        return dict(zip(("A", "B", "O"), shares(rng, 3, edge), strict=True))

    return {}, {"counts": dict(zip(("A", "B", "AB", "O"), counts.tolist(), strict=True))}, start


def test_blood_groups_split_into_genotypes(made):
    _, found, q, theta, data = made()
    pure, mixed = (np.array(found.trace(f"data.{trace}")["y"], dtype=float) for trace in ("pure", "mixed"))
    np.testing.assert_allclose(pure + mixed, data.counts[:2])
    np.testing.assert_allclose(np.array([pure, mixed]), q.expected_counts)
    expected = found.points("data.expected")[::2, 1]
    a, b, o = (float(theta[allele]) for allele in "ABO")
    shares = np.array([a * a + 2 * a * o, b * b + 2 * b * o, 2 * a * b, o * o])
    np.testing.assert_allclose(expected, data.counts.sum() * shares, rtol=1e-6)
    # no number is left out, however low its part of the bar is
    (aa, bb), (ao, bo) = q.expected_counts
    told = [f"AO {ao:.1f}<br>AA {aa:.1f}", f"BO {bo:.1f}<br>BB {bb:.1f}", "AB 13", "OO 284"]
    assert found.trace("data.numbers")["text"] == told


def test_alleles_are_counted_and_m_makes_their_shares_theta(made):
    _, found, q, theta, data = made(word="EM")
    carried = sum(np.array(found.trace(f"data.{kind} alleles")["y"]) for kind in ("pure", "mixed", "known"))
    (aa, bb), (ao, bo) = q.expected_counts
    _, _, ab, o = data.counts
    np.testing.assert_allclose(carried, [2 * aa + ao + ab, 2 * bb + bo + ab, ao + bo + 2 * o])
    assert carried.sum() == pytest.approx(2 * data.counts.sum())
    np.testing.assert_allclose(found.points("data.expected alleles")[::2, 1], carried, rtol=1e-6)
    np.testing.assert_allclose([float(theta[allele]) for allele in "ABO"], carried / carried.sum())
