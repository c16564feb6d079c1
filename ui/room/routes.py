"""The audience's side: a page for phones, its news and its votes, as plain routes beside Streamlit's.

The page is one answer with its style and script in it (docs/room.md); a poll for news costs less than a millisecond.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from figures.look.palette import COLORS
from ui import limits
from ui.joined import joined
from ui.room import chosen, words
from ui.room.flood import Window
from ui.room.records import Away, Closed, InvalidVote, NoRoom, RoomError, TooMany, Voted
from ui.room.store import Store, code_of

_PAGE = Path(__file__).parent / "page"
# seconds for which what a room shows is not looked up again: a hall asks a hundred times in one
_FRESH = 0.25
_STATUS = {NoRoom: 404, Closed: 409, Voted: 409, TooMany: 409, InvalidVote: 400, Away: 503}
_NAMES = {
    NoRoom: "no_room",
    Closed: "closed",
    Voted: "voted",
    TooMany: "too_many",
    InvalidVote: "invalid",
    Away: "away",
}
_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
Answering = Callable[[Request], Awaitable[Response]]


def page() -> tuple[bytes, str]:
    """The audience's page, and the content policy that lets nothing into it but its own style and script."""
    colors = [":root{%s}", "@media(prefers-color-scheme:dark){:root{%s}}"]
    themes = [";".join(f"--{name}:{color}" for name, color in COLORS[theme].items()) for theme in ("light", "dark")]
    style = "".join(rule % theme for rule, theme in zip(colors, themes, strict=True)) + _read("join.css")
    script = joined(_PAGE / "join.js")
    text = _read("join.html").replace("{{style}}", style).replace("{{script}}", script)
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; connect-src 'self'; "
        "img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
    return text.encode(), policy


class Audience:
    """What answers phones. store: asked when a request comes."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self.store = store
        content, policy = page()
        self._page = content
        self._packed = gzip.compress(content, 9, mtime=0)
        self._etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        self._policy = policy
        self._seen: dict[str, tuple[float, bytes, bytes]] = {}
        self._voters = Window(limits.ROOM_WINDOW)
        self._addresses = Window(limits.ROOM_WINDOW)

    async def page(self, request: Request) -> Response:
        packed = "gzip" in request.headers.get("accept-encoding", "")
        headers = _HEADERS | {
            "cache-control": "no-cache",
            "etag": self._etag,
            "vary": "accept-encoding",
            "content-security-policy": self._policy,
            "permissions-policy": "camera=(), geolocation=(), microphone=()",
        }
        if request.headers.get("if-none-match") == self._etag:
            return Response(status_code=304, headers=headers)
        if packed:
            headers["content-encoding"] = "gzip"
        return Response(self._packed if packed else self._page, media_type="text/html", headers=headers)

    async def news(self, request: Request) -> Response:
        """What an audience may see, unless it has seen this turn."""
        code = code_of(request.path_params["code"])
        now = time.monotonic()
        seen = self._seen.get(code)
        if seen is None or now - seen[0] >= _FRESH:
            self._seen.pop(code, None)
            room = await chosen.told(self.store(), lambda store: store.read(code))
            seen = (
                now,
                f"since={room.turn}".encode(),
                json.dumps(room.shown(), ensure_ascii=False).encode("utf-8", "replace"),
            )
            if len(self._seen) >= limits.ROOMS:
                self._seen.clear()
            self._seen[code] = seen
        if request.scope["query_string"] == seen[1]:
            return Response(status_code=204, headers=_HEADERS)
        return Response(seen[2], media_type="application/json", headers=_HEADERS)

    async def vote(self, request: Request) -> Response:
        """Count a vote; 204 once it is counted."""
        if not _own(request):
            return _refused(403, "foreign", words.NOT_A_VOTE)
        address = request.client.host if request.client else ""
        if self._addresses.full(address, limits.ROOM_TRIES_FROM):
            return _refused(429, "slower", words.SLOWER)
        said = await _said(request)
        token, ballot = said.get("token"), said.get("ballot")
        if not isinstance(token, str) or not isinstance(ballot, int) or isinstance(ballot, bool):
            raise InvalidVote(words.UNREADABLE)
        if not self._voters.within(token[:64], limits.ROOM_TRIES):
            return _refused(429, "slower", words.SLOWER)
        self._addresses.within(address, limits.ROOM_TRIES_FROM)  # one voter's flood is not a hall's
        code = request.path_params["code"]
        choices = said.get("choices", {})
        await chosen.told(self.store(), lambda store: store.vote(code, token, ballot, choices))
        return Response(status_code=204, headers=_HEADERS)

    def routes(self) -> list[Route]:
        """Each below any base path."""
        ways: list[tuple[str, Answering, str]] = [
            ("/join", self.page, "GET"),
            ("/join/{code}", self.page, "GET"),
            ("/join/{code}/news", self.news, "GET"),
            ("/join/{code}/votes", self.vote, "POST"),
        ]
        return [
            Route(f"{below}{path}", _plainly(answer), methods=[method])
            for below in ("", "/{base:path}")
            for path, answer, method in ways
        ]


def _plainly(answer: Answering) -> Answering:
    """What a room does not do is one line."""

    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except RoomError as error:
            return _refused(_STATUS[type(error)], _NAMES[type(error)], str(error))

    return answered


def _refused(status: int, error: str, line: str) -> Response:
    content = json.dumps({"error": error, "line": line}, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, status, _HEADERS, "application/json")


def _own(request: Request) -> bool:
    """Whether a page of this app sends it: no other can send this type unasked, or name this app's origin."""
    headers = request.headers
    if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return False
    site = headers.get("sec-fetch-site")  # which browsers leave out where there is no TLS
    return site == "same-origin" if site else urlsplit(headers.get("origin", "")).netloc == headers.get("host", "/")


async def _said(request: Request) -> dict[str, Any]:
    """The body, if it is an object and no longer than a vote. Raises `InvalidVote`."""
    content = b""
    try:
        async for part in request.stream():
            content += part
            if len(content) > limits.ROOM_VOTE:
                raise InvalidVote(words.UNREADABLE)
        said = json.loads(content)
    except (ValueError, RecursionError, ClientDisconnect):
        raise InvalidVote(words.UNREADABLE) from None
    if not isinstance(said, dict):
        raise InvalidVote(words.UNREADABLE)
    return said


def _read(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


ROUTES = Audience(chosen.store).routes()
