"""Which store the rooms of this process are in: `ELBO_ROOM_STORE` says a Redis, else they are in the process."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from ui.room import words
from ui.room.memory import Memory
from ui.room.store import Store

VARIABLE = "ELBO_ROOM_STORE"
Told = TypeVar("Told")
_SCHEMES = ("redis://", "rediss://", "unix://")


def made(address: str) -> Store:
    """The store at an address; none: in the process. Raises `SystemExit` with one line, in which no password stands."""
    if not address:
        return Memory()
    if not address.startswith(_SCHEMES):
        raise SystemExit(words.no_store(VARIABLE, address.partition("://")[0], " or ".join(_SCHEMES)))
    try:
        from ui.room.shared import Redis  # an extra: nothing else needs it

        return Redis(address)
    except ImportError:
        raise SystemExit(words.no_redis(VARIABLE)) from None
    except ValueError:
        raise SystemExit(words.no_store(VARIABLE, "its address", f"{_SCHEMES[0]}host:port/number")) from None


_STORE = made(os.environ.get(VARIABLE, "").strip())


def store() -> Store:
    """That of this process."""
    return _STORE


async def told(store: Store, ask: Callable[[Store], Told]) -> Told:
    """What a store says, without holding up others meanwhile: only one in the process answers at once."""
    return ask(store) if isinstance(store, Memory) else await run_in_threadpool(ask, store)
