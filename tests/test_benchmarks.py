"""Every benchmark runs: once, with the least that goes through all of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
# what others run or import, and what a benchmark needs besides
PARTS = {"plain_page.py", "serving.py"}
IN_A_BROWSER = {"step_latency.py"}
BENCHMARKS = sorted(path.name for path in FOLDER.glob("*.py") if path.name not in PARTS)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", BENCHMARKS)
def test_it_runs(name, tmp_path):
    if name in IN_A_BROWSER and not (shutil.which("chromium") or shutil.which("google-chrome")):
        pytest.skip("Chromium is needed for this one")
    command = [sys.executable, str(FOLDER / name), "--smoke", "--json", str(tmp_path / "numbers.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout and (tmp_path / "numbers.json").stat().st_size > 10


def test_parts_belong_to_a_benchmark():
    sources = {name: (FOLDER / name).read_text(encoding="utf-8") for name in BENCHMARKS}
    assert all(any(Path(part).stem in source for source in sources.values()) for part in PARTS)
    assert set(BENCHMARKS) >= IN_A_BROWSER
