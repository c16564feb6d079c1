"""Where the most probable h, the median and the mean stand: the same signs in every picture."""

from __future__ import annotations

from collections.abc import Mapping

from em_core.observe.ladder import Background
from em_core.records import Array
from figures.drawing import Figure
from figures.look.wording import number

_SIGNS = {
    "MAP": ("star", "$certificate", 16),
    "median": ("triangle-down", "$text", 12),
    "mean": ("diamond", "$text", 12),
}


def codes(background: Background) -> dict[str, Array]:
    """What is marked, (K,) each."""
    posterior = background.posterior
    return {"MAP": posterior.mode, "median": posterior.median, "mean": posterior.mean}


def marks(figure: Figure, places: Mapping[str, tuple[float, float]], *, pairs: bool) -> None:
    """One trace for each of MAP, median and mean; where a mark stands for one number, the legend says which."""
    for name, (x, y) in places.items():
        symbol, color, size = _SIGNS[name]
        shown = f"{name} {place(x, y) if pairs else place(x)}"
        edge = {"color": "$paper", "width": 1.5}
        label = name if pairs else shown
        figure.points(name, color, label, size=size, symbol=symbol, marker_line=edge, x=[x], y=[y], hover=shown)


def place(*values: float) -> str:
    """A number, or a pair; 0 is written so only where it is exact."""
    shown = [("0" if value == 0 else number(value)) for value in values]
    return shown[0] if len(shown) == 1 else f"({', '.join(shown)})"
