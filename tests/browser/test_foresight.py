"""What comes next is in the browser before it is asked for: a click shows it at once, and nothing tells of it."""

import pytest
from playwright.sync_api import expect

from tests.browser.home import APP, Home, rows
from ui.em.settings import EmSettings

expect.set_options(timeout=20_000)


# bytes of what Streamlit says by itself of a run, at most
A_MESSAGE = 700


class Wired(Home):
    """The home page, and what goes over its wire."""

    def __init__(self, page, url):
        super().__init__(page, url)
        self.sent, self.received, self.unanswered = [], 0, False
        page.on("websocket", self._listen)

    def _listen(self, socket):
        socket.on("framesent", self._told)
        socket.on("framereceived", self._heard)

    def _told(self, frame):
        self.sent.append(bytes(frame))
        self.unanswered = self.unanswered or b'"act":"foresee"' in frame

    def _heard(self, frame):
        self.received += 1
        if len(frame) > A_MESSAGE:
            self.unanswered = False

    def asked(self, act, count=1):
        """Wait until this was asked so often, and answered."""
        for _ in range(400):
            if self.acts(act) >= count and not self.unanswered:
                break
            self.page.wait_for_timeout(50)
        else:
            raise AssertionError(f"{act} was asked {self.acts(act)} times")
        self.page.wait_for_function(
            "document.querySelector('[data-test-script-state]').dataset.testScriptState === 'notRunning'"
        )
        self.page.wait_for_timeout(400)

    def acts(self, act):
        return sum(f'"act":"{act}"'.encode() in message for message in self.sent)

    def click_next(self):
        """Click, and return what is in view before the browser could have had an answer."""
        return self.page.evaluate(
            "() => { document.querySelector('.stage-main').click(); return [Number(document.querySelector('.stage')"
            ".dataset.frame), location.search, document.querySelectorAll('.stage-tape li:not(.coming)').length] }"
        )


@pytest.fixture
def home(page, serve):
    return Wired(page, serve(APP).url)


def test_a_click_shows_at_once_what_was_foreseen(home):
    home.open("", 0)
    home.asked("foresee")
    expected = rows(EmSettings(), "EMEM")
    home.shows(expected[0])
    assert home.stage.locator(".stage-tape li:not(.coming)").count() == 1
    frame, address, chips = home.click_next()
    assert (frame, chips) == (1, 2) and "schedule=E&cursor=1" in address
    home.shows(expected[1])
    home.asked("foresee", 2)
    frame, address, _ = home.click_next()
    assert frame == 2 and "schedule=EM&cursor=2" in address
    home.shows(expected[2])
    home.asked("foresee", 3)
    assert home.acts("advance") == 0
    home.page.reload()
    home.at(2)
    home.shows(expected[2])


def test_a_move_that_was_not_foreseen_is_made_where_the_reader_is(home):
    home.open("", 0)
    home.asked("foresee")
    assert home.click_next()[0] == 1
    home.press("g")
    home.at(2)
    home.shows(rows(EmSettings(), "EG")[2])
    assert home.address("cursor=2")["schedule"] == "EG"
    home.press("ArrowLeft")
    home.at(1)
    assert home.address("cursor=1")["schedule"] == "EG"


@pytest.mark.exhaustive
def test_many_presses_at_once_come_to_where_they_would(home):
    home.open("", 0)
    home.asked("foresee")
    for _ in range(7):
        home.press("ArrowRight")
    home.at(7)
    home.shows(rows(EmSettings(), "EMEMEME")[7])
    assert home.address("cursor=7")["schedule"] == "(EM)3E"
    home.press("ArrowLeft")
    home.at(6)
    home.shows(rows(EmSettings(), "EMEMEM")[6])


def test_a_run_is_kept_as_far_as_the_reader_has_come(home):
    home.open("", 0)
    home.asked("foresee")
    assert home.click_next()[0] == 1
    home.press("k")
    assert home.address("kept")["schedule"] == "E"
    home.at(1)


def test_twenty_clicks_in_one_tick(home):
    home.open("", 0)
    home.asked("foresee")
    home.page.evaluate("() => { for (let n = 0; n < 20; n++) document.querySelector('.stage-main').click() }")
    home.at(20)
    home.shows(rows(EmSettings(), "EM" * 10)[20])
    assert home.address("cursor=20")["schedule"] == "(EM)10"
    assert home.stage.locator(".stage-tape li:not(.coming)").count() == 21


def test_chips_play_and_end_go_on_from_what_was_foreseen(home):
    home.open("", 0)
    home.asked("foresee")
    home.stage.locator(".stage-tape li.coming").nth(1).click()
    home.at(2)
    home.shows(rows(EmSettings(), "EM")[2])
    home.press(".")
    home.press("ArrowRight")
    home.at(3)
    home.press(".")
    home.page.emulate_media(color_scheme="dark")
    home.press("e", "m")
    home.shows(rows(EmSettings(), "EMEEM")[5])
    home.asked("foresee", 2)
    home.press("i")
    home.press("ArrowRight", "Escape", "End")
    home.page.wait_for_function("Number(document.querySelector('.stage').dataset.frame) > 20")
    home.press("Home")
    home.at(0)


def test_a_control_right_after_a_click(home):
    """It is touched before Python has heard of the click, which counts all the same."""
    home.open("", 0)
    home.asked("foresee")
    assert home.click_next()[0] == 1
    home.choose("Schedule", "Generalised EM · E G5")
    home.at(1)
    home.press("ArrowRight")
    home.at(2)
    home.shows(rows(EmSettings(), "EG")[2])
    assert home.address("cursor=2")["schedule"] == "EG"
