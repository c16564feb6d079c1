"""Caches: whatever links and files ask for, what a server remembers of it stays small.

`Store` and `Bounded` in bytes, for what outlives the reader who asked; `Recent` and `at_theta` in number, for what
belongs to one run or one table of data.
"""

from __future__ import annotations

import copy
import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from functools import wraps
from threading import Lock
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, Generic, TypeVar, cast

import numpy as np

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
F = TypeVar("F", bound=Callable[..., Any])

# what belongs to the program and not to a result
_PROGRAM = (type, FunctionType, BuiltinFunctionType, MethodType, ModuleType)


class Store(Generic[K, V]):
    """The latest results that were put there, keys and values together at most `most` bytes.

    Readers' threads may share it; a result larger than `most` is not kept.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.bytes = 0
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = Lock()

    def known(self, key: K) -> V | None:
        """The result, None where there is none."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        return None

    def keep(self, key: K, value: V) -> None:
        """Remember a result; one that is there already stays."""
        size = footprint((key, value))
        with self._lock:
            if size <= self.most and key not in self._kept:
                self._kept[key] = value, size
                self.bytes += size
                while self.bytes > self.most:
                    _, (_, dropped) = self._kept.popitem(last=False)
                    self.bytes -= dropped

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self.bytes = 0


class Bounded(Store[K, V]):
    """A function that remembers its latest results; none of them is None."""

    def __init__(self, function: Callable[[K], V], most: int) -> None:
        super().__init__(most)
        self.function = function

    def __call__(self, key: K) -> V:
        value = self.known(key)
        if value is None:
            # outside of the lock: one reader's long computation must not hold up the others
            value = self.function(key)
            self.keep(key, value)
        return value


class Recent:
    """A function that remembers its `most` latest results by the identity of its arguments, which it keeps alive."""

    def __init__(self, function: Callable[..., Any], most: int) -> None:
        self.function = function
        self.most = most
        self._kept: OrderedDict[tuple[object, ...], tuple[tuple[Any, ...], Any]] = OrderedDict()

    def __call__(self, *arguments: Any) -> Any:
        key = tuple(entry if isinstance(entry, str) else id(entry) for entry in arguments)
        if key not in self._kept:
            self._kept[key] = arguments, self.function(*arguments)
        self._kept.move_to_end(key)
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)
        return self._kept[key][1]


# every cache that outlives the reader who asked
CACHES: list[Store] = []  # type: ignore[type-arg]


def bounded(most: int) -> Callable[[Callable[[K], V]], Bounded[K, V]]:
    """Decorates a function of one argument: it remembers its latest results, at most `most` bytes of them."""

    def remembering(function: Callable[[K], V]) -> Bounded[K, V]:
        cache = Bounded(function, most)
        CACHES.append(cache)
        return cache

    return remembering


def store(most: int) -> Store[Any, Any]:
    """A store of at most so many bytes."""
    made: Store[Any, Any] = Store(most)
    CACHES.append(made)
    return made


# results that data keep of each function: for two runs side by side, from before and after their last half-step
KEPT = 4
# bytes of arrays from which on they keep fewer of them, the latest at least
MOST_AT_THETA = 64_000_000
# every function whose results are kept so
AT_THETA: list[str] = []


def at_theta(function: F) -> F:
    """Decorates a model's function of data, θ and perhaps q: the data record keeps its latest results, `KEPT` at most.

    They go with the data. Model, θ and q are told apart by identity, for records do not change; results must be
    read-only, since all who ask get the same. Threads that ask at once may each compute: the results are equal.
    """
    name = f"at_theta {function.__module__}.{function.__qualname__}"
    AT_THETA.append(name)

    @wraps(function)
    def remembering(model: Any, data: Any, theta: Any, q: Any = None) -> Any:
        results = data.__dict__  # where cached properties are kept, too
        kept = results.get(name, ())
        for entry in kept:
            if entry[1] is theta and entry[0] is model and entry[2] is q:
                return entry[3]
        if q is None:
            result = function(model, data, theta)
            size = getattr(result, "nbytes", 0)
        else:
            result = function(model, data, theta, q)
            size = getattr(result, "nbytes", 0) + getattr(q, "nbytes", 0)
        latest = (model, theta, q, result, size)
        others = 0
        for entry in kept:
            size += entry[4]
            if others == KEPT - 1 or size > MOST_AT_THETA:
                break
            others += 1
        # a new tuple, so that no thread sees one that changes
        results[name] = (latest, *kept[:others])
        return result

    return cast(F, remembering)


def of_data(function: F) -> F:
    """Decorates a function of data: the data record keeps its first result, whatever else it was asked with.

    It goes with the data: what takes all of a large table is done once for it.
    """
    name = f"of_data {function.__module__}.{function.__qualname__}"

    @wraps(function)
    def remembering(data: Any, *more: Any) -> Any:
        kept = vars(data)
        if name not in kept:
            kept[name] = function(data, *more)
        return kept[name]

    return cast(F, remembering)


def forget_derived(record: Any) -> None:
    """Give up what a frozen record has worked out of itself, its cached properties; they come anew where asked for.

    What it is made of, where that is not its fields, it names in `made_of`.
    """
    if is_dataclass(record):
        own = getattr(record, "made_of", None) or {entry.name for entry in fields(record)}
        for name in vars(record).keys() - own:
            vars(record).pop(name, None)


def apart(data: V) -> V:
    """The same data, for a look at many θ: what is kept of those takes no other results' place."""
    return copy.copy(data)


def footprint(thing: object) -> int:
    """The bytes that a value holds, with all that it refers to, each counted once."""
    total, seen, open_ = 0, set(), [thing]
    while open_:
        part = open_.pop()
        if id(part) in seen or isinstance(part, _PROGRAM):
            continue
        seen.add(id(part))
        if isinstance(part, np.ndarray):
            # a view keeps the whole array alive
            total += sys.getsizeof(part) if part.base is None else 128
            open_.append(part.base)
            continue
        total += sys.getsizeof(part)
        if isinstance(part, Mapping):
            open_.extend([*part.keys(), *part.values()])
        elif isinstance(part, (list, tuple, set, frozenset)):
            open_.extend(part)
        elif hasattr(part, "__dict__"):
            open_.append(vars(part))
    return total
