"""How many have voted, for the lecturer's stage while a vote is open: a plain route, for which no page runs."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ui.room.chosen import store, told
from ui.room.records import Away, NotYours, RoomError

_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


async def desk(request: Request) -> Response:
    """Counts and voters of each round so far, for who has the room's key. A header brings it: no address holds it."""
    key = request.headers.get("x-room-key", "")
    try:
        room = await told(store(), lambda store: store.hosted(request.path_params["code"], key))
    except RoomError as refused:
        status = 503 if isinstance(refused, Away) else 403 if isinstance(refused, NotYours) else 404
        return JSONResponse({"said": str(refused)}, status, _HEADERS)
    counted = {"turn": room.turn, "revision": room.revision, "counts": list(room.counts), "voters": list(room.voters)}
    return JSONResponse(counted, headers=_HEADERS)


# each below any base path
ROUTES = [Route(f"{below}/join/{{code}}/desk", desk, methods=["GET"]) for below in ("", "/{base:path}")]
