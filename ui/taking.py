"""The files that one reader has asked for: made one after the other by a thread of its own, until each is fetched."""

from __future__ import annotations

import logging
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock, Thread
from weakref import WeakValueDictionary

from em_core.files.errors import InvalidExperiment
from em_core.work import Progress
from ui import limits, words
from ui.export.written import Written

_LOG = logging.getLogger("elbo_room")

# however many readers press at once, so many files are made at a time: who steps has the rest of the processor
_WRITERS = BoundedSemaphore(limits.WRITERS)
# seconds in which a browser fetches what is there, and may come back after its connection broke
_FETCHED, _BACK = 60.0, 10.0
# so many files of one reader may wait for their turn
_WAITING = 10
# seconds between two looks at whether it is another file's turn
_TURN = 0.2


@dataclass(frozen=True)
class Order:
    """A file that was asked for. label: of its button; name, mime: what the browser saves; work: makes it, once.

    of: what it is a file of, by which two that are the same are known.
    """

    label: str
    name: str
    mime: str
    work: Callable[[], Progress[Written]]
    of: object = None


@dataclass(eq=False)
class Ready:
    """A file that is there, until the browser has fetched it by its `token`."""

    token: str
    name: str
    mime: str
    content: bytes
    since: float


# what can be fetched: as long as the reader who asked for it is there
_THERE: WeakValueDictionary[str, Ready] = WeakValueDictionary()


def fetched(token: str) -> Ready | None:
    """The file of that name, once: None where there is none, or it was fetched before."""
    return _THERE.pop(token, None)


class _Stopped(Exception):
    """The reader has stopped it, or has left."""


class Taking:
    """What one reader has asked for. said: of the last file; share: of the one that is being made, how much is done."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.share = 0.0
        self._orders: deque[Order] = deque()
        self._ready: deque[Ready] = deque()
        self._lock = Lock()
        self._worker: Thread | None = None
        self._stopped: Order | None = None
        self._here: Callable[[], bool] = lambda: True
        self._seen = time.monotonic()

    def ask(self, order: Order, here: Callable[[], bool] = lambda: True) -> None:
        """Have a file made, after those that were asked for before; one that is among them comes once.

        here: whether its reader still is.
        """
        with self._lock:
            self._here, self._seen = here, time.monotonic()
            wanted = [other for other in self._orders if other is not self._stopped]
            same = any((other.label, other.of) == (order.label, order.of) for other in wanted)
            if same or len(wanted) >= _WAITING:
                return
            self._orders.append(order)
            if self._worker is None:
                self._worker = Thread(target=self._make, name="taking", daemon=True)
                self._worker.start()

    def stop(self) -> None:
        """Make none of them any further; those that are asked for from here on are made."""
        with self._lock:
            while len(self._orders) > 1:
                self._orders.pop()
            self._stopped = self._orders[0] if self._orders else None

    @property
    def busy(self) -> bool:
        """Whether a file is being made, or waits to be fetched."""
        return self.label is not None or self.ready is not None

    @property
    def label(self) -> str | None:
        """Of the file that is being made."""
        with self._lock:
            return self._orders[0].label if self._orders else None

    @property
    def ready(self) -> Ready | None:
        """The next file that the browser shall fetch. One that it leaves for long is given up, and that is said."""
        with self._lock:
            while self._ready:
                first = self._ready[0]
                if first.token in _THERE and time.monotonic() < first.since + _FETCHED:
                    return first
                self._ready.popleft()
                if _THERE.pop(first.token, None):
                    self.said = [words.unfetched(first.name)]
                if self._ready:
                    self._ready[0].since = time.monotonic()
            return None

    def wait(self, seconds: float) -> None:
        """Until none is being made any more, but no longer than that."""
        worker = self._worker
        if worker is not None:
            worker.join(seconds)

    def _make(self) -> None:
        while True:
            with self._lock:
                if not self._orders:
                    self._worker = None
                    return
                order, self.share = self._orders[0], 0.0
            said, content = self._tried(order)
            with self._lock:
                if content is not None:
                    ready = Ready(secrets.token_urlsafe(16), order.name, order.mime, content, time.monotonic())
                    _THERE[ready.token] = ready
                    self._ready.append(ready)
                self.said, self._stopped = said, None
                self._orders.popleft()

    def _tried(self, order: Order) -> tuple[list[str], bytes | None]:
        """What is said of a file, and its content; None where it cannot be made."""
        try:
            made = self._at_its_turn(order)
        except _Stopped:
            return [words.stopped(order.label)], None
        except InvalidExperiment as error:
            return [words.untaken(order.label, error)], None
        except Exception:
            number = secrets.token_hex(2)
            _LOG.log(logging.ERROR, "error %s: %s", number, order.label, exc_info=True)
            return [words.fault(number)], None
        content = made.content.encode() if isinstance(made.content, str) else made.content
        return [words.beside_file(order.label, message) for message in made.messages], content

    def _at_its_turn(self, order: Order) -> Written:
        while not _WRITERS.acquire(timeout=_TURN):
            self._go_on(order)
        try:
            work = order.work()
            try:
                while True:
                    self._go_on(order)
                    self.share = next(work)
            except StopIteration as done:
                made: Written = done.value
                return made
            finally:
                work.close()
        finally:
            _WRITERS.release()

    def _go_on(self, order: Order) -> None:
        """Raises `_Stopped` where the file is wanted no more."""
        now = time.monotonic()
        if self._here():
            self._seen = now
        if now > self._seen + _BACK:
            self.stop()
        if self._stopped is order:
            raise _Stopped
