"""What the reader of the starts has chosen: the EM page's settings, and how many starts there are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from em_core.observe.starts import MOST, NUMBER
from ui.em import settings as em
from ui.em.settings import OF_THE_BOUND, EmSettings
from ui.settings import Change, Declared, otherwise, slider

# of the EM page's settings those that many starts have no use for
_NOT_HERE = ("compare", "rates", *OF_THE_BOUND, "x_axis", "y_axis", "start", "broken")
# of the Gaussian mixture that the page opens with: two of them find each other from any start
_COMPONENTS = 3
# the same runs, more or fewer of them
_AS_MANY = Change("redraws")


def for_model(settings: StartsSettings, model: str) -> StartsSettings:
    """The settings after a change of model: every start is drawn, also where one was published."""
    found: Any = em.for_model(settings, model)
    components = _COMPONENTS if model == StartsSettings.model else found.components
    return replace(found, start="random", components=components)


@dataclass(frozen=True)
class StartsSettings(EmSettings):
    """As on the EM page, from which all that describes model, data, schedule and moves comes."""

    model: str = otherwise(EmSettings, "model", "gaussian_mixture", then=for_model)
    components: int = otherwise(EmSettings, "components", _COMPONENTS)
    number: int = slider(
        1,
        MOST,
        NUMBER,
        "Starts S",
        whole=True,
        help="How many random starts: the first has the seed below, each of the others the next one.",
        change=_AS_MANY,
    )

    @classmethod
    def declared(cls) -> dict[str, Declared]:
        return {name: declared for name, declared in super().declared().items() if name not in _NOT_HERE}

    def experiment(self, moves: str = "") -> dict[str, Any]:
        """The experiment file for these settings: without a start, because every seed draws its own."""
        return EmSettings.experiment(self.without("start"), moves)

    def opened(self, seed: int, start: Any) -> EmSettings:
        """The EM page's settings for the run of one start."""
        shared = {name: getattr(self, name) for name in EmSettings.declared()}
        return EmSettings(**shared | {"overrides": self.overriding(start=start).overrides, "seed": seed})

    @classmethod
    def of_experiment(cls, raw: Any) -> tuple[Any, ...]:
        """Settings of an experiment file, whose own start and tape have no part here. Raises `InvalidExperiment`."""
        settings, *_ = super().of_experiment(raw)
        return (replace(settings.without("start"), start="random"),)
