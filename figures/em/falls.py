"""Why log p fell at a half-step, and what helps: said once, where it happens."""

from __future__ import annotations

import math

from em_core.kinds import MOVES
from em_core.observe.moment import Moment
from figures.look.wording import still

# where q is to blame
_REMEDY = "In exact EM, with E before every M, log p rises at least as much as the bound."


def fell(moment: Moment) -> bool:
    """Whether log p fell by more than rounding."""
    now, before = moment.bound.log_evidence, moment.before and moment.before.log_evidence
    if now is None or before is None or not (math.isfinite(now) and math.isfinite(before)):
        return False
    return now < before and not still(now - before, before)


def why(moment: Moment) -> str:
    """Cause and remedy of a fall, as sentences; empty where log p did not fall."""
    letter = moment.step.letter
    if letter is None or not fell(moment) or MOVES[letter].kind != "M":
        return ""
    cause = _step(moment, letter) or _q(moment)
    return f" {cause}" if cause else ""


def _step(moment: Moment, letter: str) -> str:
    """Where the step is to blame: the bound itself fell."""
    before = moment.before
    now, then = moment.bound.elbo, before and before.elbo
    if MOVES[letter].monotone or now is None or then is None or not now < then:
        return ""
    own = moment.settings.get(letter, {})
    smaller = f"{own['step'] / 10:g}" if "step" in own else "a smaller step"
    if letter == "S":
        return f"A minibatch's gradient is noisy: try a larger batch, or a step size of {smaller}."
    if letter == "A":
        return f"Adam does not check that the bound rises: try a step size of {smaller}, or B, which does."
    return f"The step was too large: it jumped past the top of the bound. Try {smaller}, or B, which backtracks."


def _q(moment: Moment) -> str:
    """Where q is to blame: the bound rose, but it did not touch log p where θ was."""
    if moment.step.before.q_at is moment.step.before.theta:
        return ""  # it did touch
    degrees = moment.temperature
    if moment.q_move == "T" and degrees is not None and degrees > 1:
        return (
            f"This is annealing: at temperature {degrees:.3g} q is flatter than the posterior, and M fits θ to that. "
            "log p rises again as the temperature comes down to 1."
        )
    if moment.q_move == "T":
        return f"With a tempered q the bound does not touch log p, so log p can fall while the bound rises. {_REMEDY}"
    if moment.q_move == "H":
        return f"Hard EM climbs log p(h*, v), not log p: with all its mass on one h, log p can fall. {_REMEDY}"
    if moment.q_move in ("P", "V"):
        return f"This q is not the posterior, so log p can fall while the bound rises. {_REMEDY}"
    return f"q was the posterior at another θ, so the bound did not touch log p. {_REMEDY}"
