"""A Streamlit server and a Chromium for the tests in this folder; without a browser they are skipped (on CI: fail)."""

import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser.demo import DEMO, Demo
from tests.tools import missing
from ui.frame import PAGES

ROOT = Path(__file__).parents[2]
STARTUP = 60  # seconds
# high enough for all views of every page at once
SIZE = {"width": 1440, "height": 1150}
TIMEOUT = 40_000  # milliseconds; a server that has just started is slow
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
OPTIONS = ["--server.headless=true", "--server.address=127.0.0.1", "--browser.gatherUsageStats=false"]
OPTIONS += ["--server.fileWatcherType=none"]


def pytest_collection_modifyitems(items):
    """A test that fails in the browser runs once more and is counted as rerun: other work may exceed any patience.

    What fails twice has failed.
    """
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


def _missing(what):
    missing(what, "in a browser")


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("playwright")
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if executable is None:
        _missing("Chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page_errors():
    """The errors of the page under test; a test that provokes one on purpose clears it."""
    return []


# Streamlit asks for these two below the page's own address first when a link leads straight to a page
_BELOW = "|".join(name for name, _ in PAGES[1:])
PROBED = re.compile(rf"http://127\.0\.0\.1:\d+/({_BELOW})/_stcore/(health|host-config)")


def watch(page, errors):
    """Collect the errors on a page's console and its uncaught exceptions; returns what ends that."""

    def on_console(message):
        probed = PROBED.fullmatch(message.location["url"]) and "404" in message.text
        if message.type == "error" and not probed:
            errors.append(f"{message.text} ({message.location.get('url')})")

    def on_exception(error):
        errors.append(str(error))

    def end():
        page.remove_listener("console", on_console)
        page.remove_listener("pageerror", on_exception)

    page.on("console", on_console)
    page.on("pageerror", on_exception)
    return end


class Tab:
    """One page for many tests, as new for each.

    A page of its own costs a test three times the work (5.2 s of CPU against 1.75 to see four figures): the browser
    compiles Streamlit and Plotly for each anew.
    """

    def __init__(self, browser):
        self.browser = browser
        self.page = None

    def take(self):
        if self.page is None:
            self.page = self.browser.new_page(viewport=SIZE)
        self.page.set_viewport_size(SIZE)
        self.page.emulate_media(color_scheme="light", reduced_motion="reduce")
        self.page.set_default_timeout(TIMEOUT)
        return self.page

    def leave(self):
        """Off the app, with nothing kept of it."""
        self.page.unroute_all()
        self.page.mouse.up()
        self.page.mouse.move(0, 0)
        self.page.evaluate("() => { localStorage.clear(); sessionStorage.clear() }")
        self.page.context.clear_cookies()
        self.page.goto("about:blank")

    def drop(self):
        """After trouble the next test gets another page."""
        if self.page is not None:
            self.page.context.close()
        self.page = None


@pytest.fixture(scope="session")
def shared_tabs(browser):
    """The two that tests share."""
    tabs = Tab(browser), Tab(browser)
    yield tabs
    for tab in tabs:
        tab.drop()


# what has numbers and is not on the screen, whatever the test was about: Plotly drops traces when it draws others alone
UNDRAWN = """() => Array.from(document.querySelectorAll(".js-plotly-plot"))
  .filter((figure) => figure.checkVisibility() && figure._fullData)
  .flatMap((figure) => figure._fullData
    .filter(({ type, visible }) => type === "scatter" && visible === true)
    .filter(({ uid, x }) => x.length && !figure.querySelector(`g.trace.scatter.trace${uid}`))
    .map(({ meta, name }) => meta ?? name ?? "?"))"""


def all_is_drawn(page):
    for _ in range(30):  # a drawing may be on its way
        undrawn = page.evaluate(UNDRAWN)
        if not undrawn:
            return
        page.wait_for_timeout(100)
    pytest.fail(f"these traces have numbers and are not drawn: {undrawn}")


@contextmanager
def lent(tab, errors):
    page = tab.take()
    end = watch(page, errors)
    yield page
    end()
    if not page.is_closed():
        all_is_drawn(page)
    try:
        tab.leave()
    except Exception:  # it may have crashed, or never have come to the app
        tab.drop()
    if errors:
        tab.drop()
    assert errors == []


@pytest.fixture
def page(shared_tabs, page_errors):
    """A page that knows nothing; errors on its console and uncaught exceptions fail the test."""
    with lent(shared_tabs[0], page_errors) as page:
        yield page


@pytest.fixture
def moving(page):
    """Figures glide from frame to frame, as most readers see it.

    Each page has a test with it, and so has what glides could disturb. Where they cannot, tests do without: drawing all
    that lies between makes a step 0.9 s of CPU instead of 0.35 s.
    """
    page.emulate_media(reduced_motion="no-preference")


@pytest.fixture
def other_page(shared_tabs, page_errors):
    """Another reader's page, who is given a link."""
    with lent(shared_tabs[1], page_errors) as page:
        yield page


@pytest.fixture(scope="session")
def other_server(serve):
    """A server that knows nothing of what another one's readers did."""
    return serve(ROOT / "app.py", "--server.maxMessageSize=200")


@pytest.fixture
def own_page(browser, page_errors):
    """A page that no other test has had: for what is measured of the browser itself, its memory and its history."""
    page = browser.new_page(viewport=SIZE)
    watch(page, page_errors)
    page.set_default_timeout(TIMEOUT)
    yield page
    page.context.close()
    assert page_errors == []


class Server:
    """A running app: its address, and the lines it has printed."""

    def __init__(self, script, log, options):
        self.log = log
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        base = next((option.split("=")[1] for option in options if option.startswith("--server.baseUrlPath=")), "")
        self.url = f"http://127.0.0.1:{port}/{base}".rstrip("/")
        self.port = port
        self.command = [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            str(script),
            f"--server.port={port}",
            *OPTIONS,
            *options,
        ]
        self.start()

    def start(self):
        with self.log.open("a") as output:
            self.process = subprocess.Popen(self.command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        self._wait()

    def restart(self):
        """End the server, and start it again at the same address: it remembers nobody."""
        self.kill()
        self.start()

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=20)

    def _wait(self):
        for _ in range(10 * STARTUP):
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        self.stop()
        pytest.fail(f"the app did not start:\n{self.log.read_text()}")

    def lines(self):
        return self.log.read_text().splitlines()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)


@pytest.fixture(scope="session")
def serve(tmp_path_factory):
    """`serve(script, *options)` starts an app, once for each script and options, and returns its Server."""
    servers = {}

    def start(script, *options):
        log = tmp_path_factory.mktemp("server") / "log"
        if (script, options) not in servers:
            servers[script, options] = Server(script, log, options)
        return servers[script, options]

    yield start
    for server in servers.values():
        server.stop()


@pytest.fixture
def demo(page, serve):
    """A page with a stage that has nothing to do with EM."""
    return Demo(page, serve(DEMO))
