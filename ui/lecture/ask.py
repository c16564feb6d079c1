"""A step of a lecture turned into a question: what it claims is read off the run, never typed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from em_core import schedule
from em_core.files.errors import InvalidExperiment
from em_core.kinds import MOVES
from ui import limits
from ui.em.settings import plan_of
from ui.lecture import words
from ui.lecture.draft import checked
from ui.lessons.observed import Row, columns, number, rows
from ui.lessons.read import spoken
from ui.lessons.records import Condition, Experiment, Prediction, Step
from ui.lessons.replay import change

# what may be asked: which way numbers go, or how large one will be
DIRECTION, NUMBER = "direction", "number"
# numbers in one question
MOST = 5
# of a claim's number, relative to it or to 1, whichever is larger: other processors round otherwise
_ROUNDED = 1e-5
# pages whose place is no half-step of one run
_NO_RUN = ("race", "starts")


def refused(step: Step) -> str:
    """Why nothing can be asked of this step; nothing where it can."""
    if step.page in _NO_RUN:
        return words.NO_RUN
    if step.do is not None:
        return words.TASK
    if step.predict is not None and step.predict.kind not in (DIRECTION, NUMBER):
        return words.KEPT
    return ""


def offered(step: Step) -> list[str]:
    """The numbers that can be asked about: those that the run has at the half-step in view and at the one after it."""
    run = _run(step)
    if len(run) <= step.at + 1:
        return []
    before, after = run[step.at], run[step.at + 1]
    return [name for name in columns(step.experiment) if _counts(before.get(name)) and _counts(after.get(name))]


def _counts(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _run(step: Step) -> list[Row]:
    """The rows of its run up to the half-step that is asked about. Raises `InvalidExperiment`."""
    return rows(_upto(_reaching(step, step.at + 1), step.at + 1))


def asking(step: Step, kind: str, of: Sequence[str], within: float, because: str) -> Step:
    """The step with a question about the half-step after the one in view, and the claims that the run makes of it.

    of: columns of the run. within: how far off a number may be. Raises `InvalidExperiment`.
    """
    if not 1 <= len(of) <= MOST:
        raise InvalidExperiment("of", [*of], f"1 to {MOST} numbers to ask about")
    because = spoken("because", because)
    asked = step.at + 1
    run = _run(step)
    if asked >= len(run):
        raise InvalidExperiment("half_step", asked, f"one of the run, which ends with {len(run) - 1}")
    if kind == DIRECTION:
        claims = [Condition(name, asked, change=change(run, name, asked)) for name in of]
        predict = Prediction(kind, tuple(of), because, asked)
    else:
        predict = Prediction(kind, tuple(of), because, asked, (within,))
        values = {name: number(run[asked], name) for name in of}
        claims = [
            Condition(name, asked, center=float(f"{value:.6g}"), within=_ROUNDED * max(1.0, abs(value)))
            for name, value in values.items()
        ]
    made = replace(plain(step), experiment=_reaching(step, asked), predict=predict)
    return checked(replace(made, claims=(*made.claims, *claims)))


def plain(step: Step) -> Step:
    """The step without its question, and without the claims about what that asked."""
    asked = step.predict
    if asked is None:
        return step
    kept = tuple(claim for claim in step.claims if claim.half_step != asked.half_step or claim.of not in asked.of)
    return replace(step, predict=None, claims=kept)


def move(step: Step) -> str:
    """The letter of the move that comes after the half-step in view; none of a run that has no moves, or no more."""
    if "schedule" not in step.experiment or step.page in _NO_RUN:
        return ""
    moves, at = schedule.expand(step.experiment["schedule"], MOVES), step.at - _hands(step.experiment, step.at)
    return moves[at] if at < len(moves) else _following(step, moves)


def _hands(experiment: Experiment, at: int) -> int:
    """How many of the half-steps before were made by hand."""
    return sum("start" in one and one["after"] < at for one in experiment.get("by_hand", []))


def _following(step: Step, moves: str) -> str:
    """What the schedule that the page follows has next, once these moves are made."""
    plan = schedule.plan(step.shown.get("plan") or plan_of(step.experiment["schedule"]), MOVES)
    return "" if plan.done(moves) else plan.following(moves)


def _reaching(step: Step, asked: int) -> dict[str, Any]:
    """Its experiment, long enough for the half-step that is asked about to be made."""
    experiment = dict(step.experiment)
    if "schedule" in experiment:
        moves = schedule.expand(experiment["schedule"], MOVES)
        if len(moves) + _hands(experiment, asked) < asked:
            experiment["schedule"] = schedule.compress(moves + _following(step, moves))
        limits.check(experiment, asked)
    elif "steps" in experiment:
        experiment["steps"] = max(experiment["steps"], asked)
    return experiment


def _upto(experiment: dict[str, Any], asked: int) -> dict[str, Any]:
    """The same, made no further than needed."""
    if experiment.get("by_hand"):
        return experiment
    if "schedule" in experiment:
        moves = schedule.expand(experiment["schedule"], MOVES)[:asked]
        return {**experiment, "schedule": schedule.compress(moves)}
    return {**experiment, "steps": asked} if "steps" in experiment else experiment
