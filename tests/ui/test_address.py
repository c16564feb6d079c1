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


@pytest.mark.parametrize("said", ["act", "cursor", None])
def test_what_the_browser_says_from_the_view_before_changes_no_setting(monkeypatch, said):
    """With all that it tells it says what its controls hold, for a moment after Back those of the view before."""
    before = EmSession(EmSettings(), EmRun.of(EmSettings(), "EM"), [])
    before.player.go(1)
    told = {"act": None, "cursor": None} | ({said: {"at": 1, "turn": before.player.turn, "n": 5}} if said else {})
    after = EmSession.at({"model": "linkage"}, before)
    state = {"em.model": "gaussian_mixture", "stage.em": told}
    monkeypatch.setattr(controls.st, "session_state", state)
    controls._taken(after, "model")
    assert after.settings.model == ("linkage" if said else "gaussian_mixture")


def test_what_it_says_from_this_view_does(monkeypatch):
    after = EmSession.at({"model": "linkage"}, EmSession(EmSettings(), EmRun.of(EmSettings(), "EM"), []))
    told = {"act": {"act": "end", "turn": after.player.turn, "n": 5}, "cursor": None}
    monkeypatch.setattr(controls.st, "session_state", {"em.model": "gaussian_mixture", "stage.em": told})
    controls._taken(after, "model")
    assert after.settings.model == "gaussian_mixture"


@pytest.mark.parametrize("spoke", [True, False])
def test_the_stage_may_speak_of_a_file_before_the_sidebar_shows_it(monkeypatch, spoke):
    """What a control held until the page set it is no change, where it comes along with a word of the stage."""
    reader = EmSession.opened({"model": "binomial_mixture"})
    state = {"em.model": "binomial_mixture", "stage.em": {"act": None, "cursor": None}}
    monkeypatch.setattr(controls.st, "session_state", state)
    reader.open_file(b'{"model": "gaussian_mixture", "data": {"dataset": "old_faithful"}, "schedule": "E", "seed": 0}')
    controls._keyed(reader, "model")  # as the page sets it
    state["em.model"] = "binomial_mixture"  # and as the browser tells it
    if spoke:
        state["stage.em"] = {"act": {"act": "fill", "at": 2, "turn": reader.player.turn, "n": 5}, "cursor": None}
    controls._taken(reader, "model")
    assert reader.settings.model == ("gaussian_mixture" if spoke else "binomial_mixture")
    controls._taken(reader, "model")  # what is chosen anew counts, whoever speaks
    assert reader.settings.model == "binomial_mixture"


def test_a_link_to_a_view_at_a_bare_address_says_which_view_and_the_address_stays(params):
    reader = EmSession.at({}, None)
    reader.write_address()
    assert params == {} and params.times == 0 and reader.player.bare == "model=gaussian_mixture"
    lesson = EmSession.at({}, None, fresh=True)
    lesson.write_address()
    assert params == {} and lesson.player.bare == "lesson=01-the-hidden-variable&step=" + lesson.taught.step.id
    reader = EmSession.at({"model": "linkage"}, reader)
    params.update(model="linkage")
    reader.write_address()
    assert reader.player.bare == ""
