"""A run of MAP inference as the stage plays it: one scene, one frame per step, finer frames within a step."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from em_core.files.fields import Array
from em_core.sparse_coding import SOLVERS, duality_gap, objective
from em_core.sparse_coding.experiment import SparseCodingExperiment
from em_core.sparse_coding.solvers import coordinate_descent
from figures.look import palette, wording
from figures.look.encode import Json
from figures.map import code, landscape, progress, shrink, signal, words
from figures.map.moment import PARTS, Background, Signal, Step, fit_and_penalty

_AREAS = {
    "wide": ["picture code progress", "signal shrink path"],
    "medium": ["picture progress", "code path", "signal shrink"],
    "narrow": ["picture", "signal", "code", "progress", "shrink", "path"],
}
_COLUMNS = {
    "wide": "minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1fr)",
    "medium": "minmax(0, 1fr) minmax(0, 1fr)",
    "narrow": "minmax(0, 1fr)",
}
_ROWS = {
    "wide": "minmax(0, 1fr) minmax(0, 1fr)",
    "medium": "minmax(19rem, 1fr) minmax(15rem, 1fr) minmax(15rem, 1fr)",
    "narrow": "340px 260px 280px 300px 280px 280px",
}
# a step is a way down the gradient, then a shrink: so many stops on each
_HALVES = np.linspace(0, 1, 11)
_MOST_STOPS = 128


class MapScene:
    """Draws the steps of one experiment."""

    def __init__(self, experiment: SparseCodingExperiment, shown: Signal) -> None:
        self.background = Background(experiment)
        self.signal = shown
        described = {key: value for key, value in experiment.to_json().items() if key != "steps"}
        self.id = _hash(json.dumps([described, shown.kind], sort_keys=True))
        self.stops = self._stops()
        self.json = self._scene()

    def light(self, step: Step, ended: str | None) -> Json:
        """What every frame has, in view or not; `ended` says why no step follows."""
        background = self.background
        title = SOLVERS[background.experiment.solver].title
        return {
            "id": _hash(f"{self.id}/{step.index}/{ended}"),
            "light": True,
            "append": landscape.append(background, self.signal, step) | progress.append(background, step),
            "chip": words.chip(background, step),
            "next": None if ended else {"label": "Step", "detail": title, "act": {"act": "advance"}},
        }

    def whole(self, light: Json, step: Step) -> Json:
        """The light frame of one step with all that its pictures show."""
        background = self.background
        changed = (
            landscape.changes(background, self.signal, step)
            | signal.changes(background, self.signal, step.state.code)
            | code.changes(background, step)
            | shrink.changes(background, step)
            | progress.changes(background, step)
        )
        text, value = self._numbers(step.state.code, step.objective, step.gap)
        text |= {
            "caption": words.caption(background, step),
            "describe": words.picture(background, step),
            "note.shrink": shrink.note(background),
            "note.path": f"λ max = {wording.number(background.problem.lambda_max)}",
        }
        inside = step.made and self.stops is not None
        return {
            **{name: part for name, part in light.items() if name != "light"},
            "set": changed,
            "text": text,
            "value": value,
            "lit": [] if step.before is None else ["fit", "penalty"],
            "handles": self._handles(step),
            "inner_at": self.stops[-1] if inside else None,
        }

    def inner(self, step: Step) -> list[Json]:
        """The way from the code before to this one: down the gradient and through the shrink, or one by one."""
        if not step.made or self.stops is None:
            return []
        return [self._between(point, into) for point, into in self._way(step)]

    def _between(self, point: Array, into: Array | None) -> Json:
        background = self.background
        changed = signal.changes(background, self.signal, point)
        changed |= code.here(background, point, background.problem.penalty)
        if landscape.is_drawn(background, self.signal):
            changed |= landscape.here(point)
        if into is not None:
            changed |= shrink.points(into, point)
        problem = background.problem
        text, value = self._numbers(point, objective(problem, point), duality_gap(problem, point))
        return {"set": changed, "text": text, "value": value}

    def _way(self, step: Step) -> list[tuple[Array, Array | None]]:
        """The codes at the stops, each with what goes into the shrink, where there is one."""
        solver, before = self.background.experiment.solver, step.before
        if solver in PARTS:
            parts = PARTS[solver](self.background.problem, before)
            down = [(parts.start + t * (parts.moved - parts.start),) * 2 for t in _HALVES]
            shrunk = [(parts.moved + t * (parts.shrunk - parts.moved), parts.moved) for t in _HALVES[1:]]
            return [*down, *shrunk]
        sweep = np.vstack([before.code, coordinate_descent.coordinates(self.background.problem, before)])
        return [(sweep[int(stop)], None) for stop in self.stops]

    def _stops(self) -> list[float] | None:
        solver = self.background.experiment.solver
        if solver in PARTS:
            return [*_HALVES.round(3).tolist(), *(1 + _HALVES[1:]).round(3).tolist()]
        if solver == "coordinate_descent":
            n_atoms = self.background.problem.n_atoms
            return np.unique(np.rint(np.linspace(0, n_atoms, min(n_atoms, _MOST_STOPS) + 1))).tolist()
        return None

    def _handles(self, step: Step) -> list[Json]:
        fixed = SOLVERS[self.background.experiment.solver].from_zero
        if fixed or not landscape.is_drawn(self.background, self.signal):
            return []
        x, y = (float(entry) for entry in step.state.code[:2])
        return [{"id": "code", "figure": "picture", "x": x, "y": y, "label": "Start of h", "color": "$text"}]

    def _numbers(self, point: Array, cost: float, gap: float) -> tuple[Json, Json]:
        fit, penalty = fit_and_penalty(self.background.problem, point)
        text = {"objective": wording.number(cost), "fit": wording.number(fit), "penalty": wording.number(penalty)}
        support = int(np.count_nonzero(point))
        metrics = {
            "metric.objective": text["objective"],
            "metric.gap": wording.number(gap, 6),
            "metric.support": f"{support} of {self.background.problem.n_atoms}",
        }
        equation = {f"equation.{name}": shown for name, shown in text.items()}
        return equation | metrics, {"metric.objective": cost, "metric.gap": gap, "metric.support": support}

    def _scene(self) -> Json:
        background = self.background
        drawn = landscape.is_drawn(background, self.signal)
        solver = SOLVERS[background.experiment.solver]
        title = "−log p(h | v) + c, and the way down" if drawn else "Atoms in use"
        if drawn and background.problem.n_atoms == 3:
            title = "−log p(h | v) + c, h₃ at its best"
        inner = None
        if self.stops is not None:
            swept = background.experiment.solver == "coordinate_descent"
            inner = {
                "view": "picture" if drawn else "code",
                "label": "Coefficient" if swept else "Gradient, then shrink",
                "stops": self.stops,
                "format": "{}",
            }
        glide = ["code/0", "code/1", "shrink/2"] if background.problem.n_atoms <= 3 else []
        if drawn:
            glide.append("picture/6")
        if self.signal.kind == "plane":
            glide += ["signal/0", "signal/1", "signal/2"]
        return {
            "id": self.id,
            "colors": palette.COLORS,
            "equation": words.EQUATION,
            "metrics": [
                {"slot": "metric.objective", "label": "Objective", "color": "$text"},
                {"slot": "metric.gap", "label": "Certified gap", "color": "$certificate"},
                {"slot": "metric.support", "label": "Not 0", "color": "$fit"},
            ],
            "figures": {
                "picture": landscape.figure(background, self.signal),
                "signal": signal.figure(background, self.signal),
                "code": code.stems(background),
                "path": code.path(background),
                "shrink": shrink.figure(background),
                **progress.figures(background),
            },
            "views": [
                _view("picture", title, describe="describe"),
                _view("signal", "Signal, Wh + b and residual"),
                _view("code", "Code h"),
                {
                    **_view("progress", "Distance from the optimum", click="x"),
                    "figures": [
                        {"id": "progress", "label": "Certificate"},
                        {"id": "support", "label": "Support"},
                        {"id": "race", "label": "Race"},
                        {"id": "work", "label": "By work"},
                    ],
                },
                _view("shrink", "Soft threshold", note="note.shrink"),
                _view("path", "Most likely h over λ", note="note.path"),
            ],
            "areas": _AREAS,
            "columns": _COLUMNS,
            "rows": _ROWS,
            "inner": inner,
            "glide": glide,
            "keys": {},
            "speeds": [1, 2, 4, 8],
            "tools": [
                {"act": {"act": "reset"}, "label": "Reset", "title": f"{solver.title} from the start again"},
                {"act": {"act": "random"}, "label": "New signal", "title": "The next seed"},
            ],
            "caption": "caption",
        }


def _view(name: str, title: str, **more: str) -> Json:
    return {"id": name, "area": name, "title": title, "figures": [{"id": name, "label": title}], **more}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
