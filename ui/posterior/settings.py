"""What the reader of the posterior page has chosen, as one record, and its forms as experiment file and address."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from em_core.files.errors import InvalidExperiment
from em_core.sparse_coding import Problem
from em_core.sparse_coding.learning import dictionaries
from em_core.sparse_coding.posterior.ladder import NAME, WIDTHS, LadderExperiment
from ui import limits, links
from ui.links import Limit

UNITS = {"one": "One hidden unit", "two": "Two hidden units"}
LIMITS = {
    "penalty": Limit(1e-2, 1e2),
    "precision": Limit(1e-2, 1e3),
    "v": Limit(-5, 5),
    "w": Limit(0.1, 3),
    "v1": Limit(-3, 3),
    "v2": Limit(-3, 3),
    "angle": Limit(5, 175),
    "width": Limit(1e-6, 8),
}
_GIVEN = ("data", "ladder")

# a λ at which part of the MAP is 0
_SUITED = {"one": 2.0, "two": 1.0}


@dataclass(frozen=True)
class PosteriorSettings:
    """Everything that the sidebar shows. `given` holds what no control describes: a dragged μ, imported data.

    v, w: one unit's signal and atom; v1, v2, angle: two units' signal, and the degrees between their atoms of length 1.
    width: of the first Gaussian around μ; narrower ones follow.
    """

    units: str = "one"
    penalty: float = 2.0
    precision: float = 1.0
    v: float = 1.2
    w: float = 1.0
    v1: float = 1.5
    v2: float = 0.7
    angle: float = 50.0
    width: float = 1.0
    given: Mapping[str, Any] | None = None

    @property
    def imported(self) -> bool:
        """Whether signal and dictionary come from a file that the reader opened."""
        return "data" in (self.given or {})

    def experiment(self) -> dict[str, Any]:
        """The experiment file for these settings."""
        given = self.given or {}
        ladder = {"widths": [self.width, *(width for width in WIDTHS if width < self.width)], **given.get("ladder", {})}
        return {
            "model": NAME,
            "settings": {"lambda": self.penalty, "beta": self.precision},
            "data": given["data"] if "data" in given else _data(self),
            "ladder": ladder,
        }

    def without(self, *parts: str) -> PosteriorSettings:
        """The same with these parts of what no control describes given up: `data`, `mean` or `widths`."""
        given = {key: dict(part) for key, part in (self.given or {}).items() if key not in parts}
        ladder = {key: value for key, value in given.pop("ladder", {}).items() if key not in parts}
        return replace(self, given={**given, **({"ladder": ladder} if ladder else {})} or None)

    def at(self, mean: list[float]) -> PosteriorSettings:
        """The same with q's μ at this place."""
        given = dict(self.given or {})
        return replace(self, given={**given, "ladder": {**given.get("ladder", {}), "mean": mean}})


def for_units(settings: PosteriorSettings, units: str) -> PosteriorSettings:
    """The settings after a change of their number; a λ that the reader has not touched becomes the suited one."""
    touched = settings.penalty != _SUITED[settings.units]
    penalty = settings.penalty if touched else _SUITED[units]
    return replace(settings, units=units, penalty=penalty, given=None)


def of_experiment(raw: Any) -> PosteriorSettings:
    """Settings of an experiment file: what controls can show, they show. Raises `InvalidExperiment`."""
    limits.check(raw, 0)
    experiment = LadderExperiment.parse(raw)
    problem = experiment.problem
    check_units(problem)
    for name, value in (("lambda", problem.penalty), ("beta", problem.precision)):
        LIMITS[{"lambda": "penalty", "beta": "precision"}[name]].check(f"settings.{name}", value)
    complete = experiment.to_json()
    settings = replace(
        for_units(PosteriorSettings(), ("one", "two")[problem.n_atoms - 1]),
        penalty=problem.penalty,
        precision=problem.precision,
        given={key: complete[key] for key in _GIVEN},
    )
    widths = experiment.widths
    if widths and LIMITS["width"].low <= widths[0] <= LIMITS["width"].high:
        settings = _simpler(settings, replace(settings, width=widths[0]).without("widths"))
    settings = _simpler(settings, settings.without("mean"))
    return _simpler(settings, replace(settings, **_shown(problem)).without("data"))


def check_units(problem: Problem) -> None:
    """Refuse what the page cannot draw. Raises `InvalidExperiment`."""
    if problem.n_atoms > 2:
        valid = "one or two atoms on this page (the command line takes three)"
        raise InvalidExperiment("data.dictionary", f"{problem.n_atoms} atoms", valid)


def to_query(settings: PosteriorSettings, cursor: int) -> dict[str, str]:
    """The query parameters of a view: what differs from the defaults, and the rung."""
    default = replace(for_units(PosteriorSettings(), settings.units), units=PosteriorSettings().units)
    query = links.query_of(settings, default)
    return {**query, "cursor": str(cursor)} if cursor else query


def from_query(query: Mapping[str, str]) -> tuple[PosteriorSettings, list[str]]:
    """Settings from an address, and a message for each part that makes no sense."""
    return links.settings_of(query, PosteriorSettings(), _read, _take)


def _take(settings: PosteriorSettings, name: str, value: Any) -> PosteriorSettings:
    return for_units(settings, value) if name == "units" else replace(settings, **{name: value})


def _read(settings: PosteriorSettings, name: str, kind: str, text: str) -> Any:
    if name == "given":
        return links.unpacked(text, _GIVEN)
    if name == "units":
        return links.read_choice(name, text, UNITS)
    return links.read_number(name, text, LIMITS[name], kind == "int")


def _simpler(settings: PosteriorSettings, other: PosteriorSettings) -> PosteriorSettings:
    """`other` where it describes the same experiment to the last bit and is within the controls."""
    within = all(limit.low <= getattr(other, name) <= limit.high for name, limit in LIMITS.items())
    same = within and _complete(other) == _complete(settings)
    return other if same else settings


def _complete(settings: PosteriorSettings) -> dict[str, Any]:
    return LadderExperiment.parse(settings.experiment()).to_json()


def _data(settings: PosteriorSettings) -> dict[str, Any]:
    """signal and dictionary as an experiment file holds them."""
    if settings.units == "one":
        return {"signal": [settings.v], "dictionary": [[settings.w]]}
    return {"signal": [settings.v1, settings.v2], "dictionary": dictionaries.fan(2, settings.angle).tolist()}


def _shown(problem: Problem) -> dict[str, float]:
    """What the sliders would have to say for this problem's data; they may not be able to."""
    if problem.n_dimensions != problem.n_atoms:
        return {}
    signal, dictionary = problem.signal.tolist(), problem.dictionary
    if problem.n_atoms == 1:
        return {"v": signal[0], "w": float(dictionary[0, 0])}
    cosine = float(dictionary[:, 0] @ dictionary[:, 1])
    angle = round(math.degrees(math.acos(min(1.0, max(-1.0, cosine)))), 9)
    return {"v1": signal[0], "v2": signal[1], "angle": angle}
