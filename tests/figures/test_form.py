"""What every page puts on the stage: data in the form of docs/stage.md, which Plotly accepts, in known colours."""

from __future__ import annotations

import json
import re

import plotly.graph_objects as go
import pytest

from figures.look import palette
from tests.figures.runs import EVERY, EVERY_KEPT, shown
from tests.figures.stage_replay import finite, painted
from ui.assets import SHIPPED

# kinds of traces that the library in the browser can draw
DRAWN = set(re.findall(r'moduleType:"trace",name:"(\w+)"', SHIPPED.read_text(encoding="utf-8")))
# layouts' parts that begin with something that they do not have at first
LATER = {"annotations"}


@pytest.fixture(scope="module", params=EVERY_KEPT)
def run(request):
    make, name = EVERY[request.param]
    return make(name)


@pytest.fixture(scope="module")
def inner_frames(run):
    """Those of the first frames that have any."""
    return [frame for index in range(min(len(run), 3)) for frame in run.inner(index)]


def test_only_finite_numbers(run, inner_frames):
    """`Shown` reads strict JSON, where NaN and infinity do not exist; packed arrays hold breaks, no infinities."""
    for part in (run.scene.json, *run.frames(), *inner_frames):
        assert finite(json.loads(json.dumps(part, allow_nan=False)))
    for at in (0, len(run) // 2, -1):
        shown(run, at)


def test_every_address_names_something(run, inner_frames):
    scene = run.scene.json
    figures = scene["figures"]
    names = {figure: [trace["meta"] for trace in drawn["data"]] for figure, drawn in figures.items()}
    assert all(len(set(traces)) == len(traces) for traces in names.values())
    set_keys = {key for frame in (*run.frames(), *inner_frames) for key in frame["set"]}
    series = {key for frame in run.frames() for key in frame["append"]}
    for key in set_keys | series:
        figure, part, *attribute = key.split("/")
        if attribute:
            assert part in names[figure], key
        else:
            name = part.split(".")[0]
            assert name in figures[figure]["layout"] or name in LATER, key
    assert not set_keys & series
    for glide in scene["glide"]:
        figure, trace = glide.split("/")
        (found,) = (each for each in figures[figure]["data"] if each["meta"] == trace)
        assert found["type"] == "scatter"


def test_the_shipped_library_draws_every_trace(run):
    kinds = {trace["type"] for figure in run.scene.json["figures"].values() for trace in figure["data"]}
    assert kinds and kinds <= DRAWN


def test_every_figure_has_its_place(run):
    scene = run.scene.json
    ids = [view["id"] for view in scene["views"]]
    drawn = [figure["id"] for view in scene["views"] for figure in view["figures"]]
    assert sorted(drawn) == sorted(scene["figures"]) and len(set(ids)) == len(ids)
    for width, rows in scene["areas"].items():
        assert {name for row in rows for place in row.split() for name in place.split("+")} == set(ids)
        assert len(scene["rows"][width].split(") ")) == len(rows) or len(scene["rows"][width].split()) == len(rows)
        assert len({len(row.split()) for row in rows}) == 1
    assert all(handle["figure"] in scene["figures"] for frame in run.frames() for handle in frame["handles"])


def test_every_slot_has_its_text_from_the_first_frame_on(run):
    scene = run.scene.json
    slots = {scene["caption"], *(item["slot"] for item in [*scene["equation"], *scene["metrics"]] if "slot" in item)}
    slots |= {view[key] for view in scene["views"] for key in ("note", "describe") if view.get(key)}
    assert slots <= set(run.frames()[0]["text"])
    lit = {term for frame in run.frames() for term in frame["lit"]}
    assert lit <= {item.get("id") for item in scene["equation"]}


def test_plotly_accepts_every_figure(run):
    for at, theme in ((0, "light"), (-1, "dark")):
        for figure in painted(shown(run, at).figures, palette.COLORS[theme]).values():
            go.Figure(figure)


def test_every_colour_that_is_named_exists(run, inner_frames):
    def names(value):
        if isinstance(value, dict):
            return {name for entry in value.values() for name in names(entry)}
        if isinstance(value, list):
            return {name for entry in value for name in names(entry)}
        return {value[1:]} if isinstance(value, str) and value.startswith("$") else set()

    assert names([run.scene.json, run.frames(), inner_frames]) <= palette.LIGHT.keys() & palette.DARK.keys()
