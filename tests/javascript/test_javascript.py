"""The stage's JavaScript without a browser: unit tests, types and lint; without Node they are skipped (on CI: fail)."""

from pathlib import Path

import pytest

from tests.tools import passes

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# what the browser gets
FOLDERS = ("ui/stage/frontend/*.js", "ui/room/page/*.js")


@pytest.mark.parametrize("name", sorted(path.name.removesuffix(".test.js") for path in HERE.glob("*.test.js")))
def test_units(node, name):
    passes(node, "--test", "--test-reporter=spec", str(HERE / f"{name}.test.js"))


def test_types(tool):
    """docs/stage.md as types: every file says what it takes and gives."""
    passes(tool("tsc"), "--project", str(HERE))


def test_lint(tool):
    passes(tool("eslint"), "--config", str(HERE / "eslint.config.js"), *FOLDERS, "tests/**/*.js")


def test_every_file_is_checked():
    for path in (path for folder in FOLDERS for path in ROOT.glob(folder)):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("// @ts-check\n") and "@ts-ignore" not in text, path.name
