"""The data sets that ship with the program, and the generators.

A data set is one CSV file in this folder. Lines that start with # give its title, source and licence, which models it
suits, the settings that belong to it, and which columns form which field of `data`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from em_core.caching import bounded
from em_core.datasets import images
from em_core.files.errors import InvalidExperiment
from em_core.files.fields import MOST_ROWS, Fields

_FOLDER = Path(__file__).parent

# which models each generator makes data for
GENERATORS = {
    "blobs": ("gaussian_mixture",),
    "bars": ("dictionary_learning",),
    "patches": ("dictionary_learning",),
}
# numbers that a generator makes at most: of ten million points ten each
MOST_NUMBERS = 100_000_000
PREPARATIONS = {"centred": "with the mean removed", "whitened": "whitened"}


@dataclass(frozen=True)
class Dataset:
    """fields: what stands in `data` of an experiment file; columns: a name with its unit for each column.

    settings: those of the model that belong to these data; start: the published one, where there is one.
    """

    name: str
    title: str
    source: str
    licence: str
    models: tuple[str, ...]
    settings: Mapping[str, Any]
    start: Mapping[str, Any] | None
    columns: tuple[str, ...]
    fields: Mapping[str, Any]


@bounded(8_000_000)
def load(name: str) -> Dataset:
    """The data set of that name, one of those in `catalogue()`."""
    notes: dict[str, str] = {}
    rows = []
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        for line in file:
            if line.startswith("#"):
                key, _, text = line[1:].partition(":")
                notes[key.strip()] = text.strip()
            else:
                rows.append(line)
    header, *body = csv.reader(rows)
    columns = {title: [_cell(row[i]) for row in body] for i, title in enumerate(header)}
    return Dataset(
        name=name,
        title=notes["title"],
        source=notes["source"],
        licence=notes["licence"],
        models=tuple(notes["models"].split(", ")),
        settings=json.loads(notes.get("settings", "{}")),
        start=json.loads(notes["start"]) if "start" in notes else None,
        columns=tuple(header),
        fields={key: _gathered(columns, titles) for key, titles in json.loads(notes["fields"]).items()},
    )


def catalogue() -> list[Dataset]:
    """Every data set, by name."""
    return [load(path.stem) for path in sorted(_FOLDER.glob("*.csv"))]


def blobs(
    n_points: int,
    separation: float,
    seed: int,
    n_clusters: int = 3,
    n_dimensions: int = 2,
    imbalance: float = 0.0,
    outliers: float = 0.0,
) -> np.ndarray:
    """(n_points, n_dimensions) points from Gaussian clusters of unit average variance.

    Neighbouring centres lie `separation` standard deviations apart: on a line in one dimension, on a regular polygon in
    the first two of more. Each cluster has 1 − `imbalance` times the points of the one before; a share `outliers` of
    all points is thrown anywhere in a box three times as wide. The same arguments give the same points, and outliers
    leave the other points where they are.
    """
    rng = np.random.default_rng([seed, n_clusters, n_dimensions])
    centres = np.zeros((n_clusters, n_dimensions))
    if n_dimensions == 1:
        centres[:, 0] = separation * (np.arange(n_clusters) - (n_clusters - 1) / 2)
    elif n_clusters > 1:
        angles = 2 * np.pi * np.arange(n_clusters) / n_clusters + np.pi / 2
        radius = separation / (2 * np.sin(np.pi / n_clusters))
        centres[:, :2] = radius * np.column_stack([np.cos(angles), np.sin(angles)])
    shapes = rng.standard_normal((n_clusters, n_dimensions, n_dimensions)) / 2 + np.eye(n_dimensions)
    shapes *= np.sqrt(n_dimensions / np.einsum("kij,kij->k", shapes, shapes))[:, None, None]
    members = rng.permutation(_members(n_points, n_clusters, imbalance))
    noise = rng.standard_normal((n_points, n_dimensions))
    points = centres[members]
    for k, shape in enumerate(shapes):  # cluster by cluster: one matrix a point would fill the memory
        points[members == k] += noise[members == k] @ shape.T
    strays = rng.permutation(n_points)[: round(outliers * n_points)]
    middle, reach = points.mean(axis=0), 1.5 * np.ptp(points, axis=0)
    points[strays] = middle + reach * rng.uniform(-1, 1, (len(strays), n_dimensions))
    return points


def _members(n_points: int, n_clusters: int, imbalance: float) -> np.ndarray:
    """(n_points,) cluster of each point: as even as can be, or falling by a factor from cluster to cluster."""
    if imbalance == 0:
        return np.arange(n_points) % n_clusters
    shares = np.cumsum((1 - imbalance) ** np.arange(n_clusters))
    return np.searchsorted(shares / shares[-1], (np.arange(n_points) + 0.5) / n_points)


def resolve(fields: Fields, model: str) -> dict[str, Any]:
    """The fields of `data` with a named data set or a generator replaced by the numbers they stand for.

    Other keys, such as `standardize`, stay for the model to read. Raises `InvalidExperiment` for data that do not
    suit the model.
    """
    if "dataset" in fields:
        name = fields.take("dataset")
        suited = [dataset.name for dataset in catalogue() if model in dataset.models]
        if name not in suited:
            raise InvalidExperiment(fields.name("dataset"), name, f"a data set for {model}: {', '.join(suited)}")
        return _beside(fields, load(name).fields)
    if "generator" in fields:
        name = fields.take("generator")
        suited = [generator for generator, models in GENERATORS.items() if model in models]
        if name not in suited:
            valid = f"a generator for {model}: {', '.join(suited) or 'there is none'}"
            raise InvalidExperiment(fields.name("generator"), name, valid)
        values = {"blobs": _read_blobs, "bars": _read_bars, "patches": _read_patches}[name](fields)
        return _beside(fields, {"values": values})
    return fields.rest()


def photograph() -> np.ndarray:
    """(128, 128) pixels from 0 to 1."""
    dataset = load("photograph")
    result: np.ndarray = np.array(dataset.fields["pixels"]).reshape(dataset.settings["shape"]) / 255
    return result


def _read_blobs(fields: Fields) -> np.ndarray:
    n_points = fields.whole("n_points", 300, least=1, most=MOST_ROWS)
    n_dimensions = fields.whole("n_dimensions", 2, least=1, most=64)
    if n_points * n_dimensions > MOST_NUMBERS:
        valid = f"at most {MOST_NUMBERS // n_dimensions:,} points of {n_dimensions} dimensions"
        raise InvalidExperiment(fields.name("n_points"), n_points, valid)
    return blobs(
        n_points,
        fields.number("separation", 3.0, least=0, most=1e6),
        fields.whole("seed", 0, most=2**32 - 1),
        fields.whole("n_clusters", 3, least=1, most=50),
        n_dimensions,
        fields.number("imbalance", 0.0, least=0, most=0.95),
        fields.number("outliers", 0.0, least=0, most=0.5),
    )


def _read_bars(fields: Fields) -> np.ndarray:
    side = fields.whole("side", 8, least=2, most=16)
    return images.bars(
        fields.whole("n_points", 500, least=1, most=10_000),
        side,
        fields.number("probability", 1 / side, least=0, most=1),
        fields.number("noise", 0.05, least=0, most=10),
        fields.whole("seed", 0, most=2**32 - 1),
    )


def _read_patches(fields: Fields) -> np.ndarray:
    """Patches of the shipped photograph."""
    image, side = photograph(), fields.whole("side", 8, least=4, most=16)
    n_points = fields.whole("n_points", 500, least=1, most=len(images.lively(image, side)))
    places = images.places(image, side, n_points, fields.whole("seed", 0, most=2**32 - 1))
    whitened = fields.choice("preparation", PREPARATIONS, "centred") == "whitened"
    return images.centred(images.windows(images.whitened(image) if whitened else image, side)[places])


def _beside(fields: Fields, found: Mapping[str, Any]) -> dict[str, Any]:
    """What a name stands for, and the other keys: none of them may replace it."""
    rest = fields.rest()
    for key in rest:
        if key in found:
            raise InvalidExperiment(fields.name(key), rest[key], "either a named source of data or values, not both")
    return {**found, **rest}


def _cell(text: str) -> float | bool | None:
    """A number, true or false; an empty cell is a missing value."""
    if text in ("true", "false"):
        return text == "true"
    return float(text) if text else None


def _gathered(columns: Mapping[str, list[Any]], titles: Any) -> Any:
    """What the file's head asks for by titles of columns.

    "a": the column; ["a", "b"]: rows of these; {"key": "a"}: an object with the first cell of each; [["a"]]: the column
    as the only sequence; [["a", "by"]]: a sequence for every value of the column `by`; a number: itself.
    """
    if isinstance(titles, float):
        return titles
    if isinstance(titles, str):
        return columns[titles]
    if isinstance(titles, list) and isinstance(titles[0], list):
        title, *by = titles[0]
        owners = columns[by[0]] if by else [None] * len(columns[title])
        pairs = list(zip(columns[title], owners, strict=True))
        return [[value for value, owner in pairs if owner == name] for name in dict.fromkeys(owners)]
    if isinstance(titles, dict):
        return {key: columns[title][0] for key, title in titles.items()}
    return [list(row) for row in zip(*(columns[title] for title in titles), strict=True)]
