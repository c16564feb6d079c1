"""The home page in a real browser: what a reader sees and does, against the core's own numbers."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from em_core.files.report import report
from tests.browser.reader import Reader
from tests.core.cases import reference
from ui.em.run import EmRun
from ui.em.settings import EmSettings as Settings
from ui.em.settings import for_model

APP = Path(__file__).parents[2] / "app.py"
COINS = for_model(Settings(), "binomial_mixture")
LINKAGE = for_model(Settings(), "linkage")
# two points far from the rest and a component for them: its covariance becomes singular
STOPS = {
    "model": "gaussian_mixture",
    "data": {"values": [[0.0, 0.0], [1.0, 0.2], [0.3, 1.0], [50.0, 50.0]]},
    "start": {"weights": [0.5, 0.5], "means": [[0.4, 0.4], [50.0, 50.0]], "covariances": [[[1, 0], [0, 1]]] * 2},
    "schedule": "EM",
}

expect.set_options(timeout=20_000)


def rows(settings, moves):
    """What the core computes: one entry per half-step."""
    run = EmRun.of(settings, moves)
    return report(run.experiment, run.trajectory)["half_steps"]


class Home(Reader):
    """The page and what a reader reads on it."""

    path, labels, figures = "", ("log p(v)", "ELBO", "Gap"), 4

    def open(self, query="", frame=None):
        self.page.goto(f"{self.url}/?{query}")
        self.page.wait_for_selector(".stage .main-svg")
        self.page.wait_for_function("document.querySelectorAll('.stage .js-plotly-plot').length >= 4")
        if frame is not None:
            self.at(frame)
        return self

    def value(self, label):
        return float(self.metric(label).get_attribute("data-value"))

    def place(self, figure, x, y):
        """The pixel of a point of a figure."""
        return self.plot(
            figure,
            "(({_fullLayout: {xaxis, yaxis}}, box) =>"
            f" [box.left + xaxis._offset + xaxis.d2p({x!r}), box.top + yaxis._offset + yaxis.d2p({y!r})]"
            ")(plot, plot.getBoundingClientRect())",
        )

    def drag(self, handle, x, y):
        """Drag a handle by so many pixels."""
        box = self.stage.get_by_role("button", name=handle).bounding_box()
        left, top = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(left, top)
        self.page.mouse.down()
        self.page.mouse.move(left + x, top + y, steps=5)
        self.page.mouse.up()

    def choose(self, label, option):
        field = self.page.get_by_role("combobox", name=label, exact=True)
        field.scroll_into_view_if_needed()
        self.page.wait_for_timeout(300)  # scrolling closes a list
        field.click()
        self.page.get_by_role("option", name=option, exact=True).click()
        self.page.wait_for_timeout(300)
        expect(self.page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")

    def type(self, label, text):
        field = self.page.get_by_role("textbox", name=label, exact=True)
        field.fill(text)
        field.press("Enter")
        self.page.wait_for_timeout(300)
        expect(self.page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        field.blur()  # else the keys are the field's


@pytest.fixture
def home(page, serve):
    return Home(page, serve(APP).url)


def test_opens_with_a_gap_that_the_first_e_step_closes(home):
    home.open()
    assert home.page.title() == "ELBO Room"
    expected = rows(Settings(), "EMEMEM")
    home.shows(expected[0])
    assert home.value("Gap") > 1 and home.metric("Gap").inner_text() == f"{expected[0]['kl']:.3f}"
    assert home.fits()
    for half_step in range(1, 7):
        home.button("E-step" if half_step % 2 else "M-step").click()
        home.at(half_step)
        home.shows(expected[half_step])
        # what the half-step changed is lit: log p only by an M-step
        expect(home.page.locator(".stage-term.lit")).to_have_count(2 if half_step % 2 else 3)
        expect(home.page.locator(".stage-term").first).to_have_class(
            "stage-term" if half_step % 2 else "stage-term lit"
        )
        if half_step == 1:
            assert home.value("Gap") == pytest.approx(0, abs=1e-9)
            assert home.value("log p(v)") == expected[0]["log_evidence"]
            expect(home.page.locator(".stage-caption")).to_contain_text(f"The gap of {expected[0]['kl']:.3f} closed")
    assert home.fits()
    home.button("Back").click()
    home.at(5)
    home.shows(expected[5])
    assert home.address("cursor=5")["schedule"] == "(EM)3"


def test_play_scrub_and_click(home):
    home.open("schedule=(EM)6&cursor=0", 0)
    expected = rows(Settings(), "EM" * 40)  # Play makes more
    home.page.select_option(".stage-speed", "4")
    home.button("Play").click()
    home.page.wait_for_function("Number(document.querySelector('.stage').dataset.frame) >= 3")
    home.button("Pause").click()
    home.shows(expected[home.frame()])
    slider = home.stage.get_by_role("slider", name="Position")
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    home.page.mouse.move(box["x"] + 5, middle)
    home.page.mouse.down()
    home.page.mouse.move(box["x"] + 0.6 * box["width"], middle, steps=5)
    home.page.mouse.up()
    scrubbed = home.frame()
    assert scrubbed > 4
    home.shows(expected[scrubbed])
    home.button("Go to 2 (M)").click()
    home.at(2)
    home.shows(expected[2])
    home.button("All").click()  # the timeline with all half-steps
    home.wait_plot("timeline", "plot._fullLayout && plot.data[0].x.length > 5")
    home.page.mouse.move(*home.place("timeline", 5, expected[5]["elbo"]))
    home.page.mouse.move(*(p + 1 for p in home.place("timeline", 5, expected[5]["elbo"])))
    home.page.wait_for_selector("[data-figure=timeline] .hoverlayer .legend, [data-figure=timeline] .hovertext")
    home.page.mouse.click(*home.place("timeline", 5, expected[5]["elbo"]))
    home.at(5)
    home.shows(expected[5])


def test_switch_of_the_timeline(home):
    home.open("schedule=(EM)8&cursor=16", 16)
    assert home.button("Latest").get_attribute("aria-pressed") == "true"
    shown = home.plot("latest", "plot._fullLayout.xaxis.range.slice()")
    assert shown[0] > 8 and shown[1] < 18  # the latest half-steps alone, whatever came before
    home.button("Gap, log scale").click()
    home.wait_plot("gap", "plot.offsetWidth > 0 && plot.data && plot.data[0].x.length === 17")
    gaps = home.plot("gap", "Array.from(plot.data[0].y)")
    assert gaps[2::2] == pytest.approx([row["kl"] for row in rows(Settings(), "EM" * 8)][2::2], rel=1e-9)
    home.button("All").click()
    home.wait_plot("timeline", "plot.offsetWidth > 0 && plot.data && plot.data[1].x.length === 17")
    home.button("Latest").click()
    home.wait_plot("latest", "plot.offsetWidth > 0 && plot.data[0].x.length === 7")


def test_zoom_survives_and_no_figure_is_built_again(home):
    home.open()
    home.page.evaluate(
        "() => { document.querySelectorAll('.stage .main-svg').forEach((node) => (node.marked = true));"
        " window.built = 0; const { newPlot } = Plotly;"
        " Plotly.newPlot = (...given) => { built += 1; return newPlot(...given) } }"
    )
    box = home.page.locator("[data-figure=data] .nsewdrag").bounding_box()
    home.page.mouse.move(box["x"] + 80, box["y"] + 80)
    home.page.mouse.down()
    home.page.mouse.move(box["x"] + 300, box["y"] + 330, steps=5)
    home.page.mouse.up()
    home.wait_plot("data", "plot._fullLayout.xaxis.range[0] > 1.5")
    zoomed = home.plot("data", "plot._fullLayout.xaxis.range.slice()")
    for half_step in (1, 2, 3):
        home.press("ArrowRight")
        home.at(half_step)
    home.page.wait_for_timeout(500)  # glides have arrived
    assert home.plot("data", "plot._fullLayout.xaxis.range.slice()") == zoomed
    assert home.page.evaluate("[...document.querySelectorAll('.stage .main-svg')].every((node) => node.marked)")
    assert home.page.evaluate("built") == 0


def test_how_far_opens_the_gap_and_comes_back(home):
    home.open("schedule=EM&cursor=2", 2)
    row = rows(Settings(), "EM")[2]
    home.shows(row)
    slider = home.stage.get_by_role("slider", name="How far")
    slider.focus()
    before = home.plot("data", "Array.from(plot.data[plot.data.length - 1].x)")
    gaps = [home.value("Gap")]
    for _ in range(4):
        home.press(*["ArrowLeft"] * 5)
        home.page.wait_for_function(
            f"Number(document.querySelector('.stage-metrics [aria-label=Gap]').dataset.value) < {gaps[-1]} - 1e-6"
        )
        gaps.append(home.value("Gap"))
    assert slider.get_attribute("aria-valuetext") == "0"
    assert gaps[-1] == pytest.approx(0, abs=1e-9) and gaps == sorted(gaps, reverse=True)
    assert home.plot("data", "Array.from(plot.data[plot.data.length - 1].x)") != before
    log_p, elbo, gap = home.numbers()
    assert log_p - elbo == pytest.approx(gap, abs=1e-9)
    assert log_p == pytest.approx(rows(Settings(), "EM")[1]["log_evidence"])
    home.press(*["ArrowRight"] * 20)
    expect(slider).to_have_attribute("aria-valuetext", "1")
    assert home.numbers() == pytest.approx([row["log_evidence"], row["elbo"], row["kl"]])
    assert home.frame() == 2


def test_dragging_a_mean_forks(home, browser):
    home.open("schedule=EME&cursor=3", 3)
    before = home.numbers()
    home.drag("Mean of component 1: ", 60, -40)
    home.at(0)
    expect(home.page.locator(".stage-chip[data-frame]")).to_have_count(1)
    after = home.numbers()
    assert after[0] < before[0] and after[2] > 0.1
    assert after[0] - after[1] == pytest.approx(after[2], rel=1e-9)
    home.button("E-step").click()
    home.at(1)
    stepped = home.numbers()
    assert stepped[0] == after[0] and stepped[2] == pytest.approx(0, abs=1e-9)
    query = home.address("cursor=1")
    assert query["given"] and query["schedule"] == "E"
    # the link holds the dragged start
    other = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    assert Home(other, home.url).open(home.page.url.split("?")[1], 1).numbers() == stepped
    other.context.close()
    home.button("Reset").click()
    home.at(0)
    home.shows(rows(Settings(), "E")[0])
    home.button("New random start").click()
    expect(home.metric("Gap")).not_to_have_attribute("data-value", str(rows(Settings(), "E")[0]["kl"]))
    home.shows(rows(Settings(seed=Settings().seed + 1), "E")[0])
    assert home.address("seed=")["seed"] == str(Settings().seed + 1)


def test_keys(home):
    home.open()
    home.press("ArrowRight", "ArrowRight", "ArrowRight")
    home.at(3)
    home.press("ArrowLeft")
    home.at(2)
    home.press("m")  # another M-step instead of the E-step that the tape has: a fork
    home.at(3)
    assert home.address("cursor=3")["schedule"] == "EM2"
    home.press("E", "g")  # quickly, one after the other
    home.at(5)
    home.shows(rows(Settings(), "EMMEG")[5])
    home.press(" ")
    home.button("Pause").wait_for()
    home.press(" ")
    home.button("Play").wait_for()
    # right after moving the slider of the sidebar
    slider = home.page.get_by_role("slider", name="Components K")
    slider.focus()
    home.press("ArrowRight")
    home.address("components=3")
    home.at(0)
    home.press("e")
    home.at(1)
    home.shows(rows(Settings(components=3), "E")[1])
    home.press(" ")
    home.button("Pause").wait_for()
    home.press(" ")
    # the list keeps the focus after a choice
    home.choose("Covariance", "diag")
    home.address("covariance=diag")
    home.at(0)
    assert home.page.evaluate("document.activeElement.role") == "combobox"
    home.press("e")
    home.at(1)
    home.press("ArrowRight", "ArrowLeft")
    home.at(1)
    home.press("ArrowDown", "e")  # once it is open, keys are its own
    home.page.get_by_role("option").first.wait_for()
    home.press("Escape")
    home.shows(rows(Settings(components=3, covariance="diag"), "E")[1])


def test_recipes_and_schedules(home):
    home.open("plan=EG&standardize=yes")
    gradient = Settings(plan="EG", standardize=True)
    home.press("ArrowRight", "ArrowRight", "ArrowRight")
    home.at(3)
    home.shows(rows(gradient, "EGE")[3])
    home.choose("Recipe", "Generalised EM")
    home.address("plan=E+G5")
    home.press(*["ArrowRight"] * 6)
    home.at(9)
    home.shows(rows(gradient, "EGEGGGGGE")[9])
    home.type("Schedule", "EB")
    home.address("plan=EB")
    home.button("M-step").click()
    home.at(10)
    home.shows(rows(gradient, "EGEGGGGGEB")[10])
    home.choose("Recipe", "EM")
    home.address("standardize=yes")
    home.button("E-step").click()
    home.at(11)
    home.button("M-step").click()
    home.at(12)
    home.shows(rows(gradient, "EGEGGGGGEBEM")[12])


def test_a_schedule_is_explained_where_it_is_wrong_and_its_chips_can_be_clicked(home):
    home.open("model=binomial_mixture")
    home.type("Schedule", "(E G3")
    expect(home.page.get_by_role("alert").filter(has_text="leaves a parenthesis open")).to_be_visible()
    assert home.page.get_by_role("textbox", name="Schedule").input_value() == "(E G3"
    home.type("Schedule", "(E G3)2")
    expect(home.page.get_by_role("alert")).to_have_count(0)
    chips = home.stage.locator(".stage-tape .coming")
    expect(chips).to_have_text(list("EGGGEGGG"))
    chips.nth(5).click()
    home.at(6)
    home.shows(rows(replace(COINS, plan="(E G3)2"), "EGGGEG")[6])
    expect(chips).to_have_text(list("GG"))
    home.button("End").click()
    home.at(8)
    expect(home.stage.get_by_text("The schedule is done")).to_be_visible()


def test_k_means(home):
    home.open("data=blobs")
    home.choose("Recipe", "k-means")
    home.address("plan=HM")
    settings = Settings(data="blobs", plan="HM", covariance="spherical", fixed=True, standardize=True)
    home.press("ArrowRight", "ArrowRight", "ArrowRight")
    home.at(3)
    home.shows(rows(settings, "HMH")[3])
    expect(home.stage.locator(".stage-caption")).to_contain_text("−log p(h*|v)")
    colors = home.plot("data", "new Set(plot.data[0].marker.color).size")
    assert colors <= 2, "hard: no point is of two colours"


def test_the_gap_closes_block_by_block(home):
    home.open("plan=E(PM)")
    home.button("Gap by block").click()
    home.press("ArrowRight", "m", "p")
    home.at(3)
    heights = home.plot("blocks", "Array.from(plot.data[0].y)")
    row = rows(replace(Settings(), plan="E(PM)"), "EMP")[3]
    home.shows(row)
    assert sum(heights) == pytest.approx(row["kl"], rel=1e-9) and heights[0] == 0 and min(heights[1:]) > 0


def test_the_two_gradients_agree_where_q_is_the_posterior(home):
    home.open("plan=EG&standardize=yes")
    home.button("Gradients").click()
    apart = "Math.max(...plot.data[0].y.map((y, i) => Math.abs(y - plot.data[1].y[i])))"
    home.press("e")
    home.at(1)
    home.wait_plot("slopes", f"plot.data[0].y.length > 5 && {apart} < 1e-7")
    home.press("g")
    home.at(2)
    home.wait_plot("slopes", f"{apart} > 1e-3")


def test_a_point_in_continuous_h_shows_the_complete_data_objective(home):
    home.open("model=factor_analysis&plan=HM")
    home.press("ArrowRight", "ArrowRight")
    home.at(2)
    row = rows(replace(for_model(Settings(), "factor_analysis"), plan="HM"), "HM")[2]
    assert home.metric("ELBO").inner_text() == "−∞" and home.metric("Gap").inner_text() == "∞"
    shown = home.plot("decomposition", "plot.data.map((trace) => trace.text).flat().join(' ')")
    assert f"{row['expected_log_joint']:.3f}".replace("-", "−") in shown and "log p(h*, v)" in shown


def test_the_floor_of_mean_field_is_drawn(home):
    home.open("model=sigmoid_belief_net&plan=VM")
    home.button("Gap, log scale").click()
    home.press("ArrowRight", "v", "v")
    home.at(3)
    floor, gap = (home.plot("gap", f"plot.data[{trace}].y.at(-1)") for trace in (2, 0))
    assert 0 < floor <= gap


def test_coins(home):
    home.open("model=binomial_mixture")
    home.button("E-step").click()
    home.at(1)
    counts = reference("p02")["expected"]["published"]["expected_counts_iter0"]
    drawn = home.plot("data", "[2, 3, 4, 5].map((trace) => plot.data[trace].y[0])")
    expected = [counts[name] for name in ("A_heads", "B_heads", "A_tails", "B_tails")]
    assert drawn == pytest.approx(expected, abs=0.051)
    assert home.plot("data", "[2, 4].map((trace) => plot.data[trace].text[0])") == ["21.3", "8.6"]
    home.button("M-step").click()
    home.at(2)
    home.shows(rows(COINS, "EM")[2])
    home.drag("Coin A: probability of heads", -80, 0)
    home.at(0)
    assert home.address("given=")["model"] == "binomial_mixture"
    assert home.value("Gap") > 0.01 and home.fits()


def test_linkage(home):
    home.open("model=linkage&schedule=EM&cursor=2", 2)
    home.shows(rows(LINKAGE, "EM")[2])
    hidden = 125 * 0.125 / 0.625  # at the published start θ = 1/2
    assert home.plot("data", "[plot.data[0].y[0], plot.data[1].y[0]]") == pytest.approx([125 - hidden, hidden])
    home.drag("θ: ", -60, 0)
    home.at(0)
    assert home.address("given=")["given"] and home.value("Gap") > 0.01
    home.button("E-step").click()
    home.at(1)
    assert home.value("Gap") == pytest.approx(0, abs=1e-9)
    home.button("New random start").click()
    home.at(0)
    home.address("start=random")
    numbers = home.numbers()
    home.page.reload()
    home.page.wait_for_selector(".stage .main-svg")
    assert home.numbers() == numbers  # the link tells random from published


@pytest.mark.parametrize("dimensions", [1, 4])
def test_blobs(home, dimensions):
    settings = Settings(data="blobs", dimensions=dimensions, components=3, y_axis=2 if dimensions == 4 else 1)
    home.open(f"data=blobs&dimensions={dimensions}&components=3&y_axis={settings.y_axis}")
    for half_step in range(1, 5):
        home.press("ArrowRight")
        home.at(half_step)
    home.shows(rows(settings, "EMEM")[4])
    title = home.plot("data", "plot._fullLayout.yaxis.title.text")
    assert title == ("density" if dimensions == 1 else "x3")
    if dimensions == 4:
        home.choose("Vertical", "x4")
        home.wait_plot("data", "plot._fullLayout?.yaxis.title.text === 'x4'")
        home.shows(rows(settings, "EMEM")[4])  # another view of the same run
        home.at(4)
    assert home.fits()


def test_link_after_a_restart(home, serve, browser, tmp_path):
    home.open("data=blobs&points=50&schedule=(EM)3&cursor=6", 6)
    home.drag("Mean of component 2: ", 40, 30)
    home.at(0)
    for half_step in (1, 2, 3):
        home.press("ArrowRight")
        home.at(half_step)
    home.button("Back").click()
    home.address("cursor=2")
    numbers, link = home.numbers(), home.page.url.split("?")[1]
    restarted = type(serve(APP))(APP, tmp_path / "log", ())
    other = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    try:
        there = Home(other, restarted.url).open(link, 2)
        assert there.numbers() == numbers
        expect(other.locator(".stage-chip[data-frame]")).to_have_count(4)
        assert there.page.locator(".notice").count() == 0
    finally:
        other.context.close()
        restarted.stop()


def test_link_with_nonsense(home):
    nonsense = {"model": "hmm", "data": "iris", "components": "99", "step": "nan", "seed": "x", "given": "abc",
                "schedule": "EXM", "cursor": "12"}  # fmt: skip
    home.open("&".join(f"{name}={value}" for name, value in nonsense.items()))
    warnings = home.page.locator(".notice")
    expect(warnings).to_have_count(len(nonsense))
    said = warnings.all_inner_texts()
    for name, value in nonsense.items():
        assert any(name in text and value in text for text in said), (name, said)
    assert all("\n" not in text.strip() and "Traceback" not in text for text in said)
    home.shows(rows(Settings(), "E")[0])  # the defaults
    home.button("E-step").click()
    home.at(1)
    expect(warnings).to_have_count(0)


def test_experiment_files(home, tmp_path):
    home.open("model=binomial_mixture&schedule=EMEM&cursor=4", 4)
    shown = home.numbers()
    home.page.get_by_text("Experiment file", exact=True).click()
    with home.page.expect_download() as download:
        home.page.get_by_role("button", name="Save this run").click()
    saved = tmp_path / "experiment.json"
    download.value.save_as(saved)
    command = [sys.executable, "-m", "em_core", "run", str(saved)]
    replayed = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=APP.parent).stdout)
    last = replayed["half_steps"][-1]
    assert len(replayed["half_steps"]) == 5
    assert shown == pytest.approx([last["log_evidence"], last["elbo"], last["kl"]], rel=1e-12, abs=1e-12)

    upload = home.page.locator("[data-testid=stFileUploader] input[type=file]")
    upload.set_input_files({"name": "bad.json", "mimeType": "application/json", "buffer": b'{"model": "hmm"}'})
    error = home.page.get_by_text("bad.json: model: 'hmm' is not valid")
    error.wait_for()
    assert home.numbers() == shown
    stops = json.dumps(STOPS).encode()
    upload.set_input_files({"name": "stops.json", "mimeType": "application/json", "buffer": stops})
    expect(home.page.locator(".stage-caption")).to_contain_text("Stopped: ")
    (tmp_path / "stops.json").write_bytes(stops)
    command[-1] = str(tmp_path / "stops.json")
    replayed = json.loads(subprocess.run(command, capture_output=True, cwd=APP.parent).stdout)
    assert replayed["outcome"] == "stopped"
    home.at(len(replayed["half_steps"]) - 1)
    home.shows(replayed["half_steps"][-1])
    assert home.page.locator(".stage-main").get_attribute("aria-disabled") == "true"
    expect(home.page.get_by_text("The run stopped here.")).to_be_visible()
    home.button("Back").click()  # the history stands
    home.at(len(replayed["half_steps"]) - 2)
    home.shows(replayed["half_steps"][-2])
    error.wait_for(state="detached")


@pytest.mark.parametrize("theme, elbo", [("light", "rgb(0, 114, 178)"), ("dark", "rgb(74, 168, 224)")])
def test_one_colour_for_the_elbo(home, theme, elbo):
    home.page.emulate_media(color_scheme=theme)
    home.open("schedule=EM&cursor=2", 2)
    color = "(node) => getComputedStyle(node).color"
    assert home.page.locator(".stage-term").nth(1).evaluate(color) == elbo
    assert home.metric("ELBO").evaluate(color) == elbo
    red, green, blue = (int(part) for part in elbo[4:-1].split(", "))
    code = f"#{red:02x}{green:02x}{blue:02x}"
    for figure, trace in (("latest", 0), ("course", 0), ("decomposition", 2)):
        assert home.plot(figure, f"plot.data[{trace}].line.color").lower() == code
