"""The run that the reader keeps to compare with, A, and what of it is drawn beside another, B."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from em_core.files.errors import InvalidExperiment
from em_core.observe.ghost import Ghost, Numbers, Pair
from figures.compared.card import LATEST
from figures.look.encode import Json
from ui import words
from ui.settings import Choice, Settings, Switch, pack, unfold

Query = dict[str, str]
# what an address says of the place in a run and not of the run
_PLACE = ("cursor", "present", "views", "spot", "inner")
# the parameter of an address that holds a kept run
KEPT = "kept"


@dataclass
class Kept:
    """A: made from `settings`, with what was on its tape then; `run` grows as far as it is looked at.

    query: as an address describes it.
    """

    settings: Settings
    run: Any
    query: Query
    _told: list[Numbers] = field(default_factory=list)
    _ghosts: dict[int, Ghost] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.id = hashlib.sha256(json.dumps(self.query, sort_keys=True).encode()).hexdigest()[:16]
        # so many half-steps it had, the start among them
        self.made = len(self.run) + self.run.remaining
        self.run.compare(None)

    @property
    def whole(self) -> bool:
        """Whether all of its tape is there."""
        return not self.run.remaining

    def go_on(self, late: Callable[[], bool]) -> bool:
        """Go on with a tape that is being made again; whether it is there now."""
        self.run.reopen(late)
        return self.whole

    def numbers(self, index: int) -> tuple[Numbers, int | None]:
        """Those after `index` half-steps; and its last one, where that is behind."""
        self._reach(index)
        last = len(self._told) - 1
        return self._told[min(index, last)], last if index > last else None

    def ghost(self, index: int) -> Ghost:
        """What is drawn of it beside half-step `index`: all that it had made, and as far as the other is."""
        self._reach(index)
        count = min(max(index + 1, self.made), len(self._told))
        if count not in self._ghosts:
            self._ghosts[count] = self.run.outline(count, self._told)
        return self._ghosts[count]

    def _reach(self, index: int) -> None:
        if len(self.run) <= index and self.run.grows:
            self.run.advance(index)
        self.run.gather()
        for place in range(len(self._told), len(self.run)):
            self._told.append(self.run.numbers(place))

    # --- the address --------------------------------------------------------------------------------------------
    def packed(self, query: Mapping[str, str]) -> str:
        """What of its address differs from that of the run on the page, as one query parameter."""
        own = described(query)
        names = sorted(name for name in own.keys() | self.query.keys() if own.get(name) != self.query.get(name))
        return pack({name: self.query.get(name) for name in names})


def described(query: Mapping[str, str]) -> Query:
    """The part of an address that a run is made of."""
    return {name: value for name, value in query.items() if name not in (*_PLACE, KEPT)}


def unpacked(query: Mapping[str, str]) -> Query:
    """The address of the kept run that `packed` wrote into another. Raises `InvalidExperiment` for anything else."""
    text = query[KEPT]
    differing = unfold(KEPT, text)
    sound = isinstance(differing, dict) and all(value is None or type(value) is str for value in differing.values())
    if not sound:
        raise InvalidExperiment(KEPT, text, "the run to compare with that this app wrote into a link")
    both = described(query) | differing
    return {name: value for name, value in both.items() if value is not None}


def instead(kept: Settings, own: Settings) -> list[str]:
    """What the sidebar says otherwise, a few words for each; not what only changes how a run is shown."""
    said: list[str] = []
    skipped: set[str] = set()
    for name, declared in own.declared().items():
        before, now = getattr(kept, name), getattr(own, name)
        if before == now or name in skipped or (declared.change or own.mostly).does == "redraws":
            continue
        if declared.then is not None:  # what follows from it is not said again
            skipped |= declared.then(kept, now).changed(kept) - declared.then(kept, now).changed(own)
        label = declared.label.split(":")[0]
        if isinstance(declared, Switch):
            said.append(words.switched(label, now))
            continue
        if isinstance(declared, Choice):
            before, now = (f"“{declared.offered(of).get(value, value)}”" for of, value in ((kept, before), (own, now)))
        said.append(words.instead(words.lowered(label), _written(now), _written(before)))
    there, here = kept.overrides.parts(), own.overrides.parts()
    parts = [part for part in sorted(there.keys() | here.keys()) if there.get(part) != here.get(part)]
    return said + [words.OTHER_PARTS[part] for part in parts if part in words.OTHER_PARTS]


def _written(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True, eq=False)
class Beside:
    """A beside one run. comparable: the numbers that measure the same in both, and why others do not; told: how the
    two differ.

    whole: whether all of A's tape was there.
    """

    kept: Kept
    comparable: frozenset[str]
    why: str
    told: str
    whole: bool

    @property
    def id(self) -> str:
        return f"{self.kept.id}/{self.whole}/{sorted(self.comparable)}/{self.why}/{self.told}"

    def pair(self, run: Any, index: int, own: Numbers | None = None) -> Pair:
        """The numbers of both at half-step `index`."""
        kept, ended = self.kept.numbers(index)
        return Pair(index, kept, run.numbers(index) if own is None else own, self.comparable, ended)

    def ghost(self, index: int) -> Ghost | None:
        """What is drawn of A in the page's own pictures; nothing of other data."""
        return self.kept.ghost(index) if self.comparable else None

    def light(self, run: Any, light: Json, index: int) -> Json:
        """The frame of half-step `index` with what it adds to the differences."""
        append = light["append"] | run.scene.card.append(self.pair(run, index))
        name = hashlib.sha256(f"{light['id']}/{self.id}".encode()).hexdigest()[:16]
        return {**light, "id": name, "append": append}

    def drawn(self, run: Any, frame: Json, light: Json, index: int, key: bool) -> Json:
        """The whole frame with the card, and with what the page's pictures show of A."""
        latest = [self.pair(run, place) for place in range(max(0, index + 1 - LATEST), index + 1)]
        card, step = run.scene.card, run.scene.step
        changed = card.changes(latest, self.why)
        ghost = self.ghost(index)
        if key or index == 0 or ghost is not self.ghost(index - 1):
            changed |= run.scene.before(ghost)
        return {
            **frame,
            **{name: light[name] for name in ("id", "append")},
            "set": frame["set"] | changed,
            "text": frame["text"] | card.texts(latest[-1], self.told, self.why, step),
            "value": frame["value"] | card.values(latest[-1]),
        }

    def between(self, run: Any, frame: Json, index: int) -> Json:
        """A finer frame, or one that is held: the differences are those of its own numbers."""
        told = {name.removeprefix("metric."): number for name, number in frame.get("value", {}).items()}
        if not told.keys() & self.kept.numbers(index)[0].keys():
            return frame
        pair, card = self.pair(run, index, told), run.scene.card
        shown = {name: text for name, text in card.numbers(pair).items() if name.removeprefix("apart.") in told}
        return {
            **frame,
            "text": frame["text"] | shown,
            "value": frame["value"] | {name: card.values(pair)[name] for name in shown},
        }


def beside(kept: Kept, settings: Settings, run: Any) -> Beside:
    """A beside the run on the page, which was made from `settings`."""
    comparable, why = run.comparable(kept.run)
    differing = [*instead(kept.settings, settings), *run.otherwise(kept.run, kept.made)]
    return Beside(kept, comparable, why, words.differing(differing), kept.whole)


def same(one: Beside | None, other: Beside | None) -> bool:
    """Whether the same is shown of the same kept run."""
    return one is other or (one is not None and other is not None and one.kept is other.kept and one.id == other.id)
