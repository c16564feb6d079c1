"""A lecture: views of pages become steps, are put in order and turned into questions whose answers the run has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from em_core.files.errors import InvalidExperiment
from tests.browser.reader import some
from ui import stage
from ui.ascent.session import AscentSession
from ui.dictionary.session import DictionarySession
from ui.em.session import EmSession
from ui.lecture import ask, collect
from ui.lecture.desk import Desk
from ui.lecture.draft import Draft, opened
from ui.lecture.panel import add
from ui.lessons import read
from ui.lessons.check import problems
from ui.lessons.learning import begun, found, lesson_session
from ui.lessons.library import library
from ui.lessons.observed import rows
from ui.lessons.replay import holds
from ui.lessons.shown import look_of
from ui.lessons.taught import Taught
from ui.look import Look
from ui.map.session import MapSession
from ui.posterior.session import PosteriorSession
from ui.race.session import RaceSession
from ui.starts.session import StartsSession

SESSIONS = {
    kind.key: kind
    for kind in (
        *(EmSession, AscentSession, MapSession, RaceSession, StartsSession, PosteriorSession, DictionarySession),
    )
}
# an address of each page, and what of it no experiment file holds
VIEWS = {
    "em": (
        {"schedule": "EMEM", "cursor": "4", "rates": "yes", "spot": "equation.kl", "plan": "E G5"},
        {"plan", "rates", "spot"},
    ),
    "em: many columns": (
        {"data": "blobs", "dimensions": "3", "x_axis": "2", "schedule": "EM", "direction": "gradient"},
        {"x_axis", "direction"},
    ),
    "em: missing values": ({"model": "incomplete_gaussian", "schedule": "EME", "cursor": "1"}, set()),
    "ascent": ({"schedule": "EME", "cursor": "2"}, set()),
    "map": ({"steps": "6", "cursor": "4", "gaussian": "yes"}, {"gaussian"}),
    "map: a digit": ({"signal": "digit", "steps": "2", "cursor": "2"}, set()),
    "race": ({"words": "EM, HM", "steps": "3", "cursor": "2"}, {"words"}),
    "starts": ({"number": "20", "steps": "3", "cursor": "3"}, {"number"}),
    "posterior": ({"units": "two", "cursor": "5"}, set()),
    "dictionary": ({"schedule": "HM", "cursor": "1", "second": "no"}, {"second"}),
}


def session(query, page):
    """A reader's page, at the place that its address says."""
    made = SESSIONS[page].opened(query)
    assert made.messages == []
    made.run.advance(made.player.place)
    made.run.reopen()
    made.player.go(made.player.place)
    return made


def of(name):
    query, besides = VIEWS[name]
    page = name.partition(":")[0]
    return session(query, page), besides


EVERY_VIEW = some(VIEWS, "em", "race", "starts", "map", "dictionary")


@pytest.mark.parametrize("name", EVERY_VIEW)
def test_the_view_on_a_page_becomes_a_step_from_which_it_is_had_back(name):
    page, besides = of(name)
    page.player.look = replace(page.player.look, present=True, views=("timeline",) if page.key == "em" else ())
    step = Draft("Mine").adding(collect.view(page)).steps[0]
    assert (step.page, step.at, set(step.shown)) == (page.key, page.player.place, besides)
    assert step.text and "Next" not in step.text and len(step.text) < 400
    again = begun(Taught(Draft("Mine", steps=(step,)).lesson, step), Look(present=True), [])
    assert again.key == page.key and again.messages == [] and again.player.place == step.at
    assert page.run.numbers(step.at) == pytest.approx(again.run.numbers(step.at), rel=1e-9, abs=1e-9, nan_ok=True)
    for shown in besides & page.settings.declared().keys():
        assert getattr(again.settings, shown) == getattr(page.settings, shown)
    assert again.player.look == Look(True, (), page.player.look.spot)
    assert step.views == page.player.look.views and step.lit == (("kl",) if "spot" in besides else ())


def test_a_view_brought_to_the_front_is_in_front_again_and_all_others_are_there():
    page, _ = of("em")
    page.player.look = Look(views=("timeline.gap",))
    step = collect.view(page)
    assert step.views == () and look_of(step, False) == Look(views=("timeline.gap",))
    # in presenter mode it is the only one
    page.player.look = Look(present=True, views=("timeline.gap",))
    step = collect.view(page)
    assert step.views == ("timeline.gap",) and look_of(step, True) == page.player.look
    again = begun(Taught(Draft("Mine", steps=(step,)).lesson, step), Look(present=True), [])
    assert [view["id"] for view in again.taught.scene(again.run.scene).json["views"]] == ["timeline"]


def test_what_the_stage_has_just_told_is_what_is_added(monkeypatch):
    page, _ = of("em")
    told = {"present": True, "views": ["data"], "spot": "data"}
    page.player.go(3)
    turn = page.player.turn
    monkeypatch.setattr("ui.stage.asked", lambda key: stage.Result(2, None, turn, told))
    step = collect.view(page)
    assert (step.at, step.views, step.lit, step.shown["spot"]) == (2, ("data",), ("data",), "data")


@pytest.mark.parametrize("name", EVERY_VIEW)
def test_a_question_is_answered_by_the_run_or_says_why_none_can_be_asked(name):
    page, _ = of(name)
    draft = Draft("Mine").adding(collect.view(page))
    step = draft.steps[0]
    if page.key in ("race", "starts"):
        assert "several runs" in ask.refused(step)
        return
    assert ask.refused(step) == ""
    names = ask.offered(step)
    for kind, about in ((ask.DIRECTION, names[:3]), (ask.NUMBER, names[:1])):
        asked = ask.asking(step, kind, about, 0.05, " It is so. ")
        run = rows(asked.experiment)
        assert asked.predict.half_step == step.at + 1 and asked.predict.because == "It is so."
        assert [claim.of for claim in asked.claims] == about
        assert all(holds(claim, run) and not holds(claim.turned(), run) for claim in asked.claims)
        assert run[step.at] == rows(step.experiment)[step.at]
        lecture = draft.having(asked)
        assert problems(lecture.lesson) == [] and opened(lecture.text.encode()) == lecture
        # asked otherwise, only the new claims are there; asked nothing, none
        assert (
            ask.asking(asked, ask.DIRECTION, names[:1], 0, "so").claims
            == ask.asking(step, ask.DIRECTION, names[:1], 0, "so").claims
        )
        assert ask.plain(asked).claims == ()


def test_the_question_is_about_the_move_that_the_page_makes_next():
    page = session({"plan": "E G2", "schedule": "E", "cursor": "1"}, "em")
    step = Draft("Mine").adding(collect.view(page)).steps[0]
    assert ask.move(step) == "G"
    asked = ask.asking(step, ask.DIRECTION, ["elbo"], 0, "so")
    assert asked.experiment["schedule"] == "EG"
    page.act({"act": "advance", "to": 2, "at": 1, "n": 1, "turn": page.player.turn})
    assert [half.letter for half in page.run.trajectory.half_steps[1:]] == ["E", "G"]
    back = replace(step, at=0)
    assert ask.move(back) == "E"


def test_what_cannot_be_asked_is_named():
    step = Draft("Mine").adding(collect.view(of("em")[0])).steps[0]
    for kind, about, within, because, said in (
        (ask.DIRECTION, [], 0, "so", "1 to 5 numbers"),
        (ask.DIRECTION, ["gap"], 0, " ", "because"),
        (ask.DIRECTION, ["gap"], 0, "<b>so</b>", "Markdown without HTML"),
        (ask.NUMBER, ["gap"], 0.0, "so", "how far off"),
        (ask.NUMBER, ["gap"], float("nan"), "so", "how far off"),
        (ask.DIRECTION, ["moon"], 0, "so", "moon"),
    ):
        with pytest.raises(InvalidExperiment, match=said):
            ask.asking(step, kind, about, within, because)


def test_a_step_with_a_task_or_another_question_stays_as_its_file_has_it():
    lessons = library([]).lessons.values()
    tasks = [step for lesson in lessons for step in lesson.steps if step.do]
    others = [step for lesson in lessons for step in lesson.steps if step.predict and step.predict.kind == "choice"]
    assert tasks and others
    assert all("task" in ask.refused(step) for step in tasks) and all(
        "another kind" in ask.refused(step) for step in others
    )


def three():
    """A lecture of three steps, which say one, two and three."""
    step = collect.view(session({"model": "linkage", "schedule": "EM", "cursor": "1"}, "em"))
    draft = Draft("Mine")
    for text in ("one", "two", "three"):
        draft = draft.adding(replace(step, text=text))
    return draft


def said(draft):
    return [step.text for step in draft.steps]


def test_steps_are_put_in_order_and_taken_away():
    draft = three()
    first, _, third = (step.id for step in draft.steps)
    assert said(draft.moving(third, -1)) == ["one", "three", "two"]
    assert said(draft.moving(first, 1)) == ["two", "one", "three"]
    assert draft.moving(first, -1) == draft == draft.moving(third, 1)
    assert said(draft.without(first)) == ["two", "three"]
    again = draft.without(first).adding(draft.steps[0])
    assert len({step.id for step in again.steps}) == 3
    assert said(draft.saying(first, " **eins** ")) == ["**eins**", "two", "three"]


def test_what_a_step_may_not_say_is_named_and_changes_nothing():
    draft = three()
    for text in (
        "",
        "  ",
        "<script>alert(1)</script>",
        "[a](http://b)",
        "![i](x.png)",
        "x" * 2001,
        "see www.example.org",
    ):
        with pytest.raises(InvalidExperiment, match="text: .* without HTML, links or pictures"):
            draft.saying(draft.steps[0].id, text)
        with pytest.raises(InvalidExperiment, match="title"):
            draft.titled(text)
    with pytest.raises(InvalidExperiment, match="minutes: 0"):
        draft.lasting(0)


def test_a_lecture_is_bounded(monkeypatch):
    draft = three()
    size = len(draft.text.encode())
    monkeypatch.setattr("ui.lecture.draft.LARGEST_FILE", size + 100)
    with pytest.raises(InvalidExperiment, match="lecture: .* bytes"):
        draft.adding(draft.steps[0])
    monkeypatch.setattr("ui.lecture.draft.LARGEST_FILE", read.LARGEST_FILE)
    monkeypatch.setattr("ui.lecture.draft.MOST_STEPS", 3)
    with pytest.raises(InvalidExperiment, match="steps: 4 .* at most 3"):
        draft.adding(draft.steps[0])


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("EM in an hour", "em-in-an-hour"),
        ("Überblick: θ & q", "uberblick-q"),
        ("日本", "lecture"),
        ("-", "lecture"),
        ("a" * 80, "a" * 40),
    ],
)
def test_the_file_is_called_by_the_title(title, name):
    assert Draft(title).name == name
    assert read.lesson(replace(three(), title=title).text, f"{name}.toml").title == title


def test_on_the_desk_what_takes_steps_away_can_be_undone():
    desk = Desk(three())
    desk.chosen = desk.draft.steps[1].id
    desk.remove()
    assert said(desk.draft) == ["one", "three"] and desk.draft.place(desk.chosen) == 1
    desk.undo()
    assert said(desk.draft) == ["one", "two", "three"] and desk.before is None
    desk.move(-1)
    assert said(desk.draft) == ["one", "three", "two"]
    for _ in range(3):
        desk.remove()
    assert desk.draft.steps == () and desk.chosen == ""


def test_a_step_that_comes_in_place_of_another_is_asked_about_its_own_numbers():
    desk = Desk(three())
    last = desk.draft.steps[-1]
    assert "elbo" in desk.offered(last)
    desk.chosen = last.id
    desk.remove()
    add(desk, of("map")[0])
    new = desk.draft.steps[-1]
    assert new.id == last.id and "objective" in desk.offered(new) and "elbo" not in desk.offered(new)


def test_a_view_that_no_lesson_file_can_hold_is_refused_in_words(monkeypatch):
    desk, (page, _) = Desk(three()), of("em")
    draft = desk.draft
    monkeypatch.setattr("ui.lecture.draft.LARGEST_FILE", 100)
    add(desk, page)
    assert desk.refused and "at most 100" in desk.said and desk.draft is draft
    monkeypatch.setattr("ui.lecture.draft.LARGEST_FILE", read.LARGEST_FILE)
    add(desk, page)
    assert not desk.refused and desk.said.startswith("Added as step 4") and desk.chosen == desk.draft.steps[-1].id


def test_the_readers_own_lecture_is_found_beside_the_lessons_and_nobody_pages_out_of_it(monkeypatch):
    draft = three()
    monkeypatch.setattr("ui.lessons.learning.own", lambda: draft)
    known = found()
    assert [*known.lessons] == [*library().lessons, "mine"] and known.broken == library().broken
    monkeypatch.setattr("ui.lessons.learning.own", lambda: None)
    assert found() is not known and "mine" not in found().lessons
    monkeypatch.setattr("ui.lessons.learning.own", lambda: draft)
    page, _ = of("em")
    page.present("mine")
    seen = []
    for _ in range(3):
        page = lesson_session(page)
        told = page.lesson()
        seen.append((told["step"], bool(told["before"]), page.player.look.present))
        if told["after"]:
            page.learn({"act": "lesson", **told["after"]})
    assert seen == [("step-1", False, True), ("step-2", True, True), ("step-3", True, True)] and told["after"] is None
    # the lessons of the app lead on to each other as before, and not into the lecture
    last = [*library().lessons.values()][-1]
    session = begun(Taught(last, last.steps[-1]), Look(), [])
    assert session.lesson()["after"] is None
