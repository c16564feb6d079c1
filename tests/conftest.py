"""What makes all tests faster, and none of them different."""

import gc
import os

# set before NumPy loads: on matrices this small, BLAS threads only wait for one another (a tenfold difference)
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest  # noqa: E402


@pytest.hookimpl(hookwrapper=True)
def pytest_collection(session):
    """Thousands of tests are never garbage: they need not be looked through again and again."""
    gc.disable()
    yield
    gc.enable()
    gc.freeze()
