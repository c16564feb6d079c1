"""The models and plans of the home page in a real browser, against the core's own numbers."""

from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import expect

from em_core.observe.course import straight
from tests.browser.home import APP, Home, rows
from tests.core.making import reference
from ui.em.run import EmRun
from ui.em.settings import EmSettings, for_model

expect.set_options(timeout=20_000)
COINS = for_model(EmSettings(), "binomial_mixture")


LINKAGE = for_model(EmSettings(), "linkage")


@pytest.fixture
def home(page, serve):
    return Home(page, serve(APP).url)


def test_recipes_and_schedules(home):
    home.open("plan=EG&standardize=yes")
    gradient = EmSettings(plan="EG", standardize=True)
    home.press("ArrowRight", "ArrowRight", "ArrowRight")
    home.at(3)
    home.shows(rows(gradient, "EGE")[3])
    home.choose("Schedule", "Generalised EM · E G5")
    home.address("plan=E+G5")
    home.press(*["ArrowRight"] * 6)
    home.at(9)
    home.shows(rows(gradient, "EGEGGGGGE")[9])
    home.type("Schedule", "EB")
    home.address("plan=EB")
    home.button("Backtracking step").click()
    home.at(10)
    home.shows(rows(gradient, "EGEGGGGGEB")[10])
    home.choose("Schedule", "Plain EM · EM")
    home.address("standardize=yes")
    home.button("E-step").click()
    home.at(11)
    home.button("M-step").click()
    home.at(12)
    home.shows(rows(gradient, "EGEGGGGGEBEM")[12])


@pytest.mark.exhaustive
def test_a_schedule_is_explained_where_it_is_wrong_and_its_chips_can_be_clicked(home):
    home.open("model=binomial_mixture")
    home.type("Schedule", "(E G3")
    expect(home.page.get_by_role("alert").filter(has_text="leaves a parenthesis open")).to_be_visible()
    assert home.page.get_by_role("combobox", name="Schedule").input_value() == "Your own · (E G3"
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
    expect(home.stage.get_by_text("Schedule complete")).to_be_visible()


@pytest.mark.exhaustive
def test_k_means(home):
    home.open("data=blobs")
    home.choose("Schedule", "k-means · HM")
    home.address("plan=HM")
    settings = EmSettings(data="blobs", plan="HM", covariance="spherical", fixed=True, standardize=True)
    home.press("ArrowRight", "ArrowRight", "ArrowRight")
    home.at(3)
    home.shows(rows(settings, "HMH")[3])
    expect(home.stage.locator(".stage-caption")).to_contain_text("−log p(h*|v)")
    colors = home.plot("data", "new Set(trace('points').marker.color).size")
    assert colors <= 2, "hard: no point is of two colours"


@pytest.mark.exhaustive
def test_the_gap_closes_block_by_block(home):
    home.open("plan=E(PM)")
    home.show("Terms")
    home.button("Gap by block").click()
    home.press("ArrowRight", "m", "p")
    home.at(3)
    heights = home.plot("blocks", "Array.from(trace('gaps').y)")
    row = rows(replace(EmSettings(), plan="E(PM)"), "EMP")[3]
    home.shows(row)
    assert sum(heights) == pytest.approx(row["kl"], rel=1e-9) and min(heights[1:]) > 0
    assert heights[0] == pytest.approx(0, abs=1e-12 * row["kl"])


@pytest.mark.exhaustive
def test_the_two_gradients_agree_where_q_is_the_posterior(home):
    home.open("plan=EG&standardize=yes")
    home.button("Gradients").click()
    apart = "Math.max(...trace('elbo').y.map((y, i) => Math.abs(y - trace('evidence').y[i])))"
    home.press("e")
    home.at(1)
    home.wait_plot("slopes", f"trace('elbo').y.length > 5 && {apart} < 1e-7")
    home.press("g")
    home.at(2)
    home.wait_plot("slopes", f"{apart} > 1e-3")


@pytest.mark.exhaustive
def test_a_point_in_continuous_h_shows_the_complete_data_objective(home):
    home.open("model=factor_analysis&plan=HM")
    home.press("ArrowRight", "ArrowRight")
    home.at(2)
    row = rows(replace(for_model(EmSettings(), "factor_analysis"), plan="HM"), "HM")[2]
    assert home.metric("ELBO").inner_text() == "−∞" and home.metric("Gap").inner_text() == "∞"
    home.show("Terms")
    home.wait_plot("decomposition", "plot.data")
    shown = home.plot("decomposition", "plot.data.map((trace) => trace.text).flat().join(' ')")
    assert f"{row['expected_log_joint']:.3f}".replace("-", "−") in shown and "log p(h*, v)" in shown


@pytest.mark.exhaustive
def test_the_floor_of_mean_field_is_drawn(home):
    home.open("model=sigmoid_belief_net&plan=VM")
    home.button("Gap, log scale").click()
    home.press("ArrowRight", "v", "v")
    home.at(3)
    floor, gap = (home.plot("gap", f"trace('{name}').y.at(-1)") for name in ("floor", "gap"))
    assert 0 < floor <= gap


@pytest.mark.exhaustive
def test_coins(home):
    home.open("model=binomial_mixture")
    home.button("E-step").click()
    home.at(1)
    counts = reference("p02")["expected"]["published"]["expected_counts_iter0"]
    drawn = home.plot("data", "['heads 1', 'heads 2', 'tails 1', 'tails 2'].map((name) => trace(name).customdata[0])")
    expected = [counts[name] for name in ("A_heads", "B_heads", "A_tails", "B_tails")]
    assert drawn == pytest.approx(expected, abs=0.051)
    assert home.plot("data", "['heads 1', 'tails 1'].map((name) => trace(name).text[0])") == ["21.3 heads", "8.6 tails"]
    home.button("M-step").click()
    home.at(2)
    home.shows(rows(COINS, "EM")[2])
    home.drag("Probability of heads of coin A", -80, 0)
    home.at(3)
    assert home.address("hand=")["model"] == "binomial_mixture"
    assert home.value("Gap") > 0.01 and home.fits()


@pytest.mark.exhaustive
def test_linkage(home):
    home.open("model=linkage&schedule=EM&cursor=2", 2)
    home.shows(rows(LINKAGE, "EM")[2])
    hidden = 125 * 0.125 / 0.625  # at the published start θ = 1/2
    assert home.plot("data", "['half', 'rest'].map((name) => trace(name).y[0])") == pytest.approx(
        [125 - hidden, hidden]
    )
    home.button("All θ").click()  # the whole curve, on which θ can be dragged
    home.wait_plot("whole", "plot.data?.length > 0")
    for key, to in (("Left", 1), ("Left", 0), ("Right", 1), ("Right", 2)):  # with a new L, log p is the same
        home.press(f"Arrow{key}")
        home.at(to)
        assert home.shaded("whole")
    home.drag("θ: ", -60, 0)
    home.at(3)
    assert home.address("hand=")["hand"] and home.value("Gap") > 0.01
    home.button("E-step").click()
    home.at(4)
    assert home.value("Gap") == pytest.approx(0, abs=1e-9)
    home.button("New random start").click()
    home.at(0)
    home.address("start=random")
    numbers = home.numbers()
    home.page.reload()
    home.page.wait_for_selector(".stage .main-svg")
    assert home.numbers() == numbers  # the link tells random from published


@pytest.mark.exhaustive
@pytest.mark.parametrize("dimensions", [1, 4])
def test_blobs(home, dimensions):
    settings = EmSettings(data="blobs", dimensions=dimensions, components=3, y_axis=2 if dimensions == 4 else 1)
    home.open(f"data=blobs&dimensions={dimensions}&components=3&y_axis={settings.y_axis}")
    for half_step in range(1, 5):
        home.press("ArrowRight")
        home.at(half_step)
    home.shows(rows(settings, "EMEM")[4])
    title = home.plot("data", "plot._fullLayout.yaxis.title.text")
    assert title == ("density" if dimensions == 1 else "x3")
    if dimensions == 4:
        home.choose("Vertical axis", "x4")
        home.wait_plot("data", "plot._fullLayout?.yaxis.title.text === 'x4'")
        home.shows(rows(settings, "EMEM")[4])  # another view of the same run
        home.at(4)
    assert home.fits()


# what Plotly has drawn in view of a curve, in the numbers of its axes, and pixels for one of them
DRAWN = """(({_fullLayout: {xaxis, yaxis}, _fullData}) => {
  const {uid} = _fullData.find(({meta}) => meta === 'evidence'), path = plot.querySelector(`.trace${uid} path.js-line`);
  const along = Array.from({length: 4000}, (_, n) => path.getPointAtLength(path.getTotalLength() * n / 3999));
  const seen = along.filter(({y}) => y > 0 && y < yaxis._length);
  return [seen.map(({x, y}) => [xaxis.p2d(x), yaxis.p2d(y)]), Math.abs(yaxis.d2p(1) - yaxis.d2p(0))];
})(plot)"""


def test_log_p_along_the_m_step_is_drawn_to_the_pixel(home):
    """Between the places at which it is known, too."""
    home.page.set_viewport_size({"width": 1920, "height": 1080})
    home.open("model=poisson_mixture&schedule=EM&cursor=2&present=1&views=course", 2)
    drawn, pixels = home.plot("course", DRAWN)
    run = EmRun.of(for_model(EmSettings(), "poisson_mixture"), "EM")
    course, (model, data) = run.moment(2).course, (run.experiment.model, run.experiment.data)
    shares, heights = np.array(drawn[::5]).T
    exact = [model.log_evidence(data, theta) for theta in straight(model, course.origin, course.target, shares)]
    assert len(shares) > 60 and np.abs(heights - exact).max() * pixels < 1
