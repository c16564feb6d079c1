"""A run whose tape is a number: the same steps in the same order, as many as were made."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any, Self

from ui import limits, words
from ui.tape import Json, Tape, read_cursor, read_number


class Counted(Tape):
    """A subclass puts the first of its `steps` there, makes the next (`make`), and says why none follows (`reason`).

    Its scene has `light(step, ended)` and `whole(light, step)`. planned: the number of the last step of a run that is
    being opened again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Any] = []
        self.planned = 0
        # why none follows each, as its frame says
        self._reasons: list[str | None] = []

    # --- what a page says ---------------------------------------------------------------------------------------
    def make(self) -> Any:
        """The step after the last one."""
        raise NotImplementedError

    def reason(self, step: Any) -> str | None:
        """Why no step can follow this one, the last."""
        raise NotImplementedError

    # --- the tape -----------------------------------------------------------------------------------------------
    @staticmethod
    def read(query: Mapping[str, str], messages: list[str]) -> tuple[tuple[int], int | None]:
        """The number of steps in an address, and the cursor."""
        steps = read_number(query, "steps", limits.LONGEST, messages, words.FROM_THE_START)
        return (steps,), read_cursor(query, steps, messages)

    @staticmethod
    def cut_short(steps: int = 0) -> list[str]:
        """Say what the page leaves out of a long file."""
        return limits.cut_short("The file", steps, "steps")

    def query(self, cursor: int) -> dict[str, str]:
        return {"steps": str(self.tape), "cursor": str(cursor)} if self.tape else {}

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def tape(self) -> int:
        """How many steps are made, and planned of a run that is being opened again."""
        return len(self) - 1 + self.remaining

    @property
    def taped(self) -> tuple[int]:
        """What `reopening` makes it of again."""
        return (self.tape,)

    def changed(self, before: tuple[int]) -> bool:
        return self.tape < before[0]

    def seen(self) -> list[Any]:
        return list(self.steps)

    @property
    def remaining(self) -> int:
        return max(0, self.planned - len(self) + 1) if self.ended is None else 0

    @property
    def ended(self) -> str | None:
        """Why no step can follow the last one."""
        found = self.reason(self.steps[-1])
        return found or (limits.full("steps") if len(self) > limits.LONGEST else None)

    def step(self) -> bool:
        """Make the next step."""
        if self.ended is not None:
            return False
        self.steps.append(self.make())
        return True

    def twin(self) -> Self:
        made = super().twin()
        made.steps, made._reasons = copy(self.steps), [*self._reasons]
        return made

    def gather(self) -> None:
        last, ended = len(self) - 1, self.ended
        if self._reasons and self._reasons[-1] != (ended if len(self._reasons) == len(self) else None):
            self._reasons.pop()
        self.cut(len(self._reasons))
        for index in range(len(self._reasons), len(self)):
            self._reasons.append(ended if index == last else None)
            self.add(self.scene.light(self.steps[index], self._reasons[index]))

    def cut(self, length: int) -> None:
        super().cut(length)
        self._reasons = self._reasons[: len(self._light)]

    def draw(self, index: int, key: bool) -> Json:
        drawn: Json = self.scene.whole(self._light[index], self.steps[index])
        return drawn
