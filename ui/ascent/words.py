"""What the page of coordinate ascent says around its pictures."""

from __future__ import annotations

SECOND = "A second start"
SECOND_HELP = (
    "Draws EM from another start, in grey: where log p has two maxima, one from which it reaches the other one. Which"
    " maximum EM reaches is decided by the start."
)
ANNEALED = "a flattened posterior: T stops beside the ridge, and comes to it as it cools."
