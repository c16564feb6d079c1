"""A view as a picture for a slide: from the command line, from the app, and from a saved run."""

from __future__ import annotations

import json
import re
import struct
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from em_core.files.experiment import Experiment
from em_core.files.report import report
from em_core.trajectory import steps
from tests.browser.home import APP, Home
from tests.browser.test_standalone import FILE, Saved, saved
from ui.export.__main__ import main
from ui.map.session import MapSession

__all__ = ["saved"]
SVG = "{http://www.w3.org/2000/svg}"
LEAST = 20  # pixels, of 720


class Drawing:
    """A picture as a program reads it that knows nothing of ours."""

    def __init__(self, text):
        self.root = ElementTree.fromstring(text)
        self.text = text

    @property
    def words(self):
        return [" ".join("".join(node.itertext()).split()) for node in self.root.iter(f"{SVG}text")]

    @property
    def sizes(self):
        return [float(size) for size in re.findall(r'<text[^>]*font-size[:=]\s*"?([\d.]+)px', self.text)]

    @property
    def white(self):
        return any(
            node.get("fill") == "#ffffff" and node.get("width") == "1280" and node.get("height") == "720"
            for node in self.root.findall(f"{SVG}rect")
        )

    def legible(self):
        assert self.root.get("viewBox") == "0 0 1280 720"
        assert len(self.sizes) == len(self.words) and min(self.sizes) >= LEAST
        families = {family.strip(" \"'") for family in re.findall(r"font-family[:=]\s*([^;>]*)", self.text)}
        assert families == {"Arial, Helvetica, sans-serif"}
        # nothing is fetched, and nothing is there that other programs cannot show
        assert not re.search(r"foreignObject|href=.(?!data:|#)|@import|var\(--", self.text)


def sentence(place):
    return " ".join(place.inner_text().split())


def test_a_view_leaves_the_command_line_as_a_picture_of_the_run_s_own_numbers(tmp_path):
    experiment, output = tmp_path / "experiment.json", tmp_path / "timeline.svg"
    experiment.write_text(json.dumps(FILE), encoding="utf-8")
    assert main(["svg", str(experiment), "--view", "timeline", "--at", "6", "-o", str(output)]) == 0
    drawing = Drawing(output.read_text(encoding="utf-8"))
    drawing.legible()
    assert drawing.white
    parsed = Experiment.parse(FILE)
    rows = report(parsed, steps(parsed))["half_steps"]
    rise = rows[6]["log_evidence"] - rows[0]["log_evidence"]
    assert drawing.words[0] == f"log p: {rise:.3f} above the start"
    assert f"The ELBO rose by {rows[6]['elbo'] - rows[5]['elbo']:.3f}" in " ".join(drawing.words[1:4])
    assert {"start", "E", "M", "log p(v)", "ELBO", "nats"} <= {*drawing.words}
    # as many marks as half-steps, on two curves, and where the reader stands
    assert len(re.findall(r'<path[^>]*class="point[" ]', drawing.text)) >= 2 * len(rows)


def test_a_picture_has_its_curves_up_to_the_half_step(tmp_path):
    experiment, output = tmp_path / "experiment.json", tmp_path / "progress.svg"
    experiment.write_text(MapSession.opened({"steps": "6"}).file(), encoding="utf-8")
    corners = []
    for at in (2, 5):
        assert main(["svg", str(experiment), "--view", "progress", "--at", str(at), "-o", str(output)]) == 0
        line = re.search(r'<path class="js-line" d="([^"]*)"', output.read_text(encoding="utf-8"))
        corners.append(line[1].count(","))
    assert 1 < corners[0] < corners[1] <= 6


@pytest.mark.exhaustive
def test_pixels_are_twice_as_many_as_those_of_a_slide(tmp_path):
    experiment, output = tmp_path / "experiment.json", tmp_path / "data.png"
    experiment.write_text(json.dumps(FILE), encoding="utf-8")
    assert main(["png", str(experiment), "--view", "data", "--transparent", "-o", str(output)]) == 0
    content = output.read_bytes()
    assert content.startswith(b"\x89PNG\r\n") and struct.unpack(">II", content[16:24]) == (2560, 1440)
    assert content[25] == 6  # with transparency


class Card:
    """The tool of one card."""

    def __init__(self, home, view):
        self.page = home.page
        self.node = home.stage.locator(f"[data-view={view}]")
        self.button = self.node.get_by_role("button", name="Save picture")
        self.bar = self.node.locator(".stage-save .stage-zoombar")
        self.told = self.node.locator(".stage-saved")

    def press(self, name):
        return self.bar.get_by_role("button", name=name, exact=True)

    def saves(self, kind):
        with self.page.expect_download() as download:
            self.press(kind).click()
        return download.value


def test_a_card_of_a_saved_run_is_saved_from_disk_by_keys_and_without_a_ground(page, saved, tmp_path):
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    home = Saved(page, "").open(saved, 2)
    card = Card(home, "data")
    expect(card.bar).to_be_hidden()
    card.button.focus()
    card.button.press("Enter")
    expect(card.button).to_have_attribute("aria-expanded", "true")
    card.press("Transparent").press("Enter")
    download = card.saves("SVG")
    assert download.suggested_filename == "elbo-room-data-2.svg"
    download.save_as(tmp_path / "data.svg")
    drawing = Drawing((tmp_path / "data.svg").read_text(encoding="utf-8"))
    drawing.legible()
    assert not drawing.white
    assert (
        "".join(drawing.words[1:4])
        .replace(" ", "")
        .startswith(sentence(home.stage.locator(".stage-caption")).split(" Next, ")[0].replace(" ", ""))
    )
    assert len(re.findall(r'<path[^>]*class="point[" ]', drawing.text)) >= 272
    # light colours, whatever the page has
    assert "rgb(238, 242, 246)" not in drawing.text and "rgb(22, 32, 44)" in drawing.text
    expect(card.told).to_have_text("Saved")
    assert page.locator(".stage-canvas").count() == 0
    # a picture that cannot be made says why, and the page goes on
    page.evaluate("() => { Plotly.toImage = () => Promise.reject(new Error('no room')) }")
    card.press("PNG").click()
    expect(card.told).to_have_text("The picture could not be made: no room")
    card.press("PNG").press("Escape")
    expect(card.bar).to_be_hidden()
    expect(card.button).to_be_focused()


@pytest.mark.exhaustive
def test_the_app_saves_what_is_in_sight(page, serve, tmp_path):
    """The zoom of the reader, the figure that they chose, and the beat that they stand at."""
    home = Home(page, serve(APP).url).open("schedule=EM&cursor=2", 2)
    page.evaluate(
        "Plotly.relayout(document.querySelector('[data-figure=data] .js-plotly-plot'), {'xaxis.range': [10, 12]})"
    )
    card = Card(home, "data")
    card.button.click()
    download = card.saves("SVG")
    assert download.suggested_filename == "elbo-room-data-2.svg"
    download.save_as(tmp_path / "data.svg")
    drawing = Drawing((tmp_path / "data.svg").read_text(encoding="utf-8"))
    drawing.legible()
    assert drawing.white and {"10", "11", "12"} <= {*drawing.words}
    download = card.saves("PNG")
    download.save_as(tmp_path / "data.png")
    assert struct.unpack(">II", (tmp_path / "data.png").read_bytes()[16:24]) == (2560, 1440)
    inside = Card(home, "inside")
    home.press("i")
    expect(home.stage).to_have_attribute("data-inside", "")
    inside.button.click()
    inside.saves("SVG").save_as(tmp_path / "inside.svg")
    drawing = Drawing((tmp_path / "inside.svg").read_text(encoding="utf-8"))
    drawing.legible()
    assert any(re.match(r"\S.*=.*\d", words) and not re.search(r"\\|[{}]", words) for words in drawing.words[1:3])
