"""What the tests know of each page: a file each, `test_<page>.py`, found by the rows of `ui/frame.py`.

PAGE is what its address and its stage may hold, which the tests of links, acts and addresses are made from. Beside it
stand tests of what is the page's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from importlib import import_module
from typing import Any

from ui.frame import PAGES as SHOWN
from ui.settings import Choice, Declared, Number, Switch, Word


@dataclass(frozen=True)
class Page:
    """A page's session and what its address and its stage may hold.

    overrides: some that a link may hold. letters: the moves of a tape of moves. tape: what an address may say of the
    tape that makes no sense. choices: what links say where options depend. words: what lines of text may say. often:
    how many times as often as the costliest page it is tried at random.
    """

    session: Any
    files: Any
    acts: tuple[str, ...]
    overrides: tuple[dict[str, Any], ...] = ({},)
    letters: str = ""
    tape: dict[str, str] = field(default_factory=dict)
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    words: tuple[str, ...] = ("EM", "E G5", "EG", "HM", "E(PM)", "(TM)20(EM)", "(EM)3")
    often: int = 1

    @property
    def controls(self):
        return self.session.kind.declared()

    @property
    def parts(self):
        """What no control describes, by name."""
        return [part.name for part in fields(self.session.kind().overrides)]

    @property
    def path(self) -> str:
        """Where the app serves it."""
        return "" if self.session.key == SHOWN[0][0] else self.session.key

    @property
    def nonsense(self) -> dict[str, str]:
        """A text for each part of an address that is none of its values, read from the declarations."""
        settings = {name: _nonsense(declared, place) for place, (name, declared) in enumerate(self.controls.items())}
        return {**settings, "given": "abc", **self.tape}

    def __str__(self) -> str:
        return self.session.key


def _nonsense(declared: Declared, place: int) -> str:
    """No number, one outside the limits or none that is whole; no option; no yes or no; no schedule."""
    if isinstance(declared, Number):
        outside = [f"{declared.low - 1:g}", f"{declared.high + 1:.17g}", "nan", "inf", "x", "1e999"]
        return [*outside, *["2.5"] * declared.whole][place % (6 + declared.whole)]
    return {Choice: "no such", Switch: "maybe", Word: "E)M"}[type(declared)]


PAGES: tuple[Page, ...] = tuple(import_module(f"{__name__}.test_{name}").PAGE for name, _ in SHOWN)
