"""Linkage and the coin of unknown origin: a row for each value of h, then the statistics and θ of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from em_core.files.experiment import Experiment
from em_core.observe.beats.shares import LinkageWorking, UnknownOriginWorking
from em_core.observe.beats.working import Beat, Working
from em_core.observe.moment import Moment
from figures.em.data_views import DataView
from figures.em.inside import share_words
from figures.em.inside.ledger import Column, Ledger
from figures.em.inside.picture import InsidePicture, Told
from figures.look import palette, tex
from figures.look.encode import Json


class LinkageInside(InsidePicture):
    """Rows 1/2 and θ/4."""

    draws: ClassVar[type[Working]] = LinkageWorking
    names: ClassVar[Mapping[str, str]] = share_words.LINKAGE

    def __init__(self, experiment: Experiment, view: DataView) -> None:
        super().__init__(experiment, view)
        self.ledger = Ledger("inside", self.rows(), ["$quiet", palette.component(0)])
        self.figure = self.ledger.figure

    def rows(self) -> list[str]:
        return list(share_words.CELLS)

    def changes(self, beat: Beat, upto: Sequence[Beat]) -> Json:
        columns = [column for each in upto for column in self.columns(each)]
        return self.ledger.show(columns, len(self.columns(beat)), beat.at["component"])

    def columns(self, beat: Beat) -> list[Column]:
        """What a beat adds to the table: a number for each row, or statistics and θ for both."""
        what, found = beat.what, beat.found
        if what in ("data", "bound"):
            return []
        if what == "statistics":
            return [Column(f"expected<br>{name}", [tex.plain(count)]) for name, count in found.items()]
        if what == "theta":
            return [Column("new<br>θ", [tex.plain(float(found))])]
        logs = beat.values.get(f"log_{what}")
        texts = [tex.plain(each) for each in found] if logs is None else [tex.plain_of_log(log) for log in logs]
        return [Column(share_words.COLUMNS[what], texts, found)]

    def told(self, beat: Beat, moment: Moment) -> Told:
        return share_words.linkage(beat)


class UnknownOriginInside(LinkageInside):
    """Rows: the known coin, the free one."""

    draws: ClassVar[type[Working]] = UnknownOriginWorking
    names: ClassVar[Mapping[str, str]] = share_words.UNKNOWN_ORIGIN

    def rows(self) -> list[str]:
        return [f"{self.experiment.data.other:g}", "θ"]

    def told(self, beat: Beat, moment: Moment) -> Told:
        return share_words.unknown_origin(beat)
