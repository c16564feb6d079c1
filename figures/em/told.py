"""What is told of a half-step under the mouse."""

from __future__ import annotations

import math

from em_core.kinds import MOVES
from em_core.observe.moment import Moment
from figures.em import by_hand as by_hand_words
from figures.look.wording import gap as gap_text
from figures.look.wording import number, still


def half_step(moment: Moment) -> str:
    """What a half-step did to the numbers, as its place on the timeline tells it."""
    letter, now, before = moment.step.letter, moment.bound, moment.before
    named = (
        f"{moment.index}: {letter}, {MOVES[letter].name}"
        if letter
        else f"{moment.index}: {moment.step.move or 'start'}"
    )
    lines = [
        named,
        f"log p {number(now.log_evidence)}{_by(now.log_evidence, before and before.log_evidence)}",
    ]
    if moment.pointed:
        lines.append(f"log p(h*, v) {number(now.expected_log_joint)}")
    elif now.elbo is not None:
        lines.append(f"ELBO {number(now.elbo)}{_by(now.elbo, before and before.elbo)}")
        lines.append(f"gap {gap_text(now.kl, now.log_evidence)}")
    if moment.adjusted:
        lines.append(f"from here on {by_hand_words.changed(moment)}")
    if moment.floor is not None:
        lines.append(f"gap after more mean-field sweeps {number(moment.floor)}")
    if moment.plain is not None:
        lines.append(f"log p of plain EM {number(moment.plain)}")
    return "<br>".join(lines)


def _by(now: float | None, before: float | None) -> str:
    """By how much a number changed, in brackets."""
    if now is None or before is None or not (math.isfinite(now) and math.isfinite(before)):
        return ""
    return " (unchanged)" if still(now - before, abs(now)) else f" ({'+' * (now > before)}{number(now - before)})"
