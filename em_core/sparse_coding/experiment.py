"""Sparse-coding experiments: the JSON form shared by the app, its links and the command line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.fields import Fields
from em_core.records import Array
from em_core.sparse_coding.problem import Problem, duality_gap, objective
from em_core.sparse_coding.solvers import SOLVERS, lca
from em_core.sparse_coding.solvers.state import SolverState, starting_code

NAME = "sparse_coding"
HELP = {
    "settings": {
        "solver": f"one of {', '.join(SOLVERS)}",
        "lambda": "sparsity λ, above 0",
        "beta": "noise precision β, above 0",
        "step": "ISTA and FISTA: constant step, default 1/‖βWᵀW‖₂",
        "restart": "FISTA: true restarts the momentum whenever it points uphill; default false",
        "rho": "ADMM: default ‖βWᵀW‖₂/10",
        "dt": f"LCA: time step, default {lca.DT:g}",
        "tau": f"LCA: time constant, default {lca.TAU:g}",
        "atoms": "OMP: how many atoms may be chosen, default min(D, K)",
    },
    "data": {"signal": "(D,)", "dictionary": "(D, K), atoms as columns", "offset": "(D,), default 0"},
    "parameters": {"code": "(K,), under start; default 0"},
}
MOST_STEPS = 100_000
# A step up to 1/‖βWᵀW‖₂ never takes ISTA or FISTA above their start, so this much above it is divergence
DIVERGED = 1e3


@dataclass(frozen=True, eq=False)
class SparseCodingExperiment:
    """A problem, a solver with its settings, a start, and how long to go on.

    `options` holds the solver's settings with their defaults filled in, `start` is (K,). At most `steps` steps
    run; `until_gap` (absolute) ends the run at the first code whose duality gap is no larger.
    """

    problem: Problem
    solver: str
    options: Mapping[str, Any]
    start: Array
    steps: int
    until_gap: float | None = None

    @classmethod
    def parse(cls, mapping: Any) -> SparseCodingExperiment:
        """Read the JSON form. `steps` is 0 to 100,000, by default 100. Raises `InvalidExperiment`."""
        fields = Fields(mapping, "")
        fields.choice("model", [NAME])
        settings, data = fields.child("settings"), fields.child("data")
        solver = settings.choice("solver", SOLVERS)
        problem = Problem(
            data.take("signal"),
            data.take("dictionary"),
            settings.number("lambda", above=0),
            settings.number("beta", above=0),
            data.take("offset", None),
        )
        data.done()
        options = {name: _option(settings, name, problem) for name in SOLVERS[solver].settings}
        settings.done()
        start_fields = fields.child("start", {})
        start = starting_code(problem, start_fields.take("code", None))
        start_fields.done()
        steps = fields.whole("steps", 100, most=MOST_STEPS)
        until_gap = fields.number("until_gap", above=0) if "until_gap" in fields else None
        fields.done()
        experiment = cls(problem, solver, options, start, steps, until_gap)
        experiment._check_start()
        return experiment

    def _check_start(self) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            cost, gap = objective(self.problem, self.start), duality_gap(self.problem, self.start)
        if not (math.isfinite(cost) and math.isfinite(gap)):
            raise InvalidExperiment("start.code", self.start.tolist(), "a code with a finite objective")
        self.first_state()

    def first_state(self) -> SolverState:
        """The solver's state before the first step."""
        return SOLVERS[self.solver].init(self.problem, self.start, **self.options)

    def to_json(self) -> dict[str, Any]:
        """The complete JSON form: every default is written out, so it replays to the same numbers."""
        settings = {"solver": self.solver, "lambda": self.problem.penalty, "beta": self.problem.precision}
        form = {
            "model": NAME,
            "settings": {**settings, **self.options},
            "data": {
                "signal": self.problem.signal.tolist(),
                "dictionary": self.problem.dictionary.tolist(),
                "offset": np.asarray(self.problem.offset).tolist(),
            },
            "start": {"code": self.start.tolist()},
            "steps": self.steps,
        }
        return form if self.until_gap is None else {**form, "until_gap": self.until_gap}


@dataclass(frozen=True, eq=False)
class Iterates:
    """Every state from the start on, with its objective and certified gap, and how the run ended.

    `outcome` is `completed` or `stopped`; after `stopped` the last state is the last one with finite numbers.
    """

    states: tuple[SolverState, ...]
    objectives: tuple[float, ...]
    duality_gaps: tuple[float, ...]
    outcome: str
    message: str


@dataclass(frozen=True, eq=False)
class Attempt:
    """One step from a state: the state after it with objective and duality gap, or the trouble it met.

    state is None where the step left the numbers; with a state and `trouble` the run diverged there.
    """

    state: SolverState | None
    objective: float
    duality_gap: float
    trouble: str = ""


def attempt(experiment: SparseCodingExperiment, state: SolverState, number: int) -> Attempt:
    """Make step `number` from `state`."""
    problem, solver = experiment.problem, SOLVERS[experiment.solver]
    with np.errstate(over="ignore", invalid="ignore"):
        try:
            after = solver.step(problem, state)
        except HalfStepFailed as failure:
            return Attempt(None, math.nan, math.nan, f"step {number} could not be made: {failure}")
        except np.linalg.LinAlgError:
            trouble = "the atoms in use are dependent up to rounding"
            return Attempt(None, math.nan, math.nan, f"step {number} could not be made: {trouble}")
        cost, gap = objective(problem, after.code), duality_gap(problem, after.code)
    if not (np.isfinite(after.code).all() and math.isfinite(cost) and math.isfinite(gap)):
        return Attempt(
            None, math.nan, math.nan, f"step {number} left the range of double precision{_advice(experiment)}"
        )
    first = objective(problem, experiment.start)
    ceiling = DIVERGED * max(first, objective(problem, np.zeros(problem.n_atoms)))
    if solver.may_diverge and cost > ceiling:
        rise = f"the objective rose from {first:.6g} to {cost:.6g}"
        return Attempt(after, cost, gap, f"diverged at step {number}: {rise}{_advice(experiment)}")
    return Attempt(after, cost, gap)


def iterates(experiment: SparseCodingExperiment) -> Iterates:
    """Step until the steps are used up, the duality gap is reached, the solver is done, or it diverges."""
    problem = experiment.problem
    states = [experiment.first_state()]
    costs = [objective(problem, states[0].code)]
    gaps = [duality_gap(problem, states[0].code)]
    message = ""
    while len(states) <= experiment.steps and not states[-1].done and not message:
        if experiment.until_gap is not None and gaps[-1] <= experiment.until_gap:
            break
        made = attempt(experiment, states[-1], len(states))
        message = made.trouble
        if made.state is not None:
            states.append(made.state)
            costs.append(made.objective)
            gaps.append(made.duality_gap)
    outcome = "stopped" if message else "completed"
    return Iterates(tuple(states), tuple(costs), tuple(gaps), outcome, message)


def run(experiment: SparseCodingExperiment) -> dict[str, Any]:
    """The command line's result: the complete experiment, every step with its certified gap, the outcome."""
    result = iterates(experiment)
    rows = zip(result.states, result.objectives, result.duality_gaps, strict=True)
    return {
        "experiment": experiment.to_json(),
        "steps": [
            {
                "index": index,
                "objective": cost,
                "duality_gap": gap,
                "support_size": int(np.count_nonzero(state.code)),
                "code": state.code.tolist(),
            }
            for index, (state, cost, gap) in enumerate(rows)
        ],
        "outcome": result.outcome,
        "message": result.message,
    }


def _option(settings: Fields, name: str, problem: Problem) -> Any:
    """One setting of a solver, with the default that `init` would use."""
    match name:
        case "step":
            return settings.number("step", 1 / problem.lipschitz, above=0)
        case "rho":
            return settings.number("rho", problem.lipschitz / 10, above=0)
        case "restart":
            return settings.flag("restart", False)
        case "dt":
            return settings.number("dt", lca.DT, above=0)
        case "tau":
            return settings.number("tau", lca.TAU, above=0)
        case "atoms":
            most = min(problem.dictionary.shape)
            return settings.whole("atoms", most, least=0, most=most)
    raise KeyError(name)


def _advice(experiment: SparseCodingExperiment) -> str:
    options = experiment.options
    if "step" in options:
        safe = 1 / experiment.problem.lipschitz
        return f"; step is {options['step']:.6g}, safe up to 1/‖βWᵀW‖₂ = {safe:.6g}"
    if "dt" in options:
        return f"; dt/tau is {options['dt'] / options['tau']:.6g}, safe up to 1"
    return f"; rho is {options['rho']:.6g}" if "rho" in options else ""
