"""What was done by hand in mid-run: `by_hand` of an experiment file, in the order of the tape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from em_core import schedule
from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields
from em_core.files.starts import check_shapes, given, read_given
from em_core.kinds import adjusted_moves, read_adjusted
from em_core.model import LatentVariableModel
from em_core.records import Adjusted, ByHand, Parameters, Placed

Moves = Mapping[str, Mapping[str, float]]

_FORM = 'a list of {"after": half-step, "start": parameters} and {"after": half-step, "moves": settings of moves}'


def read_by_hand(
    raw: Any, model: LatentVariableModel, data: Any, start: Parameters, half_steps: int
) -> tuple[ByHand, ...]:
    """The changes of a file whose schedule makes so many half-steps.

    `after` counts all half-steps, also those made by hand. Raises `InvalidExperiment`.
    """
    if not isinstance(raw, list):
        raise InvalidExperiment("by_hand", raw, _FORM)
    if len(raw) > schedule.LONGEST:
        raise InvalidExperiment("by_hand", f"{len(raw):,} changes", f"at most {schedule.LONGEST:,}")
    result: list[ByHand] = []
    least = 0
    for place, entry in enumerate(raw):
        fields = Fields(entry, f"by_hand[{place}]")
        after = fields.whole("after", least=least, most=half_steps)
        if ("start" in fields) == ("moves" in fields):
            raise InvalidExperiment(f"by_hand[{place}]", entry, "either start or moves beside after")
        if "moves" in fields:
            result.append(Adjusted(after, read_adjusted(fields.child("moves"))))
            least = after
        else:
            path = fields.name("start")
            now = read_given(fields.child("start"), model, data)
            check_shapes(now.theta, start, path, "start")
            result.append(Placed(after, now.theta, now.q_at, now.q))
            # it is a half-step itself
            least, half_steps = after + 1, half_steps + 1
        fields.done()
    return tuple(result)


def as_json(by_hand: Iterable[ByHand]) -> list[dict[str, Any]]:
    """What `read_by_hand` reads."""
    return [
        {"after": change.after, "start": given(change.theta, change.q_at, change.q)}
        if isinstance(change, Placed)
        else {"after": change.after, "moves": {letter: dict(own) for letter, own in change.moves.items()}}
        for change in by_hand
    ]


def in_turn(moves: Moves, by_hand: Iterable[ByHand]) -> tuple[list[int], list[Moves]]:
    """The half-steps after which settings of moves change, and the settings: at first `moves`, then after each."""
    places, settings = [], [moves]
    for change in by_hand:
        if isinstance(change, Adjusted):
            places.append(change.after)
            settings.append(adjusted_moves(settings[-1], change.moves))
    return places, settings


def makes_q(by_hand: Sequence[ByHand]) -> bool:
    """Whether there is a q before the first move, because one was given by hand."""
    first = [change for change in by_hand if isinstance(change, Placed)]
    return any(change.gives_q for count, change in enumerate(first) if change.after == count)
