"""Where time steps stand: in rows like the staves of music, each with a strip of state probabilities below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from em_core.records import Array
from figures.look.encode import Json

# rows of symbols that a page has room for, and how few steps need no second one
_MOST_STAVES, _FEW = 3, 60
# from the bottom of a stave, in rows of symbols: the most probable path, the strip, then the symbols
_PATH, _STRIP = (0.0, 0.9), (1.2, 3.6)
_SYMBOLS, _ABOVE = 4.6, 1.7
# the most rows that symbols take, and how many of them are labelled: more would overlap on a phone
_MOST_ROWS, _LABELS = 6, 3


class Staves:
    """lengths: (N,) of the sequences. n_symbols: 0 where the values are numbers, which have an axis of their own."""

    def __init__(self, lengths: NDArray[np.intp], n_states: int, n_symbols: int) -> None:
        self.k, self.n_symbols = n_states, n_symbols
        ends = np.cumsum(lengths)
        self.sequences = np.repeat(np.arange(1, len(lengths) + 1), lengths)
        self.times = np.arange(1, ends[-1] + 1) - np.repeat(ends - lengths, lengths)
        # one place a time step, and a pause after every sequence
        places = np.arange(ends[-1]) + 2 * (self.sequences - 1)
        long = places[-1] + 1
        wrapped = n_symbols > 0 and long > _FEW
        self.length = -(-long // _MOST_STAVES) if wrapped else long
        self.staves = places // self.length
        self.x: Array = places % self.length + 1.0
        self.spread = min(n_symbols, _MOST_ROWS) - 1 if n_symbols else 0
        self.height = _SYMBOLS + self.spread + _ABOVE if n_symbols else _STRIP[1] + 0.1
        # where the first stave begins: at the top
        count = self.staves[-1] + 1
        self.feet: Array = (count - 1 - self.staves) * self.height
        self.reach = [-0.4, count * self.height - 0.3]
        self.across = [-0.5, self.length + 1.5]
        # the time steps with which a stave begins
        self.firsts = np.flatnonzero(np.diff(self.staves, prepend=-1))
        self.begin = bool(np.all(self.times[self.firsts] == 1))
        # runs of time steps that stand beside each other
        apart = np.flatnonzero((np.diff(places) > 1) | (np.diff(self.staves) > 0)) + 1
        self._runs = np.split(np.arange(ends[-1]), apart)
        self.outline = self._around(self.x - 0.5, self.x + 0.5, self.x - 0.5, self.x + 0.5)

    def rows(self, values: Array) -> Array:
        """(T,) heights of the symbols."""
        return self.feet + _SYMBOLS + values * (self.spread / max(self.n_symbols - 1, 1))

    def path(self, states: NDArray[np.intp]) -> Array:
        """(T,) heights of the states on a path, state 1 below, as in the strips."""
        low, high = _PATH
        return self.feet + low + (states + 0.5) * ((high - low) / self.k)

    def ribbons(self, probabilities: Array) -> list[Array]:
        """For every state the heights of its part of the strips, as outlines over `outline`; state 1 is below."""
        low, high = _STRIP
        edges = np.vstack([np.zeros(len(self.x)), np.cumsum(probabilities, axis=0)]).clip(0, 1)
        heights = self.feet + low + (high - low) * edges
        return [self._around(below, below, above, above) for below, above in zip(heights, heights[1:], strict=False)]

    def ticks(self, names: Sequence[str]) -> Json:
        """Where the strips, the path and the symbols of every stave are labelled."""
        middles = {"path": sum(_PATH) / 2, "q(state)": sum(_STRIP) / 2}
        each = -(-max(len(names), 1) // _LABELS)
        last = len(names) - 1
        lines = range(len(names)) if len(names) <= _MOST_ROWS else range(last % each, len(names), each)
        # a line for each row, with a name for the last one and every few below it
        rows = [("" if (last - k) % each else names[k], k * self.spread / max(last, 1)) for k in lines]
        own = [*middles.items(), *((name, _SYMBOLS + height) for name, height in rows)]
        feet = np.unique(self.feet)
        return {
            "tickmode": "array",
            "tickvals": [float(foot + height) for foot in feet for _, height in own],
            "ticktext": [name for _ in feet for name, _ in own],
            "tickfont": {"size": 11, "color": "$muted"},
        }

    def labels(self, said: Callable[[int | None, int], str]) -> Json:
        """What stands above each stave: its sequence, or with which step it goes on. said(sequence, step)."""
        several = self.sequences[-1] > 1
        named = [(int(self.sequences[t]) if several else None, int(self.times[t])) for t in self.firsts]
        if len(named) == 1 and not several:
            return {"x": [], "y": []}
        return {
            "x": [0.5] * len(named),
            "y": [float(self.feet[t]) + _SYMBOLS + self.spread + 0.95 for t in self.firsts],
            "text": [said(*place) for place in named],
        }

    def _around(self, below_from: Array, below_to: Array, above_from: Array, above_to: Array) -> Array:
        """Around steps of a run: along the lower edge and back along the upper one, with a break after each run."""
        parts = []
        for run in self._runs:
            there = np.column_stack([below_from[run], below_to[run]]).ravel()
            back = np.column_stack([above_from[run], above_to[run]]).ravel()[::-1]
            parts += [there, back, [np.nan]]
        return np.concatenate(parts[:-1])
