"""A setting is declared once: default, control, limit, its form in a link, its place in an experiment file.

    class MapSettings(Settings):
        penalty: float = decades(1e-4, 1e3, 0.7, "λ: sparsity", entry="settings.lambda")

What no control describes stands in the settings' `overrides`, which a link holds packed, as `given`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

from em_core.files.errors import InvalidExperiment
from ui import limits, words

# longer addresses are cut by browsers and mail programs
LONGEST_LINK = 6_000
# seeds are whole numbers below it: what a file's number holds exactly
SEEDS = 2**53
# characters of a link's content that are packed before its length is looked at
_AT_A_TIME = 100_000
# the parts of a link that can be long
_PACKED = ("given", "hand", "kept")


def fits(query: Mapping[str, str]) -> bool:
    """Whether this is no longer than a link may be."""
    return sum(len(query.get(name, "")) for name in _PACKED) <= LONGEST_LINK


@dataclass(frozen=True)
class Change:
    """What another value of a setting does.

    does: to the run, as a method of the page's session; of several changes at once the strongest counts.
    ends: the overrides that it puts an end to.
    """

    does: Literal["goes_on", "redraws", "forks", "restarts"]
    ends: tuple[str, ...] = ()

    @property
    def strength(self) -> int:
        return ("goes_on", "redraws", "forks", "restarts").index(self.does)


# --- what is declared -------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What is known of a setting besides its default.

    entry: where an experiment file has it, as `part.key`. change: None for what the page's settings mostly do.
    then: the settings after a change to another value, where more follows from it.
    """

    label: str
    help: str | None = None
    entry: str | None = None
    change: Change | None = None
    then: Callable[[Any, Any], Any] | None = None

    def read(self, settings: Any, name: str, text: str) -> Any:
        """The value that a link means. Raises `InvalidExperiment`."""
        raise NotImplementedError

    def check(self, name: str, value: Any) -> None:
        """Refuse a value that the control does not reach. Raises `InvalidExperiment`."""


@dataclass(frozen=True, kw_only=True)
class Number(Declared):
    """A number from `low` to `high`. control: a slider, one of equal ratios, or a box to type into."""

    low: float
    high: float
    whole: bool = False
    step: float = 1
    control: Literal["slider", "ratios", "box"] = "slider"
    format: str | None = None

    @property
    def kind(self) -> type[int] | type[float]:
        return int if self.whole else float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high

    def describe(self) -> str:
        return f"a number from {_plain(self.low)} to {_plain(self.high)}"

    def check(self, name: str, value: Any) -> None:
        if not self.holds(value):
            raise InvalidExperiment(name, value, f"{self.describe()} on this page")

    def read(self, settings: Any, name: str, text: str) -> float:
        return read_number(name, text, self)


@dataclass(frozen=True, kw_only=True)
class Choice(Declared):
    """One of some options, name and title, which may depend on the other settings."""

    options: Mapping[str, str] | Callable[[Any], Mapping[str, str]]

    def offered(self, settings: Any) -> Mapping[str, str]:
        return self.options(settings) if callable(self.options) else self.options

    def read(self, settings: Any, name: str, text: str) -> str:
        return read_choice(name, text, self.offered(settings))


@dataclass(frozen=True, kw_only=True)
class Switch(Declared):
    """Yes or no."""

    def read(self, settings: Any, name: str, text: str) -> bool:
        return read_choice(name, text, ("yes", "no")) == "yes"


@dataclass(frozen=True, kw_only=True)
class Word(Declared):
    """A line of text. valid: raises `InvalidExperiment` for what cannot be, given text and name."""

    valid: Callable[[str, str], Any]

    def read(self, settings: Any, name: str, text: str) -> str:
        self.valid(text, name)
        return text


def slider(low: float, high: float, default: float, label: str, **more: Any) -> Any:
    return _field(default, Number(low=low, high=high, label=label, **more))


def decades(low: float, high: float, default: float, label: str, **more: Any) -> Any:
    """Over orders of magnitude, in steps of equal ratio."""
    return slider(low, high, default, label, control="ratios", **more)


def box(low: float, high: float, default: float, label: str, **more: Any) -> Any:
    """A number to type."""
    return slider(low, high, default, label, control="box", **more)


def choice(options: Any, default: str, label: str, **more: Any) -> Any:
    return _field(default, Choice(options=options, label=label, **more))


def toggle(default: bool, label: str, help: str, **more: Any) -> Any:
    return _field(default, Switch(label=label, help=help, **more))


def line(valid: Callable[[str, str], Any], default: str, label: str, help: str, **more: Any) -> Any:
    return _field(default, Word(valid=valid, label=label, help=help, **more))


def otherwise(kind: type, name: str, default: Any, **more: Any) -> Any:
    """What another page's settings, `kind`, declare of a setting; the default, and `more`, are this page's own."""
    (known,) = (entry for entry in fields(kind) if entry.name == name)
    declared = known.metadata["declared"]
    return _field(default, replace(declared, **more) if more else declared)


def _field(default: Any, declared: Declared) -> Any:
    return field(default=default, metadata={"declared": declared})


# --- the record -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Overrides:
    """Parts of an experiment that no control describes; they take the place of what the controls would make.

    data: those of a file that the reader opened.
    """

    data: Mapping[str, Any] | None = None

    def parts(self) -> dict[str, Mapping[str, Any]]:
        """Those that are there, by name."""
        named = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {name: part for name, part in named.items() if part is not None}

    @cached_property
    def packed(self) -> str:
        """As a link holds them; once, for they may be a large table."""
        return pack(self.parts())

    def __bool__(self) -> bool:
        return bool(self.parts())

    def without(self, *names: str) -> Self:
        """The same with these given up."""
        return replace(self, **{name: None for name in names})


@dataclass(frozen=True)
class Settings:
    """Everything that a page's sidebar shows, and what no control describes."""

    overrides: Overrides = Overrides()

    # what another value does, where its declaration does not say
    mostly: ClassVar[Change] = Change("restarts")

    @classmethod
    def declared(cls) -> dict[str, Declared]:
        """What is declared of each setting, in the order of the fields: what follows from others stands behind them."""
        return {entry.name: entry.metadata["declared"] for entry in fields(cls) if "declared" in entry.metadata}

    @classmethod
    def numbers(cls) -> dict[str, Number]:
        """The numbers among them."""
        return {name: declared for name, declared in cls.declared().items() if isinstance(declared, Number)}

    @property
    def imported(self) -> bool:
        """Whether the data come from an experiment file that the reader opened."""
        return self.overrides.data is not None

    def without(self, *names: str) -> Self:
        """The same with these overrides given up."""
        return replace(self, overrides=self.overrides.without(*names))

    def bare(self) -> Self:
        """What the controls say, without any overrides."""
        return replace(self, overrides=type(self.overrides)())

    def overriding(self, **parts: Mapping[str, Any]) -> Self:
        """The same with these overrides."""
        return replace(self, overrides=replace(self.overrides, **parts))

    def taking(self, values: Mapping[str, Any]) -> Self:
        """The settings after these changes, and what follows from them."""
        result = self
        for name, declared in self.declared().items():
            if name in values:
                then = declared.then
                result = then(result, values[name]) if then else replace(result, **{name: values[name]})
        return result

    def changed(self, before: Self) -> set[str]:
        """The names of the settings that are not what they were."""
        return {name for name in self.declared() if getattr(self, name) != getattr(before, name)}

    def change(self, names: Collection[str]) -> Change:
        """What other values of these settings do together."""
        declared = self.declared()
        changes = [declared[name].change or self.mostly for name in names]
        strongest = max(changes, key=lambda change: change.strength)
        return Change(strongest.does, tuple({part for change in changes for part in change.ends}))

    def check(self) -> None:
        """Refuse what the page's controls do not reach. Raises `InvalidExperiment`."""
        for name, declared in self.declared().items():
            declared.check(name, getattr(self, name))

    # --- the address --------------------------------------------------------------------------------------------
    def query(self) -> dict[str, str]:
        """What differs from the defaults, as query parameters; a choice brings along what follows from it."""
        query, default = {}, type(self)()
        for name, declared in self.declared().items():
            value = getattr(self, name)
            if value != getattr(default, name):
                query[name] = written(value)
                default = declared.then(default, value) if declared.then else default
        return {**query, "given": self.overrides.packed} if self.overrides else query

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> tuple[Self, list[str]]:
        """Settings from query parameters, and a message for each part that makes no sense: its default stays."""
        settings, messages = cls(), []
        overrides = settings.overrides
        if "given" in query:
            try:
                overrides = unpack(query["given"], type(overrides))
            except InvalidExperiment as error:
                messages.append(words.link(error, words.DEFAULT))
        for name, declared in cls.declared().items():
            # what a choice offers may depend on them too, and a choice that gives them up does not in a link
            settings = replace(settings, overrides=overrides)
            if name in query:
                try:
                    settings = settings.taking({name: declared.read(settings, name, query[name])})
                except InvalidExperiment as error:
                    messages.append(words.link(error, words.DEFAULT))
        return replace(settings, overrides=overrides), messages

    # --- the experiment file ------------------------------------------------------------------------------------
    def entries(self, part: str) -> dict[str, Any]:
        """The settings that an experiment file has in this part of it, as it names them."""
        return {key: getattr(self, name) for key, name in self.named(part).items()}

    @classmethod
    def of_entries(cls, part: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """The settings that a file's part says, by their names here."""
        return {name: values[key] for key, name in cls.named(part).items() if key in values}

    @classmethod
    def check_entries(cls, part: str, values: Mapping[str, Any]) -> None:
        """Refuse what no control can show, by the file's own name for it. Raises `InvalidExperiment`."""
        for name, value in cls.of_entries(part, values).items():
            declared = cls.declared()[name]
            declared.check(str(declared.entry), value)

    @classmethod
    def named(cls, part: str) -> dict[str, str]:
        """The names of the settings in a part of experiment files: key there, name here."""
        places = {name: (declared.entry or "").rpartition(".") for name, declared in cls.declared().items()}
        return {key: name for name, (place, _, key) in places.items() if key and place == part}


def written(value: Any) -> str:
    """A setting as a query parameter, from which `read` gets this very value again."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, float):
        return str(value)
    short = f"{value:.12g}"
    return short if float(short) == value else repr(float(value))


def pack(parts: Any) -> str:
    """Overrides, or other JSON, as one query parameter.

    What no link can hold is not packed to its end: the rest is a hash, which tells it from other such.
    """
    text = json.dumps(parts, separators=(",", ":")).encode()
    packing, packed = zlib.compressobj(9), b""
    for begin in range(0, len(text), _AT_A_TIME):
        packed += packing.compress(text[begin : begin + _AT_A_TIME])
        if len(packed) > LONGEST_LINK:
            return _written(packed) + hashlib.sha256(text).hexdigest()
    return _written(packed + packing.flush())


def _written(packed: bytes) -> str:
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def unpack(text: str, kind: type[Overrides]) -> Overrides:
    """The overrides that `pack` wrote. Raises `InvalidExperiment` for anything else."""
    parts = unfold("given", text)
    names = {entry.name for entry in fields(kind)}
    if not isinstance(parts, dict) or not all(name in names and isinstance(part, dict) for name, part in parts.items()):
        raise InvalidExperiment("given", text, "the start or the data that this app wrote into a link")
    return kind(**parts)


def unfold(name: str, text: str) -> Any:
    """What `pack` wrote, None for what it did not. Raises `InvalidExperiment` for what is too long."""
    if len(text) > LONGEST_LINK:
        raise InvalidExperiment(name, text, f"at most {LONGEST_LINK:,} characters; an experiment file holds more")
    try:
        compressed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        # a short link must not unfold into gigabytes
        unfolding = zlib.decompressobj()
        unfolded = unfolding.decompress(compressed, limits.UNFOLDED)
        if unfolding.unconsumed_tail:
            valid = f"at most {limits.UNFOLDED:,} characters once unpacked; an experiment file holds more"
            raise InvalidExperiment(name, text, valid)
        return json.loads(unfolded)
    except InvalidExperiment:
        raise
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        return None


def read_choice(name: str, text: str, options: Collection[str]) -> str:
    """One of the options, or `InvalidExperiment`."""
    if text not in options:
        raise InvalidExperiment(name, text, f"one of {', '.join(options)}")
    return text


def read_number(name: str, text: str, number: Number) -> float:
    """A number within its limits, or `InvalidExperiment`."""
    try:
        value = number.kind(text)
    except ValueError:
        value = None
    if value is None or not number.holds(value):
        raise InvalidExperiment(name, text, number.describe())
    return value


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"
