"""A reader in a hurry: many clicks at once, other sizes and models while it plays, two tabs, a page left behind."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ROOT, watch
from tests.browser.reader import DRAWN, Reader

expect.set_options(timeout=20_000)
pytestmark = pytest.mark.usefixtures("moving")


class Home(Reader):
    path = ""
    figures = 4

    def play(self):
        self.page.select_option(".stage-speed", "8")
        self.press(" ")
        self.beyond(4)

    def beyond(self, frame):
        self.page.wait_for_function(f"Number(document.querySelector('.stage')?.dataset.frame) > {frame}")


@pytest.fixture
def url(serve):
    return serve(ROOT / "app.py").url


@pytest.fixture
def home(page, url):
    return Home(page, url).open()


@pytest.fixture
def tabs(browser, url, page_errors):
    """Two tabs of one browser, with the same cookies."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    tabs = [context.new_page() for _ in range(2)]
    for tab in tabs:
        watch(tab, page_errors)
    yield [Home(tab, url) for tab in tabs]
    context.close()
    assert page_errors == []


@pytest.mark.exhaustive
def test_twenty_clicks_in_one_tick(home):
    home.page.evaluate("for (let i = 0; i < 20; i++) document.querySelector('.stage-main').click()")
    home.at(20)
    home.page.wait_for_timeout(700)
    assert home.frame() == 20
    home.press("ArrowLeft")
    home.at(19)


@pytest.mark.exhaustive
def test_other_sizes_of_the_window_while_it_plays(home):
    home.play()
    for width, height in ((700, 900), (390, 844), (1440, 900)):
        home.page.set_viewport_size({"width": width, "height": height})
        home.beyond(home.frame() + 3)
    home.press(" ")
    inside = "(node) => node.querySelector('.main-svg').getBoundingClientRect().width <= node.clientWidth + 1"
    home.page.wait_for_function(f"[...document.querySelectorAll('.js-plotly-plot:not([hidden] *)')].every({inside})")


@pytest.mark.exhaustive
def test_another_model_while_it_plays(page, url):
    # slow to converge: it must still play when the other model comes
    home = Home(page, url).open("data=blobs&separation=0.5&components=4&plan=EG")
    home.play()
    home.choose("Model", "Genetic linkage")
    home.address("model=linkage")
    home.beyond(3)
    home.press(" ")
    home.page.wait_for_timeout(700)
    seen = home.frame()
    home.page.wait_for_timeout(500)
    assert home.frame() == seen


@pytest.mark.exhaustive
def test_the_page_is_left_while_end_computes(own_page, url):
    home = Home(own_page, url).open()
    home.press("End")
    home.page.get_by_test_id("stSidebarNav").get_by_role("link", name="MAP inference").click()
    home.page.wait_for_url("**/map*")
    home.page.get_by_role("combobox", name="Solver").wait_for()
    home.at(0)
    home.press("ArrowRight")
    home.at(1)
    home.page.evaluate("history.back()")
    home.page.get_by_role("combobox", name="Model").wait_for()
    home.page.wait_for_function(DRAWN)
    home.press("Home")
    home.at(0)
    home.press("ArrowRight")
    home.at(1)


def test_two_tabs_are_two_readers(tabs):
    one, two = tabs
    one.open()
    two.open("model=linkage")
    one.press("e", "m")
    two.press("ArrowRight")
    one.at(2)
    two.at(1)
    one.address("schedule=EM")
    one.page.reload()
    one.ready(2)
    two.press("ArrowRight")
    two.at(2)
    for tab, model in ((one, "Gaussian mixture"), (two, "Genetic linkage")):
        expect(tab.page.get_by_role("combobox", name="Model")).to_have_value(model)
