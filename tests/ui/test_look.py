"""How a reader looks at a page: what a browser may report, and what a link may say."""

import pytest

from ui.em.session import EmSession
from ui.look import Look

LOOKS = [
    Look(),
    Look(present=True),
    Look(True, ("data", "timeline.gap"), "equation.kl"),
    Look(views=("decomposition", "timeline.timeline")),
    Look(inner=0),
    Look(False, ("course",), None, 12),
    Look(True, ("data",), None, None, 3, 17),
    Look(beat=1, unit=0),
    Look(beat=2),
]


@pytest.mark.parametrize("look", LOOKS)
def test_comes_back_from_the_address_and_from_the_browser(look):
    messages = []
    assert Look.of_query(look.query(), messages) == look == Look.read(look.json())
    assert messages == []
    assert bool(look.query()) == (look != Look())


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "present",
        {},
        {"present": 1, "views": []},
        {"present": True, "views": "data"},
        {"present": True, "views": [3]},
        {"present": True, "views": ["<b>"]},
        {"present": True, "views": ["a.b.c"]},
        {"present": True, "views": ["a" * 41]},
        {"present": True, "views": ["a"] * 21},
        {"present": True, "views": [], "spot": ["a"]},
        {"present": True, "views": [], "spot": "a b"},
        {"present": True, "views": [], "inner": "3"},
        {"present": True, "views": [], "inner": -1},
        {"present": True, "views": [], "inner": 1000},
        {"present": True, "views": [], "inner": True},
        {"present": True, "views": [], "beat": 0},
        {"present": True, "views": [], "beat": "1"},
        {"present": True, "views": [], "beat": 1, "unit": -1},
        {"present": True, "views": [], "beat": 1, "unit": 1.5},
        {"present": True, "views": [], "beat": True},
    ],
)
def test_nonsense_of_a_browser_is_none(raw):
    assert Look.read(raw) is None


@pytest.mark.parametrize(
    "query",
    [{"present": "yes"}, {"views": "a,<b>"}, {"spot": "a&b"}, {"views": ","}, {"inner": "½"}, {"inner": "-2"}]
    + [{"beat": "0"}, {"beat": "x"}, {"beat": "10000000"}, {"unit": "-1", "beat": "1"}],
)
def test_nonsense_of_a_link_becomes_a_message(query):
    session = EmSession.opened(query)
    assert session.player.look == Look()
    (message,) = session.messages
    assert message.startswith("Link: ") and next(iter(query.values())) in message


def test_an_address_holds_the_look_beside_the_rest():
    session = EmSession.opened({"schedule": "EM", "present": "1", "views": "course"})
    assert session.address.items() >= {"schedule": "EM", "present": "1", "views": "course"}.items()
    assert session.is_at(session.address)


def test_what_a_link_got_wrong_is_still_said_inside():
    session = EmSession.opened({"cursor": "0", "beat": "2", "kept": "nonsense"})
    (said,) = session.messages
    session.act({"act": "inside", "at": 0, "turn": session.player.turn})  # the stage asks at once
    assert session.messages == [said]
    session.act({"act": "advance", "at": 0, "to": 1, "turn": session.player.turn})
    assert session.messages == []
