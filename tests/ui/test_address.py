"""The address is that of the view: after Back too, when a run of the view before may just have written its own."""

import pytest

from ui import controls, session
from ui.em.run import EmRun
from ui.em.session import EmSession
from ui.em.settings import EmSettings


class Written(dict):
    """Query parameters that tell what was written."""

    times = 0

    def from_dict(self, query):
        self.times += 1
        self.clear()
        self.update(query)


@pytest.fixture
def params(monkeypatch):
    found = Written()
    monkeypatch.setattr(session.st, "query_params", found)
    return found


@pytest.fixture
def returning(monkeypatch):
    monkeypatch.setattr(session.stage, "returning", lambda: True)


def test_an_address_that_is_the_view_already_is_not_written_again(params):
    reader = EmSession(EmSettings(), EmRun.of(EmSettings(), "E"), [])
    reader.write_address()
    reader.write_address()
    assert params == reader.address and params.times == 1


@pytest.mark.parametrize("link", [{"schedule": "E", "cursor": "0"}, {"schedule": "(E)1", "cursor": "0"}])
def test_a_run_after_back_writes_it_all_the_same(params, returning, link):
    params.update(link)
    reader = EmSession.at(dict(link), None)
    reader.write_address()
    assert params == link and params.times == 1


def test_controls_of_the_view_before_are_not_those_of_the_next():
    """The browser says what its controls hold with all that it tells, for a moment those of the view before."""
    before = EmSession(EmSettings(), EmRun.of(EmSettings(), ""), [])
    after = EmSession.at({"model": "linkage"}, before)
    keys = {controls._key(before, "model"), controls._key(after, "model")}
    after.open_file(before.file().encode())
    assert len(keys | {controls._key(after, "model")}) == 3
