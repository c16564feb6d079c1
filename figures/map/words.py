"""What just happened in a step of inference, in plain sentences with its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.observe.solving import Background, Step
from em_core.observe.widened import Widened
from figures import bound
from figures.look import heard
from figures.look.glossary import TERMS, of
from figures.look.moves import START
from figures.look.wording import number
from figures.scene import Chip, Metric, Term

METRICS = (
    Metric("objective", "Objective", title=TERMS["objective"]),
    Metric("gap", "Duality gap", "$certificate", TERMS["Duality gap"]),
    Metric("support", "Nonzero coefficients", "$fit", TERMS["Nonzero coefficients"]),
)
# beside them where the best Gaussian is shown
BESIDE = tuple(metric for metric in bound.METRICS if metric.id != "gap")
# the titles of views, and what they are called behind a tab
ATOMS = "Atoms in use", "Picture"
SIGNAL = "Signal, Wh + b and residual", "Signal"
CODE = "Code h", "Code"
PROGRESS = "Distance from the optimum", "Progress"
SHRINK = "Soft threshold", "Threshold"
PATH = "MAP h for each λ", "Path"
# the two pictures where the best Gaussian is shown, and what the second one goes over
LANDSCAPE, SHRINKING = "Landscape", "ELBO"
SHARE = "width, as a share of the best Gaussian's"
DIRAC = "MAP point: −∞ ↓"
# the numbers by which two runs are compared
OBJECTIVE, ABOVE, DUALITY_GAP, DISTANCE = "Objective", "Distance", "Duality gap", "distance"
# act, label, what the button does
TOOLS = (
    ("reset", "Reset", "Go back to the start and clear the tape"),
    ("random", "New signal", "Take the next signal of this kind"),
)
# the label and the title of the button that turns the sound on and off
SOUND = "Sound", "Hear the objective and the dual bound as two tones: they meet as the duality gap closes"
# what the slider within a step goes through
COEFFICIENT, HALVES = "Coefficient", "Gradient, then threshold"
# what is heard at a place there
_OBJECTIVE = (("objective", "metric.objective"),)
HALVES_STOP = {"heard": _OBJECTIVE, "scale": "to 1 down the gradient, then to 2 through the threshold"}

_AIM = (
    "The most probable h minimises misfit plus λ‖h‖₁. The prior has a kink at 0: a coefficient stays at exactly 0 "
    "unless the fit pulls harder than λ."
)

_OTHER_AIM = (
    "OMP looks for a good fit with few atoms (L0), greedily, without λ and without shrinkage. The objective shown is "
    "still that of the L1 problem, for comparison."
)


def coefficient_stop(n_atoms: int) -> dict[str, Any]:
    """What is heard at a place among the coefficients."""
    return {"says": "{} done", "heard": _OBJECTIVE, "scale": f"{n_atoms} in all"}


def caption(background: Background, step: Step) -> str:
    """Two sentences: what the step did, and what the certificate says."""
    if step.trouble:
        return f"Stopped: {step.trouble}. Everything before it is kept."
    size = int(np.count_nonzero(step.state.code))
    zeros = background.problem.n_atoms - size
    gap = number(step.duality_gap)
    if not background.is_l1:
        knows = f"OMP does not minimise this objective: it may be up to {gap} above the optimum."
    elif step.duality_gap == 0:
        knows = "Proven: no code has a lower objective."
    else:
        knows = f"Proven: at most {gap} above the optimum."
    counted = f"{zeros} of {background.problem.n_atoms} coefficients {'is' if zeros == 1 else 'are'} exactly 0."
    if step.before is None:
        return _AIM if background.is_l1 else _OTHER_AIM
    happened = background.did.format(**_found(step))
    return f"{happened} {counted} {knows}"


def _found(step: Step) -> dict[str, str]:
    """What homotopy's sentence tells of its state."""
    penalty = getattr(step.state, "penalty", None)
    where = "the value you chose" if step.state.done else "where an atom joins or leaves"
    return {} if penalty is None else {"penalty": number(penalty, 4), "where": where}


def progress_title(background: Background, step: Step) -> str:
    """What the certificate says of the step."""
    if not background.is_l1:
        return PROGRESS[0]
    gap = step.duality_gap
    return f"At most {number(gap)} above the optimum" if gap else "At the optimum"


def landscape(n_atoms: int) -> tuple[str, str]:
    """What the contours are called."""
    seen = ", minimised over h₃" if n_atoms == 3 else " and the solver's path"
    return f"−log p(h | v) + c{seen}", ATOMS[1]


def shrink(background: Background) -> str:
    """Which points lie on the curve of the soft threshold."""
    ends = background.proximal or background.experiment.solver == "lca"
    return "each step ends on the curve" if ends else "at the optimum, all points lie on the curve"


def told(beside: Widened) -> str:
    """What the bound says of the best Gaussian and of the point."""
    terms = beside.bound
    return (
        f"Best Gaussian q: ELBO {number(terms.elbo)}, {number(terms.kl)} below log p(v) = "
        f"{number(terms.log_evidence)} (± {number(beside.posterior.error)}). The MAP point, a Dirac: ELBO −∞."
    )


def beside(widened: Widened) -> list[tuple[str, str, float | None]]:
    """Slot, text and exact number of the metrics that the best Gaussian brings along."""
    texts, values = bound.texts(widened.bound), bound.values(widened.bound)
    slots = [f"metric.{metric.id}" for metric in BESIDE]
    return [(slot, texts[slot], values[slot]) for slot in slots]


def path(background: Background) -> str:
    return f"λ max = {number(background.problem.lambda_max)}"


def spoken(background: Background, step: Step) -> str:
    """What became of the numbers, for those who hear the page."""
    code = step.state.code
    before = background.at(step.before.code) if step.before is not None else None
    known = f"at most {number(step.duality_gap)} above the optimum" if step.duality_gap else "at the optimum"
    return heard.sentence(
        f"Step {step.index}" if step.index else "Start",
        heard.moved("the objective", before and before.objective, step.objective),
        known if background.is_l1 else "",
        f"{np.count_nonzero(code)} of {len(code)} coefficients not 0",
    )


def chip(step: Step) -> Chip:
    """The step's place on the tape."""
    if step.index == 0:
        return START
    return Chip(str(step.index), f"Go to step {step.index}", "$gap" if step.trouble else "$fit")


def picture(background: Background, step: Step) -> str:
    """The step for someone who cannot see the pictures."""
    used = np.flatnonzero(step.state.code)
    listed = ", ".join(f"h{k + 1} = {step.state.code[k]:.4g}" for k in used[:12])
    return (
        f"Step {step.index} of {background.title}. Objective {number(step.objective)}, "
        f"duality gap {number(step.duality_gap)}. Nonzero: {listed or 'none'}{' …' if len(used) > 12 else ''}."
    )


EQUATION = [
    Term("objective", r"-\log p(h\mid v)+c", "$text", TERMS["objective"]),
    "=",
    Term(
        "fit",
        r"\tfrac{\beta}{2}\lVert v-Wh-b\rVert^2",
        "$fit",
        TERMS["misfit"],
    ),
    "+",
    Term("penalty", r"\lambda\lVert h\rVert_1", "$penalty", TERMS["cost"]),
]

# equation and metrics explain objective, misfit and certified gap
GLOSSARY = of("h", "λ", "β", "W", "atoms", "kink", "Proven", "nats above the optimum")
