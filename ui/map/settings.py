"""What the reader of the MAP page has chosen, as one record, and its forms as experiment file and address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.records import Array
from em_core.sparse_coding import SOLVERS, Problem
from em_core.sparse_coding.experiment import SparseCodingExperiment
from em_core.sparse_coding.learning import dictionaries, signals
from em_core.sparse_coding.solvers import lca
from figures.look.glossary import TERMS
from figures.map.signal import Signal
from ui import limits
from ui.map import words
from ui.settings import Change, Overrides, Settings, box, choice, decades, slider, toggle

SIGNALS = {
    "toy2": "Toy: two numbers, two atoms",
    "toy3": "Toy: two numbers, three atoms",
    "patch8": "Photograph, 8 × 8 patch",
    "patch16": "Photograph, 16 × 16 patch",
    "digit": "Handwritten digit, 8 × 8",
    "spikes": "Blurred spike train",
}
DICTIONARIES = {
    "learned": "learned from the photograph",
    "cosine": "cosines (DCT)",
    "identity_cosine": "identity + cosines (DCT)",
    "random": "random",
    "bumps": "bumps, one per sample",
}
JUST_LEARNED = "just_learned"
_FITTING = {
    "patch8": ("learned", "cosine", "identity_cosine", "random"),
    "patch16": ("cosine", "identity_cosine", "random"),
    "digit": ("cosine", "identity_cosine", "learned", "random"),
    "spikes": ("bumps", "identity_cosine", "cosine", "random"),
}
_TOYS = ("toy2", "toy3")
_SAMPLES = 64
_NUMBERS = 200
# another signal, and another way to solve for the same one: then the controls rule, not the settings that a file
# brought along (a step belongs to its β)
_OTHER_SIGNAL = Change("restarts", ends=("data", "start", "settings"))
_OTHER_STEPS = Change("restarts", ends=("settings",))


def for_signal(settings: MapSettings, signal: str) -> MapSettings:
    """The settings after a change of signal: a dictionary and λ that suit it."""
    kept = MapSettings.dictionary if settings.dictionary == JUST_LEARNED else settings.dictionary
    dictionary = _FITTING.get(signal, (kept,))[0]
    penalty = {"patch8": 1.0, "patch16": 2.0, "digit": 1.0}.get(signal, 0.7)
    return replace(settings, signal=signal, dictionary=dictionary, penalty=penalty, precision=1.0).bare()


def _dictionaries(settings: MapSettings) -> dict[str, str]:
    return {**(settings.fitting() or DICTIONARIES), JUST_LEARNED: words.JUST_LEARNED}


@dataclass(frozen=True)
class MapOverrides(Overrides):
    """start: a code that was dragged. settings: a solver's, from a file. dictionary: the `atoms` just learned."""

    start: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] | None = None
    dictionary: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class MapSettings(Settings):
    """stride: the step of ISTA and FISTA in units of 1/‖βWᵀW‖₂; angle: between the toy's first two atoms."""

    mostly: ClassVar[Change] = _OTHER_STEPS

    overrides: MapOverrides = MapOverrides()
    signal: str = choice(SIGNALS, "toy2", "Signal", then=for_signal, change=_OTHER_SIGNAL)
    dictionary: str = choice(_dictionaries, "learned", "Dictionary", change=_OTHER_SIGNAL)
    v1: float = slider(-3, 3, 1.5, "v₁", step=0.05, change=_OTHER_SIGNAL)
    v2: float = slider(-3, 3, 0.7, "v₂", step=0.05, change=_OTHER_SIGNAL)
    angle: float = slider(5, 175, 50.0, "Angle between the atoms (°)", step=5, change=_OTHER_SIGNAL)
    number: int = box(0, _NUMBERS - 1, 3, "Signal number", whole=True, change=_OTHER_SIGNAL)
    # as many steps again, for another λ
    penalty: float = decades(
        1e-4, 1e3, 0.7, "λ: sparsity", help=TERMS["λ"], entry="settings.lambda", change=Change("forks")
    )
    precision: float = decades(1e-2, 1e3, 1.0, "β: precision of the noise", help=TERMS["β"], entry="settings.beta")
    solver: str = choice(
        {name: solver.title for name, solver in SOLVERS.items()}, "ista", "Solver", entry="settings.solver"
    )
    stride: float = slider(0.05, 2.5, 1.0, "Step size, in units of 1/‖βWᵀW‖₂", step=0.05)
    restart: bool = toggle(
        False, "Adaptive restart", "Reset the momentum whenever it points uphill.", entry="solver.restart"
    )
    dt: float = slider(0.01, 2.5, lca.DT, "Time step dt/τ", step=0.01, entry="solver.dt")
    atoms: int = slider(1, 64, 10, "Atoms to choose", whole=True, entry="solver.atoms")
    gaussian: bool = toggle(False, words.GAUSSIAN, words.GAUSSIAN_HELP, change=Change("redraws"))

    def experiment(self, steps: int) -> dict[str, Any]:
        """The experiment file for these settings, with so many steps. Raises `InvalidExperiment`."""
        raw: dict[str, Any] = {
            "model": "sparse_coding",
            "settings": self.entries("settings"),
            "data": self._data() if self.overrides.data is None else self.overrides.data,
            "steps": steps,
        }
        if self.overrides.start is not None and not SOLVERS[self.solver].from_zero:
            raw["start"] = self.overrides.start
        problem = SparseCodingExperiment.parse(raw).problem
        options = {
            **self.entries("solver"),
            "step": self.stride / problem.lipschitz,
            "atoms": min(self.atoms, *problem.dictionary.shape),
            **(self.overrides.settings or {}),
        }
        chosen = {name: value for name, value in options.items() if name in SOLVERS[self.solver].settings}
        return {**raw, "settings": {**raw["settings"], **chosen}}

    def shown(self) -> Signal:
        """What the signal is a picture of."""
        if self.overrides.data is not None:
            size = len(self.overrides.data["signal"])
            if self.signal == "spikes" and size > 2:  # with the reader's own dictionary, or numbers of their own
                return Signal("curve")
            side = round(size**0.5)
            if size == 2:
                return Signal("plane")
            return Signal("image", (side, side)) if side * side == size and side > 3 else Signal("curve")
        if self.signal in _TOYS:
            return Signal("plane")
        if self.signal == "spikes":
            return Signal("curve")
        side = 16 if self.signal == "patch16" else 8
        return Signal("image", (side, side))

    def fitting(self) -> dict[str, str]:
        """The dictionaries that suit the signal; none to choose for the toys."""
        return {name: DICTIONARIES[name] for name in _FITTING.get(self.signal, ())}

    def with_learned(self, atoms: Array) -> MapSettings:
        """The same signal with the dictionary just learned on the other page, (D, K); other signals may follow."""
        return replace(self, dictionary=JUST_LEARNED).bare().overriding(dictionary={"atoms": atoms.tolist()})

    def with_dictionary(self, dictionary: Array) -> MapSettings:
        """The same signal with the reader's own dictionary."""
        data = self._data() if self.overrides.data is None else self.overrides.data
        return self.bare().overriding(data={**data, "dictionary": dictionary.tolist()})

    def dictionaries(self, signal: str) -> dict[str, str]:
        """Those that suit a signal of this kind."""
        return {name: DICTIONARIES[name] for name in _FITTING[signal]}

    def with_signal(self, raw: Array, signal: str, dictionary: str) -> MapSettings:
        """A signal of the reader's own, (D,), of this kind, and one of the dictionaries that suit it."""
        values, offset = signals.standardised(raw)
        if signal == "spikes":
            atoms = dictionaries.for_series(dictionary, len(values))
        else:
            atoms = dictionaries.for_patches(dictionary, round(len(values) ** 0.5))
        data = {"signal": values.tolist(), "dictionary": atoms.tolist(), "offset": offset.tolist()}
        settings = for_signal(self, signal)
        # at λ max and above nothing would be seen: a tenth of it shows most of the signal
        most = float(np.abs(atoms.T @ (values - offset)).max())
        penalty = max(min(settings.penalty, float(f"{most / 10:.1g}")), self.numbers()["penalty"].low)
        return replace(settings, dictionary=dictionary, penalty=penalty).overriding(data=data)

    def next_signal(self) -> MapSettings:
        """The next signal of this kind; the toy's goes a little further round."""
        settings, numbers = self.bare(), self.numbers()
        if settings.signal not in _TOYS:
            return replace(settings, number=(settings.number + 1) % _NUMBERS)
        turned = complex(settings.v1, settings.v2) * complex(0.8, 0.6)
        within = {
            name: round(min(max(value, numbers[name].low), numbers[name].high), 2)
            for name, value in (("v1", turned.real), ("v2", turned.imag))
        }
        return replace(settings, **within)  # type: ignore[arg-type]

    @property
    def learned(self) -> list[list[float]] | None:
        """The dictionary taken over from the other page."""
        return (self.overrides.dictionary or {}).get("atoms")

    def takes(self, dictionary: Array) -> bool:
        """Whether these atoms are pictures of the signal's size."""
        shown = self.shown()
        return not self.imported and shown.kind == "image" and shown.shape[0] * shown.shape[1] == len(dictionary)

    @classmethod
    def of_experiment(cls, raw: Any) -> tuple[MapSettings, int]:
        """Settings and steps of an experiment file. Raises `InvalidExperiment`."""
        limits.check(raw, 0, "steps")
        experiment = SparseCodingExperiment.parse(raw)
        complete = experiment.to_json()
        problem, own = experiment.problem, complete["settings"]
        cls.check_entries("settings", own)
        shown, kept = _controls({name: own[name] for name in SOLVERS[experiment.solver].settings}, problem)
        overrides = MapOverrides(complete["data"], complete["start"], kept or None)
        settings = cls(**cls.of_entries("settings", own), overrides=overrides)
        return replace(settings, **shown), experiment.steps

    def _data(self) -> dict[str, Any]:
        if self.dictionary == JUST_LEARNED:
            if self.learned is None:
                valid = "a dictionary learned in this session, on the page Dictionary learning"
                raise InvalidExperiment("dictionary", JUST_LEARNED, valid)
            return {
                **_data(self.signal, "cosine", self.v1, self.v2, self.angle, self.number),
                "dictionary": self.learned,
            }
        fitting = self.fitting()
        if fitting and self.dictionary not in fitting:
            raise InvalidExperiment("dictionary", self.dictionary, f"one of {', '.join(fitting)} for this signal")
        return _data(self.signal, self.dictionary, self.v1, self.v2, self.angle, self.number)


def _data(signal: str, dictionary: str, v1: float, v2: float, angle: float, number: int) -> dict[str, Any]:
    """signal, dictionary and offset as an experiment file holds them."""
    if signal in _TOYS:
        return {"signal": [v1, v2], "dictionary": dictionaries.fan(2 + (signal == "toy3"), angle).tolist()}
    if signal == "spikes":
        values, _ = signals.spike_train(_SAMPLES, 6, 0.05, number)
        atoms, offset = dictionaries.for_series(dictionary, _SAMPLES), np.zeros(_SAMPLES)
    else:
        side = 16 if signal == "patch16" else 8
        raw = signals.digits()[number] if signal == "digit" else signals.patches(side, _NUMBERS, 0)[number]
        values, offset = signals.standardised(raw)
        atoms = dictionaries.for_patches(dictionary, side)
    return {"signal": values.tolist(), "dictionary": atoms.tolist(), "offset": offset.tolist()}


def _controls(options: dict[str, Any], problem: Problem) -> tuple[dict[str, Any], dict[str, Any]]:
    """A solver's settings as far as controls say exactly the same, and the rest, which stays as the file has it."""
    kept, numbers = dict(options), MapSettings.numbers()
    shown: dict[str, Any] = {}
    if "step" in kept:
        stride = round(kept["step"] * problem.lipschitz, 10)
        if numbers["stride"].holds(stride) and stride / problem.lipschitz == kept["step"]:
            shown["stride"] = stride
            del kept["step"]
    if "restart" in kept:
        shown["restart"] = kept.pop("restart")
    if kept.get("tau") == 1 and numbers["dt"].holds(kept["dt"]):
        shown["dt"] = kept.pop("dt")
        del kept["tau"]
    if "atoms" in kept and numbers["atoms"].holds(kept["atoms"]):
        shown["atoms"] = kept.pop("atoms")
    return shown, kept
