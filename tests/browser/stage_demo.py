"""A page that shows the stage something of its own: a polygon that turns, and a sum that grows.

It answers every act as a real page would, prints each to standard output (`ACT {…}`), and starts in the state that
the address asks for: `?known=5` frames known, `?points=600`, `?ended=1`, `?slow=0.5` seconds an answer, `?step=0.05`
seconds a frame, `?slider=1` a slider, `?bare=1` no link, `?light=1` whole frames only in view, `?tape=90&cursor=60`
frames to be made again and where to stand.
"""

import base64
import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import streamlit as st

sys.path.insert(0, str(Path(__file__).parents[2]))
from em_core.files.errors import InvalidExperiment
from ui import frame, stage
from ui.player import Player
from ui.tape import Tape

LIMIT = 120  # no run is longer
STOPS = [0, 0.25, 0.5, 0.75, 1]

st.set_page_config(page_title="Stage demo", layout="wide")
st.html(frame.STYLE)


def packed(values):
    array = np.asarray(values, dtype="<f4")
    shape = {"shape": ", ".join(map(str, array.shape))} if array.ndim > 1 else {}
    return {"dtype": "f4", "bdata": base64.b64encode(array.tobytes()).decode(), **shape}


def polygon(turn, corner, size=3):
    angles = 2 * np.pi * np.arange(7) / 6 + turn
    return size * np.cos(angles) + corner[0], size * np.sin(angles) + corner[1]


def cloud(n):
    return np.random.default_rng(1).normal(scale=3, size=(2, n))


def inner_frames(index, corner):
    def one(stop):
        x, y = polygon(0.3 * (index - 1 + stop), corner)
        return {
            "set": {
                "shape/polygon/x": packed(x),
                "shape/polygon/y": packed(y),
                "wave/place/x": [stop],
                "wave/place/y": [stop**2],
            },
            "text": {"caption": f"On the way to {index}: {stop}"},
        }

    return [one(stop) for stop in STOPS]


def frame(index, corner, seed, n_points):
    kind = "AB"[index % 2]
    x, y = polygon(0.3 * index, corner)
    total = float(np.sqrt(index + 1) * 10 + corner[0])
    points = cloud(n_points)
    near = np.clip(255 * np.abs(np.sin(points[0] + index)), 0, 255).astype("u1")
    colors = np.stack([near, 120 + 0 * near, 255 - near], axis=1)
    waves = np.linspace(0, 1, 101)
    return {
        "id": f"{seed}-{corner}-{index}",
        "set": {
            "shape/points/marker.color": {"rgb": base64.b64encode(colors.tobytes()).decode()},
            "shape/polygon/x": packed(x),
            "shape/polygon/y": packed(y),
            "shape/annotations": [
                {"x": corner[0], "y": corner[1], "text": str(index), "showarrow": False, "font": {"color": "$sum"}}
            ],
            "sum/here/x": [index],
            "sum/here/y": [total],
            "wave/wave/y": packed(np.sin(6 * waves + index)),
            "wave/place/x": [1],
            "wave/place/y": [1],
            "bars/parts/y": [total, 50 + 10 * np.sin(index), total - 5],
        },
        "append": {
            "sum/total/x": [index],
            "sum/total/y": [total],
            "log/rest/x": [index],
            "log/rest/y": [1 / (index + 1)],
        },
        "text": {
            "metric.sum": f"{total:,.3f}",
            "metric.rest": f"{100 - total:,.3f}",
            "caption": f"Half turn {kind}: the polygon stands at {0.3 * index:.1f} rad. "
            "The points nearest to it changed their colours, and the sum grew by a little.",
            "note": f"turned {index} times",
            "picture": f"A hexagon at {0.3 * index:.1f} radians",
        },
        "value": {"metric.sum": total},
        "lit": ["sum"] if kind == "A" else ["rest"],
        "chip": {"label": kind, "name": f"Go to {index}: {kind}", "color": "$sum" if kind == "A" else "$rest"},
        "next": None
        if index == LIMIT
        else {
            "label": "B-turn" if kind == "A" else "A-turn",
            "detail": "a sixth",
            "color": "$rest" if kind == "A" else "$sum",
            "act": {"act": "advance"},
        },
        "inner_at": 1 if index else None,
    }


def scene(n_points):
    points = cloud(n_points)
    lines = {"mode": "lines", "type": "scatter"}
    axis = {"range": [-10, 10], "zeroline": False}
    return {
        "id": f"demo-{n_points}",
        "colors": {"light": {"sum": "#0072B2", "rest": "#D55E00"}, "dark": {"sum": "#56B4E9", "rest": "#FF8A3D"}},
        "equation": [
            {"id": "total", "tex": r"\log 100", "color": "$text"},
            {"tex": "="},
            {
                "id": "sum",
                "tex": r"\sum_{i=1}^{n} \mathcal{S}(x_i; \theta)",
                "color": "$sum",
                "slot": "metric.sum",
                "title": "The sum",
                "act": {"act": "term"},
            },
            {"tex": "+"},
            {"id": "rest", "tex": r"\mathrm{KL}(q \,\|\, p)", "color": "$rest", "slot": "metric.rest"},
        ],
        "metrics": [
            {"slot": "metric.sum", "label": "Sum", "color": "$sum"},
            {"slot": "metric.rest", "label": "Rest", "color": "$rest"},
        ],
        "figures": {
            "shape": {
                "data": [
                    {
                        "type": "scatter",
                        "mode": "markers",
                        "x": points[0].tolist(),
                        "y": points[1].tolist(),
                        "marker": {"size": 6},
                        "name": "points",
                        "meta": "points",
                    },
                    {**lines, "line": {"color": "$sum", "width": 3}, "name": "polygon", "meta": "polygon"},
                ],
                "layout": {"xaxis": axis, "yaxis": axis, "showlegend": False},
            },
            "sum": {
                "data": [
                    {
                        "type": "scatter",
                        "mode": "lines+markers",
                        "x": [],
                        "y": [],
                        "line": {"color": "$rest"},
                        "meta": "total",
                    },
                    {"type": "scatter", "mode": "markers", "marker": {"size": 13, "color": "$sum"}, "meta": "here"},
                ],
                "layout": {"showlegend": False},
            },
            "log": {"data": [{**lines, "x": [], "y": [], "meta": "rest"}], "layout": {"yaxis": {"type": "log"}}},
            "wave": {
                "data": [
                    {**lines, "x": np.linspace(0, 1, 101).tolist(), "line": {"color": "$rest"}, "meta": "wave"},
                    {"type": "scatter", "mode": "markers", "marker": {"size": 12, "color": "$sum"}, "meta": "place"},
                ],
                "layout": {"showlegend": False, "yaxis": {"range": [-1.2, 1.2]}},
            },
            "bars": {
                "data": [{"type": "bar", "x": ["one", "two", "three"], "marker": {"color": "$sum"}, "meta": "parts"}],
                "layout": {"yaxis": {"range": [0, 120]}},
            },
        },
        "views": [
            {"id": "shape", "title": "Shape", "figures": [{"id": "shape"}], "note": "note", "describe": "picture"},
            {
                "id": "sum",
                "title": "Sum by turn",
                "figures": [{"id": "sum", "label": "Sum"}, {"id": "log", "label": "Rest, log scale"}],
                "click": "x",
            },
            {"id": "wave", "title": "Wave", "figures": [{"id": "wave"}]},
            {"id": "bars", "title": "Parts", "figures": [{"id": "bars"}]},
        ],
        "areas": {
            "wide": ["shape shape sum", "shape shape wave", "shape shape bars"],
            "medium": ["shape shape", "sum sum", "wave bars"],
            "low": ["shape sum+wave+bars"],
        },
        "rows": {"medium": "3fr 2fr 2fr"},
        "inner": {"view": "wave", "label": "How far", "stops": STOPS, "format": "t = {}"},
        "glide": ["shape/polygon", "wave/wave"],
        "keys": {"a": {"act": "letter", "letter": "A"}},
        "speeds": [2, 1, 4, 8, 30],
        "tools": [
            {"act": {"act": "reset"}, "label": "Reset", "title": "Start afresh"},
            {"act": {"act": "scene"}, "label": "Other scene", "title": "Other figures"},
        ],
        "caption": "caption",
        "names": {"Position": "Turn"},
    }


class Demo(Tape):
    """A run as `ui.player` takes it; what it cannot do by itself, `own` does."""

    def __init__(self, known, n_points, tape):
        super().__init__()
        self.known, self.n_points, self.tape = known, n_points, tape
        self.corner, self.seed, self.number, self.size = [1.0, 2.0], 0, 0, 3

    @property
    def scene(self):
        made = scene(self.n_points)
        made["id"] += f"-{self.number}"
        return SimpleNamespace(id=made["id"], json=made)

    def __len__(self):
        return self.known

    @property
    def ended(self):
        return "That is all." if st.query_params.get("ended") or self.known > LIMIT else None

    @property
    def remaining(self):
        return max(0, self.tape + 1 - self.known)

    def step(self):
        time.sleep(float(st.query_params.get("step", 0)))
        grown = self.known <= LIMIT
        self.known += grown
        return grown

    def frames(self, view=None):
        return super().frames(view if "light" in st.query_params else None)

    def gather(self):
        # the last frame's id is its own, and one that was the last becomes another
        self.cut(min(len(self._light), self.known) - 1)
        made = [self.draw(index, True) for index in range(len(self._light), self.known)]
        kept = ("id", "append", "chip", "next")
        self._light = self._light + [{"light": True, **{name: one[name] for name in kept}} for one in made]

    def draw(self, index, key):
        made = frame(index, self.corner, self.seed if index == self.known - 1 else 0, self.n_points)
        return {**made, "id": f"{made['id']}-{self.size}", "handles": self.handles(self.corner, self.size)}

    def cut(self, length):
        super().cut(max(0, length))

    def coming(self):
        return []

    def inner(self, index):
        return inner_frames(index, self.corner)

    def handles(self, corner, size):
        place = {"id": "corner", "figure": "shape", "x": corner[0], "y": corner[1], "label": "Centre", "color": "$sum"}
        slider = {"id": "size", "figure": "shape", "label": "Size", "low": 1, "high": 100, "value": size, "step": 0.05}
        return [place, {**slider, "kind": "slider", "scale": "log"}] if "slider" in st.query_params else [place]

    def preview(self, at, handle, x, y):
        if x > 8:
            raise InvalidExperiment(handle, x, "a place to the left of 8")
        corner, size = ([x, y], self.size) if handle == "corner" else (self.corner, x)
        shape = [packed(axis) for axis in polygon(0.3 * at, corner, size)]
        return {
            "set": dict(zip(("shape/polygon/x", "shape/polygon/y"), shape, strict=True)),
            "text": {"metric.sum": f"{x:.3f}", "caption": f"Held at {x:.2f}, {y:.2f}"},
            "value": {"metric.sum": x},
            "lit": ["rest"],
            "handles": self.handles(corner, size),
            "inner_at": None,
        }

    def own(self, act):
        match act["act"]:
            case "drag" if act["handle"] == "size":
                self.size = act["x"]
                self.seed += 1
                self.cut(0)
                player.go(player.cursor)
            case "drag":
                self.corner, self.known = [round(act["x"], 2), round(act["y"], 2)], 1
                self.cut(0)
                player.go(0)
            case "letter":
                self.known = player.cursor + 2  # forget what came after, and take another way
                self.seed += 1
                player.go(player.cursor + 1)
            case "scene":
                self.number += 1
                player.go(player.cursor)
            case "reset":
                self.corner, self.known = [1.0, 2.0], 1
                self.cut(0)
                player.go(0)


if "demo" not in st.session_state:
    defaults = {"known": 3, "points": 60, "tape": 0}
    numbers = [int(st.query_params.get(name, default)) for name, default in defaults.items()]
    st.session_state.demo = Demo(*numbers), Player()
    if "tape" in st.query_params:
        run, player = st.session_state.demo
        player.reopen(run, int(st.query_params["cursor"]))
run, player = st.session_state.demo

with st.sidebar:
    st.text_input("Text field")
    st.slider("A slider", 0, 10, 5)
    hidden = st.checkbox("Hide the stage", key="hidden")
    st.button("Rerun")
    if st.button("Another run"):
        run.number, run.known = run.number + 1, 1
        player.go(0)
        time.sleep(1)  # meanwhile the browser still shows the one before


@st.fragment
def animate():
    if st.session_state.hidden:
        st.rerun()  # touched in the same moment as the stage asked: this part of the page runs alone
    place = stage.asked("stage").cursor
    act = player.listen("stage", len(run) - 1)
    if place is not None:
        print("CURSOR", place, flush=True)
    if act is not None:
        print("ACT", json.dumps(act), flush=True)
        time.sleep(float(st.query_params.get("slow", 0)))
        if not player.answer(run, act):
            run.own(act)
    player.linked = "bare" not in st.query_params
    player.show(run, "stage")


if not hidden:
    animate()
