"""What would tell the answer stays away while the question is open, and comes with the half-step that was asked of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from figures.ascent.words import DRAG
from tests.attack import dealt
from tests.ui.test_export import saved
from tests.ui.test_lesson_page import STEPS, act, called, opened, told
from ui.export.lesson_sheet import page
from ui.lessons import hidden as hidden_
from ui.lessons.check import problems
from ui.lessons.learning import begun
from ui.lessons.library import library
from ui.lessons.read import InvalidLesson, lesson
from ui.lessons.taught import Taught
from ui.lessons.write import written
from ui.look import Look

LESSONS = library([]).lessons
HIDING = [(name, step) for name, step in STEPS if step.hidden]
NAMES = [step.id for _, step in HIDING]


def points(figures, name):
    figure, trace = name.split(".")
    (found,) = [one for one in figures[figure]["data"] if one["meta"] == trace]
    return {part: found[part] for part in ("x", "y")}


def addresses(frames, name):
    begin = f"{name.replace('.', '/')}/"
    return [
        {address: value for address, value in frame.get("set", {}).items() if address.startswith(begin)}
        for frame in frames
    ]


@pytest.mark.parametrize(("name", "step"), HIDING, ids=NAMES)
def test_points_that_tell_the_answer_are_sent_with_it_and_not_before(name, step):
    session = opened(name, step.id)
    whole, message = session.run.scene.json, told(session)
    for hidden in step.hidden:
        assert points(message["scene"]["figures"], hidden) == {"x": [], "y": []}
        assert not any(any(part.values()) for part in addresses(message["frames"], hidden))
    act(session, act="reveal")
    after = told(session)
    assert after["scene"] == {"id": message["scene"]["id"]}  # the half-step is seen to happen
    for hidden in step.hidden:
        (brought, *_) = addresses(after["frames"], hidden)
        sent = {address.rpartition("/")[2]: value for address, value in brought.items()}
        assert sent == {part: sent[part] for part in sent} | drawn(session, hidden, step.at + 1)
    act(session, act="everything")
    assert points(told(session)["scene"]["figures"], step.hidden[0]) == points(whole["figures"], step.hidden[0])


def drawn(session, name, at):
    """Where a trace has its points at a half-step, hidden or not."""
    begin, frame = name.replace(".", "/", 1), session.run.frames([at])[at]["set"]
    return {
        part: frame.get(f"{begin}/{part}", value)
        for part, value in points(session.run.scene.json["figures"], name).items()
    }


@pytest.mark.parametrize(("name", "step"), [(name, step) for name, step in HIDING if step.page == "map"])
def test_the_picture_is_the_same_whatever_the_answer_is(name, step):
    """Neither an axis nor anything else of it may depend on λ, on which the answer does."""
    shown = []
    for penalty in (1.0, 0.5, 0.1):
        settings = {**step.experiment["settings"], "lambda": penalty}
        other = replace(step, experiment={**step.experiment, "settings": settings})
        message = told(begun(Taught(LESSONS[name], other), Look(), []))
        own = [
            {part: value for part, value in frame["set"].items() if part.startswith("code/")}
            for frame in message["frames"]
        ]
        shown.append((message["scene"]["figures"]["code"], own))
    assert shown[0] == shown[1] == shown[2]


def test_a_trace_that_grows_by_each_half_step_does_not_while_the_question_is_open():
    name, step = next((name, step) for name, step in STEPS if step.predict and "timeline" in step.views and step.at)
    trace = "timeline.evidence"
    session = begun(Taught(LESSONS[name], replace(step, hidden=(trace,))), Look(), [])
    grown = [frame["append"] for frame in session.run.frames([step.at])]
    assert any(address.startswith("timeline/evidence/") for address in grown[0])
    sent = [frame["append"] for frame in told(session)["frames"]]
    assert sent and not any(address.startswith("timeline/evidence/") for one in sent for address in one)


def test_what_one_could_choose_by_it_is_not_told_either():
    whole = {"figures": {}, "inside": {"view": "code", "chooses": {"code/optimum": [0], "code/heads": None}}}
    assert hidden_.scene(whole, ["code.optimum"])["inside"]["chooses"] == {"code/heads": None}
    assert hidden_.scene({"figures": {}, "inside": None}, ["code.optimum"])["inside"] is None


def test_the_printed_sheet_keeps_it_away_too():
    for step, kept in zip(LESSONS["15-map-and-zeros"].steps, saved(page(LESSONS["15-map-and-zeros"])[0]), strict=True):
        there = any(points(kept["figures"], "code.optimum").values()) if "code" in kept["figures"] else None
        assert there is None or there == (not step.hidden)


TEXT = written(LESSONS["15-map-and-zeros"])


def test_it_is_written_as_it_is_read():
    assert lesson(TEXT, "15-map-and-zeros.toml") == LESSONS["15-map-and-zeros"]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('hidden = ["code.optimum"]', 'hidden = ["code"]', "traces of figures such as code.optimum"),
        ('hidden = ["code.optimum"]', 'hidden = "code.optimum"', "traces of figures such as code.optimum"),
        ('views = ["shrink", "code"]', 'views = ["code"]\nhidden = ["code.optimum"]', "a step without a question"),
    ],
)
def test_what_cannot_be_hidden_is_refused_with_its_line(old, new, named):
    assert old in TEXT
    with pytest.raises(InvalidLesson, match=rf"line \d+: step\[\d\].hidden: .*{named}"):
        lesson(TEXT.replace(old, new, 1), "mine.toml")


def test_a_trace_that_no_figure_has_is_named_with_those_that_there_are_and_the_step_is_not_shown():
    mine = lesson(TEXT.replace('["code.optimum"]', '["code.optimun"]', 1), "mine.toml")
    (line,) = problems(mine)
    assert "mine, one-value" in line and "code.optimun" in line and "code.optimum" in line
    session = begun(Taught(mine, mine.steps[0]), Look(), [])
    assert session.taught is None and len(session.messages) == 1


def said(session, at):
    """The words that a frame is sent with."""
    return session.taught.frame(session.run.frames([at])[at], session.run.scene, at)["text"]


def around(text):
    """The views around which these words stand."""
    return {name.split(".")[1] for name in text if name.startswith(("heading.", "note."))}


@pytest.mark.parametrize(("name", "step"), dealt(STEPS, 2, of=8), ids=called)
def test_words_around_a_view_are_sent_where_it_is_in_sight(name, step):
    session = opened(name, step.id)
    whole = session.run.frames([step.at])[step.at]["text"]
    shown = {view.partition(".")[0] for view in step.views}
    assert around(said(session, step.at)) == around(whole) & shown
    session.taught.everything = True
    assert said(session, step.at) == whole


@pytest.mark.parametrize(("name", "step"), dealt(STEPS, 6, of=8), ids=called)
def test_no_caption_of_a_lesson_tells_what_comes_next(name, step):
    session = opened(name, step.id)
    captions = [said(session, at)["caption"] for at in (0, step.at)]
    assert all(captions) and not any("Next, " in caption for caption in captions)
    session.taught.everything = True
    whole = [said(session, at)["caption"] for at in (0, step.at)]
    assert all(one.startswith(caption) for one, caption in zip(whole, captions, strict=True))


def test_no_note_says_that_something_can_be_dragged_where_nothing_can():
    session = opened("05-coordinate-ascent")
    assert said(session, 0)["note.plane"] == "contours every 0.1 nats (outer: 0.5)"
    session.taught.everything = True
    assert said(session, 0)["note.plane"].startswith(f"{DRAG}; contours")


def test_the_words_of_the_bound_tell_nothing_of_the_move_that_comes():
    session = opened("06-one-q-for-many-theta", "the-way")
    act(session, act="advance", to=3, at=2)
    assert said(session, 3)["heading.course"] == "L touches log p"
