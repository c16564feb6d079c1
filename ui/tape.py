"""A run as a tape: it grows half-step by half-step, with a light frame for each and whole ones for what is in view."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from em_core import schedule
from em_core.caching import footprint
from em_core.files.errors import InvalidExperiment
from em_core.kinds import MOVES
from em_core.observe.ghost import Ghost, Numbers
from ui import limits, words
from ui.drawn import once
from ui.settings import Number, pack, unfold

if TYPE_CHECKING:
    from ui.kept import Beside

Json = dict[str, Any]

# a whole frame at the tape's end holds what changed since the whole frame before it; one that is filled in later, and
# the first of each group, hold everything
GROUP = 20
# so many whole frames are kept, fewer of heavy ones: about so many bytes; those farthest from what is in view are given
# up, group by group
KEPT = 120
# so many on each side of the one in view stay once the browser has them
BESIDE = 2
KEPT_BYTES = 64_000_000


def never() -> bool:
    """Time does not run out."""
    return False


class Tape:
    """What the runs of all pages share. A subclass says how a half-step is made and how its frame is drawn.

    `scene` and frames are as in docs/stage.md; where the scene offers moves, `move(letter, at)` makes one and returns
    its number. `late` says when to pause: it is asked after each half-step, so that at least one is made.

    A run is made from settings and from what was on the tape, `reopening(settings, *tape)`; it has that in `taped`, and
    an address has it as `query(cursor)` writes it and `read(query, messages)` gives it back, with the cursor.
    `cut_short(*tape)` says what of it the page leaves out.
    """

    scene: Any
    # the run that is kept to compare with
    versus: Beside | None = None
    # whether it is made further where it is the one that is kept
    grows: ClassVar[bool] = True
    # whether a half-step can be made before the reader asks for it: `twin` then copies all that a `step` changes
    foreseen: ClassVar[bool] = False

    def __init__(self) -> None:
        self._light: list[Json] = []
        self._whole: dict[int, Json] = {}
        self._leaning: set[int] = set()  # whole frames that hold what differs from the one before
        self._heaviest = 0  # bytes of a frame that holds everything

    # --- what a page says ---------------------------------------------------------------------------------------
    def __len__(self) -> int:
        raise NotImplementedError

    @property
    def ended(self) -> str | None:
        """Why Play and End stop at the last half-step."""
        raise NotImplementedError

    @property
    def remaining(self) -> int:
        """Half-steps of a tape that is being opened again which are still to be made."""
        raise NotImplementedError

    @property
    def pending(self) -> bool:
        """Whether something beside the tape is still being worked out, by `reopen` once the tape is whole."""
        return self.versus is not None and not self.versus.whole

    @property
    def underway(self) -> bool:
        """Whether the next frame takes more than one `step`, and the last did not bring it."""
        return False

    def step(self) -> bool:
        """Make the next half-step; False where none can follow."""
        raise NotImplementedError

    def gather(self) -> None:
        """Bring `_light` in line with the half-steps: `cut` what no longer holds, and add what is new."""
        raise NotImplementedError

    def draw(self, index: int, key: bool) -> Json:
        """The whole frame of a half-step. key: it holds everything, also what is as in the frame before."""
        raise NotImplementedError

    @property
    def taped(self) -> tuple[Any, ...]:
        """What `reopening` makes it of again, besides the settings."""
        return ()

    @property
    def exported(self) -> Json:
        """What says of which run a file is, beside its experiment: options of `python -m ui.export`."""
        return {}

    def changed(self, before: tuple[Any, ...]) -> bool:
        """Whether the tape did more than grow since it was `before`."""
        return bool(before != self.taped)

    def lacks(self, before: tuple[Any, ...]) -> bool:
        """Whether something of the tape `before` is no longer there."""
        return self.changed(before)

    def seen(self) -> Sequence[Any]:
        """What is known of each half-step, for the run that takes this one's place; nothing, where none were made."""
        return ()

    def recall(self, seen: Sequence[Any]) -> None:
        """Draw beside this run the one that it took the place of. seen: what was known of that; nothing, for none."""

    def veiled(self, index: int) -> Json:
        """The whole frame of a half-step, with nothing in it that shows where the next one leads."""
        return self.frames([index])[index]

    @property
    def recalled(self) -> bool:
        """Whether one is drawn beside it."""
        return False

    def remember(self, other: Any) -> None:
        """Draw beside this run what was drawn beside another, which had the same half-steps."""

    # --- beside a kept run --------------------------------------------------------------------------------------
    def numbers(self, index: int) -> Numbers:
        """By which half-step `index` is compared with another run's."""
        return {}

    def listed(self, index: int) -> Mapping[str, Any]:
        """The parameters, or the code, at half-step `index`: arrays by name."""
        return {}

    def comparable(self, other: Self) -> tuple[frozenset[str], str]:
        """Which of them measure the same as another run's, and what is said of those that do not."""
        return frozenset(), ""

    def otherwise(self, other: Self, made: int) -> list[str]:
        """What was done otherwise than in the first `made` half-steps of another run, a few words for each."""
        return []

    def outline(self, count: int, told: Sequence[Numbers]) -> Ghost:
        """What is drawn of this run's first half-steps where it is the one that is kept. told: their numbers."""
        return Ghost(0, range(count), told, kept=True)

    def compare(self, beside: Beside | None) -> None:
        """Draw a kept run beside this one; None for none."""
        self.versus = beside
        self.dress()
        self.cut(0)

    def dress(self) -> None:
        """Have the scene show whether a run is kept."""
        self.scene.compare(self.versus is not None)

    def add(self, light: Json) -> None:
        """Take the light frame of the next half-step."""
        self._light.append(self.versus.light(self, light, len(self._light)) if self.versus else light)

    def between(self, index: int) -> list[Json]:
        """Finer frames on the way to half-step `index`, with how far it is there from the kept run."""
        return [self.still(frame, index) for frame in self.inner(index)]

    def still(self, shown: Json, index: int) -> Json:
        """What lies over frame `index`, with how far that is from the kept run."""
        return self.versus.between(self, shown, index) if self.versus else shown

    def coming(self) -> list[Json]:
        """What is planned, as chips."""
        return []

    def preview(self, at: int, handle: str, x: float, y: float) -> Json:
        """What frame `at` would show with a handle at this place: nothing of it is on the tape.

        Raises `InvalidExperiment` for a place that cannot be.
        """
        raise InvalidExperiment("drag", handle, "a handle on the picture")

    def inner(self, index: int) -> list[Json]:
        """Finer frames on the way to half-step `index`."""
        return []

    def beats(self, index: int, unit: int | None) -> tuple[int, int, list[Json], str]:
        """The unit that is followed on the way to half-step `index`, of how many; the beats, or why there are none.

        unit: the one asked for; None for the one that tells most.
        """
        return 0, 0, [], ""

    @classmethod
    def reopening(cls, settings: Any, *tape: Any) -> Self:
        """The run that the settings describe, with what was on the tape still to be made, by `reopen`.

        Raises `InvalidExperiment`.
        """
        raise NotImplementedError

    @classmethod
    def of(cls, settings: Any, *tape: Any) -> Self:
        """The same, with all of it made."""
        run = cls.reopening(settings, *tape)
        run.reopen()
        return run

    def twin(self) -> Self:
        """The same run once more: what is made of one of them is not on the other's tape."""
        made = copy(self)
        made._light, made._whole = [*self._light], dict(self._whole)
        return made

    # --- growing ------------------------------------------------------------------------------------------------
    def advance(self, to: int, late: Callable[[], bool] = never) -> None:
        """Make half-steps until number `to` is there, no more can follow, or it is late."""
        while len(self) <= to and self._grown() and not late():
            pass

    def ahead(self, most: int | None = None, late: Callable[[], bool] = never) -> None:
        """Make half-steps to the end, to number `most` (None: so many more), or until it is late."""
        most = len(self) - 1 + limits.END if most is None else most
        while self.ended is None and len(self) <= most and self._grown() and not late():
            pass

    def reopen(self, late: Callable[[], bool] = never) -> None:
        """Go on with the tape that is being opened again, then with that of a kept run."""
        while self.remaining and self._grown() and not late():
            pass
        beside = self.versus
        if beside and not self.remaining and not beside.whole and beside.kept.go_on(late):
            self.compare(replace(beside, whole=True))

    def _grown(self) -> bool:
        """Make a half-step and its light frame, which counts to the time that it takes."""
        grown = self.step()
        self.gather()
        return grown

    # --- frames -------------------------------------------------------------------------------------------------
    def frames(self, view: Sequence[int] | None = None) -> list[Json]:
        """A frame for every half-step: those of `view` are whole (None: all), others may be.

        A frame is drawn once, as long as it is kept.
        """
        if view is None:
            return [*self.each()]
        self.gather()
        for index in view:
            if 0 <= index < len(self):
                self._draw_whole(index, index < len(self) - 1)
        self.forget(view)
        return [self._whole.get(index, light) for index, light in enumerate(self._light)]

    def each(self) -> Iterator[Json]:
        """All frames, whole, one after the other as they are drawn."""
        self.gather()
        for index in range(len(self)):
            self._draw_whole(index)
            yield self._whole[index]

    def _draw_whole(self, index: int, later: bool = False) -> None:
        """Have the whole frame of a half-step. later: it is filled in, and holds everything."""
        if index in self._whole:
            return
        key = later or index % GROUP == 0 or index - 1 not in self._whole
        light, alone = self._light[index], not (self.versus or self.recalled)
        drawn = once(self.scene, light, key, lambda: self.draw(index, key)) if alone else self.draw(index, key)
        self._whole[index] = self.versus.drawn(self, drawn, light, index, key) if self.versus else drawn
        self._leaning = self._leaning - {index} if key else self._leaning | {index}
        if key:
            self._heaviest = max(self._heaviest, footprint(self._whole[index]))

    @property
    def tip(self) -> str:
        """The id of the last frame."""
        self.gather()
        return str(self._light[-1]["id"])

    def series(self, at: int) -> Json:
        """What the frames have added up to number `at`, by address."""
        self.gather()
        result: dict[str, list[Any]] = {}
        for light in self._light[: at + 1]:
            for address, values in light["append"].items():
                result.setdefault(address, []).extend(values)
        return result

    def cut(self, length: int) -> None:
        """Give up the frames from number `length` on."""
        if length < len(self._light):
            self._light = self._light[:length]
            self._whole = {index: frame for index, frame in self._whole.items() if index < length}

    def lighten(self, at: int) -> None:
        """Give up the whole frames that are not next to number `at`: the browser has them, or asks for them again."""
        beside = range(at - BESIDE, at + BESIDE + 1)
        for index in sorted(self._leaning & self._whole.keys() & set(beside)):
            if index - 1 not in beside and index - 1 in self._whole:
                self._stand_alone(index)
        self._whole = {index: frame for index, frame in self._whole.items() if index in beside}
        self._leaning = self._leaning & self._whole.keys()

    def _stand_alone(self, index: int) -> None:
        """Have a whole frame hold what is as in those before it, too."""
        first = index
        while first in self._leaning and first - 1 in self._whole:
            first -= 1
        held: Json = {}
        for place in range(first, index + 1):
            held |= self._whole[place]["set"]
        self._whole[index] = {**self._whole[index], "set": held}
        self._leaning = self._leaning - {index}

    def forget(self, view: Sequence[int]) -> None:
        """Give up whole frames far from those of `view`, where there are too many."""
        kept = min(KEPT, KEPT_BYTES // max(self._heaviest, 1))
        if len(self._whole) <= kept:
            return
        near = {index // GROUP for index in view}
        groups = {index // GROUP for index in self._whole} - near
        for group in sorted(groups, key=lambda group: min(abs(group - other) for other in near), reverse=True):
            if len(self._whole) <= kept:
                break
            # the next group begins with a frame that holds everything
            self._whole = {index: frame for index, frame in self._whole.items() if index // GROUP != group}


def moves_query(moves: str, after: int, by_hand: Sequence[Json], cursor: int) -> dict[str, str]:
    """A tape of moves as query parameters. after: where on it the schedule that it follows was taken up. by_hand: what
    was changed by hand, as experiment files have it.
    """
    query = {"since": str(after)} if after else {}
    query |= {"schedule": schedule.compress(moves)} if moves else {}
    query |= {"hand": pack(list(by_hand))} if by_hand else {}
    return query | ({"cursor": str(cursor)} if moves or by_hand else {})


def read_moves(query: Mapping[str, str], messages: list[str]) -> tuple[tuple[str, int, list[Json]], int | None]:
    """What `moves_query` wrote: ((moves, after, by_hand), cursor). What makes no sense is reported and left out."""
    after = read_number(query, "since", schedule.LONGEST, messages, words.DEFAULT)
    moves = ""
    if "schedule" in query:
        try:
            moves = schedule.expand(query["schedule"], MOVES)
        except InvalidExperiment as error:
            messages.append(words.link(error, words.EMPTY_TAPE))
    by_hand = _read_by_hand(query, messages)
    return (moves, after, by_hand), read_cursor(query, half_steps(moves, by_hand), messages)


def half_steps(moves: str, by_hand: Sequence[Json]) -> int:
    """How many half-steps a tape has."""
    return len(moves) + sum("start" in change for change in by_hand)


def _read_by_hand(query: Mapping[str, str], messages: list[str]) -> list[Json]:
    if "hand" not in query:
        return []
    try:
        by_hand = unfold("hand", query["hand"])
        if not isinstance(by_hand, list) or not all(isinstance(change, dict) for change in by_hand):
            raise InvalidExperiment("hand", query["hand"], "the changes by hand that this app wrote into a link")
    except InvalidExperiment as error:
        messages.append(words.link(error, words.NOT_BY_HAND))
        return []
    return by_hand


def read_number(query: Mapping[str, str], name: str, most: int, messages: list[str], instead: str) -> int:
    """A whole number up to `most` in an address, 0 where it is not there or makes no sense; then a message says so."""
    if name not in query:
        return 0
    try:
        return int(Number(low=0, high=most, whole=True, label=name).read(None, name, query[name]))
    except InvalidExperiment as error:
        messages.append(words.link(error, instead))
        return 0


def read_cursor(query: Mapping[str, str], last: int, messages: list[str]) -> int | None:
    """The place in a run of `last` steps; one outside is reported and left out."""
    text = query.get("cursor")
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) < 7 and int(text) <= last:
        return int(text)
    messages.append(f"Link: cursor: {text[:40]!r} is not valid; expected a half-step from 0 to {last}.")
    return None
