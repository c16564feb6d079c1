"""EM from many starts: where each run ends, and which ends are one optimum."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from em_core import schedule
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.fields import Fields
from em_core.files.starts import read_start
from em_core.kinds import MOVES
from em_core.observe.beside import Difference, differences
from em_core.records import Bound, HalfStep, Parameters, Placed
from em_core.schedule import Plan
from em_core.trajectory import END_HALF_STEPS, bound_after, height_of, start, to_end
from em_core.work import Work, finished

MOST, NUMBER = 200, 30
# nats, and of |log p| where that is more: ends no further apart are one optimum
CLOSE, CLOSE_SHARE = 1e-3, 1e-6
# how a run ends; one that stopped says why
AT_REST, TOO_LONG = "at rest", f"{END_HALF_STEPS} half-steps"
_LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True, eq=False)
class End:
    """Where the run of one seed ended, from `start` to `theta`, both None where the seed draws no usable start.

    bound: there. at, curve: the half-steps that ended a round, the start first, and log p there, or the height where a
    model has no log p. stopped: why.
    """

    seed: int
    start: Parameters | None = None
    theta: Parameters | None = None
    moves: str = ""
    bound: Bound = Bound(None)
    at: tuple[int, ...] = ()
    curve: tuple[float | None, ...] = ()
    settled: bool = False
    stopped: str | None = None

    @property
    def log_evidence(self) -> float | None:
        return self.bound.log_evidence

    @property
    def height(self) -> float | None:
        """What its rounds raised, as `trajectory.height_of`."""
        return _height(self.bound)

    @property
    def half_steps(self) -> int:
        """Made, the one that failed among them."""
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
        return End(seed, stopped=error.value)
    return (yield from to_its_end(replace(experiment, start=begin.theta, seed=seed)))


def repeated(word: str) -> Plan:
    """The schedule with its last round again and again, however often the file says."""
    plan = schedule.plan(word, MOVES)
    return replace(plan, moves=plan.lead + plan.cycle, endless=True)


def to_its_end(experiment: Experiment) -> Work[End]:
    """The experiment's run, its last round repeated, to where End would lead; yields after every half-step."""
    plan = repeated(experiment.schedule)
    known: dict[int, Bound] = {}

    def bound(step: HalfStep) -> Bound:
        if step.index not in known:
            known[step.index] = bound_after(experiment, step)
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
        experiment.start,
        trajectory.last.after.theta,
        trajectory.moves,
        told[-1],
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


@dataclass(frozen=True, eq=False)
class Gathered:
    """What is known after some starts, with one of them in view.

    place: that of the one in view among all starts, from 1; 0 for none. wanted: how many there will be. complete:
    whether all are there, whichever is in view; else those up to it.
    """

    model: Any
    place: int
    wanted: int
    ends: tuple[End, ...]
    complete: bool = False

    @cached_property
    def optima(self) -> tuple[Optimum, ...]:
        return optima(self.ends)

    @property
    def stopped(self) -> int:
        return sum(end.stopped is not None for end in self.ends)

    @property
    def climbing(self) -> int:
        """How many had not come to rest after 500 half-steps."""
        return sum(end.stopped is None and not end.settled for end in self.ends)

    @property
    def chosen(self) -> End | None:
        """The one in view."""
        return self.ends[self.place - 1] if self.place else None

    @property
    def other(self) -> End | None:
        """The one beside it: the best, or the best of another optimum where the one in view came to the best itself."""
        own = None if self.chosen is None else self.rank(self.chosen)
        found = next((place for place in range(len(self.optima)) if place != own), None)
        return None if self.chosen is None or found is None else self.optima[found].best

    @cached_property
    def ranks(self) -> dict[int, int]:
        """By seed, the place of the optimum that a start came to, the best first."""
        return {end.seed: place for place, optimum in enumerate(self.optima) for end in optimum.ends}

    def rank(self, end: End) -> int | None:
        """None for one that stopped."""
        return self.ranks.get(end.seed)

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """How θ of the two differs, the largest first."""
        if self.chosen is None or self.other is None or self.chosen.theta is None or self.other.theta is None:
            return ()
        return differences(self.model, self.chosen.theta, self.other.theta)


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
