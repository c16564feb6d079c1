"""The dictionary page in a real browser: what a reader sees and does, against the core's own numbers."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from em_core import trajectory as core
from em_core.files.experiment import Experiment
from em_core.files.report import report
from tests.browser.conftest import watch
from tests.browser.reader import Reader, some
from ui.dictionary.run import DictionaryRun
from ui.dictionary.settings import DATA, DictionarySettings, for_data

APP = Path(__file__).parents[2] / "app.py"
SMALL = replace(DictionarySettings(), points=80)
QUERY = "points=80"
LABELS = ("log p(v, h)", "Nonzeros per picture", "Atoms in use")

expect.set_options(timeout=20_000)


def rows(settings, moves):
    """What the core computes: one entry per half-step, as on the command line."""
    experiment = Experiment.parse(settings.experiment(moves))
    return report(experiment, core.run(experiment))["half_steps"]


def numbers_of(row):
    codes = np.array(row["codes"])
    return [row["expected_log_joint"], np.count_nonzero(codes) / len(codes), int(codes.any(axis=0).sum())]


class DictionaryPage(Reader):
    """The page and what a reader reads on it."""

    path, labels, figures = "dictionary", LABELS, 4

    def open(self, query=QUERY, frame=0):
        return super().open(query, frame)

    def expected(self, row):
        return numbers_of(row)

    def trace(self, address, axis):
        """Also of a picture, row by row."""
        figure, name = address.split(".")
        return self.plot(figure, f"Array.from(trace('{name}').{axis}, (row) => row?.length ? [...row] : row)")


@pytest.fixture
def learning(page, serve):
    return DictionaryPage(page, serve(APP).url)


def drawn_atoms(page):
    """(K, 64) the montage's levels, 4 × 4 pictures of 8 × 8 pixels."""
    picture = np.array(page.trace("atoms.tiles 1", "z"))
    return np.array([picture[r * 9 : r * 9 + 8, c * 9 : c * 9 + 8].ravel() for r in range(4) for c in range(4)])


# --- stepping ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("moving")
def test_opens_and_steps(learning):
    learning.open()
    expected = rows(SMALL, "HMH")
    assert learning.fits()
    expect(learning.metric("Atoms in use")).to_have_text("0 of 16")
    before = drawn_atoms(learning)
    for to, button in ((1, "Hard E-step"), (2, "M-step"), (3, "Hard E-step")):
        learning.button(button).click()
        learning.at(to)
        learning.shows(expected[to])
        now = drawn_atoms(learning)
        assert np.array_equal(now, before) == (to != 2)  # the atoms change before one's eyes, with M alone
        before = now
    atoms = np.array(expected[3]["parameters"]["dictionary"]).T
    flips = np.abs(((before - 128.0) / 127 * atoms).sum(axis=1))
    np.testing.assert_allclose(flips, (atoms**2).sum(axis=1) / np.abs(atoms).max(axis=1), rtol=0.02)
    expect(learning.caption).to_contain_text("each picture got its most probable code")
    heights = [row["expected_log_joint"] for row in expected[1:]]
    start, *steps = learning.trace("timeline.joint", "y")
    assert steps == pytest.approx(heights, rel=1e-12) and start < min(heights)
    second = [row["expected_log_joint"] for row in rows(replace(SMALL, seed=1), "HMH")[1:]]
    assert learning.trace("timeline.second", "y") == pytest.approx([start, *second], rel=1e-12)
    assert learning.page.locator("[data-figure=examples] .textpoint text").count() == 30
    learning.button("Back").click()
    learning.at(2)
    learning.shows(expected[2])
    assert learning.address("cursor=2") == {"points": "80", "schedule": "HMH", "cursor": "2"}
    assert learning.fits()


@pytest.mark.exhaustive
@pytest.mark.parametrize("data", some(DATA, "bars"))
def test_every_kind_of_picture(learning, data):
    chosen = for_data(SMALL, data)
    learning.open()
    if data != "bars":
        learning.choose("Pictures", DATA[data])
        learning.address(f"data={data}")
        learning.page.wait_for_function(
            f"document.querySelector('.stage-caption').textContent.includes('{chosen.atoms}')"
        )
    learning.button("Hard E-step").click()
    learning.at(1)
    learning.button("M-step").click()
    learning.at(2)
    learning.shows(rows(chosen, "HM")[2])
    assert learning.fits() and learning.page.locator(".notice").count() == 0


@pytest.mark.exhaustive
def test_codes_with_a_spread_beside_points(learning):
    """V by the sidebar: the ELBO is finite; H by its key: −∞; and the same start with H beside it."""
    learning.open(f"{QUERY}&precision=4&e_step=gaussian&beside=q")
    chosen = replace(SMALL, precision=4.0)
    expected, hard = rows(chosen, "VM"), rows(chosen, "HM")
    learning.button("Mean field E-step").click()
    learning.at(1)
    learning.button("M-step").click()
    learning.at(2)
    assert float(learning.metric("ELBO").get_attribute("data-value")) == expected[2]["elbo"]
    assert learning.trace("timeline.elbo", "y")[1:] == pytest.approx([row["elbo"] for row in expected[1:]], rel=1e-12)
    assert learning.trace("timeline.second", "y")[1:] == pytest.approx(
        [row["expected_log_joint"] for row in hard[1:]], rel=1e-12
    )
    expect(learning.caption).to_contain_text("The ELBO rose by")
    assert learning.fits() and learning.page.locator(".notice").count() == 0
    learning.button("Spread").click()
    learning.wait_plot("spread", "plot.offsetWidth > 0 && plot.data?.length > 0")
    means = learning.trace("spread.means", "y")
    assert any(np.allclose(means, codes, rtol=1e-6) for codes in expected[2]["codes"])
    learning.press("h")
    learning.at(3)
    expect(learning.metric("ELBO")).to_have_text("−∞")
    assert learning.address("cursor=3")["schedule"] == "VMH"


def test_letters_that_come_late_leave_the_same_layout(learning):
    """Until KaTeX's are there others stand in for them, in which the equation takes the header's whole width."""
    page, tabs = learning.page, learning.stage.locator(".stage-tab")

    def come(family):
        page.evaluate(
            """(family) => document.fonts.dispatchEvent(
                new FontFaceSetLoadEvent("loadingdone", { fontfaces: [new FontFace(family, "local(Arial)")] }))""",
            family,
        )

    page.set_viewport_size({"width": 1440, "height": 900})
    learning.open(f"{QUERY}&e_step=gaussian")
    expect(tabs).to_have_count(0)
    wide = page.add_style_tag(content=".stage .katex { font-size: 2em !important }")
    come("Late")
    expect(tabs).to_have_count(4)
    wide.evaluate("(style) => style.remove()")
    come("Late")
    assert tabs.count() == 4, "the same letters once more"
    come("Later")
    expect(tabs).to_have_count(0)


@pytest.mark.exhaustive
def test_faces(learning):
    learning.open(f"{QUERY}&schedule=(HM)2&cursor=4", 4)
    row = rows(SMALL, "HMHM")[4]
    for label, figure in (
        ("Second start", "second"),
        ("Two terms", "terms"),
        ("Codes H", "codes"),
        ("Length", "lengths"),
    ):
        learning.button(label).click()
        learning.wait_plot(figure, "plot.offsetWidth > 0 && plot.data?.length > 0")
    lengths = np.linalg.norm(row["parameters"]["dictionary"], axis=0)
    assert learning.trace("lengths.lengths", "y") == pytest.approx(lengths.tolist(), rel=1e-6)
    misfit, penalty = (learning.trace(f"terms.{term}", "y")[-1] for term in ("misfit", "penalty"))
    assert penalty == pytest.approx(0.5 * np.abs(row["codes"]).sum()) and misfit > 0
    levels = np.array(learning.trace("codes.codes", "z"))
    picked = np.array(learning.trace("codes.codes", "y")) - 1
    np.testing.assert_array_equal(levels > 0, np.array(row["codes"])[picked] != 0)


@pytest.mark.exhaustive
def test_zoom_survives_and_no_figure_is_built_again(learning):
    learning.open(f"{QUERY}&schedule=(HM)3&cursor=6", 6)
    learning.mark_figures()
    low = learning.plot("timeline", "plot._fullLayout.xaxis.range[0]")
    learning.zoom_mode("timeline")
    box = learning.page.locator("[data-figure=timeline] .nsewdrag").bounding_box()
    learning.pull(
        (box["x"] + 0.4 * box["width"], box["y"] + 0.1 * box["height"]),
        (box["x"] + 0.9 * box["width"], box["y"] + 0.6 * box["height"]),
    )
    learning.wait_plot("timeline", f"plot._fullLayout.xaxis.range[0] > {low} + 0.5")
    zoomed = learning.plot("timeline", "plot._fullLayout.xaxis.range.slice()")
    for to in (7, 8):
        learning.press("ArrowRight")
        learning.at(to)
    assert learning.plot("timeline", "plot._fullLayout.xaxis.range.slice()") == zoomed
    assert learning.same_figures()


# --- End, Play, Stop --------------------------------------------------------------------------------------------


def test_end_shows_its_progress_and_pause_stops_it(learning):
    """500 patches, 64 dimensions, 64 atoms, two starts: hundreds of half-steps."""
    learning.open("data=patches")
    learning.button("End").click()
    expect(learning.page.locator(".stage-ended")).to_contain_text("Press Pause to stop")
    learning.page.wait_for_function("Number(document.querySelector('.stage').dataset.frame) > 0")
    learning.button("Pause").click()
    expect(learning.page.locator(".stage-ended")).not_to_contain_text("Pause")
    learning.button("Play").wait_for()
    learning.page.wait_for_function("document.querySelector('.stage-main').getAttribute('aria-busy') === 'false'")
    frame, last = learning.frame(), "document.querySelector('.stage-scrub').max"
    known = learning.page.evaluate(last)
    learning.page.wait_for_timeout(2500)
    assert learning.frame() == frame and 0 < frame < 500
    assert learning.page.evaluate(last) == known  # nothing is computed any more
    learning.address(f"cursor={frame}")
    learning.shows(rows(for_data(DictionarySettings(), "patches"), ("HM" * frame)[:frame])[frame])


@pytest.mark.exhaustive
def test_end_comes_to_the_end_of_bars(learning):
    learning.open()
    learning.button("End").click()
    expect(learning.page.get_by_text("Converged: the last cycle raised")).to_be_visible()
    frame = learning.frame()
    assert frame > 20 and learning.address(f"cursor={frame}")["schedule"].startswith("(HM)")
    learning.shows(rows(SMALL, "HM" * (frame // 2))[frame])
    learning.button("Play").wait_for()
    learning.button("Go to 3: H").click()
    learning.at(3)
    learning.page.select_option(".stage-speed", "4")
    learning.button("Play").click()
    learning.page.wait_for_function("Number(document.querySelector('.stage').dataset.frame) >= 6")
    learning.button("Pause").click()
    learning.shows(rows(SMALL, "HM" * 20)[learning.frame()])


@pytest.mark.exhaustive
def test_keys(learning):
    learning.open()
    learning.press("h")
    learning.at(1)
    learning.press("c")
    learning.at(2)
    learning.shows(rows(SMALL, "HC")[2])
    learning.press("ArrowLeft")
    learning.at(1)
    learning.press("m")
    learning.at(2)
    learning.shows(rows(SMALL, "HM")[2])
    learning.press("Home")
    learning.at(0)
    learning.press("m")  # no codes yet
    expect(learning.page.locator(".notice")).to_contain_text("an H-step first")


# --- settings ---------------------------------------------------------------------------------------------------


@pytest.mark.exhaustive
def test_the_norm_constraint_and_unused_atoms(learning):
    learning.open(f"{QUERY}&data=digits")
    chosen = for_data(SMALL, "digits")
    learning.choose("Unused atoms", "revive (★)")
    learning.address("dead_atoms=revive")
    learning.button("Hard E-step").click()
    learning.at(1)
    learning.button("M-step").click()
    learning.at(2)
    row = rows(replace(chosen, dead_atoms="revive"), "HM")[2]
    assert row["events"]
    expect(learning.caption).to_contain_text(f"{len(row['events'])} unused atoms were replaced")
    stars = learning.plot("atoms", "trace('marks 1').marker.symbol.filter((s) => s === 'star').length")
    assert stars == len(row["events"])
    learning.page.get_by_text("Limit atom length to 1").click()
    learning.page.wait_for_function("!location.search.includes('cursor=')")  # too long for an address: two dictionaries
    learning.at(0)
    expect(learning.caption).to_contain_text("36 atoms carried over")
    learning.button("Hard E-step").click()
    learning.at(1)
    learning.button("M-step").click()
    learning.at(2)
    learned = DictionaryRun.of(replace(chosen, dead_atoms="revive"), "HM").dictionaries(2)
    free = replace(chosen, dead_atoms="revive", norm_constraint=False).going_on(*learned)
    learning.shows(rows(free, "HM")[2])
    expect(learning.caption).to_contain_text("there is no optimum")


# --- links, files, the MAP page ---------------------------------------------------------------------------------


@pytest.mark.exhaustive
def test_link_to_a_fresh_server(learning, other_page, other_server):
    learning.open(f"{QUERY}&penalty=0.8&atoms=20&dead_atoms=revive&seed=4&schedule=(HM)3&cursor=6", 6)
    chosen = replace(SMALL, penalty=0.8, atoms=20, dead_atoms="revive", seed=4)
    learning.shows(rows(chosen, "HMHMHM")[6])
    learning.button("Back").click()
    learning.address("cursor=5")
    numbers, link = learning.numbers(), learning.page.url.split("?")[1]
    there = DictionaryPage(other_page, other_server.url).open(link, 5)
    assert there.numbers() == numbers
    expect(other_page.locator(".stage-chip[data-frame]")).to_have_count(7)
    assert other_page.locator(".notice").count() == 0 and there.fits()


@pytest.mark.exhaustive
def test_link_with_nonsense(learning):
    nonsense = {"data": "photos", "atoms": "0", "penalty": "-1", "norm_constraint": "maybe", "dead_atoms": "bury",
                "m_step": "E", "given": "abc", "schedule": "HX", "cursor": "9"}  # fmt: skip
    learning.open("&".join(f"{name}={value}" for name, value in nonsense.items()))
    warnings = learning.page.locator(".notice")
    expect(warnings).to_have_count(len(nonsense))
    said = warnings.all_inner_texts()
    for name, value in nonsense.items():
        assert any(name in text and value in text for text in said), (name, said)
    learning.button("Hard E-step").click()
    learning.at(1)
    expect(warnings).to_have_count(0)


@pytest.mark.exhaustive
def test_a_saved_run_replays_on_the_command_line_and_opens_again(learning, tmp_path):
    learning.open(f"{QUERY}&schedule=(HM)2&cursor=4", 4)
    shown = learning.numbers()
    learning.page.get_by_text("Take it away", exact=True).click()
    with learning.page.expect_download() as download:
        learning.page.get_by_role("button", name="Experiment (JSON)").click()
    saved = tmp_path / "experiment.json"
    download.value.save_as(saved)
    command = [sys.executable, "-m", "em_core", "run", str(saved)]
    replayed = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=APP.parent).stdout)
    assert shown == pytest.approx(numbers_of(replayed["half_steps"][-1]), rel=1e-12)
    learning.button("Reset").click()
    learning.at(0)
    field = learning.page.locator("[data-testid=stFileUploader] input[type=file]:not([accept*=toml])")
    field.set_input_files({"name": "e.json", "mimeType": "text/plain", "buffer": saved.read_bytes()})
    learning.at(4)
    assert learning.numbers() == shown


@pytest.mark.exhaustive
def test_the_map_page_uses_what_was_learned(learning):
    learning.open(f"{QUERY}&schedule=(HM)5&cursor=10", 10)
    learning.page.get_by_role("link", name="MAP inference").click()
    learning.metric("Objective").wait_for()
    learning.choose("Signal", "Handwritten digit, 8 × 8")
    learning.address("signal=digit")
    learning.choose("Dictionary", "the one just learned")
    query = learning.address("dictionary=just_learned")
    assert len(query["given"]) < 6000
    expect(learning.metric("Nonzero coefficients")).to_have_text("0 of 16")
    learning.button("Step").click()
    learning.at(1)
    link = learning.page.url
    learning.page.get_by_role("link", name="Dictionary learning").click()
    learning.metric("Atoms in use").wait_for()
    learning.at(10)
    learning.page.goto(link)  # a small dictionary travels with the link
    learning.at(1)
    expect(learning.metric("Nonzero coefficients")).to_contain_text("of 16")


@pytest.mark.exhaustive
def test_usable_on_a_phone(learning, browser, page_errors):
    phone = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    watch(phone, page_errors)
    try:
        there = DictionaryPage(phone, learning.url).open()
        there.button("Hard E-step").click()
        there.at(1)
        there.shows(rows(SMALL, "H")[1])
        assert phone.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
        for tab, figure in zip(phone.get_by_role("tab").all(), ("atoms", "examples", "timeline", "usage"), strict=True):
            tab.click()
            box = phone.locator(f"[data-figure={figure}] .stage-plot").bounding_box()
            assert 300 < box["width"] <= 390 and box["height"] > 150, figure
    finally:
        phone.context.close()
