"""A run as one HTML file that opens from disk: the stage, its libraries and all frames, with no server behind it."""

from __future__ import annotations

import base64
import html
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit

from em_core.files.errors import InvalidExperiment
from em_core.work import Progress, finished, part
from ui import assets, frame
from ui.export import within, words
from ui.export.packing import in_script, packed
from ui.joined import constant, joined
from ui.look import Look
from ui.stage.lean import Lean
from ui.stage.message import Between, Message
from ui.tape import Tape
from ui.words import SAVED_END

Json = dict[str, Any]

# bytes; a lecture's file goes by mail
LARGEST = 6_000_000
_FEWER = "save fewer half-steps, or fewer points"
# of the time that a file takes, about so much is that of its frames: the rest is that of the finer ones
_DRAWN, _FINE = 0.3, 0.8

_ROOT = Path(__file__).parents[2]
_KATEX = assets.FRONTEND / "vendor" / "katex"
# the letters of the app, as Streamlit ships them, in a file whose name holds its version
_LETTERS = Path(streamlit.__file__).parent / "static" / "static" / "media"
_SANS = "SourceSansVF-Upright*.woff2"
_FONT = re.compile(r'url\(fonts/([\w-]+\.woff2)\) format\("woff2"\)(,url\([^)]*\) format\("\w+"\))*')


def page(run: Tape, cursor: int, title: str = frame.NAME) -> str:
    """The whole file. cursor: the half-step that it opens at.

    Finer frames come with as many half-steps as there is room for, the first ones first, and the page says so where
    that is not all; then what is inside them. Raises `InvalidExperiment` for a run that does not fit.
    """
    return finished(paging(run, cursor, title))


def paging(run: Tape, cursor: int, title: str = frame.NAME) -> Progress[str]:
    """The same, a frame at a time.

    A file is no smaller than the frames that it begins with: a run is refused as soon as these do not fit, which is
    before most of a long run is drawn, and never one that fits.
    """
    told = _told(run, [], cursor)
    between: dict[str, str] = {}
    saved: Json = {"message": told, "between": between, "inside": {}, "why": words.NOT_INSIDE}
    room = LARGEST - len(_page(title, in_script(saved)).encode())
    lean, last, before = Lean(), len(run) - 1, None
    frames: list[Json] = told["frames"]
    for index, whole in enumerate(run.each()):
        drawn = _alone(whole)
        if index == last:
            drawn |= {"next": None, "text": words.at_the_end(drawn["text"])}
        frames.append(lean.frame(drawn, before))
        before = drawn["id"]
        room -= len(in_script(frames[-1]).encode()) + (index > 0)  # with a comma between two
        if room < 0:
            fitting = f"at most {LARGEST // 1_000_000} MB, which the first {index:,} of its {last + 1:,} frames fill"
            raise InvalidExperiment("run", f"a file of more than {LARGEST / 1e6:.1f} MB", f"{fitting}: {_FEWER}")
        yield _DRAWN * len(frames) / (last + 1)
    finer = [index for index, one in enumerate(frames) if one.get("inner_at") is not None]
    # of those that are left out is said in the page, and for each
    free = room = room - len(words.NOT_ALL_FINER.encode()) - len("null") * len(finer)
    for place, index in enumerate(finer):
        name = frames[index]["id"]
        inner = packed(Between(name, run.between(index)).json())
        room -= len(inner) + len(name) + 6
        if room < 0:
            for left_out in finer[place:]:
                frames[left_out]["inner_at"] = None
            told["aside"] = words.NOT_ALL_FINER if free >= 0 else ""
            break
        between[name] = inner
        yield _DRAWN + (_FINE - _DRAWN) * max((place + 1) / len(finer), 1 - room / free)
    if told["scene"]["inside"]:
        saved["inside"] = yield from part(within.finding(run, frames, room), _FINE, 1)
    return _page(title, in_script(saved))


def _alone(whole: Json) -> Json:
    """A frame without what only the app can answer."""
    return {**whole, "handles": []}


def scene(run: Any) -> Json:
    """A run's scene without the deeds that only the app can do."""
    told = dict(run.scene.json)
    if told.get("inside"):
        told["inside"] = within.told(told)
    told |= {"keys": {}, "help": [], "tools": []}
    told["equation"] = [{name: part for name, part in term.items() if name != "act"} for term in told["equation"]]
    told["views"] = [{name: part for name, part in view.items() if name != "hands"} for view in told["views"]]
    return told


def _told(run: Tape, frames: list[Json], cursor: int) -> Json:
    message = Message(
        scene=scene(run),
        first=0,
        after=None,
        frames=frames,
        fills=[],
        cursor=cursor,
        turn=0,
        entry=0,
        look=Look().json(),
        linked=False,
        answer=None,
        ended=SAVED_END,
        coming=[],
        more=None,
        goal=None,
        waiting=False,
        paused="",
        inner=None,
        inside=None,
        idle=[],
        aside="",
        held=None,
    )
    return {"key": "saved", "session": "saved", "returns": 0, **message.json()}


def showing(module: str, told: Json, title: str = frame.NAME) -> str:
    """A page whose only script is that module of the stage, with what it is told."""
    return _page(title, in_script(told), module)


def _page(title: str, saved: str, module: str = "standalone.js") -> str:
    styles = [_theme(), _letters(), _text(assets.FRONTEND / "stage.css")]
    styles.append(_text(Path(__file__).with_name("standalone.css")))
    call = 'JSON.parse(document.getElementById("run").textContent), document.getElementById("stage")'
    viewport = "width=device-width, initial-scale=1"
    return document(title, viewport, styles, '<div id="stage"></div>', saved, module, call)


def document(title: str, viewport: str, styles: Sequence[str], body: str, saved: str, entry: str, call: str) -> str:
    """A page with KaTeX, Plotly and the stage's module `entry` inside, whose default export is called with `call`.

    saved: JSON as `in_script` writes it, the text of the element `run`. styles follow KaTeX's own.
    """
    module = assets.FRONTEND / entry
    stage = f"(() => {{\nconst $here = document.baseURI;\n{joined(module)}\n"
    stage += f"{constant(module, assets.FRONTEND)}.default({call});\n}})();"
    scripts = [_text(_KATEX / "katex.min.js"), _text(assets.LIBRARY)]
    return "\n".join(
        [
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>',
            f'<meta name="viewport" content="{viewport}">',
            *(f"<style>\n{style}\n</style>" for style in (_fonts(_text(_KATEX / "katex.min.css")), *styles)),
            f'</head>\n<body>\n{body}\n<script type="application/json" id="run">{saved}</script>',
            *(f"<script>\n{_closed(script)}\n</script>" for script in (*scripts, stage)),
            "</body>\n</html>\n",
        ]
    )


def _closed(script: str) -> str:
    """A script in which nothing ends the element that it stands in."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _letters() -> str:
    """The font of all words; nothing where Streamlit has it no more, and the reader's own font takes its place."""
    rules = [
        f'@font-face {{ font-family: "Source Sans"; font-weight: 200 900; src: {_embedded(file)} }}'
        for file in sorted(_LETTERS.glob(_SANS))[:1]
    ]
    return "".join(rules)


def _embedded(file: Path) -> str:
    return f'url(data:font/woff2;base64,{base64.b64encode(file.read_bytes()).decode()}) format("woff2")'


def _fonts(style: str) -> str:
    """A style sheet with its fonts inside."""

    def inside(found: re.Match[str]) -> str:
        return _embedded(_KATEX / "fonts" / found[1])

    return _FONT.sub(inside, style)


def _theme() -> str:
    """The app's colours, light and dark, as the stage reads them."""
    with (_ROOT / ".streamlit" / "config.toml").open("rb") as file:
        theme = tomllib.load(file)["theme"]
    light, dark = (_variables(theme[name]) for name in ("light", "dark"))
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"


def _variables(theme: Mapping[str, str]) -> str:
    names = {name: "--st-" + re.sub(r"([A-Z])", lambda found: "-" + found[1].lower(), name) for name in theme}
    return " ".join(f"{names[name]}: {value};" for name, value in theme.items())
