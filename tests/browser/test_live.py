"""What a handle would do, shown while it is held: on the demo page, and with the core's numbers on the real ones."""

import time
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import expect

from em_core.bound import decompose
from em_core.records import State
from tests.browser.conftest import ROOT
from tests.browser.home import Home
from tests.browser.map_page import TOY, Map
from tests.browser.map_page import rows as steps
from tests.browser.test_posterior import ONE, Posterior, told
from ui.em.run import EmRun
from ui.em.settings import EmSettings, for_model

APP = ROOT / "app.py"
# collects what the big numbers say, each time that one of them changes
COLLECT = """() => {
  const metrics = document.querySelector(".stage-metrics");
  window.told = [];
  new MutationObserver(() => {
    const now = [...metrics.querySelectorAll("output")].map((node) => Number(node.dataset.value));
    if (String(now) !== String(told.at(-1))) told.push(now);
  }).observe(metrics, { subtree: true, attributes: true });
}"""


def middle(reader, name):
    reader.page.wait_for_timeout(300)
    box = reader.stage.get_by_role("button", name=name).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def take(reader, name):
    """Press on a handle, once its figure has come to rest; where that is."""
    left, top = middle(reader, name)
    while (left, top) != (there := middle(reader, name)):
        left, top = there
    reader.page.mouse.move(left, top)
    reader.page.mouse.down()
    return left, top


# as soon as the caption says that something is held, Escape: before the pause after which keys count as done
ESCAPE = """() => new MutationObserver((_, observer) => {
  if (!document.querySelector(".stage-caption").textContent.includes("Held")) return;
  observer.disconnect();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
}).observe(document.querySelector(".stage-caption"), { childList: true, characterData: true, subtree: true })"""


def comes_to(reader, expected, rel=1e-9):
    """Wait until the numbers are these: what is held follows a moment later."""
    end = time.monotonic() + 20
    while (found := reader.numbers()) != pytest.approx(expected, rel=rel, abs=rel) and time.monotonic() < end:
        reader.page.wait_for_timeout(50)
    assert found == pytest.approx(expected, rel=rel, abs=rel)


def told_place(reader, name):
    """Where a handle says that it is, once the browser has heard of all that the mouse did."""
    reader.page.wait_for_timeout(300)
    label = reader.stage.get_by_role("button", name=name).get_attribute("aria-label")
    return [float(number) for number in label.rpartition(": ")[2].split(", ")]


def held(demo, count=1):
    """Wait until so many places were asked for."""
    demo.acted(count)
    return [act for act in demo.acts() if act.get("live")]


# --- the stage ----------------------------------------------------------------------------------------------------


def test_what_is_held_is_drawn_and_nothing_is_left_of_it(demo):
    demo.open("known=4")
    demo.press("ArrowRight", "ArrowRight")
    demo.at(2)
    before = demo.trace("shape.polygon", "x"), demo.metric("Sum").inner_text(), demo.caption.inner_text()
    left, top = take(demo, "Centre: ")
    demo.page.mouse.move(left + 60, top - 30, steps=3)
    expect(demo.caption).to_contain_text("Held at")
    demo.page.wait_for_timeout(600)
    (x, y) = (held(demo)[-1][axis] for axis in "xy")
    expect(demo.caption).to_have_text(f"Held at {x:.2f}, {y:.2f}")
    demo.wait_plot("shape", f"Math.abs(trace('polygon').x.reduce((a, b) => a + b) / 7 - {x}) < 0.6")
    assert float(demo.metric("Sum").get_attribute("data-value")) == pytest.approx(x)
    expect(demo.page.locator(".stage-term.lit .katex").first).to_contain_text("KL")
    expect(demo.page.locator(".stage-chip")).to_have_count(4)
    assert demo.frame() == 2 and y > 2
    demo.press("Escape")
    expect(demo.caption).to_have_text(before[2])
    assert demo.trace("shape.polygon", "x") == before[0] and demo.metric("Sum").inner_text() == before[1]
    demo.button("Centre: 1, 2").wait_for()
    demo.page.mouse.move(left + 90, top)  # still pressed
    demo.page.mouse.up()
    demo.settle()
    demo.button("Centre: 1, 2").wait_for()
    assert {act["act"] for act in demo.acts()} == {"drag"} and all(act["live"] for act in demo.acts())


@pytest.mark.exhaustive
def test_no_queue_builds_up_and_the_latest_place_counts(demo):
    demo.open("known=4&slow=0.4")
    left, top = take(demo, "Centre: ")
    for step in range(1, 40):
        demo.page.mouse.move(left + 2 * step, top)
        demo.page.wait_for_timeout(20)
    last = told_place(demo, "Centre: ")[0]
    demo.page.wait_for_function(
        f"Math.abs(Number(document.querySelector('.stage-metrics output').dataset.value) - {last}) < 0.01"
    )
    asked = held(demo)
    numbers = [act["n"] for act in asked]
    assert asked[-1]["x"] == pytest.approx(last, abs=0.01)
    # one after the other was answered: 0.4 s each
    assert all(later - earlier >= 400 for earlier, later in zip(numbers, numbers[1:], strict=False))
    demo.page.mouse.up()
    demo.at(0)


@pytest.mark.exhaustive
def test_a_place_that_cannot_be_says_so_and_keeps_the_last_picture(demo):
    demo.open("known=4")
    left, top = take(demo, "Centre: ")
    demo.page.mouse.move(left + 40, top)
    expect(demo.caption).to_contain_text("Held at")
    good = demo.metric("Sum").inner_text()
    scale = demo.plot("shape", "plot._fullLayout.xaxis._length / 20")
    demo.page.mouse.move(left + 7.6 * scale, top)
    expect(demo.caption).to_contain_text("a place to the left of 8")
    assert demo.metric("Sum").inner_text() == good and "\n" not in demo.caption.inner_text()
    demo.page.mouse.move(left + 30, top)
    expect(demo.caption).to_contain_text("Held at")
    demo.page.mouse.up()
    demo.page.locator(".stage-chip").nth(1).wait_for(state="detached")


@pytest.mark.exhaustive
def test_arrow_keys_are_live(demo):
    demo.open("known=4")
    demo.button("Centre: 1, 2").focus()
    demo.page.evaluate(ESCAPE)
    demo.press("ArrowRight")
    demo.acted(1)
    demo.button("Centre: 1, 2").wait_for()
    expect(demo.caption).not_to_contain_text("Held")
    demo.page.wait_for_timeout(900)
    assert all(act["live"] for act in demo.acts())  # what was taken back is not dropped
    demo.press("ArrowUp")
    demo.acted(3)
    demo.button("Centre: 1, 2.2").wait_for()
    assert [(act.get("live", False), round(act["y"], 9)) for act in demo.acts()[1:]] == [(True, 2.2), (False, 2.2)]


def test_a_finger_drags_and_the_page_does_not_scroll(demo):
    demo.open("known=4")
    left, top = middle(demo, "Centre: ")
    touches = demo.page.context.new_cdp_session(demo.page)
    for part in range(9):
        kind = "touchMove" if part else "touchStart"
        touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": left, "y": top + 12 * part}]})
        demo.page.wait_for_timeout(60)
    expect(demo.caption).to_contain_text("Held at")
    assert demo.page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0
    touches.send("Input.dispatchTouchEvent", {"type": "touchCancel", "touchPoints": []})
    expect(demo.caption).not_to_contain_text("Held")
    demo.button("Centre: 1, 2").wait_for()
    assert all(act["live"] for act in demo.acts())


@pytest.mark.exhaustive
def test_a_slider_is_a_handle(demo):
    """Over orders of magnitude; by keys, by the mouse, and taken back."""
    demo.open("known=4&slider=1")
    slider = demo.stage.get_by_role("slider", name="Size", exact=True)
    box = slider.bounding_box()
    assert box["height"] >= 24 and slider.get_attribute("aria-valuetext") == "3"
    slider.focus()
    demo.page.evaluate(ESCAPE)
    demo.press("ArrowRight")
    (act,) = held(demo)
    assert act["x"] == float(f"{3 * 10**0.05:.3g}")
    expect(slider).to_have_attribute("aria-valuetext", "3")
    expect(demo.caption).not_to_contain_text("Held")
    demo.page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 12)
    demo.page.mouse.down()
    demo.page.mouse.move(box["x"] + box["width"] / 2.6, box["y"] + 12, steps=4)
    expect(demo.caption).to_contain_text("Held at")
    demo.page.mouse.up()
    demo.page.wait_for_function("!document.querySelector('.stage-caption').textContent.includes('Held')")
    (act,) = [act for act in demo.acts() if not act.get("live")]
    assert act["handle"] == "size" and act["y"] == 0 and 4 < act["x"] < 8
    expect(slider).to_have_attribute("aria-valuetext", f"{act['x']:g}")


# --- the pages ----------------------------------------------------------------------------------------------------


@pytest.fixture
def home(page, serve):
    return Home(page, serve(APP).url)


@pytest.mark.exhaustive
def test_a_mean_is_live(home):
    """Ten different pictures while it is held, each with the core's numbers at that θ; then it is taken back."""
    home.open("schedule=EMEM&cursor=4", 4)
    before, address = home.numbers(), home.page.url
    run = EmRun.of(EmSettings(), "EMEM")
    state = run.trajectory[4].after
    home.page.evaluate(COLLECT)
    left, top = take(home, "Mean of component 1: ")
    for step in range(2000):
        home.page.mouse.move(left + step % 60, top - step % 40)
        home.page.wait_for_timeout(15)
        if home.page.evaluate("told.length") >= 10:
            break
    seen = home.page.evaluate("told")
    assert len(seen) >= 10 and len({tuple(numbers) for numbers in seen}) >= 10
    assert all(log_p - elbo == pytest.approx(gap, rel=1e-9) for log_p, elbo, gap in seen)
    home.page.mouse.move(left + 40, top - 20)
    place = told_place(home, "Mean of component 1: ")
    home.wait_plot("data", f"Math.abs(trace('badge 1').x[0] - {place[0]}) < 1e-3")
    drawn = np.array([home.trace("data.badge 1", axis)[0] for axis in "xy"])
    np.testing.assert_allclose(drawn, place, rtol=1e-3)
    theta = {**state.theta, "means": np.array([drawn, state.theta["means"][1]])}
    expected = decompose(run.experiment.model, run.experiment.data, State(theta, state.q))
    # the picture has single precision
    comes_to(home, [expected.log_evidence, expected.elbo, expected.kl], rel=1e-4)
    assert home.page.locator(".stage-chip[data-frame]").count() == 5 and home.page.url == address
    home.press("Escape")
    home.page.wait_for_function("!document.querySelector('.stage-caption').textContent.includes('by hand')")
    home.page.mouse.up()
    assert home.numbers() == before and home.frame() == 4
    assert home.page.url == address


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("model=linkage", "θ"),
        ("model=coin_of_unknown_origin", "θ"),
        ("model=abo_blood_groups", "allele O"),
        ("model=sigmoid_belief_net", "p(h1 = 1)"),
        ("model=hidden_markov", "p(stay in state 1)"),
        ("model=bernoulli_mixture", "weight of component 1"),
    ],
)
def test_a_slider_of_a_model_is_live(home, query, name):
    home.open(f"{query}&schedule=EM&cursor=2", 2)
    slider = home.stage.get_by_role("slider", name=name, exact=True)
    slider.scroll_into_view_if_needed()
    slider.focus()
    home.press(*["ArrowRight"] * 20)
    spoken, *unit = slider.get_attribute("aria-valuetext").split(maxsplit=1)
    value = float(spoken)
    run = EmRun.of(for_model(EmSettings(), query.partition("=")[2]), "EM")
    (handle,) = [one for one in run.frames([2])[2]["handles"] if one["label"] == name and one.get("kind")]
    assert value > handle["value"] and unit == ([handle["unit"]] if handle["unit"] else [])
    shown = run.preview(2, handle["id"], value, 0.0)["value"]
    comes_to(home, [shown[f"metric.{part}"] for part in ("evidence", "elbo", "gap")])


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("model=regression_mixture", "Right end of line 1"),
        ("model=factor_analysis", "End of factor 1"),
        ("model=hidden_markov&data=nile", "Level of state 1"),
    ],
)
def test_a_handle_in_the_picture_is_live(home, query, name):
    home.open(f"{query}&schedule=EM&cursor=2", 2)
    before = home.numbers()
    left, top = take(home, name)
    home.page.mouse.move(left, top + 12, steps=3)
    expect(home.caption).to_contain_text("by hand")
    home.page.wait_for_timeout(1500)
    log_p, elbo, gap = home.numbers()
    assert log_p - elbo == pytest.approx(gap, rel=1e-9) and [log_p, elbo, gap] != before
    home.press("Escape")
    home.page.wait_for_function("!document.querySelector('.stage-caption').textContent.includes('by hand')")
    home.page.mouse.up()
    assert home.numbers() == before


@pytest.mark.exhaustive
def test_lambda_is_live_on_its_axis(page, serve):
    """The optimum, the contours and the numbers of this step follow; let go, it is the sidebar's λ too."""
    reader = Map(page, serve(APP).url).open("steps=3&cursor=3", 3)
    star = reader.trace("picture.optimum", "x")
    left, top = take(reader, "λ: ")
    reader.page.mouse.move(left - 40, top, steps=4)
    reader.wait_plot("picture", f"trace('optimum').x[0] !== {star[0]}")
    (wanted,) = told_place(reader, "λ: ")
    reader.wait_plot("path", f"Math.abs(trace('penalty').x[0] / {wanted} - 1) < 1e-3")
    value = reader.trace("path.penalty", "x")[0]
    assert value < 0.7
    reader.shows(steps(replace(TOY, penalty=value), 3)[3])
    assert "penalty" not in reader.page.url
    reader.page.mouse.up()
    reader.address("penalty=")
    reader.at(3)
    reader.shows(steps(replace(TOY, penalty=value), 3)[3])
    expect(reader.slider("λ: sparsity")).to_have_attribute("aria-valuetext", f"{value:.4g}")


@pytest.mark.exhaustive
def test_lambda_and_mu_are_live(page, serve):
    reader = Posterior(page, serve(APP).url).open("cursor=3", 3)
    slider = reader.stage.get_by_role("slider", name="λ", exact=True)
    slider.focus()
    reader.press(*["ArrowLeft"] * 30)
    value = float(slider.get_attribute("aria-valuetext"))
    reader.shows(told(replace(ONE, penalty=value))["rungs"][3])
    reader.address(f"penalty={value:g}")  # a moment after the last key
    reader.shows(told(replace(ONE, penalty=value))["rungs"][3])
    expect(reader.slider("λ: sparsity")).to_have_attribute("aria-valuetext", f"{value:.4g}")
    left, top = take(reader, "μ of q: ")
    reader.page.mouse.move(left + 50, top, steps=3)
    row = told(replace(ONE, penalty=value).at(told_place(reader, "μ of q: ")))["rungs"][3]
    comes_to(reader, reader.expected(row), rel=1e-3)
    assert "given" not in reader.page.url
    reader.press("Escape")
    reader.shows(told(replace(ONE, penalty=value))["rungs"][3])
    reader.page.mouse.up()
