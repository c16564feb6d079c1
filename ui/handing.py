"""How a file that was made gets to the browser: the page tells its address, under which it can be fetched once."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import streamlit as st
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ui import words

if TYPE_CHECKING:
    from ui.taking import Ready

# below which files stand, beside what Streamlit serves
PREFIX = "taken/"

# Pressed once for each file, however often this part of the page is shown. The page may live below a base path: the
# address starts where the page's own scripts come from.
_FETCH = """
const page = document.querySelector('script[src*="static/js/"]').src;
const fetched = (globalThis.elboRoomFetched ??= new Set());
export default ({ data }) => {
  if (!data || fetched.has(data.address)) return;
  fetched.add(data.address);
  const link = document.createElement("a");
  link.href = new URL(data.address, page.slice(0, page.lastIndexOf("static/js/"))).href;
  link.download = data.name;
  link.click();
};
"""

_mount = st.components.v2.component("handing", html="<span></span>", js=_FETCH, isolate_styles=False)


def hand(ready: Ready) -> None:
    """Have the browser fetch a file."""
    _mount(key="handing", data={"address": f"{PREFIX}{ready.token}", "name": ready.name}, height=1)


class Handing:
    """Middleware that answers for the files that are there; all else goes on to the app."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = ""
        if scope["type"] == "http" and scope["method"] == "GET":
            _, ours, token = scope["path"].rpartition(f"/{PREFIX}")
        if not ours:
            await self.app(scope, receive, send)
            return
        from ui.taking import fetched  # with it comes the core, which the server answers without

        response: Response
        if (file := fetched(token)) is None:
            response = PlainTextResponse(words.NOT_THERE, status_code=404)
        else:
            named = f"attachment; filename*=UTF-8''{quote(file.name)}"
            headers = {"content-disposition": named, "cache-control": "no-store", "x-content-type-options": "nosniff"}
            response = Response(file.content, media_type=file.mime, headers=headers)
        await response(scope, receive, send)
