"""What makes all tests faster, and none of them different; and half of them, for those who have half the time."""

import gc
import hashlib
import os

# set before NumPy loads: on matrices this small, BLAS threads only wait for one another (a tenfold difference)
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--half", metavar="TEXT", help="half of the tests, by lot: the same half for the same text")


def pytest_collection_modifyitems(config, items):
    by = config.getoption("--half", None)
    if by:
        drawn = [hashlib.sha256(f"{by} {item.nodeid}".encode()).digest()[0] % 2 == 0 for item in items]
        config.hook.pytest_deselected(items=[item for item, kept in zip(items, drawn, strict=True) if not kept])
        items[:] = [item for item, kept in zip(items, drawn, strict=True) if kept]


@pytest.hookimpl(hookwrapper=True)
def pytest_collection(session):
    """Thousands of tests are never garbage: they need not be looked through again and again."""
    gc.disable()
    yield
    gc.enable()
    gc.freeze()
