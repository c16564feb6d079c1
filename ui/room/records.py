"""What a room is: a question, the votes on it in one or two rounds, and what was true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from ui import limits
from ui.room import words

Json = dict[str, Any]
# part of the question → option → how many chose it
Counts = Mapping[str, Mapping[str, int]]
Phase = Literal["idle", "voting", "closed", "revealed"]
PHASES: tuple[str, ...] = get_args(Phase)


class RoomError(ValueError):
    """Something that a room does not do. The text is the one line that says why."""


class NoRoom(RoomError):
    """There is no such room, or no longer."""

    def __init__(self, code: str) -> None:
        super().__init__(words.no_room("".join(letter for letter in code[:8] if letter.isprintable())))


class NotYours(RoomError):
    """The key is not that of the room's lecturer."""

    def __init__(self) -> None:
        super().__init__(words.NOT_YOURS)


class NotNow(RoomError):
    """What the lecturer asks does not follow on what the room is at."""


class TooMany(RoomError):
    """Of rooms, voters or votes."""


class Closed(RoomError):
    """A vote for a ballot that is over, or has not begun."""

    def __init__(self) -> None:
        super().__init__(words.CLOSED)


class Voted(RoomError):
    """A second vote of a voter in the same ballot. The first one counts."""

    def __init__(self) -> None:
        super().__init__(words.VOTED)


class InvalidVote(RoomError):
    """A vote that says nothing about the question."""


class Invalid(RoomError):
    """Something that a lecturer's side gives a room and a room does not take."""

    def __init__(self, what: str, value: object, valid: str) -> None:
        super().__init__(words.not_valid(what, value, valid))


class Away(RoomError):
    """Where rooms are kept cannot be reached."""

    def __init__(self) -> None:
        super().__init__(words.AWAY)


@dataclass(frozen=True)
class Option:
    """One of the answers that a part of a question offers."""

    id: str
    label: str


@dataclass(frozen=True)
class Part:
    """What is answered by one choice. label: empty where the question has one part, and says it all."""

    id: str
    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Question:
    """What is asked. Plain text: nothing of it is ever read as HTML or Markdown."""

    text: str
    parts: tuple[Part, ...]

    def check(self) -> None:
        """Raises `Invalid` for what is too long, empty or has two parts or options of one id."""
        _check_text("question", self.text)
        _check_all("parts", self.parts, 1, limits.ROOM_PARTS)
        for part in self.parts:
            _check_text("part", part.label, least=0)
            _check_all("options", part.options, 2, limits.ROOM_OPTIONS)
            for option in part.options:
                _check_text("option", option.label)

    def check_vote(self, choices: object) -> None:
        """Raises `InvalidVote` unless there is one of its options for each part."""
        offered = {part.id: {option.id for option in part.options} for part in self.parts}
        if not isinstance(choices, Mapping) or choices.keys() != offered.keys():
            raise InvalidVote(words.UNREADABLE)
        if not all(isinstance(choices[part], str) and choices[part] in options for part, options in offered.items()):
            raise InvalidVote(words.UNREADABLE)

    def none(self) -> Counts:
        """Nobody has voted."""
        return {part.id: {option.id: 0 for option in part.options} for part in self.parts}

    @classmethod
    def of(cls, json: Json) -> Question:
        return cls(
            json["text"],
            tuple(
                Part(part["id"], part["label"], tuple(Option(**option) for option in part["options"]))
                for part in json["parts"]
            ),
        )

    def json(self) -> Json:
        return {
            "text": self.text,
            "parts": [
                {"id": part.id, "label": part.label, "options": [vars(option).copy() for option in part.options]}
                for part in self.parts
            ],
        }


@dataclass(frozen=True)
class Answer:
    """What is true. right: for each part its right options, none where no option is. because: why, in plain text."""

    right: Mapping[str, tuple[str, ...]]
    because: str

    def check(self, question: Question) -> None:
        """Raises `Invalid` unless it answers each part of the question by its options."""
        _check_text("because", self.because, least=0)
        none = question.none()
        if self.right.keys() != none.keys():
            raise Invalid("right", [*self.right], f"each part of the question: {', '.join(none)}")
        for part, options in self.right.items():
            if not set(options) <= none[part].keys():
                raise Invalid("right", [*options], f"options of “{part}”: {', '.join(none[part])}")

    @classmethod
    def of(cls, json: Json) -> Answer:
        return cls({part: tuple(options) for part, options in json["right"].items()}, json["because"])

    def json(self) -> Json:
        return {"right": {part: list(options) for part, options in self.right.items()}, "because": self.because}


@dataclass(frozen=True)
class Room:
    """A room as it is at one moment.

    opened: seconds since 1970. ballot: rises with every vote that is opened, so it tells question and round. round: 1
    or 2; 0 while nothing is asked. For each round so far, votes: what phones sent; voted: how many did; hands: what the
    lecturer has counted. view: where the lecturer is, as page?query of the app; empty where that is not to be followed.
    turn: rises with all that the lecturer does; revision: with every change, votes among them.
    """

    code: str
    opened: float
    phase: Phase = "idle"
    question: Question | None = None
    ballot: int = 0
    round: int = 0
    votes: tuple[Counts, ...] = ()
    voted: tuple[int, ...] = ()
    hands: tuple[Counts, ...] = ()
    answer: Answer | None = None
    view: str = ""
    turn: int = 1
    revision: int = field(default=1, compare=False)

    @property
    def counts(self) -> tuple[Counts, ...]:
        """For each round what phones and hands say together."""
        return tuple(_sum(votes, hands) for votes, hands in zip(self.votes, self.hands, strict=True))

    @property
    def voters(self) -> tuple[int, ...]:
        """For each round how many took part: phones, and as many hands as the part with the most of them had."""
        raised = (max((sum(part.values()) for part in hands.values()), default=0) for hands in self.hands)
        return tuple(voted + hands for voted, hands in zip(self.voted, raised, strict=True))

    @classmethod
    def of(cls, json: Json) -> Room:
        """The inverse of `json`. Raises `KeyError` or `TypeError` for what is no room's."""
        read: dict[str, Any] = {
            "question": lambda value: value and Question.of(value),
            "answer": lambda value: value and Answer.of(value),
            **dict.fromkeys(("votes", "voted", "hands"), tuple),
        }
        return cls(**{each.name: read.get(each.name, lambda value: value)(json[each.name]) for each in fields(cls)})

    def json(self) -> Json:
        """All of it, as `json.dumps` takes it."""
        written = {each.name: getattr(self, each.name) for each in fields(self)}
        return written | {
            "question": self.question and self.question.json(),
            "answer": self.answer and self.answer.json(),
            **{name: list(written[name]) for name in ("votes", "voted", "hands")},
        }

    def shown(self) -> Json:
        """What an audience may see: what is true, and what others think, only once it is revealed."""
        seen = {name: getattr(self, name) for name in ("code", "phase", "ballot", "round", "view", "turn")}
        seen["question"] = self.question and self.question.json()
        if self.phase == "revealed" and self.answer:
            seen |= {"answer": self.answer.json(), "counts": list(self.counts), "voters": list(self.voters)}
        return seen


def _sum(one: Counts, other: Counts) -> Counts:
    return {
        part: {option: count + other.get(part, {}).get(option, 0) for option, count in options.items()}
        for part, options in one.items()
    }


def _check_text(what: str, text: object, least: int = 1, most: int = limits.ROOM_TEXT) -> None:
    if not isinstance(text, str) or not least <= len(text) <= most:
        raise Invalid(what, text, f"{least} to {most:,} characters")


def _check_all(what: str, entries: Sequence[Part] | Sequence[Option], least: int, most: int) -> None:
    ids = [entry.id for entry in entries]
    if not least <= len({*ids}) == len(ids) <= most:
        raise Invalid(what, ids, f"{least} to {most} that differ")
    for each in ids:
        _check_text(what, each, most=limits.ROOM_ID)
