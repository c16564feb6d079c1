"""What became of the numbers of a half-step, in one sentence for those who hear the page: from what to what."""

from __future__ import annotations

import math

from figures.look import wording


def sentence(name: str, *parts: str) -> str:
    """`name: part; part; part.`, without the parts that are empty."""
    told = "; ".join(part for part in parts if part)
    return f"{name}: {told}." if told else f"{name}."


def moved(term: str, before: float | None, now: float | None, size: float | None = None, decimals: int = 3) -> str:
    """Where a term went; "" where it has no value. before: None where there was none.

    size: what rounding is a share of, the term itself unless it is given.
    """
    if now is None or math.isnan(now):
        return ""
    shown = wording.number(now, decimals)
    if before is None or math.isnan(before):
        return f"{term} is {shown}"
    if now == before or (math.isfinite(now - before) and wording.still(now - before, now if size is None else size)):
        return f"{term} stays at {shown}"
    way, then = "rises" if now > before else "falls", wording.number(before, decimals)
    if then == shown:
        return f"{term} {way} by {wording.number(abs(now - before), decimals)} to {shown}"
    return f"{term} {way} from {then} to {shown}"


def gap(before: float | None, now: float | None, log_evidence: float) -> str:
    """What became of the gap; log p gives the size of rounding."""
    if now is None:
        return ""
    there = wording.gap(now, log_evidence)
    there = "0" if there == "0.000" else there
    if before is None:
        return f"the gap is {there}"
    then = wording.gap(before, log_evidence)
    then = "0" if then == "0.000" else then
    if now == before or then == there or wording.still(now - before, log_evidence):
        return f"the gap stays at {there}"
    if there == "0":
        return f"the gap closes from {then} to 0"
    if then == "0":
        return f"the gap opens to {there}"
    return f"the gap {'grows' if now > before else 'shrinks'} from {then} to {there}"
