"""What a step says of the view besides its experiment: how that is shown, which no experiment file holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from em_core.files.errors import InvalidExperiment
from em_core.observe.starts import MOST as MOST_STARTS
from ui.ascent.settings import AscentSettings
from ui.dictionary.settings import DictionarySettings
from ui.em.settings import EmSettings
from ui.lessons.records import Step
from ui.look import Look
from ui.map.settings import MapSettings
from ui.posterior.settings import PosteriorSettings
from ui.race.settings import RaceSettings
from ui.settings import Settings, written
from ui.starts.settings import StartsSettings

__all__ = ["MOST_STARTS", "check_shown", "look_of", "names", "settings_of", "shown_of"]

# what a page's settings are
PAGES: dict[str, type[Any]] = {
    "em": EmSettings,
    "ascent": AscentSettings,
    "race": RaceSettings,
    "starts": StartsSettings,
    "map": MapSettings,
    "posterior": PosteriorSettings,
    "dictionary": DictionarySettings,
}
# of the look: `views` are those brought to the front; which are in sight at all, a step says itself
_LOOK = ("views", "spot", "inner", "beat", "unit")
# no experiment file holds the schedules of a race, nor the one that is followed after the moves that were made
_BESIDE = {"em": ("plan",), "ascent": ("plan",), "race": ("words",)}


def names(page: str) -> list[str]:
    """The settings of a page that a step may give: those that only say how a run is shown, and what no file holds."""
    kind = PAGES[page]
    redrawn = [name for name, of in kind.declared().items() if (of.change or kind.mostly).does == "redraws"]
    return [*redrawn, *_BESIDE.get(page, ())]


def shown_of(page: str, settings: Settings, look: Look, raw: Mapping[str, Any], ends: bool) -> dict[str, str]:
    """What a step with this experiment has to say besides for this view to be had back.

    ends: whether the view is of the tape's end, so that what comes next is the schedule's. Raises `InvalidExperiment`
    for an experiment that the page does not take.
    """
    plain, *_ = PAGES[page].of_experiment(raw)
    differing = [name for name in names(page) if getattr(settings, name) != getattr(plain, name)]
    said = {name: written(getattr(settings, name)) for name in differing if ends or name != "plan"}
    look = replace(look, views=()) if look.present else look
    return said | {name: part for name, part in look.query().items() if name in _LOOK}


def settings_of(page: str, settings: Any, shown: Mapping[str, str]) -> Any:
    """A page's settings, of a step's experiment, with what the step says besides. Raises `InvalidExperiment`."""
    for name, declared in settings.declared().items():
        if name in shown:
            settings = replace(settings, **{name: declared.read(settings, name, shown[name])})
    settings.check()
    return settings


def look_of(step: Step, present: bool) -> Look:
    """How a step is looked at when it opens; a view with a figure of its own is brought to the front."""
    asked = {name: step.shown[name] for name in _LOOK if name in step.shown}
    if any("." in view for view in step.views):
        asked.setdefault("views", ",".join(step.views))
    return Look.of_query({**asked, **({"present": "1"} if present else {})}, [])


def check_shown(raw: Any, path: str, page: str, experiment: Mapping[str, Any]) -> dict[str, str]:
    """What a file says under `shown`. Raises `InvalidExperiment`."""
    known = [*names(page), *_LOOK]
    valid = f"texts for {', '.join(known)}, such as an address has them"
    if not isinstance(raw, dict):
        raise InvalidExperiment(path, raw, valid)
    for name, text in raw.items():
        if name not in known or not isinstance(text, str):
            raise InvalidExperiment(f"{path}.{name}", text, valid)
    if not raw:
        return {}
    look: list[str] = []
    Look.of_query({name: raw[name] for name in _LOOK if name in raw}, look)
    if look:
        name = next(name for name in _LOOK if name in raw)
        raise InvalidExperiment(f"{path}.{name}", raw[name], "a place in the view, as an address has it")
    try:
        plain, *_ = PAGES[page].of_experiment(experiment)
        settings_of(page, plain, raw)
    except InvalidExperiment as error:
        field = error.field if error.field in raw else ""
        raise InvalidExperiment(f"{path}.{field}".rstrip("."), error.value, error.valid) from None
    return dict(raw)
