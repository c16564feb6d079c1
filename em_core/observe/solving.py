"""All that can be seen of one step of a sparse-coding solver, and what stands still behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from em_core.files.errors import HalfStepFailed
from em_core.observe.beats import solvers as beats
from em_core.observe.beats.working import Beat
from em_core.observe.widened import Widened
from em_core.records import Array
from em_core.sparse_coding import SOLVERS, Problem, ProximalStep, duality_gap, gradient, objective, soft_threshold
from em_core.sparse_coding.experiment import SparseCodingExperiment, attempt
from em_core.sparse_coding.problem import objectives
from em_core.sparse_coding.solvers import coordinate_descent, fista, homotopy, ista
from em_core.sparse_coding.solvers.state import SolverState

# solvers whose step is a gradient step and a shrink
PARTS: dict[str, Callable[[Problem, Any], ProximalStep]] = {"ista": ista.parts, "fista": fista.parts}
RACERS = tuple(name for name, solver in SOLVERS.items() if solver.norm == "L1")
RACE_STEPS = 100
TITLES = {name: solver.title for name, solver in SOLVERS.items()}


@dataclass(frozen=True)
class Step:
    """Number `index` of a run: the state, the one before it, and the numbers that belong to it."""

    index: int
    state: SolverState
    before: SolverState | None
    objective: float
    duality_gap: float
    trouble: str = ""

    @property
    def made(self) -> bool:
        """Whether something moved: not at the start, nor where the step left the range of numbers."""
        return self.before is not None and self.before is not self.state


@dataclass(frozen=True)
class Point:
    """What a code costs: the objective, its two terms, and how far it may be from the optimum at most."""

    objective: float
    duality_gap: float
    fit: float
    penalty: float


@dataclass(frozen=True, eq=False)
class Background:
    """What does not change while a solver steps: the optimum, the path over λ, the race."""

    experiment: SparseCodingExperiment

    @property
    def problem(self) -> Problem:
        return self.experiment.problem

    @property
    def title(self) -> str:
        """What the solver is called."""
        return TITLES[self.experiment.solver]

    @property
    def did(self) -> str:
        """What one of its steps did, as a sentence."""
        return SOLVERS[self.experiment.solver].did

    @property
    def is_l1(self) -> bool:
        """Whether the solver solves the L1 problem, as all but OMP do."""
        return SOLVERS[self.experiment.solver].norm == "L1"

    @property
    def from_zero(self) -> bool:
        """Whether the solver begins at 0 and nowhere else."""
        return SOLVERS[self.experiment.solver].from_zero

    @cached_property
    def path(self) -> homotopy.Path:
        """The solution over λ, from λ_max down to a fiftieth of it or to the present λ, whichever is less."""
        least = min(self.problem.penalty, self.problem.lambda_max / 50)
        try:
            return homotopy.path(self.problem, least, most_knots=800)
        except HalfStepFailed:
            return homotopy.path(self.problem, self.problem.penalty)

    @cached_property
    def optimum(self) -> Array:
        """The most probable code, exact up to rounding: from the path."""
        return self.path.at(self.problem.penalty)

    @cached_property
    def least(self) -> float:
        """The objective at the optimum."""
        return objective(self.problem, self.optimum)

    @cached_property
    def rounding(self) -> float:
        """Differences from the optimum below this are rounding."""
        return 1e-15 * max(1.0, self.least)

    @property
    def threshold(self) -> float:
        """By how much a safe gradient step is shrunk."""
        return self.problem.penalty / self.problem.lipschitz

    @cached_property
    def away(self) -> float:
        """The squared distance between the start and the optimum."""
        return float(((self.experiment.start - self.optimum) ** 2).sum())

    def promised(self, steps: Array) -> tuple[Array, Array] | None:
        """What ISTA and FISTA leave of objective − optimum after so many steps at most; None where no theorem says."""
        stride = self.experiment.options.get("step", 1 / self.problem.lipschitz)
        # theorems for steps up to 1/‖βWᵀW‖₂
        if self.away == 0 or stride > 1.000001 / self.problem.lipschitz:
            return None
        return self.away / (2 * stride * steps), 2 * self.away / (stride * (steps + 1) ** 2)

    @cached_property
    def widened(self) -> Widened:
        """The best Gaussian beside the optimum, for few atoms."""
        return Widened(self.problem)

    @cached_property
    def pursued(self) -> Array:
        """Every code on OMP's way, (n, K): it has few steps, and goes farther from 0 than the most probable code."""
        states = [self.experiment.first_state()]
        while not states[-1].done:
            states.append(SOLVERS[self.experiment.solver].step(self.problem, states[-1]))
        return np.array([state.code for state in states])

    @property
    def proximal(self) -> bool:
        """Whether a step of the solver is a gradient step and a shrink."""
        return self.experiment.solver in PARTS

    def parts(self, step: Step) -> ProximalStep | None:
        """The two parts of a step that was made; None for other solvers."""
        if not (self.proximal and step.made):
            return None
        return PARTS[self.experiment.solver](self.problem, step.before)

    def sweep(self, step: Step) -> Array:
        """The codes within a sweep of coordinate descent, (K + 1, K): the one before, and after each coefficient."""
        before: Any = step.before
        result: Array = np.vstack([before.code, coordinate_descent.coordinates(self.problem, before)])
        return result

    @property
    def units(self) -> int:
        """How many coefficients can be followed inside a step; a sweep over few goes through each by itself."""
        n_atoms = self.problem.n_atoms
        return 1 if self.experiment.solver == "coordinate_descent" and n_atoms <= beats.FEW else n_atoms

    def beats(self, step: Step, unit: int | None) -> tuple[int, list[Beat]]:
        """The coefficient that is followed, and what the step works out on its way; nothing of one that was not made.

        unit: the one asked for; None for the one that tells most. One beyond the last is the last.
        """
        if not (step.made and beats.shown(self.experiment.solver)):
            return 0, []
        most = self.units - 1
        told = beats.chosen(step.before, step.state) if unit is None else unit  # type: ignore[arg-type]
        chosen = min(told, most)
        made = beats.beats(self.problem, self.experiment.solver, step.before, step.state, chosen)
        return chosen, made

    @property
    def has_beats(self) -> bool:
        """Whether the working of the solver's steps is shown."""
        return beats.shown(self.experiment.solver)

    def at(self, code: Array) -> Point:
        """What this code costs."""
        return Point(
            objective(self.problem, code), duality_gap(self.problem, code), *fit_and_penalty(self.problem, code)
        )

    def of(self, step: Step) -> Point:
        """What the code of this step costs."""
        return Point(step.objective, step.duality_gap, *fit_and_penalty(self.problem, step.state.code))

    def landscape(self, count: int, *also: Array) -> tuple[Array, Array, Array]:
        """Places along the first two coefficients, `count` each, and there the objective's height above the optimum.

        A third coefficient is at its best for the first two. (count,), (count,), (count, count): rows along the second.
        also: codes that the window holds, too.
        """
        problem = self.problem
        x, y = self._window(count, also)
        codes = np.zeros((count, count, problem.n_atoms))
        codes[..., 0], codes[..., 1] = x[None, :], y[:, None]
        if problem.n_atoms == 3:
            codes[..., 2] = self._best_third(codes)
        heights = objectives(problem.target, problem.dictionary, problem.penalty, problem.precision, codes)
        return x, y, np.maximum(heights - self.least, 0)

    def _window(self, count: int, also: Sequence[Array] = ()) -> tuple[Array, Array]:
        """Places along both axes, from beyond the lowest to beyond the highest that a solver reaches."""
        problem, start, best = self.problem, self.experiment.start, self.optimum
        # where gradient steps reach to, at the start and at the end
        reached = [code - gradient(problem, code) / problem.lipschitz for code in (start, best)]
        corners = np.array([np.zeros(2), *(code[:2] for code in (start, best, *reached, *also))])
        if self.experiment.solver == "omp":  # does not shrink, and is soon done
            corners = np.vstack([corners, self.pursued[:, :2]])
        low, high = corners.min(axis=0), corners.max(axis=0)
        room = 0.25 * max(float((high - low).max()), 0.5)
        across, up = (np.linspace(a - room, b + room, count) for a, b in zip(low, high, strict=True))
        return across, up

    def _best_third(self, codes: Array) -> Array:
        """The third coefficient at its best for the first two: a soft threshold of what they leave over."""
        problem = self.problem
        atom = problem.dictionary[:, 2]
        curvature = problem.precision * float(atom @ atom)
        pull = problem.precision * ((problem.target - codes @ problem.dictionary.T) @ atom)
        result: Array = soft_threshold(pull, problem.penalty) / curvature
        return result

    @cached_property
    def race(self) -> dict[str, tuple[Array, Array]]:
        """Objective − optimum and multiplications so far, step by step, for every solver of this problem.

        All begin at the page's start, but for homotopy, which always begins at 0.
        """
        result = {}
        for name in RACERS:
            solver = SOLVERS[name]
            start = np.zeros(self.problem.n_atoms) if solver.from_zero else self.experiment.start
            # the solver on the page runs as it is set, the others with their defaults
            options = self.experiment.options if name == self.experiment.solver else {}
            runner = SparseCodingExperiment(self.problem, name, options, start, RACE_STEPS)
            state = runner.first_state()
            heights, costs = [objective(self.problem, state.code) - self.least], [state.multiplications]
            while len(heights) <= RACE_STEPS and not state.done and heights[-1] > self.rounding:
                made = attempt(runner, state, len(heights))
                if made.state is None:
                    break
                state = made.state
                heights.append(made.objective - self.least)
                costs.append(state.multiplications)
            result[name] = (np.maximum(heights, self.rounding), np.array(costs, dtype=float))
        return result


def opening(experiment: SparseCodingExperiment) -> Step:
    """Number 0: the start, and what it costs."""
    problem, first = experiment.problem, experiment.first_state()
    return Step(0, first, None, objective(problem, first.code), duality_gap(problem, first.code))


def fit_and_penalty(problem: Problem, code: Array) -> tuple[float, float]:
    """The two terms of the objective: (β/2)‖v − Wh − b‖² and λ‖h‖₁."""
    penalty = problem.penalty * float(np.abs(code).sum())
    residual = problem.target - problem.dictionary @ code
    return problem.precision / 2 * float(residual @ residual), penalty


def shrinkage(experiment: SparseCodingExperiment, step: Step) -> tuple[Array, Array, float]:
    """What went into the soft threshold, what came out, and the threshold.

    For ISTA and FISTA it is the step just made; for LCA membrane potential and activation. For the others it is what a
    gradient step makes of the code, and the code: those points lie on the curve exactly at the optimum.
    """
    problem = experiment.problem
    threshold = problem.penalty / problem.lipschitz
    if step.made and experiment.solver in PARTS:
        parts = PARTS[experiment.solver](problem, step.before)
        size: float = step.before.step  # type: ignore[union-attr]
        return parts.moved, parts.shrunk, size * problem.penalty
    if experiment.solver == "lca":
        return step.state.potential, step.state.code, threshold  # type: ignore[attr-defined]
    code = step.state.code
    return code - gradient(problem, code) / problem.lipschitz, code, threshold


def shrink_curve(threshold: float) -> tuple[Array, Array]:
    """The soft threshold at the ends of its straight pieces, far beyond both sides of the dead zone: (4,) and (4,)."""
    reach = 1e3 * max(threshold, 1e-9)
    corners = np.array([-reach, -threshold, threshold, reach])
    return corners, soft_threshold(corners, threshold)
