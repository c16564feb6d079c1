"""Slow motion in a real browser: into a half-step, beat by beat, back, by the clock, for another point, from a link."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from em_core.observe.beats import beats_of
from tests.attack import thinned
from tests.browser.home import APP, Home, rows
from ui.em.run import EmRun
from ui.em.settings import EmSettings, for_model

expect.set_options(timeout=20_000)
LABELS = ("log p(v)", "ELBO", "Gap")


class Inside(Home):
    """The home page, and what a reader sees of a half-step from within."""

    def begin(self, query="cursor=0", frame=0):
        self.open(query, frame)
        self.press("i")
        return self.beat(1)

    @property
    def heading(self):
        return self.page.locator("[data-view=inside] h2")

    @property
    def formula(self):
        return self.page.locator(".stage-formula")

    def beat(self, number):
        expect(self.heading).to_have_text(begins(f"{number} of "))
        return self

    def outside(self, frame):
        self.at(frame)
        expect(self.stage).not_to_have_attribute("data-inside", "")
        return self

    def number(self):
        return float(self.formula.get_attribute("data-value"))

    def unit(self):
        return self.page.locator(".stage-units").inner_text().replace("\n", " ").strip("‹› ")

    def drawn(self):
        """All that stands in the picture of the data."""
        return self.plot(
            "data",
            "plot.data.map(({ meta, x, y, text, marker }) =>"
            " JSON.stringify([meta, [...(x ?? [])], [...(y ?? [])], text, marker]))",
        )


def begins(text):
    return re.compile(f"^{re.escape(text)}")


@pytest.fixture
def home(page, serve):
    return Inside(page, serve(APP).url)


def beats(settings=None, word="EM", at=0, unit=None):
    """What the core works out on the way from half-step `at`, and the unit that it follows."""
    return beats_of(EmRun.of(settings or EmSettings(), word).moment(at + 1), unit)


def test_i_steps_into_the_half_step_and_out_at_its_end(home):
    unit, found = beats()
    home.open("cursor=0", 0)
    tabs = home.page.locator("[role=tab][aria-selected=true]").all_inner_texts()
    home.press("i")
    for number, beat in enumerate(found, start=1):
        home.beat(number)
        home.at(0)  # until the end the frame before is in view
        expect(home.heading).to_have_text(begins(f"{number} of {len(found)}: "))
        component = beat.at["component"]
        value = np.ravel(beat.found)[component if beat.what not in ("data", "bound") else 0]
        assert home.number() == pytest.approx(float(value), rel=1e-12), beat.what
        assert home.formula.locator(".katex").count() == 1
        assert home.unit() == f"point {unit + 1} of 272"
        aside = home.page.locator(".stage-view[data-aside]").evaluate_all(
            "(all) => all.map((node) => node.dataset.view)"
        )
        assert set(aside) == {"course", "timeline", "decomposition"}
        # the bound is lit at the last beat alone, with the numbers that the half-step comes to
        expect(home.page.locator(".stage-term.lit")).to_have_count(2 if beat is found[-1] else 0)
        if beat is found[-1]:
            home.shows(rows(EmSettings(), "E")[1])
        home.press("i")
    home.outside(1)
    home.shows(rows(EmSettings(), "E")[1])
    assert home.page.locator("[role=tab][aria-selected=true]").all_inner_texts() == tabs
    home.address("cursor=1", without="beat")


@pytest.mark.exhaustive
def test_it_ends_exactly_where_the_half_step_ends(home):
    home.open("schedule=EMEM&cursor=0", 0)
    for frame in (1, 2):
        home.press("ArrowRight")
        home.at(frame)
    expected = home.drawn(), home.numbers(), home.caption.inner_text()
    home.open("cursor=0", 0)
    for half_step, count in ((1, 5), (2, 6)):
        home.press("i")
        for number in range(1, count + 1):
            home.beat(number)
            home.press("ArrowRight")
        home.outside(half_step)
    assert (home.drawn(), home.numbers(), home.caption.inner_text()) == expected


def test_back_goes_a_beat_back_and_before_the_first_to_the_frame_as_it_was(home):
    home.open("cursor=0", 0)
    before = home.drawn(), home.numbers()
    home.press("i")
    home.beat(1)
    home.button("E-step").click()  # Next
    home.beat(2)
    home.button("Back").click()
    home.beat(1)
    home.press("ArrowLeft")
    home.outside(0)
    assert (home.drawn(), home.numbers()) == before
    for _ in range(3):
        home.press("i")
    home.beat(3)
    home.press("Escape")
    home.outside(0)
    assert (home.drawn(), home.numbers()) == before
    home.address("cursor=0", without="beat")


def test_space_plays_the_beats_and_goes_on_with_the_next_half_step(home):
    home.begin()
    home.page.get_by_label("Speed").select_option("8")
    home.press("Space")
    expect(home.button("Pause")).to_be_visible()
    home.page.wait_for_function("Number(document.querySelector('.stage').dataset.frame) >= 2")
    home.page.wait_for_function("document.querySelector('.stage').hasAttribute('data-inside')")
    home.press("Space")
    expect(home.button("Play")).to_be_visible()
    home.page.wait_for_timeout(700)
    frame, heading = home.frame(), home.heading.inner_text()
    home.page.wait_for_timeout(700)
    assert (home.frame(), home.heading.inner_text()) == (frame, heading)


@pytest.mark.exhaustive
def test_another_move_forks_from_the_frame_before(home):
    home.begin("schedule=EM&cursor=1", 1)
    home.press("i")
    home.beat(2)
    home.press("g")  # a gradient step in place of the M-step
    home.outside(2)
    assert home.address("cursor=2")["schedule"] == "EG"
    home.press("ArrowLeft")
    home.at(1)
    home.press("i")  # whose working is not shown
    expect(home.caption).to_contain_text("The working of this half-step is not shown")
    home.outside(1)


def test_a_point_is_followed_by_click_by_key_and_by_button(home):
    home.begin()
    home.press("i")
    home.beat(2)
    values = EmRun.of(EmSettings()).experiment.data.values
    alone = int(
        np.argmax(
            np.abs(values - values[:, None]).sum(axis=2).min(axis=1, where=~np.eye(len(values), dtype=bool), initial=99)
        )
    )
    home.page.mouse.click(*home.place("data", *values[alone].tolist()))
    expect(home.page.locator(".stage-units")).to_contain_text(f"point {alone + 1} of 272")
    home.beat(2)
    _, found = beats(unit=alone)
    assert home.number() == pytest.approx(float(found[1].found[found[1].at["component"]]), rel=1e-12)
    assert home.trace("data.followed", "x") == pytest.approx([values[alone, 0]])
    home.press("ArrowDown")
    expect(home.page.locator(".stage-units")).to_contain_text(f"point {alone + 2} of 272")
    home.page.get_by_role("button", name="Follow the previous one").click()
    expect(home.page.locator(".stage-units")).to_contain_text(f"point {alone + 1} of 272")
    for _ in range(4):
        home.press("i")
    home.outside(1)
    home.press("i")  # the same point in the half-step after
    home.beat(1)
    expect(home.page.locator(".stage-units")).to_contain_text(f"point {alone + 1} of 272")
    assert home.address("beat=1") == {"schedule": "EM", "cursor": "1", "beat": "1", "unit": str(alone)}


@pytest.mark.exhaustive
def test_keys_faster_than_the_answers(home):
    home.open("cursor=0&components=3", 0)
    home.press("ArrowRight", "i")
    home.at(1)
    home.beat(1)
    before = int(home.unit().split()[1])
    home.press("ArrowDown", "ArrowDown", "ArrowDown")
    expect(home.page.locator(".stage-units")).to_contain_text(f"point {before + 3} of 272")
    home.press("Escape", "End")
    home.page.wait_for_function("Number(document.querySelector('.stage').dataset.frame) > 2")
    home.press("i")  # on the way to the end, which is far
    home.beat(1)
    home.press("ArrowRight")
    home.beat(2)


def test_a_link_leads_to_the_beat_and_the_point(home):
    home.open("schedule=EM&cursor=1&beat=4&unit=11", 1)
    home.beat(4)
    assert home.unit() == "point 12 of 272"
    _, found = beats(at=1, unit=11)
    assert home.number() == pytest.approx(float(found[3].found[found[3].at["component"]][0]), rel=1e-12)
    home.page.reload()
    home.beat(4)
    home.at(1)
    home.open("cursor=0&beat=none", 0)
    expect(home.page.locator(".notice")).to_contain_text("beat=none")


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("model", "count", "unit"),
    thinned(
        [("binomial_mixture", (5, 5), "set 1 of 5"), ("linkage", (4, 4), ""), ("coin_of_unknown_origin", (5, 4), "")],
        [("linkage", (4, 4), "")],
    ),
)
def test_coins_and_linkage_from_the_button(home, model, count, unit):
    home.open(f"model={model}&cursor=0", 0)
    for half_step, beats_of_it in enumerate(count, start=1):
        home.page.get_by_role("button", name="Step inside").first.click()
        for number in range(1, beats_of_it + 1):
            home.beat(number)
            assert home.unit() == unit
            home.press("i")
        home.outside(half_step)
        home.shows(rows(for_model(EmSettings(), model), "EM")[half_step])


@pytest.mark.exhaustive
def test_a_set_of_tosses_is_chosen_by_its_bar(home):
    home.begin("model=binomial_mixture&cursor=0")
    box = home.page.locator("[data-figure=data] .barlayer .point").nth(3).bounding_box()
    home.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(home.page.locator(".stage-units")).to_contain_text("set 4 of 5")


@pytest.mark.exhaustive
def test_in_presenter_mode_the_working_stands_beside_the_data_and_goes_again(home):
    home.page.set_viewport_size({"width": 1920, "height": 1080})
    home.open("cursor=0&present=1&views=data,timeline", 0)
    shown = (
        "[...document.querySelectorAll('.stage-view')].filter((n) => n.offsetWidth).map((n) => n.dataset.view).join()"
    )
    home.press("i")
    home.page.wait_for_function(f"{shown} === 'data,inside'")
    home.press("PageDown")  # a clicker
    home.beat(2)
    home.press("PageUp", "PageUp")
    home.outside(0)
    home.page.wait_for_function(f"{shown} === 'data,timeline'")
    assert home.address("views=data")["views"] == "data,timeline"


@pytest.mark.exhaustive
def test_on_a_phone_the_card_has_the_button(home):
    home.page.set_viewport_size({"width": 390, "height": 844})
    home.open("cursor=0", 0)
    home.show("Inside")
    home.page.locator(".stage-units").get_by_role("button", name="Step inside").click()
    home.beat(1)
    for _ in range(4):
        home.button("E-step").click()
    home.beat(5)
    width = home.page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]


@pytest.mark.exhaustive
def test_the_list_of_keys_has_it_and_a_page_without_it_has_not(home):
    home.open("cursor=0", 0)
    home.press("?")
    expect(home.page.locator(".stage-help")).to_contain_text("step inside")
    home.press("?")
    home.open("model=student_t&cursor=0", 0)
    assert home.page.get_by_role("button", name="Step inside").count() == 0
    home.press("i")
    home.page.wait_for_timeout(300)
    home.outside(0)
