"""The home page in a real browser: what a reader sees and does, against the core's own numbers."""

import re

import pytest
from playwright.sync_api import expect

from tests.attack import thinned
from tests.browser.home import APP, Home, rows
from tests.browser.reader import stands
from ui.em.settings import EmSettings

expect.set_options(timeout=20_000)


@pytest.fixture
def home(page, serve):
    return Home(page, serve(APP).url)


def test_what_is_done_before_the_controls_are_there_counts(own_page, serve):
    """In its order; the picture comes before them, and nothing of it moves when they come."""
    own_page.add_init_script("""
      const look = () => {
        const controls = document.querySelector("[data-testid=stSelectbox]"), stage = document.querySelector(".stage");
        if (!controls && !stage?.querySelector(".trace")) return requestAnimationFrame(look);
        window.controls = controls !== null;
        window.stood = stage.getBoundingClientRect().toJSON();
        for (const key of ["m", "e"]) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      };
      look();
    """)
    own_page.emulate_media(reduced_motion="reduce")
    home = Home(own_page, serve(APP).url).open()
    home.at(2)
    home.address("schedule=ME")
    own_page.get_by_role("combobox", name="Model", exact=True).wait_for()
    assert own_page.evaluate("window.controls") is False
    place = "document.querySelector('.stage').getBoundingClientRect().toJSON()"
    assert own_page.evaluate("window.stood") == own_page.evaluate(place)
    assert home.frame() == 2


@pytest.mark.usefixtures("moving")
def test_opens_with_a_gap_that_the_first_e_step_closes(home):
    home.open()
    assert home.page.title() == "ELBO Room"
    expected = rows(EmSettings(), "EMEMEM")
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


@pytest.mark.usefixtures("moving")
def test_play_scrub_and_click(home):
    home.open("schedule=(EM)6&cursor=0", 0)
    expected = rows(EmSettings(), "EM" * 40)  # Play makes more
    home.page.select_option(".stage-speed", "4")
    home.button("Play").click()
    home.page.wait_for_function("Number(document.querySelector('.stage').dataset.frame) >= 3")
    home.button("Pause").click()
    home.shows(expected[home.frame()])
    slider = home.stage.get_by_role("slider", name="Position")
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    home.pull((box["x"] + 5, middle), (box["x"] + 0.6 * box["width"], middle))
    home.page.wait_for_function("Number(document.querySelector('.stage').dataset.frame) > 4")
    home.shows(lambda: expected[home.frame()])
    home.button("Go to 2: M").click()
    home.at(2)
    home.shows(expected[2])
    home.button("All").click()  # the timeline with all half-steps
    home.wait_plot("timeline", "plot._fullLayout && trace('elbo').x.length > 5")
    home.page.mouse.move(*home.place("timeline", 5, expected[5]["elbo"]))
    home.page.mouse.move(*(p + 1 for p in home.place("timeline", 5, expected[5]["elbo"])))
    home.page.wait_for_selector("[data-figure=timeline] .hoverlayer .legend, [data-figure=timeline] .hovertext")
    home.page.mouse.click(*home.place("timeline", 5, expected[5]["elbo"]))
    home.at(5)
    home.shows(expected[5])


@pytest.mark.exhaustive
def test_switch_of_the_timeline(home):
    home.open("schedule=(EM)8&cursor=16", 16)
    assert home.button("Latest").get_attribute("aria-pressed") == "true"
    shown = home.plot("latest", "plot._fullLayout.xaxis.range.slice()")
    assert shown[0] > 8 and shown[1] < 18  # the latest half-steps alone, whatever came before
    home.button("Gap, log scale").click()
    home.wait_plot("gap", "plot.offsetWidth > 0 && plot.data && trace('gap').x.length === 17")
    gaps = home.plot("gap", "Array.from(trace('gap').y)")
    assert gaps[2::2] == pytest.approx([row["kl"] for row in rows(EmSettings(), "EM" * 8)][2::2], rel=1e-9)
    home.button("All").click()
    home.wait_plot("timeline", "plot.offsetWidth > 0 && plot.data && trace('evidence').x.length === 17")
    home.button("Latest").click()
    home.wait_plot("latest", "plot.offsetWidth > 0 && trace('elbo').x.length === 7")


@pytest.mark.exhaustive
def test_how_fast_and_why_stands_in_the_gaps(home):
    """The switch in the sidebar has r worked out; the line of its slope ends at the last gap that M opened."""
    home.open("schedule=(EM)12&cursor=24", 24)
    home.page.locator("label").filter(has_text="How fast, and why").click()
    home.button("Gap, log scale").click()
    home.page.locator(".stage-note").filter(has_text="r = 0.2408").wait_for(state="attached")
    home.wait_plot("gap", "plot.offsetWidth > 0 && plot.data && trace('predicted').visible === true")
    line = home.plot("gap", "[...trace('predicted').x, ...trace('predicted').y]")
    gap = rows(EmSettings(), "EM" * 12)[24]["kl"]
    assert line[1] == 24 and line[3] == pytest.approx(gap, rel=1e-9)
    assert (line[3] / line[2]) ** (2 / (line[1] - line[0])) == pytest.approx(0.24077**2, rel=1e-3)
    assert "rates=yes" in home.page.url


@pytest.mark.usefixtures("moving")
def test_zoom_survives_and_no_figure_is_built_again(home):
    home.open()
    home.mark_figures()
    home.page.evaluate(
        "() => { window.built = 0; const { newPlot } = Plotly;"
        " Plotly.newPlot = (...given) => { built += 1; return newPlot(...given) } }"
    )
    home.zoom_mode("data")
    box = home.page.locator("[data-figure=data] .nsewdrag").bounding_box()
    home.pull((box["x"] + 80, box["y"] + 80), (box["x"] + 300, box["y"] + 330))
    home.wait_plot("data", "plot._fullLayout.xaxis.range[0] > 1.5")
    zoomed = home.plot("data", "plot._fullLayout.xaxis.range.slice()")
    for half_step in (1, 2, 3):
        home.press("ArrowRight")
        home.at(half_step)
    home.page.wait_for_timeout(500)  # glides have arrived
    assert home.plot("data", "plot._fullLayout.xaxis.range.slice()") == zoomed
    assert home.same_figures()
    assert home.page.evaluate("built") == 0


def test_how_far_opens_the_gap_and_comes_back(home):
    home.open("schedule=EM&cursor=2", 2)
    row = rows(EmSettings(), "EM")[2]
    home.shows(row)
    slider = home.stage.get_by_role("slider", name="Move along the M-step")
    slider.focus()
    before = home.plot("data", "Array.from(trace('badge 2').x)")
    gaps = [home.value("Gap")]
    for _ in range(4):
        home.press(*["ArrowLeft"] * 5)
        home.page.wait_for_function(
            f"Number(document.querySelector('.stage-metrics [aria-label=Gap]').dataset.value) < {gaps[-1]} - 1e-6"
        )
        gaps.append(home.value("Gap"))
    stands(slider, "step 0")
    home.page.wait_for_function(
        "Math.abs(Number(document.querySelector('.stage-metrics [aria-label=Gap]').dataset.value)) < 1e-9"
    )
    gaps.append(home.value("Gap"))
    # where it is, the numbers there, and of what it is a place
    scale = "q was computed at 0, M ends at 1, 1.5 is the last"
    found = f"ELBO {home.metric('ELBO').inner_text()}, gap {home.metric('Gap').inner_text()}"
    expect(slider).to_have_attribute("aria-valuetext", f"step 0, {found}; {scale}")
    assert gaps == sorted(gaps, reverse=True)
    assert home.plot("data", "Array.from(trace('badge 2').x)") != before
    log_p, elbo, gap = home.numbers()
    assert log_p - elbo == pytest.approx(gap, abs=1e-9)
    assert log_p == pytest.approx(rows(EmSettings(), "EM")[1]["log_evidence"])
    home.press(*["ArrowRight"] * 20)
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^step 1, ELBO −[\d.]+, gap [\d.]+; "))
    home.shows(row)
    assert home.frame() == 2


@pytest.mark.usefixtures("moving")
def test_dragging_a_mean_is_a_half_step_by_hand(home, other_page):
    home.open("schedule=EME&cursor=3", 3)
    before = home.numbers()
    home.drag("Mean of component 1: ", 60, -40)
    home.at(4)
    expect(home.page.locator(".stage-chip[data-frame]").last).to_have_text("☞ by hand")
    after = home.numbers()
    assert after[0] < before[0] and after[2] > 0.1
    assert after[0] - after[1] == pytest.approx(after[2], rel=1e-9)
    home.button("E-step").click()
    home.at(5)
    stepped = home.numbers()
    assert stepped[0] == after[0] and stepped[2] == pytest.approx(0, abs=1e-9)
    query = home.address("cursor=5")
    assert query["hand"] and query["schedule"] == "EME2"
    # the link holds what was dragged
    assert Home(other_page, home.url).open(home.page.url.split("?")[1], 5).numbers() == stepped
    home.button("Reset").click()
    home.at(0)
    home.shows(rows(EmSettings(), "E")[0])
    home.button("New random start").click()
    expect(home.metric("Gap")).not_to_have_attribute("data-value", str(rows(EmSettings(), "E")[0]["kl"]))
    home.shows(rows(EmSettings(seed=EmSettings().seed + 1), "E")[0])
    assert home.address("seed=")["seed"] == str(EmSettings().seed + 1)


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
    home.shows(rows(EmSettings(), "EMMEG")[5])
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
    home.shows(rows(EmSettings(components=3), "E")[1])
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
    home.shows(rows(EmSettings(components=3, covariance="diag"), "E")[1])


def test_terms_of_the_equation_are_buttons_of_the_moves_that_change_them(home):
    """The gap is closed by E, the bound is raised by M; the plan goes on from there."""
    home.open()
    expected = rows(EmSettings(), "MEM")
    for half_step, term in ((1, 1), (2, 2), (3, 1)):
        home.page.locator("button.stage-term").nth(term - 1).click()
        home.at(half_step)
        home.shows(expected[half_step])


COLOURS = [("light", "rgb(0, 114, 178)"), ("dark", "rgb(74, 168, 224)")]


@pytest.mark.exhaustive
@pytest.mark.parametrize("theme, elbo", thinned(COLOURS, COLOURS[:1]))
def test_one_colour_for_the_elbo(home, theme, elbo):
    home.page.emulate_media(color_scheme=theme)
    home.open("schedule=EM&cursor=2", 2)
    color = "(node) => getComputedStyle(node).color"
    assert home.page.locator(".stage-term").nth(1).evaluate(color) == elbo
    assert home.metric("ELBO").evaluate(color) == elbo
    red, green, blue = (int(part) for part in elbo[4:-1].split(", "))
    code = f"#{red:02x}{green:02x}{blue:02x}"
    for figure, trace in (("latest", "elbo"), ("course", "bound")):
        assert home.plot(figure, f"trace('{trace}').line.color").lower() == code
    home.show("Terms")
    home.wait_plot("decomposition", "trace('elbo')")
    assert home.plot("decomposition", "trace('elbo').line.color").lower() == code
