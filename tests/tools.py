"""Tools that some tests need and a reader's machine may lack."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def missing(what, wanted_for):
    """Skip the test with a message; on CI, where everything is installed, fail it."""
    message = f"{what} is needed for the tests {wanted_for}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def passes(*command):
    """Run a checker, which must find nothing."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[:5000]
