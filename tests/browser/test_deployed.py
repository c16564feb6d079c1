"""What readers see of two processes behind nginx: one is killed, each is restarted, and the content policy."""

import time

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SIZE, watch
from tests.browser.reader import DRAWN
from tests.browser.test_faults import AWAY
from tests.browser.test_faults import Home as Faulty
from tests.deploy.front import Front, needed
from ui.frame import PAGES

pytestmark = pytest.mark.exhaustive
# seconds within which a viewer of a killed process can go on; where to open a page takes longer, as long as that
BACK = 10
VIEW = "data=blobs&components=3&schedule=(EM)2&cursor=2"
# all that the content policy has forbidden on this page
FORBIDDEN = """window.forbidden = [];
addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sourceFile }) =>
  forbidden.push([effectiveDirective, blockedURI, sourceFile].join(" ")))"""
# whether another process has answered a lecturer's page, which has no room until the page asks for it
MOVED = """new MutationObserver(() => { window.moved ||= !document.querySelector("[data-class]") })
  .observe(document.querySelector(".stage"), { attributes: true, attributeFilter: ["data-class"] })"""

expect.set_options(timeout=20_000)


class Home(Faulty):
    labels = ("log p(v)", "ELBO", "Gap")


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    needed()
    front = Front(tmp_path_factory.mktemp("front"))
    yield front
    front.stop()


@pytest.fixture
def readers(browser, front):
    """A reader at each process, by its number, and the seconds that the slower one took to come."""
    front.whole()
    errors, found, slowest = [], {}, 0
    for place, seat in front.seats().items():
        page = browser.new_page(viewport=SIZE, reduced_motion="reduce")
        page.set_default_timeout(120_000)
        page.context.add_cookies([{"name": "elbo_room_seat", "value": seat, "url": front.url}])
        watch(page, errors)
        began = time.monotonic()
        found[place] = Home(page, front.url)
        found[place].open(VIEW, 2)
        slowest = max(slowest, time.monotonic() - began)
        found[place].press("e")
        found[place].at(3)
        assert front.sessions(place)
    yield found, slowest
    for reader in found.values():
        reader.page.context.close()
    assert [error for error in errors if not AWAY.search(error)] == []


def seen(reader):
    return reader.frame(), reader.numbers(), reader.page.url


def test_a_viewer_of_a_killed_process_lands_on_the_same_view_and_goes_on(readers, front):
    (readers, slowest), (moved, stayed) = readers, (1, 2)
    before, others = seen(readers[moved]), front.sessions(stayed)
    front.kill(moved)
    killed = time.monotonic()
    front.until(lambda: front.sessions(stayed) > others)
    readers[moved].found()
    assert seen(readers[moved]) == before
    readers[moved].press("m")
    readers[moved].at(4)
    assert time.monotonic() - killed < max(BACK, slowest)
    assert readers[stayed].notice.inner_text() == ""
    readers[stayed].press("m")
    readers[stayed].at(4)


def test_a_lecturer_leads_on_where_their_process_is_killed_while_a_class_votes(readers, front):
    (readers, _), (moved, stayed) = readers, (1, 2)
    page, stage = readers[moved].page, readers[moved].stage
    readers[moved].press("q")
    page.get_by_role("button", name="Open a room", exact=True).click()
    code = page.locator(".stage-invitation .stage-code").inner_text()
    page.get_by_role("button", name="Ask about the next step", exact=True).click()
    expect(stage).to_have_attribute("data-class", "voting")
    page.evaluate(MOVED)
    front.kill(moved)
    page.wait_for_function("() => window.moved")
    expect(stage).to_have_attribute("data-class", "voting", timeout=60_000)
    assert front.sessions(stayed) == 2
    expect(page.locator(".stage-late .stage-code")).to_have_text(code)
    for phase in ("closed", "voting", "closed", "revealed"):
        readers[moved].press("q")
        expect(stage).to_have_attribute("data-class", phase)
    readers[moved].at(4)


def test_every_viewer_goes_on_after_a_rolling_restart(readers, front):
    readers, _ = readers
    before = {place: seen(reader) for place, reader in readers.items()}
    renewed = front.said().count("renewed")
    front.renew()
    front.until(lambda: front.said().count("renewed") > renewed)
    for place, reader in readers.items():
        reader.found()
        assert seen(reader) == before[place]
        reader.press("m")
        reader.at(4)


def test_no_page_does_what_the_policy_forbids(browser, front, page_errors):
    """Opened, played, a view saved, a page to take away made."""
    page = browser.new_page(viewport=SIZE)
    page.set_default_timeout(120_000)
    end = watch(page, page_errors)
    page.add_init_script(FORBIDDEN)
    for name, _ in PAGES:
        page.goto(f"{front.url}/{'?model=gaussian_mixture' if name == PAGES[0][0] else name}")
        page.wait_for_function(DRAWN)
        page.keyboard.press("ArrowRight")
        expect(page.locator(".stage")).not_to_have_attribute("data-frame", "0", timeout=120_000)
        for kind in ("SVG", "PNG"):
            with page.expect_download():
                page.locator(f".stage-view button[title^='Save as {kind}']").first.evaluate(
                    "(button) => button.click()"
                )
        assert page.evaluate("forbidden") == [], name
    page.goto(f"{front.url}/?model=gaussian_mixture")
    page.wait_for_function(DRAWN)
    page.get_by_text("Take it away", exact=True).click()
    with page.expect_download():
        page.get_by_role("button", name="Page (HTML)").click()
    assert page.evaluate("forbidden") == []
    # SECURITY.md names them
    assert {cookie["name"] for cookie in page.context.cookies()} == {"_streamlit_xsrf", "elbo_room_seat"}
    end()
    page.context.close()
    assert page_errors == []
