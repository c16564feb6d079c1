"""Where the most likely h, the median and the mean stand: the same signs in every picture."""

from __future__ import annotations

from collections.abc import Mapping

from figures.look.encode import Json
from figures.look.wording import number

_SIGNS = {
    "MAP": ("star", "$certificate", 16),
    "median": ("triangle-down", "$text", 12),
    "mean": ("diamond", "$text", 12),
}


def marks(places: Mapping[str, tuple[float, float]], *, pairs: bool) -> list[Json]:
    """One trace for each of MAP, median and mean; where a mark stands for one number, the legend says which."""
    data = []
    for name, (x, y) in places.items():
        symbol, color, size = _SIGNS[name]
        shown = f"{name} {place(x, y) if pairs else place(x)}"
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name if pairs else shown,
                "x": [x],
                "y": [y],
                "marker": {"symbol": symbol, "size": size, "color": color, "line": {"color": "$paper", "width": 1.5}},
                "hovertemplate": f"{shown}<extra></extra>",
            }
        )
    return data


def place(*values: float) -> str:
    """A number, or a pair; 0 is written so only where it is exact."""
    shown = [("0" if value == 0 else number(value)) for value in values]
    return shown[0] if len(shown) == 1 else f"({', '.join(shown)})"
