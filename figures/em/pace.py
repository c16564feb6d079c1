"""What is said of how fast EM comes to rest."""

from __future__ import annotations

from collections.abc import Sequence

from em_core.observe.rates import Rates

# so many parameters are named
_NAMED = 3
PREDICTED = "predicted slope: r² a round"


def rates(found: Rates | str | None) -> str:
    """How fast EM comes to rest: r as predicted and as measured, or why that cannot be told."""
    if found is None:
        return ""
    if isinstance(found, str):
        return f"{found[0].upper()}{found[1:]}."
    return f"{', '.join(both_rates(found))}{_held(found.left_out)}"


def _held(names: Sequence[str]) -> str:
    """What has no part in it: some by name, more by their number."""
    if not names:
        return ""
    return f"; left out: {', '.join(names) if len(names) <= _NAMED else f'{len(names)} parameters at a boundary'}"


def both_rates(found: Rates) -> list[str]:
    """r as it is predicted, and as it is measured."""
    measured = found.measured.parameters
    return [f"r predicted {found.predicted:.4f}", *([] if measured is None else [f"measured {measured:.4f}"])]
