"""The home page as its tests see it, and the numbers that the core computes for it."""

from pathlib import Path

from playwright.sync_api import expect

from em_core.files.report import report
from tests.browser.reader import DRAWN, FREE, Reader
from ui.em.run import EmRun

expect.set_options(timeout=20_000)
APP = Path(__file__).parents[2] / "app.py"


def rows(settings, moves):
    """What the core computes: one entry per half-step."""
    run = EmRun.of(settings, moves)
    return report(run.experiment, run.trajectory)["half_steps"]


class Home(Reader):
    """The page and what a reader reads on it."""

    path, labels, figures = "", ("log p(v)", "ELBO", "Gap"), 4

    def open(self, query="", frame=None):
        self.page.goto(f"{self.url}/?{query or FREE}")
        self.page.wait_for_selector(".stage .main-svg")
        self.page.wait_for_function(DRAWN)
        if frame is not None:
            self.at(frame)
        return self

    def value(self, label):
        return float(self.metric(label).get_attribute("data-value"))

    def drag(self, handle, x, y):
        """Drag a handle by so many pixels."""
        box = self.stage.get_by_role("button", name=handle).bounding_box()
        left, top = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.pull((left, top), (left + x, top + y))

    def choose(self, label, option):
        field = self.page.get_by_role("combobox", name=label, exact=True)
        field.scroll_into_view_if_needed()
        self.page.wait_for_timeout(300)  # scrolling closes a list
        field.click()
        self.page.get_by_role("option", name=option, exact=True).click()
        self.page.wait_for_timeout(300)
        expect(self.page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")

    def type(self, label, text):
        """A word that is not on the list."""
        field = self.page.get_by_role("combobox", name=label, exact=True)
        field.click()
        field.fill(text)
        self.page.get_by_role("option", name=f"Add: {text}", exact=True).wait_for()
        field.press("Enter")
        self.page.wait_for_timeout(300)
        expect(self.page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        field.blur()  # else the keys are the field's
