"""The audience's page in a real browser: join, vote, vote again, see what was true; and all that may go wrong."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.access import violations
from tests.browser.conftest import ROOT
from tests.browser.hall import Audience, Hall
from tests.ui.room.asked import ANSWER, COIN, QUESTION, saying, voter
from ui import limits
from ui.room import words
from ui.room.memory import Memory
from ui.room.records import Answer, Away, Option, Part, Question

# what is wider than the window, and what cannot be hit with a thumb
TOO_WIDE = "() => document.documentElement.scrollWidth - innerWidth"
TOO_SMALL = """() => [...document.querySelectorAll("button, .option, #letters, #follow a")]
  .filter((node) => node.checkVisibility() && node.getBoundingClientRect().height < 44)
  .map((node) => node.textContent)"""


@pytest.fixture(scope="module")
def served():
    hall = Hall()
    yield hall
    hall.stop()


@pytest.fixture
def hall(served):
    """With no room in it, and no vote remembered."""
    served.store = Memory()
    yield served
    if served.server.should_exit:
        served.start()


@pytest.fixture
def phone(page, hall):
    return Audience(page, hall)


@pytest.fixture
def room(hall):
    return hall.store.open()


def test_join_vote_vote_again_and_see_what_was_true(phone, hall, room):
    """A code typed in, two rounds, the reveal; nothing of it wider than the phone, nothing too small for a thumb."""
    page, store = phone.page, hall.store
    page.goto(f"{hall.url}/join")
    page.get_by_label("The code on the screen").fill(room.code.lower())
    page.get_by_role("button", name="Join").click()
    phone.hears("You are in")
    first = store.ask(*room, QUESTION)
    phone.look().hears("What do you expect")
    button = page.get_by_role("button", name="Send my vote")
    expect(button).to_be_disabled()
    phone.choose("rises", "falls", "stays")
    assert page.evaluate(TOO_WIDE) <= 0 and page.evaluate(TOO_SMALL) == []
    phone.send().hears("Your vote is in")
    assert store.read(room.code).counts[0]["elbo"] == {"rises": 0, "falls": 1, "stays": 0}
    expect(button).to_have_count(0)
    store.vote(room.code, voter(1), first.ballot, saying("rises", "rises", "rises"))
    store.close(*room)
    phone.look().hears("Talk it over")
    store.again(*room)
    phone.look().hears("Second vote").choose("rises", "rises", "stays").send().hears("Your vote is in")
    store.reveal(*room, ANSWER)
    phone.look().hears("You had 3 of 3 right")
    expect(page.locator("tr.true th .mark")).to_have_text(["✓"] * 4)
    numbers = page.locator("table").nth(1).locator("tr").first.locator(".count")
    expect(numbers).to_have_text(["1", "1"])
    expect(page.locator(".because")).to_have_text(ANSWER.because)
    assert page.evaluate(TOO_WIDE) <= 0


@pytest.mark.exhaustive
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(390, 844), (360, 640), (768, 1024), (320, 480), (844, 390)], ids=str)
def test_every_state_fits_every_phone(phone, hall, room, scheme, size):
    page, store = phone.page, hall.store
    page.emulate_media(color_scheme=scheme)
    phone.open(room.code).hears("You are in")
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    long = Question("w" * 200 + " and " * 50, (Part("it", "", tuple(Option(str(n), "x" * 90) for n in range(8))),))
    for asked, right in (
        (QUESTION, ANSWER),
        (COIN, Answer({"it": ("no",)}, "")),
        (long, Answer({"it": ()}, "y" * 300)),
    ):
        store.ask(*room, asked)
        phone.look()
        expect(page.get_by_role("heading", level=2)).to_have_text(asked.text)
        assert page.evaluate(TOO_WIDE) <= 0 and page.evaluate(TOO_SMALL) == []
        store.reveal(*room, right)
        phone.look()
        phone.hears("The answer")
        assert page.evaluate(TOO_WIDE) <= 0


@pytest.mark.exhaustive
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_it(own_page, hall, room, scheme):
    """axe-core finds nothing in any state."""
    own_page.emulate_media(color_scheme=scheme)
    phone = Audience(own_page, hall)
    own_page.goto(f"{hall.url}/join")
    assert violations(own_page) == []
    phone.open(room.code).hears("You are in")
    hall.store.follow(*room, "?schedule=EM")
    assert violations(own_page) == []
    hall.store.ask(*room, QUESTION)
    phone.look().hears("What do you expect").choose("rises", "rises", "rises")
    assert violations(own_page) == []
    phone.send().hears("Your vote is in")
    assert violations(own_page) == []
    hall.store.reveal(*room, ANSWER)
    phone.look().hears("You had 3")
    assert violations(own_page) == []


@pytest.mark.exhaustive
def test_what_is_chosen_and_voted_survives_a_reload(phone, hall, room):
    store, page = hall.store, phone.page
    store.ask(*room, COIN)
    phone.open(room.code).hears("What do you expect").choose("Yes").send().hears("Your vote is in")
    page.reload()
    phone.hears("Your vote is in")
    expect(page.get_by_label("Yes")).to_be_checked()
    store.reveal(*room, Answer({"it": ("yes",)}, ""))
    phone.hears("You were right")
    assert store.read(room.code).voters == (1,)


@pytest.mark.exhaustive
def test_news_do_not_disturb_who_is_choosing(phone, hall, room):
    store, page = hall.store, phone.page
    store.ask(*room, QUESTION)
    phone.open(room.code).hears("What do you expect").choose("rises")
    page.evaluate("document.querySelector('fieldset').dataset.mine = 'yes'")
    turn = store.count(*room, {"elbo": {"rises": 3}}).turn
    with page.expect_response(lambda answer: "/news" in answer.url and answer.status == 200):
        phone.look()
    assert turn == store.read(room.code).turn
    expect(page.locator("fieldset[data-mine] >> nth=0").get_by_label("rises")).to_be_checked()


@pytest.mark.exhaustive
def test_the_lecturers_view_is_an_address_that_one_leaves_and_comes_back_to(phone, hall, room):
    store, page = hall.store, phone.page
    phone.open(room.code).hears("You are in")
    link = page.locator("#follow a")
    expect(link).to_be_hidden()
    store.follow(*room, "race?steps=3")
    phone.look()
    expect(link).to_be_visible()
    expect(link).to_have_text("Follow the lecturer's view")
    assert link.evaluate("node => node.href") == f"{hall.url}/race?steps=3"
    with page.context.expect_page() as other:
        link.click()
    expect(link).to_have_text("Back to the lecturer's view")
    store.follow(*room, "race?steps=4")
    phone.look()
    expect(link).to_have_text("The lecturer has moved on: go there")
    store.ask(*room, COIN)
    phone.look()
    expect(link).to_be_hidden()
    store.rest(*room)
    store.follow(*room, "")
    phone.look()
    phone.hears("You are in")
    expect(link).to_be_hidden()
    other.value.close()


@pytest.mark.exhaustive
def test_a_wrong_code_is_one_line_and_another_can_be_typed(phone, hall, room, page_errors):
    page = phone.page
    phone.open("BBBB").hears("There is no room “BBBB”")
    page.get_by_label("The code on the screen").fill("abc")
    page.get_by_role("button", name="Join").click()
    phone.hears("A code has four letters")
    page.get_by_label("The code on the screen").fill(room.code)
    page.keyboard.press("Enter")
    phone.hears("You are in")
    page_errors.clear()


@pytest.mark.exhaustive
@pytest.mark.parametrize("ended", [True, False], ids=["ended", "expired"])
def test_an_ended_room_is_asked_for_no_more(phone, hall, page_errors, ended):
    now = [0.0]
    hall.store = Memory(clock=lambda: now[0])
    room = hall.store.open()
    phone.open(room.code).hears("You are in")
    if ended:
        hall.store.end(*room)
    else:
        now[0] = limits.ROOM_SECONDS
    phone.hears("There is no room")
    asked = []
    phone.page.on("request", lambda request: asked.append(request.url))
    phone.look()
    phone.page.wait_for_timeout(3500)
    assert asked == []
    page_errors.clear()


@pytest.mark.exhaustive
def test_a_vote_that_comes_too_late_is_told_so(phone, hall, room, page_errors):
    hall.store.ask(*room, COIN)
    phone.open(room.code).hears("What do you expect").choose("No")
    hall.store.close(*room)
    if phone.page.get_by_role("button", name="Send my vote").count():
        phone.page.evaluate("document.querySelector('#asked').requestSubmit()")
    phone.hears("The vote is closed without yours")
    assert hall.store.read(room.code).voters == (0,)
    page_errors.clear()


@pytest.mark.exhaustive
def test_two_windows_of_a_browser_have_one_vote(browser, hall, room):
    hall.store.ask(*room, COIN)
    with browser.new_context() as windows:
        one, other = (Audience(windows.new_page(), hall).open(room.code) for _ in range(2))
        one.hears("What do you expect").choose("Yes")
        other.hears("What do you expect").choose("No").send().hears("Your vote is in")
        one.send().hears(re.escape(words.VOTED))
    assert hall.store.read(room.code).counts == ({"it": {"yes": 0, "no": 1}},)


@pytest.mark.exhaustive
def test_a_flood_is_told_to_wait_and_the_vote_goes_out_by_itself(phone, hall, room, page_errors, monkeypatch):
    monkeypatch.setattr(limits, "ROOM_TRIES_FROM", 0)
    hall.store.ask(*room, COIN)
    phone.open(room.code).hears("What do you expect").choose("Yes").send().hears("Too many votes at once")
    monkeypatch.undo()
    phone.hears("Your vote is in")
    assert hall.store.read(room.code).voters == (1,)
    page_errors.clear()


@pytest.mark.exhaustive
def test_offline_and_back_the_vote_is_sent(phone, hall, room, page_errors):
    context = phone.page.context
    hall.store.ask(*room, COIN)
    phone.open(room.code).hears("What do you expect").choose("Yes")
    context.set_offline(True)
    phone.send()
    expect(phone.page.locator("#connection")).to_have_text(re.compile("sent as soon as"))
    context.set_offline(False)
    phone.hears("Your vote is in")
    expect(phone.page.locator("#connection")).to_be_empty()
    assert hall.store.read(room.code).voters == (1,)
    page_errors.clear()


@pytest.mark.exhaustive
def test_a_vote_whose_answer_was_lost_counts_once_and_is_in(phone, hall, room, page_errors):
    lost = []

    def lose(route):
        route.fetch() and lost.append(1)
        route.abort()

    hall.store.ask(*room, COIN)
    phone.open(room.code).hears("What do you expect").choose("Yes")
    phone.page.route("**/votes", lose, times=1)
    phone.send().hears("Your vote is in")
    assert lost and hall.store.read(room.code).counts == ({"it": {"yes": 1, "no": 0}},)
    page_errors.clear()


@pytest.mark.exhaustive
def test_a_server_that_starts_anew_goes_nearly_unnoticed(phone, hall, room, page_errors):
    """Its rooms are elsewhere, as with Redis."""
    phone.open(room.code).hears("You are in")
    hall.stop()
    expect(phone.page.locator("#connection")).to_have_text("No connection. Trying again…")
    hall.store.ask(*room, COIN)
    hall.start()
    phone.hears("What do you expect").choose("No").send().hears("Your vote is in")
    expect(phone.page.locator("#connection")).to_be_empty()
    page_errors.clear()


@pytest.mark.exhaustive
def test_rooms_that_are_away_for_a_while_come_back(phone, hall, room, page_errors, monkeypatch):
    def away(*told):
        raise Away

    hall.store.ask(*room, COIN)
    phone.open(room.code).hears("What do you expect").choose("No")
    monkeypatch.setattr(hall.store, "read", away)
    monkeypatch.setattr(hall.store, "vote", away)
    phone.send()
    expect(phone.page.locator("#connection")).to_have_text(re.compile("No connection"))
    monkeypatch.undo()
    phone.hears("Your vote is in")
    page_errors.clear()


@pytest.mark.exhaustive
def test_markup_in_anything_is_text(phone, hall, room):
    text = (
        '<img src=x onerror="document.title=1"> **b** </script><script>document.title=1</script> [a](http://x.example)'
    )
    asked = Question(text, (Part("a", text, (Option("b", text), Option("c", "c"))),))
    hall.store.ask(*room, asked)
    phone.open(room.code).hears("What do you expect").choose(text).send().hears("Your vote is in")
    hall.store.reveal(*room, Answer({"a": ("b",)}, text))
    phone.hears("You were right")
    page = phone.page
    expect(page.get_by_role("heading", level=2)).to_have_text(text)
    expect(page.locator(".because")).to_have_text(text)
    assert page.locator("main :is(img, script, em, strong)").count() == 0 and page.title() == "ELBO Room"


@pytest.mark.exhaustive
def test_the_page_asks_every_two_seconds_and_seldom_when_it_is_out_of_sight(own_page, hall, room):
    phone = Audience(own_page, hall)
    own_page.clock.install()
    asked = []
    own_page.on("request", lambda request: "/news" in request.url and asked.append(request.url))
    phone.open(room.code).hears("You are in")

    def asks_within(seconds):
        del asked[:]
        for _ in range(seconds * 2):
            own_page.clock.run_for(500)
            own_page.wait_for_timeout(30)
        return len(asked)

    assert 14 <= asks_within(40) <= 28
    own_page.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
    asks_within(3)
    assert 1 <= asks_within(40) <= 3


@pytest.mark.exhaustive
def test_what_a_browser_has_kept_may_be_anything(phone, hall, room):
    hall.store.ask(*room, COIN)
    phone.open(room.code).hears("What do you expect")
    for kept in ("null", "{", "[]", '{"token": 5}', '{"token": "' + "0" * 32 + '", "choices": null, "ballot": "x"}'):
        phone.page.evaluate("([name, kept]) => localStorage.setItem(name, kept)", [f"elbo-room-vote:{room.code}", kept])
        phone.page.reload()
        phone.hears("What do you expect")


@pytest.mark.exhaustive
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_wears_the_palettes_colours(phone, room, scheme):
    from figures.look.palette import COLORS

    phone.page.emulate_media(color_scheme=scheme)
    phone.open(room.code).hears("You are in")
    worn = phone.page.evaluate(
        "() => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    rgb = [[int(COLORS[scheme][name][place : place + 2], 16) for place in (1, 3, 5)] for name in ("text", "paper")]
    assert worn == [f"rgb({', '.join(map(str, each))})" for each in rgb]


@pytest.mark.exhaustive
@pytest.mark.parametrize("base", ["", "below/base"])
def test_the_app_itself_serves_it_below_any_base_path(page, serve, page_errors, base):
    """With nothing of the stage, which the app's own pages announce."""
    url = serve(ROOT / "app.py", *([f"--server.baseUrlPath={base}"] if base else [])).url
    fetched = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(f"{url}/join/BBBB")
    expect(page.locator("#said")).to_have_text(re.compile("There is no room “BBBB”"))
    assert fetched == [f"{url}/join/BBBB", f"{url}/join/BBBB/news?since=0"]
    page_errors.clear()


def test_a_key_alone_is_enough(phone, hall, room):
    """Tab to the choices, arrows among them, Tab to the button, Enter."""
    hall.store.ask(*room, COIN)
    phone.open(room.code).hears("What do you expect")
    keyboard = phone.page.keyboard
    for key in ("Tab", "Space", "ArrowDown", "Tab", "Enter"):
        keyboard.press(key)
    phone.hears("Your vote is in")
    assert hall.store.read(room.code).counts == ({"it": {"yes": 0, "no": 1}},)
