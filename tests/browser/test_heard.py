"""Without looking: what happened is said, what a figure shows is told and tabled, by keys alone; log p is a tone."""

import re

import pytest
from playwright.sync_api import expect

from figures.record import SAID
from tests.browser.home import APP, Home
from tests.browser.reader import SAYS, some
from ui.em.run import EmRun
from ui.em.settings import EmSettings

# how many sounds the page can make by now, and at which pitches
LISTEN = """() => {
  window.sounds = [];
  const Own = window.AudioContext;
  window.AudioContext = class extends Own {
    constructor() { super(); window.sounds.push(this); }
  };
  window.pitches = [];
  const own = AudioParam.prototype.setTargetAtTime;
  AudioParam.prototype.setTargetAtTime = function (value, ...more) {
    if (value > 100) window.pitches.push(value);
    return own.call(this, value, ...more);
  };
}"""

# how many numbers are heard on a page
VOICES = {"map": 2, "race": 2, "starts": 2, "dictionary": 1}


@pytest.fixture
def home(page, serve):
    return Home(page, serve(APP).url)


def heard(home, text):
    """Wait until this is said, as one with the caption, once the stage has come to rest."""
    words = home.stage.locator(".stage-words[role=status]")
    expect(words).to_contain_text(text)
    expect(words).to_have_attribute("aria-busy", "false")


def test_the_page_is_read_and_stepped_without_looking(home):
    home.open("schedule=EM&cursor=1", frame=1)
    run = EmRun.of(EmSettings(), "EME")
    home.press("ArrowRight")
    heard(home, run.frames()[2]["text"][SAID])
    # what the figure shows now, and its numbers
    picture = home.stage.get_by_role("img", name="272 points, eruption (min) 1.6 to 5.1")
    ELBO = run.moment(2).bound.elbo
    expect(picture).to_have_attribute("aria-label", re.compile(f"ELBO {ELBO:.3f}".replace("-", "−")))
    numbers = home.stage.get_by_role("button", name="Numbers: Data, coloured by responsibility")
    numbers.focus()
    home.press("Enter")
    table = home.stage.get_by_role("region", name="Numbers: Data").get_by_role(
        "table", name="points: the first 200 of 272"
    )
    columns = [
        "eruption (min)",
        "waiting (min)",
        *(f"responsibility of component {k}" for k in (1, 2)),
        "log p of this point",
    ]
    expect(table.get_by_role("columnheader")).to_have_text(columns)
    expect(table.get_by_role("row")).to_have_count(201)
    responsibility = table.get_by_role("row").nth(1).get_by_role("cell").nth(2)
    for at in (2, 3):  # with the half-step in view
        home.at(at)
        shown = float(f"{run.trajectory[at].after.q.probabilities[0, 0]:.3f}")
        expect(responsibility).to_have_text(f"{shown:g}")
        home.press("e")
    home.at(4)
    home.press("Escape")
    expect(numbers).to_be_focused()
    expect(table).to_have_count(0)
    # a figure is left by Escape: the arrows are the stage's again
    figure = home.stage.locator("[data-figure=data]")
    figure.focus()
    home.press("ArrowRight")
    expect(figure).to_have_attribute("data-told", "")
    home.press("Escape")
    expect(figure).not_to_be_focused()
    home.press("ArrowLeft")
    home.at(3)
    heard(home, "Half-step 3, E-step: ")


@pytest.mark.exhaustive
def test_of_half_steps_that_follow_fast_the_last_is_said(home):
    home.open("schedule=EM&cursor=0", frame=0)
    heard(home, "Start: the ELBO is")
    home.page.evaluate(SAYS)
    home.page.select_option(".stage-speed", "8")
    home.press(" ")
    home.page.wait_for_function("Number(document.querySelector('.stage').dataset.frame) > 8")
    home.press(" ")
    home.page.wait_for_function("window.said.length > 0")
    at = home.frame()
    said = home.page.evaluate("window.said")
    assert said[-1].startswith(f"Half-step {at}, ") and len(said) <= 2


@pytest.mark.exhaustive
def test_two_tones_part_with_m_and_are_one_after_e(home):
    home.page.add_init_script(f"({LISTEN})()")
    home.open("schedule=EM&cursor=2", frame=2)
    home.press("ArrowRight")
    home.at(3)
    assert home.page.evaluate("[window.sounds.length, window.pitches.length]") == [0, 0], "off at first"
    sound = home.button("Sound")
    expect(sound).to_have_attribute("aria-pressed", "false")
    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "true")
    home.page.wait_for_function("window.pitches.length === 2")
    upper, lower = home.page.evaluate("window.pitches")
    assert upper == pytest.approx(lower, rel=1e-6), "unison after E"
    home.press("ArrowLeft")
    home.page.wait_for_function("window.pitches.length === 4")
    upper, lower = home.page.evaluate("window.pitches.slice(2)")
    assert upper > lower > 200, "an interval after M"
    sound.click()
    home.press("ArrowLeft")
    home.at(1)
    assert home.page.evaluate("[window.sounds.length, window.pitches.length]") == [1, 4]
    home.page.wait_for_function("window.sounds[0].state === 'suspended'")
    # what the reader wants is kept in the browser
    sound.click()
    home.address("cursor=1")
    home.page.reload()
    home.ready(1)
    expect(home.button("Sound")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("page_name", some(VOICES))
def test_every_page_is_heard(page, serve, page_name):
    page.add_init_script(f"({LISTEN})()")
    page.goto(f"{serve(APP).url}/{page_name}")
    page.wait_for_selector(".stage[data-frame] .main-svg")
    expect(page.locator(".stage-read button").first).to_be_attached()
    sound = page.locator(".stage-sound")
    expect(sound).to_be_in_viewport()
    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "true")
    for at in range(2):  # of some pages the start has no numbers yet
        page.keyboard.press("ArrowRight")
        expect(page.locator(".stage")).to_have_attribute("data-frame", str(at + 1), timeout=60_000)
    page.wait_for_function(f"window.pitches.length >= {VOICES[page_name]}")
    assert all(200 < pitch < 900 for pitch in page.evaluate("window.pitches"))


@pytest.mark.exhaustive
def test_objective_and_dual_bound_meet_as_the_duality_gap_closes(page, serve):
    page.add_init_script(f"({LISTEN})()")
    page.goto(f"{serve(APP).url}/map?steps=12&cursor=12")
    page.wait_for_selector(".stage[data-frame='12'] .main-svg")
    page.locator(".stage-sound").click()
    page.wait_for_function("window.pitches.length >= 2")
    page.keyboard.press("Home")
    page.wait_for_selector(".stage[data-frame='0']")
    page.wait_for_function("window.pitches.length >= 4")
    pitches = page.evaluate("window.pitches")
    late, first = (upper / lower for upper, lower in (pitches[:2], pitches[-2:]))
    assert 1 <= late < 1.01 and first > 2, pitches
