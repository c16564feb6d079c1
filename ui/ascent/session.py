"""The session of the page of coordinate ascent."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from em_core.observe.plane import is_exact
from ui.ascent.run import AscentRun
from ui.ascent.settings import AscentSettings
from ui.ascent.words import ANNEALED
from ui.em.recipes import RECIPES
from ui.em.session import EmSession


class AscentSession(EmSession):
    """Settings, run and place of one reader of the page."""

    key: ClassVar[str] = "ascent"
    kind: ClassVar = AscentSettings
    runs: ClassVar = AscentRun
    plain: ClassVar = {}
    # here T leaves its mark round after round
    recipes: ClassVar = RECIPES | {"annealed": replace(RECIPES["annealed"], word=lambda model: "TM", sentence=ANNEALED)}

    @property
    def beside(self) -> list[str]:
        # a slice has no place for another start
        return [name for name in super().beside if name != "second" or is_exact(self.run.experiment)]
