"""The page of coordinate ascent in a real browser: the plane, its staircase, and the point under the hand."""

import numpy as np
import pytest
from playwright.sync_api import expect

from em_core.bound import decompose
from em_core.files.report import report
from em_core.observe.plane import plane
from em_core.observe.stairs import second
from em_core.records import State, frozen
from tests.browser.conftest import ROOT
from tests.browser.home import Home
from tests.browser.reader import some
from tests.browser.test_live import comes_to, take
from ui.ascent.run import AscentRun
from ui.ascent.settings import AscentSettings
from ui.em.settings import for_model

COIN = AscentSettings()
SIZES = [(1920, 1080), (1440, 900), (1280, 720), (1024, 768), (390, 844)]
# where Plotly has drawn a trace, as pixels: (x, y) of each of its points
POINTS = "Array.from(trace({name!r}).x, (x, n) => [x, trace({name!r}).y[n]])"
# the contours as Plotly holds them
GROUND = "['far', 'near', 'ridge', 'evidence'].map((name) => trace(name).x)"


class Ascent(Home):
    path = "ascent"

    def open(self, query="", frame=0):
        self.page.goto(f"{self.url}/ascent?{query}")
        return self.ready(frame)

    def points(self, name):
        return [tuple(point) for point in self.plot("plane", POINTS.format(name=name)) if point[0] is not None]

    def staircase(self, run, at):
        """Wait until the stairs are drawn that the core has made."""
        treads = plane(run.experiment, run.trajectory, at).staircase
        found = np.array(self.points("states"), dtype=float)
        np.testing.assert_allclose(found, [(tread.theta, tread.q) for tread in treads], rtol=1e-5)
        ((theta, q),) = self.points("here")
        assert (theta, q) == pytest.approx((treads[-1].theta, treads[-1].q), rel=1e-5)


@pytest.fixture
def ascent(page, serve):
    return Ascent(page, serve(ROOT / "app.py").url)


def rows(settings, moves):
    run = AscentRun.of(settings, moves)
    return report(run.experiment, run.trajectory)["half_steps"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("size", some(SIZES, (1024, 768)), ids=str)
def test_no_note_is_cut_and_labels_stand_clear_of_lines(ascent, size):
    width, height = size
    ascent.page.set_viewport_size({"width": width, "height": height})
    for query in ("", "model=linkage", "model=gaussian_mixture&schedule=EM&cursor=2"):
        ascent.open(query, 2 if "cursor" in query else 0)
        for note in ascent.stage.locator(".stage-note:visible").all():
            assert note.evaluate("(node) => node.scrollWidth <= node.clientWidth"), note.inner_text()
    halo = "getComputedStyle(plot.querySelector('.trace:not(:has(.point)) > .text text')).paintOrder"
    if width >= 1024:
        assert ascent.plot("latest", halo) == "stroke"


@pytest.mark.usefixtures("moving")
def test_it_opens_beside_the_ridge_and_e_and_m_climb_the_stairs(ascent):
    ascent.open()
    ascent.shows(rows(COIN, "E")[0])
    run = AscentRun.of(COIN, "EMEM")
    ascent.staircase(run, 0)
    titles = []
    for at, name in ((1, "E-step"), (2, "M-step"), (3, "E-step"), (4, "M-step")):
        ascent.button(name).click()
        ascent.at(at)
        ascent.shows(rows(COIN, "EMEM")[at])
        ascent.staircase(run, at)
        titles.append(ascent.stage.locator("[data-view=plane] h3, [data-view=plane] .stage-title").first.inner_text())
    assert "along q to the ridge" in titles[0] and "along θ" in titles[1]


@pytest.mark.exhaustive
@pytest.mark.usefixtures("moving")
def test_the_ground_stands_still_under_the_stairs(ascent):
    """Contours are drawn once for the plane; the stairs grow over them, and no figure is built again."""
    ascent.open("schedule=EMEMEM&cursor=0")
    assert ascent.plot("plane", f"(window.ground = {GROUND}).every((x) => x.length > 100)")
    ascent.mark_figures()
    for at in range(1, 7):
        ascent.press("ArrowRight")
        ascent.at(at)
    assert ascent.plot("plane", f"{GROUND}.every((x, n) => x === window.ground[n])") and ascent.same_figures()
    assert len(ascent.points("states")) == 7


@pytest.mark.exhaustive
def test_the_point_goes_anywhere_and_the_run_goes_on_from_there(ascent, other_page):
    ascent.open("schedule=EM&cursor=2", 2)
    model, data = AscentRun.of(COIN).experiment.model, AscentRun.of(COIN).experiment.data
    start = take(ascent, "The point (θ, q)")
    there = ascent.place("plane", 0.8, 0.25)
    ascent.page.mouse.move(*there, steps=6)
    theta, q = (
        float(text)
        for text in ascent.stage.get_by_role("button", name="The point (θ, q)")
        .get_attribute("aria-label")
        .rpartition(": ")[2]
        .split(", ")
    )
    assert (theta, q) == pytest.approx((0.8, 0.25), abs=0.02) and start != there
    bound = decompose(model, data, State({"theta": frozen(0.8)}, model.q_of_share(data, 0.25)))
    comes_to(ascent, [bound.log_evidence, bound.elbo, bound.kl], rel=0.02)  # to the pixel
    expect(ascent.caption).to_contain_text("q and θ moved by hand")
    ascent.page.mouse.up()
    ascent.at(3)
    expect(ascent.caption).to_contain_text("By hand: you set q and θ")
    ascent.press("e", "m")
    ascent.at(5)
    ((theta, _),) = ascent.points("here")
    assert ascent.points("hands") and 0.6 < theta < 0.8
    # whoever opens the link sees the same
    ascent.page.wait_for_function("location.search.includes('hand=')")
    expected = ascent.numbers()
    other = Ascent(other_page, ascent.url)
    other.page.goto(ascent.page.url)
    other.ready(5)
    assert other.numbers() == expected
    np.testing.assert_allclose(other.points("states"), ascent.points("states"))


@pytest.mark.exhaustive
@pytest.mark.parametrize(("keys", "word"), [("eg", "EG"), ("hm", "HM"), ("tm", "TM")])
def test_every_move_leaves_its_mark_by_its_key(ascent, keys, word):
    ascent.open()
    ascent.press(*keys)
    ascent.at(2)
    ascent.shows(rows(COIN, word)[2])
    ascent.staircase(AscentRun.of(COIN, word), 2)


@pytest.mark.exhaustive
def test_another_model_has_a_slice_and_says_so(ascent):
    ascent.open("model=gaussian_mixture&schedule=EMEM&cursor=4", 4)
    ascent.shows(rows(for_model(COIN, "gaussian_mixture"), "EMEM")[4])
    expect(ascent.stage.locator("[data-view=plane]")).to_contain_text("a slice through a larger space")
    assert ascent.points("states") == [(0, 0), (0, 1), (1, 1)]
    expect(ascent.stage.get_by_role("button", name="The point (θ, q)")).to_have_count(0)
    ascent.press("ArrowLeft")
    ascent.at(3)
    assert ascent.points("states") == [(0, 0), (0, 1)]


@pytest.mark.exhaustive
def test_where_nothing_lies_between_two_q_the_page_says_so(ascent):
    ascent.open("model=factor_analysis&schedule=EMHMHM&cursor=5", 5)
    expect(ascent.stage.locator("[data-figure=plane]")).to_contain_text("no blend between them")
    assert ascent.points("near") == []


def test_one_click_shows_both_hills_and_a_new_start_leaves_the_run_before_in_grey(ascent):
    ascent.open("schedule=EMEM&cursor=4", 4)
    assert ascent.points("second") == ascent.points("before") == []
    ascent.page.get_by_text("A second start", exact=True).click()
    expect(ascent.caption).to_contain_text("from the second start to")
    run = AscentRun.of(COIN, "EMEM")
    expected = second(run.experiment)
    np.testing.assert_allclose(ascent.points("second"), np.column_stack([expected.theta, expected.q]), rtol=1e-5)
    assert ascent.points("second heights")[-1] == pytest.approx(expected.end, rel=1e-5)
    ascent.staircase(run, 4)
    ascent.button("New random start").click()
    ascent.at(0)
    expect(ascent.caption).to_contain_text("the previous run came to")
    treads = plane(run.experiment, run.trajectory, 4).staircase
    np.testing.assert_allclose(ascent.points("before"), [(tread.theta, tread.q) for tread in treads], rtol=1e-5)
    expect(ascent.stage.locator("[data-figure=plane]")).to_contain_text("previous run")
    expect(ascent.stage.locator("[data-figure=plane]")).to_contain_text("second start")
