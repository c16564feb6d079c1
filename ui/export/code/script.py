"""From a run to its script, or one line for a run that has none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.source import model_of
from em_core.kinds import MOVES
from em_core.records import Parameters
from em_core.sparse_coding.experiment import NAME as SPARSE_CODING
from em_core.sparse_coding.experiment import SparseCodingExperiment, iterates
from em_core.trajectory import bound_after, steps
from ui.export.code.assemble import assembled
from ui.export.code.literals import literal, rounds, statement, tupled
from ui.export.code.told import MODELS, Told
from ui.export.code.tried import Row, differing

WRITTEN = "EHMG"
SOLVERS = {"ista": "ISTA", "fista": "FISTA", "coordinate_descent": "coordinate descent"}
# parameters that scripts take logarithms of
_LOGARITHMS = {"pi", "theta", "a", "b", "o"}
# numbers of the data
MOST = 100_000


def script(raw: Any) -> tuple[str, tuple[str, ...]]:
    """The text of a script that prints the half-steps of this experiment, and what is said of it, a line each.

    It prints index, move, log p, ELBO and gap, the first columns of the run's table; of MAP inference index, objective
    and duality gap. A run that stops early has a script of the half-steps that were made. Raises `InvalidExperiment`
    for what cannot be written, and for more than `MOST` numbers.
    """
    model = model_of(raw)
    if model == SPARSE_CODING:
        return _inference(raw)
    if model not in MODELS:
        raise InvalidExperiment(
            "model", model, f"a model that a script can be written of: {', '.join((*MODELS, SPARSE_CODING))}"
        )
    experiment = Experiment.parse(raw)
    told = MODELS[experiment.model.name](experiment)
    _check(experiment, told.numbers)
    return _em(experiment, told)


def _check(experiment: Experiment, numbers: int) -> None:
    """Raise `InvalidExperiment` for a run that is more than its model, start and moves, and for too much data."""
    if experiment.broken:
        raise InvalidExperiment("break", experiment.broken, "no break: a script is of the model as it is")
    if experiment.by_hand:
        raise InvalidExperiment("by_hand", f"{len(experiment.by_hand)} changes", "a run with nothing changed by hand")
    other = [letter for letter in experiment.tape if letter not in WRITTEN]
    if other:
        valid = f"moves that a script can be written of: {', '.join(WRITTEN)}"
        raise InvalidExperiment("schedule", f"{other[0]} ({MOVES[str(other[0])].name})", valid)
    _check_size(numbers)


def _check_size(numbers: int) -> None:
    if numbers > MOST:
        raise InvalidExperiment("data", f"{numbers:,} numbers", f"at most {MOST:,} for a script")


def _em(experiment: Experiment, told: Told) -> tuple[str, tuple[str, ...]]:
    made = _made(experiment)
    features = {*told.features, *made.moves} | ({"given"} if experiment.gives_q else set())
    start = [_theta("theta", experiment.start, told)]
    if experiment.q_at is not None:
        features.add("q_at")
    elif experiment.q is not None:
        features.add("q_share")
        start.append(f"share = {experiment.q!r}  # q at the start")
    settings = [statement("schedule", rounds(made.moves)), *told.settings]
    if "G" in made.moves:
        step = f"{experiment.moves['G']['step']!r} / {told.units}"
        settings[0] = statement("schedule, step", f"{rounds(made.moves)}, {step}")
    zeros = [np.any(experiment.start[own] == 0) for symbol, own in told.theta.items() if symbol in _LOGARITHMS]
    if "rows" in told.parts and any(zeros):
        settings.append('np.seterr(divide="ignore")  # log 0 is -inf')
    imports, text = assembled(told.parts, "loop", features)
    if experiment.q_at is not None:
        q = _theta("q", experiment.q_at, told, "posterior", "q at the start: the posterior of other parameters")
        text = text.replace("q = posterior(*start_of_q)", q)
    title = f'"""{experiment.model.help.title}: EM. Prints half-step, move, log p(v), ELBO, gap."""'
    whole = _joined(title, imports, [*told.literals(), *told.prepared, *start, *settings], text)
    return whole, (*made.messages, *differing(whole, made.rows))


@dataclass(frozen=True)
class _Made:
    """The moves of a run up to the first that fails, what is said where one does, and log p, ELBO and gap of each."""

    moves: str
    messages: tuple[str, ...]
    rows: list[Row]


def _made(experiment: Experiment) -> _Made:
    moves, rows = "", []
    for step in steps(experiment):
        failed = next((event.message for event in step.events if event.stops), None)
        if failed is not None:
            said = f"half-step {step.index} cannot be made, and the script ends before it: {failed}"
            return _Made(moves, (said,), rows)
        moves += step.letter or ""
        bound = bound_after(experiment, step)
        rows.append((bound.log_evidence, bound.elbo, bound.gap))
    return _Made(moves, (), rows)


def _theta(name: str, theta: Parameters, told: Told, call: str = "", note: str = "") -> str:
    """θ as a tuple under this name, or what a call makes of it."""
    values = [(literal(theta[own]), _said(symbol, own)) for symbol, own in told.theta.items()]
    comment = f"  # {note}" if note else ""
    if all(np.ndim(theta[own]) == 0 for own in told.theta.values()):
        numbers = ", ".join(value for value, _ in values)
        return f"{name} = {call}({numbers}{',' if len(values) == 1 and not call else ''}){comment}"
    return tupled(f"{name} = {call}({comment}", values)


def _said(symbol: str, own: str) -> str:
    return symbol if symbol == own else f"{symbol}: {own.replace('_', ' ')}"


def _inference(raw: Any) -> tuple[str, tuple[str, ...]]:
    experiment = SparseCodingExperiment.parse(raw)
    problem, solver = experiment.problem, experiment.solver
    if solver not in SOLVERS:
        valid = f"a solver that a script can be written of: {', '.join(SOLVERS)}"
        raise InvalidExperiment("settings.solver", solver, valid)
    _check_size(problem.signal.size + problem.dictionary.size)
    result = iterates(experiment)
    last = experiment.steps if result.outcome == "completed" else len(result.states) - 1
    messages = (f"the script ends with the run: {result.message}",) if result.message else ()
    features = {solver} | ({"offset"} if np.any(problem.offset) else set())
    settings = [
        statement("v", literal(problem.signal, whole=True), "signal"),
        statement("W", literal(problem.dictionary, whole=True), "dictionary, its atoms as columns"),
    ]
    if "offset" in features:
        settings.append(statement("b", literal(problem.offset, whole=True), "offset"))
    settings.append(statement("h", literal(experiment.start), "start"))
    settings += [f"lam, beta = {problem.penalty!r}, {problem.precision!r}", f"steps = {last}"]
    if "step" in experiment.options:
        given = raw["settings"].get("step") is not None
        step = repr(experiment.options["step"]) if given else "1 / (beta * np.linalg.norm(W, 2) ** 2)"
        settings.append(f"step = {step}")
    if experiment.options.get("restart"):
        features.add("restart")
    if experiment.until_gap is not None:
        features.add("until_gap")
        settings.append(f"until_gap = {experiment.until_gap!r}")
    imports, text = assembled(("sparse_coding",), "map_loop", features)
    title = f'"""MAP inference in sparse coding: {SOLVERS[solver]}. Prints step, objective, duality gap."""'
    whole = _joined(title, imports, settings, text)
    return whole, (*messages, *differing(whole, list(zip(result.objectives, result.duality_gaps, strict=True))))


def _joined(title: str, imports: list[str], told: list[str], text: str) -> str:
    return "\n\n".join(["\n".join([title, *imports]), "\n".join(told), text]) + "\n"
