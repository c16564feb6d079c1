"""Words on the page: what buttons say, in full at every width; what words mean, on hover, focus and tap."""

import pytest
from playwright.sync_api import expect

from figures.em.words import DETAILS, EQUATION
from figures.look.glossary import TERMS
from figures.look.moves import called
from tests.browser.conftest import ROOT
from tests.browser.reader import Reader

# of the main button with these words on it: the widths and heights of what is inside and of the room for it
ROOM = """([label, detail]) => {
  const main = document.querySelector(".stage-main"), [said, more] = [".stage-main-label", ".stage-main-detail"].map(
    (name) => document.querySelector(name));
  said.textContent = label;
  more.textContent = detail;
  const cut = [main, said, more].filter((node) => node.scrollWidth > node.clientWidth + 1).map(String);
  return { cut, high: main.offsetHeight, detail: more.offsetWidth > 0 };
}"""
CUT = """() => [...document.querySelectorAll("[data-testid=stSidebar] .stButton button")].filter((button) =>
  button.scrollWidth > button.clientWidth + 1 || button.querySelector("p").scrollHeight > button.clientHeight)
  .map((button) => button.innerText)"""


class Home(Reader):
    path = ""
    figures = 1


@pytest.fixture
def home(page, serve):
    return Home(page, serve(ROOT / "app.py").url).open()


def test_the_main_button_says_in_full_which_half_step_comes_next(home):
    for width, height in ((1920, 1080), (1280, 720), (1024, 768), (390, 844)):
        home.page.set_viewport_size({"width": width, "height": height})
        home.page.wait_for_timeout(500)
        usual = home.page.evaluate(ROOM, [called("E"), DETAILS["E"]])["high"]
        for letter, detail in DETAILS.items():
            found = home.page.evaluate(ROOM, [called(letter), detail])
            assert not found["cut"] and found["high"] == usual, (width, called(letter), found)
            assert found["detail"] == (width > 640)


@pytest.mark.exhaustive
def test_the_moves_say_what_they_do_and_which_key_makes_them(home):
    assert home.page.evaluate(CUT) == []
    home.page.get_by_role("button", name="H Hard", exact=True).click()
    home.at(1)
    assert home.caption.inner_text().startswith("Hard E\u2011step")


# whether the explanation lies over what it explains
OVER = """() => {
  const [tip, word] = [".stage-tip", "[aria-describedby=stage-tip]"].map((name) =>
    document.querySelector(name).getBoundingClientRect());
  return !(tip.bottom <= word.top || tip.top >= word.bottom || tip.right <= word.left || tip.left >= word.right);
}"""


def explained(home, text):
    tip = home.page.get_by_role("tooltip")
    expect(tip).to_have_text(text)
    expect(tip).to_be_visible()
    return tip


def test_words_are_explained_under_the_pointer(home):
    """The pointer may go over to the explanation; away from both it goes, and with Escape."""
    tip = home.page.get_by_role("tooltip")
    for place, text in (
        (home.stage.locator(".stage-term").nth(2), EQUATION[4].title),
        (home.stage.locator(".stage-metrics dfn").nth(1), TERMS["ELBO"]),
        (home.stage.locator(".stage-caption dfn", has_text="posterior"), TERMS["posterior"]),
        (home.stage.locator("[data-view=course] .infolayer text.ytitle"), TERMS["nats"]),
    ):
        place.hover()
        explained(home, text)
        assert not home.page.evaluate(OVER)
    box = tip.bounding_box()
    home.page.mouse.move(box["x"] + 5, box["y"] + 5, steps=4)
    home.page.wait_for_timeout(600)
    expect(tip).to_be_visible()
    home.page.mouse.move(2, 2)
    expect(tip).to_be_hidden()
    home.stage.locator(".stage-term").first.hover()
    explained(home, TERMS["log p"])
    home.press("Escape")
    expect(tip).to_be_hidden()


@pytest.mark.exhaustive
def test_a_note_that_is_cut_is_told_in_full(home):
    note = home.stage.locator("[data-view=data] .stage-note")
    note.hover()
    home.page.wait_for_timeout(700)
    expect(home.page.get_by_role("tooltip")).to_be_hidden()
    home.page.set_viewport_size({"width": 840, "height": 640})
    home.open("model=hidden_markov")
    note.hover()
    explained(home, note.inner_text())


@pytest.mark.exhaustive
def test_words_are_explained_where_the_focus_is(home):
    """Also beside a key's work: the next step takes the words away, and their explanation with them."""
    tip = home.page.get_by_role("tooltip")
    for place in home.stage.locator(".stage-term, .stage-metrics dfn, .stage-caption dfn").all():
        place.focus()
        explained(home, place.get_attribute("data-tip"))
        assert not home.page.evaluate(OVER)
        home.press("Escape")
        expect(tip).to_be_hidden()
    home.stage.locator(".stage-term").last.focus()
    home.stage.locator(".stage-caption dfn").last.focus()
    expect(tip).to_be_visible()
    home.press("ArrowRight")
    home.at(1)
    expect(tip).to_be_hidden()


@pytest.mark.exhaustive
def test_a_tap_explains_and_a_tap_elsewhere_ends_it(browser, serve):
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 844})
    home = Home(context.new_page(), serve(ROOT / "app.py").url).open()
    home.stage.locator(".stage-term").nth(1).tap()
    explained(home, EQUATION[2].title)
    home.at(0)
    home.stage.locator(".stage-caption").tap(position={"x": 2, "y": 2})
    expect(home.page.get_by_role("tooltip")).to_be_hidden()
    context.close()
