"""An address as a QR code."""

from __future__ import annotations

import segno

from figures.look.palette import LIGHT
from ui.room.records import Invalid

# modules of white around the code, without which cameras do not find it; and what fits a code that they read from afar
_QUIET = 4
_LONGEST = 300


def svg(text: str) -> str:
    """The code as an `<svg>` element that fills what it stands in: dark on white in both themes, as cameras want it.

    Raises `Invalid` for what makes a code too fine to be read across a room.
    """
    if not 0 < len(text) <= _LONGEST:
        raise Invalid("address", text, f"1 to {_LONGEST} characters")
    code = segno.make(text, error="m", micro=False)
    return code.svg_inline(border=_QUIET, dark=LIGHT["text"], light=LIGHT["paper"], omitsize=True, svgclass="qr")
