"""python -m ui.export html FILE -o OUT [--at HALF_STEP]: what leaves the app, from the command line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from em_core.files.errors import InvalidExperiment
from ui.export import runs, standalone

INVALID = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 for a file that was written, 2 for what cannot be; never a traceback."""
    parser = argparse.ArgumentParser(prog="python -m ui.export", description="A run as a file.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    page = kinds.add_parser("html", help="the run with all its views, as a page that opens without a server")
    page.add_argument("file", help="an experiment in JSON; - reads standard input")
    page.add_argument("-o", "--output", required=True, help="the file to write")
    page.add_argument("--at", type=int, help="the half-step that it opens at; the last one by default")
    options = parser.parse_args(arguments)
    try:
        shown = runs.of_file(_read(options.file))
        last = len(shown.run) - 1
        at = last if options.at is None else options.at
        if not 0 <= at <= last:
            raise InvalidExperiment("--at", str(at), f"a half-step from 0 to {last}")
        Path(options.output).write_text(standalone.page(shown.run, at), encoding="utf-8")
    except InvalidExperiment as error:
        print(error, file=sys.stderr)
        return INVALID
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return INVALID
    for message in shown.messages:
        print(message, file=sys.stderr)
    return 0


def _read(name: str) -> Any:
    text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidExperiment("file", text[:40], f"JSON ({error})") from None


if __name__ == "__main__":
    sys.exit(main())
