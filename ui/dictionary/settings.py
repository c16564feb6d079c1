"""What the reader of the dictionary page has chosen, as one record, and its forms as experiment file and address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from em_core import schedule
from em_core.files.by_hand import as_json
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES
from em_core.records import Array
from figures.look.glossary import TERMS
from ui import limits
from ui.by_hand import placed
from ui.settings import SEEDS, Change, Overrides, Settings, box, choice, decades, slider, toggle

MODEL = "dictionary_learning"
DATA = {
    "bars": "Bars (Földiák)",
    "patches": "Patches of a photograph",
    "digits": "Handwritten digits",
}
PREPARATIONS = {"centred": "with the mean removed", "whitened": "whitened"}
E_STEPS = {"point": "H: the most probable code", "gaussian": "V: a Gaussian, mean and spread"}
BESIDE = {"start": "another start", "q": "the same start, other q (V for H)"}
M_STEPS = {"full": "M: the best dictionary", "sweep": "C: one sweep over the atoms"}
DEAD_ATOMS = {"keep": "keep", "revive": "revive (★)"}
STARTS = ("start", "second_start")
# to so many decimals atoms are taken over as a new start: the two starts still fit a link
_DECIMALS = 3
# length of an atom that has none to so many decimals
_LEAST = 1e-6
# atoms, λ and β that suit the data: digits have pixels from 0 to 16, so noise of 4
_SUITED = {
    "bars": {"atoms": 16, "penalty": 0.5, "precision": 1.0},
    "patches": {"atoms": 64, "penalty": 1.0, "precision": 1.0},
    "digits": {"atoms": 36, "penalty": 1.0, "precision": 0.0625},
}


# the run begins anew from starts drawn from the seeds; another model begins where the one before has come
_OTHER_RUN = Change("restarts", ends=STARTS)
_OTHER_MODEL = Change("forks")
_OTHER_SECOND = Change("redraws", ends=("second_start",))


def for_data(settings: DictionarySettings, data: str) -> DictionarySettings:
    """The settings after a change of data: atoms, λ and β that suit them."""
    return replace(settings, data=data, **_SUITED[data]).bare()  # type: ignore[arg-type]


@dataclass(frozen=True)
class DictionaryOverrides(Overrides):
    """start, second_start: of the two runs, as `dictionary`, where they go on with other settings or from a file."""

    start: Mapping[str, Any] | None = None
    second_start: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class DictionarySettings(Settings):
    """bars: how many a picture has on average, of 2 · side."""

    mostly: ClassVar[Change] = _OTHER_RUN

    overrides: DictionaryOverrides = DictionaryOverrides()
    data: str = choice(DATA, "bars", "Pictures", then=for_data, entry="generator.generator")
    points: int = slider(20, 2000, 500, "Number of pictures", step=20, whole=True, entry="generator.n_points")
    side: int = slider(4, 12, 8, "Side of a picture", whole=True, entry="generator.side")
    bars: float = slider(0.5, 6, 2.0, "Bars per picture, on average", step=0.5)
    noise: float = slider(0, 0.5, 0.05, "Noise", entry="bars.noise")
    preparation: str = choice(PREPARATIONS, "centred", "Preparation", entry="patches.preparation")
    data_seed: int = box(0, 9999, 1, "Data seed", whole=True, entry="generator.seed")
    atoms: int = slider(1, 144, 16, "Atoms K", help=TERMS["atoms"], whole=True)
    penalty: float = decades(
        1e-2, 1e2, 0.5, "λ: sparsity", help=TERMS["λ"], entry="settings.lambda", change=_OTHER_MODEL
    )
    precision: float = decades(
        1e-3, 1e3, 1.0, "β: precision of the noise", help=TERMS["β"], entry="settings.beta", change=_OTHER_MODEL
    )
    norm_constraint: bool = toggle(
        True,
        "Limit atom length to 1",
        "Without this limit log p(v, h; W) has no maximum: longer atoms with smaller codes build the same pictures"
        " at a lower cost.",
        entry="settings.norm_constraint",
        change=_OTHER_MODEL,
    )
    dead_atoms: str = choice(DEAD_ATOMS, "keep", "Unused atoms", entry="settings.dead_atoms", change=_OTHER_MODEL)
    e_step: str = choice(
        E_STEPS,
        "point",
        "q of each code",
        help="A point has entropy −∞, and so has the ELBO. A Gaussian has a finite ELBO, and its spread says how sure a"
        " code is.",
        change=Change("goes_on"),
    )
    m_step: str = choice(M_STEPS, "full", "Step for the atoms", change=Change("goes_on"))
    seed: int = box(0, SEEDS - 1, 0, "Seed of the start", whole=True)
    second: bool = toggle(
        True, "Compare with a second run", "Same pictures, other initial atoms or another q.", change=_OTHER_SECOND
    )
    beside: str = choice(BESIDE, "start", "Second run", change=_OTHER_SECOND)
    second_seed: int = box(0, SEEDS - 1, 1, "Seed of the second start", whole=True, change=_OTHER_SECOND)

    @property
    def plan(self) -> str:
        """The moves that go round."""
        return {"point": "H", "gaussian": "V"}[self.e_step] + {"full": "M", "sweep": "C"}[self.m_step]

    def experiment(self, moves: str) -> dict[str, Any]:
        """The experiment file for these settings and the moves made so far (none: one round)."""
        raw: dict[str, Any] = {
            "model": MODEL,
            "settings": self.entries("settings"),
            "data": self._data() if self.overrides.data is None else self.overrides.data,
            "schedule": schedule.compress(moves or self.plan),
            "seed": self.seed,
        }
        if self.overrides.start is not None:
            return {**raw, "start": self.overrides.start}
        raw["settings"]["n_atoms"] = self.atoms
        return raw

    def second_experiment(self) -> dict[str, Any] | None:
        """The same from another start, drawn from the second seed, or from the same; None where none is wanted."""
        if not self.second:
            return None
        if self.beside == "q":
            return self.experiment("")
        other = replace(self.overrides, start=self.overrides.second_start)
        return {**replace(self, overrides=other).experiment(""), "seed": self.second_seed}

    def going_on(self, atoms: Array, second: Array | None) -> DictionarySettings:
        """The same with these atoms, (D, K), of the two runs as their starts; no longer than 1 where that must be."""
        settings = self.without(*STARTS).overriding(start=self._start(atoms))
        return settings if second is None else settings.overriding(second_start=self._start(second))

    def _start(self, atoms: Array) -> dict[str, Any]:
        if self.norm_constraint:
            atoms = atoms / np.maximum(np.linalg.norm(atoms, axis=0), 1.0)
        ten = 10.0**_DECIMALS
        kept = np.trunc(atoms * ten) / ten  # towards 0: no atom gets longer
        # one that V has shrunk to nothing still has a direction, which a file needs
        gone = np.flatnonzero(~kept.any(axis=0))
        kept[np.abs(atoms[:, gone]).argmax(axis=0), gone] = _LEAST
        return {"dictionary": kept.tolist()}

    def _data(self) -> dict[str, Any]:
        if self.data == "digits":
            return {"dataset": "digits"}
        common = self.entries("generator") | self.entries(self.data)
        return common | ({"probability": self.bars / (2 * self.side)} if self.data == "bars" else {})

    @classmethod
    def of_experiment(cls, raw: Any) -> tuple[DictionarySettings, str, int, list[Any]]:
        """Settings and tape of an experiment file. Raises `InvalidExperiment`."""
        limits.check(raw, 0)
        experiment = Experiment.parse(raw)
        if experiment.model.name != MODEL:
            raise InvalidExperiment("model", experiment.model.name, f"{MODEL} on this page")
        complete = experiment.to_json()
        own, source = complete["settings"], complete["data"]
        moves = schedule.expand(experiment.schedule, MOVES)
        shown = {
            **cls.of_entries("settings", own),
            "atoms": experiment.start["dictionary"].shape[1],
            "seed": experiment.seed,
            "second_seed": (experiment.seed + 1) % SEEDS,
            "e_step": "gaussian" if "V" in moves and "H" not in moves else "point",
            "m_step": "sweep" if "C" in moves and "M" not in moves else "full",
        }
        named = _controls(source)
        settings = replace(cls(), **shown, **(named or {}))
        if named is None:
            settings = settings.overriding(data=source)
        if not experiment.is_drawn:
            settings = settings.overriding(start=complete["start"])
        settings.check()
        # none of this model's moves has settings
        return settings, moves, 0, as_json(placed(experiment.by_hand))


def _controls(source: Mapping[str, Any]) -> dict[str, Any] | None:
    """Data as far as the controls say exactly the same; None where they cannot."""
    if source == {"dataset": "digits"}:
        return {"data": "digits"}
    if source.get("generator") not in ("bars", "patches"):
        return None
    own = DictionarySettings.named("generator") | DictionarySettings.named(source["generator"])
    shown = {own.get(key, key): value for key, value in source.items()}
    if "probability" in shown:
        shown["bars"] = 2 * shown.get("side", 0) * shown.pop("probability")
    try:
        # 40.0 pictures are 40, and a noise of 0 is 0.0: a control's number has one type
        shown = {name: type(getattr(DictionarySettings, name))(value) for name, value in shown.items()}
        settings = replace(DictionarySettings(), **shown)
    except (AttributeError, TypeError):  # a key that is none of ours
        return None
    numbers = DictionarySettings.numbers()
    within = all(numbers[name].holds(value) for name, value in shown.items() if name in numbers)
    # what a file leaves out has the generator's own default, which need not be the page's
    return shown if within and settings.experiment("")["data"] == source else None
