"""What a browser may ask for: sound, and on offer. Anything else a page never sees.

A message may be stale (its handle has gone, its run was cut), damaged or forged: the session behind it must not care.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from em_core.files.errors import InvalidExperiment

Act = dict[str, Any]

# an act that cannot be read: answered, so that the browser goes on, and otherwise ignored
NOTHING = "nothing"
# frames that one ask may add
FARTHEST = 500
# frame numbers and turns beyond it are nonsense
_HIGHEST = 1_000_000


class Shown(Protocol):
    """What stands on the stage: docs/stage.md says what scene and frames hold."""

    scene: Any

    def __len__(self) -> int: ...
    def frames(self, view: Sequence[int] | None = None) -> list[dict[str, Any]]: ...


def _whole(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _HIGHEST


def _place(value: Any) -> bool:
    return type(value) in (int, float) and -1e100 < value < 1e100


def _name(value: Any) -> bool:
    return type(value) is str and len(value) <= 100


_KEYS: dict[str, Callable[[Any], bool]] = {
    "act": _name,
    "at": _whole,
    "to": _whole,
    "since": _whole,
    "ahead": _whole,
    "has": _whole,
    "seen": _name,
    "read": lambda value: type(value) is int and 0 <= value < 2**32,
    "turn": _whole,
    "handle": _name,
    "figure": _name,
    "unit": _whole,
    "x": _place,
    "y": _place,
    "live": lambda value: type(value) is bool,
}
# the acts of every stage, and what each must say
_NEEDED = {
    "advance": ("to", "at"),
    "ahead": (),
    "end": (),
    "rest": (),
    "fill": ("at",),
    "foresee": ("at", "has"),
    "inner": ("at",),
    "inside": ("at",),
    "resend": (),
    "controls": (),
    "drag": ("at", "handle", "x", "y"),
    "put": ("at", "figure", "x", "y"),
    "take": ("at", "figure", "x", "y"),
}


def read(raw: Any) -> Act | None:
    """The act in a browser's message, `NOTHING` for one that makes no sense, None where there is nothing to answer."""
    if not isinstance(raw, dict) or type(raw.get("n")) not in (int, float):
        return None
    needed = ("act", *_NEEDED.get(str(raw.get("act")), ()))
    sound = all(name in raw for name in needed) and all(
        _KEYS[name](value) if name in _KEYS else type(value) in (str, int, float, bool) for name, value in raw.items()
    )
    sound = sound and ("live" not in raw or raw["act"] == "drag")
    return dict(raw) if sound else {"act": NOTHING, "n": raw["n"]}


def read_place(raw: Any) -> tuple[int | None, int | None]:
    """Frame and turn of the browser's report of where it rests; (None, None) for one that makes no sense."""
    if isinstance(raw, dict) and _whole(raw.get("at")) and _whole(raw.get("turn")):
        return raw["at"], raw["turn"]
    return None, None


def fitting(act: Act, run: Shown, turn: int) -> Act | None:
    """A sound act as it applies to this run, None where the run does not offer it.

    turn: the last order to move that the browser was given. Raises `InvalidExperiment` for a handle that is not there.
    """
    last = len(run) - 1
    what = act["act"]
    if what == "drag":
        at = min(act.get("at", last), last)
        if act["handle"] not in {handle["id"] for handle in run.frames([at])[at].get("handles") or ()}:
            if act.get("live"):
                return None  # where it is dropped will be refused aloud
            raise InvalidExperiment("drag", act["handle"], "a handle that is on the picture now")
        return {**act, "at": at}
    if what in ("put", "take"):
        open_to_hands = [view["hands"]["figure"] for view in run.scene.json["views"] if view.get("hands")]
        return {**act, "at": min(act["at"], last)} if act["figure"] in open_to_hands else None
    if what not in _NEEDED:
        wanted = {name: value for name, value in act.items() if name not in ("n", "at", "turn", "seen", "read")}
        return act if wanted in list(_offered(run)) else None
    fit = dict(act)
    if "since" in fit:
        fit["since"] = min(fit["since"], last)
    if "at" in fit and fit.get("turn", turn) == turn:
        fit["at"] = min(fit["at"], last)
    if "to" in fit:
        fit["to"] = min(fit["to"], max(fit.get("at", last), last) + FARTHEST)
    return fit


def _offered(run: Shown) -> Iterator[Act]:
    """The acts behind the keys, the tools and the terms of the equation."""
    scene = run.scene.json
    yield from scene.get("keys", {}).values()
    for entry in (*scene.get("tools", ()), *scene.get("equation", ())):
        if entry.get("act"):
            yield entry["act"]
