"""What the sidebar gives away: each file is the run on the page, and opens or reads back; a sheet opens from disk."""

from __future__ import annotations

import csv
import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.home import APP, Home, rows
from tests.browser.test_standalone import FILE, Saved
from tests.ui.test_sheet import PAGES
from ui.em.settings import EmSettings
from ui.export import runs, sheet
from ui.export.__main__ import main
from ui.lessons.library import FOLDER

TAPE = "EMEM"


@pytest.fixture
def home(page, serve):
    return Home(page, serve(APP).url)


# all figures have been drawn, of each more than an empty frame
WHOLE = """() => {
  const places = [...document.querySelectorAll("[data-figure]")];
  return document.querySelector("main").dataset.drawn === String(places.length)
    && places.every((place) => place.querySelector(".main-svg .trace path, .main-svg image"));
}"""


def opened(page, place):
    """A sheet from disk, with all that it asked for and said."""
    said = []
    page.on("request", lambda request: said.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(place.as_uri())
    page.wait_for_function(WHOLE)
    assert said == [place.as_uri()]
    return page


def test_a_sheet_opens_from_disk_with_all_its_figures_and_formulas(page, tmp_path):
    place = tmp_path / "sheet.html"
    place.write_text(sheet.page(runs.of_file({**FILE, "schedule": "EM"})), encoding="utf-8")
    opened(page, place)
    assert page.locator("[data-figure]").count() == 2 + 3 + 3  # the bound from E on
    assert page.locator("[data-tex]").count() == page.locator("[data-tex] .katex").count() > 0
    # black on white, whatever the reader's system has; one column of A4
    page.emulate_media(color_scheme="dark", media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    high = page.evaluate("Math.max(...[...document.querySelectorAll('.half-step')].map((part) => part.offsetHeight))")
    assert high < 266 / 25.4 * 96 / 2  # two on a page


@pytest.mark.exhaustive
def test_the_sheet_of_a_lesson_opens_from_disk_with_all_its_figures_and_formulas(page, tmp_path):
    place = tmp_path / "sheet.html"
    assert main(["sheet", str(FOLDER / "05-coordinate-ascent.toml"), "-o", str(place)]) == 0
    page.emulate_media(color_scheme="dark")
    opened(page, place)
    assert page.locator("[data-figure]").count() == 4
    assert page.locator("[data-tex]").count() == page.locator("[data-tex] .katex").count() > 0
    # drawn for white paper, whatever the reader's system has
    axis = page.locator("[data-figure] .xtick text").first
    assert axis.evaluate("(node) => getComputedStyle(node).fill.match(/\\d+/g).slice(0, 3).every((part) => part < 130)")
    page.emulate_media(media="print")
    assert page.locator(".key").evaluate("(node) => getComputedStyle(node).breakBefore") == "page"


def test_each_button_gives_the_run_on_the_page(home, other_page, tmp_path):
    home.open(f"schedule={TAPE}&cursor=2", 2)
    made = rows(EmSettings(), TAPE)
    home.page.get_by_text("Take it away", exact=True).click()
    files = {}
    for name in ("Experiment (JSON)", "Numbers (CSV)", "Page (HTML)", "Sheet for print (HTML, A4)"):
        with home.page.expect_download() as download:
            home.page.get_by_role("button", name=name, exact=True).click()
        files[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[name])
    # the reader stands where they stood
    home.at(2)
    experiment, table, page, printed = files.values()
    with table.open(encoding="utf-8", newline="") as lines:
        told = [(row["move"], float(row["log_evidence"])) for row in csv.DictReader(lines)]
    assert told[1:] == [(row["move"], pytest.approx(row["log_evidence"], rel=1e-12)) for row in made[1:]]
    values = re.findall(r'data-name="evidence" data-value="([^"]*)"', printed.read_text(encoding="utf-8"))
    assert [*map(float, values)] == pytest.approx([row["log_evidence"] for row in [*made, *made]], rel=1e-12)
    there = Saved(other_page, "").open(page, 2)
    there.shows(made[2])
    there.press("End")
    there.at(4)
    there.shows(made[4])
    # the experiment opens here again as the same run
    home.open("", 0)
    home.page.get_by_text("Take it away", exact=True).click()
    home.page.locator("[data-testid=stFileUploader] input[type=file]:not([accept*=toml])").set_input_files(experiment)
    home.at(4)
    home.shows(made[4])
    assert json.loads(experiment.read_text(encoding="utf-8"))["schedule"] == "(EM)2"


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", PAGES)
def test_a_sheet_of_every_page_is_drawn_from_disk(page, tmp_path, name):
    kind, tape = PAGES[name]
    settings = kind.kind()
    place = tmp_path / "sheet.html"
    shown = runs.Shown(kind.runs.of(settings, *tape), [], settings)
    place.write_text(sheet.page(shown), encoding="utf-8")
    opened(page, place)
    expect(page.locator(".half-step")).to_have_count(len(shown.run))
