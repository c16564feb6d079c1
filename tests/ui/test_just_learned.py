"""The dictionary just learned, taken over by the MAP page."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tests.pages.test_dictionary import session
from ui import session as sessions
from ui.dictionary.session import DictionarySession
from ui.map import session as map_session
from ui.map.session import MapSession
from ui.map.settings import JUST_LEARNED, MapSettings, for_signal
from ui.settings import LONGEST_LINK


@pytest.fixture
def learned(monkeypatch):
    """A dictionary page on which two rounds were made."""
    page = session(atoms=6)
    page.act({"act": "advance", "to": 4})
    monkeypatch.setattr(map_session, "known", lambda kind: page)
    return page


def test_the_map_page_uses_the_dictionary_just_learned(learned):
    chosen = for_signal(MapSettings(), "patch8")
    here = MapSession(chosen, map_session.MapRun.of(chosen), [])
    here.change(dictionary=JUST_LEARNED)
    atoms = learned.run.dictionaries(4)[0].round(4)
    np.testing.assert_array_equal(here.run.experiment.problem.dictionary, atoms)
    assert here.messages == []
    here.change(number=7)  # another signal, the same dictionary
    np.testing.assert_array_equal(here.run.experiment.problem.dictionary, atoms)
    assert here.settings.number == 7 and not here.settings.imported
    query = here.query()
    assert here.linkable and query["dictionary"] == JUST_LEARNED and len(query["given"]) < LONGEST_LINK
    assert MapSettings.of_query(query) == (here.settings, [])
    learned.act({"act": "advance", "to": 6})
    np.testing.assert_array_equal(here.run.experiment.problem.dictionary, atoms)  # until it is taken anew
    here.take_learned()
    np.testing.assert_array_equal(here.run.experiment.problem.dictionary, learned.run.dictionaries(6)[0].round(4))
    here.change(dictionary="cosine")
    assert not here.settings.overrides


def test_the_dictionary_must_fit_and_be_there(learned, monkeypatch):
    here = MapSession(MapSettings(), map_session.MapRun.of(MapSettings()), [])
    assert here.just_learned is None  # the toy has two numbers
    here.change(signal="patch16")
    assert here.just_learned is None
    here.change(signal="digit")
    assert here.just_learned is not None
    learned.player.go(0)
    assert here.just_learned is None  # nothing learned there yet
    here.change(dictionary=JUST_LEARNED)
    assert here.messages and "learned" in here.messages[0] and here.settings.dictionary == "cosine"
    monkeypatch.setattr(map_session, "known", lambda kind: None)
    assert here.just_learned is None
    opened_without = MapSession.opened({"signal": "patch8", "dictionary": JUST_LEARNED})
    assert "Dictionary learning" in opened_without.messages[0]


def test_a_dictionary_too_large_for_a_link_says_so(monkeypatch):
    page = session(data="patches", atoms=64)
    page.act({"act": "advance", "to": 2})
    monkeypatch.setattr(map_session, "known", lambda kind: page)
    chosen = for_signal(MapSettings(), "patch8")
    here = MapSession(chosen, map_session.MapRun.of(chosen), [])
    here.change(dictionary=JUST_LEARNED)
    assert not here.linkable and here.settings.dictionary == JUST_LEARNED


def test_known_is_the_session_of_that_page(monkeypatch):
    page = session()
    monkeypatch.setattr(sessions, "st", SimpleNamespace(session_state={"dictionary": page}))
    assert sessions.known(DictionarySession) is page and sessions.known(MapSession) is None
