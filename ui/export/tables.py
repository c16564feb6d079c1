"""Tables of several runs: of a race with a row for each half-step of each, of many starts with a row for each run."""

from __future__ import annotations

from typing import Any

from em_core.files.errors import InvalidExperiment
from em_core.files.report import as_csv
from em_core.observe.laps import Lap
from em_core.observe.starts import Gathered
from ui.race.run import RaceRun
from ui.starts.run import StartsRun

Json = dict[str, Any]


def of(run: RaceRun | StartsRun) -> str:
    """As CSV. Raises `InvalidExperiment` where there is no row yet."""
    rows = _of_race(run.race[-1]) if isinstance(run, RaceRun) else _of_starts(run.steps[-1])
    if not rows:
        raise InvalidExperiment("starts", 0, "at least one that was run")
    return as_csv({"steps": rows}) + "\n"


def _of_race(lap: Lap) -> list[Json]:
    """Every half-step of every run, the start as its number 0; then each step of gradient ascent."""
    rows: list[Json] = []
    for track in lap.tracks:
        events: list[list[Json]] = [[] for _ in track.passes]
        for at, event in track.events:
            events[at].append({"kind": event.kind})
        series = zip(track.passes, track.log_evidence, track.gap, events, strict=True)
        rows += [
            {"run": track.word, "index": index, "passes": passes, "log_evidence": evidence, "gap": gap, "events": met}
            for index, (passes, evidence, gap, met) in enumerate(series)
        ]
    for ascent in lap.ascents:
        rows += [
            {"run": f"gradient_ascent beside {ascent.word}", "index": index, "log_evidence": evidence}
            for index, evidence in enumerate(ascent.log_evidence)
        ]
    return rows


def _of_starts(gathered: Gathered) -> list[Json]:
    """Where the run of each start ended. optimum: 1 for the best one; none for a run that stopped."""
    rows = []
    for end in gathered.ends:
        rank = gathered.rank(end)
        rows.append(
            {
                "seed": end.seed,
                "half_steps": end.half_steps,
                "log_evidence": end.log_evidence,
                "height": end.height,
                "outcome": end.outcome,
                "optimum": None if rank is None else rank + 1,
                "parameters": {name: entry.tolist() for name, entry in (end.theta or {}).items()},
            }
        )
    return rows
