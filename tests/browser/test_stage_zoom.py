"""A drag on a figure does nothing until the toolbar of its card says what (stage_demo.py)."""

import pytest
from playwright.sync_api import expect

RANGES = "[...plot._fullLayout.xaxis.range, ...plot._fullLayout.yaxis.range]"
WHOLE = [-10, 10, -10, 10]


def surface(demo):
    box = demo.page.locator("[data-figure=shape] .nsewdrag").bounding_box()
    return box["x"] + 80, box["y"] + 80


def drag(demo, across=150, down=100):
    x, y = surface(demo)
    demo.pull((x, y), (x + across, y + down))
    demo.page.wait_for_timeout(300)


def ranges(demo):
    return demo.plot("shape", RANGES)


@pytest.mark.exhaustive
def test_a_drag_does_nothing_by_itself(demo):
    demo.open("known=3")
    drag(demo)
    x, y = surface(demo)
    demo.pull((x, y + 340), (x + 150, y + 340))  # along the axis
    assert ranges(demo) == WHOLE


def test_a_toolbar_says_what_a_drag_does(demo):
    demo.open("known=3")
    bar = demo.zoom_mode("shape", "Drag to move")
    drag(demo)
    left, right, low, high = ranges(demo)
    assert left < -10 and high > 10 and right - left == pytest.approx(20) and high - low == pytest.approx(20)
    bar.get_by_role("button", name="Reset view").click()
    assert ranges(demo) == WHOLE
    demo.zoom_mode("shape", "Drag a box to enlarge")
    drag(demo)
    demo.wait_plot("shape", "plot._fullLayout.xaxis.range[0] > -9.5")
    bar.get_by_role("button", name="Reset view").click()
    bar.get_by_role("button", name="Zoom and move: Shape", exact=True).click()
    expect(bar.get_by_role("group")).to_be_hidden()
    drag(demo)
    assert ranges(demo) == WHOLE


def test_zoom_with_keys_alone_and_go_on(demo):
    demo.open("known=3")
    lens = demo.button("Zoom and move: Shape")
    lens.focus()
    demo.press("Enter")
    demo.button("Zoom in").focus()
    demo.press("Enter")
    near = [-10 / 1.5, 10 / 1.5] * 2
    assert ranges(demo) == pytest.approx(near)
    demo.press("ArrowRight")
    demo.at(1)
    assert ranges(demo) == pytest.approx(near)
    demo.press("Escape")
    assert lens.get_attribute("aria-pressed") == "false"
    expect(lens).to_be_focused()
    demo.press("Enter")
    demo.button("Reset view").focus()
    demo.press("Enter")
    assert ranges(demo) == WHOLE


@pytest.mark.exhaustive
def test_each_card_has_its_own_mode(demo):
    demo.open("known=3")
    demo.zoom_mode("shape")
    assert demo.plot("wave", "plot._fullLayout.dragmode") is False
    assert demo.plot("shape", "plot._fullLayout.dragmode") == "zoom"


# whether anything took the moves of a finger from the browser, which scrolls the page with them
LISTEN = """() => {
  window.taken = [];
  for (const type of ["touchstart", "touchmove"]) addEventListener(type, (event) => taken.push(event.defaultPrevented));
}"""


@pytest.mark.exhaustive
def test_by_touch(demo):
    """A finger on a figure scrolls the page; in the mode it moves the picture."""
    demo.page.set_viewport_size({"width": 390, "height": 844})
    demo.open("known=3")
    demo.page.evaluate(LISTEN)
    session = demo.page.context.new_cdp_session(demo.page)

    def swipe(down):
        x, y = surface(demo)
        for part in range(9):
            kind = "touchMove" if part else "touchStart"
            touch = {"x": x, "y": y + down * part / 8}
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [touch]})
            demo.page.wait_for_timeout(30)
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        demo.page.wait_for_timeout(300)
        return demo.page.evaluate("window.taken.splice(0)")

    free = swipe(-60)
    assert free and not any(free) and ranges(demo) == WHOLE
    demo.zoom_mode("shape", "Drag to move")
    demo.page.wait_for_timeout(500)  # the toolbar may take a row: a figure that is fitted anew lets go of a drag
    assert all(swipe(60)[1:])
    demo.wait_plot("shape", "plot._fullLayout.yaxis.range[1] > 10.5")
    session.detach()
