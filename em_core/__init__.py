"""EM as coordinate ascent on the evidence lower bound, one half-step at a time; NumPy and SciPy only."""

import os

# before NumPy loads: matrices here are small, and a threaded BLAS on busy cores takes up to thirty times as long
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
