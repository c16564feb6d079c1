"""The app's own lessons, on their pages: each step opens where it says, and what it names is there."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.pages import PAGES
from ui.frame import PAGES as SHOWN
from ui.lessons.library import library

LESSONS = library([]).lessons
STEPS = [(name, step) for name, one in LESSONS.items() for step in one.steps]
SESSIONS = {page.path or SHOWN[0][0]: page.session for page in PAGES}
FIRST = STEPS[0][1]
# half-steps that take a while to draw
LONG = 20


def shown(step):
    """The last half-step that it is about."""
    return max(step.at, step.predict.half_step if step.predict else 0)


def ahead(name, step):
    return pytest.param(step, id=f"{name}-{step.id}", marks=[pytest.mark.exhaustive] * (shown(step) > LONG))


def opened(step):
    """The page's session with a step's experiment, at its half-step."""
    session = SESSIONS[step.page].opened({})
    session.open_file(json.dumps(step.experiment).encode())
    while len(session.run) <= shown(step) and session.run.remaining:
        assert session.run.step()
    session.player.go(step.at)
    return session


def lacking(step):
    """What a step names and its page has not."""
    session = opened(step)
    scene, frames = session.run.scene.json, session.run.frames()
    views = {view["id"] for view in scene["views"]}
    terms = {term["id"] for term in scene["equation"] if "id" in term}
    wrong = [f"view {view}" for view in step.views if view.partition(".")[0] not in views]
    wrong += [f"lit {name}" for name in step.lit if name not in terms | views]
    if session.player.place != step.at or len(frames) <= step.at:
        return [*wrong, f"half-step {step.at}"]
    handles = {handle["id"]: handle for handle in frames[step.at].get("handles", [])}
    if (asked := step.predict) and asked.kind == "drag" and "y" not in handles.get(asked.handle, {}):
        wrong.append(f"handle {asked.handle}")
    if asked and asked.kind == "point" and asked.view not in step.views:
        wrong.append(f"view {asked.view}")
    return wrong


@pytest.mark.parametrize("step", [ahead(name, step) for name, step in STEPS])
def test_a_step_opens_on_its_page_and_what_it_names_is_there(step):
    session = opened(step)
    assert session.messages == [] and session.player.place == step.at
    assert lacking(step) == []


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"views": ("dictionary",)}, "view dictionary"),
        ({"views": ("data", "timeline.none", "plane")}, "view plane"),
        ({"lit": ("log_evidence",)}, "lit log_evidence"),
    ],
    ids=["view", "view of another page", "term"],
)
def test_what_is_not_there_is_found(wrong, named):
    assert lacking(FIRST) == []
    assert lacking(replace(FIRST, **wrong)) == [named]


def test_a_handle_that_is_not_there_is_found():
    (step,) = (step for _, step in STEPS if step.predict and step.predict.kind == "drag")
    assert lacking(replace(step, predict=replace(step.predict, handle="mean0"))) == ["handle mean0"]
