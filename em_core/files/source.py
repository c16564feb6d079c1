"""An experiment file from the command line: read, and run to its end."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.fields import Fields
from em_core.files.report import telling
from em_core.models import MODELS
from em_core.sparse_coding import experiment as sparse_coding
from em_core.sparse_coding.posterior import ladder
from em_core.trajectory import steps
from em_core.work import Progress, finished


def read(name: str) -> Any:
    """The JSON of a file; - is standard input. Raises `InvalidExperiment`."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        text = text.removeprefix("\ufeff")  # some editors on Windows write one
        return json.loads(text, object_pairs_hook=_named_once)
    except OSError as error:
        raise InvalidExperiment("file", name, f"a file that can be read ({error.strerror})") from None
    except InvalidExperiment:
        raise
    except UnicodeDecodeError:
        raise InvalidExperiment("file", name, "a text file in UTF-8") from None
    except (ValueError, RecursionError) as error:  # not JSON, nested too deep, or a number of thousands of digits
        raise InvalidExperiment("file", name, f"JSON ({error})") from None


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON would let the last of two equal keys win, silently."""
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidExperiment(twice, result[twice], "a key that occurs only once in its object")
    return result


def model_of(raw: Any) -> str:
    """The name of an experiment's model; it may be none that there is. Raises `InvalidExperiment`."""
    valid = f"one of {', '.join(sorted((*MODELS, sparse_coding.NAME, ladder.NAME)))}"
    model = Fields(raw, "").take("model", valid=valid)
    if not isinstance(model, str):
        raise InvalidExperiment("model", model, valid)
    return model


def run(raw: Any) -> dict[str, Any]:
    """The report of its half-steps, steps or rungs. Raises `InvalidExperiment`."""
    return finished(running(raw))


def running(raw: Any) -> Progress[dict[str, Any]]:
    """The same, a half-step at a time."""
    model = model_of(raw)
    if model == sparse_coding.NAME:
        return sparse_coding.run(sparse_coding.SparseCodingExperiment.parse(raw))
    if model == ladder.NAME:
        return ladder.run(ladder.LadderExperiment.parse(raw))
    experiment = Experiment.parse(raw)
    return (yield from telling(experiment, steps(experiment)))
