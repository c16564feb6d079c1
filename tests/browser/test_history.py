"""The address and the browser's history: stepping replaces, another thing to look at adds, Back restores."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ROOT
from tests.browser.reader import Reader, some

expect.set_options(timeout=20_000)


class Home(Reader):
    path = ""
    figures = 4

    def entries(self):
        return self.page.evaluate("history.length")

    def model(self, name):
        expect(self.page.get_by_role("combobox", name="Model")).to_have_value(name)

    def back(self):
        self.page.evaluate("history.back()")

    def forward(self):
        self.page.evaluate("history.forward()")

    def go_to(self, title):
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=title).click()


@pytest.fixture
def home(own_page, serve):
    return Home(own_page, serve(ROOT / "app.py").url)


def test_stepping_moves_and_the_cursor_replace_the_entry(home):
    home.open()
    entries = home.entries()
    home.press("ArrowRight")
    home.at(1)
    home.press("m", "e")
    home.at(3)
    home.address("schedule=EME")
    home.press("Home")
    home.address("cursor=0")
    assert home.entries() == entries
    home.press("ArrowRight")
    home.address("cursor=1")
    assert home.entries() == entries
    seen, place = home.frame(), home.page.url
    home.page.reload()
    home.ready(seen)
    assert home.page.url == place


def test_back_and_forward_between_models(home):
    home.open()
    home.press("e", "m")
    home.at(2)
    home.address("schedule=EM")
    entries, first = home.entries(), home.page.url
    home.choose("Model", "Genetic linkage")
    home.address("model=linkage")
    home.at(0)
    home.press("ArrowRight")
    home.at(1)
    home.address("schedule=")
    assert home.entries() == entries + 1
    second = home.page.url
    home.back()
    home.model("Gaussian mixture")
    home.at(2)
    home.page.wait_for_url(first)
    home.press("ArrowLeft")  # and it goes on from there
    home.at(1)
    home.forward()
    home.model("Genetic linkage")
    home.at(1)
    home.page.wait_for_url(second)  # the sidebar is there before the stage and the address
    assert home.entries() == entries + 1
    home.press("e")  # perhaps before the other model is in view: it counts there
    home.at(2)


@pytest.mark.exhaustive
@pytest.mark.parametrize("wait", some([0, 230, 250, 270, 290, 310, 350], 270))
def test_back_while_the_place_is_told(home, wait):
    """What the server still says of the view before stays out of the address and takes no key."""
    home.open()
    home.press("e")
    home.at(1)
    home.address("schedule=E")
    home.choose("Model", "Genetic linkage")
    home.address("model=linkage")
    home.at(0)
    home.press("ArrowRight")
    home.at(1)
    home.address("schedule=")
    home.press("ArrowLeft")
    home.page.wait_for_timeout(wait)  # 250 ms after the last step the server is told of the place
    home.back()
    home.model("Gaussian mixture")
    home.press("m")
    home.at(2)
    assert home.address("cursor=2") == {"schedule": "EM", "cursor": "2"}


@pytest.mark.exhaustive
def test_back_and_forward_between_pages(home):
    home.open("model=linkage&schedule=EM&cursor=1", 1)
    home.press("e")
    home.at(2)
    home.page.wait_for_function("!location.search.includes('cursor=1')")
    entries, first = home.entries(), home.page.url
    home.go_to("MAP inference")
    home.page.wait_for_url("**/map*")
    home.at(0)
    home.press("ArrowRight")
    home.at(1)
    home.address("steps=1")
    second = home.page.url
    assert home.entries() == entries + 1
    home.back()
    home.model("Genetic linkage")
    home.at(2)
    home.page.wait_for_url(first)
    home.forward()
    home.page.wait_for_url("**/map*")
    expect(home.page.get_by_role("combobox", name="Solver")).to_be_visible()
    home.at(1)
    home.page.wait_for_url(second)
    home.press("ArrowRight")
    home.at(2)
    assert home.entries() == entries + 1


@pytest.mark.exhaustive
def test_a_link_is_left_as_it_is_until_the_view_changes(home):
    """Rewriting it would put an entry between the reader and where they came from."""
    home.open("schedule=EMEM&cursor=4", 4)
    assert home.entries() == 2 and home.page.url.endswith("?schedule=EMEM&cursor=4")
    home.press("ArrowLeft")
    home.address("cursor=3")
    assert home.entries() == 2
