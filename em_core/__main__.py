"""python -m em_core run FILE [--format json|csv]; rates FILE; race FILE --schedules WORD,WORD [--rounds N];
plane FILE --at INDEX [--size N]; starts FILE [--number N]; list"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
from collections.abc import Sequence
from typing import Any

from em_core import datasets, schedule
from em_core.broken import BREAKS
from em_core.files.arguments import INVALID, Parser
from em_core.files.errors import InvalidExperiment, Unanswered
from em_core.files.experiment import Experiment
from em_core.files.report import as_csv, finite
from em_core.files.source import read, run
from em_core.kinds import MOVES, RIVALS, lacking
from em_core.models import MODELS
from em_core.observe import plane, race, starts
from em_core.observe.rates import rates
from em_core.observe.rivals import RIVAL_TURNS
from em_core.sparse_coding import SOLVERS
from em_core.sparse_coding import experiment as sparse_coding
from em_core.sparse_coding.posterior import ladder


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 for what was asked, 2 for an invalid experiment and where there is no answer; never a traceback."""
    options = _parser().parse_args(arguments)
    try:
        return _print(options.answer(options))
    except (InvalidExperiment, Unanswered) as error:
        print(error, file=sys.stderr)
        return INVALID


def _print(text: str) -> int:
    try:
        print(text, flush=True)
    except BrokenPipeError:  # a reader such as head has seen enough
        sys.stdout = None
    return 0


def listing() -> dict[str, Any]:
    """Models with their settings, data and parameters; moves with their promises; what else races; data sets with their
    sources."""
    return {
        "models": {
            **{name: dict(model.help) for name, model in MODELS.items()},
            sparse_coding.NAME: sparse_coding.HELP,
            ladder.NAME: ladder.HELP,
        },
        "moves": {
            letter: {
                "name": move.name,
                "changes": "q" if move.kind == "E" else "theta",
                "what": move.sentence,
                "gap": move.effect,
                "monotone": move.monotone,
                "promise": move.promise,
                "needs_q": move.needs_q,
                "settings": {key: setting.default for key, setting in move.settings.items()},
                "settings_help": {key: setting.what for key, setting in move.settings.items()},
                "models": [name for name, model in MODELS.items() if move.allowed(model)],
                "not": {name: lacking(model, move.letter) for name, model in MODELS.items() if not move.allowed(model)},
            }
            for letter, move in MOVES.items()
        },
        "breaks": {
            name: {"what": wrong.what, "lights": list(wrong.lights), "models": list(wrong.models)}
            for name, wrong in BREAKS.items()
        },
        "rivals": {
            name: {
                "what": str(turn.__doc__).splitlines()[0],
                "settings": {key: setting.default for key, setting in RIVALS.get(name, {}).items()},
                "settings_help": {key: setting.what for key, setting in RIVALS.get(name, {}).items()},
            }
            for name, turn in RIVAL_TURNS.items()
        },
        "solvers": {
            name: {"name": solver.title, "norm": solver.norm, "settings": list(solver.settings)}
            for name, solver in SOLVERS.items()
        },
        "datasets": {
            dataset.name: {
                "title": dataset.title,
                "models": list(dataset.models),
                "settings": dict(dataset.settings),
                "source": dataset.source,
                "licence": dataset.licence,
            }
            for dataset in datasets.catalogue()
            if any(model in MODELS for model in dataset.models)
        },
        "generators": {name: {"models": list(models)} for name, models in datasets.GENERATORS.items()},
    }


def _parser() -> argparse.ArgumentParser:
    """A command is an entry here: its options, and the function that answers them with the text to print."""
    parser = Parser(prog="python -m em_core", description="EM, one half-step at a time.")
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="run an experiment file and print its half-steps")
    running.add_argument("file", help="an experiment in JSON; - reads standard input")
    running.add_argument("--format", choices=("json", "csv"), default="json")
    running.set_defaults(answer=_answer_run)
    rating = commands.add_parser("rates", help="print how fast EM comes to rest, and the missing information there")
    rating.add_argument("file", help="an experiment in JSON; - reads standard input")
    rating.set_defaults(answer=_answer_rates)
    racing = commands.add_parser("race", help="run several schedules from the file's start, side by side")
    racing.add_argument("file", help="an experiment in JSON; - reads standard input")
    racing.add_argument("--schedules", help="two to eight with commas between; also squarem and over_relaxed")
    racing.add_argument("--rounds", default=str(race.ROUNDS), help="turns of each schedule's last round")
    racing.set_defaults(answer=_answer_race)
    planes = commands.add_parser("plane", help="print the bound over (q, θ) and the run's staircase in it")
    planes.add_argument("file", help="an experiment in JSON; - reads standard input")
    planes.add_argument("--at", required=True, help="the number of a half-step")
    planes.add_argument(
        "--size", help=f"numbers along each side, from {plane.FEWEST} to {plane.MOST}; default {plane.DEFAULT}"
    )
    planes.set_defaults(answer=_answer_plane)
    starting = commands.add_parser("starts", help="run the file's schedule from many random starts, each to its end")
    starting.add_argument("file", help="an experiment in JSON without a start; - reads standard input")
    starting.add_argument(
        "--number", default=str(starts.NUMBER), help=f"of starts, from 1 to {starts.MOST}; default {starts.NUMBER}"
    )
    starting.set_defaults(answer=_answer_starts)
    showing = commands.add_parser("list", help="print the models, their settings and data, the moves and the data sets")
    showing.set_defaults(answer=_answer_list)
    return parser


def _answer_run(options: argparse.Namespace) -> str:
    result = run(read(options.file))
    return as_csv(result) if options.format == "csv" else _json(result)


def _answer_rates(options: argparse.Namespace) -> str:
    return _json(rates(_latent(read(options.file))).to_json())


def _answer_race(options: argparse.Namespace) -> str:
    words = [word.strip() for word in (options.schedules or "").split(",")]
    rounds = int(options.rounds) if re.fullmatch("[0-9]{1,9}", options.rounds) else 0
    if rounds < 1:
        raise InvalidExperiment("rounds", options.rounds, f"a whole number from 1 to {schedule.LONGEST:,}")
    return _json(race.report(race.race(_latent(read(options.file)), words, rounds)))


def _answer_plane(options: argparse.Namespace) -> str:
    return _json(plane.report(_latent(read(options.file)), options.at, options.size))


def _answer_starts(options: argparse.Namespace) -> str:
    raw = read(options.file)
    return _json(starts.report(raw, _latent(raw), options.number))


def _answer_list(options: argparse.Namespace) -> str:
    return json.dumps(listing(), indent=2, ensure_ascii=False)


def _json(result: dict[str, Any]) -> str:
    return json.dumps(finite(result), allow_nan=False)


def _latent(raw: Any) -> Experiment:
    """An experiment with a model of `MODELS`: the others have no half-steps. Raises `InvalidExperiment`."""
    model = raw.get("model") if isinstance(raw, dict) else None
    if model in (sparse_coding.NAME, ladder.NAME):
        raise InvalidExperiment("model", model, f"one with half-steps: {', '.join(sorted(MODELS))}")
    experiment = Experiment.parse(raw)
    if experiment.broken:
        raise InvalidExperiment("break", experiment.broken, "a file without it here; `run` shows what it breaks")
    return experiment


def _speak_utf8() -> None:
    """Whatever the system's code page: θ is in none of Windows's western ones."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="strict" if stream is sys.stdin else "backslashreplace")


if __name__ == "__main__":
    _speak_utf8()
    sys.exit(main())
