"""What stands before a question: model, data, start, what was made, what comes next, and the numbers as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from em_core.broken import BREAKS
from em_core.datasets import load
from em_core.kinds import MOVES
from em_core.sparse_coding.posterior import ladder
from figures.look.moves import called
from ui.export import about, runs
from ui.export import words as all_words
from ui.export.about import LISTED
from ui.export.markup import digits, plain, text_of
from ui.export.questions import words
from ui.export.questions.variants import Variant
from ui.lessons.observed import Row
from ui.lessons.records import Prediction, Step

Json = dict[str, Any]

# what is told of where a run stands, where it has it
_TERMS = ("q", "log_evidence", "elbo", "gap", "objective", "duality_gap")
# arrays that are told beside those of the start: a code, and how narrow q is
_BESIDE = ("code", "mean", "width")
_OF_Q = re.compile(r"q|width\[\d+\]")
_NOTHING = Prediction("direction", (), "", 0)
_INDEX = re.compile(r"\[(\d+)\]")


def line(told: str, term: str = "") -> str:
    """A paragraph of HTML. term: what it tells, in front of it."""
    front = f"<strong>{text_of(term)}:</strong> " if term else ""
    return f"<p>{front}{text_of(told)}</p>"


def stem(
    variant: Variant, step: Step, asked: Prediction, run: Sequence[Row], columns: tuple[str, ...], decimals: int
) -> str:
    """All that a reader needs for the answer, who may not have the app at hand. decimals: of the numbers of the run."""
    raw = variant.experiment
    unit, at = words.step_of(raw["model"]), step.at
    letters = "".join(str(row.get("move") or "") for row in run[1:])
    parts = [line(_model(raw, letters), words.MODEL)]
    if wrong := raw.get("break"):
        parts.append(line(f"{BREAKS[wrong].what}.", words.WRONG))
    parts.append(line(_data(variant, columns), words.DATA))
    if "start" in raw:
        parts.append(line(entries(raw["start"]), words.START))
    if "schedule" in raw:
        parts.append(line(raw["schedule"], words.SCHEDULE))
    now = "; ".join(_state(raw, asked, run[at], at, columns, decimals))
    parts.append(line(f"{words.made(unit, letters[:at], at)}. {now}", words.NOW))
    parts.append(line(words.coming(unit, at, asked.half_step, letters[at : asked.half_step]), words.NEXT))
    if raw["model"] == ladder.NAME:
        parts.append(
            line("; ".join(_state(raw, _NOTHING, _only_q(run[asked.half_step]), 1, columns, decimals)), words.THERE)
        )
    for letter in dict.fromkeys(letters[at : asked.half_step]):
        parts.append(line(f"{called(letter)}. {_deed(letter)}", letter))
    return "".join(parts)


def _deed(letter: str) -> str:
    """What a move does, without what comes of it."""
    return MOVES[letter].sentence.partition(":")[0].rstrip(".") + "."


def _model(raw: Json, letters: str) -> str:
    told = {key: value for key, value in raw.items() if key not in ("break", "seed")}
    moves = "".join(letter for letter in dict.fromkeys(letters) if letter in told.get("moves", {}))
    shapes = {name: np.shape(entry) for name, entry in raw.get("start", {}).items()}
    size = raw.get("settings", {})
    settings = about.settings_told(runs.settings_of(raw), told | {"settings": size}, moves, shapes)
    return f"{about.model_called(raw)}. {settings}." if settings else f"{about.model_called(raw)}."


def _data(variant: Variant, columns: tuple[str, ...]) -> str:
    """Where the data come from, and all of their numbers where they are few."""
    data = variant.experiment["data"]
    if "generator" in data:
        return words.generated(about.data_told(runs.settings_of(variant.experiment), data)[1:])
    known = load(data["dataset"]) if "dataset" in data else None
    fields = known.fields if known else data
    called = {"values": columns, "sequences": columns[:1]}
    listed = [one for name, values in fields.items() for one in about.listed({name: values}, called.get(name, ()))]
    listed += [f"{name}: {plain(value)}" for name, value in fields.items() if isinstance(value, float)]
    front = variant.source or (f"“{known.title}”" if known else "")
    prepared = [all_words.STANDARDISED] if data.get("standardize") else []
    return ". ".join([*([front] if front else []), *prepared, "; ".join(listed)])


def entries(start: Mapping[str, Any]) -> str:
    """A start by its parameters."""
    return "; ".join(f"{all_words.parameter(name)} = {_nested(entry)}" for name, entry in start.items())


def _nested(entry: Any) -> str:
    """Numbers as they are in the file, each list in brackets."""
    return f"({', '.join(map(_nested, entry))})" if isinstance(entry, list) else plain(entry)


def _state(raw: Json, asked: Prediction, row: Row, at: int, columns: tuple[str, ...], decimals: int) -> Iterable[str]:
    """The numbers of the half-step in view: those of the bound, θ or the code where it is short, and what is asked."""
    named = [*asked.of, *(option.condition.of for option in asked.options if option.condition.of)]
    arrays = {
        name: found for name in (*raw.get("start", {}), *_BESIDE) if at and (found := _array(row, name)) is not None
    }
    if sum(array.size for array in arrays.values()) > LISTED:
        arrays = {}
    for name in dict.fromkeys((*_TERMS, *named)):
        value = row.get(name)
        if name == "q" and isinstance(value, str):
            yield f"q: {value.replace('_', ' ')}"
        elif isinstance(value, float) and name.split("[")[0] not in arrays:
            yield f"{words.named(name, columns)} = {words.number(value, decimals)}"
    for name, array in arrays.items():
        if np.array_equal(array, raw.get("start", {}).get(name, [])):
            continue  # as the start says
        yield f"{all_words.parameter(name)} = {_shown(array)}"


def _only_q(row: Row) -> Row:
    return {column: value for column, value in row.items() if _OF_Q.fullmatch(column)}


def _array(row: Row, name: str) -> np.ndarray | None:
    """An array of a row, which has a column for each of its numbers."""
    found = {
        tuple(int(place) for place in _INDEX.findall(column)): value
        for column, value in row.items()
        if column.split("[")[0] == name and isinstance(value, float)
    }
    if not found:
        return None
    array = np.full(np.max([*found], axis=0) + 1 if () not in found else (), np.nan)
    for place, value in found.items():
        array[place] = value
    return array


def _shown(array: np.ndarray) -> str:
    if array.ndim == 0:
        return digits(float(array))
    return f"({', '.join(_shown(one) for one in array)})"
