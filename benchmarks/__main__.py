"""The core and the page beside well-known peers.

    .venv/bin/python -m benchmarks [ROW ...] [--list] [--smoke] [--redraw]

Each row runs in a process of its own, with one BLAS thread, and checks that the results agree before it times anything.
What was measured is kept in `benchmarks/numbers/`, a file a row, from which docs/performance.md, its plots and the
numbers in README are then written. Times depend on the machine and on what else it does; the ratio within one run is
what counts.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from benchmarks import report
from benchmarks.row import Disagreement, Measured, Row
from em_core.found import classes

ROOT = Path(__file__).parents[1]


def rows() -> dict[str, Row]:
    """Every row under its name."""
    found = [row() for row in classes("benchmarks.rows") if issubclass(row, Row) and hasattr(row, "name")]
    return {row.name: row for row in sorted(found, key=lambda row: row.name)}


def line(row: Row, measured: Measured) -> str:
    agreement = "" if measured.agreement is None else f"   differ by {measured.agreement:.0e}"
    memory = "" if measured.memory is None else "   {:.0f} and {:.0f} MB".format(*measured.memory)
    times = f"{measured.ours:10.4g} {measured.peer:10.4g} {row.ratio(measured):8.2f}"
    return f"{measured.size:44}{times}{agreement}{memory}   {measured.note}".rstrip()


def head(row: Row) -> str:
    ratio = "ours/peer" if row.less else "peer/ours"
    columns = f"{'':44}{'ours':>10} {'peer':>10} {ratio:>9}"
    return f"\n{row.name}: {row.title}, beside {row.peer} ({row.unit})\n{row.compared}\n{columns}"


def run(row: Row, smoke: bool) -> list[Measured]:
    print(head(row), flush=True)
    found = []
    for measured in row.measure(smoke):
        found.append(measured)
        print(line(row, measured), flush=True)
    return found


def alone(row: Row, options: argparse.Namespace) -> int:
    """The row in a process of its own: what one leaves behind, threads above all, must not slow down the next."""
    command = [sys.executable, "-m", "benchmarks", row.name, "--here", *(["--smoke"] if options.smoke else [])]
    single = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    command += ["--numbers", str(options.numbers)]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **single}, check=False).returncode


def main(arguments: list[str] | None = None) -> int:
    known = rows()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help="which ones; all of them where none is named")
    parser.add_argument("--list", action="store_true", help="the rows there are")
    parser.add_argument("--smoke", action="store_true", help="the least that runs all of it; its numbers say nothing")
    parser.add_argument("--redraw", action="store_true", help="measure nothing, write the pages from what is kept")
    parser.add_argument("--numbers", type=Path, default=report.NUMBERS, help="another folder for what was measured")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.rows if name not in known]:
        parser.error(f"no row is called {', '.join(unknown)}; there are {', '.join(known)}")
    chosen = [known[name] for name in options.rows or known]
    if options.list:
        print("\n".join(f"{row.name:20}{row.title}, beside {row.peer}" for row in chosen))
        return 0
    if not options.here:
        worst = 0 if options.redraw else max(alone(row, options) for row in chosen)
        if worst == 0 and not options.smoke and options.numbers == report.NUMBERS:
            report.write(known)
        return worst
    for row in chosen:
        try:
            found = run(row, options.smoke)
        except Disagreement as refused:
            print(f"{row.name}: {refused}", file=sys.stderr)
            return 1
        if not options.smoke or options.numbers != report.NUMBERS:
            report.keep(row, found, options.numbers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
