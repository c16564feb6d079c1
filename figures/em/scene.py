"""A run of EM as the stage plays it: one scene, one frame per half-step, finer frames along an M-step."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from em_core.bound import decompose
from em_core.files.experiment import Experiment
from em_core.moves import MOVES
from em_core.records import Bound, State
from figures.em import block_gaps, course, decomposition, slopes, timeline, words
from figures.em.data_views import DataView, data_view
from figures.em.moment import STOPS, Moment, same
from figures.look import palette, wording
from figures.look.encode import Json, finite

_AREAS = {
    "wide": ["data timeline", "data course", "data decomposition"],
    "medium": ["data timeline", "data course", "decomposition decomposition"],
    "narrow": ["data", "timeline", "course", "decomposition"],
}
_COLUMNS = {
    "wide": "minmax(0, 1.08fr) minmax(0, 1fr)",
    "medium": "minmax(0, 1fr) minmax(0, 1fr)",
    "narrow": "minmax(0, 1fr)",
}
_ROWS = {
    "wide": "minmax(0, 1.1fr) minmax(0, 1.15fr) minmax(0, 0.8fr)",
    "medium": "minmax(0, 1fr) minmax(0, 1.15fr) minmax(0, 0.85fr)",
    "narrow": "360px 280px 300px 240px",
}
_METRICS = (("evidence", "log p(v)", "$text"), ("elbo", "ELBO", "$elbo"), ("gap", "Gap", "$gap"))


class EmScene:
    """Draws the moments of one experiment. columns: names of data columns; axes: the two shown of many.

    letters: the moves that are planned or made, some of which have a figure of their own; compare: whether plain EM is
    drawn beside.
    """

    def __init__(
        self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int], letters: str, compare: bool
    ) -> None:
        self.experiment = experiment
        self.view: DataView = data_view(experiment, columns, axes)
        # what only some moves need to be seen: a face of its own
        self.with_slopes, self.with_blocks = self.faces = faces(letters)
        described = {key: value for key, value in experiment.to_json().items() if key != "schedule"}
        shown = [described, list(columns), list(axes), self.with_slopes, self.with_blocks, compare]
        self.id = _hash(json.dumps(shown, sort_keys=True))
        self.json = self._scene()

    def frame_id(self, before: str | None, moment: Moment) -> str:
        """Equal ids, equal frames: all that a frame depends on is the scene, the moves so far and the next one."""
        return _hash(f"{before or self.id}/{moment.step.move}/{moment.next_move}")

    def light(self, moment: Moment, before: str | None) -> Json:
        """What every frame has, in view or not; `before`: the id of the frame before."""
        following = words.button(moment.next_move)
        return {
            "id": self.frame_id(before, moment),
            "light": True,
            "append": timeline.append(moment) | self.view.append(moment),
            "chip": words.chip(moment),
            "next": following and {**following, "act": {"act": "advance"}},
        }

    def whole(self, light: Json, moment: Moment, past: list[Moment], key: bool) -> Json:
        """The light frame of one half-step with all that its pictures show. `past`: the moments before it.

        key: whether it also holds what is as in the frame before.
        """
        previous = past[-1] if past and not key else None
        state, bound = moment.step.after, moment.bound
        changed = timeline.here(moment, past) | course.changes(moment, past) | decomposition.changes(bound)
        if previous is None or previous.step.after.q is not state.q:
            changed |= self.view.completed(moment)
        if previous is None or previous.step.after.theta is not state.theta:
            changed |= self.view.parameters(state.theta, state.q)
        if self.with_slopes:
            changed |= slopes.changes(moment)
        if self.with_blocks:
            changed |= block_gaps.changes(moment)
        text, value = _numbers(bound)
        text |= {
            "caption": words.caption(moment),
            "note.course": slopes.note(moment) if self.with_slopes else "",
            "describe": words.picture(moment),
            **self._notes(moment),
        }
        return {
            **{name: part for name, part in light.items() if name != "light"},
            "set": changed,
            "text": text,
            "value": value,
            "lit": _changed_terms(moment),
            "handles": self.view.handles(state.theta),
            "inner_at": moment.course and moment.course.at,
        }

    def inner(self, moment: Moment) -> list[Json]:
        """One frame per stop of the scrubber: θ on its way, q as it is."""
        way = moment.course
        if way is None:
            return []
        result = []
        offset = len(way.profile.thetas) - len(STOPS)
        for stop in range(len(STOPS)):
            theta = way.profile.thetas[stop + offset]
            if theta is None:
                result.append({"set": {}, "text": {}, "value": {}})
                continue
            here = same(theta, moment.step.after.theta)
            state = moment.step.after if here else State(theta, moment.step.after.q, moment.step.after.q_at)
            bound = decompose(self.experiment.model, self.experiment.data, state)
            text, value = _numbers(bound)
            there = replace(moment, step=replace(moment.step, after=state), bound=bound)
            text |= self._notes(there) | {"caption": words.underway(bound, float(STOPS[stop]), way.touches)}
            changed = self.view.parameters(theta, state.q) | course.inner(moment, way, stop)
            changed |= decomposition.changes(bound)
            result.append({"set": changed, "text": text, "value": value})
        return result

    def _notes(self, moment: Moment) -> Json:
        residual = wording.residual(moment.bound.residual)
        return {"note.data": self.view.note(moment), "note.decomposition": f"log p − ELBO − KL = {residual}"}

    def _scene(self) -> Json:
        figures = {
            **self.view.figures(),
            **timeline.figures(),
            "course": course.figure(self.experiment),
            "decomposition": decomposition.figure(),
            **({"slopes": slopes.figure()} if self.with_slopes else {}),
            **({"blocks": block_gaps.figure()} if self.with_blocks else {}),
        }
        whole = course.has_whole_curve(self.experiment)
        return {
            "id": self.id,
            "colors": palette.COLORS,
            "equation": words.equation(self.experiment),
            "metrics": [{"slot": f"metric.{name}", "label": label, "color": color} for name, label, color in _METRICS],
            "figures": figures,
            "views": [
                {
                    "id": "data",
                    "area": "data",
                    "title": self.view.title,
                    "figures": [{"id": "data", "label": "Data"}],
                    "note": "note.data",
                    "describe": "describe",
                },
                {
                    "id": "timeline",
                    "area": "timeline",
                    "title": "log p and ELBO by half-step",
                    "figures": [
                        {"id": "latest", "label": "Latest"},
                        {"id": "timeline", "label": "All"},
                        {"id": "gap", "label": "Gap, log scale"},
                    ],
                    "click": "x",
                },
                {
                    "id": "course",
                    "area": "course",
                    "title": "log p and the bound over θ" if whole else "Bound along the M-step",
                    "figures": [
                        {"id": "course", "label": "Bound"},
                        *([{"id": "slopes", "label": "Gradients"}] if self.with_slopes else []),
                    ],
                    "note": "note.course",
                },
                {
                    "id": "decomposition",
                    "area": "decomposition",
                    "title": "What log p is made of",
                    "figures": [
                        {"id": "decomposition", "label": "Terms"},
                        *([{"id": "blocks", "label": "Gap by block"}] if self.with_blocks else []),
                    ],
                    "note": "note.decomposition",
                },
            ],
            "areas": _AREAS,
            "columns": _COLUMNS,
            "rows": _ROWS,
            "inner": {"view": "course", "label": "How far", "stops": STOPS.tolist(), "format": "{}"},
            # where only the way to the next M-step is drawn, each M-step has its own picture: no gliding between
            "glide": [*self.view.gliding, *(f"course/{trace}" for trace in course.WHOLE_GLIDES if whole)],
            "keys": {letter.lower(): {"act": "move", "letter": letter} for letter in MOVES},
            "speeds": [1, 2, 4, 8],
            "tools": [
                {"act": {"act": "reset"}, "label": "Reset", "title": "Back to the start, with an empty tape"},
                {"act": {"act": "random"}, "label": "New random start", "title": "The next seed"},
            ],
            "caption": "caption",
        }


def faces(letters: str) -> tuple[bool, bool]:
    """Whether these moves have a figure of their own: gradients, gaps by block."""
    return not slopes.LETTERS.isdisjoint(letters), not block_gaps.LETTERS.isdisjoint(letters)


def _changed_terms(moment: Moment) -> list[str]:
    """The terms of the equation that the half-step changed by more than rounding."""
    bound, before = moment.bound, moment.before
    if before is None or moment.step.move is None:
        return []
    pairs = {
        "evidence": (before.log_evidence, bound.log_evidence),
        "elbo": (before.elbo, bound.elbo),
        "kl": (before.kl, bound.kl),
    }
    rounding = 1e-12 * max(1.0, abs(bound.log_evidence))
    return [
        name for name, (old, new) in pairs.items() if old is None or (new != old and not abs(new - old) <= rounding)
    ]


def _numbers(bound: Bound) -> tuple[Json, Json]:
    """The three numbers and the terms of the equation, as text and exactly."""
    exact = {"evidence": bound.log_evidence, "elbo": finite(bound.elbo), "gap": finite(bound.kl)}
    text = {
        "evidence": wording.number(bound.log_evidence),
        "elbo": wording.number(bound.elbo),
        "gap": wording.gap(bound.kl, bound.log_evidence),
    }
    terms = {"evidence": "evidence", "elbo": "elbo", "kl": "gap"}
    return (
        {f"metric.{name}": text[name] for name in text}
        | {f"equation.{term}": text[name] for term, name in terms.items()},
        {f"metric.{name}": exact[name] for name in exact},
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
