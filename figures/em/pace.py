"""What is said of how fast EM comes to rest."""

from __future__ import annotations

from collections.abc import Sequence

from em_core.observe.rates import Rates

# so many parameters are named
_NAMED = 3
PREDICTED = "predicted slope: r² per round"


def rates(found: Rates | str | None) -> str:
    """What r is, as predicted and as measured, or why it cannot be told."""
    if found is None:
        return ""
    if isinstance(found, str):
        return f"{found[0].upper()}{found[1:]}."
    measured = found.measured.parameters
    told = "" if measured is None else f"; measured on the run to the optimum: {measured:.4f}"
    return f"r = {found.predicted:.4f}, the largest fraction of missing information{told}{_held(found.left_out)}"


def _held(names: Sequence[str]) -> str:
    """What has no part in it: some by name, more by their number."""
    if not names:
        return ""
    return f"; left out: {', '.join(names) if len(names) <= _NAMED else f'{len(names)} parameters at a boundary'}"


def per_round(found: Rates, dashed: bool = False) -> list[str]:
    """What r does to the error of θ, and r² to the gap. dashed: a line with that slope is drawn."""
    return [
        f"error × r = {found.predicted:.4f} per round",
        f"gap × r² = {found.predicted**2:.4f} per round{' (dashed)' if dashed else ''}",
    ]
