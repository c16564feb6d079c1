"""What all pages that show a bound share: its three numbers and its equation's, as text and exactly."""

from __future__ import annotations

from em_core.records import Bound
from figures.changes import changed
from figures.look import heard, wording
from figures.look.encode import Json, finite
from figures.look.glossary import TERMS
from figures.look.palette import ELBO, EVIDENCE, GAP
from figures.scene import Metric, Term
from figures.tones import Tones

# where no term has a move to make
EQUATION = [
    Term("evidence", r"\log p(v;\theta)", EVIDENCE, TERMS["log p"]),
    "=",
    Term("elbo", r"\mathcal{L}(q,\theta)", ELBO, TERMS["ELBO"]),
    "+",
    Term("kl", r"\mathrm{KL}\big(q \,\|\, p(h\mid v;\theta)\big)", GAP, TERMS["gap"]),
]
METRICS = (
    Metric("evidence", "log p(v)", EVIDENCE, TERMS["log p"]),
    Metric("elbo", "ELBO", ELBO, TERMS["ELBO"]),
    Metric("gap", "Gap", GAP, TERMS["gap"]),
)
# the label and the title of the button that turns the sound on and off
SOUND = "Sound", "Hear log p and the ELBO as two tones: M opens the interval, E closes it"
HEARD = {"metric.evidence": "timeline/evidence/y", "metric.elbo": "timeline/elbo/y"}
TONES, TONES_OF_SLOTS = Tones(*SOUND, tuple(HEARD.items())), Tones(*SOUND, tuple((slot, None) for slot in HEARD))
# what is heard at a place of a slider between two frames
STOP = (("ELBO", "metric.elbo"), ("gap", "metric.gap"))


def texts(bound: Bound) -> Json:
    """The metrics, and the same numbers below their terms of the equation."""
    told = {
        "evidence": wording.number(bound.log_evidence),
        "elbo": wording.number(bound.elbo),
        "gap": wording.gap(bound.kl, bound.log_evidence),
    }
    terms = {"evidence": told["evidence"], "elbo": told["elbo"], "kl": told["gap"]}
    return {f"metric.{name}": text for name, text in told.items()} | {
        f"equation.{name}": text for name, text in terms.items()
    }


def values(bound: Bound) -> Json:
    """The metrics as exact numbers, None where they have no finite value."""
    exact = {"evidence": finite(bound.log_evidence), "elbo": finite(bound.elbo), "gap": finite(bound.kl)}
    return {f"metric.{name}": value for name, value in exact.items()}


def lit(before: Bound | None, now: Bound) -> list[str]:
    """The terms of the equation that changed by more than rounding."""
    if before is None:
        return []
    return changed(
        now.log_evidence,
        evidence=(before.log_evidence, now.log_evidence),
        elbo=(before.elbo, now.elbo),
        kl=(before.kl, now.kl),
    )


def spoken(name: str, before: Bound | None, now: Bound) -> str:
    """What became of the bound in the half-step of this name, as a sentence; at the start, where it stands."""
    if before is None:
        before = Bound(None)
    return heard.sentence(
        name,
        heard.moved("the ELBO", before.elbo, now.elbo),
        heard.moved("log p(v)", before.log_evidence, now.log_evidence),
        heard.gap(before.kl, now.kl, now.log_evidence if now.log_evidence is not None else 0.0),
    )
