"""Whole frames that the readers of one process share: of a class that steps through one run, each is drawn once."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

from em_core.caching import store

Json = dict[str, Any]

# packed: what one reader's run does with its copy is nothing to the others, and weighing it costs no time
DRAWN = store(12_000_000)


def once(scene: Any, light: Json, key: bool, draw: Callable[[], Json]) -> Json:
    """The whole frame of a light one: drawn, unless one of this kind of scene with this id has been.

    key: it holds everything, also what is as in the frame before. Equal ids, equal frames: nothing may be drawn in them
    that the id does not know, such as another run.
    """
    name = type(scene).__qualname__, light["id"], key
    packed: bytes | None = DRAWN.known(name)
    if packed is None:
        drawn = draw()
        DRAWN.keep(name, pickle.dumps(drawn))
        return drawn
    found: Json = pickle.loads(packed)
    return found
