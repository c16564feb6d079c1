"""The stage's JavaScript without a browser: unit tests, types and lint; without Node they are skipped (on CI: fail)."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tools import missing

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TOOLS = HERE / "node_modules" / ".bin"
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


def passes(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", sorted(path.name.removesuffix(".test.js") for path in HERE.glob("*.test.js")))
def test_units(node, name):
    passes(node, "--test", "--test-reporter=spec", str(HERE / f"{name}.test.js"))


def test_types(tool):
    """docs/stage.md as types: every file says what it takes and gives."""
    passes(tool("tsc"), "--project", str(HERE))


def test_lint(tool):
    passes(tool("eslint"), "--config", str(HERE / "eslint.config.js"), "ui/stage/frontend/*.js", "tests/**/*.js")


def test_every_file_is_checked():
    for path in (ROOT / "ui" / "stage" / "frontend").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("// @ts-check\n") and "@ts-ignore" not in text, path.name
