"""Many starts: settings, links and files, and what the frames say."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from em_core.__main__ import main
from em_core.bound import decompose
from em_core.files.starts import given
from em_core.observe.starts import Gathered
from figures.starts import words as told
from tests.attack import dealt, thinned
from tests.core.any_experiment import experiments
from tests.pages import Page
from ui import limits
from ui.em.run import EmRun
from ui.em.settings import MODEL_NAMES, data_options
from ui.starts import words
from ui.starts.run import StartsRun
from ui.starts.session import StartsSession
from ui.starts.settings import StartsSettings, for_model

PAGE = Page(
    StartsSession,
    experiments(),
    ("reset", "random"),
    ({}, {"start": {"weights": [0.25, 0.75], "means": [[1 / 3], [2.0]]}}),
    tape={"steps": "1001", "cursor": "7"},
    often=4,
)
# three clusters, and few enough points to be quick
BLOBS = StartsSettings(data="blobs", points=40, number=6, seed=0)
LINKAGE = replace(for_model(StartsSettings(), "linkage"), number=4)


def _whole(run: StartsRun, index: int = -1):
    return run.frames()[index]


@pytest.mark.parametrize("model", dealt(MODEL_NAMES, 1))
@pytest.mark.parametrize("place", thinned([0, -1], [0]))
def test_every_model_and_its_data_have_many_starts(model, place):
    data = list(data_options(model))[place]
    settings = replace(for_model(StartsSettings(number=2), model), data=data, plan="(EM)3")
    run = StartsRun.of(settings, 2)
    assert run.ended == words.all_made(2) and len(run) == 3
    frame = _whole(run)
    assert "NaN" not in json.dumps(frame) and frame["text"]["caption"]
    assert [end.seed for end in run.ends] == [settings.seed, settings.seed + 1]


def test_what_the_page_shows_is_what_the_command_line_prints(tmp_path, capsys):
    run = StartsRun.of(BLOBS, 6)
    path = tmp_path / "experiment.json"
    path.write_text(json.dumps(run.json()))
    assert main(["starts", str(path), "--number", "6"]) == 0
    printed = json.loads(capsys.readouterr().out)
    shown = run.steps[-1]
    assert [(row["seed"], row["log_evidence"], row["half_steps"], row["outcome"]) for row in printed["ends"]] == [
        (end.seed, end.log_evidence, end.half_steps, end.outcome) for end in run.ends
    ]
    assert printed["optima"] == [{"log_evidence": one.best.log_evidence, "count": one.count} for one in shown.optima]
    assert printed["stopped"] == shown.stopped


def test_a_dots_run_opens_on_the_home_page_and_ends_there():
    run = StartsRun.of(BLOBS, 3)
    for end in run.ends:
        opened = EmRun.of(BLOBS.opened(end.seed, given(end.start, None)), end.moves)
        last = opened.trajectory.last.after
        bound = decompose(run.experiment.model, run.experiment.data, last)
        assert (bound.log_evidence, len(opened) - 1) == (end.log_evidence, end.half_steps)
        assert opened.settled() == end.settled and opened.experiment.seed == end.seed


def test_the_rule_of_end_is_that_of_the_home_page():
    """End on the home page leads as far as the run here goes."""
    run = StartsRun.of(BLOBS, 2)
    for end in run.ends:
        beside = EmRun.of(BLOBS.opened(end.seed, given(end.start, None)))
        beside.ahead()
        assert beside.moves == end.moves


def test_a_start_is_run_a_slice_at_a_time(monkeypatch):
    monkeypatch.setattr(limits, "SLICE", 0.0)
    run = StartsRun.of(LINKAGE)
    assert run.step() and len(run) == 1  # nothing fits into no time
    monkeypatch.setattr(limits, "SLICE", 0.1)
    assert run.step() and len(run) == 2


def test_once_all_are_there_every_frame_shows_all_of_them():
    run = StartsRun.of(BLOBS, 5)
    before = [frame["id"] for frame in run.frames([])]
    assert [len(one.ends) for one in run.steps] == [0, 1, 2, 3, 4, 5]
    run.ahead()
    assert [len(one.ends) for one in run.steps] == [6] * 7 and run.steps[2].chosen is run.ends[1]
    assert not set(before) & {frame["id"] for frame in run.frames([])}
    counts = sum(one.count for one in run.steps[-1].optima)
    assert counts == 6 - run.steps[-1].stopped


def test_more_starts_keep_those_that_are_there():
    session = StartsSession.opened({"model": "linkage", "number": "3", "steps": "3", "cursor": "2"})
    session.run.reopen()
    ends = session.run.ends
    session.change(number=5)
    assert session.run.ends[:3] == ends and session.player.place == 2 and session.run.ended is None
    session.change(number=2)
    assert session.run.ends == ends[:2] and session.run.ended == words.all_made(2)


def test_other_starts_are_those_of_the_seeds_that_come_next():
    session = StartsSession.opened({"model": "linkage", "number": "3", "steps": "3", "seed": "7"})
    session.own({"act": "random"}, 0)
    assert session.settings.seed == 10 and len(session.run) == 1


def test_a_file_with_a_start_of_its_own_loses_it_and_says_so():
    session = StartsSession.opened({})
    raw = EmRun.of(BLOBS.opened(1, given(StartsRun.of(BLOBS, 1).ends[0].start, None)), "EM").json()
    session.open_file(json.dumps(raw).encode())
    assert session.messages == [words.NO_START] and "start" not in session.run.json()
    assert session.settings.components == 3


def test_another_schedule_makes_as_many_starts_again():
    session = StartsSession.opened({"model": "linkage", "number": "3", "steps": "2"})
    session.change(plan="E G2")
    session.run.reopen()
    assert len(session.run) == 3 and session.run.ends[0].moves.startswith("EGGEGG")


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_every_schedule_with_a_name_can_be_followed(model):
    session = StartsSession.opened({"model": model, "number": "1"})
    assert session.preset == "Plain EM · EM"
    for title, plan in session.schedules.items():
        session.change(plan=plan)
        assert session.messages == [] and session.preset == title


def test_none_is_opened_where_none_is_in_view():
    session = StartsSession.opened({"model": "linkage"})
    session.own({"act": "open"}, 0)
    assert session.messages == [words.NONE_CHOSEN]


def test_it_says_whether_all_agree():
    agreeing = StartsRun.of(LINKAGE, 4).steps[-1]
    assert told.ends_title(agreeing) == "All 4 starts agree" and "All 4 starts agree:" in told.caption(agreeing)
    assert agreeing.other is None and agreeing.differences == ()
    apart = StartsRun.of(StartsSettings(number=8, seed=0, plan="E(MP)2"), 8).steps[-1]
    assert len(apart.optima) > 1 and f"{len(apart.optima)} optima" in told.caption(apart)
    assert apart.chosen is not None and apart.other is not None
    assert apart.rank(apart.other) == (1 if apart.rank(apart.chosen) == 0 else 0)


def test_pictures_say_what_will_come_until_there_is_a_start():
    """And have no axis whose numbers mean nothing."""
    run = StartsRun.of(LINKAGE, 1)
    for at, shown in ((0, True), (1, False)):
        frame = run.frames()[at]["set"]
        for figure in ("ends", "curves", "beside"):
            assert len(frame[f"{figure}/soon/x"]) == shown and frame[f"{figure}/soon/text"]
            assert frame[f"{figure}/xaxis.visible"] == frame[f"{figure}/yaxis.visible"] != shown


def test_no_start_and_stopped_starts_are_said():
    run = StartsRun.of(LINKAGE)
    assert "Press Play" in told.caption(run.steps[0])
    end = replace(StartsRun.of(LINKAGE, 1).ends[0], stopped="variance 0 <b>")
    gathered = Gathered(run.experiment.model, 1, 1, (end,), True)
    assert "every run has stopped" in told.caption(gathered) and "<b>" not in told.dot(1, end).replace("<br>", "")
