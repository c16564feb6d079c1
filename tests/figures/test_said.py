"""What captions and titles say of a half-step is so: of the gap, of θ, of the move's name, of what a hand moved."""

from __future__ import annotations

import re

import pytest

from em_core.kinds import MOVES
from em_core.observe.moment import same
from figures.em import by_hand, words
from figures.look import wording
from figures.look.moves import called, within
from tests.attack import dealt
from tests.figures.runs import shown
from tests.figures.stage_replay import as_number
from tests.ui.test_by_hand import COINS, drag, opened
from ui.em.run import EmRun
from ui.em.settings import MODEL_NAMES, EmSettings, for_model

# moves again with the same q, at the maximum and not, and from a q of another θ
WORDS = ("EMG", "EGGGM", "MEBNLAC", "EMMS", "ECCCC", "EGEGMG")


@pytest.mark.parametrize("word", WORDS)
def test_what_is_said_of_the_gap_is_what_it_did(word):
    run = EmRun.of(EmSettings(), word)
    opens = grows = 0
    for at in range(1, len(run)):
        moment, before, now = run.moment(at), run.moment(at).before, run.moment(at).bound
        if MOVES[moment.step.letter].kind == "E":
            continue
        title, caption = (run.draw(at, True)["text"][slot] for slot in ("heading.course", "caption"))
        then, there = (wording.gap(bound.kl, bound.log_evidence) for bound in (before, now))
        if same(moment.step.after.theta, moment.step.before.theta):
            assert title == "θ did not move" and "new θ" not in caption, (word, at)
            continue
        assert caption.startswith(wording.unbroken(called(moment.step.letter)))
        if wording.still(now.kl - before.kl, now.log_evidence):
            assert (
                title.endswith(f"the gap {'stays at' if then == there else 'is'} {there}") and "opened" not in caption
            )
        elif then == "0.000":
            assert title.endswith("the gap opens") and (f"opened to {there}" in caption or f"is {there}" in caption)
            opens += 1
        else:
            kind = "grows" if now.kl > before.kl else "shrinks"
            assert title.endswith(f"the gap {kind} from {then} to {there}")
            assert ("grew to" if kind == "grows" else "shrank to") in caption or f"The gap is {there}" in caption
            grows += 1
    assert opens or grows


# of a model that cannot make the usual moves
WORD_OF = {"sigmoid_belief_net": "VM"}


def change_told(text):
    """The change of a number, as it is told: with a sign; 0 where it did not change."""
    if text == wording.UNCHANGED:
        return 0.0
    way, told = re.fullmatch(r"(rose|fell) by (.+)", text).groups()
    return as_number(told) * (1 if way == "rose" else -1)


@pytest.mark.parametrize("model", dealt(MODEL_NAMES, 2))
def test_what_is_said_of_the_gap_follows_from_the_numbers_beside_it(model):
    """It is said to open only where it rose, and to follow from two changes only where these, as told, differ."""
    settings = for_model(EmSettings(), model)
    run = EmRun.of(settings, WORD_OF.get(model, "EM") * 12)
    seen = 0
    for at in range(1, len(run)):
        before, now = run.moment(at).before, run.moment(at).bound
        caption = run.draw(at, True)["text"]["caption"]
        follows = re.search(r"The ELBO (.+) and log p\(v\) (.+), so the gap (\w+)", caption)
        if follows:
            elbo, evidence = map(change_told, follows.groups()[:2])
            assert elbo != evidence, (at, caption)
            rises = {"opened": True, "grew": True, "shrank": False}.get(follows[3])
            assert rises is None or rises == (evidence > elbo) == (now.kl > before.kl), (at, caption)
            seen += 1
        if "opened" in caption:
            assert now.kl > before.kl and wording.gap(before.kl, before.log_evidence) == "0.000", (at, caption)
        assert "gap of 0.000 closed" not in caption
    assert seen


@pytest.mark.parametrize("word", ["EMEM", "HMHM", "EEMEGG", "TMEM", "EM" * 12])
def test_the_gaps_title_says_where_it_is_0(word):
    """That it is 0 after each E-step is said where it is, and nowhere else; that it is 0, where it is now."""
    run = EmRun.of(for_model(EmSettings(), "linkage"), word)
    for at in range(1, len(run)):
        title, made = run.draw(at, True)["text"]["heading.timeline.gap"], list(run._moments[: at + 1])
        closed = [wording.gap(moment.bound.kl, moment.bound.log_evidence) == "0.000" for moment in made]
        exact = [moment.step.letter == "E" for moment in made]
        assert (re.search("0 after ", title) is not None) == (any(exact[1:]) and closed[1:] == exact[1:])
        assert title.startswith("Gap 0 ") == closed[-1] and ("(○" in title) == any(closed)


@pytest.mark.parametrize("cycle", ["EM", "EC"])
def test_at_rest_theta_is_not_said_to_go_anywhere(cycle):
    """That θ was at the maximum already is said exactly where the bound did not rise."""
    run = EmRun.of(EmSettings(), cycle * 60)
    moved = [step.index for step in run.trajectory if not same(step.after.theta, step.before.theta)]
    seen = set()
    for at in (moved[0], moved[-1]):
        moment = run.moment(at)
        caption = run.draw(at, True)["text"]["caption"]
        rose = not wording.still(moment.bound.elbo - moment.before.elbo, moment.bound.elbo)
        assert ("moved to the maximum" in caption) == rose and ("already, up to rounding" in caption) != rose
        seen.add(rose)
    assert seen == {True, False}


def test_the_e_step_is_not_said_to_close_a_gap_that_is_closed():
    run = EmRun.of(EmSettings(), "EE")
    assert "closes the gap" not in run.draw(1, True)["text"]["caption"]
    assert "already" in run.draw(1, True)["text"]["caption"]


def test_only_what_goes_to_a_maximum_is_an_m_step():
    names = {letter: called(letter) for letter, move in MOVES.items() if move.kind == "M"}
    assert {letter for letter, name in names.items() if name.endswith("M-step")} == {"M", "C"}
    assert names["G"] == "Gradient step" and names["C"] == "Conditional M-step"
    assert [within(letter) for letter in "MCGNL"] == [
        "M-step", "conditional M-step", "gradient step", "Newton step", "L-BFGS step",
    ]  # fmt: skip
    run = EmRun.of(EmSettings(plan="EG"), "EG")
    assert all("M\u2011step" not in frame["text"]["caption"] for frame in run.frames())
    assert all("M\u2011step" not in frame["text"]["caption"] for frame in run.inner(2))


@pytest.mark.parametrize("letter", MOVES)
def test_each_move_says_what_it_does_to_the_gap(letter):
    """As the end of a sentence about the move, and no promise that it does not keep."""
    effect = MOVES[letter].effect
    assert re.match(r"(leaves|closes|lowers|opens) ", effect) and "gap" in effect
    if MOVES[letter].kind == "M":
        assert "may grow or shrink" in effect


MOVED = {
    "binomial_mixture": ("0", 0.9, 0.0, "the probability of heads of coin A"),
    "gaussian_mixture": ("1", 3.0, 70.0, "the mean of component 2"),
    "linkage": ("value", 0.3, 0.0, "θ"),
}


@pytest.mark.parametrize("model", MOVED)
def test_by_hand_what_was_moved_has_its_name(model):
    handle, x, y, name = MOVED[model]
    session = opened(for_model(EmSettings(), model), "EM")
    session.act({"act": "drag", "handle": handle, "x": x, "y": y, "at": 2, "n": 1, "turn": session.player.turn})
    assert session.messages == []
    caption = session.run.frames([3])[3]["text"]["caption"]
    assert caption.startswith(f"By hand: you changed {name}. q was kept")


def test_numbers_and_names_of_steps_do_not_break_at_the_end_of_a_line():
    assert wording.unbroken("E-step, L-BFGS, 2.1 × 10⁻⁷, semi-step") == (
        "E\u2011step, L\u2011BFGS, 2.1\u00a0×\u00a010⁻⁷, semi-step"
    )
    run = EmRun.of(EmSettings(), "EM" * 9)
    captions = [frame["text"]["caption"] for frame in [*run.frames(), *run.inner(2)]]
    assert any("×" in caption for caption in captions)
    assert not any(re.search(r"[EM]-step| ×|× ", caption) for caption in captions)
    # the glossary has the same words
    words_there = run.scene.json["glossary"]
    assert "E\u2011step" in words_there and "E-step" not in words_there


def test_the_caption_while_a_handle_is_held_says_the_same_of_the_gap():
    session = opened(COINS, "EG")
    drag(session, 0.9)
    moment = session.run.moment(3)
    assert by_hand.held_title(moment).endswith(
        wording.gap_moved(moment.before.kl, moment.bound.kl, moment.bound.log_evidence)
    )


def test_the_titles_of_an_m_step_stay_in_their_row():
    """Short enough for a card of a third of the window."""
    run = EmRun.of(EmSettings(), "MECCC")
    assert all(len(shown(run, at).text["heading.course"]) <= 66 for at in range(len(run)))
    assert words.COURSE
