"""Whatever a reader does, in whatever order: no exception, frames that fit together, an address."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.attack import SOAK, exhaustive, in_time, ordinary
from tests.pages.test_dictionary import PAGE as DICTIONARY
from tests.pages.test_em import PAGE as EM
from tests.pages.test_map import PAGE as MAP
from tests.ui.any_view import OFTEN, addresses, deeds
from tests.ui.viewer import Viewer, hasty  # noqa: F401

pytestmark = pytest.mark.usefixtures("hasty")


def survives(page, query, todo):
    with in_time((query, todo)):
        viewer = Viewer(page.session.opened(query))
        for deed in todo:
            viewer.do(deed)
    return viewer


VISITS = st.sampled_from(OFTEN).flatmap(
    lambda page: st.tuples(st.just(page), addresses(page, hostile=False), deeds(page))
)


# more factors than the shipped data have columns
WIDE = {
    "model": "factor_analysis",
    "settings": {"n_factors": 8},
    "data": {"values": [[(3 * row + column) % 7 + row * column % 5 for column in range(8)] for row in range(12)]},
    "schedule": "EM",
}


# whole numbers written as floats and floats as whole numbers; the last seed that there is
FLOATS = {"generator": "bars", "n_points": 40.0, "side": 4, "seed": 1, "probability": 0.25, "noise": 0}
LAST = {"model": "dictionary_learning", "data": FLOATS, "schedule": "HM", "seed": 2**53 - 1}


@ordinary(3)
@given(VISITS)
@example((EM, {}, [("file", WIDE), ("drop", None)]))
@example((DICTIONARY, {}, [("file", LAST), ("reload", None)]))
@example((MAP, {"signal": "spikes"}, [("change", {"dictionary": "learned"})]))
def test_any_acts_leave_the_page_sound(visit):
    survives(*visit)


@exhaustive(60)
@given(VISITS)
def test_more_acts(visit):
    survives(*visit)


@pytest.mark.soak
@SOAK
@given(VISITS)
def test_many_acts(visit):
    survives(*visit)
