"""How a reader looks at a page: in presenter mode or not, which views, what the spotlight is on, how far they scrubbed.

The stage reports it, a session holds it and writes it into the address, and the stage is given it back there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from em_core.files.errors import InvalidExperiment
from ui import words

# a view's id, with the id of one of its figures behind a point; or a term of the equation
_NAME = re.compile(r"[\w-]{1,40}(\.[\w-]{1,40})?")
# more views than any page has, and more stops than any slider
_MOST, _STOPS = 20, 1000


@dataclass(frozen=True)
class Look:
    """present: whether in presenter mode. views: those that it shows; otherwise those brought to the front, the last
    one first; each as `view` or `view.figure`. spot: the view, or `equation.term`, that the spotlight is on.
    inner: the stop at which the slider of finer frames stands; None at the frame itself.
    """

    present: bool = False
    views: tuple[str, ...] = ()
    spot: str | None = None
    inner: int | None = None

    @classmethod
    def read(cls, raw: Any) -> Self | None:
        """The look that a browser reports; None for one that makes no sense."""
        if not isinstance(raw, dict) or not isinstance(raw.get("views"), list) or type(raw.get("present")) is not bool:
            return None
        spot, inner = raw.get("spot"), raw.get("inner")
        if inner is not None and not (type(inner) is int and 0 <= inner < _STOPS):
            return None
        named = [*raw["views"], *(() if spot is None else (spot,))]
        sound = len(named) <= _MOST and all(type(name) is str and _NAME.fullmatch(name) for name in named)
        return cls(raw["present"], tuple(raw["views"]), spot, inner) if sound else None

    @classmethod
    def of_query(cls, query: Mapping[str, str], messages: list[str]) -> Self:
        """The look that a link describes; what makes no sense there becomes a message, and is left out."""
        views = query["views"].split(",") if query.get("views") else []
        stop = query.get("inner")
        inner: Any = int(stop) if stop is not None and stop.isascii() and stop.isdigit() and len(stop) < 5 else stop
        raw = {"present": query.get("present") == "1", "views": views, "spot": query.get("spot"), "inner": inner}
        look = cls.read(raw)
        if look is not None and query.get("present", "1") == "1":
            return look
        told = ", ".join(f"{name}={query[name]}" for name in ("present", "views", "spot", "inner") if name in query)
        error = InvalidExperiment("view", told, "present=1, and names of views and a stop as this app writes them")
        messages.append(words.link(error, words.USUAL_VIEW))
        return cls()

    def query(self) -> dict[str, str]:
        """The look as query parameters; the usual one has none."""
        inner = "" if self.inner is None else str(self.inner)
        parts = {"present": "1" if self.present else "", "views": ",".join(self.views), "spot": self.spot or ""}
        parts |= {"inner": inner}
        return {name: part for name, part in parts.items() if part}

    def json(self) -> dict[str, Any]:
        """The look as the stage reads it."""
        return {"present": self.present, "views": list(self.views), "spot": self.spot, "inner": self.inner}
