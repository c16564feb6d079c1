"""Words on the page: what buttons say, in full at every width."""

import pytest

from figures.em.words import DETAILS
from figures.look.moves import called
from tests.browser.conftest import ROOT
from tests.browser.reader import Reader

# of the main button with these words on it: the widths and heights of what is inside and of the room for it
ROOM = """([label, detail]) => {
  const main = document.querySelector(".stage-main"), [said, more] = [".stage-main-label", ".stage-main-detail"].map(
    (name) => document.querySelector(name));
  said.textContent = label;
  more.textContent = detail;
  return { cut: [main, said, more].filter((node) => node.scrollWidth > node.clientWidth + 1).map((node) => node.className),
    high: main.offsetHeight, detail: more.offsetWidth > 0 };
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


def test_the_moves_say_what_they_do_and_which_key_makes_them(home):
    assert home.page.evaluate(CUT) == []
    home.page.get_by_role("button", name="H Hard", exact=True).click()
    home.at(1)
    assert home.caption.inner_text().startswith("Hard E-step")
