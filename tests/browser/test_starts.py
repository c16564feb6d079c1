"""Many starts in a real browser: what a reader sees and does, against the core's own numbers."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.reader import Reader
from ui.starts.run import StartsRun
from ui.starts.settings import StartsSettings

expect.set_options(timeout=20_000)
APP = Path(__file__).parents[2] / "app.py"
# four components for three clusters: no two starts need agree
SETTINGS = StartsSettings(data="blobs", points=40, components=4, number=5, seed=0)
QUERY = "data=blobs&points=40&components=4&number=5&seed=0"


class Starts(Reader):
    """The page and what a reader reads on it."""

    path, labels, figures = "starts", ("Highest log p(v)", "Optima found"), 3

    def expected(self, row):
        return [row.optima[0].best.level if row.optima else None, float(len(row.optima)) if row.ends else None]

    @property
    def dots(self):
        """(start, row) of every dot."""
        names = [*(f"optimum {rank}" for rank in range(5)), "others"]
        pairs = [zip(self.trace(f"ends.{name}", "x"), self.trace(f"ends.{name}", "y"), strict=True) for name in names]
        return sorted(pair for own in pairs for pair in own)


@pytest.fixture
def starts_page(page, serve):
    return Starts(page, serve(APP).url)


@pytest.fixture(scope="module")
def known():
    """What the core computes."""
    return StartsRun.of(SETTINGS, 5)


def test_starts_come_in_one_by_one_and_agree_with_the_core(starts_page, known):
    starts_page.open(QUERY)
    expect(starts_page.caption).to_contain_text("Press Play")
    partial = StartsRun.of(SETTINGS, 2)
    for to in (1, 2):
        starts_page.button("Next start").click()
        starts_page.at(to)
        starts_page.shows(partial.steps[to])
    assert [start for start, _ in starts_page.dots] == [1, 2]
    starts_page.press("End")
    starts_page.at(5)
    starts_page.shows(known.steps[5])
    assert [start for start, _ in starts_page.dots] == [1, 2, 3, 4, 5]
    expect(starts_page.caption).to_contain_text(f"{len(known.steps[5].optima)} optima")
    assert starts_page.address("steps=5")["number"] == "5"
    assert starts_page.fits()


def test_a_click_on_a_dot_looks_at_its_run_beside_another(starts_page, known):
    starts_page.open(f"{QUERY}&steps=5&cursor=5", 5)
    (start, row), *_ = (dot for dot in starts_page.dots if dot[0] == 2)
    x, y = _on_screen(starts_page, start, row)
    starts_page.page.mouse.click(x, y)
    starts_page.at(2)
    shown = known.steps[2]
    starts_page.shows(shown)
    end = shown.chosen
    assert starts_page.trace("curves.A", "y") == pytest.approx(list(end.curve))
    assert starts_page.trace("curves.B", "y") == pytest.approx(list(shown.other.curve))
    first = shown.differences[0]
    rows = starts_page.plot("beside", "plot.layout.yaxis.ticktext")
    assert f"{first.own:.4g}".replace("-", "−") in rows[0] and f"{first.other:.4g}".replace("-", "−") in rows[0]


def _on_screen(reader, start, row):
    return reader.plot(
        "ends",
        "(() => { const {left, top} = plot.getBoundingClientRect(), {xaxis, yaxis} = plot._fullLayout;"
        f" return [left + xaxis._offset + xaxis.d2p({start}), top + yaxis._offset + yaxis.d2p({row})]; }})()",
    )


def _open_its_run(starts_page, known):
    starts_page.open(f"{QUERY}&steps=5&cursor=3", 3)
    starts_page.button("Open this run").click()
    expect(starts_page.page).to_have_url(re.compile(r"//[^/]*/\?.*schedule="))
    end = known.ends[2]
    evidence = starts_page.page.locator("output[aria-label='log p(v)']").first
    expect(evidence).to_have_attribute("data-value", re.compile(re.escape(f"{end.log_evidence:.6f}"[:-1])))
    return end


def _back(starts_page):
    starts_page.page.go_back()
    expect(starts_page.page).to_have_url(re.compile("/starts"))
    expect(starts_page.caption).to_contain_text("A is start 3")


@pytest.mark.exhaustive
def test_its_run_opens_on_the_home_page_at_the_same_end(starts_page, known):
    end = _open_its_run(starts_page, known)
    starts_page.ready(end.half_steps)
    _back(starts_page)


@pytest.mark.exhaustive
def test_back_leads_to_the_view_that_was_left_however_soon(starts_page, known):
    """While the page that was opened still says where it is, Streamlit has taken away what it speaks of."""
    for milliseconds in (0, 200, 400):
        _open_its_run(starts_page, known)
        starts_page.page.wait_for_timeout(milliseconds)
        _back(starts_page)


@pytest.mark.exhaustive
def test_all_agree_where_there_is_one_hill(starts_page):
    starts_page.open("model=linkage&number=4&steps=4&cursor=4", 4)
    expect(starts_page.stage.locator("[data-view=ends]")).to_contain_text("All 4 starts agree")
    run = StartsRun.of(replace(SETTINGS, data="linkage", model="linkage", number=4), 4)
    starts_page.shows(run.steps[4])
