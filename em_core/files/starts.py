"""Where a run begins, or goes on by hand: parameters in an experiment file, and q by those at which it is exact."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.fields import LARGEST, Fields
from em_core.model import LatentVariableModel, check
from em_core.records import Parameters


def draw(model: LatentVariableModel, data: Any, seed: int) -> Parameters:
    """The random start of a seed."""
    # its own stream: the half-steps draw from [seed, 1], [seed, 2], …
    return model.random_start(data, np.random.default_rng([seed, 0]))


def read_start(
    fields: Fields, model: LatentVariableModel, data: Any, seed: int
) -> tuple[Parameters, Parameters | None]:
    """`start` of an experiment file, and its `q_at`; a missing one is drawn. Raises `InvalidExperiment`."""
    raw = fields.take("start", None)
    if raw is not None:
        return read_given(Fields(raw, "start"), model, data)
    drawn = draw(model, data, seed)
    # a variance is a square; and the complete experiment, start and all, must be readable
    large = [name for name, entry in drawn.items() if not np.all(np.abs(entry) <= LARGEST)]
    failure = f"{large[0]} exceed {LARGEST:g}" if large else _failure(model, data, drawn)
    if failure:
        valid = "data for which a random start can be drawn, or an explicit start"
        raise InvalidExperiment("data", f"data for which {failure}", valid)
    return drawn, None


def read_given(own: Fields, model: LatentVariableModel, data: Any) -> tuple[Parameters, Parameters | None]:
    """θ, and the parameters at which q is the posterior, where they are given. Raises `InvalidExperiment`."""
    path = own.name("")[:-1]
    raw_q_at = own.take("q_at", None) if hasattr(model, "posterior") else None
    start = read_parameters(own, model, data)
    if raw_q_at is None:
        return start, None
    q_at = read_parameters(Fields(raw_q_at, f"{path}.q_at"), model, data)
    check_shapes(q_at, start, f"{path}.q_at", path)
    if not is_number(model, data, start, model.posterior(data, q_at)):
        valid = f"parameters close enough to {path} for every term of the bound to be finite"
        raise InvalidExperiment(f"{path}.q_at", {name: entry.tolist() for name, entry in q_at.items()}, valid)
    return start, q_at


def given(theta: Parameters, q_at: Parameters | None) -> dict[str, Any]:
    """What `read_given` reads."""
    begin: dict[str, Any] = {name: entry.tolist() for name, entry in theta.items()}
    if q_at is not None:
        begin["q_at"] = {name: entry.tolist() for name, entry in q_at.items()}
    return begin


def check_shapes(theta: Parameters, other: Parameters, path: str, whose: str) -> None:
    """Refuse parameters of another size. Raises `InvalidExperiment`."""
    for name, entry in other.items():
        if theta[name].shape != entry.shape:
            valid = f"the shape {entry.shape} of {whose}.{name}"
            raise InvalidExperiment(f"{path}.{name}", f"shape {theta[name].shape}", valid)


def is_number(model: Any, data: Any, theta: Parameters, q: Any) -> bool:
    """Whether every term of the bound of this pair is a number; what is infinite is one."""
    with np.errstate(all="ignore"):
        terms = [model.expected_log_joint(data, theta, q), model.entropy(q)]
        if hasattr(model, "posterior"):
            terms.append(model.kl(q, model.posterior(data, theta)))
    return not any(math.isnan(term) for term in terms)


def read_parameters(fields: Fields, model: LatentVariableModel, data: Any) -> Parameters:
    """A θ at which every term of the bound exists. Raises `InvalidExperiment`."""
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
