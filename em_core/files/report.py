"""What a run came to, as files hold it: one JSON object, or a table with a row for each step."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from typing import Any

from em_core.checks import Checks, checks
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES
from em_core.model import as_json
from em_core.records import Bound, HalfStep
from em_core.trajectory import bound_after
from em_core.work import Progress, finished


def report(experiment: Experiment, steps: Iterable[HalfStep]) -> dict[str, Any]:
    """The complete experiment and every half-step with its terms, as the command line prints them.

    steps: from the start on. Each is done with before the next is asked for, so that of many points no more than two q
    need be held.
    """
    return finished(telling(experiment, steps))


def telling(experiment: Experiment, steps: Iterable[HalfStep]) -> Progress[dict[str, Any]]:
    """The same, a half-step at a time."""
    planned = max(1, len(experiment.tape))
    rows: list[dict[str, Any]] = []
    before, made_q, stops = None, None, None
    for step in steps:
        bound = bound_after(experiment, step)
        # mean field made the q that this one began with
        swept = made_q is not None and bool(MOVES[made_q].proviso)
        rows.append(_row(experiment, step, bound, checks(experiment, step, bound, before, swept)))
        before = bound
        if step.after.q is not step.before.q:
            made_q = step.letter
        stops = next((event.message for event in step.events if event.stops), None)
        yield step.index / planned
    return {
        "experiment": experiment.to_json(),
        "half_steps": rows,
        "outcome": "completed" if stops is None else "stopped",
        "message": stops or "",
    }


def _row(experiment: Experiment, step: HalfStep, bound: Bound, held: Checks) -> dict[str, Any]:
    return {
        "index": step.index,
        "move": step.move,
        "log_evidence": bound.log_evidence,
        "elbo": bound.elbo,
        "gap": bound.gap,
        "kl": bound.kl,
        "expected_log_joint": bound.expected_log_joint,
        "entropy": bound.entropy,
        **_point(experiment, step),
        "parameters": {name: entry.tolist() for name, entry in step.after.theta.items()},
        "info": as_json(step.info and step.info.items()),
        "events": [
            {"kind": event.kind, "message": event.message, "numbers": dict(event.numbers)} for event in step.events
        ],
        "checks": held.to_json(),
    }


def _point(experiment: Experiment, step: HalfStep) -> dict[str, Any]:
    """What a model adds whose q is a point or has a spread: null before there is one."""
    model: Any = experiment.model
    if not hasattr(model, "point"):
        return {}
    return as_json(model.point(experiment.data, step.after.theta, step.after.q))


def finite(value: Any) -> Any:
    """JSON has no infinities: they become the strings "Infinity" and "-Infinity"; what is undefined is null."""
    if isinstance(value, dict):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [finite(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def as_csv(result: dict[str, Any]) -> str:
    """One row per step; arrays in columns such as means[0][1]; events by their kinds."""
    result = finite(result)
    rows = [flat(step) for step in result.get("half_steps") or result.get("steps") or result["rungs"]]
    text = io.StringIO()
    columns = dict.fromkeys(column for row in rows for column in row)
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().rstrip("\n")


def flat(step: Mapping[str, Any]) -> dict[str, Any]:
    """A step of a report as one row of its table."""
    row = {}
    for key, entry in step.items():
        if key == "events":
            row[key] = " ".join(event["kind"] for event in entry)
        elif key == "info":
            row["passes"] = entry and entry["passes"]
        elif key == "checks":
            for name, check in entry.items():
                row.update({f"{name}_{part}": check and check[part] for part in ("holds", "number")})
        elif key == "parameters":
            for name, parameter in entry.items():
                row.update(_columns(name, parameter))
        elif key not in ("codes", "spreads") or entry is not None:  # before the first H or V there are none
            row.update(_columns(key, entry))
    return row


def _columns(name: str, entry: Any) -> dict[str, Any]:
    if not isinstance(entry, list):
        return {name: entry}
    return {key: value for i, part in enumerate(entry) for key, value in _columns(f"{name}[{i}]", part).items()}
