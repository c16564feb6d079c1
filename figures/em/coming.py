"""What comes next, in a plain sentence."""

from __future__ import annotations

from em_core.kinds import MOVES, temperature
from em_core.observe.moment import Moment, same
from em_core.records import BY_HAND
from figures.look.moves import within
from figures.look.wording import gap as gap_text


def coming(moment: Moment) -> str:
    """The sentence; empty at the end of the road."""
    letter = moment.next_move
    if letter is None:
        return ""
    if letter == BY_HAND:
        return "Next, θ goes where you set it by hand."
    if letter == "E":
        if moment.bound.elbo is None:
            return "Next, the E-step fills in the hidden values with their posterior."
        if gap_text(moment.bound.kl, moment.bound.log_evidence) == "0.000":
            return "Next, the E-step finds the gap closed: q is the posterior at θ already."
        if not stood(moment) and (moment.step.move == BY_HAND or is_of_theta(moment)):
            return "Next, the E-step closes the gap: it completes the data with the posterior at the new θ."
        return "Next, the E-step completes the data with the posterior at θ: the gap closes."
    if letter == "P":
        return "Next, q becomes the posterior for one more block of units."
    if letter == "H":
        return "Next, q moves all its mass to the most probable h."
    if letter == "T":
        degrees = temperature(moment.settings_next["T"], moment.step.after)
        return f"Next, q becomes the posterior at temperature {degrees:.3g}."
    if letter == "V":
        return "Next, one mean-field sweep updates each factor of q in turn."
    stale = moment.step.after.q_at is not moment.step.after.theta
    if is_of_theta(moment) and stale:
        return f"Next, the {within(letter)} moves θ again with the same q, which no longer matches θ."
    if not MOVES[letter].monotone:
        return f"Next, the {within(letter)} follows a gradient of the bound in θ, with q held fixed."
    if letter == "M":
        return "Next, the M-step maximises the bound over θ, with q held fixed."
    return f"Next, the {within(letter)} raises the bound by moving θ, with q held fixed."


def is_of_theta(moment: Moment) -> bool:
    """Whether an M-type move was made."""
    return moment.step.letter is not None and MOVES[moment.step.letter].kind == "M"


def stood(moment: Moment) -> bool:
    """Whether θ is where it was before this half-step."""
    return same(moment.step.after.theta, moment.step.before.theta)
