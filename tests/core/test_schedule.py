"""Schedules: words over moves, with counts and parentheses."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from em_core.files.errors import InvalidExperiment
from em_core.kinds import MOVES
from em_core.schedule import LONGEST, compress, expand, plan

# (a schedule, what it stands for), built side by side
TREES = st.recursive(
    st.sampled_from("EMGB").map(lambda letter: (letter, letter)),
    lambda inner: st.one_of(
        st.tuples(inner, st.integers(1, 4)).map(
            lambda pair: (
                f"{pair[0][0]}{pair[1]}" if len(pair[0][0]) == 1 else f"({pair[0][0]}){pair[1]}",
                pair[0][1] * pair[1],
            )
        ),
        st.lists(inner, min_size=1, max_size=4).map(
            lambda parts: (" ".join(word for word, _ in parts), "".join(moves for _, moves in parts))
        ),
        inner.map(lambda pair: (f"( {pair[0]} )", pair[1])),
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(TREES)
def test_expand_reads_the_grammar(pair):
    word, moves = pair
    if len(moves) <= LONGEST:
        assert expand(word, MOVES) == moves


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.one_of(st.text("EMGB", min_size=1, max_size=60), TREES.map(lambda pair: pair[1])))
def test_expand_undoes_compress(moves):
    assert expand(compress(moves), MOVES) == moves


@pytest.mark.parametrize(
    ("word", "moves"),
    [
        ("EM", "EM"),
        (" E  M ", "EM"),
        ("(EM)3", "EMEMEM"),
        ("E G5", "EGGGGG"),
        ("E G 5", "EGGGGG"),
        ("((EG2)2M)2", "EGGEGGMEGGEGGM"),
        ("(E)M", "EM"),
        ("E01", "E"),
        ("E" + "0" * 9000 + "2", "EE"),
        ("E1M1", "EM"),
    ],
)
def test_examples(word, moves):
    assert expand(word, MOVES) == moves


@pytest.mark.parametrize(
    ("moves", "word"),
    [("EMEMEM", "(EM)3"), ("EGGG", "EG3"), ("EGGEGG", "(EG2)2"), ("E", "E"), ("EM" * 2500, "(EM)2500")],
)
def test_compress_examples(moves, word):
    assert compress(moves) == word


@pytest.mark.parametrize(
    "word",
    [
        *("", "  ", "()", "(", ")", "(EM", "EM)", "E)(M", "3", "3E", "(3)", "E0", "(EM)0", "E00", "()3", "E()M"),
        *("X", "EMX", "em", "E-1", "E1.5", "E,M", "E²", "E٣", "(EM)20)", "EM;", "E\x00", "é", "E" + "0" * 9000),
        *(None, 3, ["E"], {"E": 1}, True),
    ],
)
def test_what_does_not_parse_is_refused_with_its_value(word):
    with pytest.raises(InvalidExperiment) as caught:
        expand(word, MOVES)
    text = str(caught.value)
    assert text.startswith("schedule: ") and caught.value.value == word
    assert " ".join(repr(word).split())[:60] in text
    assert len(text.splitlines()) == 1


def test_the_longest_schedule():
    assert expand("(EM)2500", MOVES) == "EM" * 2500
    assert len(expand("((E)50)100", MOVES)) == LONGEST == 5_000
    for word in ("(EM)2501", "E5001", "E5000M", "(EM)2500E", "E" * 5001, "((E)50)101"):
        with pytest.raises(InvalidExperiment, match="5,000"):
            expand(word, MOVES)


@pytest.mark.parametrize(
    "word",
    [
        "(EM)99999999999999",
        "E" + "9" * 100_000,
        "(" * 200_000,
        "(" * 100_000 + "E" + ")" * 100_000,
        "(" * 1000 + "EM" + ")9" * 1000,
        ")" * 200_000,
        " " * 500_000,
        "E5000" * 20_000,
    ],
)
def test_hostile_words_end_quickly(word):
    begun = time.process_time()
    try:
        assert expand(word, MOVES) == "E"
    except InvalidExperiment as error:
        assert len(str(error)) < 500
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("word", ["EM", "E G3", "EB", "E", "E(PM)", "(TM)3(EM)", "(EM)2", "EMEG", "((EG)2M)"])
def test_a_plan_is_followed_and_its_last_round_goes_on(word):
    found = plan(word, MOVES)
    assert found.moves == expand(word, MOVES)
    endless = found.moves + found.cycle * 5
    made = ""
    for letter in endless:
        assert found.following(made) == letter
        made += letter


@pytest.mark.parametrize(
    ("word", "cycle", "is_endless"),
    [
        *(("EM", "EM", True), ("E G5", "EGGGGG", True), ("E(PM)", "PM", True), ("(TM)20(EM)", "EM", True)),
        *(
            ("(EM)20", "EM", False),
            ("E((PM)2G)3", "PMPMG", False),
            ("(EM)3G", "EMEMEMG", True),
            ("( E M ) 2", "EM", False),
        ),
    ],
)
def test_what_goes_on_is_the_group_that_ends_the_word(word, cycle, is_endless):
    found = plan(word, MOVES)
    assert (found.cycle, found.endless) == (cycle, is_endless)
    assert found.done(found.moves) == (not is_endless) and not found.done(found.moves[:-1])


@pytest.mark.parametrize(
    ("word", "made", "letter"),
    [
        *(("E G3", "EMEG", "G"), ("E G3", "EMEGGG", "E"), ("EM", "EMMM", "E"), ("EM", "MM", "E"), ("EM", "EMG", "E")),
        *(("(TM)2(EM)", "TMEH", "E"), ("EMEG", "EMEGGE", "M"), ("EM", "GE", "M"), ("(EM)2", "EMEME", "M")),
    ],
)
def test_after_other_moves_the_round_is_taken_up_where_it_fits(word, made, letter):
    assert plan(word, MOVES).following(made) == letter


@pytest.mark.parametrize("word", ["", "(EM", "X", "E0", "()"])
def test_a_plan_refuses_what_does_not_parse(word):
    with pytest.raises(InvalidExperiment):
        plan(word, MOVES)


@pytest.mark.parametrize("word", ["(TM)2(EM)", "E(PM)", "(EM)2"])
def test_a_plan_taken_up_later_begins_there(word):
    later = replace(plan(word, MOVES), after=3)
    made = "EMG"
    for letter in later.moves + later.cycle:
        assert later.following(made) == letter and later.underway(made) == (len(made) - 3 < len(later.moves))
        made += letter
