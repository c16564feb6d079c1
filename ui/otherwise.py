"""What the frame in view would show with a setting changed: another run's frame over the figures of this one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from figures.changes import differing
from ui.player import Player
from ui.tape import Json, Tape

# what the id of a handle begins with that is the control of a setting; the setting's name follows
SETTING = "setting/"


class Pulling:
    """The part of a session that has a handle on a picture be a setting's control."""

    runs: ClassVar[Any]
    run: Any
    player: Player

    def wanted(self, changes: Json) -> Any:
        raise NotImplementedError

    def _adopt(self, changes: Json) -> None:
        raise NotImplementedError

    def _pull(self, setting: str, act: Json) -> None:
        """While the handle is held, what another value would show; then that value."""
        if act.get("live"):
            self.player.hold(self.run, act["at"], lambda: self._otherwise(act, {setting: act["x"]}))
        else:
            self._adopt({setting: act["x"]})

    def _otherwise(self, act: Json, changes: Json) -> Json:
        """What the frame in view would show with other settings. Raises `InvalidExperiment`."""
        wanted = self.wanted(changes)
        wanted.check()
        return frame_of(self.runs.reopening(wanted), self.run, act["at"], act["handle"], self.player.look.inner)


def frame_of(other: Tape, over: Tape, at: int, handle: str, stop: int | None = None) -> Json:
    """Frame `at` of the other run, or the last that it comes to, as a preview over this one.

    What is drawn once in either scene counts among its changes. Both have the same figures, with the same traces. Where
    the handle has a place in a figure, the axes there stay: the reader's hand is on them. stop: of the slider of finer
    frames, where that stays.
    """
    other.advance(at)
    at_most = min(at, len(other) - 1)
    there, frame = _shown(other, at_most)
    slider = other.scene.json["inner"]
    stays = slider and slider["stays"] and frame["inner_at"] is not None
    if stays and stop is not None and stop < len(slider["stops"]):
        between = other.inner(at_most)[stop]
        there |= between["set"]
        frame = {**frame, **{part: frame[part] | between[part] for part in ("text", "value")}}
        frame["inner_at"] = slider["stops"][stop]
    here, before = _shown(over, at)
    (figure,) = (each["figure"] for each in before["handles"] if each["id"] == handle)
    changed = differing({address: value for address, value in there.items() if address in here}, here)
    kept = {address: value for address, value in changed.items() if not _is_axis(address, figure)}
    parts = {name: frame[name] for name in ("text", "value", "lit", "handles", "inner_at")}
    return {"set": kept, **parts}


def _shown(run: Tape, at: int) -> tuple[Json, Json]:
    """What the attributes of all figures hold at a frame, by address, and the frame."""
    series = run.series(at)
    frame = run.draw(at, True)
    return {**dict(_drawn(run.scene.json["figures"])), **series, **frame["set"]}, frame


def _drawn(figures: Json) -> Iterator[tuple[str, Any]]:
    for name, figure in figures.items():
        for trace in figure["data"]:
            for path, value in _leaves(trace):
                yield f"{name}/{trace['meta']}/{path}", value
        for path, value in _leaves(figure["layout"]):
            yield f"{name}/{path}", value


def _leaves(part: Json) -> Iterator[tuple[str, Any]]:
    for name, value in part.items():
        if isinstance(value, dict) and "bdata" not in value:
            yield from ((f"{name}.{path}", leaf) for path, leaf in _leaves(value))
        else:
            yield name, value


def _is_axis(address: str, figure: str) -> bool:
    return address.startswith(f"{figure}/") and address.endswith(".range")
