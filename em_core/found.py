"""What a folder holds: a class in a file of it needs no table."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules


def classes(package: str) -> Iterator[type]:
    """The classes that stand in the files of a package, each once."""
    folder = import_module(package)
    for file in iter_modules(folder.__path__):
        module = import_module(f"{package}.{file.name}")
        yield from (
            entry
            for entry in vars(module).values()
            if getattr(entry, "__module__", "") == module.__name__ and isinstance(entry, type)
        )
