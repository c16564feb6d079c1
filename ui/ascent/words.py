"""What the page of coordinate ascent says around its pictures."""

from __future__ import annotations

SECOND = "A second start"
SECOND_HELP = (
    "Draws EM from another start, in grey: where log p has two maxima, one that leads to the other. The start decides"
    " which maximum EM reaches."
)
ANNEALED = "a flattened posterior: T stops beside the ridge, and reaches it as it cools."
