"""A run as a tape: it grows half-step by half-step, with a light frame for each and whole ones for what is in view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Json = dict[str, Any]

# a whole frame at the tape's end holds what changed since the whole frame before it; one that is filled in later, and
# the first of each group, hold everything
GROUP = 20
# so many whole frames are kept; those farthest from what is in view are given up, group by group
KEPT = 120


def never() -> bool:
    """Time does not run out."""
    return False


class Tape:
    """What the runs of all pages share. A subclass says how a half-step is made and how its frame is drawn.

    `late` says when to pause: it is asked after each half-step, so that at least one is made.
    """

    def __init__(self) -> None:
        self._light: list[Json] = []
        self._whole: dict[int, Json] = {}

    # --- what a page says ---------------------------------------------------------------------------------------
    def __len__(self) -> int:
        raise NotImplementedError

    @property
    def ended(self) -> str | None:
        """Why Play and End stop at the last half-step."""
        raise NotImplementedError

    @property
    def remaining(self) -> int:
        """Half-steps of a tape that is being opened again which are still to be made."""
        raise NotImplementedError

    def step(self) -> bool:
        """Make the next half-step; False where none can follow."""
        raise NotImplementedError

    def gather(self) -> None:
        """Bring `_light` in line with the half-steps: `cut` what no longer holds, and add what is new."""
        raise NotImplementedError

    def draw(self, index: int, key: bool) -> Json:
        """The whole frame of a half-step. key: it holds everything, also what is as in the frame before."""
        raise NotImplementedError

    # --- growing ------------------------------------------------------------------------------------------------
    def advance(self, to: int, late: Callable[[], bool] = never) -> None:
        """Make half-steps until number `to` is there, no more can follow, or it is late."""
        while len(self) <= to and self._grown() and not late():
            pass

    def ahead(self, most: int, late: Callable[[], bool] = never) -> None:
        """Make half-steps to the end, to number `most`, or until it is late."""
        while self.ended is None and len(self) <= most and self._grown() and not late():
            pass

    def reopen(self, late: Callable[[], bool] = never) -> None:
        """Go on with the tape that is being opened again."""
        while self.remaining and self._grown() and not late():
            pass

    def _grown(self) -> bool:
        """Make a half-step and its light frame, which counts to the time that it takes."""
        grown = self.step()
        self.gather()
        return grown

    # --- frames -------------------------------------------------------------------------------------------------
    def frames(self, view: Sequence[int] | None = None) -> list[Json]:
        """A frame for every half-step: those of `view` are whole (None: all), others may be.

        A frame is drawn once, as long as it is kept.
        """
        self.gather()
        for index in range(len(self)) if view is None else view:
            if 0 <= index < len(self) and index not in self._whole:
                later = view is not None and index < len(self) - 1
                key = later or index % GROUP == 0 or index - 1 not in self._whole
                self._whole[index] = self.draw(index, key)
        if view is not None:
            self.forget(view)
        return [self._whole.get(index, light) for index, light in enumerate(self._light)]

    def cut(self, length: int) -> None:
        """Give up the frames from number `length` on."""
        if length < len(self._light):
            self._light = self._light[:length]
            self._whole = {index: frame for index, frame in self._whole.items() if index < length}

    def forget(self, view: Sequence[int]) -> None:
        """Give up whole frames far from those of `view`, where there are too many."""
        if len(self._whole) <= KEPT:
            return
        near = {index // GROUP for index in view}
        groups = {index // GROUP for index in self._whole} - near
        for group in sorted(groups, key=lambda group: min(abs(group - other) for other in near), reverse=True):
            if len(self._whole) <= KEPT:
                break
            # the next group begins with a frame that holds everything
            self._whole = {index: frame for index, frame in self._whole.items() if index // GROUP != group}
