"""Of whole frames a run keeps those beside the one in view, and none that lacks what it builds on."""

from __future__ import annotations

from tests.ui.test_player import FakeRun
from ui.tape import BESIDE, GROUP


def test_what_is_kept_beside_the_view_never_lacks_what_it_builds_on():
    """Frames given up leave what they set to the first that is kept."""
    run, shown = FakeRun("a"), {}
    draw = run.draw
    run.draw = lambda index, key: {**draw(index, key), "set": {**draw(index, key)["set"], f"of {index}": index}}
    run.frames([0])
    for at in range(1, 3 * GROUP):
        run.advance(at)
        frame = run.frames([at])[at]
        shown = frame["set"] if frame["set"]["key"] else shown | frame["set"]
        run.lighten(at)
        there = [index for index, frame in enumerate(run.frames([at])) if "light" not in frame]
        assert there == list(range(max(0, at - BESIDE), at + 1))
        first = run.frames([at])[there[0]]["set"]
        began = there[0] // GROUP * GROUP
        assert {f"of {index}" for index in range(began, there[0] + 1)} <= first.keys()
