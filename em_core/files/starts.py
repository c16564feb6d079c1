"""Where a run begins, or goes on by hand: θ in an experiment file, and q by the θ at which it is exact or by number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.fields import LARGEST, Fields
from em_core.model import LatentVariableModel, check
from em_core.records import GivesQ, Parameters


@dataclass(frozen=True, eq=False)
class Given(GivesQ):
    """θ, and q where it is given: by the parameters `q_at` at which it is exact, or as the number `q` that it is."""

    theta: Parameters
    q_at: Parameters | None = None
    q: float | None = None


def draw(model: LatentVariableModel, data: Any, seed: int) -> Parameters:
    """The random start of a seed."""
    # its own stream: the half-steps draw from [seed, 1], [seed, 2], …
    return model.random_start(data, np.random.default_rng([seed, 0]))


def read_start(fields: Fields, model: LatentVariableModel, data: Any, seed: int) -> Given:
    """`start` of an experiment file; a missing one is drawn. Raises `InvalidExperiment`."""
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
    return Given(drawn)


def read_given(own: Fields, model: LatentVariableModel, data: Any) -> Given:
    """θ, and q where it is given. Raises `InvalidExperiment`."""
    path = own.name("")[:-1]
    raw_q_at = own.take("q_at", None) if hasattr(model, "posterior") else None
    share = _read_share(own, model, raw_q_at is not None)
    start = read_parameters(own, model, data)
    if raw_q_at is None:
        return Given(start, q=share)
    q_at = read_parameters(Fields(raw_q_at, f"{path}.q_at"), model, data)
    check_shapes(q_at, start, f"{path}.q_at", path)
    if not is_number(model, data, start, model.posterior(data, q_at)):
        valid = f"parameters close enough to {path} for every term of the bound to be finite"
        raise InvalidExperiment(f"{path}.q_at", {name: entry.tolist() for name, entry in q_at.items()}, valid)
    return Given(start, q_at)


def _read_share(own: Fields, model: LatentVariableModel, has_q_at: bool) -> float | None:
    """q as a number, for a model whose q is one; None where it is not given."""
    if hasattr(model, "q_of_share"):
        if "q" not in own:
            own.take("q", None)  # known, if not there
            return None
        share = own.number("q", least=0, most=1)
        if has_q_at:
            raise InvalidExperiment(own.name("q"), share, "either q or q_at, not both")
        return share
    if "q" in own:
        instead = ", but q_at can give it by parameters" if hasattr(model, "posterior") else ""
        valid = f"no q here: that of {model.name} is not one number{instead}"
        raise InvalidExperiment(own.name("q"), own.take("q"), valid)
    return None


def given(theta: Parameters, q_at: Parameters | None, q: float | None = None) -> dict[str, Any]:
    """What `read_given` reads."""
    begin: dict[str, Any] = {name: entry.tolist() for name, entry in theta.items()}
    if q_at is not None:
        begin["q_at"] = {name: entry.tolist() for name, entry in q_at.items()}
    if q is not None:
        begin["q"] = q
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
