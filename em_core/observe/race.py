"""Several schedules from one start, side by side: log p, gap and cost of each, and plain gradient ascent too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from em_core import schedule
from em_core.bound import decompose
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES, check_order, lacking
from em_core.observe.climb import Climb, StochasticClimber, climb
from em_core.observe.rivals import RIVAL_SIZES, RIVAL_TURNS, missing
from em_core.records import Event, HalfStep, State
from em_core.trajectory import half_step, start

FEWEST, MOST = 2, 8
ROUNDS = 50
# of max(1, |best|): a run is at the best log p once it is no further away
CLOSE = 1e-6
# the words that gradient ascent coincides with, and stochastic ascent with the same minibatches
EG, ES = "EG", "ES"


@dataclass(frozen=True, eq=False)
class Racer:
    """One schedule, as far as it has come. Each series holds the start and then every half-step.

    gap: log p − ELBO, None before there is a q. passes: over the data, so far. rounds: the half-step that each complete
    round ended with, the start's first. events: with the number of the half-step that met them; one that failed has no
    place in the series.
    """

    word: str
    state: State
    log_evidence: tuple[float | None, ...]
    gap: tuple[float | None, ...]
    passes: tuple[float, ...]
    rounds: tuple[int, ...] = (0,)
    events: tuple[tuple[int, Event], ...] = ()

    @property
    def made(self) -> int:
        """How many half-steps."""
        return len(self.passes) - 1

    @property
    def stopped(self) -> bool:
        return any(event.stops for _, event in self.events)


@dataclass(frozen=True, eq=False)
class Race:
    """All runs after the same number of rounds, and gradient ascent for as many steps.

    from_eg: the largest difference of its log p from EG's, relative to max(1, |log p|); None without either.
    stochastic, from_es: the same with minibatches; None where ES does not race.
    """

    racers: tuple[Racer, ...]
    ascent: Climb
    from_eg: float | None
    stochastic: Climb | None = None
    from_es: float | None = None

    @property
    def best(self) -> float | None:
        """The highest log p that any run reached."""
        return max((own for racer in self.racers for own in racer.log_evidence if own is not None), default=None)


def read_words(experiment: Experiment, words: Sequence[str], rounds: int, field: str = "schedules") -> None:
    """Refuse words that cannot race from this start for so many rounds. Raises `InvalidExperiment`."""
    model, has_q = experiment.model, start(experiment).last.after.q is not None
    if not FEWEST <= len(words) <= MOST:
        shown = ",".join(words)
        raise InvalidExperiment(field, shown, f"{FEWEST} to {MOST} schedules with commas between, such as EM,EG,E G5")
    for word in words:
        if word in RIVAL_TURNS:
            if letter := missing(model):
                valid = f"schedules that {model.name} can follow: {lacking(model, letter)}"
                raise InvalidExperiment(field, word, valid)
            size, lead = RIVAL_SIZES[word], 0
        else:
            plan = _plan(word, field)
            check_order(plan.lead + plan.cycle, model, has_q, word, field)
            size, lead = len(plan.cycle), len(plan.lead)
        most = (schedule.LONGEST - lead) // size
        if rounds > most:
            valid = f"at most {most:,} with {word}: {schedule.LONGEST:,} half-steps for each schedule"
            raise InvalidExperiment("rounds", rounds, valid)


def begin(experiment: Experiment, word: str) -> Racer:
    """A schedule at the file's start, with the file's q where it has one."""
    state = start(experiment).last.after
    return _noted(experiment, Racer(word, state, (), (), (0.0,)), state)


def turn(experiment: Experiment, racer: Racer) -> Racer:
    """The same after one more round; what a word has before its last round is made before the first of them.

    The round ends early where a half-step fails, and there the run ends.
    """
    if racer.stopped:
        return racer
    if racer.word in RIVAL_TURNS:
        for step in RIVAL_TURNS[racer.word](experiment, racer.state, racer.made):
            racer = _after(experiment, racer, step)
    else:
        plan = _plan(racer.word)
        for letter in plan.cycle if len(racer.rounds) > 1 else plan.lead + plan.cycle:
            racer = _after(experiment, racer, half_step(experiment, racer.state, racer.made + 1, letter))
            if racer.stopped:
                break
    return racer if racer.stopped else replace(racer, rounds=(*racer.rounds, racer.made))


def unscheduled(experiment: Experiment) -> Experiment:
    """The experiment without what belongs to its own schedule: what was changed by hand in mid-run."""
    return replace(experiment, by_hand=())


def race(experiment: Experiment, words: Sequence[str], rounds: int = ROUNDS) -> Race:
    """Every word for so many rounds from the file's start, and gradient ascent for as many steps.

    Raises `InvalidExperiment` for words that cannot race.
    """
    experiment = unscheduled(experiment)
    read_words(experiment, words, rounds)
    racers = tuple(_run(experiment, word, rounds) for word in words)
    ascent, by_eg = climb(experiment, rounds), running(racers, EG)
    if by_eg is None and ascent.log_evidence:
        by_eg = _run(experiment, EG, rounds)
    by_es = running(racers, ES)
    stochastic = None if by_es is None else climb(experiment, rounds, climbing=StochasticClimber)
    return Race(racers, ascent, difference(ascent, by_eg), stochastic, difference(stochastic, by_es))


def running(racers: Sequence[Racer], word: str) -> Racer | None:
    """The run of this word, if it races."""
    return next((racer for racer in racers if racer.word == word), None)


def difference(ascent: Climb | None, beside: Racer | None) -> float | None:
    """The largest difference of log p after equally many steps, relative to max(1, |log p|), as far as both came.

    None where one of them is not there.
    """
    if ascent is None or beside is None or not ascent.log_evidence:
        return None
    pairs = zip(ascent.log_evidence, (beside.log_evidence[i] for i in beside.rounds), strict=False)
    return max(abs(own - other) / max(1.0, abs(other)) for own, other in pairs if other is not None)


def to_best(log_evidence: Sequence[float | None], height: float | None) -> int | None:
    """The first half-step within 1e-6 max(1, |height|) of the best log p; None where the run did not get there."""
    if height is None:
        return None
    near = height - CLOSE * max(1.0, abs(height))
    return next((index for index, own in enumerate(log_evidence) if own is not None and own >= near), None)


def report(result: Race) -> dict[str, Any]:
    """What the command line prints. `events` stands only with runs that met any, and stochastic ascent only with ES."""
    height = result.best
    ascent = None
    if result.ascent.log_evidence:
        ascent = {
            "log_evidence": list(result.ascent.log_evidence),
            "largest_difference_from_EG": result.from_eg,
        }
    told: dict[str, Any] = {
        "runs": [_row(racer, height) for racer in result.racers],
        "gradient_ascent": ascent,
        "why": result.ascent.why,
    }
    if result.stochastic is not None:
        told["stochastic_gradient_ascent"] = {
            "log_evidence": list(result.stochastic.log_evidence),
            "largest_difference_from_ES": result.from_es,
            "why": result.stochastic.why,
        }
    return told


def _row(racer: Racer, height: float | None) -> dict[str, Any]:
    there = to_best(racer.log_evidence, height)
    row: dict[str, Any] = {
        "schedule": racer.word,
        "log_evidence": list(racer.log_evidence),
        "gap": list(racer.gap),
        "passes": list(racer.passes),
        "to_best": None if there is None else {"half_steps": there, "passes": racer.passes[there]},
    }
    if racer.events:
        row["events"] = [
            {"half_step": index, "kind": event.kind, "message": event.message, "numbers": dict(event.numbers)}
            for index, event in racer.events
        ]
    return row


def phases(word: str) -> tuple[str, str]:
    """The moves that a schedule makes once, before the first round ends, and those of every round."""
    plan = _plan(word)
    return plan.lead, plan.cycle


def _plan(word: str, field: str = "schedules") -> schedule.Plan:
    return schedule.plan(word, MOVES, field)


def _run(experiment: Experiment, word: str, rounds: int) -> Racer:
    racer = begin(experiment, word)
    for _ in range(rounds):
        racer = turn(experiment, racer)
    return racer


def _after(experiment: Experiment, racer: Racer, step: HalfStep) -> Racer:
    """The run with one more half-step; one that failed leaves its event alone."""
    racer = replace(racer, events=(*racer.events, *((step.index, event) for event in step.events)))
    if step.stopped or step.info is None or step.info.passes is None:
        return racer
    return _noted(experiment, replace(racer, passes=(*racer.passes, racer.passes[-1] + step.info.passes)), step.after)


def _noted(experiment: Experiment, racer: Racer, state: State) -> Racer:
    bound = decompose(experiment.model, experiment.data, state)
    return replace(
        racer,
        state=state,
        log_evidence=(*racer.log_evidence, bound.log_evidence),
        gap=(*racer.gap, bound.gap),
    )
