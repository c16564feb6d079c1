"""Two θ side by side: what components are called by makes no difference."""

from __future__ import annotations

import numpy as np
import pytest

from em_core.observe.beside import component_axes, differences, matched, reordered
from tests.core.cases import CASES, SELDOM

SIZED = [case for case in CASES if case.model.help.size is not None and hasattr(case.model, "log_evidence")]
CASED = [pytest.param(case, id=str(case)) for case in SIZED if str(case) not in SELDOM]


def _turned(case):
    axes = component_axes(case.model, case.theta)
    size = case.model.help.size.parameter
    count = case.theta[size].shape[-1]
    return axes, np.roll(np.arange(count), 1)


@pytest.mark.parametrize("case", CASED)
def test_components_in_another_order_leave_log_p_as_it_is(case):
    axes, order = _turned(case)
    assert case.model.help.size.parameter in axes
    there = case.model.log_evidence(case.data, reordered(case.theta, axes, order))
    assert there == pytest.approx(case.model.log_evidence(case.data, case.theta), rel=1e-10)


@pytest.mark.parametrize("case", CASED)
def test_nothing_differs_but_the_order(case):
    axes, order = _turned(case)
    other = reordered(case.theta, axes, order)
    back = matched(case.model, case.theta, other)
    assert case.model.log_evidence(case.data, back) == pytest.approx(
        case.model.log_evidence(case.data, case.theta), rel=1e-10
    )
    assert all(one.share == 0 for one in differences(case.model, case.theta, other))


def test_what_differs_most_comes_first_and_each_number_once():
    case = next(case for case in SIZED if str(case) == "gaussian_full_2d_k2")
    moved = {**case.theta, "means": case.theta["means"].copy()}
    moved["means"][0, 1] += 3 * abs(moved["means"][0, 1])
    first, *rest = differences(case.model, case.theta, moved)
    assert (first.name, first.place) == ("means", (1, 2)) and first.share == pytest.approx(0.75)
    assert first.own == case.theta["means"][0, 1] and first.other == moved["means"][0, 1]
    assert all(one.share == 0 for one in rest)
    assert [one.place for one in rest if one.name == "covariances"] == [
        (k, i, j) for k in (1, 2) for i, j in ((1, 1), (1, 2), (2, 2))
    ]
