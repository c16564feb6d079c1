"""The race: its settings, links and files, and what its frames say."""

from __future__ import annotations

from tests.core.any_experiment import experiments
from tests.pages import Page
from ui.race.session import RaceSession

PAGE = Page(
    RaceSession,
    experiments(),
    ("reset", "random"),
    ({}, {"start": {"weights": [0.25, 0.75], "means": [[1 / 3], [2.0]]}}),
    tape={"steps": "1001", "cursor": "7"},
    often=4,
)
