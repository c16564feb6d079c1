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
# more views than any page has, more stops than any slider, beats than any half-step, units than any data
_MOST, _STOPS, _BEATS, _UNITS = 20, 1000, 1000, 1_000_000
# whole numbers of a link
_COUNTS = ("inner", "beat", "unit")


@dataclass(frozen=True)
class Look:
    """present: whether in presenter mode. views: those that it shows; otherwise those brought to the front, the last
    one first; each as `view` or `view.figure`. spot: the view, or `equation.term`, that the spotlight is on.
    inner: the stop at which the slider of finer frames stands; None at the frame itself. beat: inside the way to the
    next frame, the number of the beat, from 1, with the unit that is followed; None outside.
    """

    present: bool = False
    views: tuple[str, ...] = ()
    spot: str | None = None
    inner: int | None = None
    beat: int | None = None
    unit: int | None = None

    @classmethod
    def read(cls, raw: Any) -> Self | None:
        """The look that a browser reports; None for one that makes no sense."""
        if not isinstance(raw, dict) or not isinstance(raw.get("views"), list) or type(raw.get("present")) is not bool:
            return None
        spot, inner, beat, unit = (raw.get(name) for name in ("spot", "inner", "beat", "unit"))
        counted = ((inner, 0, _STOPS), (beat, 1, _BEATS), (unit, 0, _UNITS))
        if not all(value is None or (type(value) is int and low <= value < high) for value, low, high in counted):
            return None
        named = [*raw["views"], *(() if spot is None else (spot,))]
        sound = len(named) <= _MOST and all(type(name) is str and _NAME.fullmatch(name) for name in named)
        return cls(raw["present"], tuple(raw["views"]), spot, inner, beat, unit if beat else None) if sound else None

    @classmethod
    def of_query(cls, query: Mapping[str, str], messages: list[str]) -> Self:
        """The look that a link describes; what makes no sense there becomes a message, and is left out."""
        views = query["views"].split(",") if query.get("views") else []
        counts = {name: _count(query.get(name)) for name in _COUNTS}
        raw = {"present": query.get("present") == "1", "views": views, "spot": query.get("spot"), **counts}
        look = cls.read(raw)
        if look is not None and query.get("present", "1") == "1":
            return look
        told = ", ".join(f"{name}={query[name]}" for name in ("present", "views", "spot", *_COUNTS) if name in query)
        error = InvalidExperiment("view", told, "present=1, and names of views and a stop as this app writes them")
        messages.append(words.link(error, words.USUAL_VIEW))
        return cls()

    def query(self) -> dict[str, str]:
        """The look as query parameters; the usual one has none."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        parts = {"present": "1" if self.present else "", "views": ",".join(self.views), "spot": self.spot or ""}
        parts |= {name: "" if count is None else str(count) for name, count in counts.items()}
        return {name: part for name, part in parts.items() if part}

    def json(self) -> dict[str, Any]:
        """The look as the stage reads it."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        return {"present": self.present, "views": list(self.views), "spot": self.spot, **counts}


def _count(text: str | None) -> Any:
    """A whole number in a link; what is none stays as it is, and is refused."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 7 else text
