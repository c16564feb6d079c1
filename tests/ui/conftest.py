"""No slice is over before the test is, and nothing drawn before: neither machine nor other tests change a run."""

import pytest

from ui import drawn, limits


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch):
    monkeypatch.setattr(limits, "SLICE", 1e9)


@pytest.fixture(autouse=True)
def nothing_drawn():
    """Frames that another test has had drawn, perhaps of a run that is none."""
    drawn.DRAWN.clear()
