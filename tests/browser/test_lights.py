"""Four checks beside the equation, and EM that is wrong on purpose, in a real browser."""

import pytest
from playwright.sync_api import expect

from em_core.broken import BREAKS
from tests.browser.home import APP, Home
from tests.browser.reader import some

expect.set_options(timeout=20_000)
LIGHTS = ("identity", "monotone", "touching", "stationary")


@pytest.fixture
def home(page, serve):
    return Home(page, serve(APP).url)


def marks(home):
    """What each check says: its sign, and its number."""
    said = home.page.locator(".stage-marks li").all_inner_texts()
    parts = [text.split() for text in said]
    assert [part[1] for part in parts] == list(LIGHTS)
    return {part[1]: (part[0], *part[2:]) for part in parts}


def test_checks_stand_beside_the_equation_at_every_half_step(home):
    home.open("schedule=(EM)2&cursor=0", 0)
    tall = home.page.locator(".stage-header").bounding_box()["height"]
    assert {name: sign for name, (sign, *_) in marks(home).items()} == dict(zip(LIGHTS, "✓–––", strict=True))
    for half_step, signs in ((1, "✓✓✓–"), (2, "✓✓–✓")):
        home.button("E-step" if half_step % 2 else "M-step").click()
        home.at(half_step)
        found = marks(home)
        assert "".join(sign for sign, *_ in found.values()) == signs
        assert all((number == []) == (sign == "–") for sign, *number in found.values())
        assert home.page.locator(".stage-header").bounding_box()["height"] == tall
    assert home.page.locator(".stage-marks .amiss").count() == 0 and home.fits()


@pytest.mark.exhaustive
def test_a_break_from_the_sidebar_turns_its_light_off_and_is_said(home):
    home.open("schedule=(EM)2&cursor=0", 0)
    home.choose("Break it", "M never updates the weights")
    home.at(0)
    expect(home.page.locator(".stage-caption")).to_contain_text("Wrong on purpose: M never updates the weights.")
    start = home.button("Go to the start; wrong on purpose: M never updates the weights")
    expect(start).to_contain_text("✗")
    for half_step in (1, 2):
        home.button("E-step" if half_step % 2 else "M-step").click()
        home.at(half_step)
    found = marks(home)
    assert found["stationary"][0] == "✗" and float(found["stationary"][1]) > 1e-3
    assert (found["identity"][0], found["monotone"][0]) == ("✓", "✓")
    amiss = home.page.locator(".stage-marks .amiss")
    expect(amiss).to_have_count(1)
    expect(home.page.locator(".stage-caption")).to_contain_text("M did not maximise the bound")
    assert home.address("cursor=2")["broken"] == "frozen_weights"
    home.page.reload()
    home.at(2)
    assert marks(home) == found
    home.choose("Break it", "Nothing: EM as it should be")
    home.at(0)
    expect(home.page.get_by_text("Wrong on purpose")).to_have_count(0)
    home.page.wait_for_function("!location.search.includes('broken')")


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", BREAKS)
def test_a_link_opens_what_is_broken(home, name):
    home.open(f"broken={name}&schedule=(EM)2&cursor=2", 2)
    seen = marks(home)
    home.button("Go to 1: E").click()
    home.at(1)
    before = marks(home)
    for light in BREAKS[name].lights:
        assert "✗" in (seen[light][0], before[light][0])


@pytest.mark.exhaustive
@pytest.mark.parametrize("size", some([(1440, 900), (1920, 1080), (390, 844)], (390, 844)), ids=str)
def test_nothing_is_cut_off(home, size):
    home.page.set_viewport_size({"width": size[0], "height": size[1]})
    home.open("broken=frozen_weights&schedule=(EM)2&cursor=2", 2)
    header = home.page.locator(".stage-header").bounding_box()
    for item in home.page.locator(".stage-marks li").all():
        box = item.bounding_box()
        assert box["x"] >= header["x"] - 1 and box["x"] + box["width"] <= header["x"] + header["width"] + 1
        assert box["y"] + box["height"] <= header["y"] + header["height"] + 2
