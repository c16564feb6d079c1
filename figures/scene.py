"""What a page puts on the stage, as types: docs/stage.md in Python. Each has one `json()`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from em_core.kinds import MOVES
from figures.drawing import Figure
from figures.look import palette, wording
from figures.look.encode import Json
from figures.record import CAPTION, SAID, Record, spoken
from figures.slider import Slider
from figures.tones import Tones
from figures.within import Inside


def move(letter: str) -> Json:
    """The act that asks for a move."""
    return {"act": "move", "letter": letter}


@dataclass(frozen=True)
class Term(Record):
    """A term of the equation; its number stands in the slot `equation.<id>`. title: what it means.

    act: what pressing it asks for.
    """

    id: str
    tex: str
    color: str
    title: str
    act: Json | None = None

    def json(self) -> Json:
        return {**super().json(), "slot": f"equation.{self.id}"}


@dataclass(frozen=True)
class Metric:
    """A big number, in the slot `metric.<id>`. title: what it means. beside: slots of small numbers below it."""

    id: str
    label: str
    color: str = "$text"
    title: str = ""
    beside: Sequence[str] = ()

    def json(self) -> Json:
        beside = {"beside": list(self.beside)} if self.beside else {}
        return {"slot": f"metric.{self.id}", "label": self.label, "color": self.color, "title": self.title, **beside}


@dataclass(frozen=True)
class Hands(Record):
    """A tool of a card: a click puts a point into a trace of the figure, or takes one out.

    tool: what it is called; put, take: what a click then does; note: what comes of it.
    """

    figure: str
    trace: str
    tool: str
    put: str
    take: str
    note: str


@dataclass(frozen=True)
class View:
    """A card of the grid, at the place of its own name. figures: those that it shows in turn.

    called: its title, and what it is called where it shares a place with others.
    note, describe, heading: slots of its line of text, of its description, and of what stands in the title's place
    where that says what is found. apart: whether the note has a line of its own. click: "x" where a point's x is a
    frame's number. hands: where points can be put in and taken out, and what that is called. together: views with this
    word show their first figures, or all their second ones. formula: the slot of a line of TeX above the figures.
    """

    id: str
    called: tuple[str, str]
    figures: Sequence[Figure] = ()
    note: str | None = None
    apart: bool = False
    describe: str | None = None
    click: str | None = None
    heading: str | None = None
    hands: Hands | None = None
    together: str | None = None
    formula: str | None = None

    def json(self) -> Json:
        title, tab = self.called
        shown = [{"id": figure.name, "label": figure.face or title} for figure in self.figures]
        told = {
            "note": self.note,
            "apart": self.apart or None,
            "describe": self.describe,
            "heading": self.heading,
            "click": self.click,
            "together": self.together,
            "tab": tab,
            "hands": self.hands and self.hands.json(),
            "formula": self.formula,
        }
        given = {name: value for name, value in told.items() if value is not None}
        return {"id": self.id, "title": title, "figures": shown, **given}


@dataclass(frozen=True)
class Grid:
    """Where the views stand, by the size of the stage. Each is drawn as CSS draws a `grid-template`: rows of areas,
    the height of each row at its end, the widths of the columns below. A number is a share of what is left. Views that
    share a place have + between their names: one is in view, the others are behind tabs.

    low: where the wide one, or the medium one, would have to be scrolled. What is smaller needs no drawing.
    """

    wide: str
    medium: str
    low: str

    def behind(self, view: str, of: str) -> Grid:
        """The same with one more view, in the place of another and behind it."""
        return Grid(*(drawn.replace(of, f"{of}+{view}") for drawn in (self.wide, self.medium, self.low)))

    def in_front(self, view: str, of: str) -> Grid:
        """The same with one more view, in the place of another and before it."""
        return Grid(*(drawn.replace(of, f"{view}+{of}") for drawn in (self.wide, self.medium, self.low)))

    def leading(self, view: str, of: str) -> Grid:
        """The same with one more view, in front of all that share the place of another."""
        drawings = (self.wide, self.medium, self.low)
        return Grid(*(re.sub(rf"\S*\b{of}\b\S*", lambda place: f"{view}+{place[0]}", drawn) for drawn in drawings))

    def json(self) -> Json:
        widths = {name: _template(getattr(self, name)) for name in ("wide", "medium", "low")}
        parts = zip(*widths.values(), strict=True)
        return {
            name: dict(zip(widths, part, strict=True))
            for name, part in zip(("areas", "rows", "columns"), parts, strict=True)
        }


def _template(drawn: str) -> tuple[list[str], str, str]:
    """Areas, rows and columns of one drawing."""
    *rows, columns = [line.split() for line in drawn.strip().splitlines()]
    heights = _sizes([row[-1] for row in rows], "min-content")
    return [" ".join(row[:-1]) for row in rows], heights, _sizes(columns, "0")


def _sizes(tokens: Sequence[str], least: str) -> str:
    """A number is a share, of `least` at least; anything else is CSS."""
    return " ".join(f"minmax({least}, {size}fr)" if size.replace(".", "").isdigit() else size for size in tokens)


@dataclass(frozen=True)
class Tool:
    """A button after the transport. key: which presses it."""

    act: str
    label: str
    title: str
    icon: str | None = None
    key: str = ""

    def json(self) -> Json:
        return {"act": {"act": self.act}, "label": self.label, "title": self.title, "icon": self.icon}


UNDO, REDO = Tool(*wording.BACKWARD), Tool(*wording.FORWARD)
_KEYS = {"ctrl+z": UNDO, "ctrl+y": REDO, "ctrl+shift+z": REDO}
_TOLD = [{"key": "Ctrl+Z", "does": "undo"}, {"key": "Ctrl+Y", "does": "redo"}]


@dataclass(frozen=True)
class Scene:
    """What stands still, but for its id. Figures say which traces glide. moves: letters that have a key.

    help: what a page calls a move, where it is not what the moves call themselves. glossary: what words in the caption
    and below axes mean. marks: short lines beside the equation, as docs/stage.md has them.
    """

    equation: Sequence[Term | str]
    metrics: Sequence[Metric]
    views: Sequence[View]
    grid: Grid
    tools: Sequence[Tool]
    inner: Slider | None = None
    moves: Sequence[str] = ()
    help: Mapping[str, str] = field(default_factory=dict)
    speeds: Sequence[int] = (1, 2, 4, 8)
    names: Mapping[str, str] = field(default_factory=dict)
    glossary: Mapping[str, str] = field(default_factory=dict)
    marks: Sequence[Json] = ()
    inside: Inside | None = None
    tones: Tones | None = None

    def json(self) -> Json:
        figures = [figure for view in self.views for figure in view.figures]
        return {
            "colors": palette.COLORS,
            "equation": [{"tex": term} if isinstance(term, str) else term.json() for term in self.equation],
            "metrics": [metric.json() for metric in self.metrics],
            "marks": list(self.marks),
            "figures": {figure.name: figure.json for figure in figures},
            "views": [view.json() for view in self.views],
            **self.grid.json(),
            "inner": self.inner and self.inner.json(),
            "inside": self.inside and self.inside.json(),
            "tones": self.tones and self.tones.json(),
            "glide": [trace.address for figure in figures for trace in figure if trace.glides],
            "keys": {letter.lower(): move(letter) for letter in self.moves}
            | {key: {"act": tool.act} for key, tool in _KEYS.items()}
            | {tool.key: {"act": tool.act} for tool in self.tools if tool.key},
            "help": [
                *({"key": letter, "does": self.help.get(letter, MOVES[letter].name)} for letter in self.moves),
                *_TOLD,
                *({"key": tool.key.upper(), "does": tool.label.lower()} for tool in self.tools if tool.key),
            ],
            "speeds": list(self.speeds),
            "tools": [tool.json() for tool in (UNDO, REDO, *self.tools)],
            "caption": CAPTION,
            "said": SAID,
            "names": dict(self.names),
            # as they stand in the caption
            "glossary": {wording.unbroken(word): text for word, text in self.glossary.items()},
        }


@dataclass(frozen=True)
class Chip(Record):
    """A place on the tape. to: the half-step that a click on a planned one leads to."""

    label: str
    name: str
    color: str
    to: int | None = None


@dataclass(frozen=True)
class Button:
    """What the main button says."""

    label: str
    detail: str

    def json(self) -> Json:
        return {"label": self.label, "detail": self.detail, "act": {"act": "advance"}}


@dataclass(frozen=True)
class Handle(Record):
    """Something on a figure that the reader can drag. axes: which, where the figure has several pairs.

    along: "x" or "y" where it moves that way only.
    """

    id: str
    figure: str
    x: float
    y: float
    label: str
    color: str
    axes: Sequence[str] | None = None
    along: str | None = None


@dataclass(frozen=True)
class SliderHandle(Record):
    """A handle that has no natural place in a picture: a slider in the card of its figure.

    A drag gives its value as x, and y = 0. scale: "log" for steps of equal ratio; then `step` is one of log10.
    unit: what is said after the value.
    """

    id: str
    figure: str
    label: str
    low: float
    high: float
    value: float
    step: float
    scale: str | None = None
    kind: str = "slider"
    unit: str | None = None


@dataclass(frozen=True)
class Light:
    """What every frame has, in view or not. id: equal ids, equal frames; append: values that lengthen series."""

    id: str
    append: Json
    chip: Chip
    next: Button | None

    def json(self) -> Json:
        following = self.next and self.next.json()
        return {"id": self.id, "light": True, "append": self.append, "chip": self.chip.json(), "next": following}


@dataclass(frozen=True)
class Inner(Record):
    """What a finer frame changes: attributes by address, texts by slot, exact numbers by slot."""

    set: Json = field(default_factory=dict)
    text: Json = field(default_factory=dict)
    value: Json = field(default_factory=dict)

    def json(self) -> Json:
        return {**super().json(), "text": spoken(self.text)}


@dataclass(frozen=True)
class Preview(Record):
    """What the frame in view would show with a handle somewhere else: what that changes, and the frame's own parts."""

    set: Json
    text: Json
    value: Json
    lit: Sequence[str] = ()
    handles: Sequence[Handle | SliderHandle] = ()
    inner_at: float | None = None

    def json(self) -> Json:
        return {
            **vars(self),
            "text": spoken(self.text),
            "lit": list(self.lit),
            "handles": [handle.json() for handle in self.handles],
        }


@dataclass(frozen=True)
class Glide(Record):
    """How a frame is come to from the one before: values at equal steps of the way, the first where that one stands.

    set: by address, in one of the forms of docs/stage.md; text: by slot, one for each step.
    """

    set: Json
    text: Json


@dataclass(frozen=True)
class Frame:
    """What a frame in view shows beyond its light part. lit: terms of the equation, by id."""

    set: Json
    text: Json
    value: Json
    lit: Sequence[str] = ()
    handles: Sequence[Handle | SliderHandle] = ()
    inner_at: float | None = None
    glide: Glide | None = None

    def json(self, light: Json) -> Json:
        """The whole frame, of which `light` is the light one."""
        return {
            **{name: part for name, part in light.items() if name != "light"},
            "set": self.set,
            "text": spoken(self.text),
            "value": self.value,
            "lit": list(self.lit),
            "handles": [handle.json() for handle in self.handles],
            "inner_at": self.inner_at,
            "glide": self.glide and self.glide.json(),
        }


def digest(text: str) -> str:
    """The id of what `text` describes."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
