"""What the reader of the page of coordinate ascent has chosen: the EM page's settings, which begin elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from ui.ascent import words
from ui.em.settings import OF_THE_BOUND, EmSettings
from ui.settings import Change, Declared, otherwise, toggle

_NOT_HERE = (*OF_THE_BOUND, "broken")


@dataclass(frozen=True)
class AscentSettings(EmSettings):
    """As on the EM page; at first with a model whose q and θ are one number each."""

    model: str = otherwise(EmSettings, "model", "coin_of_unknown_origin")
    data: str = otherwise(EmSettings, "data", "coin_of_unknown_origin")
    start: str = otherwise(EmSettings, "start", "published")
    second: bool = toggle(False, words.SECOND, words.SECOND_HELP, change=Change("redraws"))

    @property
    def beside(self) -> dict[str, bool]:
        return {"second": self.second, **super().beside}

    @classmethod
    def declared(cls) -> dict[str, Declared]:
        """Without directions of the bound, and what is wrong on purpose: the plane is that of EM as it is."""
        return {name: declared for name, declared in super().declared().items() if name not in _NOT_HERE}
