"""Why log p fell at a half-step, and what helps: said once, where it happens."""

from __future__ import annotations

import math

from em_core.kinds import MOVES
from em_core.observe.moment import Moment
from figures.look.wording import ROUNDING


def fell(moment: Moment) -> bool:
    """Whether log p fell by more than rounding."""
    now, before = moment.bound.log_evidence, moment.before and moment.before.log_evidence
    if now is None or before is None or not (math.isfinite(now) and math.isfinite(before)):
        return False
    return before - now > ROUNDING * max(1.0, abs(before))


def why(moment: Moment) -> str:
    """Cause and remedy of a fall, as sentences; empty where log p did not fall."""
    letter = moment.step.letter
    if letter is None or not fell(moment) or MOVES[letter].kind != "M":
        return ""
    return f" {_step(moment, letter) or _q(moment)}"


def _step(moment: Moment, letter: str) -> str:
    """Where the step is to blame: the bound itself fell."""
    before = moment.before
    now, then = moment.bound.elbo, before and before.elbo
    if MOVES[letter].monotone or now is None or then is None or not now < then:
        return ""
    own = moment.settings.get(letter, {})
    smaller = f"{own['step'] / 10:g}" if "step" in own else "a smaller step"
    if letter == "S":
        return f"A few units point another way than all of them: try a larger batch, or step {smaller}."
    if letter == "A":
        return f"Adam went past the top of the bound: try step {smaller}, or B, which backtracks."
    return f"The step was too large: it jumped past the top of the bound. Try {smaller}, or B, which backtracks."


def _q(moment: Moment) -> str:
    """Where q is to blame: the bound rose, but it did not touch log p where θ was."""
    degrees = moment.temperature
    if moment.q_move == "T" and degrees is not None and degrees > 1:
        return (
            f"This is annealing: at temperature {degrees:.3g} every point belongs a little to every component, and M "
            "draws them together. log p climbs again as the temperature comes down to 1."
        )
    if moment.q_move == "T":
        return "The bound of a tempered q does not touch log p, so log p may fall while the bound rises. E is safe."
    if moment.q_move == "H":
        return "Hard EM climbs log p(h*, v), not log p: with all mass on one h, log p may fall. E instead of H is safe."
    if moment.q_move in ("P", "V"):
        return "This q is not the posterior everywhere, so log p may fall while the bound rises. E is safe."
    return "q belonged to another θ, so the bound did not touch log p here. Make E first: then log p cannot fall."
