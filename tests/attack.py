"""How often a property is tried: fixed cases in the ordinary run, more by `-m exhaustive`, thousands by `-m soak`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# `python -m pytest -m soak`; ATTACKS=500 makes it shorter
ATTACKS = int(os.environ.get("ATTACKS", "10000"))
# what one case of ordinary size may cost, in seconds of CPU; machines differ by a factor
LONGEST = 5.0
SLOWER = 4.0

_SHARED = {"deadline": None, "suppress_health_check": list(HealthCheck)}
SOAK = settings(max_examples=ATTACKS, print_blob=True, database=None, **_SHARED)


def ordinary(cases: int) -> settings:
    """The same `cases` in every run."""
    return settings(max_examples=cases, derandomize=True, **_SHARED)


def exhaustive(cases: int) -> Callable[[Any], Any]:
    """As `ordinary`, for a test that runs with `-m exhaustive`; by its name it draws cases of its own."""
    return lambda test: pytest.mark.exhaustive(ordinary(cases)(test))


def thinned(cases: Iterable[Any], kept: Collection[Any]) -> list[Any]:
    """Cases for `parametrize`: those that are kept for every run, and the others for `-m exhaustive`.

    A case of several arguments is a tuple; what is kept may be named by its text.
    """

    def entry(case: Any) -> Any:
        if case in kept or str(case) in kept:
            return case
        return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.exhaustive)

    return [entry(case) for case in cases]


def dealt(cases: Iterable[Any], hand: int, of: int = 4) -> list[Any]:
    """Every fourth case for every run, from number `hand` on, and the others for `-m exhaustive`.

    Files that try much the same on every model hold another hand each: together they meet all of them in every run.
    """
    cases = list(cases)
    return thinned(cases, cases[hand::of])


@contextmanager
def in_time(what: object = ""):
    """Fail where the block takes this process more CPU than an ordinary case may."""
    begin = time.process_time()
    yield
    spent = time.process_time() - begin
    assert spent < LONGEST * SLOWER, f"{spent:.1f} s of CPU: {what}"
