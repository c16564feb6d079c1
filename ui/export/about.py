"""What a run is made of, in words and numbers: model, data, schedule and settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from em_core.datasets import load
from em_core.kinds import MOVES
from em_core.model import Size
from em_core.models import MODELS
from ui.dictionary import words as dictionary_words
from ui.export import words
from ui.export.markup import marked, plain, text_of
from ui.export.runs import Shown
from ui.map import words as map_words
from ui.posterior import words as posterior_words
from ui.settings import Choice, Settings, Switch
from ui.words import lowered, switched

Json = dict[str, Any]

# so many numbers are listed
LISTED = 60
# the mathematics of a page that has its own words for it
_MATHEMATICS = {
    "sparse_coding": map_words.MODEL,
    "sparse_coding_posterior": posterior_words.MODEL,
    "dictionary_learning": dictionary_words.MODEL,
}
# what a file says that stands elsewhere on the sheet, or says nothing to a reader of it
_APART = frozenset({"model", "data", "start", "schedule", "moves", "settings", "by_hand"})


def called(shown: Shown, raw: Json) -> str:
    """Model and data by name. raw: the run's experiment file."""
    return words.named(model_called(raw), data_told(shown.settings, raw["data"])[0])


def mathematics(raw: Json) -> str:
    """What the page itself says of its model; nothing, where it says nothing."""
    return marked(_MATHEMATICS.get(raw["model"], ""))


def facts(shown: Shown, raw: Json) -> Iterable[str]:
    """What the run is made of, each as a term and what it is, in HTML."""
    name, data = model_called(raw), data_told(shown.settings, raw["data"])
    shapes = {key: np.shape(entry) for key, entry in shown.run.listed(0).items()}
    yield _fact(words.MODEL, [name, words.parameters(shapes) if shapes else ""])
    yield _fact(words.DATA, [_sentence(data[:1]), *data[1:]])
    moves = "".join(dict.fromkeys(str(move) for move in getattr(shown.run, "moves", "")))
    if "schedule" in raw:
        yield _fact(words.SCHEDULE, [raw["schedule"]])
    if moves:
        yield _fact(words.MOVES, [f"{letter}: {MOVES[letter].name}. {MOVES[letter].sentence}" for letter in moves])
    yield _fact(words.SETTINGS, [settings_told(shown.settings, raw, moves, shapes)])


def settings_told(settings: Settings, raw: Json, moves: str, shapes: Mapping[str, tuple[int, ...]]) -> str:
    """The settings of model, solver and moves as a sentence. moves: their letters; shapes: of the parameters."""
    return _sentence([*_size(raw, shapes), *_settings(settings, raw, moves)])


def model_called(raw: Json) -> str:
    name = raw["model"]
    return words.SPARSE_CODING.get(name) or MODELS[name].help.title


def _sized(raw: Json) -> Size | None:
    """How many hidden values its model has, where that can be chosen: as a setting."""
    return MODELS[raw["model"]].help.size if raw["model"] in MODELS else None


def _size(raw: Json, shapes: Mapping[str, tuple[int, ...]]) -> Iterable[str]:
    """The same as a number; the start says it, whether or not the settings do."""
    size = _sized(raw)
    if size is not None and shapes.get(size.parameter):
        yield f"{lowered(size.label)} {shapes[size.parameter][-1]}"


def _settings(settings: Settings, raw: Json, moves: str) -> Iterable[str]:
    """The settings of model, solver and moves, a few words for each."""
    of_model = settings.named(raw["model"]) | settings.named("solver") | settings.named("settings")
    size = _sized(raw)
    own = {key: value for key, value in raw.get("settings", {}).items() if size is None or key != size.setting}
    yield from _told(settings, of_model, own)
    for letter in moves:
        yield from _told(settings, settings.named(f"moves.{letter}"), raw.get("moves", {}).get(letter, {}))
    yield from _told(settings, {}, {key: value for key, value in raw.items() if key not in _APART})


def _told(settings: Settings, names: Mapping[str, str], values: Mapping[str, Any]) -> Iterable[str]:
    """Values of a file, as the sidebar calls those that it has. names: of settings, by the file's keys."""
    for key, value in values.items():
        if value == [] or value == {}:
            continue
        if isinstance(value, dict):
            yield from _told(settings, {}, value)
            continue
        declared = settings.declared().get(names.get(key, ""))
        label = declared.label.split(":")[0] if declared else key.replace("_", " ")
        offered = declared.offered(settings) if isinstance(declared, Choice) else {}
        if isinstance(declared, Switch):
            yield switched(label, value)
        else:
            shown = offered.get(value, value) if isinstance(value, str) else plain(value)
            yield f"{lowered(label)} {shown}"


def _sentence(told: Iterable[str]) -> str:
    line = "; ".join(told)
    return line if line[:1] in "λβ" else f"{line[:1].upper()}{line[1:]}"


def data_told(settings: Settings, data: Json) -> list[str]:
    """What the data are called, where they are from, and the numbers where they are few."""
    subject = next((name for name in ("signal", "units", "data") if name in settings.declared()), "")
    choice = settings.declared().get(subject)
    offered = choice.offered(settings) if isinstance(choice, Choice) else {}
    title = words.OWN_DATA if settings.imported else offered.get(getattr(settings, subject, ""), words.OWN_DATA)
    prepared = [words.STANDARDISED] if data.get("standardize") else []
    if "dataset" in data:
        known = load(data["dataset"])
        told = words.source(known.source, known.licence)
        return [known.title, told, *prepared, *listed(known.fields, known.columns)]
    if "generator" in data:
        names = settings.named("generator") | settings.named(data["generator"])
        values = {key: value for key, value in data.items() if key not in ("generator", "standardize")}
        return [title, _sentence(_told(settings, names, values)), *prepared]
    return [title, *prepared, *listed(data, ())]


def listed(fields: Mapping[str, Any], columns: Sequence[str]) -> Iterable[str]:
    """Each field of the data: its numbers, or how many there are."""
    for name, values in fields.items():
        if not isinstance(values, list | tuple):
            continue
        called = f"{name} ({', '.join(columns)})" if columns else name
        shape = (len(values), *([len(values[0])] if values and isinstance(values[0], list | tuple) else []))
        few = sum(len(row) if isinstance(row, list | tuple) else 1 for row in values) <= LISTED
        yield f"{called}: {plain(values)}" if few else words.shaped(called, shape)


def _fact(term: str, told: Sequence[str]) -> str:
    return f"<dt>{text_of(term)}</dt>" + "".join(f"<dd>{text_of(line)}</dd>" for line in told if line)
