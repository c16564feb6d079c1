"""What a session does with the run that its reader keeps to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from em_core.files.errors import InvalidExperiment
from ui import words
from ui.kept import KEPT, Kept, beside, described, same, unpacked
from ui.lessons.taught import Taught
from ui.player import Player
from ui.settings import Settings, fits


class Comparing:
    """The part of a session that keeps a run, and has it drawn beside whatever run is on the page."""

    kind: ClassVar[type[Settings]]
    runs: ClassVar[Any]
    settings: Any
    run: Any
    player: Player
    messages: list[str]
    kept: Kept | None = None
    taught: Taught | None
    _too_long = False  # whether the kept run was left out of the address

    def redraws(self, wanted: Any, changed: set[str]) -> None:
        raise NotImplementedError

    def _compare(self) -> None:
        """Keep the run on the page, and have one that is the same go on in its place; or let go of the one kept."""
        if self.kept is None:
            query = {**self.settings.query(), **self.run.query(0)}
            kept = Kept(self.settings, self.run, described(query))
            self.redraws(self.settings, set())
            self.kept = kept
        else:
            self.kept = None

    def _stand_beside(self) -> None:
        """Draw the kept run beside the one on the page."""
        # while a room's question is open the kept run, which may have gone the same way and further, is away
        away = self.kept is None or self.player.asked is not None
        wanted = None if away or self.kept is None else beside(self.kept, self.settings, self.run)
        if not same(self.run.versus, wanted):
            self.run.compare(wanted)

    def _with_kept(self, query: dict[str, str]) -> dict[str, str]:
        """The address of the view, with the kept run where that still fits a link; where not, it is said once."""
        if self.kept is None or self.taught:
            self._too_long = False
            return query
        both = {**query, KEPT: self.kept.packed(query)}
        too_long = fits(query) and not fits(both)
        if too_long and not self._too_long:
            self.messages.append(words.KEPT_TOO_LONG)
        self._too_long = too_long
        return query if too_long else both

    def _take_kept(self, query: Mapping[str, str]) -> None:
        """Keep the run that an address holds beside its own; what makes no sense becomes a message."""
        if KEPT not in query:
            return
        try:
            told = unpacked(query)
            settings, messages = self.kind.of_query(told)
            tape, _ = self.runs.read(told, messages)
            if messages or not self.run.scene.compared:
                raise InvalidExperiment(KEPT, query[KEPT], "the run to compare with that this app wrote into a link")
            self.kept = Kept(settings, self.runs.reopening(settings, *tape), told)
            self._stand_beside()
        except InvalidExperiment as error:
            self.messages.append(words.link(error, words.NOT_KEPT))
