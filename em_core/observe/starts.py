"""EM from many starts: where each run ends, and which ends are one optimum."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from em_core import schedule
from em_core.bound import decompose
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.fields import Fields
from em_core.files.starts import read_start
from em_core.kinds import MOVES
from em_core.observe.work import Work, finished
from em_core.records import Bound, HalfStep, Parameters, Placed
from em_core.schedule import Plan
from em_core.trajectory import END_HALF_STEPS, height_of, start, to_end

MOST, NUMBER = 200, 30
# nats, and of |log p| where that is more: ends no further apart are one optimum
CLOSE, CLOSE_SHARE = 1e-3, 1e-6
# how a run ends; one that stopped says why
AT_REST, TOO_LONG = "at rest", f"{END_HALF_STEPS} half-steps"
_LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True, eq=False)
class End:
    """Where the run of one seed ended. half_steps: made, the one that failed among them.

    height: what its rounds raised, as `trajectory.height_of`; log_evidence is None for a model without log p. at,
    curve: the half-steps that ended a round, the start first, and log p there, or the height where there is no log p.
    theta: None where the seed draws no usable start. stopped: why.
    """

    seed: int
    theta: Parameters | None
    moves: str
    log_evidence: float | None
    height: float | None
    at: tuple[int, ...]
    curve: tuple[float | None, ...]
    settled: bool = False
    stopped: str | None = None

    @property
    def half_steps(self) -> int:
        return len(self.moves)

    @property
    def level(self) -> float | None:
        """What ends are compared by: log p, or the height where there is none."""
        return self.height if self.log_evidence is None else self.log_evidence

    @property
    def outcome(self) -> str:
        if self.stopped is not None:
            return f"stopped: {self.stopped}"
        return AT_REST if self.settled else TOO_LONG


@dataclass(frozen=True, eq=False)
class Optimum:
    """Ends that are one; the first is the highest."""

    ends: tuple[End, ...]

    @property
    def best(self) -> End:
        return self.ends[0]

    @property
    def count(self) -> int:
        return len(self.ends)


def read(raw: Any, experiment: Experiment, number: Any) -> int:
    """How many starts. Raises `InvalidExperiment` where that is no such number, and where a file says how to begin."""
    count = int(number) if re.fullmatch("[0-9]{1,9}", str(number)) else 0
    if not 1 <= count <= MOST:
        raise InvalidExperiment("number", number, f"a whole number from 1 to {MOST}")
    if experiment.gives_q or not experiment.is_drawn:
        valid = "no start, because every seed draws its own: take it out of the file"
        raise InvalidExperiment("start", raw.get("start"), valid)
    if any(isinstance(change, Placed) for change in experiment.by_hand):
        valid = "no θ set by hand, because every seed draws its own: take it out of the file"
        raise InvalidExperiment("by_hand", raw.get("by_hand"), valid)
    if experiment.seed + count - 1 > _LARGEST_SEED:
        raise InvalidExperiment("seed", experiment.seed, f"at most {_LARGEST_SEED - count + 1} with {count} starts")
    return count


def many(experiment: Experiment, number: int) -> tuple[End, ...]:
    """Where the runs of the file's seed, the next one, … end."""
    return tuple(finished(from_seed(experiment, experiment.seed + place)) for place in range(number))


def from_seed(experiment: Experiment, seed: int) -> Work[End]:
    """The run from the start that this seed draws, and with its draws in every move that has any."""
    try:
        begin = read_start(Fields({}, ""), experiment.model, experiment.data, seed)
    except InvalidExperiment as error:
        return End(seed, None, "", None, None, (), (), stopped=error.value)
    return (yield from to_its_end(replace(experiment, start=begin.theta, seed=seed)))


def repeated(word: str) -> Plan:
    """The schedule with its last round again and again, however often the file says."""
    plan = schedule.plan(word, MOVES)
    return replace(plan, moves=plan.lead + plan.cycle, endless=True)


def to_its_end(experiment: Experiment) -> Work[End]:
    """The experiment's run, its last round repeated, to where End would lead; yields after every half-step."""
    model, data, plan = experiment.model, experiment.data, repeated(experiment.schedule)
    known: dict[int, Bound] = {}

    def bound(step: HalfStep) -> Bound:
        if step.index not in known:
            known[step.index] = decompose(model, data, step.after)
        return known[step.index]

    at: list[int] = []
    begin = start(experiment)
    for trajectory, settled in to_end(experiment, begin, plan, height=lambda step: height_of(bound(step))):
        last = trajectory.last
        over = settled or last.stopped or last.index == END_HALF_STEPS
        if over or last.index <= len(plan.lead) or not (last.index - len(plan.lead)) % len(plan.cycle):
            bound(last)
            at.append(last.index)
        yield
    told = [known[index] for index in at]
    return End(
        experiment.seed,
        trajectory.last.after.theta,
        trajectory.moves,
        told[-1].log_evidence,
        _height(told[-1]),
        tuple(at),
        tuple(_height(one) if one.log_evidence is None else one.log_evidence for one in told),
        settled,
        next((event.message for event in trajectory.last.events if event.stops), None),
    )


def optima(ends: Sequence[End]) -> tuple[Optimum, ...]:
    """The ends that no event stopped, those that are one together, the highest first.

    In order of height each joins the one above it where the two are no more than 1e-3 nats apart, or a millionth of
    |log p| where that is more. So the order of the starts makes no difference, and any two so near are one optimum.
    """
    ordered = sorted(
        ((end.level, end) for end in ends if end.stopped is None and end.level is not None),
        key=lambda pair: (-pair[0], pair[1].seed),
    )
    groups: list[list[End]] = []
    above = None
    for level, end in ordered:
        if above is not None and above - level <= max(CLOSE, CLOSE_SHARE * abs(above)):
            groups[-1].append(end)
        else:
            groups.append([end])
        above = level
    return tuple(Optimum(tuple(group)) for group in groups)


def report(raw: Any, experiment: Experiment, number: Any) -> dict[str, Any]:
    """What the command line prints. A model without log p has null there, and beside it what its rounds raise."""
    ends = many(experiment, read(raw, experiment, number))
    return {
        "ends": [
            {"seed": end.seed, **_levels(end), "half_steps": end.half_steps, "outcome": end.outcome} for end in ends
        ],
        "optima": [{**_levels(optimum.best), "count": optimum.count} for optimum in optima(ends)],
        "stopped": sum(end.stopped is not None for end in ends),
    }


def _levels(end: End) -> dict[str, float | None]:
    return {"log_evidence": end.log_evidence, **({} if end.log_evidence is not None else {"height": end.height})}


def _height(bound: Bound) -> float | None:
    return None if bound.elbo is None else height_of(bound)
