"""Whatever a reader does, in whatever order: no exception, frames that fit together, an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.attack import SOAK, in_time, ordinary
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


@ordinary(100)
@given(VISITS)
def test_any_acts_leave_the_page_sound(visit):
    survives(*visit)


@pytest.mark.soak
@SOAK
@given(VISITS)
def test_many_acts(visit):
    survives(*visit)
