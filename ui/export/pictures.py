"""A view of a run as a picture for a slide, drawn by a browser with the stage's own code (`picture.js`)."""

from __future__ import annotations

import base64
import html
import re
from typing import Any

from em_core.files.errors import MISSING, InvalidExperiment
from ui.export import browser, standalone
from ui.tape import Tape

_DRAWN = re.compile(r'<pre id="picture">(.*?)</pre>', re.DOTALL)
_FAILED = re.compile(r'<pre id="failed">(.*?)</pre>', re.DOTALL)


def views(run: Tape) -> dict[str, tuple[str, str]]:
    """What can be drawn, by the ids that `--view` takes: each view with the figure that it shows first, and each of
    its other figures as `view.figure`."""
    scene: Any = run.scene
    within = (scene.json.get("inside") or {}).get("view")  # has a picture only while one is inside
    found = {}
    for view in scene.json["views"]:
        first, *others = (figure["id"] for figure in view["figures"])
        if view["id"] != within:
            found[view["id"]] = view["id"], first
            found |= {f"{view['id']}.{other}": (view["id"], other) for other in others}
    return found


def picture(run: Tape, at: int, asked: str | None, kind: str, white: bool = True) -> str | bytes:
    """The picture of a view at half-step `at`: kind "svg" as text, "png" as bytes.

    asked: an id of `views`. Raises `InvalidExperiment`, with all of them for another one.
    """
    known = views(run)
    if asked not in known:
        raise InvalidExperiment("--view", MISSING if asked is None else asked, f"one of {', '.join(known)}")
    view, figure = known[asked]
    wanted = {"at": at, "view": view, "figure": figure, "white": white, "kind": kind}
    dumped = browser.dumped(standalone.showing("pictured.js", {"message": told(run, at), **wanted}))
    drawn = _DRAWN.search(dumped)
    if drawn is None:
        failed = _FAILED.search(dumped)
        why = html.unescape(failed[1]) if failed else "no picture came"
        raise InvalidExperiment("browser", browser.found() or "", f"one that can draw this view ({why})")
    content = html.unescape(drawn[1])
    if kind == "svg":
        return content + "\n"
    try:
        drawing = base64.b64decode(content.removeprefix("data:image/png;base64,"), validate=True)
    except ValueError:
        drawing = b""
    if not drawing.startswith(b"\x89PNG"):
        raise InvalidExperiment("browser", browser.found() or "", "one whose pictures can be read")
    return drawing


def told(run: Tape, at: int) -> dict[str, Any]:
    """The scene, and the frames up to `at`, of which that one is whole."""
    return {"scene": standalone.scene(run), "frames": run.frames([at])[: at + 1]}
