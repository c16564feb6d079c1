"""What a row of the benchmarks says, and how two programs are timed beside each other."""

from __future__ import annotations

import statistics
import time
import tracemalloc
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Measured:
    """One size of a row.

    ours, peer: medians, in the row's unit. agreement: the largest relative difference of the two results, found before
    anything was timed; None where the peer computes nothing that could be compared. memory: MB beyond the data at the
    peak, ours and the peer's. n: how large the problem is, where the page plots the row over it.
    """

    size: str
    ours: float
    peer: float
    agreement: float | None = None
    memory: tuple[float, float] | None = None
    note: str = ""
    n: int | None = None


class Row(ABC):
    """A comparison with a peer.

    name: for the command line. title, peer: what the table calls them. compared: one sentence that says what was
    compared and how. unit: of both numbers. less: the ratio is ours / peer, as for pages, else peer / ours. browser:
    needs Chromium.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    peer: ClassVar[str]
    compared: ClassVar[str]
    unit: ClassVar[str] = "ms of CPU"
    less: ClassVar[bool] = False
    browser: ClassVar[bool] = False

    @abstractmethod
    def measure(self, smoke: bool) -> Iterator[Measured]:
        """Each size, as soon as it is measured. smoke: the least that goes through all of it; its numbers say nothing.

        Raises `Disagreement` where the two results differ by more than the row allows.
        """

    def ratio(self, measured: Measured) -> float:
        return measured.ours / measured.peer if self.less else measured.peer / measured.ours


class Disagreement(Exception):
    """The two programs did not compute the same: their times say nothing."""


def agree(difference: float, allowed: float, what: str) -> float:
    """The difference, or `Disagreement` where it is above what is allowed (or no number)."""
    if not difference <= allowed:
        raise Disagreement(f"{what}: the results differ by {difference:.1e}, allowed is {allowed:.1e}")
    return difference


def timed(ours: Callable[[], object], peer: Callable[[], object], repeats: int = 7) -> tuple[float, float]:
    """Milliseconds of CPU, medians over runs in turn: ours, peer, peer, ours, …; the first of each is not counted."""
    spent: tuple[list[float], list[float]] = ([], [])
    ours(), peer()
    for turn in range(repeats):
        pair = [(ours, spent[0]), (peer, spent[1])]
        for work, times in pair if turn % 2 == 0 else reversed(pair):
            began = time.process_time()
            work()
            times.append(1000 * (time.process_time() - began))
    return statistics.median(spent[0]), statistics.median(spent[1])


def peak(work: Callable[[], object]) -> float:
    """MB that `work` holds at its peak, beyond what was there before; what it returns is held too."""
    tracemalloc.start()
    try:
        held = work()
        most = tracemalloc.get_traced_memory()[1]
        del held
    finally:
        tracemalloc.stop()
    return most / 1e6
