"""What was changed by hand, as a page keeps it: the tape says since when, the controls what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from em_core.files.by_hand import Moves, as_json, in_turn, read_by_hand
from em_core.files.experiment import Experiment
from em_core.kinds import adjusted_moves, differing_moves
from em_core.records import Adjusted, ByHand, Placed

# later than any half-step
_END = 10**9


def placed(by_hand: Iterable[ByHand]) -> list[Placed]:
    """The half-steps among them."""
    return [change for change in by_hand if isinstance(change, Placed)]


def adjusted(by_hand: Iterable[ByHand]) -> list[Adjusted]:
    """The other settings of moves among them."""
    return [change for change in by_hand if isinstance(change, Adjusted)]


def taken(experiment: Experiment, told: Sequence[Any], half_steps: int) -> Experiment:
    """The experiment with what `told` says, on a tape with so many moves. Raises `InvalidExperiment`.

    Its own settings of moves are those of the controls: they are in force at the end.
    """
    by_hand = read_by_hand(list(told), experiment.model, experiment.data, experiment.start, half_steps)
    last = half_steps + len(placed(by_hand))
    end = Adjusted(last, differing_moves(experiment.moves, in_turn(experiment.moves, by_hand)[1][-1]))
    return tidy(experiment, (*by_hand, end))


def at_the_end(experiment: Experiment) -> Moves:
    """The settings of moves in force after all that was changed by hand."""
    return experiment.moves_for(_END)


def told(experiment: Experiment) -> list[dict[str, Any]]:
    """What `taken` makes of it again, where the controls say what is in force at the end."""
    first = differing_moves(experiment.moves, at_the_end(experiment))
    return as_json(([Adjusted(0, first)] if first else []) + list(experiment.by_hand))


def cut(by_hand: Sequence[ByHand], at: int) -> list[ByHand]:
    """What remains of a tape that ends with half-step `at`: settings stay as they are now, from there on."""
    kept = [change for change in by_hand if change.after < (at if isinstance(change, Placed) else at + 1)]
    later = [replace(change, after=at) for change in by_hand if isinstance(change, Adjusted) and change.after > at]
    return kept + later


def tidy(experiment: Experiment, by_hand: Iterable[ByHand]) -> Experiment:
    """The same with these changes by hand: what is changed at one place stands there once, and what changes nothing
    nowhere. What is changed before the first half-step is what the run begins with.
    """
    gathered: list[ByHand] = []
    for change in by_hand:
        last = gathered[-1] if gathered else None
        if isinstance(change, Adjusted) and isinstance(last, Adjusted) and last.after == change.after:
            letters = dict.fromkeys((*last.moves, *change.moves))
            both = {letter: {**last.moves.get(letter, {}), **change.moves.get(letter, {})} for letter in letters}
            gathered[-1] = Adjusted(change.after, both)
        else:
            gathered.append(change)
    began = moves = experiment.moves
    result: list[ByHand] = []
    for change in gathered:
        if isinstance(change, Placed):
            result.append(change)
            continue
        before, moves = moves, adjusted_moves(moves, change.moves)
        if not change.after:
            began = moves
        elif differing := differing_moves(moves, before):
            result.append(Adjusted(change.after, differing))
    return replace(experiment, moves=began, by_hand=tuple(result))
