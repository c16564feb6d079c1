"""A step of a lesson on its page: nothing of the answer leaves the server before the reader has committed to one."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from em_core.kinds import MOVES
from tests.attack import dealt
from ui import player
from ui.em.session import EmSession
from ui.lessons import words
from ui.lessons.grade import grade
from ui.lessons.learning import at_link, cut, lesson_session
from ui.lessons.library import library
from ui.lessons.replay import change, holds
from ui.lessons.taught import run_of
from ui.map.session import MapSession
from ui.stage import acts

LESSONS = library([]).lessons
STEPS = [(lesson.name, step) for lesson in LESSONS.values() for step in lesson.steps]
QUESTIONS = [(name, step) for name, step in STEPS if step.predict]


def called(value):
    return value if isinstance(value, str) else value.id


def opened(name, step="", kind=EmSession):
    return at_link(kind, {"lesson": name, "step": step} if step else {"lesson": name})


def told(session):
    """The message that the browser would get."""
    with pytest.MonkeyPatch.context() as patch:
        sent = []
        stage = SimpleNamespace(show=lambda message, key: sent.append(message))
        patch.setattr(player, "stage", stage)
        session.tell_ahead()
        session.player.lesson = session.lesson()
        session.player.show(session.run, "stage")
    return sent[0].json()


def act(session, **said):
    session.act(acts.read({"n": 1, **said}))


def answer(step, right=True):
    """One that is right in every part, or in none."""
    asked, run = step.predict, run_of(step)
    if asked.kind == "choice":
        return next(n for n, option in enumerate(asked.options) if holds(option.condition, run) == right)
    if asked.kind == "direction":
        true = {name: change(run, name, asked.half_step) for name in asked.of}
        other = {"rises": "falls", "falls": "stays", "stays": "rises"}
        return true if right else {name: other[word] for name, word in true.items()}
    pairs = zip(asked.of, asked.within, strict=True)
    numbers = [run[asked.half_step][name] + (0 if right else 2 * off) for name, off in pairs]
    return numbers[0] if asked.kind == "number" else numbers


@pytest.mark.parametrize(("name", "step"), dealt(STEPS, 1, of=8), ids=called)
def test_a_step_shows_what_it_names_on_its_page_and_nothing_else(name, step):
    session = opened(name, step.id)
    assert session.key == step.page and session.messages == []
    assert session.query() == {"lesson": name, "step": step.id}
    message = told(session)
    views = [view["id"] for view in message["scene"]["views"]]
    assert views == [view.partition(".")[0] for view in step.views]
    assert message["cursor"] == step.at and len(message["frames"]) == step.at + 1 or step.page == "posterior"
    terms = {term.get("id") for term in message["scene"]["equation"]} | set(views)
    assert set(message["frames"][step.at].get("lit", ())) <= terms
    figures = set(message["scene"]["figures"])
    for frame in message["frames"]:
        addresses = [*frame.get("set", {}), *frame.get("append", {})]
        assert {address.split("/")[0] for address in addresses} <= figures
    json.dumps(message, allow_nan=False)


@pytest.mark.parametrize(("name", "step"), dealt(QUESTIONS, 3, of=8), ids=called)
def test_nothing_ahead_is_sent_until_the_reader_has_committed_and_then_the_run_grades(name, step):
    asked, session = step.predict, opened(name, step.id)
    for said in (
        {"act": "advance", "to": step.at + 1, "at": step.at},
        {"act": "ahead"},
        {"act": "end"},
        {"act": "inside", "at": step.at},
        {"act": "move", "letter": "M"},
        {"act": "foresee", "at": step.at, "has": 0},
        {"act": "everything"},
    ):
        act(session, **said)
        message = told(session)
        assert message["first"] + len(message["frames"]) == step.at + 1, said
        assert (message["coming"], message["foreseen"], message["lesson"]["told"]) == ([], [], None)
        assert session.messages and all(words.LOCKED in line for line in session.messages) or said["act"] == "foresee"
    act(session, act="answer", value=json.dumps(answer(step)))
    while (more := told(session)["more"]) is not None:
        act(session, **more, at=session.player.cursor)
    message = told(session)
    parts = message["lesson"]["told"]["parts"]
    assert session.messages == [] and all(part["right"] for part in parts)
    assert session.player.cursor == min(asked.half_step, len(session.run) - 1)
    assert message["lesson"]["reach"] >= session.player.cursor
    again = opened(name, step.id)
    act(again, act="answer", value=json.dumps(answer(step, right=False)))
    assert not any(part["right"] for part in again.taught.told()["parts"])


@pytest.mark.parametrize(("name", "step"), dealt(QUESTIONS, 5, of=8), ids=called)
def test_the_page_makes_the_numbers_that_an_answer_is_graded_from(name, step):
    session, at = opened(name, step.id), step.predict.half_step
    act(session, act="reveal")
    session.run.advance(at)
    if not hasattr(session.run, "trajectory") or len(session.run) <= at:
        return  # it has come to rest before
    theta = session.run.trajectory[at].after.theta
    row = run_of(step)[at]
    for name_, entry in theta.items():
        flat = entry.ravel().tolist()
        known = [value for key, value in row.items() if key == name_ or key.startswith(f"{name_}[")]
        assert known == pytest.approx(flat, rel=1e-9, abs=1e-9)


def test_a_run_that_is_there_at_once_is_sent_as_far_as_the_step():
    name, step = next((name, step) for name, step in QUESTIONS if step.page == "posterior")
    session = opened(name, step.id)
    assert len(session.run) > step.at + 1 == len(told(session)["frames"])
    act(session, act="advance", to=step.at + 1, at=step.at)
    assert session.messages == [words.LOCKED]
    act(session, act="reveal")
    assert len(told(session)["frames"]) + step.at + 1 >= len(session.run)


def test_an_answer_shown_grades_nothing():
    name, step = QUESTIONS[0]
    session = opened(name, step.id)
    act(session, act="reveal")
    parts = session.lesson()["told"]["parts"]
    assert [part["right"] for part in parts] == [None] * len(parts)
    assert [part["true"] for part in parts] == [
        graded.true for graded in grade(step.predict, answer(step), run_of(step))
    ]


@pytest.mark.parametrize(
    "said",
    [
        {"act": "answer"},
        {"act": "answer", "value": "{"},
        {"act": "answer", "value": "[" * 4_000},
        {"act": "answer", "value": '"rises"'},
        {"act": "answer", "value": '{"elbo": "rises"}'},
        {"act": "answer", "value": '{"log_evidence": [], "elbo": {}, "gap": null}'},
        {"act": "answer", "value": 3.0},
        {"act": "lesson", "lesson": "nowhere"},
        {"act": "lesson", "lesson": "04-e-closes-m-opens", "step": "nowhere"},
        {"act": "lesson"},
    ],
    ids=str,
)
def test_a_forged_act_is_refused_in_one_line(said):
    session = opened("04-e-closes-m-opens")
    act(session, **said)
    (line,) = session.messages
    assert len(line.splitlines()) == 1 and len(line) < 400
    assert session.taught.locked and session.leading is None
    free = EmSession.opened({})
    act(free, **said)
    assert len(free.messages) == 1 and free.leading is None


@pytest.mark.parametrize("kind", ["number", "point", "drag"])
def test_a_number_that_no_float_holds_is_refused_in_one_line(kind):
    name, step = next((name, step) for name, step in QUESTIONS if step.predict.kind == kind)
    session, huge = opened(name, step.id), 10**400
    act(session, act="answer", value=json.dumps(huge if kind == "number" else [huge, 1]))
    assert len(session.messages) == 1 and session.taught.locked


@pytest.mark.parametrize(("name", "step"), QUESTIONS, ids=called)
def test_the_caption_says_what_was_done_and_nothing_of_what_comes_while_a_question_is_open(name, step):
    session = opened(name, step.id)
    open_, whole = told(session)["frames"][-1]["text"]["caption"], session.run.frames([step.at])[step.at]
    assert whole["text"]["caption"].startswith(open_)
    assert "Next, " not in open_ and ". " not in open_


def test_columns_are_called_as_people_say():
    assert words.column("probabilities[1]") == "probability 2"
    assert words.column("probabilities[1]", "binomial_mixture") == "coin B"
    assert words.column("means[0][1]") == "mean 1, entry 2"
    assert words.column("means[0][1]", "", ("eruption (min)", "waiting (min)")) == "mean 1, waiting (min)"
    assert words.column("covariances[0][1]", "", ("eruption (min)", "waiting (min)")) == "covariance 1, entry 2"
    assert words.column("covariances[1][0][0]".rpartition("[")[0]) == "covariance 2, entry 1"


def test_numbers_are_called_as_the_page_of_their_model_does():
    assert words.column("expected_log_joint") == "expected log p(h, v)"
    assert words.column("expected_log_joint", "dictionary_learning") == "log p(v, h)"
    assert words.column("probabilities[1][5]", "hidden_markov", ("face (0 is one)", "sequence")) == "state 2, face 6"


def test_a_place_is_called_by_the_columns_of_the_data_in_the_question_and_in_its_answer():
    session = opened("02-completing-the-data", "where-to")
    wanted = ["mean 1, eruption (min)", "mean 1, waiting (min)"]
    assert [part["label"] for part in session.lesson()["ask"]["of"]] == wanted
    act(session, act="reveal")
    assert [part["label"] for part in session.lesson()["told"]["parts"]] == wanted


def test_an_answer_counts_once():
    name, step = QUESTIONS[0]
    session = opened(name, step.id)
    act(session, act="answer", value=json.dumps(answer(step, right=False)))
    before = session.taught.told()
    act(session, act="answer", value=json.dumps(answer(step)))
    assert len(session.messages) == 1 and session.taught.told() == before


def test_a_lesson_that_is_not_there_is_named_with_those_that_are():
    session = at_link(MapSession, {"lesson": "nowhere", "steps": "2"})
    (line,) = session.messages
    assert "nowhere" in line and all(name in line for name in LESSONS)
    assert session.taught is None and len(session.run) + session.run.remaining == 3
    session = opened("04-e-closes-m-opens", "nowhere")
    (line,) = session.messages
    assert "nowhere" in line and all(step.id in line for step in LESSONS["04-e-closes-m-opens"].steps)
    assert session.taught.step is LESSONS["04-e-closes-m-opens"].steps[0]


def test_a_link_to_a_lesson_that_is_left_out_says_why(tmp_path, monkeypatch):
    (tmp_path / "broken.toml").write_text("minutes = 3\ntitle = 5\n")
    monkeypatch.setenv("ELBO_ROOM_LESSONS", str(tmp_path))
    (line,) = opened("broken").messages
    assert "broken.toml, line 2: title: 5 is not valid" in line


def test_the_bare_address_is_the_first_lesson_and_any_setting_is_not():
    first = next(iter(LESSONS.values()))
    assert at_link(EmSession, {}, fresh=True).taught.step is first.steps[0]
    assert at_link(EmSession, {}) is None
    assert at_link(MapSession, {}, fresh=True) is None
    assert at_link(EmSession, {"model": "gaussian_mixture"}, fresh=True) is None
    assert EmSession.opened({}).address == {"model": "gaussian_mixture"}
    assert EmSession.opened({"schedule": "EM"}).address == EmSession.opened({"schedule": "EM"}).query()
    assert MapSession.opened({}).address == {}


def test_steps_lead_on_over_the_ends_of_lessons_and_keep_the_presenters_mode():
    session, seen = opened(next(iter(LESSONS))), []
    for _ in STEPS:
        seen.append((session.taught.lesson.name, session.taught.step.id))
        after = session.lesson()["after"]
        if after is None:
            break
        session.player.look = player.Look(present=True)
        act(session, act="lesson", **after)
        session = lesson_session(session)
        assert session.player.look.present and session.query()["present"] == "1"
    assert seen == [(name, step.id) for name, step in STEPS]
    assert session.lesson()["after"] is None


def test_all_controls_are_one_switch_away_and_exploring_leaves_the_same_run():
    session = opened("02-completing-the-data", "responsibilities")
    act(session, act="advance", to=1, at=0)
    assert [view["id"] for view in told(session)["scene"]["views"]] == ["data"]
    act(session, act="everything")
    assert len(told(session)["scene"]["views"]) > 3 and session.lesson()["everything"]
    act(session, act="explore")
    assert session.taught is None and session.lesson() is None and len(session.run) == 2
    again = EmSession.opened(session.query())
    assert again.messages == [] and again.run.tip == session.run.tip


def test_a_task_is_done_by_the_run_within_its_moves_and_without_what_it_forbids():
    session = opened("03-the-bound", "close-it-by-hand")
    assert session.lesson()["task"] == {"done": False, "left": 1, "used": [], "without": ["M"], "at_most": 1}
    act(session, act="move", letter="M")
    task = session.lesson()["task"]
    assert (task["done"], task["used"]) == (False, ["M"])
    act(session, act="again")
    session = lesson_session(session)
    assert session.taught.opened == 1
    act(session, act="move", letter="E")
    task = session.lesson()["task"]
    assert (task["done"], task["left"]) == (True, 0)


@pytest.mark.parametrize(
    ("name", "step", "letters"),
    [
        ("03-the-bound", "close-it-by-hand", "EHTGBSANL"),  # all that its model can make, but M
        ("07-one-gradient-step", "several-steps-with-one-q", "EG"),
        ("04-e-closes-m-opens", "", ""),
    ],
)
def test_the_stage_has_a_button_for_each_move_that_a_task_allows(name, step, letters):
    moves = opened(name, step).lesson()["moves"]
    assert "".join(move["letter"] for move in moves) == letters
    assert [move["word"] for move in moves] == [MOVES[letter].word for letter in letters]


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=lambda lesson: lesson.name)
def test_what_the_steps_are_called_tells_nothing_of_an_answer(lesson):
    kinds = ["question" if step.predict else "task" if step.do else "picture" for step in lesson.steps]
    assert [step["label"] for step in opened(lesson.name).lesson()["steps"]] == kinds


def test_a_task_with_too_many_moves_is_not_done():
    session = opened("06-one-q-for-many-theta", "why-it-pays")
    session.run.advance(12)
    for at, done in ((12, False), (7, False), (8, True)):
        session.player.cursor = at
        task = session.lesson()["task"]
        assert (task["left"], task["done"]) == (8 - at, done), at


def test_a_tape_is_cut_where_the_step_begins():
    hand = [{"after": 1, "start": {}}, {"after": 3, "moves": {}}, {"after": 4, "start": {}}]
    assert cut(["EMEM", 0, hand], 3) == ["EM", 0, hand[:2]]
    assert cut([40], 3) == [3] and cut([2], 3) == [2] and cut([], 3) == []


def test_the_list_of_lessons_opens_on_a_free_page_too():
    session = MapSession.opened({})
    assert session.lesson() is None
    act(session, act="lessons")
    listed = session.lesson()
    assert listed["listing"] == 1 and [one["name"] for one in listed["list"]["lessons"]] == list(LESSONS)
