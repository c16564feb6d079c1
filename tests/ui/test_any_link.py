"""Whatever an address holds, the page opens: a view, and one clear line for each part that made no sense."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.attack import SOAK, exhaustive, in_time, ordinary
from tests.pages.test_em import PAGE as EM
from tests.ui.any_view import OFTEN, addresses
from tests.ui.viewer import is_sound, same_view
from ui.settings import pack


def opens(page, query):
    with in_time(query):
        session = page.session.opened(query)
        is_sound(session)
    again = page.session.opened(session.query())
    assert same_view(session, again), session.query()


LINKS = st.sampled_from(OFTEN).flatmap(lambda page: st.tuples(st.just(page), addresses(page)))


@ordinary(4)
@given(LINKS)
@example((EM, {"given": pack({"moves": {"G": 5}})}))
def test_any_address_opens(link):
    opens(*link)


@exhaustive(120)
@given(LINKS)
def test_more_addresses(link):
    opens(*link)


@pytest.mark.soak
@SOAK
@given(LINKS)
def test_many_addresses(link):
    opens(*link)
