"""What befalls a page that is open: its server restarts, its connection is cut, an ask is lost."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ROOT, Server
from tests.browser.demo import DEMO
from tests.browser.proxy import Proxy
from tests.browser.reader import Reader, some

APP = ROOT / "app.py"
# the browser and Streamlit say so themselves while a server is away; pictures of a server that is gone are not found
AWAY = re.compile(
    r"Failed to load resource|WebSocket connection to|Client Error|server is not responding|disconnected from server"
)

expect.set_options(timeout=20_000)


class Home(Reader):
    path = ""
    figures = 4

    def lost(self):
        """The stage says that the server is away, within a second (the test's own machine may need one more)."""
        expect(self.notice).to_contain_text("Reconnecting", timeout=2000)

    def found(self):
        expect(self.notice).to_have_text("", timeout=60_000)

    @property
    def notice(self):
        return self.stage.locator("[role=status].stage-connection")

    @property
    def moves(self):
        return "".join(self.stage.locator("li:not(.coming) .stage-chip").all_inner_texts())


@pytest.fixture(scope="module")
def mortal(tmp_path_factory):
    server = Server(APP, tmp_path_factory.mktemp("server") / "log", ())
    yield server
    server.stop()


@pytest.fixture
def server(mortal):
    """A server of this file's own, which its tests may end; it runs again when the next one begins."""
    if mortal.process.poll() is not None:
        mortal.start()
    return mortal


@pytest.fixture
def home(page, page_errors, server):
    page.set_default_timeout(60_000)  # a server that has just started is slow
    yield Home(page, server.url)
    page_errors[:] = [error for error in page_errors if not AWAY.search(error)]


@pytest.fixture
def proxy(server):
    proxy = Proxy(server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def cut(page, page_errors, proxy):
    """The home page, behind a connection that can be cut."""
    yield Home(page, f"http://127.0.0.1:{proxy.port}")
    page_errors[:] = [error for error in page_errors if not AWAY.search(error)]


@pytest.mark.parametrize(
    "before", some([(), ("e", "m"), ("ArrowRight",)], ("e", "m")), ids=lambda keys: "".join(keys) or "just opened"
)
def test_a_restart_of_the_server_leaves_the_stage_alive(home, server, before):
    home.open()
    home.press(*before)
    home.at(len(before))
    # the page's controls come after the picture, each with a file of its own
    sidebar = home.page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_test_id("stFileUploader").last).to_be_attached()
    expect(sidebar.get_by_test_id("stSkeleton")).to_have_count(0)
    home.page.wait_for_timeout(500)
    server.restart()
    home.found()
    home.press("ArrowRight")
    home.at(len(before) + 1)
    home.press("e")
    home.at(len(before) + 2)


@pytest.mark.exhaustive
def test_a_key_pressed_while_the_server_is_away_is_made_when_it_is_back(home, server):
    home.open("schedule=(EM)2&cursor=2", 2)
    home.press("ArrowRight")
    home.at(3)
    home.press("ArrowLeft")
    home.at(2)
    home.mark_figures()
    server.kill()
    home.lost()
    home.press("ArrowRight")  # known: it needs no server
    home.at(3)
    home.press("m", "e")
    home.page.wait_for_timeout(500)
    assert home.frame() == 3
    server.start()
    home.found()
    home.at(5)
    assert home.moves == "startEMEME"
    assert home.same_figures()


@pytest.mark.exhaustive
def test_play_goes_on_after_a_restart(home, server):
    home.open("data=blobs&separation=0.5&components=4&plan=EG")  # slow to converge
    home.page.select_option(".stage-speed", "8")
    home.press(" ")
    home.page.wait_for_function("Number(document.querySelector('.stage').dataset.frame) > 8")
    server.restart()
    home.found()
    seen = home.frame()
    home.page.wait_for_function(f"Number(document.querySelector('.stage').dataset.frame) > {seen + 30}")
    home.press(" ")


@pytest.mark.exhaustive
def test_a_cut_websocket_and_a_key_at_once(cut, proxy):
    cut.open()
    proxy.cut()
    cut.press("ArrowRight", "e")
    cut.at(2)
    cut.found()
    cut.press("m")
    cut.at(3)


@pytest.mark.exhaustive
def test_an_answer_lost_with_the_connection_is_sent_again(cut, proxy):
    cut.open()
    cut.press("e")
    proxy.cut()
    cut.found()
    cut.at(1)
    cut.page.wait_for_timeout(500)
    assert cut.frame() == 1  # and the half-step was not made twice
    assert cut.moves == "startE"


@pytest.mark.exhaustive
def test_too_many_keys_while_the_server_is_away_are_refused_aloud(cut, proxy):
    cut.open()
    proxy.cut(stay=True)
    cut.lost()
    for _ in range(10):
        cut.press("e", "m")
    expect(cut.notice).to_contain_text("Keys are ignored until then")
    proxy.mend()
    cut.found()
    cut.at(8)


@pytest.mark.exhaustive
def test_without_a_network_a_server_on_the_same_machine_goes_on(page, server):
    """`navigator.onLine` alone says nothing: the lecturer's laptop may be its own server."""
    home = Home(page, server.url).open()
    page.evaluate("dispatchEvent(new Event('offline'))")
    page.wait_for_timeout(1500)
    expect(home.notice).to_have_text("")
    home.press("e")
    home.at(1)


DROP = """(count) => {
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (...given) { if (count-- > 0) return; send.apply(this, given); };
}"""


@pytest.mark.exhaustive
def test_an_ask_that_got_lost_is_asked_again(page, server):
    home = Home(page, server.url).open()
    page.evaluate(DROP, 1)
    home.press("e")
    home.at(1)
    home.press("m")
    home.at(2)


@pytest.mark.exhaustive
def test_an_ask_that_got_lost_is_asked_again_though_a_script_ran_meanwhile(page, server):
    home = Home(page, server.url).open()
    page.evaluate(DROP, 1)
    home.press("e")
    script = "(state) => { document.querySelector('[data-testid=stApp]').dataset.testScriptState = state }"
    page.evaluate(script, "running")
    page.wait_for_timeout(5000)  # past the first doubt
    page.evaluate(script, "notRunning")
    home.at(1)


@pytest.mark.exhaustive
def test_as_a_last_resort_the_page_is_loaded_again_and_the_key_counts(page, server):
    home = Home(page, server.url).open("schedule=EM", 2)
    page.evaluate(DROP, 10**9)
    page.evaluate("window.old = true")
    home.press("ArrowRight")
    page.wait_for_function("window.old === undefined", timeout=40_000)
    home.ready(3)
    home.press("m")
    home.at(4)


@pytest.mark.exhaustive
def test_a_slow_answer_is_waited_for(page, serve):
    """Longer than the doubt: nothing is asked again, nothing loaded again."""
    server = serve(DEMO)
    page.goto(f"{server.url}/?known=1&slow=6")
    page.wait_for_function("document.querySelectorAll('.stage .js-plotly-plot').length >= 4")
    mark = len(server.lines())
    page.evaluate("window.old = true")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector('.stage[data-frame="1"]')
    page.wait_for_timeout(1000)
    assert len(server.lines()[mark:]) == 1 and page.evaluate("window.old")
