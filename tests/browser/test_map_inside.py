"""Inside a solver's step on the MAP page in a real browser, against the core's own numbers."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from em_core.observe.beats import solvers as core
from em_core.sparse_coding import SOLVERS
from em_core.sparse_coding.experiment import SparseCodingExperiment
from tests.browser.map_page import APP, PATCH, TOY, Map, rows

expect.set_options(timeout=20_000)
IN_TURN = replace(TOY, solver="coordinate_descent", penalty=0.3)
LEAKY = replace(TOY, solver="lca", dt=0.6)


@pytest.fixture
def map_page(page, serve):
    return Map(page, serve(APP).url)


def beats(settings, step, unit):
    """The beats of step number `step`, as the core works them out."""
    experiment = SparseCodingExperiment.parse(settings.experiment(step))
    state = experiment.first_state()
    for _ in range(step):
        before, state = state, SOLVERS[experiment.solver].step(experiment.problem, state)
    chosen = core.chosen(before, state) if unit is None else unit
    return core.beats(experiment.problem, experiment.solver, before, state, chosen)


def at_beat(map_page, number, of):
    """Wait until this beat is in view; the number behind its formula."""
    card = map_page.page.locator("[data-view=inside]")
    expect(card.locator("h2")).to_contain_text(f"{number} of {of}")
    expect(card.locator(".katex-error")).to_have_count(0)
    return float(card.locator(".stage-formula").get_attribute("data-value"))


def test_a_sweep_beat_by_beat_with_the_key(map_page):
    map_page.open("solver=coordinate_descent&penalty=0.3")
    found, expected = beats(IN_TURN, 1, None), rows(IN_TURN, 1)
    for number, beat in enumerate(found, start=1):
        map_page.press("i")
        value = at_beat(map_page, number, len(found))
        exact = beat.values["size"] if beat.what == "residual" else beat.found
        assert value == pytest.approx(exact, rel=1e-12)
        assert map_page.frame() == 0
        if beat.what in ("value", "objective"):
            height = beat.values["value"]
            map_page.wait_plot("code", f"Math.abs(trace('followed').y[1] - {height!r}) < 1e-9")
        if beat.what == "shrunk":
            assert map_page.trace("inside.point", "x") == [beat.values["pull"]]
            assert map_page.trace("inside.point", "y") == [beat.found]
        if beat.what == "objective":
            assert float(map_page.metric("Objective").get_attribute("data-value")) == pytest.approx(beat.found)
    # what the beat is not about steps back
    expect(map_page.page.locator("[data-view=path]")).to_have_attribute("data-aside", "")
    expect(map_page.page.locator("[data-view=code]")).not_to_have_attribute("data-aside", "")
    assert map_page.address("beat=10")["solver"] == "coordinate_descent"
    map_page.press("ArrowLeft")
    at_beat(map_page, 9, len(found))
    map_page.press("ArrowRight", "ArrowRight")
    map_page.at(1)
    map_page.shows(expected[1])
    expect(map_page.page.locator(".stage[data-inside]")).to_have_count(0)
    assert map_page.trace("code.followed", "y") == []
    map_page.button("Back").click()
    map_page.at(0)
    map_page.shows(expected[0])


@pytest.mark.exhaustive
def test_a_coefficient_is_chosen_and_a_link_leads_there(map_page, other_page):
    map_page.open("solver=lca&dt=0.6&steps=4&cursor=3", 3)
    card = map_page.page.locator("[data-view=inside]")
    map_page.press("i")
    found = beats(LEAKY, 4, None)
    at_beat(map_page, 1, len(found))
    map_page.press("i", "i")
    assert at_beat(map_page, 3, len(found)) == pytest.approx(found[2].found[found[2].at["unit"]])
    other = 1 - found[2].at["unit"]
    map_page.press("ArrowDown" if other else "ArrowUp")
    expect(card.locator(".stage-units")).to_contain_text(f"h{'₁₂'[other]} of 2")
    assert at_beat(map_page, 3, len(found)) == pytest.approx(beats(LEAKY, 4, other)[2].found[other])
    assert map_page.address(f"unit={other}")["beat"] == "3"
    there = Map(other_page, map_page.url).open(map_page.page.url.split("?")[1], 3)
    assert at_beat(there, 3, len(found)) == pytest.approx(beats(LEAKY, 4, other)[2].found[other])
    map_page.press("Escape")
    expect(map_page.page.locator(".stage[data-inside]")).to_have_count(0)
    map_page.at(3)
    map_page.shows(rows(LEAKY, 4)[3])


@pytest.mark.exhaustive
def test_a_patch_has_few_beats_and_other_solvers_none(map_page):
    map_page.open("signal=patch8&solver=coordinate_descent&steps=1&cursor=1", 1)
    settings = replace(PATCH, solver="coordinate_descent")
    found = beats(settings, 2, None)
    map_page.button("Step inside").first.click()
    at_beat(map_page, 1, len(found))
    assert len(found) <= 16
    map_page.press(*["i"] * (len(found) - 1))
    assert at_beat(map_page, len(found), len(found)) == pytest.approx(rows(settings, 2)[2]["objective"])
    expect(map_page.caption).to_contain_text(f"{found[-1].values['zeros']} stayed at exactly 0")
    map_page.press("i")
    map_page.at(2)
    map_page.shows(rows(settings, 2)[2])
    map_page.choose("Solver", "ADMM")
    map_page.address("solver=admm")
    expect(map_page.page.locator("[data-view=inside]")).to_have_count(0)
