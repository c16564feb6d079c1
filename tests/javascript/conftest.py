"""What the tests of the JavaScript need of the machine: Node, and what `npm install` brings."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tools import missing

TOOLS = Path(__file__).parent / "node_modules" / ".bin"
OLDEST_NODE = 20


def _missing(what):
    missing(what, "of JavaScript")


@pytest.fixture(scope="module")
def node():
    found = shutil.which("node")
    if found is None:
        _missing("Node")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.removeprefix("v").split(".")[0]) < OLDEST_NODE:
        _missing(f"Node {OLDEST_NODE}")
    return found


@pytest.fixture
def tool(node):
    """`tool(name)`: one of the checkers, which `npm install` in this folder brings."""

    def found(name):
        path = shutil.which(name, path=str(TOOLS))
        if path is None:
            _missing(f"{name} (npm install --no-package-lock, in tests/javascript)")
        return path

    return found
