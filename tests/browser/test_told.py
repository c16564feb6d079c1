"""What a figure tells of its points: the same text under the mouse and by arrow keys, with the core's numbers in it."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.home import APP, Home, rows
from tests.models import SAID
from ui.em.run import EmRun
from ui.em.settings import EmSettings, for_model


@pytest.fixture
def home(page, serve):
    return Home(page, serve(APP).url)


def figure(home, name):
    return home.stage.locator(f"[data-figure={name}]")


def line(home, name):
    """What is said to a screen reader."""
    return figure(home, name).locator("[aria-live]")


def hovered(home, name):
    """The lines of the text beside the mouse."""
    found = figure(home, name).locator(".hoverlayer .hovertext .nums")
    expect(found).to_have_count(1)
    return found.evaluate("node => [...node.querySelectorAll('tspan.line')].map(line => line.textContent)")


def numbers(text):
    return [float(found.replace("−", "-")) for found in re.findall(r"[−-]?\d+\.\d+", text)]


def test_a_point_says_by_key_what_it_says_under_the_mouse(home):
    home.open("schedule=EM&cursor=2", frame=2)
    figure(home, "data").focus()
    home.press("ArrowRight")
    said = line(home, "data")
    expect(said).to_contain_text("log p of this point")
    before = said.inner_text()
    home.press("e")  # the same point, told anew at the next half-step
    home.at(3)
    expect(said).not_to_have_text(before)
    expect(said).to_contain_text("log p of this point")
    run = EmRun.of(EmSettings(), "EME")
    q = run.trajectory[3].after.q.probabilities
    first = said.inner_text()
    assert numbers(first)[-3:-1] == pytest.approx(q[:, 0].tolist(), abs=6e-4)
    home.press("ArrowUp")
    expect(said).not_to_have_text(first)
    values = run.experiment.data.values
    n = above(values, np.array([home.place("data", *value) for value in values[:2].tolist()]))
    shares, point = run.moment(3).shares, values[n]
    assert numbers(said.inner_text())[-3:] == pytest.approx([*q[:, n], shares[n]], abs=6e-4)
    assert said.inner_text().count("responsibility") == 2
    lines = hovered(home, "data")
    assert "; ".join(lines) == said.inner_text()
    assert home.frame() == 3, "the arrows are the figure's"
    figure(home, "data").blur()
    expect(said).to_be_empty()
    home.page.mouse.move(*home.place("data", *point.tolist()))
    expect(figure(home, "data").locator(".hoverlayer .hovertext")).to_have_count(1)
    assert hovered(home, "data") == lines


@pytest.mark.exhaustive
def test_a_minus_is_a_minus_by_key_and_under_the_mouse(home):
    """As everywhere else: Plotly by itself writes a hyphen."""
    home.open("schedule=EM&cursor=1", frame=1)
    for at in (1, 2):  # what writes the numbers is made anew with the figure
        home.at(at)
        figure(home, "course").focus()
        home.press("ArrowRight")
        expect(line(home, "course")).to_contain_text(re.compile(r"−\d+\.\d{3}"))
        assert "-" not in line(home, "course").inner_text()
        figure(home, "course").blur()
        x, y = home.plot("course", "[trace('evidence').x[15], trace('evidence').y[15]]")
        home.page.mouse.move(*home.place("course", x, y))
        told = figure(home, "course").locator(".hoverlayer .hovertext .nums")
        expect(told).to_have_text(f"log p(v) {y:.3f}".replace("-", "−"))
        home.page.mouse.move(0, 0)
        home.press("ArrowRight")


def above(values, pixels):
    """The point that comes next above the first one: the nearest within 45°. pixels: of the first two."""
    apart = (values - values[0]) * ((pixels[1] - pixels[0]) / (values[1] - values[0]))
    far = np.where((apart[:, 1] < 0) & (np.abs(apart[:, 0]) <= -apart[:, 1]), np.hypot(*apart.T), np.inf)
    return int(far.argmin())


def test_what_the_arrows_do_is_said_until_they_do_it(home):
    home.open("schedule=EM&cursor=2", frame=2)
    home.press("Tab")  # what the keyboard focuses has a frame
    hint = "(node) => getComputedStyle(node, '::after').content"
    figure(home, "data").focus()
    assert "to the next point that way" in figure(home, "data").evaluate(hint)
    home.press("ArrowRight")
    expect(line(home, "data")).not_to_be_empty()
    assert figure(home, "data").evaluate(hint) == "none"
    figure(home, "latest").focus()
    assert "another curve" in figure(home, "latest").evaluate(hint)
    before = line(home, "latest")
    home.press("ArrowRight")
    expect(before).not_to_be_empty()


@pytest.mark.exhaustive
def test_on_a_phone_what_is_told_does_not_cover_its_point(browser, serve):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    home = Home(page, serve(APP).url).open("schedule=EM&cursor=2", frame=2)
    told = figure(home, "data").locator(".hoverlayer .hovertext")
    for n in (100, 5, 150, 8):
        x, y = home.place("data", *EmRun.of(EmSettings()).experiment.data.values[n].tolist())
        page.touchscreen.tap(x, y)
        page.wait_for_timeout(300)
        # a point under a handle tells of the component
        for box in [each.bounding_box() for each in told.all()]:
            over = box["x"] < x - 6 < x + 6 < box["x"] + box["width"]
            assert not (over and box["y"] < y - 6 < y + 6 < box["y"] + box["height"]), n
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390, n
        assert told.count() == 1 or n != 5
    context.close()


@pytest.mark.exhaustive
def test_half_steps_are_told_by_key_from_the_one_in_view_and_enter_goes_there(home):
    home.open("schedule=EMEM&cursor=2", frame=2)
    expected = rows(EmSettings(), "EMEM")
    figure(home, "latest").focus()
    home.press("ArrowRight")
    said = line(home, "latest")
    expect(said).to_contain_text("2: M")
    found = numbers(said.inner_text())
    rises = [expected[2][name] - expected[1][name] for name in ("log_evidence", "elbo")]
    assert found[1] == pytest.approx(rises[0], abs=6e-4) and found[3] == pytest.approx(rises[1], abs=6e-4)
    assert "gap" in said.inner_text()
    home.press("ArrowLeft", "ArrowLeft")
    expect(said).to_contain_text("0: start")
    home.press("Enter")
    home.at(0)
    # after a click on a figure the arrows move the stage
    box = figure(home, "data").bounding_box()
    home.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 40)
    home.press("ArrowRight")
    home.at(1)


@pytest.mark.exhaustive
def test_a_component_is_told_where_its_handle_lies(home):
    """Under the mouse, and when the handle has the focus."""
    home.open("schedule=EM&cursor=2", frame=2)
    run = EmRun.of(EmSettings(), "EM")
    theta = run.trajectory[2].after.theta
    expected = [theta["weights"][0], *theta["means"][0], *theta["covariances"][0].ravel()]
    handle = home.stage.get_by_role("button", name="Mean of component 1")
    handle.hover()
    expect(figure(home, "data").locator(".hoverlayer .hovertext")).to_have_count(1)
    lines = hovered(home, "data")
    assert numbers(" ".join(lines)) == pytest.approx(expected, rel=1e-3)
    assert [line.split()[0] for line in lines] == ["component", "weight", "mean", "covariance"]
    home.page.mouse.move(0, 0)
    expect(figure(home, "data").locator(".hoverlayer .hovertext")).to_have_count(0)
    # inside the ellipse, as far as can be from all points and from the handle
    centre, spread = np.array(home.place("data", *theta["means"][0].tolist())), theta["covariances"][0]
    corner = np.array(home.place("data", *(theta["means"][0] + [1, 1]).tolist()))
    pixels = [centre + (point - theta["means"][0]) * (corner - centre) for point in [*run.experiment.data.values]]
    angles = np.linspace(0, 2 * np.pi, 90)
    ring = 1.9 * np.linalg.cholesky(spread) @ np.array([np.cos(angles), np.sin(angles)])
    places = centre + ring.T * (corner - centre)
    apart = np.linalg.norm(places[:, None] - np.array(pixels)[None], axis=-1).min(axis=1)
    home.page.mouse.move(*places[int(apart.argmax())].tolist())
    inside = figure(home, "data").locator(".hoverlayer .hovertext")
    expect(inside).to_contain_text("covariance")
    home.page.mouse.move(0, 0)
    handle.focus()
    expect(line(home, "data")).to_have_text("; ".join(lines))


@pytest.mark.exhaustive
@pytest.mark.parametrize("model", SAID)
def test_the_units_of_every_model_are_told(home, model):
    """By key, trace after trace, until the hidden values are said."""
    home.open(f"model={model}&schedule=E&cursor=1", frame=1)
    assert for_model(EmSettings(), model).model == model
    figure(home, "data").focus()
    said = line(home, "data")
    home.press("ArrowRight")
    expect(said).not_to_be_empty()
    for _ in range(12):
        before = said.inner_text()
        if SAID[model] in before and "log p" in before:
            break
        home.press("PageDown")
        expect(said).not_to_have_text(before)
    expect(said).to_contain_text(SAID[model])
    expect(said).to_contain_text("log p")
    assert len(numbers(said.inner_text())) >= 2
