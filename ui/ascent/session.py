"""The session of the page of coordinate ascent."""

from __future__ import annotations

from typing import ClassVar

from em_core.observe.plane import is_exact
from ui.ascent.run import AscentRun
from ui.ascent.settings import AscentSettings
from ui.em.session import EmSession


class AscentSession(EmSession):
    """Settings, run and place of one reader of the page."""

    key: ClassVar[str] = "ascent"
    kind: ClassVar = AscentSettings
    runs: ClassVar = AscentRun

    @property
    def beside(self) -> list[str]:
        # a slice has no place for another start
        return [name for name in super().beside if name != "second" or is_exact(self.run.experiment)]
