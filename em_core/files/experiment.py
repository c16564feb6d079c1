"""The experiment file: model, settings, data, start, schedule and seed, in one JSON object."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core import datasets, schedule
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.fields import LARGEST, Fields
from em_core.kinds import MOVES, check_order, read_moves
from em_core.model import LatentVariableModel, check
from em_core.models import MODELS
from em_core.records import Parameters


@dataclass(frozen=True, eq=False)
class Experiment:
    """All that a trajectory depends on; `to_json` and `parse` are each other's inverse.

    data_source is `data` as the file gives it (a name stays a name), data what the model reads from it.
    """

    model: LatentVariableModel
    data_source: Mapping[str, Any]
    data: Any
    start: Parameters
    q_at: Parameters | None
    schedule: str
    moves: Mapping[str, Mapping[str, float]]
    seed: int

    @classmethod
    def parse(cls, raw: Any) -> Experiment:
        """Read and check an experiment. A missing start is drawn from the seed.

        Raises `InvalidExperiment`, which names the first field that is wrong, its value and what would be valid.
        """
        fields = Fields(raw, "")
        model_class = MODELS[fields.choice("model", MODELS)]
        settings = fields.child("settings", {})
        model = model_class.read_settings(settings)
        settings.done()

        data_source = fields.take("data", valid="an object: values, or dataset, or generator with its settings")
        data_fields = Fields(datasets.resolve(Fields(data_source, "data"), model.name), "data")
        data = model.read_data(data_fields)
        data_fields.done()

        seed = fields.whole("seed", 0, most=2**63 - 1)
        start, q_at = _read_start(fields, model, data, seed)
        word = fields.take("schedule", valid="a schedule such as (EM)20")
        check_order(schedule.expand(word, MOVES), model, q_at is not None, word)
        moves = read_moves(fields.child("moves", {}))
        fields.done()
        return cls(model, data_source, data, start, q_at, word, moves, seed)

    @property
    def is_drawn(self) -> bool:
        """Whether the start is the one that the seed draws."""
        drawn = _draw(self.model, self.data, self.seed)
        return all(np.array_equal(drawn[name], entry) for name, entry in self.start.items())

    def to_json(self) -> dict[str, Any]:
        """The complete experiment: parsed again it gives the same numbers, to the last bit."""
        start: dict[str, Any] = {name: entry.tolist() for name, entry in self.start.items()}
        if self.q_at is not None:
            start["q_at"] = {name: entry.tolist() for name, entry in self.q_at.items()}
        return {
            "model": self.model.name,
            "settings": self.model.settings(),
            "data": dict(self.data_source),
            "start": start,
            "schedule": self.schedule,
            "moves": {letter: dict(settings) for letter, settings in self.moves.items()},
            "seed": self.seed,
        }


def _draw(model: LatentVariableModel, data: Any, seed: int) -> Parameters:
    # its own stream: the half-steps draw from [seed, 1], [seed, 2], …
    return model.random_start(data, np.random.default_rng([seed, 0]))


def _read_start(
    fields: Fields, model: LatentVariableModel, data: Any, seed: int
) -> tuple[Parameters, Parameters | None]:
    raw = fields.take("start", None)
    if raw is None:
        drawn = _draw(model, data, seed)
        # a variance is a square; and the complete experiment, start and all, must be readable
        large = [name for name, entry in drawn.items() if not np.all(np.abs(entry) <= LARGEST)]
        failure = f"{large[0]} exceed {LARGEST:g}" if large else _failure(model, data, drawn)
        if failure:
            valid = "data for which a random start can be drawn, or an explicit start"
            raise InvalidExperiment("data", f"data for which {failure}", valid)
        return drawn, None
    own = Fields(raw, "start")
    raw_q_at = own.take("q_at", None) if hasattr(model, "posterior") else None
    start = _read_parameters(own, model, data)
    if raw_q_at is None:
        return start, None
    q_at = _read_parameters(Fields(raw_q_at, "start.q_at"), model, data)
    for name, entry in start.items():
        if q_at[name].shape != entry.shape:
            valid = f"the shape {entry.shape} of start.{name}"
            raise InvalidExperiment(f"start.q_at.{name}", f"shape {q_at[name].shape}", valid)
    _check_pair(model, data, start, q_at)
    return start, q_at


def _check_pair(model: LatentVariableModel, data: Any, start: Parameters, q_at: Parameters) -> None:
    """Refuse a q so far from θ that a term of the bound is no number; what is infinite may stay so."""
    with np.errstate(all="ignore"):
        q = model.posterior(data, q_at)
        terms = model.expected_log_joint(data, start, q), model.entropy(q), model.kl(q, model.posterior(data, start))
    if any(math.isnan(term) for term in terms):
        valid = "parameters close enough to start for every term of the bound to be finite"
        raise InvalidExperiment("start.q_at", {name: entry.tolist() for name, entry in q_at.items()}, valid)


def _read_parameters(fields: Fields, model: LatentVariableModel, data: Any) -> Parameters:
    path = fields.name("")[:-1]
    theta = model.read_parameters(fields, data)
    fields.done()
    failure = _failure(model, data, theta)
    if failure:
        shown = {name: entry.tolist() for name, entry in theta.items()}
        valid = f"parameters at which every term of the bound can be computed ({failure})"
        raise InvalidExperiment(path, shown, valid)
    return theta


def _failure(model: LatentVariableModel, data: Any, theta: Parameters) -> str:
    """Why a run cannot begin at θ, as the end of a sentence; "" where it can.

    A posterior exists where the log evidence is finite and the model's `check` finds no fault with θ.
    """
    try:
        check(model, data, theta)
        with np.errstate(over="ignore"):  # a sum below the floats is −inf
            possible = not hasattr(model, "log_evidence") or math.isfinite(model.log_evidence(data, theta))
    except HalfStepFailed as failure:
        return str(failure)
    return "" if possible else "the data have probability 0"
