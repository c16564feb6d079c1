"""A lesson that is written and read again is the same; a lecture that is opened is sound, or refused in one line."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.attack import exhaustive, ordinary
from ui.lecture.desk import Desk
from ui.lecture.draft import Draft, opened
from ui.lessons.library import library
from ui.lessons.observed import columns
from ui.lessons.read import LARGEST_FILE, InvalidLesson, lesson
from ui.lessons.records import CHANGES, Condition, Lesson, Option, Prediction, Step, Task
from ui.lessons.write import value, written

LESSONS = library([]).lessons


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_of_the_app_written_and_read_again_is_the_same(name):
    text = written(LESSONS[name])
    assert lesson(text, f"{name}.toml") == LESSONS[name]
    assert max(map(len, text.splitlines())) < 1_000


EXPERIMENTS = {
    "em": [
        {"model": "linkage", "data": {"dataset": "linkage"}, "start": {"theta": 0.2}, "schedule": "(EM)2"},
        {"model": "coin_of_unknown_origin", "data": {"dataset": "coin_of_unknown_origin"}, "schedule": "EMEM"},
        {
            "model": "incomplete_gaussian",
            "data": {"values": [[1.5, 2.0], [0.25, None], [None, -1e-7]]},
            "schedule": "EMEM",
        },
    ],
    "map": [
        {
            "model": "sparse_coding",
            "settings": {"solver": "ista", "lambda": 0.1, "beta": 1.0},
            "data": {"signal": [1.0, 0.6], "dictionary": [[1.0, 0.3], [0.2, -0.5]]},
            "steps": 4,
        }
    ],
}
NAMES = {str(raw): [*columns(raw)] for listed in EXPERIMENTS.values() for raw in listed}
LAST = 4
# letters that a text editor, Markdown, TOML and its reader each treat in a way of their own
LETTERS = st.characters(codec="utf-8", exclude_characters="<[]:/!w@")
MARKS = [
    '"""',
    "'''",
    '"',
    "\\",
    "\\theta",
    "$q$",
    "\n",
    "\r\n",
    "\t",
    "#",
    "=",
    "{",
    "}",
    "\x00",
    "\u2028",
    "θ",
    "💥",
    " ",
]
TEXTS = st.lists(st.one_of(st.sampled_from(MARKS), st.text(LETTERS, max_size=8)), min_size=1, max_size=12).map("".join)
SAID = TEXTS.map(str.strip).filter(bool)
NUMBERS = st.floats(-1e6, 1e6).map(float)
PLACES = st.integers(0, LAST)
IDS = st.lists(st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,6})?", fullmatch=True), min_size=1, max_size=3, unique=True)
VIEWS = st.lists(st.sampled_from(["data", "timeline.gap", "decomposition"]), unique=True).map(tuple)


@st.composite
def conditions(draw, names, half_step):
    of = draw(st.sampled_from(names))
    form = draw(st.sampled_from(["change", "event", "converges", "is", "limits"]))
    if form == "event":
        return Condition(
            half_step=half_step, event=draw(st.sampled_from(["lost_component", "x"])), holds=draw(st.booleans())
        )
    if form == "change":
        return Condition(of, half_step, change=draw(st.sampled_from(CHANGES)))
    if form == "converges":
        return Condition(of, half_step, converges_within=draw(st.integers(1, 99)))
    if form == "is":
        return Condition(of, half_step, center=draw(NUMBERS), within=abs(draw(NUMBERS)))
    low, high = sorted((draw(NUMBERS), draw(NUMBERS) + 2e6))
    sides = draw(st.sampled_from([(low, high), (low, math.inf), (-math.inf, high)]))
    return Condition(of, half_step, above=sides[0], below=sides[1])


@st.composite
def questions(draw, names, at):
    kind = draw(st.sampled_from(["direction", "number", "choice", "point", "drag"]))
    count = {"direction": draw(st.integers(1, 3)), "number": 1, "choice": 0}.get(kind, 2)
    of = tuple(draw(st.lists(st.sampled_from(names), min_size=count, max_size=count)))
    asked = draw(st.sampled_from([at + 1, LAST]))
    within = tuple(abs(draw(NUMBERS)) + 1e-3 for _ in of) if kind in ("number", "point", "drag") else ()
    options = ()
    if kind == "choice":
        places = draw(st.lists(PLACES, min_size=2, max_size=4))
        options = tuple(
            Option(draw(SAID.filter(lambda text: len(text) <= 200)), draw(conditions(names, place))) for place in places
        )
    view, handle = {"point": ("data", ""), "drag": ("", "mean.0")}.get(kind, ("", ""))
    return Prediction(kind, of, draw(SAID), asked, within, options, view, handle)


@st.composite
def steps(draw, id_):
    page = draw(st.sampled_from([*EXPERIMENTS]))
    raw = draw(st.sampled_from(EXPERIMENTS[page]))
    names, at = NAMES[str(raw)], draw(st.integers(0, LAST - 1))
    predict = do = None
    claims = draw(st.lists(st.builds(lambda c: c, PLACES.flatmap(lambda place: conditions(names, place))), max_size=3))
    what = draw(st.sampled_from(["look", "ask", "do"]))
    if what == "ask":
        predict = draw(questions(names, at))
        about = next((of for of in (*predict.of, *(one.condition.of for one in predict.options)) if of), "")
        claims.append(Condition(about, LAST, change="rises") if about else Condition(half_step=1, event="x"))
    elif what == "do":
        solved = draw(
            st.sampled_from([{}, {"schedule": "(EM)40"}, {"start": {"theta": 0.25, "odd key": [True, None, "é"]}}])
        )
        do = Task(
            draw(conditions(names, None)), draw(st.sampled_from([None, 6])), draw(st.sampled_from(["", "M"])), solved
        )
    if page == "em" and raw["model"] == "coin_of_unknown_origin":
        page = draw(st.sampled_from(["em", "ascent"]))
    shown = draw(st.sampled_from([{}, {"spot": "equation.kl", "beat": "2", "unit": "1"}, {"inner": "4"}]))
    controls = tuple(draw(st.lists(st.sampled_from(["step", "play", "drag"]), unique=True)))
    views, lit = draw(VIEWS), draw(VIEWS)
    return Step(id_, draw(SAID), raw, page, at, views, controls, lit, predict, do, tuple(claims), shown)


@st.composite
def lessons(draw):
    ids = draw(IDS)
    title = draw(SAID.filter(lambda text: len(text) <= 80))
    assumes = tuple(draw(st.lists(TEXTS, max_size=2)))
    return Lesson("any", title, draw(st.integers(1, 90)), assumes, tuple(draw(steps(id_)) for id_ in ids))


def same(told):
    assert lesson(written(told), "any.toml") == told


@ordinary(15)
@given(lessons())
def test_any_lesson_written_and_read_again_is_the_same(told):
    same(told)


@exhaustive(1500)
@given(lessons())
def test_more_lessons(told):
    same(told)


def test_texts_stand_as_they_are_typed():
    told = LESSONS["04-e-closes-m-opens"]
    text = written(told)
    assert 'text = """\n' + told.steps[0].text + '\n"""\n' in text
    assert value({"a": None, "b c": [True, 1e-7]}) == '{ a = nan, "b c" = [true, 1e-07] }'


GOOD = written(LESSONS["04-e-closes-m-opens"]).encode()
# a file of the command line's; no page takes it
HUGE = (
    b'{ model = "gaussian_mixture", data = { generator = "blobs", n_points = 1000000 }, schedule = "EM", '
    b"settings = { n_components = 2 } }"
)
ODD = {
    "no text": b"\xff\xfe\x00",
    "nothing": b"",
    "no TOML": b"title = ",
    "a list": b"step = 3\ntitle = 'x'\nminutes = 3",
    "steps of numbers": b"title = 'x'\nminutes = 3\nstep = [1, 2]",
    "a step without anything": b"title = 'x'\nminutes = 3\n[[step]]",
    "an experiment that is a number": b"title = 'x'\nminutes = 3\n[[step]]\nid='a'\ntext='b'\nexperiment = 3",
    "a model that is a list": b"title = 'x'\nminutes = 3\n[[step]]\nid='a'\ntext='b'\nexperiment = { model = [1] }",
    "a page that is a list": GOOD.replace(b"at = 1", b"at = 1\npage = ['em']", 1),
    "a date": GOOD.replace(b"seed = 0", b"seed = 1979-05-27", 1),
    "HTML": GOOD.replace(b"**M** will", b"<img src=x onerror=alert(1)> will", 1),
    "too much at once": GOOD.replace(GOOD[GOOD.index(b"{ model") : GOOD.index(b"\nat = 1")], HUGE, 1),
    "a view of another page": GOOD.replace(b"at = 1", b"at = 1\nshown = { words = 'EM, HM' }", 1),
    "an axis that is none": GOOD.replace(b"at = 1", b"at = 1\nshown = { x_axis = 'wide' }", 1),
    "a spot that is none": GOOD.replace(b"at = 1", b"at = 1\nshown = { spot = '<b>' }", 1),
    "too long": b"#" * (LARGEST_FILE + 1),
    "digits": b"minutes = " + b"9" * 5000,
}


@pytest.mark.parametrize("what", ODD)
def test_an_odd_file_is_one_line_and_loses_nothing(what):
    desk = Desk(Draft("Mine", steps=LESSONS["05-coordinate-ascent"].steps))
    draft, desk.said = desk.draft, "Added as step 4: EM, half-step 0."
    assert desk.take("odd.toml", "a", ODD[what]) and not desk.take("odd.toml", "a", ODD[what])
    file, said = desk.opened
    assert desk.said == ""
    assert file == "a" and said.startswith("odd.toml, line ") and "\n" not in said and len(said) < 700
    assert desk.draft is draft and desk.before is None
    assert desk.take("good.toml", "b", GOOD) and desk.draft.steps == LESSONS["04-e-closes-m-opens"].steps
    desk.undo()
    assert desk.draft is draft


DAMAGE = given(st.integers(0, len(GOOD)), st.binary(max_size=6), st.integers(0, 40))


def is_one_line_or_a_lecture(place, odd, gone):
    content = GOOD[:place] + odd + GOOD[place + gone :]
    try:
        draft = opened(content)
    except InvalidLesson as error:
        assert "\n" not in error.problem and error.line >= 1
    else:
        assert opened(draft.text.encode()) == draft


@ordinary(20)
@DAMAGE
def test_a_damaged_file_is_one_line_or_a_lecture(place, odd, gone):
    is_one_line_or_a_lecture(place, odd, gone)


@exhaustive(500)
@DAMAGE
def test_more_damaged_files(place, odd, gone):
    is_one_line_or_a_lecture(place, odd, gone)
