"""What is said of how fast EM comes to rest."""

from __future__ import annotations

from em_core.observe.rates import Rates

PREDICTED = "predicted slope: r² a round"


def rates(found: Rates | str | None) -> str:
    """How fast EM comes to rest: r as predicted and as measured, or why that cannot be told."""
    if found is None:
        return ""
    if isinstance(found, str):
        return f"{found[0].upper()}{found[1:]}."
    held = f"; left out: {', '.join(found.left_out)}" if found.left_out else ""
    return f"{', '.join(both_rates(found))}{held}"


def both_rates(found: Rates) -> list[str]:
    """r as it is predicted, and as it is measured."""
    measured = found.measured.parameters
    return [f"r predicted {found.predicted:.4f}", *([] if measured is None else [f"measured {measured:.4f}"])]
