"""Settings in the address: how each kind of value is written, read back and refused."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from em_core import schedule
from em_core.files.errors import InvalidExperiment
from em_core.moves import MOVES
from ui import limits

# longer addresses are cut by browsers and mail programs
LONGEST_LINK = 6_000


@dataclass(frozen=True)
class Limit:
    """A number that a slider and a link may set."""

    low: float
    high: float

    def describe(self) -> str:
        return f"a number from {_plain(self.low)} to {_plain(self.high)}"

    def check(self, name: str, value: float) -> None:
        """Raise `InvalidExperiment` for a number outside."""
        if not self.low <= value <= self.high:
            raise InvalidExperiment(name, value, f"{self.describe()} on this page")


def written(value: Any) -> str:
    """A setting as a query parameter."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def query_of(settings: Any, default: Any) -> dict[str, str]:
    """What differs from the default, as query parameters; `given` packed into one."""
    query = {
        field.name: written(getattr(settings, field.name))
        for field in fields(settings)
        if field.name != "given" and getattr(settings, field.name) != getattr(default, field.name)
    }
    return query if settings.given is None else {**query, "given": packed(settings.given)}


T = TypeVar("T")


def settings_of(
    query: Mapping[str, str],
    settings: T,
    read: Callable[[T, str, str, str], Any],
    take: Callable[[T, str, Any], T],
) -> tuple[T, list[str]]:
    """Settings from query parameters, and a message for each part that makes no sense: its default stays.

    `read(settings, name, kind, text)` gives a field's value or raises `InvalidExperiment`, and `take(settings, name,
    value)` goes over to it. Fields come in their own order: what follows from others stands behind them.
    """
    messages = []
    for field in fields(settings):  # type: ignore[arg-type]
        if field.name not in query:
            continue
        try:
            settings = take(settings, field.name, read(settings, field.name, str(field.type), query[field.name]))
        except InvalidExperiment as error:
            messages.append(f"Link: {error}. The default is shown instead.")
    return settings, messages


def read_choice(name: str, text: str, options: Collection[str]) -> str:
    """One of the options, or `InvalidExperiment`."""
    if text not in options:
        raise InvalidExperiment(name, text, f"one of {', '.join(options)}")
    return text


def read_number(name: str, text: str, limit: Limit, whole: bool) -> float:
    """A number within its limit, or `InvalidExperiment`."""
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = None
    if value is None or not limit.low <= value <= limit.high:
        raise InvalidExperiment(name, text, limit.describe())
    return value


def packed(given: Mapping[str, Any]) -> str:
    """Parts of an experiment that no control describes, as one parameter."""
    text = json.dumps(given, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(zlib.compress(text, 9)).decode().rstrip("=")


def unpacked(text: str, names: Collection[str]) -> dict[str, Any]:
    """What `packed` wrote: objects under some of these names. Raises `InvalidExperiment` for anything else."""
    if len(text) > LONGEST_LINK:
        raise InvalidExperiment("given", text, f"at most {LONGEST_LINK:,} letters; an experiment file holds more")
    try:
        compressed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        # a short link must not unfold into gigabytes
        unfolding = zlib.decompressobj()
        unfolded = unfolding.decompress(compressed, limits.UNFOLDED)
        if unfolding.unconsumed_tail:
            valid = f"what unfolds to at most {limits.UNFOLDED:,} letters; an experiment file holds more"
            raise InvalidExperiment("given", text, valid)
        given = json.loads(unfolded)
    except InvalidExperiment:
        raise
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        given = None
    if not isinstance(given, dict) or not all(name in names and isinstance(part, dict) for name, part in given.items()):
        raise InvalidExperiment("given", text, "the start or the data that this app wrote into a link")
    return given


def read_tape(query: Mapping[str, str], messages: list[str]) -> str:
    """The moves made; a schedule that does not parse is reported, and there are none."""
    try:
        return schedule.expand(query["schedule"], MOVES) if "schedule" in query else ""
    except InvalidExperiment as error:
        messages.append(f"Link: {error}. The tape starts empty.")
        return ""


def read_cursor(query: Mapping[str, str], last: int, messages: list[str]) -> int | None:
    """The place in a run of `last` steps; one outside is reported and left out."""
    text = query.get("cursor")
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) < 7 and int(text) <= last:
        return int(text)
    messages.append(f"Link: cursor: {text[:40]!r} is not valid; expected a half-step from 0 to {last}.")
    return None


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"
