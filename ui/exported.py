"""What a page can save."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Export:
    """What the sidebar's button `label` saves. text: makes it from the session, when the button is pressed."""

    label: str
    name: str
    mime: str
    text: Callable[[Any], str]
