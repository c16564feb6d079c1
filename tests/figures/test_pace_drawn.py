"""How fast, and why, as every page draws it: the missing information, r where clusters overlap, and the slopes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from em_core.observe.overlap import SEPARATIONS, Overlap
from em_core.observe.rates import rates
from figures import pace
from figures.race.words import safety
from tests.figures.stage_replay import Shown
from ui.em.run import EmRun
from ui.em.settings import EmSettings
from ui.em.settings import for_model as em_for
from ui.pace import TWO_CLUSTERS
from ui.race.run import RaceRun
from ui.race.settings import RaceSettings
from ui.race.settings import for_model as race_for

COINS = replace(race_for(RaceSettings(words="EM, squarem, over_relaxed", rates=True, omega=1.9), "binomial_mixture"))
ROUNDS = 12
# two clusters, where the gaps of EM still grow after four rounds
OVERLAPPING = {name: value for name, value in TWO_CLUSTERS.items() if name not in ("model", "rates")}


@pytest.fixture(scope="module")
def race():
    run = RaceRun.of(COINS, ROUNDS)
    return run, Shown(run.scene.json, run.frames(), ROUNDS), rates(run.experiment)


def test_the_spectrum_stands_on_both_pages(race):
    run, shown, found = race
    beside = EmRun.of(replace(em_for(EmSettings(), "binomial_mixture"), rates=True, standardize=False), "EM")
    for page in (shown, Shown(beside.scene.json, beside.frames(), 2)):
        bars = [*page.trace("missing.r")["y"], *page.trace("missing.others")["y"]]
        assert bars == pytest.approx(list(found.missing_information)) and bars == sorted(bars, reverse=True)
        assert page.trace("missing.r")["x"] == [1]
        assert (
            page.text["heading.pace.missing"]
            == f"r = {found.predicted:.4f}, the largest fraction of missing information"
        )
        assert f"gap and distance by r² = {found.predicted**2:.4f}" in page.text["describe.pace"]
    assert "pace" not in {view["id"] for view in RaceRun.of(replace(COINS, rates=False)).scene.json["views"]}


@pytest.mark.parametrize("suffix", ["", "-cost"])
def test_gap_and_distance_have_the_slope_that_r_gives(race, suffix):
    """Through the last M of EM: of the gap, and of what is left to where EM comes to rest."""
    run, shown, found = race
    em = run.race[ROUNDS].tracks[0]
    left = found.log_evidence - em.log_evidence[-1]
    for name, height in (("gap", em.gap[-1]), ("distance", left)):
        line = shown.trace(f"{name}{suffix}.predicted")
        (x0, x1), (y0, y1) = line["x"], line["y"]
        assert (x1, y1) == (2 * ROUNDS, pytest.approx(height, rel=1e-12)) and x0 < x1 - 4
        assert (y1 / y0) ** (2 / (x1 - x0)) == pytest.approx(found.predicted**2)
        # what it falls by is said above the picture, where nothing is drawn; no run is drawn as the band is
        said = (
            f"error × r = {found.predicted:.4f} per round; {name} × r² = {found.predicted**2:.4f} per round (grey band)"
        )
        assert shown.text[f"note.{name}"] == said
        assert not shown.figures[f"{name}{suffix}"]["layout"].get("annotations")
        assert "dash" not in line["line"]


def test_a_slope_is_spoken_of_only_where_it_can_be_seen():
    """Where the last gap is the highest, too; before the first round there is none."""
    run = RaceRun.of(race_for(RaceSettings(rates=True, **OVERLAPPING), "gaussian_mixture"), 4)
    for index in range(5):
        shown = Shown(run.scene.json, run.frames(), index)
        for name in ("gap", "distance"):
            line = shown.trace(f"{name}.predicted")
            assert bool(line["x"]) == ("(grey band)" in shown.text[f"note.{name}"]) == (index > 0)
            assert not line["x"] or line["x"][1] - line["x"][0] >= min(4, line["x"][1])


def test_no_slope_where_em_does_not_race():
    run = RaceRun.of(replace(COINS, words="EN, squarem"), 3)
    shown = Shown(run.scene.json, run.frames(), 3)
    assert shown.trace("gap.predicted")["x"] == [] == shown.trace("distance.predicted")["x"]


def test_what_faster_ways_cost_in_safety_is_counted(race):
    run, shown, _ = race
    squarem, relaxed = run.race[ROUNDS].tracks[1:]
    back = sum("rejected" in event.message for _, event in squarem.events)
    fell = sum(b < a - 1e-9 for a, b in zip(relaxed.log_evidence, relaxed.log_evidence[1:], strict=False))
    assert f"SQUAREM: {back} of {ROUNDS} extrapolations rejected; over-relaxed EM: log p" in shown.text["caption"]
    deep = RaceRun.of(replace(COINS, omega=3.0, rates=False), 6).race[6]
    heights = deep.tracks[2].log_evidence
    falls = sum(b < a - 1e-9 for a, b in zip(heights, heights[1:], strict=False))
    assert fell == 0 < falls and safety(deep).endswith(f"fell {'once' if falls == 1 else f'{falls} times'}.")
    assert (
        "SQUAREM"
        not in RaceRun.of(replace(COINS, rates=False), 1).frames()[1]["text"]["caption"].split("extrapolations")[0][:5]
    )


@pytest.mark.parametrize("kind", [RaceSettings, EmSettings])
def test_with_nothing_hidden_r_is_0_and_that_is_said(kind):
    settings = kind(components=1, rates=True)
    run = RaceRun.of(settings, 1) if kind is RaceSettings else EmRun.of(settings, "EM")
    shown = Shown(run.scene.json, run.frames(), len(run) - 1)
    assert shown.trace("missing.r")["y"] == [0] and set(shown.trace("missing.others")["y"]) == {0}
    assert shown.text["heading.pace.missing"] == "Nothing is hidden: r = 0"
    assert "one round of EM leads all the way" in shown.text["describe.pace"]


def test_the_curve_has_what_is_worked_out_and_marks_what_is_in_view():
    curve, overlap = pace.OverlapCurve(), Overlap(2.5)
    assert overlap.here is None and curve.changes(overlap)["overlap/here/x"] == []
    for separation, r in ((4.0, 0.5), (2.5, 0.8), (3.0, 0.7)):
        overlap = overlap.with_rate(separation, replace(FOUND, missing_information=(r, 0.1)))
    overlap = overlap.with_rate(0.5, "no optimum")
    changed = curve.changes(overlap)
    assert (changed["overlap/rates/x"], changed["overlap/rates/y"]) == ([2.5, 3.0, 4.0], [0.8, 0.7, 0.5])
    assert (changed["overlap/here/x"], changed["overlap/here/y"]) == ([2.5], [0.8])
    (slider,) = pace.handle(overlap)
    assert (slider.low, slider.value, slider.high) == (SEPARATIONS[0], 2.5, SEPARATIONS[-1])
    assert pace.handle(None) == []


FOUND = rates(EmRun.of(em_for(EmSettings(), "linkage")).experiment)
