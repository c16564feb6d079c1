"""What makes all tests faster, and none of them different; and some of them, for those who have less time."""

import gc
import hashlib
import os

# set before NumPy loads: on matrices this small, BLAS threads only wait for one another (a tenfold difference)
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--one-in", type=int, default=1, metavar="N", help="one test in N, by lot")
    parser.addoption("--by", default="", metavar="TEXT", help="what draws the lot: the same tests for the same text")


def pytest_collection_modifyitems(config, items):
    one_in, by = config.getoption("--one-in"), config.getoption("--by")
    if one_in > 1:
        lots = [hashlib.sha256(f"{by} {item.nodeid}".encode()).hexdigest() for item in items]
        drawn = [int(lot, 16) % one_in == 0 for lot in lots]
        config.hook.pytest_deselected(items=[item for item, kept in zip(items, drawn, strict=True) if not kept])
        items[:] = [item for item, kept in zip(items, drawn, strict=True) if kept]


@pytest.hookimpl(hookwrapper=True)
def pytest_collection(session):
    """Thousands of tests are never garbage: they need not be looked through again and again."""
    gc.disable()
    yield
    gc.enable()
    gc.freeze()
