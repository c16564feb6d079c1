"""What just happened in a step of inference, in plain sentences with its numbers."""

from __future__ import annotations

import numpy as np

from em_core.observe.solving import Background, Step
from figures.look.moves import START
from figures.look.wording import number
from figures.scene import Chip, Term

_AIM = (
    "The most likely h minimises misfit plus λ‖h‖₁. The prior has a kink at 0: a coefficient stays at exactly 0 "
    "unless the fit pulls harder than λ. (Minimising this does not commit you to a Laplace prior.)"
)

_OTHER_AIM = (
    "A different problem: as few atoms as possible (L0), without λ and without shrinkage. The objective shown is still "
    "that of the L1 problem, for comparison."
)


def caption(background: Background, step: Step) -> str:
    """Two sentences: what the step did, and what the certificate says."""
    if step.trouble:
        return f"Stopped: {step.trouble}. Everything before it is kept."
    size = int(np.count_nonzero(step.state.code))
    zeros = background.problem.n_atoms - size
    knows = f"No code can lower the objective by more than {number(step.duality_gap, 6)}: that is the certificate."
    if not background.is_l1:
        less = number(step.duality_gap, 6)
        knows = f"It solves a different problem: another code may have a lower objective, by up to {less}."
    counted = f"{zeros} of {background.problem.n_atoms} coefficients are exactly 0."
    if step.before is None:
        return _AIM if background.is_l1 else _OTHER_AIM
    happened = background.did.format(**_found(step))
    return f"{happened} {counted} {knows}"


def _found(step: Step) -> dict[str, str]:
    """What homotopy's sentence tells of its state."""
    penalty = getattr(step.state, "penalty", None)
    where = "the λ you asked for" if step.state.done else "where an atom joins or leaves"
    return {} if penalty is None else {"penalty": number(penalty, 4), "where": where}


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
        f"certified gap {number(step.duality_gap)}. Nonzero: {listed or 'none'}{' …' if len(used) > 12 else ''}."
    )


EQUATION = [
    Term("objective", r"-\log p(h\mid v)+c", "$text", "what the most likely h minimises; c does not depend on h"),
    "=",
    Term(
        "fit",
        r"\tfrac{\beta}{2}\lVert v-Wh-b\rVert^2",
        "$fit",
        "how badly Wh + b fits the signal: the likelihood",
    ),
    "+",
    Term("penalty", r"\lambda\lVert h\rVert_1", "$penalty", "what the code costs: the prior"),
]
