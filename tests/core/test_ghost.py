"""Two runs after as many half-steps: how far apart they are, and what of the other one is drawn."""

from __future__ import annotations

import math

from em_core.observe.ghost import Ghost, Pair, numbers
from em_core.records import Bound

THEN, NOW = {"evidence": -12.5, "elbo": -math.inf, "gap": math.inf}, {"evidence": -10.0, "elbo": -11.0, "gap": 1.0}
ALL = frozenset(NOW)


def test_a_difference_is_one_of_finite_numbers_that_measure_the_same():
    assert Pair(3, THEN, NOW, ALL).apart("evidence") == 2.5
    assert Pair(3, NOW, THEN, ALL).apart("evidence") == -2.5
    assert Pair(3, THEN, NOW, frozenset({"elbo"})).apart("evidence") is None
    assert Pair(3, {**THEN, "evidence": None}, NOW, ALL).apart("evidence") is None
    assert Pair(3, {}, NOW, ALL).apart("evidence") is None
    # −∞ − −∞ is no number
    for name in ("elbo", "gap"):
        assert Pair(3, THEN, NOW, ALL).apart(name) is None
        assert Pair(3, THEN, THEN, ALL).apart(name) is None


def test_a_ghost_is_drawn_as_far_as_its_places_go():
    told = [numbers(Bound(-float(place), elbo, 0.0, 0.5)) for place, elbo in enumerate([1.0, 2.0, -math.inf, 4.0])]
    ghost = Ghost(0, range(3), told, kept=True)
    assert ghost.log_evidence == (0.0, -1.0, -2.0) and ghost.kl == (0.5,) * 3
    assert ghost.of("evidence", 1) == -1.0 and ghost.of("evidence", 3) is None
    assert ghost.of("elbo", 2) is None  # −∞ has no place in a picture
    told.append(told[0])
    assert len(ghost.series("gap")) == 3
    assert ghost.within([1, 2]) == [
        height
        for place in (1, 2)
        for height in (ghost.of("evidence", place), ghost.of("elbo", place))
        if height is not None
    ]
    assert Ghost(0, range(3), told).within([1, 2]) == []
