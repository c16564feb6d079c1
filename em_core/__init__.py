"""EM as coordinate ascent on the evidence lower bound, one half-step at a time; NumPy and SciPy only."""

import os

# before NumPy loads: matrices here are small, and a threaded BLAS on busy cores takes up to thirty times as long
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from em_core.bound import decompose  # noqa: E402
from em_core.files.experiment import Experiment  # noqa: E402
from em_core.trajectory import extend, run, start  # noqa: E402

__all__ = ["Experiment", "decompose", "extend", "run", "start"]
