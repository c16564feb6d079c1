"""python -m ui.export html FILE -o OUT [--at N]; csv FILE -o OUT: what leaves the app, from the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from em_core.files.errors import InvalidExperiment
from em_core.files.report import as_csv
from em_core.files.source import read, run
from ui.export import runs, standalone

INVALID = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 for a file that was written, 2 for what cannot be; never a traceback."""
    parser = argparse.ArgumentParser(prog="python -m ui.export", description="A run as a file.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    page = kinds.add_parser("html", help="the run with all its views, as a page that opens without a server")
    table = kinds.add_parser("csv", help="the numbers, as `python -m em_core run --format csv` has them")
    for kind in (page, table):
        kind.add_argument("file", help="an experiment in JSON; - reads standard input")
        kind.add_argument("-o", "--output", required=True, help="the file to write")
    page.add_argument("--at", type=int, help="the half-step that it opens at; the last one by default")
    options = parser.parse_args(arguments)
    try:
        text, messages = _WRITE[options.kind](read(options.file), options)
        Path(options.output).write_text(text, encoding="utf-8", newline="")
    except InvalidExperiment as error:
        print(error, file=sys.stderr)
        return INVALID
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return INVALID
    for message in messages:
        print(message, file=sys.stderr)
    return 0


def _page(raw: Any, options: argparse.Namespace) -> tuple[str, list[str]]:
    shown = runs.of_file(raw)
    last = len(shown.run) - 1
    at = last if options.at is None else options.at
    if not 0 <= at <= last:
        raise InvalidExperiment("--at", str(at), f"a half-step from 0 to {last}")
    return standalone.page(shown.run, at), shown.messages


def _table(raw: Any, options: argparse.Namespace) -> tuple[str, list[str]]:
    return as_csv(run(raw)) + "\n", []


# what each kind writes, and what is said of it
_WRITE: Mapping[str, Callable[[Any, argparse.Namespace], tuple[str, list[str]]]] = {"html": _page, "csv": _table}

if __name__ == "__main__":
    sys.exit(main())
