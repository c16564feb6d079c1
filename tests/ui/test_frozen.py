"""Addresses and experiment files that were once given away open as they did, with the numbers that they showed.

`tests/reference/frozen.json` was written at commit 57613ae. An entry changes only where a number was wrong.
"""

from __future__ import annotations

import io
import json
import math
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from em_core.__main__ import main
from tests.attack import thinned
from tests.figures.stage_replay import Shown
from tests.pages import PAGES as TRIED

FROZEN = Path(__file__).parents[1] / "reference" / "frozen.json"
PAGES = {str(page): page.session for page in TRIED}
KEPT = {"log_evidence", "elbo", "gap", "kl", "objective", "duality_gap", "support_size", "index", "move", "s", "kind"}


def shown(page, query):
    """The exact numbers on the page at the place in view, and whether anything was refused."""
    session = PAGES[page].opened(query)
    assert session.messages == []
    place = Shown(session.run.scene.json, session.run.frames(), session.player.cursor)
    numbers = {slot: number for slot, number in place.value.items() if not slot.startswith("tone.")}  # heard alone
    return {"cursor": session.player.cursor, "chip": place.frame["chip"]["label"], **numbers}


def outcome(raw, folder):
    """What the command line says of the last half-step, step or rung."""
    file = folder / "experiment.json"
    file.write_text(json.dumps(raw), encoding="utf-8")
    printed = io.StringIO()
    with redirect_stdout(printed):
        status = main(["run", str(file)])
    assert not status
    result = json.loads(printed.getvalue())
    (rows,) = (result[name] for name in ("half_steps", "steps", "rungs", "ladder") if name in result)
    return {key: value for key, value in rows[-1].items() if key in KEPT}


def same(found, expected):
    """Equal names; numbers to 1e-8 of the largest, which kernels and compilers do not reach."""
    assert found.keys() == expected.keys()
    numbers = [abs(x) for x in expected.values() if isinstance(x, (int, float)) and math.isfinite(x)]
    for name, value in expected.items():
        if isinstance(value, float):
            assert found[name] == pytest.approx(value, rel=1e-8, abs=1e-8 * max(1.0, *numbers)), name
        else:
            assert found[name] == value, name


def entries(kind):
    return json.loads(FROZEN.read_text(encoding="utf-8"))[kind] if FROZEN.exists() else []


def some(links):
    """Of each page one in four in every run, the others with -m exhaustive."""
    return thinned(links, [link for page in PAGES for link in [one for one in links if one["page"] == page][1::4]])


@pytest.mark.parametrize(
    "entry", some(entries("links")), ids=lambda entry: f"{entry['page']}-{str(entry['query'])[:60]}"
)
def test_an_address_opens_as_it_did(entry):
    same(shown(entry["page"], entry["query"]), entry["shown"])


@pytest.mark.parametrize("entry", entries("files"), ids=lambda entry: entry["experiment"]["model"])
def test_an_experiment_file_runs_as_it_did(entry, tmp_path):
    same(outcome(entry["experiment"], tmp_path), entry["last"])


def test_enough_is_frozen():
    assert len(entries("links")) >= 40 and len(entries("files")) >= 8
