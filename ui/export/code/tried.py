"""A script run once, for as long as seconds, beside the run that it is of."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

# relative to the number, or to 1 where that is larger
AGREES = 1e-9
SECONDS = 3.0

Row = Sequence[Any]


class _Enough(Exception):
    """No more lines are asked for."""


def _printed(text: str) -> tuple[list[tuple[Any, ...]], str]:
    """What the script prints, a tuple a line, and what it broke off with, "" for none."""
    lines: list[tuple[Any, ...]] = []
    end = time.monotonic() + SECONDS

    def keep(*line: Any, sep: str) -> None:
        lines.append(line)
        if time.monotonic() > end:
            raise _Enough

    with np.errstate(all="ignore"):
        try:
            exec(compile(text, "<script>", "exec"), {"print": keep})
        except _Enough:
            return lines, ""
        except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
            return lines, str(error)
    return lines, ""


def differing(text: str, run: Sequence[Row]) -> tuple[str, ...]:
    """The first line in which script and run differ, said in words; nothing where they agree.

    run: for each half-step its numbers, at the end of the script's line; None where there is none.
    """
    lines, broke = _printed(text)
    for index, (line, numbers) in enumerate(zip(lines, run, strict=False)):
        for printed, number in zip(line[-len(numbers) :], numbers, strict=True):
            if number is not None and not _agree(float(printed), number):
                said = f"{float(printed):.12g} in the script and {number:.12g} in the run"
                return (f"half-step {index} has {said}: plain formulas lose digits on these numbers",)
    return (f"the script breaks off at half-step {len(lines)}: {broke}",) if broke else ()


def _agree(printed: float, number: float) -> bool:
    return printed == number or math.isclose(printed, number, rel_tol=AGREES, abs_tol=AGREES)
