"""What a lesson can ask about: the numbers of its experiment's run, by their columns in a table of results."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from typing import Any

from em_core.datasets import load
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.report import flat, report
from em_core.files.source import run
from em_core.models.dictionary_learning import DictionaryLearning
from em_core.sparse_coding import experiment as sparse_coding
from em_core.sparse_coding.posterior import ladder
from em_core.trajectory import steps

# a row of numbers, by column
Row = Mapping[str, Any]

# the pages that a step may open on, where a file may say which; each shows runs of EM
HALF_STEPS = ("em", "ascent", "race", "starts")
# the page of a model that is none of theirs
_PAGES = {DictionaryLearning.name: "dictionary", sparse_coding.NAME: "map", ladder.NAME: "posterior"}
# the start, and a half-step of each sort: enough to have every column
_ENOUGH = 3
_NO_NUMBERS = {"index", "move", "kind", "events", "passes"}


def page_of(raw: Any) -> str:
    """The page that shows an experiment."""
    model = raw.get("model") if isinstance(raw, Mapping) else None
    return _PAGES.get(model, "em") if isinstance(model, str) else "em"


def columns(raw: Any) -> Collection[str]:
    """The columns of numbers that an experiment's run has. Raises `InvalidExperiment`."""
    if isinstance(raw, Mapping) and raw.get("model") == sparse_coding.NAME:
        sparse_coding.SparseCodingExperiment.parse(raw)
        rows = _flat(run({**raw, "steps": 1}))
    elif isinstance(raw, Mapping) and raw.get("model") == ladder.NAME:
        rows = _flat(run(raw))
    else:
        experiment = Experiment.parse(raw)
        rows = _flat(report(experiment, islice(steps(experiment), _ENOUGH)))
    return [name for name in dict.fromkeys(name for row in rows for name in row) if name not in _NO_NUMBERS]


def data_columns(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """What the columns of an experiment's data are called; none where they have no names."""
    name = raw["data"].get("dataset")
    return load(name).columns if name else ()


def rows(raw: Any) -> list[Row]:
    """The whole run, a row for each half-step, step or rung. Raises `InvalidExperiment`."""
    return list(_flat(run(raw)))


def _flat(result: Mapping[str, Any]) -> Iterable[Row]:
    listed = result.get("half_steps") or result.get("steps") or result["rungs"]
    return [flat(step) for step in listed]


def number(row: Row, name: str) -> float:
    """One number of a row. Raises `InvalidExperiment` where it is not defined there."""
    value = row.get(name)
    if value is None or isinstance(value, str):
        raise InvalidExperiment(name, value, f"a half-step at which {name} is defined")
    return float(value)
