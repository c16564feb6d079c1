"""Caches: whatever links and files ask for, what a server remembers of it stays small.

`Bounded` in bytes, for what outlives the reader who asked; `Recent` in number, for what belongs to one run.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, Generic, TypeVar

import numpy as np

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# what belongs to the program and not to a result
_PROGRAM = (type, FunctionType, BuiltinFunctionType, MethodType, ModuleType)


class Bounded(Generic[K, V]):
    """A function that remembers its latest results, keys and values together at most `most` bytes.

    Readers' threads may share it; a result larger than `most` is not kept.
    """

    def __init__(self, function: Callable[[K], V], most: int) -> None:
        self.function = function
        self.most = most
        self.bytes = 0
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = Lock()

    def __call__(self, key: K) -> V:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        # outside of the lock: one reader's long computation must not hold up the others
        value = self.function(key)
        size = footprint((key, value))
        with self._lock:
            if size <= self.most and key not in self._kept:
                self._kept[key] = value, size
                self.bytes += size
                while self.bytes > self.most:
                    _, (_, dropped) = self._kept.popitem(last=False)
                    self.bytes -= dropped
        return value

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self.bytes = 0


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
CACHES: list[Bounded] = []  # type: ignore[type-arg]


def bounded(most: int) -> Callable[[Callable[[K], V]], Bounded[K, V]]:
    """Decorates a function of one argument: it remembers its latest results, at most `most` bytes of them."""

    def remembering(function: Callable[[K], V]) -> Bounded[K, V]:
        cache = Bounded(function, most)
        CACHES.append(cache)
        return cache

    return remembering


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
