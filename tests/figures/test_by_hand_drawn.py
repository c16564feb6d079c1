"""Where the reader's hand was at work, as the frames of the EM page draw it."""

from __future__ import annotations

import pytest

from tests.figures.stage_replay import Shown
from tests.ui.test_by_hand import handled


@pytest.fixture(scope="module")
def session():
    return handled()


def shown(session, at):
    return Shown(session.run.scene.json, session.run.frames(), at)


def test_letters_and_lines_of_the_timeline(session):
    there = shown(session, 12)
    for figure in ("timeline", "latest", "gap"):
        layout = there.figures[figure]["layout"]
        ticks = dict(zip(layout["xaxis"]["tickvals"], layout["xaxis"]["ticktext"], strict=True))
        assert {place for place, letter in ticks.items() if letter in ("☞", "by hand")} == {3, 10, 11} & ticks.keys()
        assert [shape["x0"] for shape in layout["shapes"]] == [place for place in (6, 11) if place in ticks]


def test_the_gap_opens_along_the_way_that_theta_was_dragged(session):
    frame = session.run.frames()[3]
    assert frame["glide"]
    moment = session.run.moment(3)
    assert moment.course.at == 1.0 and moment.course.target is moment.step.after.theta
    assert "θ by hand, with q fixed" in frame["text"]["heading.course"]


def test_no_word_of_it_where_nothing_was_done_by_hand(session):
    assert shown(session, 2).figures["timeline"]["layout"]["shapes"] == []
    assert "From here on" not in session.run.frames()[5]["text"]["caption"]
