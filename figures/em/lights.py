"""Four theorems below the equation, each with its number; and what is said where one fails, or is made to."""

from __future__ import annotations

from dataclasses import replace

from em_core.broken import BREAKS
from em_core.checks import Check, identity
from em_core.observe.moment import Moment
from em_core.records import BY_HAND
from figures.look.encode import Json
from figures.look.moves import called
from figures.look.palette import GAP
from figures.look.wording import number, raised
from figures.scene import Chip

_MEANINGS = {
    "identity": "log p(v) = ELBO + KL, whatever q and θ. The three are computed apart; the number is what is left of "
    "log p(v) − ELBO − KL, relative to the largest term: rounding, about 10⁻¹⁶.",
    "monotone": "A move that promises not to lower the ELBO did not lower it. The number is how far it fell, relative "
    "to the largest term.",
    "touching": "After an exact E-step the ELBO, as a function of θ, touches log p(v): same value, same slope. The "
    "slope of log p(v) is measured on log p(v) itself. The number is the larger of the two differences.",
    "stationary": "After a full M-step no slope in θ is left in the ELBO. The number is the steepest slope left, per "
    "unit of data.",
}
MARKS = tuple({"slot": f"mark.{name}", "title": meaning, "color": GAP} for name, meaning in _MEANINGS.items())

# what to say of a theorem that failed; the number stands beside its name
_FAILED = {
    "identity": "The identity fails: log p(v) is not ELBO + KL, so one of the three is not what it is called.",
    "touching": "The bound does not touch log p(v) here: q is not the posterior, or what is shown is not the ELBO.",
    "stationary": "M did not maximise the bound: a slope is left.",
    "monotone": "What is called the ELBO fell in a move that never lowers the ELBO.",
}


def texts(moment: Moment) -> Json:
    """The marks of a half-step."""
    return {slot: text for name, check in vars(moment.checks).items() for slot, text in _mark(name, check).items()}


def underway(moment: Moment) -> Json:
    """The same between two half-steps, where only the identity says something."""
    found = {name: None for name in _MEANINGS} | {"identity": identity(moment.bound)}
    return {slot: text for name, check in found.items() for slot, text in _mark(name, check).items()}


def _mark(name: str, check: Check | None) -> Json:
    sign = "–" if check is None else "✓" if check.holds else "✗"
    return {f"mark.{name}": f"{sign} {name}", f"mark.{name}.number": "" if check is None else _short(check.number)}


def _short(value: float) -> str:
    """A number in two digits at most: 2·10⁻¹⁶."""
    if value == 0 or value >= 1e-3:
        return "0" if value == 0 else number(value) if value < 1e3 else "> 999"
    mantissa, _, exponent = f"{value:.0e}".partition("e")
    return f"{mantissa}·10{raised(int(exponent))}"


def chip(drawn: Chip, moment: Moment) -> Chip:
    """The start's place on the tape says what is wrong on purpose."""
    name = moment.experiment.broken
    if name is None or moment.index:
        return drawn
    return replace(
        drawn, label=f"{drawn.label} ✗", name=f"{drawn.name}; wrong on purpose: {BREAKS[name].what}", color=GAP
    )


def told(caption: str, moment: Moment) -> str:
    """The caption.

    Where something is wrong on purpose it would trust terms that are not what they are called: then which theorems have
    just failed, what is wrong, and what became of the numbers as they are shown.
    """
    name = moment.experiment.broken
    if name is None or any(event.stops for event in moment.step.events):
        return caption
    found = vars(moment.checks)
    failed = [f"✗ {said}" for light, said in _FAILED.items() if found[light] and not found[light].holds]
    letter = moment.step.letter
    made = "By hand" if letter == BY_HAND else called(letter) if letter else "The start"
    return " ".join([*failed, f"Wrong on purpose: {BREAKS[name].what}.", f"{made}: {_shown(moment)}."])


def _shown(moment: Moment) -> str:
    """What became of the ELBO and of log p(v), as their numbers are shown."""
    now, before = moment.bound, moment.before
    return " and ".join(
        f"{term} {_became(getattr(now, key), before and getattr(before, key))}"
        for term, key in (("the ELBO", "elbo"), ("log p(v)", "log_evidence"))
    )


def _became(now: float | None, before: float | None) -> str:
    shown, was = number(now), number(before)
    if before is None or now is None:
        return f"is {shown}"
    if shown == was:
        return f"stayed at {shown}"
    return f"{'rose' if now > before else 'fell'} from {was} to {shown}"


def plain(found: Json, moment: Moment) -> Json:
    """Titles that say what is found, but where something is wrong on purpose: there the cards' own."""
    if moment.experiment.broken is None:
        return found
    return {slot: "" if slot.startswith("heading.") else text for slot, text in found.items()}


def touches(moment: Moment) -> bool:
    """Whether the curves may be said to touch where q was computed: not where a term is wrong on purpose."""
    name = moment.experiment.broken
    return name is None or not {"touching", "identity"} & set(BREAKS[name].lights)
