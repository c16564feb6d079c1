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
from figures.look.glossary import TERMS
from figures.posterior.scene import PENALTIES
from ui import limits
from ui.settings import Change, Overrides, Settings, choice, decades, slider

UNITS = {"one": "One hidden unit", "two": "Two hidden units"}

# a λ at which part of the MAP is 0
_SUITED = {"one": 2.0, "two": 1.0}
_OTHER_DATA = Change("restarts", ends=("data",))


def for_units(settings: PosteriorSettings, units: str) -> PosteriorSettings:
    """The settings after a change of their number; a λ that the reader has not touched becomes the suited one."""
    touched = settings.penalty != _SUITED[settings.units]
    penalty = settings.penalty if touched else _SUITED[units]
    return replace(settings, units=units, penalty=penalty).bare()


@dataclass(frozen=True)
class PosteriorOverrides(Overrides):
    """ladder: `mean`, a μ that was dragged, and `widths`, those of a file."""

    ladder: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class PosteriorSettings(Settings):
    """v, w: one unit's signal and atom; v1, v2, angle: two units' signal, and the angle between their atoms.

    width: of the first Gaussian around μ; narrower ones follow.
    """

    overrides: PosteriorOverrides = PosteriorOverrides()
    units: str = choice(UNITS, "one", "Hidden units", then=for_units)
    penalty: float = decades(*PENALTIES, 2.0, "λ: sparsity", help=TERMS["λ"], entry="settings.lambda")
    precision: float = decades(1e-2, 1e3, 1.0, "β: precision of the noise", help=TERMS["β"], entry="settings.beta")
    v: float = slider(-5, 5, 1.2, "v: the signal", step=0.05, change=_OTHER_DATA)
    w: float = slider(0.1, 3, 1.0, "w: the atom", step=0.05, change=_OTHER_DATA)
    v1: float = slider(-3, 3, 1.5, "v₁", step=0.05, change=_OTHER_DATA)
    v2: float = slider(-3, 3, 0.7, "v₂", step=0.05, change=_OTHER_DATA)
    angle: float = slider(5, 175, 50.0, "Angle between the atoms (°)", step=5, change=_OTHER_DATA)
    width: float = decades(1e-6, 8, 1.0, "First width s of the ladder", change=Change("restarts", ends=("widths",)))

    def experiment(self) -> dict[str, Any]:
        """The experiment file for these settings."""
        widths = [self.width, *(width for width in WIDTHS if width < self.width)]
        return {
            "model": NAME,
            "settings": self.entries("settings"),
            "data": _data(self) if self.overrides.data is None else self.overrides.data,
            "ladder": {"widths": widths, **(self.overrides.ladder or {})},
        }

    def without(self, *names: str) -> PosteriorSettings:
        """The same with these overrides given up, or parts of the ladder: `mean` or `widths`."""
        ladder = {key: value for key, value in (self.overrides.ladder or {}).items() if key not in names}
        kept = self.overrides.without(*{"data", "ladder"}.intersection(names))
        return replace(self, overrides=replace(kept, ladder=ladder or None))

    def at(self, mean: list[float]) -> PosteriorSettings:
        """The same with q's μ at this place."""
        return self.overriding(ladder={**(self.overrides.ladder or {}), "mean": mean})

    @classmethod
    def of_experiment(cls, raw: Any) -> tuple[PosteriorSettings]:
        """Settings of an experiment file: what controls can show, they show. Raises `InvalidExperiment`."""
        limits.check(raw, 0)
        experiment = LadderExperiment.parse(raw)
        problem = experiment.problem
        check_units(problem)
        complete = experiment.to_json()
        cls.check_entries("settings", complete["settings"])
        settings = replace(
            for_units(cls(), ("one", "two")[problem.n_atoms - 1]),
            **cls.of_entries("settings", complete["settings"]),
            overrides=PosteriorOverrides(complete["data"], complete["ladder"]),
        )
        widths = experiment.widths
        if widths and cls.numbers()["width"].holds(widths[0]):
            settings = _simpler(settings, replace(settings, width=widths[0]).without("widths"))
        settings = _simpler(settings, settings.without("mean"))
        return (_simpler(settings, replace(settings, **_shown(problem)).without("data")),)


def check_units(problem: Problem) -> None:
    """Refuse what the page cannot draw. Raises `InvalidExperiment`."""
    if problem.n_atoms > 2:
        valid = "one or two atoms on this page (the command line takes three)"
        raise InvalidExperiment("data.dictionary", f"{problem.n_atoms} atoms", valid)


def _simpler(settings: PosteriorSettings, other: PosteriorSettings) -> PosteriorSettings:
    """`other` where it describes the same experiment to the last bit and is within the controls."""
    within = all(number.holds(getattr(other, name)) for name, number in other.numbers().items())
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
