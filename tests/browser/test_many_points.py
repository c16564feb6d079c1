"""Thousands of points in a real browser: so many marks are drawn, the title says so, and a step works."""

import json

import pytest
from playwright.sync_api import expect

from em_core.datasets import blobs
from em_core.observe.sample import DRAWN
from tests.browser.home import APP, Home, rows
from ui.em.settings import EmSettings

N = 20_000
QUERY = f"data=blobs&points={N}&components=3&schedule=EM&cursor=2"


@pytest.fixture
def home(page, serve):
    return Home(page, serve(APP).url)


def test_a_sample_of_twenty_thousand_points_is_drawn_and_a_step_is_of_all(home):
    home.open(QUERY, 2)
    note = home.stage.locator(".stage-note").first
    expect(note).to_contain_text(f"{DRAWN:,} of {N:,} points drawn; all are computed on")
    marks = home.page.locator("[data-figure=data] .scatterlayer path.point, .js-plotly-plot .scatterlayer path.point")
    assert DRAWN <= marks.count() < DRAWN + 500
    home.press("ArrowRight")
    home.at(3)
    settings = EmSettings(data="blobs", points=N, components=3)
    home.shows(rows(settings, "EME")[3])
    expect(note).to_contain_text(f"{DRAWN:,} of {N:,} points drawn")


@pytest.mark.exhaustive
def test_a_file_of_as_many_is_too_long_for_a_link_and_says_so(home, tmp_path):
    raw = {"model": "gaussian_mixture", "data": {"values": blobs(N, 3.0, 1, 3, 2).round(3).tolist()}, "schedule": "EM"}
    (tmp_path / "many.json").write_text(json.dumps(raw))
    home.open()
    home.page.get_by_text("Take it away", exact=True).click()
    home.page.locator("input[type=file]:not([accept*=toml])").set_input_files(tmp_path / "many.json")
    home.at(2)
    expect(home.page.get_by_text("too long for a link")).to_be_visible()
    expect(home.stage.locator(".stage-note").first).to_contain_text(f"{DRAWN:,} of {N:,} points drawn")
