"""A run as a file: it opens from disk, plays all half-steps with the run's own numbers, and asks for nothing."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from em_core.files.experiment import Experiment
from em_core.files.report import report
from em_core.trajectory import steps
from tests.browser.home import Home
from ui.export.__main__ import main
from ui.export.standalone import LARGEST

SCHEDULE = "(EM)3"
FILE = {
    "model": "gaussian_mixture",
    "settings": {"n_components": 2},
    "data": {"dataset": "old_faithful"},
    "schedule": SCHEDULE,
    "seed": 1,
}


class Saved(Home):
    """The home page's run, as a file."""

    def open(self, place, frame):
        self.page.goto(place.as_uri())
        return self.ready(frame)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    place = tmp_path_factory.mktemp("saved") / "run.html"
    experiment = place.with_name("experiment.json")
    experiment.write_text(json.dumps(FILE), encoding="utf-8")
    assert main(["html", str(experiment), "-o", str(place), "--at", "2"]) == 0
    assert place.stat().st_size <= LARGEST
    return place


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_saved_run_plays_from_disk_without_a_server(page, saved, theme):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    experiment = Experiment.parse(FILE)
    rows = report(experiment, steps(experiment))["half_steps"]
    home = Saved(page, "").open(saved, 2)
    home.shows(rows[2])
    for key, frame in (("ArrowRight", 3), ("End", 6), ("ArrowLeft", 5), ("ArrowLeft", 4)):
        home.press(key)
        home.at(frame)
        home.shows(rows[frame])
    # inside the half-step, the unit that the app follows first
    home.press("i")
    expect(home.stage).to_have_attribute("data-inside", "")
    home.press("Escape")
    home.press("End")
    expect(home.stage.locator(".stage-main")).to_have_attribute("aria-disabled", "true")
    expect(home.caption).not_to_contain_text("Next, ")
    # what is heard, told of figures and tabled needs no server either
    expect(home.stage.get_by_role("status").filter(has_text="Half-step 6, M-step: the ELBO rises")).to_have_count(1)
    expect(home.stage.get_by_role("img", name="272 points")).to_have_count(1)
    home.stage.get_by_role("button", name="Numbers: Data").click()
    expect(home.stage.get_by_role("table", name="points")).to_have_count(1)
    home.press("Escape")
    home.button("Sound").click()
    expect(home.button("Sound")).to_have_attribute("aria-pressed", "true")
    # along the M-step: at its end all is as in the half-step itself, at its beginning the gap is closed
    slider = home.stage.locator("input.stage-inner")
    slider.focus()
    slider.press("Home")
    expect(home.metric("Gap")).not_to_have_attribute("data-value", str(rows[6]["kl"]))
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every((part) => part < 90)")
    assert dark == (theme == "dark")
    assert asked == [saved.as_uri()]
