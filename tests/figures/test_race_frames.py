"""A race as it is drawn: curves are the series, names stand apart, and the table is told."""

from __future__ import annotations

import pytest

from tests.figures.runs import RACE, race_run
from tests.figures.stage_replay import Shown
from ui.race.run import RaceRun


def test_earlier_rounds_stay_as_they_were():
    """A lap is told from series that have grown since."""
    short, long = (RaceRun.of(RACE["rivals, one tempered"], rounds) for rounds in (2, 5))
    assert short.race[-1].tracks == long.race[2].tracks and short.race[2].ascent == long.race[2].ascent
    assert short.frames()[2]["set"] == long.frames()[2]["set"]
    assert short.frames()[2]["text"] == long.frames()[2]["text"]


@pytest.mark.parametrize("name", RACE)
def test_curves_are_the_series(name):
    run = race_run(name)
    found, lap = Shown(run.scene.json, run.frames(), len(run) - 1), run.race[len(run) - 1]
    for k, track in enumerate(lap.tracks):
        by_steps, by_cost = found.trace(f"height.run {k}"), found.trace(f"height-cost.run {k}")
        assert by_steps["y"] == by_cost["y"] == list(track.log_evidence)
        assert by_steps["x"] == list(range(track.made + 1)) and by_cost["x"] == list(track.passes)
        drawn = [gap for gap in found.trace(f"gap.run {k}")["y"] if gap is not None]
        assert drawn == [gap for gap in track.gap if gap is not None and gap > 1e-12 * max(1, abs(lap.best))]
        distance = found.trace(f"distance.run {k}")
        for x, y in zip(distance["x"], distance["y"], strict=True):
            assert y == lap.best - track.log_evidence[x] > 0
    if lap.ascent:
        assert found.trace("height.ascent")["y"] == list(lap.ascent)


def test_names_stand_apart_and_within_the_picture():
    run = race_run("every M-step")
    found = Shown(run.scene.json, run.frames(), len(run) - 1)
    names = found.trace("height.names")
    low, high = found.figures["height"]["layout"]["yaxis"]["range"]
    assert len(names["text"]) == 8 and all(low < y < high for y in names["y"])
    ordered = sorted(names["y"])
    assert min(b - a for a, b in zip(ordered, ordered[1:], strict=False)) > 0.08 * (high - low)


def test_the_table_is_read_aloud():
    run = race_run("rivals, one tempered")
    text = run.frames()[-1]["text"]
    lap = run.race[len(run) - 1]
    for row in lap.finishes():
        told = "did not get there" if row.half_steps is None else f"{row.half_steps} half-steps"
        assert told in text["describe.finish"]
    assert "SQUAREM: " in text["describe.finish"] and "E(PM): " in text["describe.finish"]


def test_a_run_that_stops_says_so_and_the_others_go_on():
    run = race_run("large steps")
    lap = run.race[len(run) - 1]
    assert any(track.stopped for track in lap.tracks)
    stopped = next(track for track in lap.tracks if track.stopped)
    first = next(i for i in range(len(run)) if run.race[i].tracks[lap.tracks.index(stopped)].stopped)
    assert f"{stopped.word} stopped: " in run.frames()[first]["text"]["caption"]
    assert "stopped" in run.frames()[-1]["text"]["describe.finish"]
