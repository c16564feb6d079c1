"""A reader brings a table, which is uploaded, checked and run, and an image, on which a patch is chosen by a click."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.home import APP, Home
from tests.browser.reader import DRAWN
from ui.em.words import BRING
from ui.map.words import BRING as BRING_SIGNAL
from ui.own import words

expect.set_options(timeout=20_000)
# what only the dialog needs, a chart and fields for numbers, is fetched when it is first shown
FETCHED = 40_000
TABLE = "height;weight;kind\r\n171,5;66,25;a\r\n183;NA;b\r\n172,5;64;a\r\n179,25;84,5;b\r\n165;55,5;a\r\n"


@pytest.fixture
def home(page, serve):
    return Home(page, serve(APP).url)


def test_a_file_with_decimal_commas_and_a_gap_runs_on_the_gaussian_with_missing_values(home):
    home.open()
    home.page.get_by_role("button", name=BRING).click()
    dialog = home.page.get_by_role("dialog")
    expect(dialog.get_by_text(words.STAYS)).to_be_visible()
    file = {"name": "own.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
    dialog.locator("input[type=file]").set_input_files(file)
    use = dialog.get_by_role("button", name=words.USE)
    expect(use).to_be_visible()
    expect(dialog.get_by_text("own.csv: 5 rows, 3 columns; UTF-8.")).to_be_visible()
    expect(dialog.get_by_role("columnheader", name="kind")).to_contain_text("categories")
    use.click()
    expect(dialog).to_have_count(0)
    home.address("model=incomplete_gaussian")
    home.button("E-step").click()
    home.at(1)
    assert home.value("Gap") == pytest.approx(0, abs=1e-9)
    home.wait_plot("data", "plot.layout.xaxis.title.text === 'height' && plot.layout.yaxis.title.text === 'weight'")


def test_a_click_on_an_image_chooses_the_patch_that_becomes_the_signal(page, serve):
    page.goto(f"{serve(APP).url}/map")
    page.wait_for_function(DRAWN)
    page.get_by_role("button", name=BRING_SIGNAL).click()
    dialog = page.get_by_role("dialog")
    waves = np.add.outer(np.arange(120) / 5, np.arange(160) / 9)
    image = io.BytesIO()
    Image.fromarray((127 + 100 * np.sin(waves)).astype(np.uint8)).save(image, "PNG")
    file = {"name": "own.png", "mimeType": "image/png", "buffer": image.getvalue()}
    dialog.locator("input[type=file]").set_input_files(file)
    row, column = (dialog.get_by_role("spinbutton", name=name) for name in (words.ROW, words.COLUMN))
    expect(row).to_have_value("56", timeout=FETCHED)
    expect(column).to_have_value("76")
    drawn = dialog.locator(".js-plotly-plot .heatmaplayer image")
    expect(drawn).to_be_visible(timeout=FETCHED)
    box = drawn.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    expect(column).not_to_have_value("76")
    assert abs(int(column.input_value()) - 36) <= 3 and abs(int(row.input_value()) - 56) <= 3
    dialog.get_by_role("button", name=words.USE_PATCH).click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("Signal and dictionary: your own")).to_be_visible()
