"""Every benchmark runs: once, with the least that goes through all of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.__main__ import line, rows
from benchmarks.row import Disagreement, Measured, Row, agree, peak, timed

FOLDER = Path(__file__).parents[1] / "benchmarks"
# what others run or import, and what a benchmark needs besides
PARTS = {"phones.py", "plain_page.py", "serving.py"}
RUNNER = {"__init__.py", "__main__.py", "plots.py", "report.py", "row.py"}
IN_A_BROWSER = {"step_latency.py"}
BENCHMARKS = sorted(path.name for path in FOLDER.glob("*.py") if path.name not in PARTS | RUNNER)


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


def _ready(row):
    if row.browser and not (shutil.which("chromium") or shutil.which("google-chrome")):
        pytest.skip("Chromium is needed for this one")


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", rows())
def test_a_row_runs_and_its_results_agree(name, tmp_path):
    _ready(rows()[name])
    command = [sys.executable, "-m", "benchmarks", name, "--smoke", "--numbers", str(tmp_path)]
    done = subprocess.run(command, cwd=FOLDER.parent, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    measured = report.kept(rows()[name], tmp_path)["measured"]
    assert measured and all(line(rows()[name], one) in done.stdout for one in measured)


def test_every_row_says_what_it_compares_and_how():
    for name, row in rows().items():
        assert row.name == name and row.title and row.peer and row.compared.endswith(".")


def test_results_that_differ_are_not_timed():
    assert agree(1e-12, 1e-10, "this") == 1e-12
    for difference in (1e-9, float("nan")):
        with pytest.raises(Disagreement, match="this: the results differ by"):
            agree(difference, 1e-10, "this")


def test_both_sides_are_run_equally_often_and_in_turn():
    runs = []
    ours, peer = timed(lambda: runs.append("ours"), lambda: runs.append("peer"), repeats=4)
    assert runs == ["ours", "peer"] + ["ours", "peer", "peer", "ours"] * 2
    assert ours >= 0 and peer >= 0


def test_memory_counts_what_is_held_and_what_was_let_go():
    assert 8 <= peak(lambda: len(bytearray(8_000_000))) < 8.5
    assert 2 <= peak(lambda: bytearray(2_000_000)) < 2.5


class _Example(Row):
    name, title, peer, compared = "example", "Adding", "a peer", "Sums are compared."

    def measure(self, smoke):
        yield Measured("N = 10", 2.0, 8.0, 1e-15, (1.5, 3.0), n=10)
        yield Measured("N = 100", 4.0, 4.0, note="by hand", n=100)


def test_numbers_are_kept_and_the_page_says_them(tmp_path):
    row = _Example()
    report.keep(row, row.measure(False), tmp_path)
    assert report.kept(row, tmp_path)["measured"] == list(row.measure(False))
    text = report.page([row], tmp_path)
    assert "| N = 10 | 2 | 8 | **4.00** | 1e-15 | 1.5, 3 |" in text
    assert "| N = 100 (by hand) | 4 | 4 | **1.00** |  |  |" in text
    assert "Sums are compared." in text and "## The page" not in text
    assert report.page([row], tmp_path / "empty") == report.INTRODUCTION


def test_the_pages_say_what_is_kept():
    """docs/performance.md and README are never behind the numbers: `python -m benchmarks --redraw` writes them anew."""
    assert report.PAGE.read_text(encoding="utf-8") == report.page(rows().values())
    readme = report.README.read_text(encoding="utf-8")
    assert readme.split(report.BEGIN)[1].split(report.END)[0].strip() == report.headline(rows())


def test_a_row_that_does_not_exist_is_answered_with_the_list():
    command = [sys.executable, "-m", "benchmarks", "nothing"]
    done = subprocess.run(command, cwd=FOLDER.parent, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "no row is called nothing; there are" in done.stderr and "gmm" in done.stderr
