"""The same half-steps on a plain Streamlit page: four `st.plotly_chart`s, three metrics, one button.

What `step_latency.py` compares the app with. Core, run and pictures are the app's own, so that only the way of showing
them differs; keys keep the charts' identity, `uirevision` their zoom, packed arrays and no template keep them small.
"""

import base64
import math
import sys
from pathlib import Path

import numpy as np
import streamlit as st

sys.path.insert(0, str(Path(__file__).parents[1]))

from figures.drawing import packed
from figures.look import palette
from ui.em.run import EmRun
from ui.em.settings import EmSettings

HEIGHTS = {"data": 700, "latest": 225, "course": 240, "decomposition": 190}


def painted(value):
    """Names of colours replaced by colours, other packed forms by those of Plotly."""
    if isinstance(value, str) and value.startswith("$"):
        return palette.LIGHT[value[1:]]
    if isinstance(value, list):
        return [painted(item) for item in value]
    if isinstance(value, dict) and "rgb" in value:
        flat = base64.b64decode(value["rgb"])
        return [f"rgb({r},{g},{b})" for r, g, b in zip(flat[::3], flat[1::3], flat[2::3], strict=True)]
    if isinstance(value, dict) and "names" in value:
        return [value["names"][one] for one in value["each"]]
    if isinstance(value, dict) and "columns" in value:
        return packed(np.array(value["columns"]).T / 1000)
    if isinstance(value, dict) and "round" in value:
        turns = [2 * math.pi * step / 48 for step in range(49)]
        outlines = ([c + a * math.cos(turn) + b * math.sin(turn) for turn in turns] for c, a, b in value["round"])
        return packed(np.array([place for outline in outlines for place in [*outline, math.nan]]))
    if isinstance(value, dict):
        return {key: painted(item) for key, item in value.items()}
    return value


def put(place, path, value):
    *branches, leaf = path.split(".")
    for name in branches:
        place = place.setdefault(name, {})
    place[leaf] = value


def named(traces, name):
    """A trace goes by its `meta`, as on the stage."""
    return next(trace for trace in traces if trace.get("meta") == name)


def begin():
    run = EmRun.of(EmSettings.of_query(dict(st.query_params))[0])
    figures = painted({name: run.scene.json["figures"][name] for name in HEIGHTS})
    for name, height in HEIGHTS.items():
        figures[name]["layout"] |= {"height": height, "template": None}
    st.session_state.update({"run": run, "figures": figures, "texts": {}})
    follow()


def follow():
    """Bring figures and texts up to the newest half-step."""
    frame = st.session_state.run.frames()[-1]
    figures = st.session_state.figures
    for key, value in (*frame["set"].items(), *frame["append"].items()):
        name, *trace, path = key.split("/")
        if name in figures:
            # without a trace: of the layout
            place = named(figures[name]["data"], trace[0]) if trace else figures[name]["layout"]
            old = place.get(path, []) if key in frame["append"] else None
            put(place, path, painted(value) if old is None else [*old, *value])
    st.session_state.texts |= frame["text"]
    st.session_state.move = frame["next"]


def step():
    run = st.session_state.run
    run.advance(len(run))
    follow()


st.set_page_config(page_title="EM, plain", layout="wide")
if "run" not in st.session_state:
    begin()
here = st.session_state
for column, (name, label) in zip(
    st.columns(3), {"evidence": "log p(v)", "elbo": "ELBO", "gap": "Gap"}.items(), strict=True
):
    column.metric(label, here.texts[f"metric.{name}"])
st.button(here.move["label"] if here.move else "End", key="next", on_click=step, disabled=here.move is None)
left, right = st.columns([1.08, 1])
for name, figure in here.figures.items():
    place = left if name == "data" else right
    place.plotly_chart(figure, key=name, theme=None, config={"displayModeBar": False})
st.caption(here.texts["caption"])
