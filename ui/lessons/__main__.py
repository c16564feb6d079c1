"""python -m ui.lessons [FOLDER ...]: replay all lessons and say what in them is not so."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ui.lessons.check import problems
from ui.lessons.library import library


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 where everything in every file holds; 1 otherwise, with a line for each problem."""
    found = library(sys.argv[1:] if arguments is None else arguments)
    wrong = [*found.broken, *(problem for lesson in found.lessons.values() for problem in problems(lesson))]
    for problem in wrong:
        print(problem, file=sys.stderr)
    if not wrong:
        steps = sum(len(lesson.steps) for lesson in found.lessons.values())
        print(f"{len(found.lessons)} lessons, {steps} steps: all that they say holds.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
