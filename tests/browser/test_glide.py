"""Between two half-steps marker, gap and numbers pass through the core's values, or jump for who wants no motion."""

import numpy as np
import pytest
from playwright.sync_api import expect

from em_core.bound import profile
from figures.look import wording
from tests.browser.home import APP, Home
from ui.em.run import EmRun
from ui.em.settings import EmSettings

pytestmark = pytest.mark.usefixtures("moving")
# all that the gap's number and the marker were, as the eye sees them
WATCH = """() => {
  window.seen = [];
  const gap = document.querySelector('.stage-metrics [aria-label=Gap]');
  const here = () => {
    const plot = document.querySelector('[data-figure=course] .stage-plot');
    const { x, y } = plot.data.find(({ meta }) => meta === 'here');
    return [x[0], y[0], y[1]];
  };
  const look = () => seen.push({ gap: gap.textContent, exact: gap.dataset.value, here: here(),
    busy: gap.closest('.stage-metrics').getAttribute('aria-busy') });
  new MutationObserver(look).observe(gap, { childList: true, characterData: true, subtree: true });
}"""


@pytest.fixture
def home(page, serve):
    return Home(page, serve(APP).url)


def watched(home, key, frame):
    """What was seen while the reader went to a frame."""
    home.page.evaluate(WATCH)
    home.press(key)
    home.at(frame)
    home.page.wait_for_function("document.querySelector('.stage').dataset.gliding === undefined")
    home.page.wait_for_timeout(200)
    return home.page.evaluate("seen")


def test_m_passes_through_the_cores_values(home):
    run = EmRun.of(EmSettings(), "EM")
    before, after = run.trajectory[1].after, run.trajectory[2].after
    model, data = run.experiment.model, run.experiment.data
    home.open("schedule=E&cursor=1", 1)
    home.page.wait_for_timeout(500)
    seen = watched(home, "ArrowRight", 2)
    found = profile(model, data, before.q, before.theta, after.theta, np.linspace(0, 1, 21))
    gaps = [wording.gap(max(gap, 0.0), 1000.0) for gap in found.log_evidence - found.elbo]
    passed = [each for each in seen if 0 < each["here"][0] < 1]
    assert passed, seen
    for each in passed:
        share, log_p, elbo = each["here"]
        step = round(share * 20)
        assert share == pytest.approx(step / 20, abs=1e-6)  # nothing between two steps
        assert [log_p, elbo] == pytest.approx([found.log_evidence[step], found.elbo[step]], abs=1e-3)
    for each in seen:
        assert each["gap"] in gaps and float(each["exact"]) == pytest.approx(run.moment(2).bound.kl)
    assert seen[-1]["gap"] == gaps[-1]
    expect(home.page.locator(".stage-metrics")).to_have_attribute("aria-busy", "false")


@pytest.mark.exhaustive
def test_e_passes_through_blends(home):
    run = EmRun.of(EmSettings(), "E")
    step = run.trajectory[1]
    model, data = run.experiment.model, run.experiment.data
    home.open("", 0)
    home.page.wait_for_timeout(500)
    seen = watched(home, "ArrowRight", 1)
    blends = [model.blend(step.before.q, step.after.q, share) for share in np.linspace(0, 1, 11)]
    elbos = [model.expected_log_joint(data, step.after.theta, q) + model.entropy(q) for q in blends]
    passed = [each["here"][2] for each in seen if each["gap"] not in ("0.000", seen[0]["gap"])]
    assert passed, seen
    assert all(min(abs(elbo - other) for other in elbos) < 1e-3 for elbo in passed), (passed, elbos, seen)


def test_no_motion_where_none_is_wanted(home):
    home.page.emulate_media(reduced_motion="reduce")
    home.open("schedule=E&cursor=1", 1)
    home.page.wait_for_timeout(500)
    seen = watched(home, "ArrowRight", 2)
    assert [each["gap"] for each in seen] == ["22.675"] and seen[0]["here"][0] == 1


def test_back_and_another_step_end_the_way(home):
    """What is shown then is the frame that the reader went to."""
    home.open("schedule=EM&cursor=1", 1)
    home.press("ArrowRight")
    home.at(2)
    home.press("ArrowLeft")
    home.at(1)
    assert home.trace("course.here", "x") == [0, 0]
    home.press("ArrowRight", "ArrowRight")
    home.at(3)
    home.page.wait_for_timeout(300)
    assert home.trace("course.here", "x") == [0, 0]
    expect(home.metric("Gap")).to_have_text("0.000")


@pytest.mark.exhaustive
def test_letters_stand_below_the_timeline(home):
    home.open("schedule=EMEM&cursor=4", 4)
    ticks = home.page.locator("[data-figure=latest] .xtick text")
    expect(ticks).to_have_text(["start", "E", "M", "E", "M"])


@pytest.mark.exhaustive
def test_a_half_step_tells_what_it_did(home):
    home.open("schedule=EM&cursor=2", 2)
    home.page.wait_for_timeout(500)
    bound = EmRun.of(EmSettings(), "EM").moment(2).bound
    x, y = home.place("latest", 2, bound.log_evidence)
    home.page.mouse.move(x - 3, y + 3)
    home.page.mouse.move(x, y)
    told = home.page.locator("[data-figure=latest] .hovertext")
    expect(told).to_contain_text("2: M, full M-step")
    expect(told).to_contain_text("gap 22.675")
