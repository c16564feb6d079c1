"""Figures give addresses by name, and scenes an id that costs no drawing."""

from __future__ import annotations

import numpy as np
import pytest

from figures.drawing import Figure
from figures.em.scene import EmScene
from figures.scene import Grid
from tests.figures.runs import em_run
from tests.figures.stage_replay import decode


def test_a_trace_gives_its_addresses():
    figure = Figure("timeline", y="nats")
    elbo = figure.curve("elbo", "$elbo", "ELBO", dash="dot", marker_size=5, hover="ELBO %{y:.4f}")
    assert elbo.json["meta"] == "elbo" and elbo.json["line"] == {"color": "$elbo", "width": 2.5, "dash": "dot"}
    assert elbo.json["name"] == "ELBO" and elbo.json["hovertemplate"] == "ELBO %{y:.4f}<extra></extra>"
    assert elbo.append(x=[3], y=[-1.5]) == {"timeline/elbo/x": [3], "timeline/elbo/y": [-1.5]}
    assert elbo.set(marker_line_width=[2]) == {"timeline/elbo/marker.line.width": [2]}
    assert figure.set(yaxis_range=[0, 1]) == {"timeline/yaxis.range": [0, 1]}
    assert elbo.at((1.0, None), (2.0, 3.0)) == {"timeline/elbo/x": [1.0, 2.0], "timeline/elbo/y": [None, 3.0]}
    assert figure["elbo"] is elbo and figure.json["data"] == [elbo.json]


def test_arrays_travel_packed_with_their_shape():
    image = Figure("data").image("picture", np.eye(2))
    assert image.json["z"]["shape"] == "2, 2" and decode(image.json["z"]) == [1, 0, 0, 1]
    assert decode(image.set(z=np.arange(3.0))) == {"data/picture/z": [0, 1, 2]}


def test_a_name_stands_for_one_trace():
    figure = Figure("data")
    figure.curve("line", "$text")
    for name in ("line", "a/b"):
        with pytest.raises(ValueError, match="no name"):
            figure.curve(name, "$text")
    with pytest.raises(KeyError):
        figure["lien"]


def test_attributes_join_the_defaults():
    """And leave what the caller gave as it was."""
    edge = {"color": "$paper", "width": 1}
    dots = Figure("data").points("dots", "$fit", marker_line=edge, marker_line_width=3)
    assert dots.json["marker"] == {"color": "$fit", "size": 8, "line": {"color": "$paper", "width": 3}}
    assert edge == {"color": "$paper", "width": 1}


def test_a_grid_is_said_as_css_draws_it():
    drawn = Grid(wide="a b 1.5\n c c 19rem\n 1 0.3", medium="a b 1\n c c 1\n 1 1", low="a b+c 300px\n 1 1")
    wide = {name: part["wide"] for name, part in drawn.json().items()}
    assert wide == {
        "areas": ["a b", "c c"],
        "rows": "minmax(min-content, 1.5fr) 19rem",
        "columns": "minmax(0, 1fr) minmax(0, 0.3fr)",
    }
    assert drawn.json()["areas"]["low"] == ["a b+c"] and drawn.json()["rows"]["low"] == "300px"


def test_comparing_ids_draws_nothing(monkeypatch):
    experiment = em_run("old_faithful").experiment
    monkeypatch.setattr(Figure, "__init__", lambda *_, **__: pytest.fail("a figure was drawn"))
    one, other = (EmScene(experiment, (), (0, 1), letters, False) for letters in ("EM", "EMG"))
    assert one.id != other.id == EmScene(experiment, (), (0, 1), "GEM", False).id
