"""How often a property is tried: a few hundred fixed cases in the ordinary run, thousands at random by `-m soak`."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager

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


@contextmanager
def in_time(what: object = ""):
    """Fail where the block takes this process more CPU than an ordinary case may."""
    begin = time.process_time()
    yield
    spent = time.process_time() - begin
    assert spent < LONGEST * SLOWER, f"{spent:.1f} s of CPU: {what}"
