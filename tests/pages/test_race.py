"""The race: its settings, links and files, and what its frames say."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from em_core.__main__ import main
from em_core.files.errors import InvalidExperiment
from em_core.observe import race
from tests.attack import dealt, thinned
from tests.core.any_experiment import experiments
from tests.pages import Page
from ui.em.run import EmRun
from ui.em.settings import MODEL_NAMES, EmSettings, data_options
from ui.em.settings import for_model as em_for
from ui.race.run import ROUNDS, RaceRun
from ui.race.session import RaceSession
from ui.race.settings import PRESETS, WORDS, RaceSettings, for_model, presets, split, suited

PAGE = Page(
    RaceSession,
    experiments(),
    ("reset", "random"),
    ({}, {"start": {"weights": [0.25, 0.75], "means": [[1 / 3], [2.0]]}}),
    tape={"steps": "1001", "cursor": "7"},
    words=("EM, E G5, EG, squarem", "EM, EG", "HM,E(PM)", "(TM)20(EM), over_relaxed, squarem"),
    often=4,
)


@pytest.mark.parametrize("model", dealt(MODEL_NAMES, 2))
@pytest.mark.parametrize("place", thinned([0, -1], [0]))
def test_every_model_and_its_data_race_from_the_start_of_the_em_page(model, place):
    data = list(data_options(model))[place]
    settings = replace(for_model(RaceSettings(), model), data=data)
    run = RaceRun.of(settings, 1)
    beside = EmRun.of(replace(em_for(EmSettings(), model), data=data, standardize=True))
    assert {**run.json(), "schedule": ""} == {**beside.json(), "schedule": ""}
    assert run.race[1].best > run.race[0].best - 1e-9 and len(run) == 2


def test_what_the_page_shows_is_what_the_command_line_prints(tmp_path, capsys):
    """The saved file with the schedules of the page."""
    settings = RaceSettings(words="EM, E(PM), squarem, over_relaxed, EG", omega=1.8, step=0.3)
    run = RaceRun.of(settings, 6)
    path = tmp_path / "experiment.json"
    path.write_text(json.dumps(run.json()))
    assert main(["race", str(path), "--schedules", settings.words, "--rounds", "6"]) == 0
    printed = json.loads(capsys.readouterr().out)
    lap = run.race[6]
    for row, track, finish in zip(printed["runs"], lap.tracks, lap.finishes(), strict=True):
        assert (row["schedule"], row["log_evidence"]) == (track.word, list(track.log_evidence))
        assert (row["gap"], row["passes"]) == (list(track.gap), list(track.passes))
        there = row["to_best"] or {"half_steps": None, "passes": None}
        assert there == {"half_steps": finish.half_steps, "passes": finish.passes}
        assert len(row.get("events", [])) == finish.rejected
    assert printed["gradient_ascent"]["log_evidence"] == list(lap.ascents[0].log_evidence)
    assert printed["gradient_ascent"]["largest_difference_from_EG"] == lap.ascents[0].apart < 1e-12
    assert printed["runs"][0]["log_evidence"] == [
        step["log_evidence"] for step in _replayed(path, capsys)["half_steps"]
    ]


def _replayed(path, capsys):
    """The file's own schedule is the first of the race."""
    assert main(["run", str(path)]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_race_ends_where_nothing_changes_any_more():
    run = RaceRun.of(for_model(RaceSettings(words="EM, squarem"), "linkage"))
    run.ahead()
    assert run.ended == "The last round changed no log p by more than one part in a billion." and 4 < len(run) < 30
    noisy = RaceRun.of(for_model(RaceSettings(words="EM, EG"), "linkage"))
    noisy.ahead(ROUNDS + 5)
    assert len(noisy) == ROUNDS + 1 and str(ROUNDS) in noisy.ended


@pytest.mark.parametrize("model", dealt(MODEL_NAMES, 3))
def test_presets_are_races_that_the_model_can_run(model):
    found = presets(model)
    assert "EM and gradient ascent" in found and set(found) <= set(PRESETS)
    for words in found.values():
        RaceRun.reopening(replace(for_model(RaceSettings(), model), words=words))


def test_another_model_keeps_the_schedules_that_it_can_follow():
    assert for_model(RaceSettings(words="EM, E(PM), EG"), "linkage").words == "EM, EG"
    assert for_model(RaceSettings(words="E(PM), EG"), "linkage").words == WORDS
    own = RaceSettings(words="EM,EG")
    assert for_model(own, "linkage").words == own.words
    assert suited("EM, VM, squarem", "gaussian_mixture") == ["EM", "squarem"]


REFUSED = ["", "EM", ",".join(["EM"] * 9), "EM, EX", "EM,", "EM, (EM", "EM, E" + " " * 500]


@pytest.mark.parametrize("words", thinned(REFUSED, REFUSED[1:4]))
def test_what_cannot_race_is_refused_and_the_race_stays(words):
    session = RaceSession.opened({"steps": "2"})
    session.run.reopen()
    before = session.run
    session.change(words=words)
    assert len(session.messages) == 1 and "words" in session.messages[0] and session.run is before


def test_moves_that_the_model_lacks_are_refused_by_name():
    session = RaceSession.opened({"model": "linkage"})
    session.change(words="EM, E(PM)")
    assert "moves that linkage can make" in session.messages[0]
    with pytest.raises(InvalidExperiment, match="words"):
        RaceRun.reopening(replace(for_model(RaceSettings(), "linkage"), words="EM, MG, E(PM)"))


def test_other_schedules_and_step_sizes_race_as_many_rounds_again():
    session = RaceSession.opened({"steps": "2", "cursor": "1"})
    session.run.reopen()
    for change in ({"words": "EM, EG, EN"}, {"step": 0.7}, {"omega": 1.2}):
        session.change(**change)
        session.run.reopen()
        assert (len(session.run), session.player.cursor, session.messages) == (3, 1, [])
    assert session.run.race[2].tracks[1].word == "EG" and session.run.experiment.moves["G"]["step"] == 0.7


def test_a_file_keeps_the_schedules_of_the_page():
    session = RaceSession.opened({"words": "EM, E(PM)"})
    raw = RaceRun.of(RaceSettings(words="HM, EM")).json()
    session.open_file(json.dumps(raw).encode())
    assert session.settings.words == "EM, E(PM)"
    session.open_file(json.dumps(RaceRun.of(for_model(RaceSettings(), "linkage")).json()).encode())
    assert session.settings.words == WORDS and session.settings.model == "linkage"


def test_words_are_told_as_typed():
    assert split(" EM ,E G5") == ["EM", "E G5"] and race.MOST == 8
