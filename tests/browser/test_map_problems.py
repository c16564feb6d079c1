"""Solvers, signals and λ on the MAP page in a real browser, against the core's own numbers."""

from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import expect

from em_core.observe.solving import RACERS
from em_core.observe.widened import Widened
from em_core.sparse_coding import SOLVERS
from em_core.sparse_coding.experiment import SparseCodingExperiment
from tests.browser.map_page import APP, PATCH, TITLES, TOY, Map, rows
from tests.browser.reader import some, stands
from ui.map.settings import SIGNALS, for_signal

expect.set_options(timeout=20_000)


@pytest.fixture
def map_page(page, serve):
    return Map(page, serve(APP).url)


@pytest.mark.exhaustive
@pytest.mark.parametrize("solver", some(["coordinate_descent", "homotopy", "feature_sign", "omp"], "ista"))
def test_the_end_says_why_nothing_follows(map_page, solver):
    map_page.open(f"solver={solver}" if solver != "ista" else "")
    map_page.button("End").click()
    expect(map_page.page.locator(".stage-main")).to_have_attribute("aria-disabled", "true")
    frame = map_page.frame()
    expected = rows(replace(TOY, solver=solver), frame)
    assert frame > 0 and len(expected) == frame + 1
    map_page.shows(expected[-1])
    said = (
        "Proven: this is the most probable code" if solver in ("ista", "coordinate_descent") else "solver has finished"
    )
    expect(map_page.page.get_by_text(said)).to_be_visible()
    if solver != "omp":
        assert map_page.numbers()[1] < 1e-9
        for _ in range(50):  # the point glides there
            if map_page.trace("picture.here", "x") == pytest.approx(map_page.trace("picture.optimum", "x"), abs=1e-5):
                break
            map_page.page.wait_for_timeout(100)
        assert map_page.trace("picture.here", "x") == pytest.approx(map_page.trace("picture.optimum", "x"), abs=1e-5)
    map_page.press("ArrowRight")  # nothing there
    map_page.button("Back").click()
    map_page.at(frame - 1)
    map_page.shows(expected[-2])
    expect(map_page.button("Step")).to_be_enabled()


@pytest.mark.exhaustive
@pytest.mark.parametrize("solver", some(SOLVERS, "fista", "lca"))
def test_every_solver_on_a_patch(map_page, solver):
    """Chosen in the sidebar, stepped by keys."""
    map_page.open("signal=patch8")
    if solver != "ista":
        map_page.choose("Solver", TITLES[solver])
        map_page.address(f"solver={solver}")
        expect(map_page.page.locator(".stage-next")).to_contain_text(TITLES[solver])
    map_page.press("ArrowRight", "ArrowRight", "ArrowRight")
    map_page.at(3)
    row = rows(replace(PATCH, solver=solver), 3)[3]
    map_page.shows(row)
    code = np.array(row["code"])
    heights = map_page.trace("code.heads", "y")
    np.testing.assert_allclose(heights, code[code != 0], rtol=1e-5)
    if solver == "lca":
        potentials = map_page.trace("code.potential", "y")
        assert len(potentials) == 96 and np.count_nonzero(potentials) > np.count_nonzero(code)
    else:
        assert "potential" not in map_page.plot("code", "plot.data.map((trace) => trace.meta)")


@pytest.mark.exhaustive
@pytest.mark.parametrize("signal", some(SIGNALS, "toy2", "patch8"))
def test_every_signal_opens(map_page, signal):
    if signal == "toy2":
        map_page.open("signal=toy3")
    else:
        map_page.open()
    map_page.choose("Signal", SIGNALS[signal])
    chosen = for_signal(TOY, signal)
    if signal == "toy2":
        map_page.wait_plot("signal", "plot.data.length === 6")
    else:
        map_page.address(f"signal={signal}")
    first, *_, last = rows(chosen, 2)
    expect(map_page.metric("Nonzero coefficients")).to_have_text(f"0 of {len(last['code'])}")
    map_page.shows(first)
    map_page.step(1)
    map_page.step(2)
    map_page.shows(last)
    kinds = {"toy2": "scatter", "toy3": "scatter", "spikes": "scatter"}
    assert map_page.plot("signal", "trace('signal').type") == kinds.get(signal, "heatmap")
    assert map_page.fits() and map_page.page.locator(".notice").count() == 0


@pytest.mark.exhaustive
def test_coordinate_descents_scrubber_sets_one_after_another(map_page):
    map_page.open("signal=patch8&solver=coordinate_descent&steps=1&cursor=1", 1)
    expected = rows(replace(PATCH, solver="coordinate_descent"), 1)[1]
    scrubber = map_page.stage.get_by_role("slider", name="Coefficient")
    scrubber.focus()
    map_page.press("Home")
    stands(scrubber, "0")
    expect(map_page.metric("Nonzero coefficients")).to_have_attribute("data-value", "0")
    used, costs = [0], [map_page.numbers()[0]]
    for stop in range(1, 31):
        map_page.press("ArrowRight")
        stands(scrubber, str(stop))
        used.append(int(map_page.numbers()[2]))
        costs.append(map_page.numbers()[0])
        assert max(map_page.trace("code.heads", "x"), default=0) <= stop
    assert used[-1] == np.count_nonzero(expected["code"][:30]) > 0
    assert all(b - a in (0, 1) for a, b in zip(used, used[1:], strict=False))
    assert costs == sorted(costs, reverse=True)
    map_page.press("End")
    stands(scrubber, "96")
    map_page.shows(expected)


def test_lambda_and_beta(map_page):
    map_page.open("steps=3&cursor=3", 3)
    penalty = map_page.slider("λ: sparsity")
    penalty.focus()
    map_page.press("ArrowRight")
    map_page.address("penalty=0.8")
    map_page.at(3)  # as many steps, for another λ
    map_page.shows(rows(replace(TOY, penalty=0.8), 3)[3])
    map_page.wait_plot("path", "trace('penalty').x[0] === 0.8")
    map_page.press("ArrowRight")  # the slider keeps the arrows, and goes on
    map_page.address("penalty=1")
    map_page.wait_plot("path", "trace('penalty').x[0] === 1")
    map_page.button("Step").click()
    map_page.at(4)
    map_page.shows(rows(replace(TOY, penalty=1.0), 4)[4])
    precision = map_page.slider("β: precision of the noise")
    precision.focus()
    map_page.press("ArrowRight", "ArrowRight")
    map_page.address("precision=1.5")
    map_page.at(0)
    chosen = replace(TOY, penalty=1.0, precision=1.5)
    map_page.shows(rows(chosen, 1)[0])
    map_page.button("Step").click()
    map_page.at(1)
    map_page.shows(rows(chosen, 1)[1])


@pytest.mark.exhaustive
def test_a_large_lambda_gives_exactly_0(map_page):
    map_page.open("penalty=1.6")
    largest = SparseCodingExperiment.parse(TOY.experiment(0)).problem.lambda_max
    assert largest == pytest.approx(1.63, abs=0.01)
    map_page.slider("λ: sparsity").focus()
    map_page.press("ArrowRight")
    map_page.address("penalty=2")
    expect(map_page.page.locator(".stage-main")).to_have_attribute("aria-disabled", "true")
    map_page.wait_plot("code", "Array.from(trace('heads').y).every((height) => height === 0)")
    assert map_page.numbers()[1:] == [0, 0]
    map_page.open("penalty=2")  # the same by a link
    expect(map_page.page.get_by_text("Proven: this is the most probable code")).to_be_visible()


@pytest.mark.exhaustive
def test_race_and_support(map_page):
    map_page.open("steps=6&cursor=6", 6)
    for label, figure in (("Race", "race"), ("By work", "work")):
        map_page.button(label).click()
        map_page.wait_plot(figure, f"plot.offsetWidth > 0 && plot.data?.length === {len(RACERS) + 1}")
        assert map_page.plot(figure, "plot.data.slice(0, -1).map((t) => t.name)") == [TITLES[n] for n in RACERS]
    ista = map_page.trace("race.ista", "y")
    least = float(map_page.numbers()[0]) - map_page.trace("race.here", "y")[0]
    heights = [row["objective"] - least for row in rows(TOY, 6)]
    assert ista[:6] == pytest.approx(heights[1:], rel=1e-4)
    map_page.button("Support").click()
    map_page.wait_plot("support", "plot.offsetWidth > 0 && trace('support').y.length === 7")
    assert map_page.trace("support.support", "y") == [row["support_size"] for row in rows(TOY, 6)]
    map_page.button("Convergence").click()
    map_page.wait_plot("progress", "plot.offsetWidth > 0 && trace('objective').y.length === 6")
    gaps = [row["duality_gap"] for row in rows(TOY, 6)]
    assert map_page.trace("progress.gap", "y") == pytest.approx(gaps[1:], rel=1e-9)


@pytest.mark.exhaustive
def test_the_best_gaussian_stands_beside_the_map(map_page, other_page):
    """A switch, rings over the landscape that are told under the mouse, its ELBO in the numbers and as a picture."""
    map_page.open("steps=2&cursor=2", 2)
    problem = SparseCodingExperiment.parse(TOY.experiment(0)).problem
    widened = Widened(problem)
    q, terms = widened.q, widened.bound
    map_page.page.get_by_text("The best Gaussian q", exact=True).click()
    assert map_page.address("gaussian=yes")["cursor"] == "2"
    map_page.at(2)
    expect(map_page.metric("ELBO")).to_have_attribute("data-value", repr(terms.elbo))
    expect(map_page.metric("log p(v)")).to_have_attribute("data-value", repr(terms.log_evidence))
    map_page.shows(rows(TOY, 2)[2])
    assert map_page.trace("picture.mean of q", "x") == pytest.approx([q.mean[0]])
    across = map_page.trace("picture.ring 2", "x")
    assert max(across) == pytest.approx(q.mean[0] + 2 * q.width[0], abs=1e-4)
    card = map_page.page.locator("[data-view=picture]")
    expect(card.locator(".stage-note")).to_contain_text("MAP point, a Dirac: ELBO −∞")
    # where the outer ring is lowest, under the mouse
    x, y = map_page.plot(
        "picture", "[plot._fullLayout.xaxis, plot._fullLayout.yaxis].map((a) => [a._offset, a._length])"
    )
    low, high = (map_page.plot("picture", f"plot._fullLayout.{axis}axis.range.slice()") for axis in "xy")
    box = map_page.page.locator("[data-figure=picture] .main-svg").first.bounding_box()
    at = box["x"] + x[0] + x[1] * (q.mean[0] - low[0]) / (low[1] - low[0])
    down = box["y"] + y[0] + y[1] * (high[1] - (q.mean[1] - 2 * q.width[1])) / (high[1] - high[0])
    map_page.page.mouse.move(at - 8, down - 8)
    map_page.page.mouse.move(at, down, steps=4)
    told = map_page.page.locator("[data-figure=picture] .hovertext")
    expect(told).to_contain_text("q, 2 standard deviations")
    expect(told).to_contain_text("below log p(v)")
    map_page.button("ELBO").click()
    map_page.wait_plot("shrinking", "plot.offsetWidth > 0 && trace('elbo').y.length > 60")
    assert map_page.trace("shrinking.here", "y") == [terms.elbo]
    there = Map(other_page, map_page.url).open(map_page.page.url.split("?")[1], 2)
    assert there.trace("picture.mean of q", "x") == pytest.approx([q.mean[0]])
    map_page.choose("Signal", SIGNALS["patch8"])  # no landscape, no switch
    map_page.address("signal=patch8")
    expect(map_page.metric("ELBO")).to_have_count(0)
    expect(map_page.page.get_by_text("The best Gaussian q", exact=True)).to_have_count(0)
