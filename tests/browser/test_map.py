"""The MAP page in a real browser: what a reader sees and does, against the core's own numbers."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from em_core.observe.solving import RACERS
from em_core.sparse_coding import SOLVERS
from em_core.sparse_coding.experiment import SparseCodingExperiment, run
from tests.browser.conftest import watch
from tests.browser.reader import Reader
from ui.map.settings import SIGNALS, MapOverrides, MapSettings, for_signal

APP = Path(__file__).parents[2] / "app.py"
TOY = MapSettings()
PATCH = for_signal(TOY, "patch8")
TITLES = {name: solver.title for name, solver in SOLVERS.items()}

expect.set_options(timeout=20_000)


def rows(settings, steps):
    """What the core computes: one entry per step, and how the run goes on the command line."""
    return run(SparseCodingExperiment.parse(settings.experiment(steps)))["steps"]


def numbers_of(row):
    return [row["objective"], row["duality_gap"], row["support_size"]]


class Map(Reader):
    """The page and what a reader reads on it."""

    path, labels, figures = "map", ("Objective", "Certified gap", "Not 0"), 6

    def expected(self, row):
        return numbers_of(row)

    def step(self, to):
        self.button("Step").click()
        self.at(to)


@pytest.fixture
def map_page(page, serve):
    return Map(page, serve(APP).url)


# --- stepping ---------------------------------------------------------------------------------------------------


def test_opens_and_steps(map_page):
    map_page.open()
    expected = rows(TOY, 8)
    map_page.shows(expected[0])
    assert map_page.fits() and map_page.numbers()[2] == 0
    for to in (1, 2, 3):
        map_page.step(to)
        map_page.shows(expected[to])
        assert map_page.numbers()[0] < expected[to - 1]["objective"]
        # the point glides there
        map_page.wait_plot("picture", f"Math.abs(plot.data[6].x[0] - {expected[to]['code'][0]!r}) < 1e-5")
    expect(map_page.caption).to_contain_text("A gradient step on the fit, then a shrink towards 0.")
    map_page.button("Back").click()
    map_page.at(2)
    map_page.shows(expected[2])
    query = map_page.address("cursor=2")
    assert query == {"steps": "3", "cursor": "2"}
    map_page.button("Start").click()
    map_page.at(0)
    map_page.shows(expected[0])
    assert map_page.fits()


def test_play_scrub_chips_and_click(map_page):
    map_page.open("steps=12&cursor=0")
    expected = rows(TOY, 60)
    map_page.page.select_option(".stage-speed", "4")
    map_page.button("Play").click()
    map_page.page.wait_for_function("Number(document.querySelector('.stage').dataset.frame) >= 3")
    map_page.button("Pause").click()
    map_page.shows(expected[map_page.frame()])
    box = map_page.stage.get_by_role("slider", name="Position").bounding_box()
    middle = box["y"] + box["height"] / 2
    map_page.page.mouse.move(box["x"] + 5, middle)
    map_page.page.mouse.down()
    map_page.page.mouse.move(box["x"] + 0.6 * box["width"], middle, steps=5)
    map_page.page.mouse.up()
    scrubbed = map_page.frame()
    assert scrubbed > 4  # of all that Play had computed ahead
    map_page.shows(expected[scrubbed])
    map_page.button("Go to step 2").click()
    map_page.at(2)
    map_page.shows(expected[2])


@pytest.mark.parametrize("solver", ["ista", "coordinate_descent", "homotopy", "feature_sign", "omp"])
def test_the_end_says_why_nothing_follows(map_page, solver):
    map_page.open(f"solver={solver}" if solver != "ista" else "")
    map_page.button("End").click()
    expect(map_page.page.locator(".stage-main")).to_have_attribute("aria-disabled", "true")
    frame = map_page.frame()
    expected = rows(replace(TOY, solver=solver), frame)
    assert frame > 0 and len(expected) == frame + 1
    map_page.shows(expected[-1])
    said = "Certified: this is the most likely code" if solver in ("ista", "coordinate_descent") else "solver is done"
    expect(map_page.page.get_by_text(said)).to_be_visible()
    if solver != "omp":
        assert map_page.numbers()[1] < 1e-9
        for _ in range(50):  # the point glides there
            if map_page.trace("picture", 6, "x") == pytest.approx(map_page.trace("picture", 5, "x"), abs=1e-5):
                break
            map_page.page.wait_for_timeout(100)
        assert map_page.trace("picture", 6, "x") == pytest.approx(map_page.trace("picture", 5, "x"), abs=1e-5)
    map_page.press("ArrowRight")  # nothing there
    map_page.button("Back").click()
    map_page.at(frame - 1)
    map_page.shows(expected[-2])
    expect(map_page.button("Step")).to_be_enabled()


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_on_a_patch(map_page, solver):
    """Chosen in the sidebar, stepped by keys."""
    map_page.open("signal=patch8")
    if solver != "ista":
        map_page.choose("Solver", TITLES[solver])
        map_page.address(f"solver={solver}")
        expect(map_page.page.locator(".stage-main")).to_contain_text(TITLES[solver])
    map_page.press("ArrowRight", "ArrowRight", "ArrowRight")
    map_page.at(3)
    row = rows(replace(PATCH, solver=solver), 3)[3]
    map_page.shows(row)
    code = np.array(row["code"])
    heights = map_page.trace("code", 1, "y")
    np.testing.assert_allclose(heights, code[code != 0], rtol=1e-5)
    if solver == "lca":
        potentials = map_page.trace("code", 3, "y")
        assert len(potentials) == 96 and np.count_nonzero(potentials) > np.count_nonzero(code)
    else:
        assert map_page.plot("code", "plot.data.length") == 3


@pytest.mark.parametrize("signal", SIGNALS)
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
    expect(map_page.metric("Not 0")).to_have_text(f"0 of {len(last['code'])}")
    map_page.shows(first)
    map_page.step(1)
    map_page.step(2)
    map_page.shows(last)
    kinds = {"toy2": "scatter", "toy3": "scatter", "spikes": "scatter"}
    assert map_page.plot("signal", "plot.data[0].type") == kinds.get(signal, "heatmap")
    assert map_page.fits() and map_page.page.locator(".notice").count() == 0


# --- within a step ----------------------------------------------------------------------------------------------


def test_the_scrubber_moves_the_point_and_the_numbers(map_page):
    map_page.open("steps=2&cursor=2", 2)
    before, after = rows(TOY, 2)[1:]
    scrubber = map_page.stage.get_by_role("slider", name="Gradient, then shrink")
    scrubber.focus()
    map_page.press(*["ArrowLeft"] * 20)
    expect(scrubber).to_have_attribute("aria-valuetext", "0")
    map_page.shows(before)
    assert map_page.trace("picture", 6, "x") == pytest.approx([before["code"][0]])
    map_page.press(*["ArrowRight"] * 10)
    expect(scrubber).to_have_attribute("aria-valuetext", "1")
    moved = map_page.trace("picture", 6, "x")[0]
    assert moved == pytest.approx(map_page.trace("picture", 2, "x")[-2])  # at the end of the gradient line
    assert map_page.numbers()[0] != before["objective"]
    into, out = (map_page.trace("shrink", 2, axis) for axis in "xy")
    assert into == out
    map_page.press(*["ArrowRight"] * 10)
    expect(scrubber).to_have_attribute("aria-valuetext", "2")
    map_page.shows(after)
    assert map_page.frame() == 2
    map_page.page.locator(".stage-main").focus()
    map_page.press("ArrowRight")
    map_page.at(3)


def test_coordinate_descents_scrubber_sets_one_after_another(map_page):
    map_page.open("signal=patch8&solver=coordinate_descent&steps=1&cursor=1", 1)
    expected = rows(replace(PATCH, solver="coordinate_descent"), 1)[1]
    scrubber = map_page.stage.get_by_role("slider", name="Coefficient")
    scrubber.focus()
    map_page.press("Home")
    expect(scrubber).to_have_attribute("aria-valuetext", "0")
    expect(map_page.metric("Not 0")).to_have_attribute("data-value", "0")
    used, costs = [0], [map_page.numbers()[0]]
    for stop in range(1, 31):
        map_page.press("ArrowRight")
        expect(scrubber).to_have_attribute("aria-valuetext", str(stop))
        used.append(int(map_page.numbers()[2]))
        costs.append(map_page.numbers()[0])
        assert max(map_page.trace("code", 1, "x"), default=0) <= stop
    assert used[-1] == np.count_nonzero(expected["code"][:30]) > 0
    assert all(b - a in (0, 1) for a, b in zip(used, used[1:], strict=False))
    assert costs == sorted(costs, reverse=True)
    map_page.press("End")
    expect(scrubber).to_have_attribute("aria-valuetext", "96")
    map_page.shows(expected)


# --- λ, β, the race ---------------------------------------------------------------------------------------------


def test_lambda_and_beta(map_page):
    map_page.open("steps=3&cursor=3", 3)
    penalty = map_page.slider("λ: sparsity")
    penalty.focus()
    map_page.press("ArrowRight")
    map_page.address("penalty=0.8")
    map_page.at(0)
    map_page.wait_plot("path", "plot.data[1].x[0] === 0.8")
    map_page.press("ArrowRight")  # the slider keeps the arrows, and goes on
    map_page.address("penalty=1")
    map_page.wait_plot("path", "plot.data[1].x[0] === 1")
    map_page.button("Step").click()
    map_page.at(1)
    map_page.shows(rows(replace(TOY, penalty=1.0), 1)[1])
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


def test_a_large_lambda_gives_exactly_0(map_page):
    map_page.open("penalty=1.6")
    largest = SparseCodingExperiment.parse(TOY.experiment(0)).problem.lambda_max
    assert largest == pytest.approx(1.63, abs=0.01)
    map_page.slider("λ: sparsity").focus()
    map_page.press("ArrowRight")
    map_page.address("penalty=2")
    expect(map_page.page.locator(".stage-main")).to_have_attribute("aria-disabled", "true")
    assert map_page.numbers()[1:] == [0, 0] and map_page.trace("code", 1, "y") == []
    map_page.open("penalty=2")  # the same by a link
    expect(map_page.page.get_by_text("Certified: this is the most likely code")).to_be_visible()


def test_race_and_support(map_page):
    map_page.open("steps=6&cursor=6", 6)
    for label, figure in (("Race", "race"), ("By work", "work")):
        map_page.button(label).click()
        map_page.wait_plot(figure, f"plot.offsetWidth > 0 && plot.data?.length === {len(RACERS) + 1}")
        assert map_page.plot(figure, "plot.data.slice(0, -1).map((t) => t.name)") == [TITLES[n] for n in RACERS]
    ista = map_page.trace("race", 0, "y")
    least = float(map_page.numbers()[0]) - map_page.trace("race", len(RACERS), "y")[0]
    heights = [row["objective"] - least for row in rows(TOY, 6)]
    assert ista[:6] == pytest.approx(heights[1:], rel=1e-4)
    map_page.button("Support").click()
    map_page.wait_plot("support", "plot.offsetWidth > 0 && plot.data[0].y.length === 7")
    assert map_page.trace("support", 0, "y") == [row["support_size"] for row in rows(TOY, 6)]
    map_page.button("Certificate").click()
    map_page.wait_plot("progress", "plot.offsetWidth > 0 && plot.data[0].y.length === 6")
    gaps = [row["duality_gap"] for row in rows(TOY, 6)]
    assert map_page.trace("progress", 1, "y") == pytest.approx(gaps[1:], rel=1e-9)


# --- the picture ------------------------------------------------------------------------------------------------


def test_zoom_survives_and_no_figure_is_built_again(map_page):
    map_page.open()
    map_page.page.evaluate(
        "document.querySelectorAll('.stage .main-svg').forEach((node) => (node.marked = true));"
        "window.built = 0; const { newPlot } = Plotly;"
        "Plotly.newPlot = (...given) => { built += 1; return newPlot(...given) };"
        "null"
    )
    low = map_page.plot("picture", "plot._fullLayout.xaxis.range[0]")
    box = map_page.page.locator("[data-figure=picture] .nsewdrag").bounding_box()
    map_page.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.2 * box["height"])
    map_page.page.mouse.down()
    map_page.page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.7 * box["height"], steps=5)
    map_page.page.mouse.up()
    map_page.wait_plot("picture", f"plot._fullLayout.xaxis.range[0] > {low} + 0.1")
    zoomed = map_page.plot("picture", "plot._fullLayout.xaxis.range.slice()")
    for to in (1, 2, 3):
        map_page.press("ArrowRight")
        map_page.at(to)
    map_page.page.wait_for_timeout(500)  # glides have arrived
    assert map_page.plot("picture", "plot._fullLayout.xaxis.range.slice()") == zoomed
    assert map_page.page.evaluate("[...document.querySelectorAll('.stage .main-svg')].every((node) => node.marked)")
    assert map_page.page.evaluate("built") == 0


def test_dragging_the_code_starts_from_there(map_page, browser, page_errors):
    map_page.open("steps=2&cursor=2", 2)
    before = map_page.numbers()
    box = map_page.stage.get_by_role("button", name="Start of h").bounding_box()
    left, top = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    map_page.page.mouse.move(left, top)
    map_page.page.mouse.down()
    map_page.page.mouse.move(left - 60, top - 40, steps=5)
    map_page.page.mouse.up()
    map_page.at(0)
    expect(map_page.page.locator(".stage-chip")).to_have_count(1)
    map_page.page.wait_for_timeout(600)  # the point glides to where it was dropped
    dropped = [map_page.trace("picture", 6, axis)[0] for axis in "xy"]
    assert map_page.numbers()[0] > before[0]
    expected = rows(replace(TOY, overrides=MapOverrides(start={"code": dropped})), 1)
    map_page.shows(expected[0])
    map_page.step(1)
    map_page.shows(expected[1])
    assert map_page.address("cursor=1")["given"]
    other = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()  # the link holds the start
    watch(other, page_errors)
    there = Map(other, map_page.url).open(map_page.page.url.split("?")[1], 1)
    assert there.numbers() == map_page.numbers()
    other.context.close()
    map_page.button("Reset").click()
    map_page.at(0)
    map_page.shows(rows(TOY, 1)[0])
    map_page.button("New signal").click()
    map_page.address("v1=")
    map_page.at(0)
    map_page.shows(rows(replace(TOY, v1=0.78, v2=1.46), 1)[0])


# --- links ------------------------------------------------------------------------------------------------------


def test_link_to_a_fresh_server(map_page, serve, browser, page_errors, tmp_path):
    """The new server's very first visitor comes straight to this page."""
    map_page.open("signal=digit&solver=fista&restart=yes&number=17&penalty=0.5&stride=0.9&steps=7&cursor=7", 7)
    chosen = replace(for_signal(TOY, "digit"), solver="fista", restart=True, number=17, penalty=0.5, stride=0.9)
    map_page.shows(rows(chosen, 7)[7])
    map_page.button("Back").click()
    map_page.address("cursor=6")
    numbers, link = map_page.numbers(), map_page.page.url.split("?")[1]
    restarted = type(serve(APP))(APP, tmp_path / "log", ())
    other = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    watch(other, page_errors)
    try:
        there = Map(other, restarted.url).open(link, 6)
        assert there.numbers() == numbers
        expect(other.locator(".stage-chip")).to_have_count(8)
        assert other.locator(".notice").count() == 0 and there.fits()
        expect(other.get_by_role("link", name="EM, step by step")).to_be_visible()
        assert other.title() == "ELBO Room"
        there.button("Step").click()
        there.at(7)
    finally:
        other.context.close()
        restarted.stop()


def test_link_with_nonsense(map_page):
    nonsense = {"signal": "photo", "solver": "lasso", "penalty": "-1", "v1": "nan", "number": "1000", "stride": "x",
                "given": "abc", "steps": "1001", "cursor": "12"}  # fmt: skip
    map_page.open("&".join(f"{name}={value}" for name, value in nonsense.items()))
    warnings = map_page.page.locator(".notice")
    expect(warnings).to_have_count(len(nonsense))
    said = warnings.all_inner_texts()
    for name, value in nonsense.items():
        assert any(name in text and value in text for text in said), (name, said)
    assert all("\n" not in text.strip() and "Traceback" not in text for text in said)
    map_page.shows(rows(TOY, 1)[0])  # the defaults
    map_page.step(1)
    expect(warnings).to_have_count(0)


# --- files ------------------------------------------------------------------------------------------------------


def test_the_readers_own_dictionary(map_page):
    map_page.open("signal=patch8&steps=1&cursor=1", 1)
    shown = map_page.numbers()
    map_page.page.get_by_text("Your own dictionary", exact=True).click()
    good = np.random.default_rng(0).normal(size=(64, 20)).round(3)
    spoiled = {name: good.copy() for name in ("nan", "zero")}
    spoiled["nan"][5, 3], spoiled["zero"][:, 4] = np.nan, 0
    bad = {
        "rows.csv": (good[:60], "data.dictionary"),
        "nan.csv": (spoiled["nan"], "data.dictionary"),
        "zero.csv": (spoiled["zero"], "data.dictionary, column 4"),
    }
    texts = {name: ("\n".join(",".join(map(str, row)) for row in m), said) for name, (m, said) in bad.items()}
    texts |= {
        "text.csv": ("a,b\n1,2", "expected a table of numbers with commas"),
        "ragged.csv": ("1,2\n3", "file: "),
        "empty.csv": ("", "empty.csv"),
    }
    for name, (text, said) in texts.items():
        map_page.upload(1, name, text)
        error = map_page.page.locator(".notice").get_by_text(f"{name}: ")
        expect(error).to_contain_text(said)
        expect(error).to_contain_text("The run on the page stays.")
        assert map_page.numbers() == shown
    map_page.upload(1, "good.csv", "\n".join(",".join(map(str, row)) for row in good))
    map_page.at(0)
    expect(map_page.page.locator(".notice")).to_have_count(0)
    chosen = PATCH.with_dictionary(good)
    expect(map_page.metric("Not 0")).to_have_text("0 of 20")
    map_page.step(1)
    map_page.shows(rows(chosen, 1)[1])
    map_page.choose("Solver", TITLES["homotopy"])  # the dictionary stays
    expect(map_page.page.locator(".stage-main")).to_contain_text("Homotopy")
    map_page.step(1)
    map_page.shows(rows(replace(chosen, solver="homotopy"), 1)[1])


def test_experiment_files(map_page, tmp_path):
    map_page.open("signal=spikes&solver=lca&dt=0.5&steps=4&cursor=4", 4)
    shown = map_page.numbers()
    map_page.page.get_by_text("Experiment file", exact=True).click()
    with map_page.page.expect_download() as download:
        map_page.page.get_by_role("button", name="Save this run").click()
    saved = tmp_path / "experiment.json"
    download.value.save_as(saved)
    command = [sys.executable, "-m", "em_core", "run", str(saved)]
    replayed = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=APP.parent).stdout)
    assert len(replayed["steps"]) == 5
    assert shown == pytest.approx(numbers_of(replayed["steps"][-1]), rel=1e-12, abs=1e-12)

    map_page.upload(0, "bad.json", '{"model": "hmm"}')
    error = map_page.page.get_by_text("bad.json: model: 'hmm' is not valid")
    error.wait_for()
    assert map_page.numbers() == shown
    map_page.choose("Solver", TITLES["ista"])
    map_page.at(0)
    error.wait_for(state="detached")
    map_page.upload(0, "good.json", saved.read_text())
    map_page.at(4)
    assert map_page.numbers() == shown
    expect(map_page.slider("Time step dt/τ")).to_have_value("0.5")
    expect(map_page.page.get_by_text("from the file that you opened")).to_be_visible()
    diverges = MapSettings(stride=2.5, penalty=0.01).experiment(40)
    map_page.upload(0, "diverges.json", json.dumps(diverges))
    expect(map_page.caption).to_contain_text("Stopped: diverged at step")
    expect(map_page.page.get_by_text("The run stopped here.")).to_be_visible()
    assert map_page.page.locator(".stage-main").get_attribute("aria-disabled") == "true"
    last = run(SparseCodingExperiment.parse(diverges))["steps"][-1]
    map_page.at(last["index"])
    map_page.shows(last)


# --- keys, other pages ------------------------------------------------------------------------------------------


def test_keys(map_page):
    map_page.open()
    expected = rows(TOY, 3)
    map_page.press("ArrowRight", "ArrowRight", "ArrowRight")
    map_page.at(3)
    map_page.shows(expected[3])
    map_page.press("ArrowLeft")
    map_page.at(2)
    map_page.shows(expected[2])
    map_page.press(" ")
    map_page.button("Pause").wait_for()
    map_page.press(" ")
    map_page.button("Play").wait_for()
    # right after moving a slider of the sidebar its arrows are its own; Space and the stage's button are not
    map_page.slider("v₁").focus()
    map_page.press("ArrowRight")
    map_page.address("v1=1.55")
    map_page.at(0)
    map_page.press(" ")
    map_page.button("Pause").wait_for()
    map_page.press(" ")
    map_page.button("Pause").or_(map_page.button("Play")).focus()
    map_page.button("Play").wait_for()
    frame = map_page.frame()
    map_page.press("ArrowRight")
    map_page.at(frame + 1)
    map_page.shows(rows(replace(TOY, v1=1.55), frame + 1)[frame + 1])


def test_each_page_keeps_its_run_and_its_address(map_page):
    map_page.open("signal=patch8&solver=fista&steps=4&cursor=3", 3)
    numbers = map_page.numbers()
    map_page.page.get_by_role("link", name="EM, step by step").click()
    map_page.metric("ELBO").wait_for()
    map_page.at(0)
    map_page.page.wait_for_function("location.pathname === '/' && location.search === ''")
    map_page.button("E-step").click()
    map_page.at(1)
    elbo = map_page.metric("ELBO").get_attribute("data-value")
    map_page.page.get_by_role("link", name="MAP inference").click()
    map_page.metric("Objective").wait_for()
    map_page.at(3)
    assert map_page.numbers() == numbers
    query = map_page.address("cursor=3")
    assert query == {"signal": "patch8", "solver": "fista", "steps": "4", "cursor": "3"}
    map_page.step(4)
    map_page.shows(rows(replace(PATCH, solver="fista"), 4)[4])
    map_page.page.get_by_role("link", name="EM, step by step").click()
    map_page.metric("ELBO").wait_for()
    map_page.at(1)
    assert map_page.metric("ELBO").get_attribute("data-value") == elbo
    assert map_page.address("cursor=1")["schedule"] == "E"
