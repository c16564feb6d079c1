"""What the reader of the MAP page has chosen, as one record, and its forms as experiment file and address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Array
from em_core.sparse_coding import SOLVERS, Problem
from em_core.sparse_coding.experiment import SparseCodingExperiment
from em_core.sparse_coding.learning import dictionaries, signals
from figures.map.signal import Signal
from ui import limits, links
from ui.links import Limit

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
LIMITS = {
    "v1": Limit(-3, 3),
    "v2": Limit(-3, 3),
    "angle": Limit(5, 175),
    "number": Limit(0, 199),
    "penalty": Limit(1e-4, 1e3),
    "precision": Limit(1e-2, 1e3),
    "stride": Limit(0.05, 2.5),
    "dt": Limit(0.01, 2.5),
    "atoms": Limit(1, 64),
}
_GIVEN = ("settings", "data", "start", "dictionary")
_SAMPLES = 64


@dataclass(frozen=True)
class MapSettings:
    """Everything that the sidebar shows. `given` holds what no control describes: a dragged start, imported data.

    stride: the step of ISTA and FISTA in units of 1/‖βWᵀW‖₂; angle: between the toy's first two atoms, in degrees.
    """

    signal: str = "toy2"
    dictionary: str = "learned"
    v1: float = 1.5
    v2: float = 0.7
    angle: float = 50.0
    number: int = 3
    penalty: float = 0.7
    precision: float = 1.0
    solver: str = "ista"
    stride: float = 1.0
    restart: bool = False
    dt: float = 0.1
    atoms: int = 10
    given: Mapping[str, Any] | None = None

    def experiment(self, steps: int) -> dict[str, Any]:
        """The experiment file for these settings, with so many steps. Raises `InvalidExperiment`."""
        given = self.given or {}
        data = given["data"] if "data" in given else self._data()
        options: dict[str, Any] = dict(given.get("settings", {}))
        raw = {
            "model": "sparse_coding",
            "settings": {"solver": self.solver, "lambda": self.penalty, "beta": self.precision},
            "data": data,
            "steps": steps,
        }
        if "start" in given and not SOLVERS[self.solver].from_zero:
            raw["start"] = given["start"]
        experiment = SparseCodingExperiment.parse(raw)
        mine = {
            "step": self.stride / experiment.problem.lipschitz,
            "restart": self.restart,
            "dt": self.dt,
            "atoms": min(self.atoms, *experiment.problem.dictionary.shape),
        }
        chosen = {name: value for name, value in (mine | options).items() if name in SOLVERS[self.solver].settings}
        return {**raw, "settings": {**raw["settings"], **chosen}}

    @property
    def imported(self) -> bool:
        """Whether signal and dictionary come from a file that the reader opened."""
        return "data" in (self.given or {})

    def shown(self) -> Signal:
        """What the signal is a picture of."""
        if self.imported:
            size = len(self.given["data"]["signal"])  # type: ignore[index]
            if self.signal == "spikes" and size == _SAMPLES:  # with the reader's own dictionary
                return Signal("curve")
            side = round(size**0.5)
            if size == 2:
                return Signal("plane")
            return Signal("image", (side, side)) if side * side == size and side > 3 else Signal("curve")
        if self.signal in ("toy2", "toy3"):
            return Signal("plane")
        if self.signal == "spikes":
            return Signal("curve")
        side = 16 if self.signal == "patch16" else 8
        return Signal("image", (side, side))

    def fitting(self) -> dict[str, str]:
        """The dictionaries that suit the signal; none to choose for the toys."""
        return {name: DICTIONARIES[name] for name in _FITTING.get(self.signal, ())}

    def without_start(self) -> MapSettings:
        """The same with a start that was dragged given up."""
        kept = {key: value for key, value in (self.given or {}).items() if key != "start"}
        return replace(self, given=kept or None)

    def with_learned(self, atoms: Array) -> MapSettings:
        """The same signal with the dictionary just learned on the other page, (D, K); other signals may follow."""
        return replace(self, dictionary=JUST_LEARNED, given={"dictionary": {"atoms": atoms.tolist()}})

    def with_dictionary(self, dictionary: Array) -> MapSettings:
        """The same signal with the reader's own dictionary."""
        data = dict(self.given["data"] if self.imported else self._data())  # type: ignore[index]
        return replace(self, given={"data": {**data, "dictionary": dictionary.tolist()}})

    @property
    def learned(self) -> list[list[float]] | None:
        """The dictionary taken over from the other page."""
        return (self.given or {}).get("dictionary", {}).get("atoms")

    def takes(self, dictionary: Array) -> bool:
        """Whether these atoms are pictures of the signal's size."""
        shown = self.shown()
        return not self.imported and shown.kind == "image" and shown.shape[0] * shown.shape[1] == len(dictionary)

    def _data(self) -> dict[str, Any]:
        if self.dictionary == JUST_LEARNED:
            if self.learned is None:
                valid = "a dictionary that was learned in this session, on the page Dictionary learning"
                raise InvalidExperiment("dictionary", JUST_LEARNED, valid)
            return {
                **_data(self.signal, "cosine", self.v1, self.v2, self.angle, self.number),
                "dictionary": self.learned,
            }
        fitting = self.fitting()
        if fitting and self.dictionary not in fitting:
            raise InvalidExperiment("dictionary", self.dictionary, f"one of {', '.join(fitting)} for this signal")
        return _data(self.signal, self.dictionary, self.v1, self.v2, self.angle, self.number)


def for_signal(settings: MapSettings, signal: str) -> MapSettings:
    """The settings after a change of signal: a dictionary and λ that suit it."""
    dictionary = _FITTING.get(signal, (settings.dictionary,))[0]
    penalty = {"patch8": 1.0, "patch16": 2.0, "digit": 1.0}.get(signal, 0.7)
    return replace(settings, signal=signal, dictionary=dictionary, penalty=penalty, precision=1.0, given=None)


def _data(signal: str, dictionary: str, v1: float, v2: float, angle: float, number: int) -> dict[str, Any]:
    """signal, dictionary and offset as an experiment file holds them."""
    if signal in ("toy2", "toy3"):
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


_NUMBERS = int(LIMITS["number"].high) + 1


def of_experiment(raw: Any) -> tuple[MapSettings, int]:
    """Settings and steps of an experiment file. Raises `InvalidExperiment`."""
    limits.check(raw, 0, "steps")
    experiment = SparseCodingExperiment.parse(raw)
    complete = experiment.to_json()
    problem, own = experiment.problem, complete["settings"]
    for name, value in (("penalty", problem.penalty), ("precision", problem.precision)):
        LIMITS[name].check(f"settings.{ {'penalty': 'lambda', 'precision': 'beta'}[name] }", value)
    shown, kept = _controls({name: own[name] for name in SOLVERS[experiment.solver].settings}, problem)
    given = {"data": complete["data"], "start": complete["start"]} | ({"settings": kept} if kept else {})
    settings = MapSettings(solver=experiment.solver, penalty=problem.penalty, precision=problem.precision, given=given)
    return replace(settings, **shown), experiment.steps


def _controls(options: dict[str, Any], problem: Problem) -> tuple[dict[str, Any], dict[str, Any]]:
    """A solver's settings as far as controls say exactly the same, and the rest, which stays as the file has it."""
    kept = dict(options)
    shown: dict[str, Any] = {}
    if "step" in kept:
        stride = round(kept["step"] * problem.lipschitz, 10)
        if _within("stride", stride) and stride / problem.lipschitz == kept["step"]:
            shown["stride"] = stride
            del kept["step"]
    if "restart" in kept:
        shown["restart"] = kept.pop("restart")
    if kept.get("tau") == 1 and _within("dt", kept["dt"]):
        shown["dt"] = kept.pop("dt")
        del kept["tau"]
    if "atoms" in kept and _within("atoms", kept["atoms"]):
        shown["atoms"] = kept.pop("atoms")
    return shown, kept


def _within(name: str, value: float) -> bool:
    return LIMITS[name].low <= value <= LIMITS[name].high


def to_query(settings: MapSettings, steps: int, cursor: int) -> dict[str, str]:
    """The query parameters of a view: what differs from the defaults, the number of steps and the cursor."""
    default = replace(for_signal(MapSettings(), settings.signal), signal=MapSettings().signal)
    query = links.query_of(settings, default)
    if steps:
        query |= {"steps": str(steps), "cursor": str(cursor)}
    return query


def from_query(query: Mapping[str, str], most: int) -> tuple[MapSettings, int, int | None, list[str]]:
    """Settings, steps (at most `most`) and cursor from an address, and a message for each part that makes no sense."""
    settings, messages = links.settings_of(query, MapSettings(), _read, _take)
    steps = 0
    if "steps" in query:
        try:
            steps = int(links.read_number("steps", query["steps"], Limit(0, most), whole=True))
        except InvalidExperiment as error:
            messages.append(f"Link: {error}. The run starts anew.")
    return settings, steps, links.read_cursor(query, steps, messages), messages


def _take(settings: MapSettings, name: str, value: Any) -> MapSettings:
    return for_signal(settings, value) if name == "signal" else replace(settings, **{name: value})


def _read(settings: MapSettings, name: str, kind: str, text: str) -> Any:
    options = {
        "signal": SIGNALS,
        "dictionary": {**(settings.fitting() or DICTIONARIES), JUST_LEARNED: ""},
        "solver": SOLVERS,
        "restart": ("yes", "no"),
    }
    if name == "given":
        return links.unpacked(text, _GIVEN)
    if name in options:
        choice = links.read_choice(name, text, options[name])
        return choice == "yes" if name == "restart" else choice
    return links.read_number(name, text, LIMITS[name], kind == "int")
