"""A run of dictionary learning as the stage plays it: one scene, one frame per half-step."""

from __future__ import annotations

import hashlib
import json

from em_core.files.experiment import Experiment
from figures.dictionary import atoms, examples, progress, usage, words
from figures.dictionary.moment import Moment
from figures.em.data_views.base import nearly_square
from figures.look import palette, wording
from figures.look.encode import Json

_AREAS = {
    "wide": ["atoms timeline timeline", "examples examples usage"],
    "medium": ["atoms timeline", "examples usage"],
    "narrow": ["atoms", "timeline", "examples", "usage"],
}
_COLUMNS = {
    "wide": "minmax(0, 1fr) minmax(0, 0.3fr) minmax(0, 0.95fr)",
    "medium": "minmax(0, 1fr) minmax(0, 1fr)",
    "narrow": "minmax(0, 1fr)",
}
_ROWS = {
    "wide": "minmax(0, 1.25fr) minmax(0, 1fr)",
    "medium": "minmax(0, 1.1fr) minmax(0, 1fr)",
    "narrow": "370px 290px 300px 250px",
}


class DictionaryScene:
    """Draws the moments of one experiment, beside those of a second start where there is one."""

    def __init__(self, experiment: Experiment, second: Experiment | None = None) -> None:
        self.experiment, self.second = experiment, second
        dimensions, self.n_atoms = experiment.start["dictionary"].shape
        self.shape = nearly_square(dimensions) or (1, dimensions)
        described = [None if each is None else _described(each) for each in (experiment, second)]
        self.id = _hash(json.dumps(described, sort_keys=True))
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
            "append": progress.append(moment),
            "chip": words.chip(moment),
            "next": following and {**following, "act": {"act": "advance"}},
        }

    def whole(self, light: Json, moment: Moment, past: list[Moment]) -> Json:
        """The light frame of one half-step with all that its pictures show. `past`: the moments before it."""
        changed = (
            progress.here(moment, past)
            | usage.changes(moment)
            | examples.changes(moment, self.shape)
            | atoms.changes("atoms", moment, self.shape)
        )
        if moment.second is not None:
            changed |= atoms.changes("second", moment.second, self.shape)
            changed |= atoms.pair_changes("pair", moment, moment.second, self.shape)
        text, value = self._numbers(moment)
        text |= {
            "caption": words.caption(moment, past[-1] if past else None),
            "describe": words.picture(moment),
            "note.atoms": atoms.note(moment),
            "note.timeline": words.textbook(moment),
            "note.examples": examples.note(moment),
            "note.usage": usage.note(moment),
        }
        return {
            **{name: part for name, part in light.items() if name != "light"},
            "set": changed,
            "text": text,
            "value": value,
            "lit": _lit(moment, past),
            "handles": [],
            "inner_at": None,
        }

    def _numbers(self, moment: Moment) -> tuple[Json, Json]:
        model = self.experiment.model
        constant = model.constant(self.experiment.data, self.experiment.start)  # type: ignore[attr-defined]
        shown = {"joint": moment.joint, "constant": constant, "misfit": moment.misfit, "penalty": moment.penalty}
        used = self.n_atoms - len(moment.unused) if moment.codes is not None else None
        mean = None if moment.codes is None else float((moment.codes != 0).sum(axis=1).mean())
        text = {f"equation.{name}": wording.number(number) for name, number in shown.items()}
        text |= {
            "metric.joint": wording.number(moment.joint),
            "metric.codes": "–" if mean is None else f"{mean:.2f} of {self.n_atoms}",
            "metric.atoms": "–" if used is None else f"{used} of {self.n_atoms}",
        }
        return text, {"metric.joint": moment.joint, "metric.codes": mean, "metric.atoms": used}

    def _scene(self) -> Json:
        constrained = self.experiment.model.norm_constraint  # type: ignore[attr-defined]
        faces = [{"id": "atoms", "label": "This start"}]
        figures = {
            "atoms": atoms.figure(self.n_atoms, self.shape),
            **progress.figures(self.second is not None),
            **examples.figures(self.experiment, self.shape),
            **usage.figures(self.n_atoms, constrained),
        }
        if self.second is not None:
            faces += [{"id": "second", "label": "Second start"}, {"id": "pair", "label": "Both"}]
            figures["second"] = atoms.figure(self.n_atoms, self.shape)
            figures["pair"] = atoms.pair_figure(self.n_atoms, self.shape)
        return {
            "id": self.id,
            "colors": palette.COLORS,
            "equation": words.EQUATION,
            "metrics": [
                {"slot": "metric.joint", "label": "log p(v, h)", "color": "$text"},
                {"slot": "metric.codes", "label": "Codes not 0", "color": "$fit"},
                {"slot": "metric.atoms", "label": "Atoms in use", "color": "$text"},
            ],
            "figures": figures,
            "views": [
                _view("atoms", "Atoms W", faces, note="note.atoms", describe="describe"),
                _view(
                    "timeline",
                    "log p(v, h; W) by half-step",
                    [
                        {"id": "timeline", "label": "All"},
                        {"id": "latest", "label": "Latest"},
                        {"id": "terms", "label": "Two terms"},
                    ],
                    note="note.timeline",
                    click="x",
                ),
                _view(
                    "examples",
                    "Pictures from codes",
                    [{"id": "examples", "label": "Pictures"}, {"id": "codes", "label": "Codes H"}],
                    note="note.examples",
                ),
                _view(
                    "usage",
                    "Use of each atom",
                    [{"id": "usage", "label": "Use"}, {"id": "lengths", "label": "Length"}],
                    note="note.usage",
                ),
            ],
            "areas": _AREAS,
            "columns": _COLUMNS,
            "rows": _ROWS,
            "inner": None,
            "glide": [],
            "keys": {letter.lower(): {"act": "move", "letter": letter} for letter in "HMC"},
            "speeds": [1, 2, 4, 8],
            "tools": [
                {"act": {"act": "reset"}, "label": "Reset", "title": "Back to the start, with an empty tape"},
                {"act": {"act": "random"}, "label": "New random start", "title": "The next seed"},
            ],
            "caption": "caption",
            "names": {"Working": "Computing: {} half-steps so far. Pause stops it."},
        }


def _view(name: str, title: str, figures: list[Json], **more: str) -> Json:
    return {"id": name, "area": name, "title": title, "figures": figures, **more}


def _lit(moment: Moment, past: list[Moment]) -> list[str]:
    """The terms of the equation that the half-step changed by more than rounding."""
    before = past[-1] if past else None
    if before is None or moment.joint is None:
        return []
    if before.joint is None:
        return ["joint", "misfit", "penalty"]
    rounding = 1e-12 * max(1.0, abs(moment.joint))
    pairs = {"joint": (before.joint, moment.joint), "misfit": (before.misfit, moment.misfit),
             "penalty": (before.penalty, moment.penalty)}  # fmt: skip
    return [name for name, (old, new) in pairs.items() if abs(new - old) > rounding]


def _described(experiment: Experiment) -> Json:
    return {key: value for key, value in experiment.to_json().items() if key != "schedule"}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
