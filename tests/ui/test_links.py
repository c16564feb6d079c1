"""Every page's settings and its address: one theorem each, over all that is declared."""

from __future__ import annotations

import base64
import math
import zlib
from dataclasses import dataclass, replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.attack import dealt
from tests.pages import PAGES
from ui import frame
from ui.settings import Choice, Number, Overrides, Settings, Switch, box, slider
from ui.tape import moves_query

quick = settings(max_examples=30, deadline=None)
pages = pytest.mark.parametrize("page", PAGES, ids=str)
# the settings on which others depend
FIRST = [
    (page, name, declared.offered(page.session.kind()))
    for page in PAGES
    for name, declared in page.controls.items()
    if isinstance(declared, Choice) and declared.then
]


def test_every_page_of_the_app_is_tried():
    assert {str(page) for page in PAGES} == {name for name, _ in frame.PAGES}


def reached(page, declared, chosen):
    """Every value that a control reaches."""
    if isinstance(declared, Choice):
        return st.sampled_from(list(declared.offered(chosen)))
    if isinstance(declared, Switch):
        return st.booleans()
    if not isinstance(declared, Number):
        return st.sampled_from(page.words)
    if declared.whole:
        return st.integers(int(declared.low), int(declared.high))
    # the address holds 12 digits
    return st.floats(declared.low, declared.high).map(lambda value: float(f"{value:.12g}"))


def overridden(page, chosen, parts):
    return replace(chosen, overrides=type(chosen.overrides)(**parts))


@st.composite
def any_settings(draw, page):
    chosen = page.session.kind()
    for name, declared in page.controls.items():
        chosen = chosen.taking({name: draw(reached(page, declared, chosen))})
    return overridden(page, chosen, draw(st.sampled_from(page.overrides)))


@st.composite
def tapes(draw, page):
    """What is on a tape, the place on it, and both as query parameters."""
    if "steps" in page.tape:
        steps = draw(st.integers(0, 1000))
        cursor = draw(st.integers(0, steps))
        return (steps,), cursor, {"steps": str(steps), "cursor": str(cursor)} if steps else {}
    if not page.letters:
        return (), None, {}
    moves = draw(st.text(alphabet=page.letters, max_size=30))
    after, cursor = draw(st.integers(0, 5000)), draw(st.integers(0, len(moves)))
    by_hand = draw(
        st.sampled_from([[], [{"after": 0, "moves": {"G": {"step": 0.02}}}, {"after": 1, "start": {"theta": 0.25}}]])
    )
    return (moves, after, by_hand), cursor, moves_query(moves, after, by_hand, cursor)


@pages
@quick
@given(st.data())
def test_address_and_settings_are_inverse(page, data):
    wanted = data.draw(any_settings(page))
    tape, cursor, taped = data.draw(tapes(page))
    query = {**wanted.query(), **taped}
    assert all(isinstance(value, str) for value in query.values())
    found, messages = page.session.kind.of_query(query)
    assert (found, messages) == (wanted, [])
    assert page.session.runs.read(query, messages) in [(tape, cursor), (tape, cursor or None)] and messages == []


@pages
def test_the_defaults_are_an_empty_address(page):
    assert page.session.kind().query() == {} and page.session.kind.of_query({}) == (page.session.kind(), [])


@pytest.mark.parametrize("page, name, options", FIRST, ids=str)
def test_a_choice_on_which_others_depend_is_a_short_address(page, name, options):
    """What follows from it, as in the sidebar, is not written."""
    kind = page.session.kind
    for option in options:
        chosen = kind().taking({name: option})
        assert chosen.query() == ({name: option} if option != getattr(kind(), name) else {})
        assert kind.of_query({name: option}) == (chosen, [])


CONTROLS = [(page, name) for page in PAGES for name in page.controls]


@pytest.mark.parametrize("page, name", CONTROLS, ids=str)
def test_every_setting_reaches_the_address(page, name):
    """Only what differs from the defaults is written; each setting by itself comes back, of its own type."""
    default, declared = page.session.kind(), page.controls[name]
    present = getattr(default, name)
    others = {
        Number: lambda: [declared.low, declared.high, (declared.low + declared.high) // 2],
        Choice: lambda: declared.offered(default),
        Switch: lambda: [True, False],
    }.get(type(declared), lambda: page.words)()
    other = next((value for value in others if value != present), None)
    if other is None:
        pytest.skip("there is one alone, by default")
    changed = default.taking({name: declared.kind(other) if isinstance(declared, Number) else other})
    assert list(changed.query()) == [name]
    found, messages = page.session.kind.of_query(changed.query())
    assert (found, messages) == (changed, []) and type(getattr(found, name)) is type(present)


@pages
def test_a_dragged_number_comes_back_to_the_last_digit(page):
    """A hand stops anywhere, not on the steps of a slider: what the address opens is what was in view."""
    for name, number in page.session.kind.numbers().items():
        if not number.whole:
            dragged = page.session.kind().taking({name: number.low + (number.high - number.low) / math.pi})
            assert page.session.kind.of_query(dragged.query()) == (dragged, [])


@pages
def test_overrides_reach_the_address(page):
    for parts in page.overrides[1:]:
        changed = overridden(page, page.session.kind(), parts)
        assert list(changed.query()) == ["given"] and page.session.kind.of_query(changed.query()) == (changed, [])


@pytest.mark.parametrize("page, name", CONTROLS, ids=str)
def test_a_number_is_declared_whole_exactly_where_its_default_is(page, name):
    declared, present = page.controls[name], getattr(page.session.kind(), name)
    declared.check(name, present)
    if isinstance(declared, Number):
        assert type(present) is declared.kind
        assert all(float(end).is_integer() for end in (declared.low, declared.high)) or not declared.whole


WORDS = st.one_of(
    st.text(max_size=40), st.sampled_from(["1e999", "-1", "nan", "٣", "9" * 5000, "learned", "HM", "(HM)9999", "two"])
)


@pages
@quick
@given(st.data())
def test_no_address_raises(page, data):
    names = [*page.controls, "given", "schedule", "since", "steps", "cursor", "other"]
    query = data.draw(st.dictionaries(st.sampled_from(names), WORDS, max_size=6))
    found, messages = page.session.kind.of_query(query)
    tape, cursor = page.session.runs.read(query, messages)
    assert isinstance(found, page.session.kind) and (cursor is None or cursor >= 0)
    for message in messages:
        assert message.startswith("Link: ") and message.isprintable() and len(message) < 450


@cache
def usual_length(session):
    return len(session.opened({}).run)


NAMED = [(page, name, text) for page in PAGES for name, text in page.nonsense.items()]


@pytest.mark.parametrize("page, name, text", dealt(NAMED, 0, of=7), ids=lambda part: str(part)[:20])
def test_nonsense_is_named_and_the_default_stands(page, name, text):
    session = page.session.opened({name: text})
    (message,) = session.messages
    assert session.settings == page.session.kind()
    assert len(session.run) == usual_length(page.session) and session.player.cursor == 0
    assert name in message and text in message and "expected" in message


@pages
def test_every_part_may_be_nonsense_at_once(page):
    nonsense = page.nonsense
    session = page.session.opened(nonsense)
    assert session.settings == page.session.kind() and len(session.messages) == len(nonsense)


def packed(text):
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


FOREIGN = {
    "deep": "[" * 500_000,  # deeper than the parser goes
    "bomb": '{"start": "' + "x" * 30_000_000 + '"}',  # 30 kB that unfold into 30 MB
    "list": "[1, 2]",
    "settings": '{"settings": 5}',
    "moves": '{"moves": [1]}',
    "data": '{"data": 3}',
    "start": '{"start": 3}',
    "foreign": '{"model": {}}',
    "huge number": '{"start": {"theta": ' + "9" * 10_000 + "}}",
}


@pages
@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN)
def test_overrides_that_this_app_did_not_write(page, text):
    found, (message,) = page.session.kind.of_query({"given": packed(text)})
    assert found == page.session.kind() and message.startswith("Link: given: ") and len(message) < 300


def test_a_setting_that_is_added_is_one_line():
    """Declared, it has its control, its limit, its link and its place in the experiment."""

    @dataclass(frozen=True)
    class Lecture(Settings):
        overrides: Overrides = Overrides()
        speed: float = slider(0.5, 3, 1.0, "Speed", step=0.5, entry="settings.speed")
        listeners: int = box(1, 500, 40, "Listeners", whole=True)

    changed = Lecture().taking({"speed": 2.0, "listeners": 3})
    assert changed.query() == {"speed": "2", "listeners": "3"}
    assert Lecture.of_query({"speed": "2", "listeners": "3"}) == (changed, [])
    assert Lecture.of_query({"listeners": "3.5"})[1] == [
        "Link: listeners: '3.5' is not valid; expected a number from 1 to 500. The default is shown instead."
    ]
    assert changed.entries("settings") == {"speed": 2.0} and Lecture.of_entries("settings", {"speed": 3}) == {
        "speed": 3
    }
    assert changed.changed(Lecture()) == {"speed", "listeners"} and changed.change({"speed"}).does == "restarts"
    with pytest.raises(ValueError, match="speed: 9.0 is not valid; expected a number from 0.5 to 3 on this page"):
        replace(changed, speed=9.0).check()
