"""What a rung of the ladder is and what it costs, in plain sentences with its numbers."""

from __future__ import annotations

import math

import numpy as np

from em_core.observe.ladder import Background, Ladder
from em_core.sparse_coding.posterior.ladder import Rung
from figures import bound
from figures.look import glossary
from figures.look.wording import gap as gap_text
from figures.look.wording import number, power
from figures.posterior.marks import codes, place
from figures.scene import Button, Chip, Term

# the titles of views, and what they are called behind a tab
PICTURE = "Posterior and q", "Posterior"
PLANE = "h₁ and h₂", "Posterior"
TERMS = "Terms of log p", "Terms"
WIDTH = "ELBO and gap against s", "Width s"
MEAN = "ELBO against μ", "Mean μ"
FIRST_MEAN = "ELBO against μ₁, with μ₂ held fixed", "Mean μ"
SLIDER = "Width s"
# what is heard of all widths
SCALE = "from 8 down to 0.000001"
PENALTY = "λ"
# the sum of bound and gap of a Dirac
UNDEFINED = "−∞ + ∞ has no value"
# act, label, what the button does
TOOLS = (
    ("reset", "μ to the MAP", "Centre q on the most probable h"),
    ("mean", "μ to the mean", "Centre q on the posterior mean"),
)
NAMES = {"Position": "Rung", "Steps": "Rungs", "Start": "Start", "Done": "The end"}

_NEXT = {"best_gaussian": "best Gaussian", "dirac": "Dirac: a single point"}


def caption(ladder: Ladder, rung: Rung) -> str:
    """Two or three sentences: what q is, and what it costs."""
    return {"exact": _exact, "best_gaussian": _best, "gaussian": _gaussian, "dirac": _dirac}[rung.kind](ladder, rung)


def underway(ladder: Ladder, width: float, gap: float) -> str:
    """The sentence while the reader scrubs through the widths."""
    return f"q = N(μ, s²) with μ {_where(ladder)} and s = {size(width)}: the gap is {number(gap)}. {_price(ladder)}"


def chip(rung: Rung) -> Chip:
    """The rung's place on the tape."""
    label, name = {
        "exact": ("p(h|v)", "p(h|v), the exact posterior"),
        "best_gaussian": ("best", "the best Gaussian"),
        "dirac": ("δ", "δ, the Dirac"),
    }.get(rung.kind, (f"{'s ' if rung.index == 2 else ''}{size(_width(rung))}", f"s = {size(_width(rung))}"))
    return Chip(label, f"Go to {name}", {"exact": "$text", "dirac": "$gap"}.get(rung.kind, "$elbo"))


def button(rung: Rung | None) -> Button | None:
    """What the main button says where `rung` comes next."""
    if rung is None:
        return None
    return Button("Next q", _NEXT.get(rung.kind, f"Gaussian, s = {size(_width(rung))}"))


def lit(rung: Rung) -> list[str]:
    """The terms of the equation that this rung is about."""
    return {"exact": ["kl"], "dirac": ["joint"]}.get(rung.kind, ["entropy", "kl"])


def picture(ladder: Ladder, rung: Rung) -> str:
    """The rung for someone who cannot see the pictures."""
    terms = rung.bound
    marks = ", ".join(f"{name} {place(*map(float, code))}" for name, code in codes(ladder.background).items())
    return (
        f"Rung {rung.index}: {chip(rung).name.removeprefix('Go to ')}. Posterior: {marks}. "
        f"log p(v) {number(terms.log_evidence)}, ELBO {number(terms.elbo)}, "
        f"gap {gap_text(terms.kl, terms.log_evidence)}."
    )


def spoken(rung: Rung) -> str:
    """What q is and where the bound stands, for those who hear the page."""
    return bound.spoken(f"Rung {rung.index}, {chip(rung).name.removeprefix('Go to ')}", None, rung.bound)


def note(background: Background) -> str:
    """What the picture's marks have to say."""
    posterior = background.posterior
    zeros = ["h₁", "h₂"] if background.n_units == 2 else ["h"]
    zeros = [name for name, value in zip(zeros, posterior.mode, strict=True) if value == 0]
    if background.n_units == 1:
        return "MAP exactly 0; mean and median are not" if zeros and posterior.mean[0] else ""
    marks = f"MAP {place(*map(float, posterior.mode))}, mean {place(*map(float, posterior.mean))}"
    return f"{' and '.join(zeros)} exactly 0 in the MAP, not in the mean" if zeros else marks


def size(width: float) -> str:
    """A width as short as it is exact enough."""
    if width >= 1e-4:  # as the slider says it
        return f"{width:g}"
    mantissa, times, exponent = power(width).partition("\u00a0×\u00a0")
    mantissa = mantissa.removesuffix(".0")
    return exponent if mantissa == "1" else f"{mantissa}{times}{exponent}"


def _exact(ladder: Ladder, rung: Rung) -> str:
    units = "one hidden unit" if ladder.background.n_units == 1 else "two hidden units"
    return (
        "q is the posterior itself, so KL is 0 and the bound touches log p(v): EM's E-step. "
        f"For {units} it can be computed; for hundreds it cannot, and a simpler q from further down the ladder must do."
    )


def _best(ladder: Ladder, rung: Rung) -> str:
    lost = "the kink at 0" if ladder.background.n_units == 1 else "the kinks at 0 and the dependence between h₁ and h₂"
    return (
        f"The Gaussian N(μ, s²) with the highest bound, at μ = {place(*map(float, rung.q.mean))} with "
        f"s = {place(*map(float, rung.q.width))}. Its gap of "
        f"{gap_text(rung.bound.kl, rung.bound.log_evidence)} is the price of what such a q cannot represent: {lost}."
    )


def _gaussian(ladder: Ladder, rung: Rung) -> str:
    width = _width(rung)
    gap = gap_text(rung.bound.kl, rung.bound.log_evidence)
    return f"q = N(μ, s²) with μ {_where(ladder)} and s = {size(width)}: the gap is {gap}. {_price(ladder)}"


def _dirac(ladder: Ladder, rung: Rung) -> str:
    left = "log p(h = μ, v)".replace(" ", "\u00a0")  # stays on one line
    return (
        "q is a single point: its entropy is −∞, so the bound is −∞ at every μ. The entropy does not depend on μ; "
        f"without it, {left} = {number(rung.bound.expected_log_joint)} remains. MAP inference maximises this over μ; "
        "EM with hard E-steps maximises it over μ and θ in turn."
    )


def _price(ladder: Ladder) -> str:
    units = ladder.background.n_units
    cost = number(units * math.log(10))
    each = "" if units == 1 else ", ln 10 for each unit"
    return f"Dividing s by 10 costs {cost} nats of entropy{each}: as s goes to 0, the gap grows without bound."


def _where(ladder: Ladder) -> str:
    mean, posterior = ladder.experiment.mean, ladder.background.posterior
    if np.array_equal(mean, posterior.mode):
        return "at the MAP"
    return f"= {place(*map(float, mean))}"


def _width(rung: Rung) -> float:
    return float(rung.q.width[0])


EQUATION = [
    Term("evidence", r"\log p(v)", "$evidence", f"{glossary.TERMS['log p']} It is the same for every q."),
    "=",
    Term(
        "joint",
        r"\mathbb{E}_q[\log p(h,v)]",
        "$elbo",
        f"{glossary.TERMS['expected log joint']} It is the only term of the ELBO that depends on μ.",
    ),
    "+",
    Term(
        "entropy",
        r"H(q)",
        "$elbo",
        f"{glossary.TERMS['entropy']} It depends on the width of q, not on its mean. "
        "With the expected log joint it makes the ELBO.",
    ),
    "+",
    Term("kl", r"\mathrm{KL}\big(q\,\|\,p(h\mid v)\big)", "$gap", glossary.TERMS["gap"]),
]

# equation and metrics explain log p, ELBO and gap
GLOSSARY = glossary.of(
    "h", "q", "μ", "θ", "posterior", "MAP", "Gaussian", "kink", "Dirac", "entropy", "nats", "gap (nats)"
)
