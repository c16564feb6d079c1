"""What the browser makes of the frames that it is sent is what the frames hold."""

from __future__ import annotations

import json
import re
import subprocess

import numpy as np
import pytest

from tests.figures.runs import em_run
from tests.figures.stage_replay import decode
from tests.tools import ROOT
from ui.em.run import EmRun
from ui.em.settings import EmSettings
from ui.stage.lean import Lean

REPLAY = """
import { readFileSync } from "node:fs";
import { History } from "HERE/ui/stage/frontend/history.js";
const { frames, keys } = JSON.parse(readFileSync(process.argv[2]));
const history = new History();
for (const frame of frames) history.push(frame);
const plain = (value) => (value?.map ? [...value].map(plain) : value);
const held = (n) => Object.fromEntries(keys.map((key) => [key, plain(history.attributes.get(key)?.get(n)) ?? null]));
console.log(JSON.stringify(frames.map((_, n) => held(n))));
"""
FRAMES = {
    "blobs": lambda: EmRun.of(EmSettings(data="blobs", points=600, components=3), "EMEMEGEBEM").frames(),
    "four_components": lambda: EmRun.of(EmSettings(data="blobs", points=300, components=4), "EMEM").frames(),
    **{
        name: lambda name=name: em_run(name).frames()
        for name in ("old_faithful", "one_dimension", "one_component", "eight_components")
    },
}


def replayed(node, tmp_path, frames, keys):
    """What each attribute holds at each frame, by the JavaScript."""
    script, given = tmp_path / "replay.mjs", tmp_path / "frames.json"
    script.write_text(REPLAY.replace("HERE", ROOT.as_uri()), encoding="utf-8")
    given.write_text(json.dumps({"frames": frames, "keys": keys}), encoding="utf-8")
    done = subprocess.run([node, str(script), str(given)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", FRAMES)
def test_colours_symbols_and_numbers_of_points(node, tmp_path, name):
    """Colours to one part in 255 a component; symbols and told digits exactly."""
    frames, lean = FRAMES[name](), Lean()
    keys = [f"data/points/{part}" for part in ("marker.color", "marker.symbol", "customdata")]
    before, sent = None, []
    for frame in frames:
        sent += lean.frames([frame], before)
        before = frame["id"]
    derived = [
        key for frame in sent for key, value in frame["set"].items() if isinstance(value, dict) and "of" in value
    ]
    assert set(derived) == set(keys[:2])
    held = {}
    for frame, found in zip(frames, replayed(node, tmp_path, sent, keys), strict=True):
        held |= {key: decode(frame["set"][key]) for key in keys if key in frame["set"]}
        assert found[keys[1]] == held[keys[1]] and found[keys[2]] == held[keys[2]]
        if isinstance(held[keys[0]], str):
            assert found[keys[0]] == held[keys[0]]
            continue
        one, other = (
            np.array([[int(part) for part in re.findall(r"\d+", color)] for color in each[keys[0]]])
            for each in (found, held)
        )
        assert one.shape == other.shape and np.abs(one - other).max() <= 1


def test_a_symbol_where_the_told_digits_are_equal():
    """0.5004 and 0.4996 are both told as 0.500."""
    each, told = [1, 0, 1], {"columns": [[500, 500, 300], [500, 500, 700]]}
    symbols = {"names": ["circle", "square"], "each": each, "of": "a/b/customdata"}
    frame = {"id": "1", "set": {"a/b/customdata": told, "a/b/marker.symbol": symbols}}
    assert Lean().frame(frame, None)["set"]["a/b/marker.symbol"]["but"] == [[0, 1]]


def test_without_columns_colours_are_sent_as_they_are():
    mixed = {"rgb": "AAAA", "mixed": [[0, 0, 0]], "of": "a/b/customdata"}
    for columns in ({}, {"a/b/customdata": {"dtype": "f4", "bdata": ""}}):
        frame = {"id": "1", "set": {"a/b/marker.color": mixed, **columns}}
        assert Lean().frame(frame, None)["set"]["a/b/marker.color"] == {"rgb": "AAAA"}
