"""The bound along a direction in a real browser: chosen in the sidebar, in front, new at every half-step."""

import pytest
from playwright.sync_api import expect

from tests.browser.home import APP, Home
from ui.em.run import EmRun
from ui.em.settings import EmSettings

TITLE = ".stage-view[data-view=course] h2"
DRAWN = "plot.offsetWidth > 0 && plot.data && trace('bound').x.length > 20 && trace('here').y[1]"


@pytest.fixture
def home(page, serve):
    return Home(page, serve(APP).url)


def bound(home, moment):
    """Wait until the line of a half-step is drawn: L from one end to the other, θ at 0."""
    line = moment.along
    home.wait_plot("direction", f"{DRAWN} && Math.abs(trace('here').y[1] - {moment.bound.elbo!r}) < 1e-6")
    heights = home.plot("direction", "Array.from(trace('bound').y)")
    assert heights == pytest.approx(line.elbo.tolist(), rel=1e-6)
    return heights


def test_a_direction_is_chosen_and_its_curves_move_with_every_half_step(home):
    home.open()
    home.choose("Bound along", "the gradient of L")
    home.wait_plot("direction", "plot.offsetWidth > 0 && plot.data")
    run = EmRun.of(EmSettings(direction="gradient"), "EME")
    curves = [bound(home, run.moment(0))]
    for at, name in ((1, "E-step"), (2, "M-step"), (3, "E-step")):
        home.button(name).click()
        home.at(at)
        curves.append(bound(home, run.moment(at)))
    assert all(one != other for one, other in zip(curves, curves[1:], strict=False))
    slope = run.moment(3).along.slope
    expect(home.page.locator(TITLE)).to_have_text(f"One slope at θ for L and log p: {slope:.3f}")
    assert home.plot("direction", "trace('labels').text") == ["q of half-step 1"]
    home.press("ArrowLeft")
    home.at(2)
    bound(home, run.moment(2))
    # the M-step's own picture is a click away
    home.button("The step").click()
    home.wait_plot("course", "plot.offsetWidth > 0 && plot.data && trace('bound').y.length > 20")


@pytest.mark.exhaustive
def test_a_coordinate_by_its_name_and_a_random_direction_by_its_number_stay_in_the_link(home):
    home.open("schedule=EM&cursor=1", 1)
    home.choose("Bound along", "one coordinate")
    home.choose("Coordinate", "means 1, 2")
    bound(home, EmRun.of(EmSettings(direction="coordinate", coordinate=2), "EM").moment(1))
    assert home.plot("direction", "trace('remark').text") == ["along means 1, 2"]
    assert home.address("coordinate=")["direction"] == "coordinate"
    home.page.reload()
    home.page.wait_for_selector(".stage .main-svg")
    bound(home, EmRun.of(EmSettings(direction="coordinate", coordinate=2), "EM").moment(1))
    home.choose("Bound along", "a random direction")
    bound(home, EmRun.of(EmSettings(direction="random"), "EM").moment(1))
    expect(home.page.get_by_role("spinbutton", name="Random direction")).to_have_value("0")
    home.page.mouse.move(700, 500)  # off the button below the list, whose explanation lies over the control
    home.choose("Bound along", "the M-step")
    home.wait_plot("course", "plot.offsetWidth > 0 && plot.data && trace('bound').y.length > 20")
    expect(home.page.locator("[data-figure=direction]")).to_have_count(0)
    home.address("cursor=1", without="direction")
