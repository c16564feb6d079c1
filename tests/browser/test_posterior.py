"""The posterior page in a real browser: what a reader sees and does, against the core's own numbers."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from em_core.observe.ladder import STOPS
from em_core.sparse_coding.posterior.ladder import LadderExperiment, run
from tests.browser.conftest import Server
from tests.browser.reader import Reader, some, stands
from ui.posterior.settings import UNITS, PosteriorOverrides, PosteriorSettings, for_units

APP = Path(__file__).parents[2] / "app.py"
ONE, TWO = PosteriorSettings(), for_units(PosteriorSettings(), "two")
LAST = 11

expect.set_options(timeout=20_000)


def told(settings):
    """What the command line says of these settings."""
    return run(LadderExperiment.parse(settings.experiment()))


class Posterior(Reader):
    """The page and what a reader reads on it."""

    path, labels, figures = "posterior", ("log p(v)", "ELBO", "Gap"), 4

    def next(self, to):
        self.button("Next q").click()
        self.at(to)

    def drag(self, right, up):
        """Drag μ by so many pixels; where it was dropped."""
        box = self.stage.get_by_role("button", name="μ of q:").bounding_box()
        left, top = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.pull((left, top), (left + right, top - up))
        self.address("given=")


@pytest.fixture
def reader(page, serve):
    return Posterior(page, serve(APP).url)


# --- down the ladder --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("moving")
@pytest.mark.parametrize("units", some(UNITS, "two"))
def test_down_the_ladder(reader, units):
    reader.open("" if units == "one" else "units=two")
    rows = told(for_units(ONE, units))["rungs"]
    reader.shows(rows[0])
    assert reader.fits() and rows[0]["kl"] == 0
    for to in (1, 2, 3):
        reader.next(to)
        reader.shows(rows[to])
        assert reader.shaded("bound")
    expect(reader.caption).to_contain_text("q = N(μ, s²) with μ at the MAP and s = 0.3")
    reader.button("Back").click()
    reader.at(2)
    reader.shows(rows[2])
    reader.address("cursor=2")
    reader.button("End").click()
    reader.at(LAST)
    reader.shows(rows[-1])
    expect(reader.caption).to_contain_text("the bound is −∞ at every μ")
    expect(reader.page.get_by_text("The end of the ladder.")).to_be_visible()
    expect(reader.page.locator(".stage-main")).to_have_attribute("aria-disabled", "true")
    bars = reader.plot("decomposition", "trace('labels').text")
    assert bars[1:4] == ["−∞", "−∞", "∞"]
    reader.press("Home")
    reader.at(0)
    reader.button("Go to s = 0.001").click()
    reader.at(7)
    reader.shows(rows[7])
    assert reader.fits()


@pytest.mark.exhaustive
def test_map_exactly_0_where_the_mean_is_not(reader):
    reader.open()
    posterior = told(ONE)["posterior"]
    names = reader.plot("picture", "['MAP', 'median', 'mean'].map((mark) => trace(mark).name)")
    assert names == ["MAP 0", "median 0.246", "mean 0.331"]
    assert [reader.trace(f"picture.{mark}", "x")[0] for mark in ("MAP", "median", "mean")] == pytest.approx(
        [posterior["mode"][0], posterior["median"][0], posterior["mean"][0]]
    )
    expect(reader.page.get_by_text("MAP exactly 0; mean and median are not")).to_be_visible()


@pytest.mark.exhaustive
def test_play_and_keys(reader):
    reader.open()
    rows = told(ONE)["rungs"]
    reader.page.select_option(".stage-speed", "4")
    reader.press(" ")
    reader.page.wait_for_function("Number(document.querySelector('.stage').dataset.frame) >= 4")
    reader.press(" ")
    reader.button("Play").wait_for()
    reader.shows(rows[reader.frame()])
    reader.press("End")
    reader.at(LAST)
    reader.press("ArrowLeft", "ArrowLeft")
    reader.at(LAST - 2)
    reader.shows(rows[LAST - 2])


@pytest.mark.exhaustive
def test_the_gap_is_a_straight_line_towards_0(reader):
    reader.open("units=two&cursor=7", 7)
    reader.button("Gap").click()
    reader.wait_plot("gap", "plot.offsetWidth > 0 && trace('gap').y.length > 11 && trace('here').y.length === 1")
    gaps = reader.trace("gap.gap", "y")
    assert gaps[-1] - gaps[-11] == pytest.approx(2 * math.log(10), rel=1e-4)
    row = told(TWO)["rungs"][7]
    assert reader.trace("gap.here", "y") == pytest.approx([row["kl"]]) and reader.trace("gap.here", "x") == [1e-3]


@pytest.mark.exhaustive
def test_what_remains_is_log_p_of_h_and_v(reader):
    reader.open("cursor=3", 3)
    reader.button("Without entropy").click()
    reader.wait_plot("moves", "plot.offsetWidth > 0 && plot.data?.length === 4")
    apart = [
        abs(a - b) for a, b in zip(reader.trace("moves.joint", "y"), reader.trace("moves.limit", "y"), strict=True)
    ]
    assert max(apart) > 0.05
    reader.press("End")
    reader.at(LAST)
    reader.page.wait_for_timeout(500)  # glides have arrived
    assert reader.trace("moves.joint", "y") == pytest.approx(reader.trace("moves.limit", "y"), abs=1e-5)


# --- μ and s ----------------------------------------------------------------------------------------------------


@pytest.mark.exhaustive
def test_scrubbing_through_the_widths(reader):
    reader.open("cursor=2", 2)
    scrubber = reader.stage.get_by_role("slider", name="Width s")
    stands(scrubber, "s = 1")
    scrubber.focus()
    reader.press(*["ArrowRight"] * 3)
    stands(scrubber, "s = 0.5")
    reader.shows(told(replace(ONE, overrides=PosteriorOverrides(ladder={"widths": [0.5]})))["rungs"][2])
    reader.press("End")
    stands(scrubber, f"s = {STOPS[-1]:f}")
    reader.shows(told(ONE)["rungs"][-2])
    assert reader.frame() == 2
    reader.press("Home")
    reader.shows(told(replace(ONE, overrides=PosteriorOverrides(ladder={"widths": [8.0]})))["rungs"][2])
    reader.page.locator(".stage-main").focus()
    reader.press("ArrowRight")
    reader.at(3)
    reader.shows(told(ONE)["rungs"][3])


@pytest.mark.exhaustive
def test_a_width_that_was_scrubbed_stays_when_lambda_moves(reader):
    reader.open("cursor=2", 2)
    scrubber = reader.stage.get_by_role("slider", name="Width s")
    scrubber.focus()
    reader.press(*["ArrowRight"] * 3)
    stands(scrubber, "s = 0.5")
    reader.slider("λ: sparsity").focus()
    reader.press("ArrowRight")
    reader.address("penalty=2.5")
    stands(scrubber, "s = 0.5")
    scrubbed = replace(ONE, penalty=2.5, overrides=PosteriorOverrides(ladder={"widths": [0.5]}))
    reader.shows(told(scrubbed)["rungs"][2])
    # another width of the ladder is what was asked for last
    reader.slider("First width s of the ladder").focus()
    reader.press("ArrowLeft")
    reader.address("width=0.8")
    stands(scrubber, "s = 0.8")


@pytest.mark.exhaustive
def test_the_width_in_the_sidebar(reader):
    reader.open("cursor=5", 5)
    width = reader.slider("First width s of the ladder")
    width.focus()
    reader.press("ArrowLeft")
    assert reader.address("width=0.8") == {"width": "0.8", "cursor": "2"}
    reader.at(2)
    rows = told(replace(ONE, width=0.8))["rungs"]
    reader.shows(rows[2])
    reader.button("Next q").click()
    reader.at(3)
    reader.shows(rows[3])
    assert rows[3]["parameters"]["width"] == [0.3]


@pytest.mark.exhaustive
@pytest.mark.parametrize("units", UNITS)
def test_dragging_mu(reader, units, other_page):
    reader.open(f"units={units}&cursor=3", 3)
    reader.mark_figures()
    before = reader.metric("ELBO").get_attribute("data-value")
    reader.drag(70, 50)
    reader.page.wait_for_function(
        f"document.querySelector('.stage-metrics [aria-label=ELBO]').dataset.value !== '{before}'"
    )
    reader.at(3)
    assert reader.same_figures()
    with reader.page.expect_download() as download:
        reader.page.get_by_text("Take it away", exact=True).click()
        reader.page.get_by_role("button", name="Experiment (JSON)").click()
    saved = json.loads(Path(download.value.path()).read_text())
    mean = saved["ladder"]["mean"]
    assert mean[0] > 0.1 and len(mean) == len(saved["data"]["signal"])
    rows = run(LadderExperiment.parse(saved))["rungs"]
    reader.shows(rows[3])
    link = reader.page.url.split("?")[1]
    there = Posterior(other_page, reader.url).open(link, 3)
    there.shows(rows[3])
    reader.button("μ to the mean").click()
    posterior = told(for_units(ONE, units))["posterior"]
    reader.shows(told(for_units(ONE, units).at(posterior["mean"]))["rungs"][3])
    reader.button("μ to the MAP").click()
    reader.shows(told(for_units(ONE, units))["rungs"][3])
    reader.address("cursor=3", without="given")


@pytest.mark.exhaustive
def test_zoom_stays(reader):
    reader.open("cursor=2", 2)
    low = reader.plot("picture", "plot._fullLayout.xaxis.range[0]")
    reader.zoom_mode("picture")
    box = reader.page.locator("[data-figure=picture] .stage-plot").bounding_box()
    x, y = box["x"] + 0.5 * box["width"], box["y"] + 0.45 * box["height"]
    reader.pull((x, y), (x + 140, y + 100))
    reader.wait_plot("picture", f"plot._fullLayout.xaxis.range[0] > {low} + 0.1")
    zoomed = reader.plot("picture", "plot._fullLayout.xaxis.range.slice()")
    for to in (3, 4, 5):
        reader.press("ArrowRight")
        reader.at(to)
    reader.page.wait_for_timeout(500)  # glides have arrived
    assert reader.plot("picture", "plot._fullLayout.xaxis.range.slice()") == zoomed


# --- the problem ------------------------------------------------------------------------------------------------


@pytest.mark.exhaustive
def test_lambda_beta_and_the_signal(reader):
    reader.open("cursor=1", 1)
    chosen = ONE
    for label, name, value in (
        ("λ: sparsity", "penalty", 2.5),
        ("β: precision of the noise", "precision", 1.2),
        ("v: the signal", "v", 1.25),
        ("w: the atom", "w", 1.05),
    ):
        reader.slider(label).focus()
        reader.press("ArrowRight")
        reader.address(f"{name}={value:g}")
        chosen = replace(chosen, **{name: value})
        reader.shows(told(chosen)["rungs"][1])
        reader.at(1)


@pytest.mark.exhaustive
def test_two_units(reader):
    reader.open()
    reader.choose("Hidden units", UNITS["two"])
    reader.address("units=two")
    reader.shows(told(TWO)["rungs"][0])
    assert reader.plot("picture", "trace('contours').type") == "contour"
    reader.slider("Angle between the atoms").focus()
    reader.press("ArrowRight")
    reader.address("angle=55")
    reader.shows(told(replace(TWO, angle=55.0))["rungs"][0])
    reader.button("Prior, likelihood").click()
    reader.wait_plot("parts", "plot.offsetWidth > 0 && plot.data?.length === 7")
    assert reader.fits()


# --- links, files, small screens --------------------------------------------------------------------------------


@pytest.mark.exhaustive
def test_link_to_a_fresh_server(tmp_path, page, page_errors):
    """The new server's very first visitor comes straight to this page."""
    chosen = replace(TWO, penalty=0.5, precision=4.0, v1=-1.0, angle=120.0, width=0.2).at([0.25, -1.0])
    restarted = Server(APP, tmp_path / "log", ())
    link = "&".join(f"{name}={value}" for name, value in {**chosen.query(), "cursor": "4"}.items())
    try:
        there = Posterior(page, restarted.url).open(link, 4)
        there.shows(told(chosen)["rungs"][4])
        assert page.locator(".notice").count() == 0 and there.fits()
        expect(page.get_by_role("link", name="A point or a distribution?")).to_be_visible()
        assert page_errors == []
    finally:
        restarted.stop()


@pytest.mark.exhaustive
def test_link_with_nonsense(reader):
    nonsense = {"units": "three", "penalty": "-1", "v": "nan", "angle": "1000", "given": "abc", "cursor": "99"}
    reader.open("&".join(f"{name}={value}" for name, value in nonsense.items()))
    warnings = reader.page.locator(".notice")
    expect(warnings).to_have_count(len(nonsense))
    said = warnings.all_inner_texts()
    for name, value in nonsense.items():
        assert any(name in text and value in text for text in said), (name, said)
    reader.shows(told(ONE)["rungs"][0])


@pytest.mark.exhaustive
def test_experiment_files(reader, tmp_path):
    reader.open("v=-2&width=0.5&cursor=4", 4)
    shown = reader.numbers()
    reader.page.get_by_text("Take it away", exact=True).click()
    with reader.page.expect_download() as download:
        reader.page.get_by_role("button", name="Experiment (JSON)").click()
    saved = tmp_path / "experiment.json"
    download.value.save_as(saved)
    command = [sys.executable, "-m", "em_core", "run", str(saved)]
    row = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=APP.parent).stdout)["rungs"][4]
    assert shown == pytest.approx([row["log_evidence"], row["elbo"], row["kl"]], rel=1e-12, abs=1e-12)
    three = {**json.loads(saved.read_text()), "data": {"signal": [1.0], "dictionary": [[1.0, 2.0, 3.0]]}, "ladder": {}}
    reader.upload(0, "three.json", json.dumps(three))
    expect(reader.page.get_by_text("three.json: data.dictionary: '3 atoms' is not valid")).to_be_visible()
    assert reader.numbers() == shown
    reader.slider("v: the signal").focus()
    reader.press("ArrowRight")
    reader.address("v=-1.95")
    reader.upload(0, "good.json", saved.read_text())
    reader.shows(row)
    assert reader.address("v=-2")["width"] == "0.5"  # the sliders show what the file says


@pytest.mark.exhaustive
def test_usable_on_a_small_screen(reader):
    reader.page.set_viewport_size({"width": 390, "height": 844})
    reader.open("units=two")
    rows = told(TWO)["rungs"]
    for to in (1, 2, 3):
        reader.next(to)
        reader.shows(rows[to])
    wide = "(node) => node.scrollWidth <= node.clientWidth"
    assert reader.page.evaluate(
        f"[document.querySelector('[data-testid=stMain]'), document.scrollingElement].every({wide})"
    )
    box = reader.stage.get_by_role("button", name="Next q").bounding_box()
    assert box["y"] + box["height"] <= 844 and box["height"] >= 40  # in reach without scrolling
    picture = reader.page.locator("[data-figure=picture] .stage-plot").bounding_box()
    assert picture["height"] > 200 and picture["width"] > 300
