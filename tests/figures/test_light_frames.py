"""A light frame and what fills it show what the whole run shows, wherever the reader jumps."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import pytest

from em_core.kinds import MOVES, allowed
from em_core.models import MODELS
from em_core.observe import course
from tests.attack import thinned
from tests.figures.runs import as_it_opens
from tests.figures.stage_replay import Shown
from tests.pages import PAGES
from ui.dictionary.run import DictionaryRun
from ui.dictionary.settings import DictionarySettings
from ui.em.run import EmRun
from ui.em.settings import MODEL_NAMES, EmSettings, for_model
from ui.map.run import MapRun
from ui.map.settings import MapSettings, for_signal


def em(model):
    """A run with every move that the model has; a hard q comes last, since it may stop the run."""
    letters = allowed(MODELS[model])
    first = [letter for letter in letters if MOVES[letter].kind == "E" and letter != "H"]
    second = [letter for letter in letters if MOVES[letter].kind == "M"]
    word = "EE" + "".join(f"{a}{b}" for a, b in zip(first * 9, second, strict=False)) + "HEHE" * ("H" in letters)
    small = {"step": 0.01, "stochastic_step": 0.01, "adam_step": 0.01, "batch": 7, "blocks": 3, "compare": True}
    return lambda: EmRun.of(replace(for_model(EmSettings(), model), plan=word, **small), word)


def dictionary():
    return DictionaryRun.of(DictionarySettings(points=60, side=5, atoms=8), "HMHCHM")


def solver(name):
    return lambda: MapRun.of(replace(for_signal(MapSettings(), "digit"), solver=name), 8)


RUNS = {model: em(model) for model in MODEL_NAMES} | {"dictionary": dictionary}
RUNS |= {f"{page}, as it opens": partial(as_it_opens, str(page)) for page in PAGES}
RUNS |= {name: solver(name) for name in ("ista", "lca", "coordinate_descent", "omp")}


def view(shown):
    """All that is on screen, part by part, as text: NaN equals NaN."""
    parts = {"text": shown.text, "value": shown.value, **{key: shown.frame[key] for key in shown.frame if key != "set"}}
    for figure, content in shown.figures.items():
        parts |= {f"{figure}.{trace['meta']}": trace for trace in content["data"]}
        parts[f"{figure}/layout"] = content["layout"]
    return {name: json.dumps(part, sort_keys=True) for name, part in parts.items()}


# from the end to the start, each alone; every second one and what lies between, then one by one
ORDERS = {"backwards": lambda last: range(last, -1, -1)}
ORDERS["by turns"] = lambda last: [*range(1, last + 1, 2), *range(0, last + 1, 2)]
FEW = ("gaussian_mixture", "dictionary", "ista")
# in every run the few, one of them by turns; of every sixth model, of every third page, of another solver
ONCE = [*list(MODEL_NAMES)[3::6], *(f"{page}, as it opens" for page in PAGES[1::3]), "coordinate_descent"]
KEPT = [(FEW[0], "by turns"), *((name, "backwards") for name in (*FEW[1:], *ONCE))]


@pytest.mark.parametrize(
    "name, order",
    thinned([(name, order) for order in ORDERS for name in RUNS], KEPT),
)
def test_a_filled_frame_shows_what_the_whole_run_shows(name, order):
    """Filled by itself, after its neighbours, before them: figures, texts, numbers, handles are the same."""
    every = RUNS[name]()
    frames = every.frames()
    last = len(every) - 1
    assert last >= 6 or every.ended
    expected = [view(Shown(every.scene.json, frames, at)) for at in range(len(every))]
    run = RUNS[name]()
    for at in ORDERS[order](last):
        filled = run.frames([at])
        # what else is there was filled before, and the browser has it too
        found = Shown(run.scene.json, filled, at)
        light = {key for frame in filled if frame.get("light") for key in frame}
        assert light <= {"id", "light", "append", "chip", "next"}
        seen = view(found)
        assert [name for name in seen if seen[name] != expected[at][name]] == [], at
        assert seen.keys() == expected[at].keys()
    assert [frame["id"] for frame in run.frames()] == [frame["id"] for frame in frames]


@pytest.mark.parametrize("name", FEW)
def test_a_light_frame_is_a_fraction_of_a_whole_one(name):
    run = RUNS[name]()
    light, whole = run.frames([0])[3], run.frames([3])[3]
    assert light["light"] and "light" not in whole
    assert len(json.dumps(light)) < 0.4 * len(json.dumps(whole))
    assert light["append"] == whole["append"] and light["next"] == whole["next"]


def test_a_long_tape_draws_a_handful_of_whole_frames(monkeypatch):
    """701 half-steps: the scan along the M-step, most of what a frame costs, is made for those in view alone."""
    scans = []
    scan = course.scan
    monkeypatch.setattr(course, "scan", lambda *args: scans.append(args) or scan(*args))
    settings = for_model(EmSettings(), "binomial_mixture")
    run = EmRun.of(settings, "EM" * 350)
    frames = run.frames([700, 699, 698])
    assert len(frames) == 701 and sum("light" not in frame for frame in frames) == 3 and 0 < len(scans) <= 3
    heights = [frame["append"]["timeline/evidence/y"][0] for frame in frames]
    assert heights == pytest.approx(sorted(heights), rel=1e-12)
