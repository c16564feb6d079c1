"""Inside the half-steps of a hidden Markov model in a real browser: the trellis fills with the core's own messages."""

import numpy as np
import pytest
from playwright.sync_api import expect

from em_core.observe.beats import beats_of
from figures.em.inside import chain_words
from tests.browser.home import APP, Home, rows
from ui.em.run import EmRun
from ui.em.settings import EmSettings, for_model

expect.set_options(timeout=20_000)
SETTINGS = for_model(EmSettings(), "hidden_markov")


@pytest.fixture
def home(page, serve):
    return Home(page, serve(APP).url)


def core(index, unit=None):
    return beats_of(EmRun.of(SETTINGS, "EM").moment(index), unit)


def heading(home):
    return home.stage.locator("[data-view=inside] h2")


def texts(home, figure="inside"):
    return home.plot(figure, "Array.from(trace('numbers').text)")


def test_the_trellis_fills_and_ends_at_the_half_step(home):
    unit, beats = core(1)
    home.open("model=hidden_markov")
    before = home.numbers()
    for number, beat in enumerate(beats, start=1):
        home.press("i")
        expect(heading(home)).to_contain_text(f"{number} of {len(beats)}: ")
        home.at(0)
        formula = home.stage.locator("[data-view=inside] .stage-formula")
        found = float(formula.get_attribute("data-value"))
        assert np.any(np.ravel(np.asarray(beat.found, dtype=float)) == found), beat.what
        assert formula.locator(".katex").count() and not formula.locator(".katex-error").count()
        if beat.what in ("alpha", "beta"):
            filled = beat.found[np.isfinite(beat.found)]
            home.wait_plot("inside", f"trace('numbers').text.length === {len(filled)}")
            assert texts(home) == [chain_words.cell(value, False, True) for value in filled]
        if beat.what != "bound":
            assert home.numbers() == before
    home.press("i")
    home.at(1)
    home.shows(rows(SETTINGS, "E")[1])
    expect(heading(home)).to_be_hidden()


@pytest.mark.exhaustive
def test_numbers_and_logarithms_are_two_faces_of_the_same_beat(home):
    unit, beats = core(1)
    last = max(place for place, beat in enumerate(beats) if beat.what == "alpha")
    home.open("model=hidden_markov")
    tabs = home.stage.locator(".stage-tab[aria-selected=true]")
    before = tabs.all_inner_texts()
    home.press("i")
    expect(heading(home)).to_contain_text("1 of ")
    home.press(*["i"] * last)
    expect(heading(home)).to_contain_text(f"{last + 1} of {len(beats)}")
    home.wait_plot("inside", "trace('numbers').text.length === 10")
    heights = "[...trace('fill 1').y, ...trace('fill 2').y]"
    assert sorted(home.plot("inside", heights))[-3] < 1e-6, "but for the first column nothing can be seen"
    home.stage.locator("[data-view=inside]").get_by_role("button", name="Logarithms").click()
    home.wait_plot("inside_log", "trace('numbers').text.length === 10")
    assert texts(home, "inside_log") == [
        chain_words.cell(log, True, True) for log in beats[last].values["log_alpha"].ravel()
    ]
    assert min(home.plot("inside_log", heights)) > 0.02
    home.press("i")
    expect(heading(home)).to_contain_text("p(v)")
    expect(home.caption).to_contain_text("In single precision every α would be 0")
    home.wait_plot("inside_log", "trace('lit').x.length > 5")  # the face stays
    home.press("ArrowLeft", "ArrowLeft")
    expect(heading(home)).to_contain_text(f"{last} of {len(beats)}")
    home.press("Escape")
    home.at(0)
    # what stood at the front before stands there again, though a figure in its place was chosen
    expect(tabs).to_have_text(before)
    home.show("Inside")
    expect(heading(home)).to_have_text("Inside the half-step")


CUT = """() => { const { clientWidth, scrollWidth } = document.querySelector("[data-view=inside] .stage-formula");
  return scrollWidth - clientWidth }"""


@pytest.mark.exhaustive
def test_a_long_formula_is_broken_on_a_phone_and_nothing_of_it_is_cut(home):
    home.page.set_viewport_size({"width": 390, "height": 844})
    home.open("model=hidden_markov&beat=6&cursor=0")
    expect(heading(home)).to_contain_text("6 of ")
    expect(home.stage.locator("[data-view=inside] .stage-formula.broken")).to_be_visible()
    assert home.page.evaluate(CUT) <= 0


@pytest.mark.exhaustive
def test_a_roll_is_chosen_in_the_picture_and_followed_into_the_new_matrix(home):
    home.open("model=hidden_markov")
    home.press("ArrowRight")
    home.at(1)
    home.press("i")
    expect(heading(home)).to_contain_text("1 of ")
    series = home.plot("data", "((t) => [t.x[150], t.y[150]])(trace('series'))")
    home.page.mouse.click(*home.place("data", *series))
    expect(home.stage.locator("[data-view=inside]")).to_contain_text("roll 50 of sequence 2")
    unit, beats = core(2, 149)
    home.press("i", "i")
    expect(heading(home)).to_contain_text("pairs of states")
    (pairs,) = (beat for beat in beats if beat.what == "pairs")
    home.wait_plot("inside", "trace('weights').text.length === 4")
    assert home.plot("inside", "Array.from(trace('weights').text)") == [
        chain_words.short(entry) for entry in pairs.found.ravel()
    ]
    home.press("i", "i")
    expect(heading(home)).to_contain_text("new transition matrix")
    (matrix,) = (beat for beat in beats if beat.what == "transition_matrix")
    shown = np.array(home.plot("data", "Array.from(trace('transitions').z, (row) => Array.from(row))"))
    np.testing.assert_allclose(shown, matrix.found, atol=1e-6)


@pytest.mark.exhaustive
def test_the_factors_of_a_point_block_by_block(home):
    settings = for_model(EmSettings(), "factor_analysis")
    run = EmRun.of(settings, "EM")
    _, beats = beats_of(run.moment(1), 3)
    home.open("model=factor_analysis&cursor=0&schedule=E&beat=1&unit=3")
    for number, beat in enumerate(beats, start=1):
        expect(heading(home)).to_contain_text(f"{number} of {len(beats)}: ")
        found = float(home.stage.locator("[data-view=inside] .stage-formula").get_attribute("data-value"))
        assert found in np.ravel(np.asarray(beat.found, dtype=float))
        home.press("i")
    home.at(1)
    home.shows(rows(settings, "E")[1])
