"""What a race says is true at every round: it agrees with the series so far, and no later round contradicts it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from em_core.kinds import MOVES
from em_core.observe.laps import Lap
from figures.look.wording import unbroken
from figures.race import words
from figures.race.schedules import called, does
from tests.attack import dealt
from tests.figures.runs import RACE, race_run
from ui.race.run import RaceRun
from ui.race.settings import PRESETS, RaceSettings, presets
from ui.race.settings import for_model as race_for

LINKAGE = presets("linkage")
# races to their end or nearly: EM that comes to the best last, ties, a tempered start, one that turns back, two hills
LONGER = {
    **{f"linkage, {title}": race_for(RaceSettings(words=told), "linkage") for title, told in LINKAGE.items()},
    "linkage, overshooting": race_for(RaceSettings(words="EM, EG, over_relaxed", step=3.0, omega=2.6), "linkage"),
    "two hills": race_for(RaceSettings(words="EM, HM, (TM)3(EM), EG"), "coin_of_unknown_origin"),
    "counts": race_for(RaceSettings(words="EM, HM, E(PM), over_relaxed", omega=1.9), "binomial_mixture"),
}
ROUNDS = 14
_PASSES = r"([\d,.]+) pass(?:es)?"
_BELOW = r"([\d,.]+|[\d.]+\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|∞) nats below"
NOT_YET = re.compile(rf"not yet \({_PASSES}\), {_BELOW}")
TURNED = re.compile(rf"there after {_PASSES}, now {_BELOW}")
RISING = re.compile(rf"at the best so far, which still rises \({_PASSES}\)")
THERE = re.compile(rf"{_PASSES}, ([\d,]+) half-steps?")


def raced() -> Iterator[RaceRun]:
    for name in RACE:
        yield race_run(name)
    for settings in LONGER.values():
        run = RaceRun.of(settings)
        run.ahead(ROUNDS)
        yield run


@pytest.fixture(scope="module")
def races():
    """Each with where all stood after every round, and what was said."""
    laps = [[run.race[index] for index in range(len(run))] for run in raced()]
    return [(own, [_said(lap) for lap in own]) for own in laps]


def _said(lap: Lap) -> dict[str, str]:
    return {
        "heading.finish": words.finish_title(lap),
        "heading.height": words.height_title(lap),
        "caption": words.caption(lap),
    }


def test_the_frames_say_it():
    run = race_run("linkage")
    for index, frame in enumerate(run.frames()):
        lap, text = run.race[index], frame["text"]
        assert {**_said(lap), "caption": unbroken(words.caption(lap))}.items() <= text.items()
        assert text["equation.evidence"] == words.number(lap.leader.height)
        assert text["describe.finish"] == words.table(lap)


def _amount(told: str) -> float:
    digits = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    plain = told.replace("\N{NO-BREAK SPACE}", "").replace(",", "").replace("∞", "inf")
    return float(plain.replace("×10", "e").translate(digits))


def _reached(track, height):
    """Half-step at which a run first stood so high; None where it never does."""
    return next((place for place, own in enumerate(track.log_evidence) if own >= height), None)


def _level_of(lap: Lap) -> float:
    best = max(own for track in lap.tracks for own in track.log_evidence)
    return best - 1e-6 * max(1.0, abs(best))


def test_rows_of_the_table_agree_with_the_series(races):
    seen = set()
    for laps, _ in races:
        for before, lap in zip(laps, laps[1:], strict=False):
            height = _level_of(lap)
            best, earlier = (max(max(track.log_evidence) for track in each.tracks) for each in (lap, before))
            steady = best - earlier < 1e-9 * max(1.0, abs(best))
            for row, track in zip(lap.finishes(), lap.tracks, strict=True):
                told, there = words.finish(row, lap), _reached(track, height)
                kind = next(form for form in (NOT_YET, TURNED, RISING, THERE) if form.match(told))
                seen.add(kind)
                groups = kind.match(told).groups()
                passes = track.passes[-1 if kind in (NOT_YET, RISING) else there]
                assert _amount(groups[0]) == pytest.approx(passes, abs=0.06)
                assert (there is None) == (kind is NOT_YET)
                if kind in (NOT_YET, TURNED):
                    assert track.log_evidence[-1] < height
                    assert _amount(groups[1]) == pytest.approx(best - track.log_evidence[-1], rel=6e-2)
                else:
                    assert track.log_evidence[-1] >= height and steady == (kind is THERE)
                if kind is THERE:
                    assert _amount(groups[1]) == there
                falls = re.search(r"; fell (once|twice|(\d+) times)", told)
                pairs = zip(track.log_evidence, track.log_evidence[1:], strict=False)
                count = sum(own < then - 1e-9 for then, own in pairs)
                assert count == ({"once": 1, "twice": 2}.get(falls[1]) or int(falls[2]) if falls else 0)
                assert ("stopped" in told) == bool(track.stopped)
    assert seen == {NOT_YET, TURNED, RISING, THERE}


def test_the_tables_title_is_never_contradicted(races):
    """By this round's series, or by anything that any run does in a later round."""
    seen = set()
    for laps, frames in races:
        last = laps[-1]
        for lap, frame in list(zip(laps, frames, strict=True))[1:]:
            title = frame["heading.finish"]
            names, kind = {called(track.word) for track in last.tracks}, title.split()[0]
            seen.add(kind)
            told = {name for name in names if re.search(rf"(?<![\w(]){re.escape(name)}(?![\w)])", title)}
            if kind == "First":
                passes = _amount(re.search(rf"{_PASSES}$", title)[1])
                costs = {}
                for track in last.tracks:
                    there = _reached(track, _level_of(lap))
                    costs[called(track.word)] = float("inf") if there is None else track.passes[there]
                assert min(costs.values()) == pytest.approx(passes, abs=0.06)
                best = {name for name, cost in costs.items() if cost <= min(costs.values()) + 1e-9}
            else:
                passes = min(track.passes[-1] for track in lap.tracks if not track.stopped)
                assert _amount(re.search(_PASSES, title)[1]) == pytest.approx(passes, abs=0.06)
                at = {}
                for track in last.tracks:
                    place = max(i for i, cost in enumerate(track.passes) if cost <= passes + 1e-9)
                    at[called(track.word)] = track.log_evidence[place]
                best = {name for name, height in at.items() if height >= max(at.values()) - 1e-3}
            assert told == best or (len(best) > 3 and f"{len(best)} runs" in title)
    assert seen == {"First", "Within"}


def test_runs_that_are_level_are_said_to_be_level(races):
    """Nobody stands highest whose number, as it is shown, is another's too."""
    seen = set()
    for laps, frames in races:
        for lap, frame in list(zip(laps, frames, strict=True))[1:]:
            title, caption = frame["heading.height"], frame["caption"]
            alone = title.endswith(" stands highest")
            seen.add(alone)
            ahead = max(track.log_evidence[-1] for track in lap.tracks)
            level = [track for track in lap.tracks if track.log_evidence[-1] >= ahead - 1e-3]
            assert alone == (len(level) == 1) and ("level at the top" in caption) == (not alone)
            assert called(level[0].word) in title or f"{len(level)} runs" in title
            shown = [words.number(track.log_evidence[-1]) for track in lap.tracks]
            if alone:
                assert shown.count(words.number(ahead)) == 1
            assert lap.leader.word == level[0].word
            assert f"The equation shows {called(level[0].word)}." in caption
    assert seen == {True, False}


@pytest.mark.parametrize("told", dealt(PRESETS.values(), 1, of=2), ids=PRESETS)
def test_only_what_races_is_compared(told):
    """EG and gradient ascent, ES and stochastic ascent; before the first step there is nothing to compare."""
    settings = replace(race_for(RaceSettings(), "gaussian_mixture"), words=told.replace(", VM", ""))
    run = RaceRun.of(settings, 1)
    labels = " ".join(metric["label"] for metric in run.scene.json["metrics"])
    start, frame = (frame["text"] for frame in run.frames())
    for word, way in words.ASCENTS.items():
        races = word in settings.racing
        assert (f"{word} and {way} differ" in labels) == races == (f"coincides with {word}" in frame["caption"])
        assert (f"metric.{word}" in frame) == races
        assert not races or start[f"metric.{word}"] == "–"
        assert not races or frame[f"metric.{word}"] == "0" or "10⁻" in frame[f"metric.{word}"]
    assert "E G5" not in start["caption"] and "SQUAREM" not in start["caption"]


def test_before_the_first_round_each_run_says_what_it_does():
    for settings in RACE.values():
        run = RaceRun.of(settings)
        text = run.frames()[0]["text"]
        assert text["heading.finish"] == "What each run does in a round"
        for word in run.racing:
            assert f"{called(word)}: {does(word)}." in text["describe.finish"]
    assert does("E G5") == "E-step, then five gradient steps"
    assert does("(TM)2(EM)") == "first 4 half-steps; a round: E-step, then M-step"
    assert does("squarem") == "extrapolates from two EM steps"
    assert all(does(f"E{letter}") for letter in MOVES)


def test_the_curves_are_read_aloud_by_their_titles(races):
    """For someone who cannot see them: what is drawn, then every run."""
    titles = {"height": words.HEIGHT, "distance": words.DISTANCE, "gap": words.GAPS}
    for laps, _ in races:
        for name, title in titles.items():
            told = words.curves(laps[-1], name)
            assert told.startswith(f"{title[0]}. ") and all(f"{called(t.word)} " in told for t in laps[-1].tracks)
