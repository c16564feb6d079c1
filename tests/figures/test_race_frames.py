"""A race as it is drawn: curves are the series, names stand apart, and the table is told."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from em_core.observe.inside import paths
from figures.race import words
from figures.race.ends import heights
from tests.attack import thinned
from tests.figures.runs import RACE, race_run
from tests.figures.stage_replay import Shown
from ui.race.run import RaceRun
from ui.race.settings import RaceSettings
from ui.race.settings import for_model as race_for


def test_earlier_rounds_stay_as_they_were():
    """A lap is told from series that have grown since."""
    short, long = (RaceRun.of(RACE["rivals, one tempered"], rounds) for rounds in (2, 5))
    assert short.race[-1].tracks == long.race[2].tracks and short.race[2].ascents == long.race[2].ascents
    assert short.frames()[2]["set"] == long.frames()[2]["set"]
    assert short.frames()[2]["text"] == long.frames()[2]["text"]


@pytest.mark.parametrize("name", thinned(RACE, ["every M-step", "linkage"]))
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
    races = {track.word for track in lap.tracks}
    assert [ascent.word for ascent in lap.ascents] == ["EG", *({"ES"} & races)]
    for ascent in lap.ascents:
        rings, by_cost = found.trace(f"height.{ascent.word}"), found.trace(f"height-cost.{ascent.word}")
        assert rings["y"] == by_cost["y"] == list(ascent.log_evidence)
        for track in lap.tracks:
            if track.word == ascent.word and ascent.log_evidence:  # each ring on the curve, after a round
                assert rings["x"] == list(range(0, track.made + 1, 2))
                assert by_cost["x"] == list(track.passes[::2])
                assert rings["y"] == pytest.approx(list(track.log_evidence[::2]), rel=1e-9)


def test_the_level_at_which_a_run_is_at_the_best_is_drawn_where_it_is():
    """In nats, as the table and the title of its axis say; only rounding is drawn at the foot, 0 has no place."""
    for name in ("every M-step", "linkage"):
        run = race_run(name)
        for index in range(1, len(run)):
            found, lap = Shown(run.scene.json, run.frames(), index), run.race[index]
            best = max(max(track.log_evidence) for track in lap.tracks)
            level = 1e-6 * max(1.0, abs(best))
            assert found.trace("distance.close")["y"] == [level, level]
            (told,) = found.trace("distance.close name")["text"]
            assert words.nats(level) in told
            assert words.nats(level) in found.figures["finish"]["layout"]["xaxis"]["title"]["text"]
            foot, _ = found.figures["distance"]["layout"]["yaxis"]["range"]
            for k, track in enumerate(lap.tracks):
                fall, ((x, y),) = found.trace(f"distance.fall {k}"), _points(found.trace(f"distance.end {k}"))
                line = _points(found.trace(f"distance.run {k}"))
                here = best - track.log_evidence[-1] <= 1e-12 * max(1.0, abs(best))
                # the mark stands at the end of its line, or of the dots in which it leaves the picture
                assert (x, y) == (_points(fall)[-1] if here else line[-1])
                assert not here or (_points(fall)[0] == line[-1] and foot < math.log10(y) < foot + 0.5)
                assert x == track.made and bool(fall["x"]) == here


def _points(trace):
    return list(zip(trace["x"], trace["y"], strict=True))


def test_a_run_looks_the_same_in_all_pictures_and_unlike_those_it_could_lie_under():
    for name in RACE:
        figures = {key: figure for key, figure in race_run(name).scene.json["figures"].items()}
        looks = [
            [trace["line"] for trace in figures[f"{figure}{suffix}"]["data"] if trace["meta"].startswith("run ")]
            for figure in ("height", "distance", "gap")
            for suffix in ("", "-cost")
        ]
        assert all(look == looks[0] for look in looks)
        assert len({line["dash"] for line in looks[0]}) == len(looks[0])


def test_before_the_first_round_pictures_say_what_will_be_drawn():
    run = race_run("linkage")
    for index, told in ((0, True), (1, False)):
        found = Shown(run.scene.json, run.frames(), index)
        for name in ("height", "distance", "gap"):
            assert bool(found.trace(f"{name}.soon")["text"]) == bool(found.trace(f"{name}-cost.soon")["text"]) == told


def test_axes_say_where_half_steps_and_passes_are_the_same():
    for name, alike in (("linkage", True), ("every M-step", False)):
        found = Shown((run := race_run(name)).scene.json, run.frames(), 2)
        titles = [found.figures[figure]["layout"]["xaxis"]["title"]["text"] for figure in ("gap", "gap-cost")]
        assert ["here" in title for title in titles] == [alike, alike]
    together = {view["id"] for view in run.scene.json["views"] if view.get("together")}
    assert together == {"height", "distance", "gap"}


def test_gradient_ascent_is_named_where_eg_does_not_race():
    for name, named in (("rivals, one tempered", True), ("linkage", False)):
        found = Shown((run := race_run(name)).scene.json, run.frames(), 3)
        assert any("○ gradient ascent on log p" in text for text in found.trace("height.names")["text"]) == named


def test_no_curve_runs_through_a_name():
    """EM and EG end where the curve of SQUAREM goes on."""
    run = race_run("linkage")
    for index in range(1, len(run)):
        found = Shown(run.scene.json, run.frames(), index)
        low, high = found.figures["height"]["layout"]["yaxis"]["range"]
        _, right = found.figures["height"]["layout"]["xaxis"]["range"]
        for x, y in _points(found.trace("height.names")):
            for k in range(4):
                curve = found.trace(f"height.run {k}")
                if curve["x"][-1] > x + 0.02 * right:
                    along = np.interp(np.linspace(x + 0.02 * right, x + 0.06 * right), curve["x"], curve["y"])
                    assert abs(along - y).min() > 0.03 * (high - low)


@pytest.mark.parametrize("figure", ["height-cost", "gap-cost", "distance-cost"])
def test_no_curve_runs_through_one_of_eight_names(figure):
    """By cost some end where others still have most of their way to go: their names stand farther to the right."""
    run = race_run("every M-step")
    found = Shown(run.scene.json, run.frames(), len(run) - 1)
    (low, high), (_, right) = (found.figures[figure]["layout"][axis]["range"] for axis in ("yaxis", "xaxis"))
    told, logarithmic = found.trace(f"{figure}.names"), figure != "height-cost"
    seen: list[tuple[float, float, float]] = []
    for x, y, text in zip(told["x"], told["y"], told["text"], strict=True):
        height = math.log10(y) if logarithmic else y
        begin, end = x + 0.02 * right, x + (0.012 + 0.013 * len(re.sub("<.*?>", "", text))) * right
        assert low < height < high and end < 1.02 * right
        for k in range(8):
            xs, ys = (found.trace(f"{figure}.run {k}")[axis] for axis in "xy")
            there = [(a, math.log10(b) if logarithmic else b) for a, b in zip(xs, ys, strict=True) if b is not None]
            if there and there[-1][0] > begin:
                grid = np.linspace(begin, min(end, there[-1][0]))
                assert abs(np.interp(grid, *np.array(there).T) - height).min() > 0.025 * (high - low), text
        assert all(abs(height - other) > 0.06 * (high - low) or end < a or b < begin for a, b, other in seen), text
        seen.append((begin, end, height))


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
        assert f": {words.finish(row, lap)}" in text["describe.finish"]
    assert "SQUAREM: " in text["describe.finish"] and "E(PM): " in text["describe.finish"]


def test_a_run_that_stops_says_so_and_the_others_go_on():
    run = race_run("large steps")
    lap = run.race[len(run) - 1]
    assert any(track.stopped for track in lap.tracks)
    stopped = next(track for track in lap.tracks if track.stopped)
    first = next(i for i in range(len(run)) if run.race[i].tracks[lap.tracks.index(stopped)].stopped)
    assert f"{stopped.word} stopped: " in run.frames()[first]["text"]["caption"]
    assert "stopped" in run.frames()[-1]["text"]["describe.finish"]


def test_ways_inside_one_m_step_are_drawn_as_they_are():
    run = race_run("linkage")
    found = Shown(run.scene.json, run.frames(), 0)
    for path in paths(run.race.experiment, 12):
        rise, gap = found.trace(f"inside.{path.letter}"), found.trace(f"opened.{path.letter}")
        assert rise["x"] == gap["x"] == list(path.moved)
        assert rise["y"] == list(path.rise) and gap["y"] == list(path.gap)
        assert f"{path.letter} (" in found.text["describe.inside"]
        told = f"{path.letter} {words.optimiser(path.letter)}"
        ((end, text),) = [(end, text) for end, text in _named(found) if told in text]
        axis = found.figures["inside"]["layout"]["yaxis"]["range"]
        assert path.moved[-1] == pytest.approx(end, abs=0.06 * max(path.moved[-1], 0.5))
        assert axis[1] > max(path.rise) and (axis[0] < min(path.rise)) != ("↓" in text)
    assert found.text["heading.inside"] == "The first M-step. Full M: gap 0.399"


def _named(found):
    names = found.trace("inside.names")
    return list(zip(names["x"], names["text"], strict=True))


def test_a_way_that_leaves_the_picture_says_so():
    """S falls deep on Old Faithful, and comes back."""
    run = race_run("every M-step")
    found = Shown(run.scene.json, run.frames(), 0)
    low, _ = found.figures["inside"]["layout"]["yaxis"]["range"]
    fell = {path.letter for path in paths(run.race.experiment, 12) if min(path.rise) < low}
    assert fell and fell == set(re.findall(r"([A-Z]) [\w-]+ ↓", " ".join(text for _, text in _named(found))))
    marks = {
        (t["line"]["color"], t["marker"]["symbol"])
        for t in run.scene.json["figures"]["inside"]["data"]
        if "marker" in t
    }
    assert len(marks) == 8


def test_names_keep_their_distance_only_where_they_could_meet():
    ends = [(0.0, 1.0), (0.1, 1.0), (5.0, 1.0), (5.0, -3.0)]
    found = heights(ends, 0.0, 2.0, near=1.0, least=0.3)
    assert abs(found[0] - found[1]) == pytest.approx(0.3) and found[2] == 1.0 and 0 < found[3] < 0.2


def test_a_deep_fall_leaves_the_picture_and_says_so():
    settings = replace(race_for(RaceSettings(words="EM, EG"), "regression_mixture"))
    run = RaceRun.of(settings, 4)
    found, lap = Shown(run.scene.json, run.frames(), 4), run.race[4]
    low, high = found.figures["height"]["layout"]["yaxis"]["range"]
    assert lap.tracks[1].height < low < lap.tracks[1].log_evidence[0] < high
    assert any(text.endswith("EG ↓") for text in found.trace("height.names")["text"])
    assert found.trace("height.end 1")["y"] == []
