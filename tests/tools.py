"""Tools that some tests need and a reader's machine may lack."""

import os

import pytest


def missing(what, wanted_for):
    """Skip the test with a message; on CI, where everything is installed, fail it."""
    message = f"{what} is needed for the tests {wanted_for}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
