"""The runs that the tests of all pages draw: one table a page, each run made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from em_core.sparse_coding import SOLVERS
from tests.attack import thinned
from tests.figures.stage_replay import Shown
from tests.pages import PAGES
from ui.dictionary.run import DictionaryRun
from ui.dictionary.settings import DictionarySettings
from ui.dictionary.settings import for_data as dictionary_for
from ui.em.run import EmRun
from ui.em.settings import MODEL_NAMES, EmSettings, data_options, for_model
from ui.map.run import MapRun
from ui.map.settings import MapOverrides, MapSettings, for_signal
from ui.posterior.run import PosteriorRun
from ui.posterior.settings import PosteriorOverrides, PosteriorSettings, for_units
from ui.race.run import RaceRun
from ui.race.settings import RaceSettings
from ui.race.settings import for_model as race_for

BLOBS = EmSettings(data="blobs", points=60)
COINS = for_model(EmSettings(), "binomial_mixture")
LINKAGE = for_model(EmSettings(), "linkage")
WORD = "EMEMEGEBEM"
EM = {
    "old_faithful": EmSettings(),
    "tied": EmSettings(covariance="tied", components=3),
    "diag": EmSettings(covariance="diag", standardize=True),
    "one_dimension": replace(BLOBS, dimensions=1, covariance="spherical"),
    "four_dimensions": replace(BLOBS, dimensions=4, x_axis=3, y_axis=1, components=4),
    "one_component": replace(BLOBS, components=1),
    "eight_components": replace(BLOBS, components=8, covariance="spherical"),
    "coins": COINS,
    "three_coins": replace(COINS, components=3),
    "linkage": LINKAGE,
}
EM |= {
    f"{model}, {data}": replace(for_model(EmSettings(), model), data=data)
    for model in MODEL_NAMES
    for data in data_options(model)
    if model not in ("gaussian_mixture", "binomial_mixture", "linkage")
}
FACTORS = for_model(EmSettings(), "factor_analysis")
EM |= {
    "up the gradient": EmSettings(direction="gradient"),
    "along one coordinate": replace(COINS, direction="coordinate", coordinate=1),
    "at random": replace(FACTORS, direction="random", direction_seed=2),
}
# each model, each shape of its data and θ
EM_FIRST = list({case.model: name for name, case in reversed(EM.items())}.values())
EM_FIRST += ["up the gradient", "tied", "one_dimension", "four_dimensions", "one_component", "eight_components"]


def em_dealt(hand: int, of: int = 3) -> list[Any]:
    """For tests of what the same drawing serves: each file holds another hand of these in every run."""
    return thinned(EM, EM_FIRST[hand::of])


GAUSSIAN = [name for name, case in EM.items() if case.model == "gaussian_mixture"]

TOY, TOY3 = MapSettings(), MapSettings(signal="toy3")
PATCH, SPIKES = for_signal(TOY, "patch8"), for_signal(TOY, "spikes")
STEPS = 6
# every solver on the toy, and every kind of picture with some solver
MAP = {f"toy {name}": replace(TOY, solver=name, restart=name == "fista", atoms=2) for name in SOLVERS} | {
    "toy with the best Gaussian": replace(TOY, gaussian=True),
    "three atoms": TOY3,
    "three atoms, in turn": replace(TOY3, solver="coordinate_descent"),
    "patch": PATCH,
    "patch, in turn": replace(PATCH, solver="coordinate_descent"),
    "patch, lca": replace(PATCH, solver="lca"),
    "large patch": replace(for_signal(TOY, "patch16"), solver="fista"),
    "digit": replace(for_signal(TOY, "digit"), solver="homotopy"),
    "spikes": replace(SPIKES, solver="fista"),
    "zero is best": MapSettings(penalty=10.0),
    "dragged": MapSettings(solver="fista", overrides=MapOverrides(start={"code": [-0.5, 2.0]})),
    "plane, five atoms": TOY.with_dictionary(np.array([[1.0, 0, 0.6, 0.8, -0.6], [0, 1.0, 0.8, 0.6, 0.8]])),
    "plane, one atom": TOY.with_dictionary(np.array([[1.0], [0.5]])),
    "own dictionary": SPIKES.with_dictionary(np.eye(64)[:, :40]),
}


def map_dealt(hand: int, of: int = 3) -> list[Any]:
    """Every solver on the toy, and a hand of the others in every run."""
    others = [name for name in MAP if name.removeprefix("toy ") not in SOLVERS]
    return thinned(MAP, {*MAP} - {*others} | {*others[hand::of]})


ONE, TWO = PosteriorSettings(), for_units(PosteriorSettings(), "two")
WIDE = {"data": {"signal": [1.0, 2.0, 0.5], "dictionary": [[1.0, 0.3], [0.2, -1.0], [0.0, 0.4]], "offset": [0.1, 0, 0]}}
COPIES = {"data": {"signal": [1.0], "dictionary": [[1.0, 1.0]]}}
POSTERIOR = {
    "one": ONE,
    "one, beside 0": replace(ONE, penalty=0.5, v=-3.0),
    "one, strong prior": replace(ONE, penalty=100.0, precision=0.01),
    "one, sharp": replace(ONE, precision=1000.0, v=5.0, w=3.0, width=8.0),
    "one, moved": ONE.at([0.7]),
    "two": TWO,
    "two, narrow": replace(TWO, angle=5.0, precision=1000.0, penalty=0.01),
    "two, blunt": replace(TWO, angle=175.0, width=1e-6),
    "two, both 0": replace(TWO, penalty=10.0),
    "two, moved": TWO.at([-1.0, 2.0]),
    "two from a file": replace(TWO, overrides=PosteriorOverrides(**WIDE)),
    "copies of one atom": replace(TWO, overrides=PosteriorOverrides(**COPIES)),
}

RACE = {
    "every M-step": RaceSettings(words="EM, EN, EL, EC, EB, EA, EG, ES"),
    "rivals, one tempered": RaceSettings(words="squarem, over_relaxed, (TM)2(EM), E(PM), HM", omega=1.9),
    "large steps": RaceSettings(words="EG, ES", step=8.0, stochastic_step=8.0),
    "linkage": race_for(RaceSettings(), "linkage"),
    "belief net": race_for(RaceSettings(words="VM, EM"), "sigmoid_belief_net"),
}
BARS = replace(DictionarySettings(), points=60)
DICTIONARY = {
    "bars": BARS,
    "patches": replace(dictionary_for(BARS, "patches"), atoms=20),
    "digits": replace(dictionary_for(BARS, "digits"), second=False),
    "revived": replace(dictionary_for(BARS, "digits"), dead_atoms="revive"),
    "free": replace(BARS, norm_constraint=False),
}


def learned(settings: DictionarySettings, steps: int = 6) -> DictionaryRun:
    """A run of dictionary learning with so many half-steps."""
    run = DictionaryRun.of(settings)
    run.advance(steps)
    return run


def as_it_opens(page: str) -> Any:
    """The run of a page without settings of its own, with the first half-steps made."""
    (session,) = (each.session.opened({}) for each in PAGES if str(each) == page)
    session.run.advance(STEPS)
    return session.run


_MADE: dict[str, Any] = {}


def _once(page: str, table: dict[str, Any], make: Callable[[Any], Any]) -> Callable[[str], Any]:
    def cached(name: str) -> Any:
        key = f"{page}: {name}"
        if key not in _MADE:
            _MADE[key] = make(table[name])
            _MADE[key].frames()
        return _MADE[key]

    return cached


em_run = _once("em", EM, lambda settings: EmRun.of(settings, WORD))
map_run = _once("map", MAP, lambda settings: MapRun.of(settings, STEPS))
ladder_run = _once("posterior", POSTERIOR, PosteriorRun.of)
dictionary_run = _once("dictionary", DICTIONARY, learned)
race_run = _once("race", RACE, lambda settings: RaceRun.of(settings, STEPS))
opened_run = _once("opened", {str(page): str(page) for page in PAGES}, as_it_opens)
EVERY = {f"{page}, as it opens": (opened_run, str(page)) for page in PAGES}
EVERY |= {f"em, {name}": (em_run, name) for name in EM} | {f"map, {name}": (map_run, name) for name in MAP}
EVERY |= {f"posterior, {name}": (ladder_run, name) for name in POSTERIOR}
EVERY |= {f"race, {name}": (race_run, name) for name in RACE}
EVERY |= {f"dictionary, {name}": (dictionary_run, name) for name in DICTIONARY}
# in every run: every page as it opens, and of each those whose form is most unlike that
_UNLIKE = {
    "em": {"three_coins", "linkage", "up the gradient"},
    "map": {"toy homotopy", "toy with the best Gaussian", "patch"},
    "dictionary": {"patches"},
}
EVERY_KEPT = {f"{page}, as it opens" for page in PAGES} | {
    f"{page}, {name}" for page in _UNLIKE for name in _UNLIKE[page]
}
EVERY_KEPT = thinned(EVERY, EVERY_KEPT)


def shown(run: Any, at: int = -1) -> Shown:
    """What the stage shows of frame `at`."""
    return Shown(run.scene.json, run.frames(), at)


def made(model: str, data: str | None = None, word: str = "EMEM", **changes: Any) -> tuple[Any, ...]:
    """A run of a model, what the stage shows of it, and its last q, its last θ, and its data."""
    settings = for_model(EmSettings(), model)
    run = EmRun.of(replace(settings, data=data or settings.data, **changes), word)
    last = run.trajectory.last.after
    return run, shown(run), last.q, last.theta, run.experiment.data
