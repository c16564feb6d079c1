"""The experiment file: model, settings, data, start, schedule and seed, in one JSON object."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from em_core import datasets, schedule
from em_core.broken import BREAKS, broken
from em_core.caching import of_data
from em_core.files.by_hand import Moves, as_json, in_turn, makes_q, read_by_hand
from em_core.files.fields import Fields
from em_core.files.starts import draw, given, read_start
from em_core.kinds import MOVES, check_order, read_moves
from em_core.model import LatentVariableModel
from em_core.models import MODELS
from em_core.records import ByHand, Parameters, Placed


@of_data
def _identity(data: Any, source: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(source, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Experiment:
    """All that a trajectory depends on; `to_json` and `parse` are each other's inverse.

    data_source is `data` as the file gives it (a name stays a name), data what the model reads from it. by_hand: what
    was changed in mid-run, in the order of the tape; the schedule counts only the moves. q_at, q: the first q, where
    the file gives one, by the parameters at which it is exact or as the number that it is. broken: the name of what is
    deliberately wrong; the model is then one that has it.
    """

    model: LatentVariableModel
    data_source: Mapping[str, Any]
    data: Any
    start: Parameters
    q_at: Parameters | None
    schedule: str
    moves: Mapping[str, Mapping[str, float]]
    seed: int
    by_hand: tuple[ByHand, ...] = ()
    q: float | None = None
    broken: str | None = None

    @classmethod
    def parse(cls, raw: Any) -> Experiment:
        """Read and check an experiment. A missing start is drawn from the seed.

        Raises `InvalidExperiment`, which names the first field that is wrong, its value and what would be valid.
        """
        fields = Fields(raw, "")
        model_class = MODELS[fields.choice("model", MODELS)]
        settings = fields.child("settings", {})
        model: LatentVariableModel = model_class.read_settings(settings)
        settings.done()
        wrong = fields.choice("break", BREAKS) if "break" in fields else fields.take("break", None)
        model = broken(model, wrong) if wrong else model

        data_source = fields.take("data", valid="an object: values, or dataset, or generator with its settings")
        data_fields = Fields(datasets.resolve(Fields(data_source, "data"), model.name), "data")
        data = model.read_data(data_fields)
        data_fields.done()

        seed = fields.whole("seed", 0, most=2**63 - 1)
        begin = read_start(fields, model, data, seed)
        word = fields.take("schedule", valid="a schedule such as (EM)20")
        letters = schedule.expand(word, MOVES)
        by_hand = read_by_hand(fields.take("by_hand", []), model, data, begin.theta, len(letters))
        check_order(letters, model, begin.gives_q or makes_q(by_hand), word)
        moves = read_moves(fields.child("moves", {}))
        fields.done()
        return cls(model, data_source, data, begin.theta, begin.q_at, word, moves, seed, by_hand, begin.q, wrong)

    @property
    def gives_q(self) -> bool:
        """Whether there is a q before the first half-step."""
        return self.q_at is not None or self.q is not None

    @property
    def is_drawn(self) -> bool:
        """Whether the start is the one that the seed draws."""
        drawn = draw(self.model, self.data, self.seed)
        return all(np.array_equal(drawn[name], entry) for name, entry in self.start.items())

    def to_json(self) -> dict[str, Any]:
        """The complete experiment: parsed again it gives the same numbers, to the last bit."""
        by_hand = as_json(self.by_hand)
        return {
            "model": self.model.name,
            "settings": self.model.settings(),
            "data": dict(self.data_source),
            "start": given(self.start, self.q_at, self.q),
            "schedule": self.schedule,
            "moves": {letter: dict(settings) for letter, settings in self.moves.items()},
            **({"by_hand": by_hand} if by_hand else {}),
            "seed": self.seed,
            **({"break": self.broken} if self.broken else {}),
        }

    def described(self, *without: str) -> dict[str, Any]:
        """What tells this experiment from others, as JSON without these parts: equal where `to_json` is.

        Data are told by a hash of theirs, which is made once for a table.
        """
        own = {**self.to_json(), "data": _identity(self.data, self.data_source)}
        return {key: part for key, part in own.items() if key not in without}

    def moves_for(self, index: int) -> Moves:
        """The settings of moves with which half-step `index` is made."""
        places, settings = self._in_turn
        return settings[bisect_left(places, index)]

    @cached_property
    def _in_turn(self) -> tuple[list[int], list[Moves]]:
        return in_turn(self.moves, self.by_hand)

    @property
    def tape(self) -> list[str | Placed]:
        """The schedule's moves and what was placed by hand, in their order: one entry for each half-step."""
        tape: list[str | Placed] = list(schedule.expand(self.schedule, MOVES))
        for change in self.by_hand:
            if isinstance(change, Placed):
                tape.insert(change.after, change)
        return tape
