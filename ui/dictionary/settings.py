"""What the reader of the dictionary page has chosen, as one record, and its forms as experiment file and address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from em_core import datasets, schedule
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.fields import Array
from em_core.moves import MOVES
from ui import limits, links
from ui.links import Limit

MODEL = "dictionary_learning"
DATA = {
    "bars": "Bars (Földiák)",
    "patches": "Patches of a photograph",
    "digits": "Handwritten digits",
}
PREPARATIONS = {"centred": "their mean taken out", "whitened": "whitened"}
M_STEPS = {"full": "M: the best dictionary", "sweep": "C: one sweep over the atoms"}
DEAD_ATOMS = {"keep": "stay as they are", "revive": "are revived (★)"}
LIMITS = {
    "points": Limit(20, 2000),
    "side": Limit(4, 12),
    "bars": Limit(0.5, 6),
    "noise": Limit(0, 0.5),
    "data_seed": Limit(0, 9999),
    "atoms": Limit(1, 144),
    "penalty": Limit(1e-2, 1e2),
    "precision": Limit(1e-3, 1e3),
    "seed": Limit(0, 2**53 - 1),
    "second_seed": Limit(0, 2**53 - 1),
}
_STARTS = ("start", "second_start")
_GIVEN = ("data", *_STARTS)
# to so many decimals atoms are taken over as a new start: the two starts still fit a link
_DECIMALS = 3
# atoms, λ and β that suit the data: digits have pixels from 0 to 16, so noise of 4
_SUITED = {
    "bars": {"atoms": 16, "penalty": 0.5, "precision": 1.0},
    "patches": {"atoms": 64, "penalty": 1.0, "precision": 1.0},
    "digits": {"atoms": 36, "penalty": 1.0, "precision": 0.0625},
}


@dataclass(frozen=True)
class DictionarySettings:
    """Everything that the sidebar shows. `given` holds what no control describes: an opened file's data and start, and
    the two starts of a run that goes on with other settings.

    bars: how many a picture has on average, of 2 · side.
    """

    data: str = "bars"
    points: int = 500
    side: int = 8
    bars: float = 2.0
    noise: float = 0.05
    preparation: str = "centred"
    data_seed: int = 1
    atoms: int = 16
    penalty: float = 0.5
    precision: float = 1.0
    norm_constraint: bool = True
    dead_atoms: str = "keep"
    m_step: str = "full"
    seed: int = 0
    second: bool = True
    second_seed: int = 1
    given: Mapping[str, Any] | None = None

    @property
    def cycle(self) -> str:
        """The moves that go round."""
        return {"full": "HM", "sweep": "HC"}[self.m_step]

    def experiment(self, moves: str) -> dict[str, Any]:
        """The experiment file for these settings and the moves made so far (none: one round)."""
        given = self.given or {}
        raw: dict[str, Any] = {
            "model": MODEL,
            "settings": {
                "lambda": self.penalty,
                "beta": self.precision,
                "norm_constraint": self.norm_constraint,
                "dead_atoms": self.dead_atoms,
            },
            "data": given["data"] if self.imported else self._data(),
            "schedule": schedule.compress(moves or self.cycle),
            "seed": self.seed,
        }
        if "start" in given:
            return {**raw, "start": given["start"]}
        raw["settings"]["n_atoms"] = self.atoms
        return raw

    def second_experiment(self) -> dict[str, Any] | None:
        """The same from another start, drawn from the second seed; None where none is wanted."""
        if not self.second:
            return None
        given = self.given or {}
        own = {"data": given["data"]} if self.imported else {}
        if "second_start" in given:
            own["start"] = given["second_start"]
        return {**replace(self, given=own or None).experiment(""), "seed": self.second_seed}

    @property
    def imported(self) -> bool:
        """Whether the data come from an experiment file that the reader opened."""
        return "data" in (self.given or {})

    def without_start(self, *names: str) -> DictionarySettings:
        """The same with these of its starts given up, or with both: they are drawn from the seeds again."""
        kept = {key: value for key, value in (self.given or {}).items() if key not in (names or _STARTS)}
        return replace(self, given=kept or None)

    def going_on(self, atoms: Array, second: Array | None) -> DictionarySettings:
        """The same with these atoms, (D, K), of the two runs as their starts; no longer than 1 where that must be."""
        starts = {"start": self._start(atoms)}
        if second is not None:
            starts["second_start"] = self._start(second)
        return replace(self, given={**(self.without_start().given or {}), **starts})

    def _start(self, atoms: Array) -> dict[str, Any]:
        if self.norm_constraint:
            atoms = atoms / np.maximum(np.linalg.norm(atoms, axis=0), 1.0)
        ten = 10.0**_DECIMALS
        return {"dictionary": (np.trunc(atoms * ten) / ten).tolist()}  # towards 0: no atom gets longer

    def _data(self) -> dict[str, Any]:
        if self.data == "digits":
            return {"dataset": "digits"}
        common = {"generator": self.data, "side": self.side, "n_points": self.points, "seed": self.data_seed}
        if self.data == "bars":
            return {**common, "probability": self.bars / (2 * self.side), "noise": self.noise}
        return {**common, "preparation": self.preparation}


def for_data(settings: DictionarySettings, data: str) -> DictionarySettings:
    """The settings after a change of data: atoms, λ and β that suit them."""
    return replace(settings, data=data, given=None, **_SUITED[data])  # type: ignore[arg-type]


def of_experiment(raw: Any) -> tuple[DictionarySettings, str]:
    """Settings and moves of an experiment file. Raises `InvalidExperiment`."""
    limits.check(raw, 0)
    experiment = Experiment.parse(raw)
    if experiment.model.name != MODEL:
        raise InvalidExperiment("model", experiment.model.name, f"{MODEL} on this page")
    complete = experiment.to_json()
    own, source = complete["settings"], complete["data"]
    moves = schedule.expand(experiment.schedule, MOVES)
    shown = {
        "penalty": own["lambda"],
        "precision": own["beta"],
        "norm_constraint": own["norm_constraint"],
        "dead_atoms": own["dead_atoms"],
        "atoms": experiment.start["dictionary"].shape[1],
        "seed": experiment.seed,
        "second_seed": (experiment.seed + 1) % (int(LIMITS["second_seed"].high) + 1),
        "m_step": "sweep" if "C" in moves and "M" not in moves else "full",
    }
    named = _controls(source)
    settings = replace(DictionarySettings(), **shown, **(named or {}))
    given = {} if named is not None else {"data": source}
    if not experiment.is_drawn:
        given["start"] = complete["start"]
    for name, limit in LIMITS.items():
        limit.check(name, getattr(settings, name))
    return replace(settings, given=given or None), moves


def _controls(source: Mapping[str, Any]) -> dict[str, Any] | None:
    """Data as far as the controls say exactly the same; None where they cannot."""
    if source == {"dataset": "digits"}:
        return {"data": "digits"}
    if source.get("generator") not in ("bars", "patches"):
        return None
    names = {"generator": "data", "n_points": "points", "seed": "data_seed"}
    shown = {names.get(key, key): value for key, value in source.items()}
    if "probability" in shown:
        shown["bars"] = 2 * shown.get("side", 0) * shown.pop("probability")
    try:
        # 40.0 pictures are 40, and a noise of 0 is 0.0: a control's number has one type
        shown = {name: type(getattr(DictionarySettings, name))(value) for name, value in shown.items()}
        settings = replace(DictionarySettings(), **shown)
    except (AttributeError, TypeError):  # a key that is none of ours
        return None
    within = all(LIMITS[name].low <= value <= LIMITS[name].high for name, value in shown.items() if name in LIMITS)
    # what a file leaves out has the generator's own default, which need not be the page's
    return shown if within and settings.experiment("")["data"] == source else None


def to_query(settings: DictionarySettings, moves: str, cursor: int) -> dict[str, str]:
    """The query parameters of a view: what differs from the defaults, the tape and the cursor."""
    default = replace(for_data(DictionarySettings(), settings.data), data=DictionarySettings().data)
    query = links.query_of(settings, default)
    if moves:
        query |= {"schedule": schedule.compress(moves), "cursor": str(cursor)}
    return query


def from_query(query: Mapping[str, str]) -> tuple[DictionarySettings, str, int | None, list[str]]:
    """Settings, moves and cursor from an address, and one message for each part that makes no sense."""
    settings, messages = links.settings_of(query, DictionarySettings(), _read, _take)
    moves = links.read_tape(query, messages)
    return settings, moves, links.read_cursor(query, len(moves), messages), messages


def _take(settings: DictionarySettings, name: str, value: Any) -> DictionarySettings:
    """The data come first: atoms, λ and β follow from them."""
    return for_data(settings, value) if name == "data" else replace(settings, **{name: value})


def _read(settings: DictionarySettings, name: str, kind: str, text: str) -> Any:
    options = {"data": DATA, "preparation": datasets.PREPARATIONS, "dead_atoms": DEAD_ATOMS, "m_step": M_STEPS}
    if name == "given":
        return links.unpacked(text, _GIVEN)
    if kind == "bool":
        return links.read_choice(name, text, ("yes", "no")) == "yes"
    if name in options:
        return links.read_choice(name, text, options[name])
    return links.read_number(name, text, LIMITS[name], kind == "int")
