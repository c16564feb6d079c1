"""Other experiments that ask what a step of a lesson asks.

Their numbers are few and short: a reader who is told them can make the very same half-steps.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core import datasets
from em_core.files.experiment import Experiment
from em_core.files.fields import Fields
from em_core.models.dictionary_learning import DictionaryLearning
from em_core.sparse_coding import experiment as sparse_coding
from em_core.sparse_coding.posterior import ladder
from ui.export.about import LISTED
from ui.export.questions import words
from ui.lessons.records import Step

Json = dict[str, Any]

# so many rows of a table, or values of a sequence, are drawn from one that is longer
_ROWS, _STRETCH = 16, 30
# a number becomes another one by at most this share of itself: of what is observed, of a start, of a step's size
_OF_DATA, _OF_START, _OF_MOVES = 0.3, 0.15, 0.1
_SEEDS = 1_000


@dataclass(frozen=True)
class Variant:
    """An experiment, and in words where its data come from: nothing where they are those of the lesson."""

    experiment: Json
    source: str = ""


def varied(step: Step, rng: np.random.Generator) -> Variant:
    """Another experiment for a step's question: a part of its data, or others; another start; other sizes of steps.

    Answers to choose from hold of numbers that grow with the data: for those the data stay as many as they are. Raises
    `InvalidExperiment` where what was drawn is none.
    """
    raw: Json = copy.deepcopy(dict(step.experiment))
    if "seed" in raw:
        raw["seed"] = int(rng.integers(_SEEDS))
    if raw["model"] in (sparse_coding.NAME, ladder.NAME):
        if isinstance(raw["data"].get("signal"), list):
            raw["data"]["signal"] = _others(raw["data"]["signal"], rng, _OF_DATA, 2)
        return Variant(raw)
    source = ""
    if "generator" in raw["data"]:
        raw["data"]["seed"] = int(rng.integers(_SEEDS))
    if raw["model"] != DictionaryLearning.name and step.predict and step.predict.kind != "choice":
        raw["data"], source = _part(raw, rng)
    if "moves" in raw:
        raw["moves"] = {letter: _others(own, rng, _OF_MOVES, 2) for letter, own in raw["moves"].items()}
    if "start" in raw:
        raw["start"] = _others(raw["start"], rng, _OF_START, 3)
    else:
        start = Experiment.parse(raw).to_json()["start"]
        if sum(np.size(entry) for entry in start.values()) <= LISTED:
            raw["start"] = _others(start, rng, 0.0, 3)
    return Variant(raw, source)


def _part(raw: Mapping[str, Any], rng: np.random.Generator) -> tuple[Json, str]:
    """Data that can be listed, with where they come from: rows of a table, a stretch of a sequence, other counts."""
    given = raw["data"]
    fields = datasets.resolve(Fields(given, "data"), raw["model"])
    name = datasets.load(given["dataset"]).title if "dataset" in given else ""
    if "sequences" in fields:
        rows = fields["sequences"]
        sequence = rows[int(rng.integers(len(rows)))]
        begin = int(rng.integers(max(1, len(sequence) - _STRETCH + 1)))
        return fields | {"sequences": [list(sequence[begin : begin + _STRETCH])]}, words.stretch(name)
    tables = {key: np.array(entry, float) for key, entry in fields.items() if isinstance(entry, list | np.ndarray)}
    lengths = {len(table) for table in tables.values()}
    if sum(map(np.size, tables.values())) <= LISTED:
        return fields | {key: _counted(table, rng) for key, table in tables.items()}, ""
    if len(lengths) != 1:
        return dict(given), ""
    fields = dict(fields)
    if standard := fields.pop("standardize", False):
        tables = {key: (table - table.mean(0)) / table.std(0) for key, table in tables.items()}
    count = min(_ROWS, LISTED // max(table[0].size for table in tables.values()))
    chosen = np.sort(rng.choice(lengths.pop(), count, replace=False))
    decimals = 2 if standard or "generator" in given else 6
    drawn = {key: table[chosen].round(decimals).tolist() for key, table in tables.items()}
    return fields | drawn, words.rows(count, name, bool(standard))


def _counted(table: np.ndarray, rng: np.random.Generator) -> Any:
    """Other counts near these; numbers that are none stay as they are."""
    if table.max() <= 1 or np.any(table < 0) or np.any(table % 1):
        return table.tolist()
    most = np.maximum(1, table // 10).astype(int)
    return np.maximum(0, table + rng.integers(-most, most + 1)).tolist()


def _others(entry: Any, rng: np.random.Generator, share: float, digits: int) -> Any:
    """Numbers near those of an entry, in so many digits. Equal ones stay equal, so that matrices stay symmetric and
    twins alike; zeros stay; what lies between 0 and 1 stays there, and shares go on adding up to 1."""
    drawn: dict[float, float] = {}

    def other(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: other(one) for key, one in value.items()}
        if isinstance(value, list):
            near = [other(one) for one in value]
            return _adding_up(near) if _add_up(value) else near
        if not isinstance(value, float) or value == 0:
            return value
        if value not in drawn:
            near = float(f"{value * (1 + share * rng.uniform(-1, 1)):.{digits}g}")
            drawn[value] = min(near, 0.98) if 0 < value < 1 else near
        return drawn[value]

    return other(entry)


def _add_up(values: list[Any]) -> bool:
    numbers = len(values) > 1 and all(isinstance(one, float) and 0 < one < 1 for one in values)
    return numbers and abs(sum(values) - 1) < 1e-6


def _adding_up(shares: list[float]) -> list[float]:
    """Three decimals each; the last is what the others leave."""
    total = sum(shares)
    others = [round(share / total, 3) for share in shares[:-1]]
    return [*others, round(1 - sum(others), 3)]
