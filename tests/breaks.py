"""Deliberate faults, one at a time: each must make the test that is named for it fail.

    python -m tests.breaks                          all of tests/breaks.toml
    python -m tests.breaks --only 'em_core/models'  those whose place, test or meaning matches a pattern
    python -m tests.breaks --some 10 --by HASH      ten of them, the same ten for the same hash

Every fault is put into a copy of the project in a temporary folder, never into the project itself. It is caught where
its test passes without it and fails with it, by a comparison and not because the program no longer runs. The exit
status is 0 where every fault was caught.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FAULTS = Path(__file__).with_suffix(".toml")
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".*cache*", "node_modules", "__pycache__", "venv", "screenshots")
# what a test may take, with its fault, in seconds; and each of many that run in one go
LONGEST, EACH = 300, 5
# without Node, say
SKIPPED = "its test is skipped on this machine"
# a fault that ends so is one that the first run of anything would show
CRASHES = ("TypeError", "AttributeError", "NameError", "ImportError", "SyntaxError", "UnboundLocalError")


@dataclass(frozen=True)
class Fault:
    """`old`, which occurs once in `file`, becomes `new`; then `test`, a node id of pytest, must fail.

    says: what no longer holds. of: the models, moves, solvers and theorems that it is a fault of.
    """

    file: str
    old: str
    new: str
    test: str
    says: str
    of: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.says} [{self.file}]"

    def matches(self, pattern: str) -> bool:
        return any(re.search(pattern, text) for text in (self.file, self.test, self.says, *self.of))

    def place(self, root: Path) -> str:
        """Why the fault cannot be put into the project at `root`; empty where it can."""
        path = root / self.file
        found = path.read_text(encoding="utf-8").count(self.old) if path.is_file() else 0
        return "" if found == 1 else f"its old text occurs {found} times"


def read(path: Path = FAULTS) -> list[Fault]:
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["fault"]
    return [Fault(**{**entry, "of": tuple(entry["of"].split())}) for entry in entries]


def chosen(faults: Iterable[Fault], some: int, by: str) -> list[Fault]:
    """`some` of the faults, by lot: the same for the same text, whatever their order in the file."""
    return sorted(faults, key=lambda fault: hashlib.sha256(f"{by} {fault}".encode()).digest())[:some]


def tested(root: Path, tests: Sequence[str]) -> tuple[int | None, str]:
    """Pytest's exit status for these node ids, None where it takes too long, and what it printed."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--tb=short", "-m", "", *tests]
    longest = LONGEST + EACH * len(tests)
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=longest)
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, done.stdout + done.stderr


def outcome(root: Path, fault: Fault) -> str:
    """What became of the fault in the copy at `root`: empty where its test caught it. The copy is whole again after."""
    wrong = fault.place(root)
    if wrong:
        return wrong
    path = root / fault.file
    whole = path.read_text(encoding="utf-8")
    try:
        _write(path, whole.replace(fault.old, fault.new))
        status, printed = tested(root, [fault.test, "-x"])
    finally:
        _write(path, whole)
    if status == 0:
        return "survives" if " passed" in printed else SKIPPED
    if status is None:
        return f"its test was still running after {LONGEST} s"
    if status != 1:
        return f"pytest could not run its test (status {status}): {_last(printed)}"
    crash = re.search(rf"^E +({'|'.join(CRASHES)})\b.*", printed, re.MULTILINE)
    return f"crashes, which anything would notice: {crash.group(0)}" if crash else ""


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    # written within the second, and often as long as before: compiled files would seem to be up to date
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        compiled.unlink()


def _last(printed: str) -> str:
    return next((line for line in reversed(printed.splitlines()) if line.strip()), "")


def without(root: Path, faults: Sequence[Fault]) -> dict[str, str]:
    """The tests that do not pass where nothing is broken, and why: all of them in one run, or one by one."""
    tests = list(dict.fromkeys(fault.test for fault in faults))
    if tested(root, tests)[0] == 0:
        return {}
    single = {test: tested(root, [test]) for test in tests}
    return {test: _last(printed) for test, (status, printed) in single.items() if status != 0}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.breaks", description="Try deliberate faults one by one.")
    parser.add_argument("--only", default="", metavar="PATTERN", help="faults whose place, test or meaning matches")
    parser.add_argument("--some", type=int, metavar="N", help="this many of them, chosen by --by")
    parser.add_argument("--by", default="", metavar="TEXT", help="what chooses them, such as a commit's hash")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="copies that are tried at a time")
    options = parser.parse_args(arguments)
    faults = [fault for fault in read() if fault.matches(options.only)]
    if options.some is not None:
        faults = chosen(faults, options.some, options.by)
    if not faults:
        parser.error("no fault matches")
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        copies: queue.SimpleQueue[Path] = queue.SimpleQueue()
        roots = [Path(folder) / str(number) for number in range(max(1, options.jobs))]
        for root in roots:
            shutil.copytree(ROOT, root, ignore=LEFT_OUT)
            copies.put(root)
        failing = without(roots[0], faults)

        def tried(fault: Fault) -> str:
            if fault.test in failing:
                return f"its test does not pass without it: {failing[fault.test]}"
            root = copies.get()
            try:
                return outcome(root, fault)
            finally:
                copies.put(root)

        with ThreadPoolExecutor(len(roots)) as pool:
            left, passed_over = [], 0
            for fault, became in zip(faults, pool.map(tried, faults), strict=True):
                print(
                    f"{'caught' if not became else 'FAILED' if became != SKIPPED else 'skipped'}  {fault}", flush=True
                )
                if became:
                    print(f"        {became}", flush=True)
                left += [fault] if became not in ("", SKIPPED) else []
                passed_over += became == SKIPPED
    print(f"{len(faults) - len(left) - passed_over} of {len(faults)} faults caught in {time.monotonic() - begin:.0f} s")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
