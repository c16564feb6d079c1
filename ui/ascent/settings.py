"""What the reader of the page of coordinate ascent has chosen: the EM page's settings, which begin elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from ui.em.settings import EmSettings
from ui.settings import Declared, otherwise


@dataclass(frozen=True)
class AscentSettings(EmSettings):
    """As on the EM page; at first with a model whose q and θ are one number each."""

    model: str = otherwise(EmSettings, "model", "coin_of_unknown_origin")
    data: str = otherwise(EmSettings, "data", "coin_of_unknown_origin")
    start: str = otherwise(EmSettings, "start", "published")

    @classmethod
    def declared(cls) -> dict[str, Declared]:
        """Without what is wrong on purpose: the plane is that of EM as it is."""
        return {name: declared for name, declared in super().declared().items() if name != "broken"}
