"""What the first reader's page needs, loaded while their browser still loads Streamlit's own part.

The server answers before any of it is there. Nobody else loads it meanwhile: who needs it waits for all of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from threading import Thread
from typing import Any

from ui.frame import PAGES


def _load() -> None:
    home, _ = PAGES[0]
    for part in ("ui.page", f"ui.{home}.session", f"ui.{home}.sidebar"):
        import_module(part)


_loading = Thread(target=_load, name="ahead", daemon=True)


@asynccontextmanager
async def begun(_app: Any) -> AsyncIterator[None]:
    """The server's life: it begins with the loading."""
    if _loading.ident is None:
        _loading.start()
    yield


def wait() -> None:
    """Until it is loaded, where that has begun."""
    if _loading.ident is not None:
        _loading.join()
