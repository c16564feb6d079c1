"""The stage: linked Plotly figures that play prepared frames in the browser.

It knows nothing of what it shows; docs/stage.md describes the messages in both directions.
"""

import json
import secrets
import zlib
from typing import Any, NamedTuple

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ui import assets
from ui.stage import acts
from ui.stage.message import Message

# so many bytes back zlib can look
_WINDOW = 32_768
# so many messages may be on their way while the browser asks
_REMEMBERED = 3


class Result(NamedTuple):
    """What the reader did since the last `show`: where they rest, what they asked for; None if nothing new.

    turn: the last order to move that the browser had followed when it came to rest at `cursor`. look: what they brought
    into view, as the browser tells it.
    """

    cursor: int | None
    act: dict[str, Any] | None
    turn: int | None = None
    look: Any = None


def asked(key: str) -> Result:
    """What the reader did since the stage was last shown; read it before building the next message.

    It stays here until a `show` has answered it, so a run that Streamlit interrupts loses nothing.
    """
    news = st.session_state.get(_news(key), {})
    at, turn = acts.read_place(news.get("cursor"))
    return Result(at, acts.read(news.get("act")), turn, news.get("look"))


def speaking(key: str) -> int | None:
    """The last order that the browser had followed when it said what the page now runs for; None where another control
    did. For the callbacks of these, which may come before the stage's own.
    """
    told = st.session_state.get(key) or {}
    act, place = told.get("act"), told.get("cursor")
    if act is None and place == st.session_state.get(f"{key}.place"):
        return None
    turn = act.get("turn") if isinstance(act, dict) else acts.read_place(place)[1]
    return turn if isinstance(turn, int) else None


def telling(key: str) -> dict[str, Any] | None:
    """The act in what the page now runs for; None where there is none. For the same callbacks."""
    return acts.read((st.session_state.get(key) or {}).get("act"))


def show(message: Message, *, key: str) -> Result:
    """Put the message on the stage and return what the reader did before it."""
    result = asked(key)
    _mount(
        key=key,
        data=_packed({"key": key, "session": _session(), "returns": _returns(), **message.json()}, result.act),
        on_cursor_change=lambda: _remember(key, "cursor"),
        on_look_change=lambda: _remember(key, "look"),
        on_act_change=lambda: _remember(key, "act"),
    )
    st.session_state.pop(_news(key), None)
    st.session_state[f"{key}.place"] = (st.session_state.get(key) or {}).get("cursor")
    return result


def returning() -> bool:
    """Whether this run of the page shows an address that the browser came back to: by Back or Forward, or because the
    stage asked for a run after it had lost the server."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def arriving() -> bool:
    """Whether this is the first run for a browser that has just come, and has nothing on the screen yet.

    Once: another run of the page, for whatever reason, shows all of it. Who is no browser asks for nothing later.
    """
    first = not st.session_state.get("stage.arrived", False)
    st.session_state["stage.arrived"] = True
    return first and not returning() and "Mozilla" in st.context.headers.get("User-Agent", "")


def _packed(told: dict[str, Any], act: dict[str, Any] | None) -> bytes:
    """A third of the bytes; ui/stage/frontend/packed.js has them back.

    An act says which message the browser has read last (`read`): what is as in that one is not sent again.
    """
    text = json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()
    sent: dict[int, bytes] = st.session_state.setdefault("stage.sent", {})
    known = sent.get((act or {}).get("read", -1))
    packing = zlib.compressobj(9, zdict=known) if known else zlib.compressobj(9)
    end = text[-_WINDOW:]
    sent.pop(zlib.adler32(end), None)
    sent[zlib.adler32(end)] = end
    while len(sent) > _REMEMBERED:
        del sent[next(iter(sent))]
    return packing.compress(text) + packing.flush()


def _session() -> str:
    """A name of this session of the server, by which the browser knows a new one."""
    return st.session_state.setdefault("stage.session", secrets.token_hex(8))


def _returns() -> int:
    """How often the browser came back: it hears of each run, though nothing else may have changed."""
    count = st.session_state.get("stage.returns", 0) + returning()
    st.session_state["stage.returns"] = count
    return count


def _remember(key: str, name: str) -> None:
    news = st.session_state.setdefault(_news(key), {})
    # a browser that tells of an act without its state is none of ours, but gets its answer
    told = st.session_state.get(key) or {}
    news[name] = told.get(name)


def _news(key: str) -> str:
    return f"{key}.news"


# The page may live below a base path or a proxy's prefix: addresses start where the page's own scripts come from.
# Streamlit sends this with every message: short.
_ENTRY = """
const at = document.querySelector('script[src*="static/js/"]').src.replace(/(.*)static\\/js\\/.*/, "$1PREFIX");
const stage = import(at + "SCRIPT");
export default async (page) => (await stage).default(page, at + "DRAWING");
"""
for name in ("PREFIX", "SCRIPT", "DRAWING"):
    _ENTRY = _ENTRY.replace(name, getattr(assets, name))

_mount = st.components.v2.component(
    "stage",
    html='<p class="stage-loading" role="status">Loading the figures…</p>',
    js=_ENTRY,
    isolate_styles=False,
)
