"""The race in a real browser: what a reader sees and does, against the core's own numbers."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from em_core.files.experiment import Experiment
from em_core.observe import race
from em_core.observe.inside import paths
from figures.race import words
from tests.browser.reader import Reader
from ui.race.run import RaceRun
from ui.race.settings import WORDS, RaceSettings, for_model

expect.set_options(timeout=20_000)
APP = Path(__file__).parents[2] / "app.py"
LINKAGE = for_model(RaceSettings(), "linkage")
ROUNDS = 6
# a number that is not there yet
ABSENT = -1.0
# what stands in the rows of the table
TOLD = "[...plot.querySelectorAll('.ytick text')].map((node) => node.textContent)"


class Race(Reader):
    """The page and what a reader reads on it."""

    path, labels, figures = "race", ("Highest log p(v)", "EG and gradient ascent differ by"), 9

    def expected(self, row):
        apart = row.ascents[0].apart
        return [row.best, ABSENT if apart is None else apart]

    def numbers(self):
        return [ABSENT if number is None else number for number in super().numbers()]

    def series(self, figure, k):
        return [self.trace(f"{figure}.run {k}", axis) for axis in "xy"]

    @property
    def finish(self):
        """What a screen reader says of the table."""
        return self.page.locator("[data-view=finish]")


@pytest.fixture
def race_page(page, serve):
    return Race(page, serve(APP).url)


@pytest.fixture(scope="module")
def laps():
    """What the core computes of genetic linkage, round by round."""
    run = RaceRun.of(LINKAGE, ROUNDS)
    return [run.race[index] for index in range(ROUNDS + 1)]


@pytest.mark.usefixtures("moving")
def test_opens_and_races_round_by_round(race_page, laps):
    race_page.open("model=linkage")
    race_page.shows(laps[0])
    for to in (1, 2, 3):
        race_page.button("Next round").click()
        race_page.at(to)
        race_page.shows(laps[to])
        for k, track in enumerate(laps[to].tracks):
            race_page.wait_plot("height", f"trace('run {k}').x.length === {track.made + 1}")
            steps, heights = race_page.series("height", k)
            assert steps == list(range(track.made + 1)) and heights == pytest.approx(list(track.log_evidence))
    assert race_page.trace("height.EG", "y") == pytest.approx(list(laps[3].ascents[0].log_evidence))
    expect(race_page.caption).to_contain_text("EM and SQUAREM are level at the top")
    expect(race_page.caption).to_contain_text("Gradient ascent on log p, computed without any q (○), coincides with EG")
    race_page.press("ArrowLeft")
    race_page.at(2)
    race_page.shows(laps[2])
    assert race_page.address("cursor=2") == {"model": "linkage", "steps": "3", "cursor": "2"}
    assert race_page.fits()


@pytest.mark.exhaustive
def test_a_link_shows_the_same_race_against_passes_too_and_who_came_to_the_best(race_page, laps):
    race_page.open(f"model=linkage&steps={ROUNDS}&cursor={ROUNDS}", ROUNDS)
    race_page.shows(laps[-1])
    card = race_page.stage.locator("[data-view=height]")
    card.get_by_role("button", name="By cost", exact=True).click()
    squarem = laps[-1].tracks[3]
    race_page.wait_plot("height-cost", "plot.offsetWidth > 0")
    race_page.wait_plot("distance-cost", "plot.offsetWidth > 0")  # all pictures follow
    costs, heights = race_page.series("height-cost", 3)
    assert costs == pytest.approx(list(squarem.passes)) and heights == pytest.approx(list(squarem.log_evidence))
    for name in ("EM", "E G5", "EG", "SQUAREM"):
        assert any(told.endswith(name) for told in race_page.trace("height.names", "text"))
    # the table says who came to the best
    told = race_page.plot("finish", TOLD)
    for row, text in zip(laps[-1].finishes(), told, strict=True):
        assert text.endswith(words.finish(row, laps[-1]))
    expect(race_page.finish).to_contain_text("First at the best so far: SQUAREM, 6 passes")
    assert race_page.page.get_by_label(re.compile("SQUAREM: 6 passes, 6 half-steps")).count() == 1


@pytest.mark.exhaustive
def test_every_row_of_the_table_is_drawn(race_page):
    race_page.open("words=EM,squarem,over_relaxed,HM,E(PM)&model=poisson_mixture&steps=2&cursor=2", 2)
    race_page.wait_plot("finish", f"{TOLD}.length === 5 && {TOLD}.every((text) => / half-steps| passes/.test(text))")


@pytest.mark.exhaustive
def test_another_race_from_the_list_and_one_of_the_readers_own(race_page):
    race_page.open("steps=2&cursor=2", 2)
    chosen = race_page.page.get_by_label("Schedules", exact=True)
    chosen.click()
    race_page.page.get_by_role("option", name="EM and its rivals", exact=True).click()
    race_page.wait_plot("height", "plot.data.filter((entry) => /^run/.test(entry.meta)).length === 3")
    race_page.at(2)
    assert race_page.address("words=")["words"] == "EM, squarem, over_relaxed"
    expect(race_page.page.get_by_text("ω of over-relaxed EM")).to_be_visible()
    chosen.click()
    chosen.fill("EM, HM")
    race_page.press("Enter")
    race_page.wait_plot("height", "plot.data.filter((entry) => /^run/.test(entry.meta)).length === 2")
    chosen.click()
    chosen.fill("EM, EX")
    race_page.press("Enter")
    expect(race_page.page.get_by_role("alert")).to_contain_text("'EX' is not valid")
    assert race_page.address("words=")["words"] == "EM, HM"


@pytest.mark.exhaustive
def test_the_saved_file_races_on_the_command_line(race_page, laps):
    race_page.open(f"model=linkage&steps={ROUNDS}&cursor={ROUNDS}", ROUNDS)
    race_page.page.get_by_text("Take it away", exact=True).click()
    with race_page.page.expect_download() as saved:
        race_page.page.get_by_role("button", name="Experiment (JSON)").click()
    raw = json.loads(Path(saved.value.path()).read_text())
    told = race.report(race.race(Experiment.parse(raw), [word.strip() for word in WORDS.split(",")], ROUNDS))
    for row, track in zip(told["runs"], laps[-1].tracks, strict=True):
        assert row["log_evidence"] == list(track.log_evidence) and row["passes"] == list(track.passes)
    expect(race_page.page.get_by_text('--schedules "EM,E G5,EG,squarem"')).to_be_visible()


@pytest.mark.exhaustive
def test_play_to_the_end_and_undo(race_page):
    race_page.open("model=linkage&words=EM,squarem")
    race_page.press("End")
    expect(race_page.caption).to_contain_text("After")
    race_page.page.wait_for_function("Number(document.querySelector('.stage').dataset.frame) > 5")
    expect(race_page.button("Next round")).to_have_count(0)
    race_page.button("New random start").click()
    race_page.at(0)
    race_page.press("Control+z")
    race_page.page.wait_for_function("Number(document.querySelector('.stage').dataset.frame) > 5")


@pytest.mark.exhaustive
def test_every_way_inside_one_m_step(race_page):
    race_page.open("model=linkage")
    race_page.show("Inside M")
    race_page.wait_plot("inside", "plot.offsetWidth > 0")
    for path in paths(RaceRun.of(LINKAGE).race.experiment, 12):
        assert race_page.trace(f"inside.{path.letter}", "x") == pytest.approx(list(path.moved))
        assert race_page.trace(f"inside.{path.letter}", "y") == pytest.approx(list(path.rise))
    card = race_page.stage.locator("[data-view=inside]")
    expect(card).to_contain_text("The first M-step. Full M: gap 0.399")
    card.get_by_role("button", name="Gap", exact=True).click()
    race_page.wait_plot("opened", "plot.offsetWidth > 0")
    assert race_page.trace("opened.M", "y")[-1] == pytest.approx(0.3991311446907559)


@pytest.mark.exhaustive
def test_stochastic_ascent_lies_on_es(race_page):
    words = "EM, EG, ES"
    race_page.open("model=linkage&words=EM,EG,ES&batch=20&steps=4&cursor=4", 4)
    lap = RaceRun.of(for_model(RaceSettings(words=words, batch=20), "linkage"), 4).race[4]
    race_page.wait_plot("height", "trace('ES').x.length === 5")
    assert race_page.trace("height.ES", "y") == pytest.approx(list(lap.tracks[2].log_evidence[::2]), rel=1e-9)
    apart = race_page.metric("ES and stochastic ascent differ by")
    assert float(apart.get_attribute("data-value")) == lap.ascents[1].apart < 1e-9
    expect(race_page.caption).to_contain_text("with the same minibatches and without any q (○), coincides with ES")


def test_how_fast_and_why_and_r_rises_under_the_slider(race_page):
    """The switch, one click to two clusters, and their distance: r is that of the core, and the slope stands in Gap."""
    race_page.open("steps=2&cursor=2", 2)
    race_page.page.locator("label").filter(has_text="How fast, and why").click()
    race_page.page.get_by_role("button", name="Overlap two clusters: r → 1").click()
    race_page.page.locator("[data-figure=overlap] .main-svg").first.wait_for()
    race_page.wait_plot("overlap", "plot.offsetHeight >= 180 && trace('here').x[0] === 3")
    race_page.page.wait_for_function("new URL(location).searchParams.get('rates') === 'yes'")
    race_page.wait_plot("overlap", "trace('rates').x.length > 2")
    marked = race_page.trace("overlap.here", "y")[0]
    slider = race_page.page.get_by_role("slider", name="Separation", exact=True)
    slider.focus()
    for _ in range(2):
        race_page.press("ArrowRight")
    race_page.wait_plot("overlap", "trace('here').x[0] === 4 && trace('here').y.length === 1")
    assert race_page.address("separation=4")["separation"] == "4"
    assert race_page.trace("overlap.here", "y")[0] < marked < 1
    race_page.stage.locator("[data-view=pace]").get_by_role("button", name="Missing information").click()
    race_page.wait_plot("missing", "plot.offsetHeight >= 180 && trace('r').y.length === 1")
    shares = race_page.trace("missing.r", "y") + race_page.trace("missing.others", "y")
    assert shares == sorted(shares, reverse=True) and race_page.fits()
