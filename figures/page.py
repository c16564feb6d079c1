"""What the scenes of all pages share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from em_core.observe.ghost import Ghost
from figures.compared.card import Card, Quantity
from figures.compared.words import KEEP, STOP
from figures.look.encode import Json
from figures.scene import Scene, Tool, digest


class PageScene:
    """An id that costs no drawing, and the scene, drawn when it is asked for.

    described: all that the scene depends on, as JSON. compared: the numbers by which a kept run is compared with the
    one on the page; none where no run can be kept. beside: the view in whose place, and before which, that is drawn.
    """

    compared: Sequence[Quantity] = ()
    beside: ClassVar[str] = ""
    # what a half-step is called
    step: ClassVar[str] = "Half-step"

    def __init__(self, described: Any) -> None:
        self._own = self.id = digest(json.dumps(described, sort_keys=True))
        self._json: Json | None = None
        # where a run is kept
        self.card: Card | None = None

    def scene(self) -> Scene:
        raise NotImplementedError

    def before(self, ghost: Ghost | None) -> Json:
        """What the page's own pictures show of the kept run, None for none."""
        return {}

    def compare(self, on: bool) -> None:
        """Whether a kept run is drawn beside."""
        if on is (self.card is None):
            self.card = Card(self.compared) if on else None
            self.id = digest(f"{self._own}/compared") if on else self._own
            self._json = None

    @property
    def json(self) -> Json:
        if self._json is None:
            scene = self.scene()
            if self.compared:
                scene = replace(scene, tools=[*scene.tools, Tool(*(STOP if self.card else KEEP))])
            if self.card:
                scene = self.card.within(scene, self.beside)
            self._json = {"id": self.id, **scene.json()}
        return self._json
