"""What the EM page says around its pictures."""

from __future__ import annotations

SETTLED = "Converged: the last cycle changed the ELBO by less than one part in a billion."
# of a move where there is no q
UNREADY = "an E-step first: this move needs a q"

OWN_DATA, BACK = "Your own data, from a file or edited by hand.", "Back to the built-in data"
BRING = "Use your own data …"
IN_LINK = "The page's address holds these data: whoever gets the link gets them."
POINTS = "Points and clusters"
KINDS = {"E": "Change q", "M": "Change θ"}
KEYS = "; a move's letter makes that move"
MOVES = "About the moves"
SCHEDULES = (
    "A schedule is a word over these letters. E-type moves change q and leave θ alone; M-type moves change θ and "
    "leave q alone. A count repeats a letter or a group in parentheses."
)
COLUMNS = "| key | move | what it does, what it promises, and the gap it leaves |"

OVERLAP = "Overlap two clusters: r → 1"
TOWARDS_1 = (
    "Two generated clusters and a slider for how far apart they lie: the closer they are, the more is hidden and the "
    "slower EM is."
)
BREAK = (
    "Runs a deliberately wrong variant of EM from the same start. Watch the four checks beside the equation: the one "
    "whose theorem fails turns to ✗ and says by how much. Some mistakes show only after the first M-step."
)
NOTHING = "Nothing: EM as it should be"
# what is wrong, as a choice
BREAKS = {
    "frozen_weights": "M never updates the weights",
    "stale_log_evidence": "log p(v) from before M",
    "no_entropy": "ELBO without its entropy",
    "covariance_n_minus_1": "Covariances divided by Nₖ − 1",
    "unnormalised": "Responsibilities not normalised",
    "hard_called_exact": "A point called the posterior",
    "swapped_kl": "KL(p ‖ q) for KL(q ‖ p)",
}
NO_RATES = "a run that is wrong on purpose has no rates to compare with"

CLEARED = "This recipe changes the model, so the tape has been cleared."


def scale(standardised: bool) -> str:
    """Of data whose scale another setting has changed."""
    shown = "standardised: every column has mean 0 and variance 1" if standardised else "as measured"
    return f"The data are now {shown}."


def m_step(made: str) -> str:
    return f"M here: {made}."


def data(title: str, source: str, licence: str) -> str:
    return f"{title}. {source}. Licence: {licence}."


def edited(title: str) -> str:
    """Of built-in data with points put in or taken out."""
    return f"{title}, edited by hand."


def move(sentence: str, promise: str, effect: str) -> str:
    return f"{sentence} {promise} It {effect}."


def not_here(why: str) -> str:
    """Of a move that the model cannot make."""
    return f"Not for this model: {why}."


def veiled(heading: str) -> str:
    """Of the picture of the bound while a class is asked what comes: it would show where the next move leads."""
    return f"{heading}: the way on comes with the answer"
