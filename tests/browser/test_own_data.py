"""A reader brings a table: uploaded, checked, and run."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.home import APP, Home
from ui.em.words import BRING
from ui.own import words

expect.set_options(timeout=20_000)
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
