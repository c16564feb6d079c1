"""The MAP page as its tests see it, and the numbers that the core computes for it."""

from pathlib import Path

from playwright.sync_api import expect

from em_core.sparse_coding import SOLVERS
from em_core.sparse_coding.experiment import SparseCodingExperiment, run
from tests.browser.reader import Reader
from ui.map.settings import MapSettings, for_signal

expect.set_options(timeout=20_000)
APP = Path(__file__).parents[2] / "app.py"


TOY = MapSettings()


PATCH = for_signal(TOY, "patch8")


TITLES = {name: solver.title for name, solver in SOLVERS.items()}


def rows(settings, steps):
    """What the core computes: one entry per step, and how the run goes on the command line."""
    return run(SparseCodingExperiment.parse(settings.experiment(steps)))["steps"]


def numbers_of(row):
    return [row["objective"], row["duality_gap"], row["support_size"]]


class Map(Reader):
    """The page and what a reader reads on it."""

    path, labels, figures = "map", ("Objective", "Duality gap", "Nonzero coefficients"), 6

    def expected(self, row):
        return numbers_of(row)

    def step(self, to):
        self.button("Step").click()
        self.at(to)
