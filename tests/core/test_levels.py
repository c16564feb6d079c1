"""Contours: every point at its height, none missing, rings closed."""

from __future__ import annotations

import numpy as np
import pytest

from em_core.observe.levels import at, near_and_far

X = np.linspace(-2, 2, 41)
Y = np.linspace(-1, 3, 61)


def over(function):
    return function(X[None, :], Y[:, None])


def test_lines_of_a_slope_are_straight_and_exact():
    """Between the grid's points heights are interpolated: of a plane that is no approximation."""
    for line in at(X, Y, over(lambda x, y: 2 * x + y), 0.35):
        np.testing.assert_allclose(2 * line[:, 0] + line[:, 1], 0.35, atol=1e-12)
    (line,) = at(X, Y, over(lambda x, y: 2 * x + y), 0.35)
    assert {tuple(line[0].round(9)), tuple(line[-1].round(9))} == {(0.675, -1.0), (-1.325, 3.0)}  # edge to edge


def test_a_hill_has_one_closed_ring():
    (ring,) = at(X, Y, over(lambda x, y: -(x**2) - (y - 1) ** 2), -1.0201)
    np.testing.assert_array_equal(ring[0], ring[-1])
    np.testing.assert_allclose(np.hypot(ring[:, 0], ring[:, 1] - 1), 1.01, atol=2e-3)
    turns = np.diff(np.unwrap(np.arctan2(ring[:, 1] - 1, ring[:, 0])))
    assert abs(turns.sum()) == pytest.approx(2 * np.pi) and (np.sign(turns) == np.sign(turns[0])).all()


def test_two_hills_have_two_rings_and_below_the_pass_one():
    heights = over(lambda x, y: -((x**2 - 1) ** 2) - (y - 1) ** 2)
    assert [len(at(X, Y, heights, level)) for level in (-0.5, -0.97, -1.05)] == [2, 2, 1]


def test_a_saddle_is_split_where_its_middle_says():
    x, heights = np.array([0.0, 1.0]), np.array([[1.0, 0.0], [0.0, 1.0]])
    for level, joined in ((0.4, True), (0.6, False)):
        lines = at(x, x, heights, level)
        assert len(lines) == 2
        # the high corners lie on the diagonal: above the middle each is cut off by itself
        sides = [np.sign(line[:, 0] - line[:, 1]).sum() for line in lines]
        assert (abs(sides[0]) == 2) == joined


def test_cells_that_touch_an_infinite_height_have_none():
    heights = over(lambda x, y: -(x**2) - (y - 1) ** 2)
    heights[:, 0] = -np.inf
    heights[0, :] = np.nan
    lines = at(X, Y, heights, -3.5)
    assert lines and all(np.isfinite(line).all() and (line[:, 0] >= X[1]).all() for line in lines)
    assert all((line[:, 1] >= Y[1]).all() for line in lines)


def test_steps_are_round_and_lines_stand_at_multiples_of_them():
    heights = over(lambda x, y: -3.3 * (x**2) - 1.7 * (y - 1) ** 2 - 1000.05)
    near, far = near_and_far(X, Y, heights)
    assert far.step == 5 * near.step and float(f"{near.step:.0e}") == near.step
    for lines in (near, far):
        there = np.isfinite(lines.x)
        found = -3.3 * lines.x[there] ** 2 - 1.7 * (lines.y[there] - 1) ** 2 - 1000.05
        off = found / lines.step - np.rint(found / lines.step)
        assert np.abs(off * lines.step).max() < 0.02
    highest = np.nanmax(-3.3 * near.x**2 - 1.7 * (near.y - 1) ** 2 - 1000.05)
    assert heights.max() - highest <= near.step + 0.02


@pytest.mark.parametrize("level", [0.0, -np.inf, np.nan])
def test_level_ground_has_no_lines(level):
    near, far = near_and_far(X, Y, np.full((len(Y), len(X)), level))
    assert len(near.x) == len(far.x) == 0
