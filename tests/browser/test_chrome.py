"""What stands around the stage, with a keyboard alone: nothing that Streamlit offers is hidden by our style."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ROOT
from tests.browser.reader import Reader

FOCUSED = """() => {
  const node = document.activeElement, style = getComputedStyle(node), box = node.getBoundingClientRect();
  const rings = [style, getComputedStyle(node, "::after")];
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return {
    place: node.closest("[data-testid]")?.dataset.testid ?? "",
    name: node.innerText || node.ariaLabel || "",
    ring: rings.some(({ outlineStyle, outlineWidth, boxShadow }) =>
      (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none"),
    visible: box.width > 0 && box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= innerHeight
      && (top === node || node.contains(top) || top?.contains(node)),
  };
}"""


class Home(Reader):
    path = ""
    figures = 4

    def tab(self, found, most=12):
        """Press Tab until the focus is where `found` says."""
        seen = []
        for _ in range(most):
            self.press("Tab")
            seen.append(self.page.evaluate(FOCUSED))
            if found(seen[-1]):
                return seen[-1]
        raise AssertionError(seen)


@pytest.mark.parametrize("width", [1440, 390])
def test_the_sidebar_opens_and_closes_with_keys_alone(page, serve, width):
    page.set_viewport_size({"width": width, "height": 844})
    home = Home(page, serve(ROOT / "app.py").url).open()
    sidebar = page.get_by_test_id("stSidebar")
    if width == 1440:
        found = home.tab(lambda focused: focused["place"] == "stSidebarCollapseButton")
        assert found["visible"] and found["ring"], found
        home.press("Enter")
    expect(sidebar).to_have_attribute("aria-expanded", "false")
    page.evaluate("document.activeElement.blur()")
    found = home.tab(lambda focused: focused["place"] == "stExpandSidebarButton")
    assert found["visible"] and found["ring"], found
    home.press("Enter")
    expect(sidebar).to_have_attribute("aria-expanded", "true")
