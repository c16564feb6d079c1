"""Reading an experiment file: every key is asked for by name, and what is left over is refused."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from em_core.files.errors import MISSING, InvalidExperiment
from em_core.records import Array

# squares of anything larger come close to the end of the floats: nothing measured is
LARGEST = 1e100
# rows of a table, or values of a list, at most
MOST_ROWS = 10_000_000


class Fields:
    """One JSON object of an experiment file.

    Each reader takes the key, checks the value and returns it in the program's own type, or raises
    `InvalidExperiment` naming `path.key`. `done()` refuses the keys that nobody asked for.
    """

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, Mapping):
            raise InvalidExperiment(path or "experiment", value, "an object of named values")
        self._rest = dict(value)
        self._asked: list[str] = []
        self._path = path

    def __contains__(self, key: str) -> bool:
        return key in self._rest

    def name(self, key: str) -> str:
        """The key as messages name it, such as `settings.covariance`."""
        return f"{self._path}.{key}" if self._path else key

    def take(self, key: str, default: Any = MISSING, *, valid: str = "a value") -> Any:
        """The raw value, marked as read; `default` where it is absent. valid: what is asked for without either."""
        self._asked.append(key)
        value = self._rest.pop(key, default)
        if value is MISSING:
            raise InvalidExperiment(self.name(key), MISSING, valid)
        return value

    def rest(self) -> dict[str, Any]:
        """Every key that nobody has read yet, handed over to another reader."""
        rest, self._rest = self._rest, {}
        return rest

    def child(self, key: str, default: Any = MISSING) -> Fields:
        return Fields(self.take(key, default, valid="an object of named values"), self.name(key))

    def choice(self, key: str, options: Collection[str], default: Any = MISSING) -> str:
        valid = f"one of {', '.join(sorted(options))}"
        value = self.take(key, default, valid=valid)
        if not isinstance(value, str) or value not in options:
            raise InvalidExperiment(self.name(key), value, valid)
        return value

    def flag(self, key: str, default: Any = MISSING) -> bool:
        value = self.take(key, default, valid="true or false")
        if not isinstance(value, bool):
            raise InvalidExperiment(self.name(key), value, "true or false")
        return value

    def whole(self, key: str, default: Any = MISSING, *, least: int = 0, most: int | None = None) -> int:
        valid = f"a whole number of at least {least}{'' if most is None else f' and at most {most}'}"
        value = self.take(key, default, valid=valid)
        usable = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not usable or value < least or (most is not None and value > most):
            raise InvalidExperiment(self.name(key), value, valid)
        return int(value)

    def optional_whole(self, key: str, *, least: int = 1, most: int | None = None) -> int | None:
        """A whole number, or None where the key is absent."""
        if key in self:
            return self.whole(key, least=least, most=most)
        self.take(key, None)
        return None

    def number(
        self,
        key: str,
        default: Any = MISSING,
        *,
        above: float = -math.inf,
        least: float = -math.inf,
        most: float = math.inf,
    ) -> float:
        """A number of magnitude at most 1e100: greater than `above`, at least `least`, at most `most`."""
        valid = f"a finite number{_limits(above, least, most)}"
        value = self.take(key, default, valid=valid)
        usable = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not usable or not abs(value) <= LARGEST or not (above < value and least <= value <= most):
            raise InvalidExperiment(self.name(key), value, valid)
        return float(value)

    def array(self, key: str, shape: tuple[int | str, ...], default: Any = MISSING) -> Array:
        """A finite array of this shape; a string in `shape` names a free dimension of at least 1."""
        return finite_array(self.take(key, default, valid=_shaped(shape)), shape, self.name(key))

    def table(self, key: str, *, missing: bool = False) -> Array:
        """(N, D) numbers; a flat list is one column. With `missing`, null stands for one and is read as NaN."""
        raw, name = self.take(key, valid=_shaped(("N", "D"))), self.name(key)
        is_flat = isinstance(raw, list) and bool(raw) and not isinstance(raw[0], (list, tuple))
        absent = _places_of_none(raw) if missing else []
        filled = _with_zeros(raw) if absent else raw
        values = finite_array(filled, ("N",) if is_flat else ("N", "D"), name)
        values = values.reshape(len(values), -1).copy()
        for row, column in absent:
            values[row, column] = math.nan
        values.flags.writeable = False
        return values

    def flags(self, key: str, length: int) -> NDArray[np.bool_]:
        """A list of `length` times true or false."""
        valid = f"a list of {length} values, each true or false"
        raw = self.take(key, valid=valid)
        if not isinstance(raw, list) or len(raw) != length:
            raise InvalidExperiment(self.name(key), raw, valid)
        for place, entry in enumerate(raw):
            if not isinstance(entry, bool):
                raise InvalidExperiment(f"{self.name(key)}[{place}]", entry, "true or false")
        flags = np.array(raw, dtype=bool)
        flags.flags.writeable = False
        return flags

    def done(self) -> None:
        """Refuse every key that no reader asked for."""
        for key in self._rest:
            known = ", ".join(sorted(set(self._asked)))
            valid = f"no such key (known here: {known or 'none'})"
            raise InvalidExperiment(self.name(str(key) or '""'), self._rest[key], valid)


def _shaped(shape: tuple[int | str, ...]) -> str:
    return f"numbers of shape ({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def finite_array(value: Any, shape: tuple[int | str, ...], name: str) -> Array:
    """`value` as a float array of `shape`, read-only.

    Raises `InvalidExperiment` for ragged lists, non-numbers, NaN, infinities and magnitudes above 1e100 (naming the
    first and its place) and for any other shape.
    """
    wanted = _shaped(shape)
    if shape and isinstance(shape[0], str) and isinstance(value, (list, np.ndarray)) and len(value) > MOST_ROWS:
        raise InvalidExperiment(name, f"{len(value):,} rows", f"at most {MOST_ROWS:,}")
    _refuse_odd_entries(value, name, wanted, depth=len(shape))
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise InvalidExperiment(name, value, wanted) from None
    fits = array.ndim == len(shape) and all(
        have >= 1 if isinstance(want, str) else have == want for have, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        raise InvalidExperiment(name, value, f"{wanted}, found shape {array.shape}")
    bad = np.argwhere(~(np.abs(array) <= LARGEST))
    if len(bad):
        place = "".join(f"[{i}]" for i in bad[0])
        valid = f"a finite number of magnitude at most {LARGEST:g}"
        raise InvalidExperiment(f"{name}{place}", float(array[tuple(bad[0])]), valid)
    array.flags.writeable = False
    return array


def _refuse_odd_entries(value: Any, name: str, wanted: str, depth: int) -> None:
    """NumPy would read true as 1 and "3" as 3: an experiment file must not. `depth` lists deep."""
    if isinstance(value, np.ndarray):
        return
    if isinstance(value, (list, tuple)):
        for place, entry in enumerate(value if depth > 0 else ()):  # deeper lists have the wrong shape in any case
            _refuse_odd_entries(entry, f"{name}[{place}]", "a finite number", depth - 1)
    elif isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise InvalidExperiment(name, value, wanted)


def _places_of_none(value: Any) -> list[tuple[int, int]]:
    """(row, column) of every null in a list of numbers or of lists of numbers."""
    if not isinstance(value, list):
        return []
    rows = [row if isinstance(row, list) else [row] for row in value]
    return [(i, j) for i, row in enumerate(rows) for j, entry in enumerate(row) if entry is None]


def _with_zeros(value: list[Any]) -> list[Any]:
    rows = [[0 if entry is None else entry for entry in row] if isinstance(row, list) else row for row in value]
    return [0 if row is None else row for row in rows]


def _limits(above: float, least: float, most: float) -> str:
    parts = []
    if most == math.inf:
        most = LARGEST
    if above > -math.inf:
        parts.append(f"above {above:g}")
    if least > -math.inf:
        parts.append(f"of at least {least:g}")
    if most < math.inf:
        parts.append(f"at most {most:g}")
    return f" {' and '.join(parts)}" if parts else ""
