"""What of a page can be heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from figures.look.encode import Json


@dataclass(frozen=True)
class Tones:
    """Numbers that can be heard, each by its slot, and by the address of the series of its values where it has one.

    label, title: of the button that turns the sound on and off. centre: where they meet, if that is not the highest of
    all, and how far from there the last pitch is: what is above has a higher one, what is below a lower one.
    """

    label: str
    title: str
    of: Sequence[tuple[str, str | None]]
    centre: tuple[float, float] | None = None

    def json(self) -> Json:
        return {**vars(self), "of": [{"slot": slot, "series": series} for slot, series in self.of]}
