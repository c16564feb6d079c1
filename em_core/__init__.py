"""EM as coordinate ascent on the evidence lower bound, one half-step at a time; NumPy and SciPy only."""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

# before NumPy loads: matrices here are small, and a threaded BLAS on busy cores takes up to thirty times as long
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

if TYPE_CHECKING:
    from em_core.bound import decompose
    from em_core.files.experiment import Experiment
    from em_core.trajectory import extend, run, start

__all__ = ["Experiment", "decompose", "extend", "run", "start"]

# each is loaded when it is first asked for: a server that has no reader yet needs none
_HOMES = {
    "decompose": "em_core.bound",
    "Experiment": "em_core.files.experiment",
    "extend": "em_core.trajectory",
    "run": "em_core.trajectory",
    "start": "em_core.trajectory",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
