"""What is said inside a half-step."""

from __future__ import annotations

from em_core.observe.beats.working import Beat
from figures.em.inside.picture import Told
from figures.look.tex import result
from figures.look.wording import change, number, numbered

INSIDE = "Inside the half-step", "Inside"
STEP_INSIDE = "Step inside"
STEP_INSIDE_TITLE = "Step inside the next half-step (I)"
HINT = "Press I to step inside the next half-step and follow one data point through its working."
PREVIOUS, FOLLOWING = "Follow the previous one (↑)", "Follow the next one (↓), or click one in the picture of the data"
NONE_SHOWN = "The working of this half-step is not shown: its move has no closed form to go through number by number."
OTHERWISE = "The working of this half-step is not shown: it did not go as its move says."
NO_STEP = "There is no next half-step to step into."

NAMES = {
    "data": "the data",
    "densities": "densities",
    "joints": "weight × density",
    "responsibilities": "responsibilities",
    "mode": "the most probable h",
    "kept": "q stays",
    "shares": "responsibilities",
    "counts": "expected counts",
    "statistics": "expected statistics",
    "theta": "new θ",
    "bound": "the bound",
}


def name(what: str) -> str:
    """What a beat finds; a parameter of θ is a new one."""
    return NAMES.get(what) or f"new {what.replace('_', ' ')}"


def coming(place: int, count: int, found: str) -> str:
    """What the next press leads to."""
    return numbered(place, count, found) if found else "to the end of the half-step"


# --- the last beat -------------------------------------------------------------------------------------------------
def bound(beat: Beat) -> Told:
    """Of the last beat, whatever the model."""
    joint, entropy, elbo = (beat.values[each] for each in ("expected_log_joint", "entropy", "bound"))
    formula = (
        r"\mathcal L = \mathbb E_q[\log p(v,h)] + \mathrm H(q) = "
        rf"{joint:.3f} + {entropy:.3f} = {result(f'{elbo:.3f}')}"
    )
    before = beat.values["before"]
    risen = "" if before is None else f" It {change(elbo - before, abs(elbo))}."
    return Told(formula, elbo, f"The bound over all the data: ELBO {number(elbo)}.{risen}")
