"""The ladder of q as the stage plays it: one scene, one frame per rung, finer frames through the widths."""

from __future__ import annotations

import hashlib
import json

from em_core.records import Bound
from em_core.sparse_coding import Problem
from em_core.sparse_coding.posterior.gaussian_q import GaussianQ
from em_core.sparse_coding.posterior.ladder import LadderExperiment, Rung, around
from figures.em import decomposition
from figures.look import palette, wording
from figures.look.encode import Json
from figures.posterior import density, over_mean, over_width, plane, words
from figures.posterior.moment import STOPS, Background, Ladder

_AREAS = {
    "wide": ["picture terms", "picture width", "picture mean"],
    "medium": ["picture terms", "picture width", "mean mean"],
    "narrow": ["picture", "terms", "width", "mean"],
}
_COLUMNS = {
    "wide": "minmax(0, 1.08fr) minmax(0, 1fr)",
    "medium": "minmax(0, 1fr) minmax(0, 1fr)",
    "narrow": "minmax(0, 1fr)",
}
_ROWS = {
    "wide": "minmax(0, 0.8fr) minmax(0, 1.1fr) minmax(0, 1.1fr)",
    "medium": "minmax(0, 0.85fr) minmax(0, 1.1fr) minmax(0, 0.8fr)",
    "narrow": "420px 240px 300px 300px",
}
_METRICS = (("evidence", "log p(v)", "$text"), ("elbo", "ELBO", "$elbo"), ("gap", "Gap", "$gap"))
# traces of a picture that frames change, by the number of units
_PICTURES = {1: density, 2: plane}


class LadderScene:
    """Draws the ladders of one problem, with one or two hidden units."""

    def __init__(self, problem: Problem) -> None:
        self.background = Background(problem)
        self.picture = _PICTURES[problem.n_atoms]
        described = [problem.signal, problem.dictionary, problem.offset, problem.penalty, problem.precision]
        self.id = _hash(json.dumps([getattr(part, "tolist", lambda part=part: part)() for part in described]))
        self.json = self._scene()

    def frame(self, ladder: Ladder, rung: Rung) -> Json:
        """The frame of one rung."""
        changed = self._drawn(ladder, rung.q, rung.bound) if rung.kind != "exact" else {}
        changed |= self.picture.changes(self.background, rung) | over_mean.changes(ladder, rung)
        changed |= over_width.curves(ladder) | decomposition.changes(rung.bound)
        changed |= over_width.here(float(rung.q.width[0]) if rung.kind == "gaussian" else None, rung.bound)
        text, value = _numbers(rung.bound)
        text |= {
            "caption": words.caption(ladder, rung),
            "describe": words.picture(ladder, rung),
            "note.picture": words.note(self.background),
        }
        following = ladder.rungs[rung.index + 1] if rung.index + 1 < len(ladder.rungs) else None
        return {
            "id": self.frame_id(ladder.experiment, rung),
            "set": changed,
            "append": {},
            "text": text,
            "value": value,
            "lit": words.lit(rung),
            "chip": words.chip(rung),
            "next": words.button(following),
            "handles": self._handles(rung),
            "inner_at": float(rung.q.width[0]) if rung.kind == "gaussian" else None,
        }

    def frame_id(self, experiment: LadderExperiment, rung: Rung) -> str:
        """Equal ids, equal frames."""
        return _hash(f"{self.id}/{experiment.mean.tolist()}/{experiment.widths}/{rung.index}")

    def inner(self, ladder: Ladder) -> list[Json]:
        """One frame for each width, q where it stands."""
        result = []
        for width, bound in zip(STOPS, ladder.over_width, strict=True):
            q = around(ladder.experiment.mean, width)
            text, value = _numbers(bound)
            text["caption"] = words.underway(ladder, width, bound.kl)
            changed = self._drawn(ladder, q, bound) | over_width.here(width, bound)
            result.append({"set": changed, "text": text, "value": value})
        return result

    def _drawn(self, ladder: Ladder, q: GaussianQ, bound: Bound) -> Json:
        picture = density.here(self.background, q) if self.picture is density else plane.here(q)
        return picture | over_mean.here(ladder, q) | decomposition.changes(bound, "h = μ")

    def _handles(self, rung: Rung) -> list[Json]:
        """μ can be taken hold of where it is the reader's to choose."""
        if rung.kind not in ("gaussian", "dirac"):
            return []
        one = self.background.n_units == 1
        handle = {"id": "mean", "figure": "picture", "label": "μ of q", "color": "$elbo"}
        return [{**handle, "x": float(rung.q.mean[0]), "y": 0.0 if one else float(rung.q.mean[1])}]

    def _scene(self) -> Json:
        background, one = self.background, self.background.n_units == 1
        figures = {
            "picture": self.picture.figure(background),
            **({} if one else {"parts": plane.parts(background)}),
            **over_width.figures(background),
            **over_mean.figures(background),
            "decomposition": decomposition.figure(),
        }
        pictures = [{"id": "picture", "label": "Posterior and q"}]
        if not one:
            pictures.append({"id": "parts", "label": "Prior, likelihood"})
        return {
            "id": self.id,
            "colors": palette.COLORS,
            "equation": words.EQUATION,
            "metrics": [{"slot": f"metric.{name}", "label": label, "color": color} for name, label, color in _METRICS],
            "figures": figures,
            "views": [
                {
                    **_view("picture", "Posterior and q" if one else "h₁ and h₂", pictures),
                    "note": "note.picture",
                    "describe": "describe",
                },
                {
                    **_view("terms", "What log p is made of", [{"id": "decomposition", "label": "Terms"}]),
                    "note": "note.terms",
                },
                _view(
                    "width", "Over the width s of q", [{"id": "bound", "label": "ELBO"}, {"id": "gap", "label": "Gap"}]
                ),
                _view(
                    "mean",
                    "Over the place μ of q" if one else "Over μ₁, μ₂ held",
                    [{"id": "lower", "label": "ELBO"}, {"id": "moves", "label": "Without entropy"}],
                ),
            ],
            "areas": _AREAS,
            "columns": _COLUMNS,
            "rows": _ROWS,
            "inner": {"view": "picture", "label": "Width s", "stops": STOPS, "format": "s = {}"},
            "glide": [*self.picture.GLIDES, *over_width.GLIDES, *over_mean.GLIDES],
            "keys": {},
            "speeds": [1, 2, 4],
            "tools": [
                {"act": {"act": "reset"}, "label": "μ to the MAP", "title": "q stands at the most likely h"},
                {"act": {"act": "mean"}, "label": "μ to the mean", "title": "q stands at the posterior mean"},
            ],
            "caption": "caption",
            "names": {"Position": "Rung", "Steps": "Rungs", "Start": "Start", "Done": "The end"},
        }


def _numbers(bound: Bound) -> tuple[Json, Json]:
    """The three numbers, the terms of the equation and what is left of it, as text and exactly."""
    exact = {"evidence": bound.log_evidence, "elbo": bound.elbo, "gap": bound.kl}
    finite = bound.residual is not None and abs(bound.residual) < float("inf")
    text = {
        "metric.evidence": wording.number(bound.log_evidence),
        "metric.elbo": wording.number(bound.elbo),
        "metric.gap": wording.gap(bound.kl, bound.log_evidence),
        "equation.joint": wording.number(bound.expected_log_joint),
        "equation.entropy": wording.number(bound.entropy),
        "note.terms": f"log p − ELBO − KL = {wording.residual(bound.residual)}" if finite else "−∞ + ∞ has no value",
    }
    text |= {"equation.evidence": text["metric.evidence"], "equation.kl": text["metric.gap"]}
    return text, {f"metric.{name}": number if abs(number) < float("inf") else None for name, number in exact.items()}


def _view(name: str, title: str, figures: list[Json]) -> Json:
    return {"id": name, "area": name, "title": title, "figures": figures}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
