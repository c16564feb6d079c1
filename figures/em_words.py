"""What just happened and what comes next, in plain sentences with the numbers of this half-step."""

from __future__ import annotations

from em_core.experiment import Experiment
from em_core.moves import MOVES
from em_core.records import Bound
from figures.moment import Moment, same
from figures.wording import gap as gap_text
from figures.wording import number


def caption(moment: Moment) -> str:
    """One or two sentences."""
    stops = [event for event in moment.step.events if event.stops]
    if stops:
        return f"Stopped: {stops[0].message}. Everything before this half-step stands."
    return f"{_happened(moment)} {_next(moment)}".strip()


def button(letter: str | None) -> dict[str, str] | None:
    """What the main button says: the kind of half-step, and in small print which."""
    if letter is None:
        return None
    return {"label": f"{MOVES[letter].kind}-step", "detail": MOVES[letter].name}


def chip(moment: Moment) -> dict[str, str]:
    """The half-step's place on the tape."""
    letter = moment.step.move
    if letter is None:
        return {"label": "start", "name": "Go to the start", "color": "$muted"}
    color = "$gap" if moment.step.stopped else "$elbo" if MOVES[letter].kind == "E" else "$text"
    label = f"{letter}!" if moment.step.events else letter
    return {"label": label, "name": f"Go to {moment.index} ({letter})", "color": color}


def picture(moment: Moment) -> str:
    """The half-step for someone who cannot see the pictures."""
    bound = moment.bound
    theta = "; ".join(f"{name} {_listed(entry.tolist())}" for name, entry in moment.step.after.theta.items())
    return (
        f"Half-step {moment.index}. log p(v) {number(bound.log_evidence)}, ELBO {number(bound.elbo)}, "
        f"gap {gap_text(bound.kl, bound.log_evidence)}. Parameters: {theta}."
    )


def _happened(moment: Moment) -> str:
    bound, before, letter = moment.bound, moment.before, moment.step.move
    if letter is None or before is None:
        if bound.elbo is None:
            return "The start: parameters θ, and no q yet."
        shown = gap_text(bound.kl, bound.log_evidence)
        return f"The start: q is the posterior at other parameters than θ, so the ELBO lies {shown} below log p(v)."
    rejected = [event for event in moment.step.events if event.kind == "rejected_step"]
    if rejected:
        return f"The step was rejected: {rejected[0].message}."
    if MOVES[letter].kind == "E":
        if before.elbo is None:
            return "E-step: q became the posterior at θ, so the ELBO touches log p(v)."
        shown = gap_text(before.kl, before.log_evidence)
        return f"E-step: q became the posterior at θ. The gap of {shown} closed, and log p(v) stayed where it was."
    risen, evidence = bound.elbo - before.elbo, bound.log_evidence - before.log_evidence
    if same(moment.step.after.theta, moment.step.before.theta):
        return "M-step: θ stands at the maximum of the bound already and did not move."
    what = {
        "M": "M-step: θ jumped to the maximum of the bound.",
        "G": f"M-step: θ took one gradient step of size {_step(moment):g}.",
        "B": "M-step: θ took one gradient step, shortened until the bound rose.",
    }[letter]
    shown = gap_text(bound.kl, bound.log_evidence)
    opened = "opened to" if not before.kl or before.kl < 1e-9 else "grew to" if bound.kl > before.kl else "shrank to"
    return f"{what} The ELBO {_change(risen)}, log p(v) {_change(evidence)}: the gap {opened} {shown}."


def underway(bound: Bound, t: float) -> str:
    """The sentence while the reader scrubs along the M-step."""
    shown = gap_text(bound.kl, bound.log_evidence)
    if t == 0:
        return "θ stands where q was computed: the bound touches log p(v)."
    return f"θ has gone {t:g} of its way, and q has stayed: the gap is {shown}."


def _next(moment: Moment) -> str:
    letter = moment.next_move
    if letter is None:
        return ""
    if letter == "E":
        if moment.bound.elbo is None:
            return "Next, the E-step fills in the hidden values with their posterior."
        return "Next, the E-step closes the gap: it completes the data with the posterior at the new θ."
    if moment.step.move is not None and MOVES[moment.step.move].kind == "M":
        return "Next, another M-step with the same q, though θ has moved on."
    return "Next, the M-step raises the bound over θ while q stays."


def _change(by: float) -> str:
    if by == 0:
        return "did not change"
    return f"{'rose' if by > 0 else 'fell'} by {number(abs(by))}"


def _step(moment: Moment) -> float:
    return moment.experiment.moves["G"]["step"]


def _listed(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_listed(entry) for entry in value) + "]"
    return f"{value:.4g}"


def equation(experiment: Experiment) -> list[dict[str, object]]:
    """log p = L + KL; each term names the slot of its number and the move that acts on it."""
    return [
        {
            "id": "evidence",
            "tex": r"\log p(v;\theta)",
            "color": "$text",
            "slot": "equation.evidence",
            "title": "log evidence: what learning wants to raise",
        },
        {"tex": "="},
        {
            "id": "elbo",
            "tex": r"\mathcal{L}(q,\theta)",
            "color": "$elbo",
            "slot": "equation.elbo",
            "title": "the evidence lower bound (ELBO); the M-step raises it over θ",
        },
        {"tex": "+"},
        {
            "id": "kl",
            "tex": r"\mathrm{KL}\big(q \,\|\, p(h\mid v;\theta)\big)",
            "color": "$gap",
            "slot": "equation.kl",
            "title": "the gap; the E-step brings it to 0",
        },
    ]
